"""Whether a source's addresses are what it says: each asked, read and judged, with one of its articles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.console.site_probe import Probe, Told, read_list
from services.console.source_trial import Parse, TriedPage, newest_child, newest_date, try_entries
from services.contracts.articles import ParsedArticle
from services.contracts.pages import ListForm, SourceFacts
from services.contracts.sources import Source
from services.fetcher.interpret import Usable
from services.fetcher.lists.listing import Listing, NotAListing
from services.fetcher.web.answers import Answer

SOURCES_AT_ONCE = 16
STALE_AFTER = timedelta(days=60)
MAX_LIST_DEPTH = 3

Verdict = Literal["ok", "moved", "stale", "empty", "not that", "no article", "robots", "blocked", "dead", "unreachable"]
VERDICTS: dict[Verdict, str] = {
    "ok": "answers, and can be read",
    "moved": "redirects for good; the address to write down instead is given",
    "stale": f"nothing in it is younger than {STALE_AFTER.days} days",
    "empty": "can be read, but announces nothing",
    "not that": "answers, but is no feed, no sitemap or no page of links",
    "no article": "none of the pages that it announces would be stored",
    "robots": "robots.txt forbids it",
    "blocked": "refused to us: 401, 402, 403, 451 or a challenge page",
    "dead": "nothing is there, or its name leads nowhere",
    "unreachable": "failed this time: a timeout, a broken connection, 429, 5xx",
}
"""What each verdict means; all but the first two call for a change."""
GOOD: frozenset[Verdict] = frozenset({"ok", "moved"})
_BLOCKED = frozenset({"http-401", "http-402", "http-403", "http-451", "blocked"})
_GONE = frozenset({"http-404", "http-410", "dns", "address-refused", "bad-url", "too-many-redirects"})
Kind = Literal["homepage", "feed", "sitemap", "index", "article"]


@dataclass(frozen=True)
class Checked:
    """One address and what became of it."""

    kind: Kind
    url: str
    verdict: Verdict
    detail: str = ""
    moved_to: str | None = None
    entries: int | None = None
    newest: datetime | None = None
    language: str | None = None

    @property
    def good(self) -> bool:
        """Whether it can stay as it is, but for a move."""
        return self.verdict in GOOD


@dataclass(frozen=True)
class CheckedSource:
    """A source and all its addresses; the article is the last."""

    source: Source
    addresses: tuple[Checked, ...]

    @property
    def good(self) -> bool:
        """Whether every address is."""
        return all(address.good for address in self.addresses)


async def check_all(
    probe: Probe, parse: Parse, sources: Sequence[Source], done: Callable[[CheckedSource], None] = lambda _: None
) -> list[CheckedSource]:
    """Check sources side by side, each host at its own pace; `done` hears of each as it is ready."""
    room = asyncio.Semaphore(SOURCES_AT_ONCE)

    async def one(source: Source) -> CheckedSource:
        async with room:
            checked = await check(probe, parse, source)
        done(checked)
        return checked

    return list(await asyncio.gather(*map(one, sources)))


async def check(probe: Probe, parse: Parse, source: Source) -> CheckedSource:
    """Ask for the home page, every list, and an article of the first list that has one."""
    probe = probe.of(source.id)
    told = await probe.ask(source.homepage)
    addresses = [_judged("homepage", source.homepage, told)]
    lists: list[tuple[ListForm, tuple[str, ...]]] = [
        ("feed", source.feeds), ("sitemap", source.sitemaps), ("index", source.index_pages)
    ]  # fmt: skip
    article: Checked | None = None
    for form, urls in lists:
        for url in urls:
            checked, listing = await check_list(probe, form, url, told if url == source.homepage else None)
            addresses.append(checked)
            if listing is not None and (article is None or not article.good):
                article = await _article(probe, parse, form, listing, source)
    return CheckedSource(source, (*addresses, *([article] if article else [])))


async def check_list(
    probe: Probe, form: ListForm, url: str, told: Told | None = None
) -> tuple[Checked, Listing | None]:
    """A list and what it announces, of an index of sitemaps the newest; `told` where it was asked for already."""
    told = told or await probe.ask(url)
    kind: Kind = "feed" if form == "feed" else "sitemap" if form == "sitemap" else "index"
    if not isinstance(told, Usable):
        return _judged(kind, url, told), None
    try:
        listing = await _down_to_pages(probe, form, told.answer)
    except NotAListing as error:
        return Checked(kind, url, "not that", str(error), told.moved_to), None
    newest = newest_date(listing)
    verdict, _ = judgement(told)
    if not listing.entries:
        verdict = "empty"
    elif newest is not None and probe.now - newest > STALE_AFTER:
        verdict = "stale"
    return Checked(kind, url, verdict, "", told.moved_to, len(listing.entries), newest), listing


def confirmed(checked: CheckedSource) -> Source:
    """The source as the check found it: moved addresses written down anew, and verified where all are good."""
    moved = {a.url: a.moved_to for a in checked.addresses if a.moved_to and a.kind != "article"}
    source = checked.source

    def now(urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(moved.get(url) or url for url in urls))

    return source.model_copy(
        update={
            "homepage": moved.get(source.homepage) or source.homepage,
            "feeds": now(source.feeds),
            "sitemaps": now(source.sitemaps),
            "index_pages": now(source.index_pages),
            "unverified": None if checked.good else source.unverified,
        }
    )


def judgement(told: Told) -> tuple[Verdict, str]:
    """What an answer says of an address, before its body is read."""
    if isinstance(told, Usable):
        return ("moved" if told.moved_to else "ok"), ""
    verdict: Verdict = "unreachable"
    if told.fault in _BLOCKED:
        verdict = "blocked"
    elif told.fault in _GONE:
        verdict = "dead"
    elif told.fault == "robots":
        verdict = "robots"
    return verdict, told.detail


def _judged(kind: Kind, url: str, told: Told) -> Checked:
    verdict, detail = judgement(told)
    return Checked(kind, url, verdict, detail, told.moved_to if isinstance(told, Usable) else None)


async def _down_to_pages(probe: Probe, form: ListForm, answer: Answer) -> Listing:
    """The list itself, or the newest of those that it names. Raises NotAListing."""
    listing = await read_list(form, answer, probe.now)
    for _ in range(MAX_LIST_DEPTH):
        if listing.entries or not listing.children:
            break
        child = newest_child(listing.children)
        told = await probe.ask(child.url)
        if not isinstance(told, Usable):
            raise NotAListing(f"it names {child.url}: {told.detail}")
        listing = await read_list(form, told.answer, probe.now)
    return listing


async def _article(probe: Probe, parse: Parse, form: ListForm, listing: Listing, source: Source) -> Checked | None:
    if not listing.entries:
        return None
    facts = SourceFacts(language=source.language, timezone=source.timezone, country=source.country)
    tried = await try_entries(probe, parse, form, listing, facts, wanted=1)
    stored = [page for page in tried if isinstance(page.result, ParsedArticle)]
    return _stored(stored[0], source) if stored else _refused(tried)


def _stored(page: TriedPage, source: Source) -> Checked:
    assert isinstance(page.result, ParsedArticle)
    detail = page.result.title
    if page.language and source.language and page.language.split("-")[0] != source.language.split("-")[0]:
        detail = f"though the source says {source.language}; {detail}"
    published = page.result.published
    return Checked(
        "article", page.url, "ok", detail, newest=published.moment if published else None, language=page.language
    )


def _refused(tried: Sequence[TriedPage]) -> Checked:
    first = tried[0].result
    assert not isinstance(first, ParsedArticle)
    return Checked("article", tried[0].url, "no article", f"{first.reason}: {first.detail}")
