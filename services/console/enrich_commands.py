"""`xabar enrich`: texts with their language, translation and entities, for a program, without a broker."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer

from services.console.local.errors import LocalRunError
from services.console.local.run import portuguese_model
from services.console.pipes import answer_standard_input
from services.console.settings import environment_for
from services.console.terminal import HERE, State, needing
from services.runtime import logs
from services.runtime.settings import read


def enrich(
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read a line of JSON per text, write a line for each.")
    ] = False,
    only: Annotated[
        Literal["language", "translation", "entities"] | None, typer.Option(help="One layer; else all three.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="BCP 47 tag to translate into; else those that TRANSLATE_ROUTES names.")
    ] = None,
    state: State = HERE,
) -> None:
    """Add the enricher's layers to texts on standard input.

    Each line is {"id", "text", "title"?, "language"?, "published"?}, or an
    article as it stands on parsed-articles; a language that is given is not
    looked for, and dates are read against the day it was published. Each is
    answered in order and at once by {"id", "language", "translations",
    "entities"}, as in the contract; null stands for what was not asked for, and
    "error" says what was wrong. Mentions of entities point into the text, below
    the title and a blank line where there is a title. A wrong line ends
    nothing, and the exit code stays 0: look for "error".

    Engines and routes come from the environment, as the stage's do.
    """
    with needing("enricher"):
        from services.enricher.batch import LAYERS, MAX_LINE_BYTES, Told, enrich_text, read_text
        from services.enricher.opening import Faculties
        from services.enricher.settings import EnricherSettings
        from services.enricher.translate.routes import only_into
    if not jsonl:
        raise LocalRunError("Give --jsonl and texts on standard input; xabar enrich --help tells more.")
    environ = environment_for(state)
    logs.configure("enricher", "warning")
    wanted = (only,) if only else LAYERS
    try:
        settings = read(EnricherSettings, {**environ, **portuguese_model(environ)})
        if target:
            routes = only_into(target, settings.translate_routes)
            settings = settings.model_copy(update={"translate_routes": routes})
    except ValueError as error:
        raise LocalRunError(str(error)) from None

    async def run() -> None:
        try:
            can = Faculties(settings)
        except ValueError as error:
            raise LocalRunError(str(error)) from None

        async def answer(line: bytes) -> bytes:
            identity, text = read_text(line)
            if isinstance(text, str):
                return Told(error=text).line(identity)
            return (await enrich_text(text, wanted, can.identify, can.tag, can.translate)).line(identity)

        try:
            await answer_standard_input(answer, settings.max_in_flight, MAX_LINE_BYTES)
        finally:
            await can.close()

    asyncio.run(run())
