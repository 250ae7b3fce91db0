"""A page for a command that looks at one: from a file, from standard input, or fetched as the fetcher would."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from services.console.local.errors import LocalRunError
from services.console.site_session import session
from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.pages import FetchedPage, FetchRequest, SourceFacts
from services.contracts.sources import Source
from services.fetcher.interpret import Denied, Usable, charset_of, interpret, rights
from services.parser.batch import Heard, page_of
from services.runtime.stage import VERSION

STANDARD_INPUT = "-"


def hear(headers: Mapping[str, str]) -> Heard:
    """What a saved page's headers say, by the fetcher's own reading of them."""
    content_type = headers.get("content-type", "")
    return Heard(content_type.split(";", 1)[0].strip().lower(), charset_of(content_type), rights(headers))


def facts_of(source: Source | None) -> SourceFacts:
    """What a source says of its pages; nothing where none is named."""
    if source is None:
        return SourceFacts()
    return SourceFacts(language=source.language, timezone=source.timezone, country=source.country)


def is_url(target: str) -> bool:
    """Whether a page is named by its address."""
    return "://" in target


def on_disk(target: str, url: str | None, source: Source | None, most: int) -> tuple[FetchedPage, bytes]:
    """The page of a file or of standard input, and its bytes. Raises LocalRunError."""
    if url is not None:
        _refuse_bad(url)
    try:
        if target == STANDARD_INPUT:
            content = sys.stdin.buffer.read(most + 1)
        else:
            with Path(target).open("rb") as file:
                content = file.read(most + 1)
    except OSError as error:
        more = "" if Path(target).exists() else ". If it is an address, begin it with https://"
        raise LocalRunError(f"{target} can't be read: {error.strerror}{more}") from None
    return page_of(url, content, hear({}), source.id if source else None, facts_of(source), datetime.now(UTC)), content


async def on_the_web(url: str, source: Source | None, environ: Mapping[str, str]) -> tuple[FetchedPage, bytes]:
    """The page that stands at a URL, asked for once, and its bytes. Raises LocalRunError."""
    _refuse_bad(url)
    async with session([source] if source else [], environ) as asking:
        started = asking.probe.now
        found = await asking.probe.of(source.id if source else None).ask(url)
        if not isinstance(found, Usable):
            raise LocalRunError(f"{url} was not brought: {found.reason}: {found.detail}")
        now, place = asking.probe.now, found.answer.url
    moved = host_of(place) != host_of(url)
    request = FetchRequest(
        url=place if moved else url,
        origin=url if moved else None,
        source=source.id if source else None,
        reason="submitted",
        requested_at=started,
    )
    page = interpret(request, facts_of(source), found.answer, started, now, VERSION)
    if isinstance(page, Denied):
        raise LocalRunError(f"{url} is no page: {page.reason}: {page.detail}")
    return page, found.answer.body


def _refuse_bad(url: str) -> None:
    try:
        canonical_url(url)
    except BadUrl as error:
        raise LocalRunError(str(error)) from None
