"""What would be stored of a page, or why it would not: fetched and read by the services' own code, put nowhere."""

from __future__ import annotations

import importlib.util
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.console.site_probe import Probe, read_list
from services.contracts.articles import ParsedArticle
from services.contracts.identity import host_of
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, Hints, ListForm, SourceFacts
from services.fetcher.interpret import Denied, Usable, interpret
from services.fetcher.lists.listing import Child, Entry, Listing, NotAListing
from services.fetcher.web.answers import Answer
from services.runtime.pool import Poisoned
from services.runtime.stage import VERSION

MAX_TRIED = 3
MAX_LINKS_TRIED = 8
"""Links of an index page may lead to other things than articles; so many are tried before that is the answer."""
MAX_LIST_DEPTH = 3

NAMES: dict[ListForm, str] = {
    "feed": "a feed", "sitemap": "a sitemap", "index": "a page of links", "robots": "a robots.txt"
}  # fmt: skip

Parse = Callable[[FetchedPage], Awaitable[ParsedArticle | Rejection]]


@dataclass(frozen=True)
class NotStored:
    """Why a page would not be stored, in the words of a Rejection, or of the fault that would be tried again."""

    reason: str
    detail: str


@dataclass(frozen=True)
class TriedPage:
    """One page, and what would become of it."""

    url: str
    result: ParsedArticle | NotStored
    language: str | None = None
    """By the text, where the enricher's libraries are here, else as the page declares it."""


@dataclass(frozen=True)
class TriedList:
    """A list that was polled, and some of its pages; `form` is None for a page that is an article itself."""

    url: str
    form: ListForm | None
    pages: tuple[TriedPage, ...]
    announced: int = 0
    newest: datetime | None = None
    moved_to: str | None = None
    through: tuple[str, ...] = ()
    """The lists that led to this one: indexes of sitemaps."""


class NothingThere(Exception):
    """The address brings nothing that could be tried; the text says why."""


async def try_address(probe: Probe, parse: Parse, url: str, facts: SourceFacts, wanted: int = MAX_TRIED) -> TriedList:
    """Find out what stands at a URL, poll it, and try some pages. Raises NothingThere."""
    found = await probe.ask(url)
    if not isinstance(found, Usable):
        raise NothingThere(f"{found.reason}: {found.detail}")
    form, listing = await _recognised(found.answer, probe.now)
    if form is None or form == "index":
        page = await _parsed(probe, parse, FetchRequest(url=url, reason="submitted", requested_at=probe.now),
                             facts, found.answer)  # fmt: skip
        if isinstance(page.result, ParsedArticle):
            return TriedList(url, None, (page,), moved_to=found.moved_to)
        if form is None:
            raise NothingThere(f"neither a list of pages nor an article. {_words(page.result)}")
    through: list[str] = []
    place = url
    while listing.children and not listing.entries and len(through) < MAX_LIST_DEPTH:
        through.append(place)
        place = newest_child(listing.children).url
        below = await probe.ask(place)
        if not isinstance(below, Usable):
            raise NothingThere(f"{place}, which {through[-1]} names: {below.reason}: {below.detail}")
        form = "sitemap"
        try:
            listing = await read_list(form, below.answer, probe.now)
        except NotAListing as error:
            raise NothingThere(f"{place} is no sitemap: {error}") from None
    if not listing.entries:
        raise NothingThere(f"{NAMES[form or 'index']} that announces nothing")
    tried = await try_entries(probe, parse, form, listing, facts, wanted)
    return TriedList(place, form, tried, len(listing.entries), newest_date(listing), found.moved_to, tuple(through))


async def try_entries(
    probe: Probe, parse: Parse, form: ListForm, listing: Listing, facts: SourceFacts, wanted: int
) -> tuple[TriedPage, ...]:
    """The newest pages of a list, tried until so many as are wanted were articles; of an index page some more."""
    entries = sorted(listing.entries, key=_age_rank)
    tried: list[TriedPage] = []
    for entry in entries[: MAX_LINKS_TRIED if form == "index" else MAX_TRIED]:
        request = FetchRequest(
            url=entry.url,
            reason="sitemap" if form == "robots" else form,
            hints=Hints(title=entry.title, published=entry.published, modified=entry.modified),
            requested_at=probe.now,
        )
        tried.append(await try_page(probe, parse, request, facts))
        if sum(isinstance(page.result, ParsedArticle) for page in tried) == wanted:
            break
    return tuple(tried)


async def try_page(probe: Probe, parse: Parse, request: FetchRequest, facts: SourceFacts) -> TriedPage:
    """Fetch and parse one page."""
    found = await probe.ask(request.url)
    if not isinstance(found, Usable):
        return TriedPage(request.url, NotStored(found.reason, found.detail))
    return await _parsed(probe, parse, request, facts, found.answer)


def newest_child(children: tuple[Child, ...]) -> Child:
    """The list to read of those that an index names: one of news, else the one that changed last, else the first."""

    def rank(at: int) -> tuple[bool, float, int]:
        child = children[at]
        changed = child.modified_at.timestamp() if child.modified_at else 0.0
        return "news" in child.url.lower(), changed, -at

    return children[max(range(len(children)), key=rank)]


def newest_date(listing: Listing) -> datetime | None:
    """The newest date that a list gives of a page."""
    dates = [at for entry in listing.entries if (at := entry.published_at or entry.modified_at)]
    return max(dates, default=None)


def language_of(article: ParsedArticle) -> str | None:
    """By the enricher's rule where its libraries are here, else what the page declares."""
    if importlib.util.find_spec("py3langid") is None:
        return article.language_declared
    from services.enricher.language import identify

    return identify(article.title, article.paragraphs).tag


async def _parsed(probe: Probe, parse: Parse, request: FetchRequest, facts: SourceFacts, answer: Answer) -> TriedPage:
    now = probe.now
    if host_of(answer.url) != host_of(request.url):
        request = request.model_copy(update={"url": answer.url, "origin": request.url})
    page = interpret(request, facts, answer, now, now, VERSION)
    if isinstance(page, Denied):
        return TriedPage(request.url, NotStored(page.reason, page.detail))
    try:
        result = await parse(page)
    except Poisoned as error:
        return TriedPage(request.url, NotStored("dead-letter", str(error)))
    if isinstance(result, Rejection):
        return TriedPage(request.url, NotStored(result.reason, result.detail))
    return TriedPage(request.url, result, language_of(result))


async def _recognised(answer: Answer, now: datetime) -> tuple[ListForm | None, Listing]:
    """What form of list an answer is. An HTML page is an index page here, though it may be an article."""
    forms: tuple[ListForm, ...] = ("robots",) if answer.url.endswith("/robots.txt") else ("feed", "sitemap", "index")
    for form in forms:
        try:
            return form, await read_list(form, answer, now)
        except NotAListing:
            continue
    return None, Listing()


def _age_rank(entry: Entry) -> float:
    """Newest first; where there are no dates, the list's own order stays."""
    at = entry.published_at or entry.modified_at
    return -at.timestamp() if at else 0.0


def _words(result: ParsedArticle | NotStored) -> str:
    return f"As an article: {result.reason} {result.detail}".strip() if isinstance(result, NotStored) else ""
