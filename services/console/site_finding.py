"""Finds out by asking a site what a source needs: where its news is announced, its name, language and zone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from services.console.site_probe import Probe
from services.console.source_check import Checked, check_list
from services.console.source_trial import NothingThere
from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.pages import ListForm
from services.fetcher.interpret import Usable
from services.fetcher.lists.home_page import Edition, Home, read_home, usual_places
from services.fetcher.lists.listing import Listing, NotAListing
from services.fetcher.lists.sitemaps import sitemaps_of_robots

MAX_FEEDS_ASKED = 8
MAX_FEEDS_WATCHED = 4
MAX_PLACES_ASKED = 6
MAX_SITEMAPS_ASKED = 3
_PLACE = re.compile(r"[a-z]{2,4}")
_NOT_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Finding:
    """What a site told, and which of its lists are worth watching."""

    id: str
    homepage: str
    facts: dict[str, Any]
    """Name, language, time zone and country, where they are known, as fields of Source."""
    places: dict[str, tuple[str, ...]]
    """feeds, sitemaps or index_pages: what will be watched."""
    seen: tuple[Checked, ...]
    """Every list that was asked for."""
    editions: tuple[Edition, ...] = ()


@dataclass
class _Search:
    """The lists seen so far, and the pages that those worth watching announce."""

    probe: Probe
    seen: list[Checked] = field(default_factory=list)
    pages: set[str] = field(default_factory=set)

    async def worth_watching(self, form: ListForm, urls: Iterable[str], most: int) -> tuple[str, ...]:
        """Of these lists the first that can be read, are fresh and announce what no earlier one does."""
        found: dict[str, None] = {}
        for url in urls:
            checked, listing = await check_list(self.probe, form, url)
            announced = _pages(listing)
            if checked.good and announced and announced <= self.pages:
                checked = Checked(checked.kind, url, "ok", "only what another announces", entries=checked.entries)
            elif checked.good:
                found[canonical_url(checked.moved_to or url)] = None
                self.pages |= announced
            self.seen.append(checked)
            if len(found) == most:
                break
        return tuple(found)


async def find(probe: Probe, site: str) -> Finding:
    """Ask a site. Feeds are watched where there are any, else sitemaps, else the home page. Raises NothingThere."""
    try:
        told = await probe.ask(canonical_url(site))
    except BadUrl as error:
        raise NothingThere(str(error)) from None
    if not isinstance(told, Usable):
        raise NothingThere(f"{told.reason}: {told.detail}")
    answer, homepage = told.answer, canonical_url(told.moved_to or site)
    try:
        home = read_home(answer.body, answer.url, answer.headers)
    except NotAListing as error:
        raise NothingThere(f"no home page: {error}") from None
    search = _Search(probe)
    feeds = await _feeds(search, home, answer.url)
    robots = await probe.robots(answer.url)
    named = sitemaps_of_robots(robots.text or "", answer.url)
    sitemaps: tuple[str, ...] = ()
    if not feeds:
        places = named or (urljoin(answer.url, "/sitemap.xml"),)
        sitemaps = await search.worth_watching("sitemap", places[:MAX_SITEMAPS_ASKED], MAX_SITEMAPS_ASKED)
    index_pages: tuple[str, ...] = ()
    if not feeds and not sitemaps:
        checked, _ = await check_list(probe, "index", homepage, told)
        search.seen.append(checked)
        index_pages = (homepage,) if checked.good else ()
        if not index_pages:
            raise NothingThere("no feed, no sitemap, and no page of links; name one with --feed, --sitemap or --index")
    else:
        search.seen += [
            Checked("sitemap", url, "ok", "named in robots.txt; for xabar backfill")
            for url in named if url not in {one.url for one in search.seen}
        ]  # fmt: skip
    known = {"name": home.name or host_of(homepage), "language": home.language, "timezone": home.timezone,
             "country": home.country}  # fmt: skip
    return Finding(
        id_of(homepage),
        homepage,
        {name: value for name, value in known.items() if value},
        {"feeds": feeds, "sitemaps": sitemaps, "index_pages": index_pages},
        tuple(search.seen),
        tuple(edition for edition in home.editions if canonical_url(edition.url) != homepage),
    )


def id_of(homepage: str) -> str:
    """A source's id from its address: the host, with the language of an edition."""
    host = host_of(homepage).partition(":")[0].removeprefix("www.")
    first = urlsplit(homepage).path.strip("/").partition("/")[0].lower()
    words = [host, first] if _PLACE.fullmatch(first) else [host]
    return _NOT_ID.sub("-", "-".join(words)).strip("-")[:64]


async def _feeds(search: _Search, home: Home, url: str) -> tuple[str, ...]:
    """Those that the page announces, else those that look like one, else what stands in the usual places."""
    news = [feed for feed in home.feeds if "comment" not in feed.url.lower()]
    announced = [feed.url for feed in news if feed.announced]
    guessed = [feed.url for feed in news if not feed.announced]
    for urls, most in ((announced, MAX_FEEDS_ASKED), (guessed, MAX_FEEDS_ASKED), (usual_places(url), MAX_PLACES_ASKED)):
        is_guess = urls is not announced
        if found := await search.worth_watching("feed", urls[:most], 1 if is_guess else MAX_FEEDS_WATCHED):
            return found
    return ()


def _pages(listing: Listing | None) -> set[str]:
    return {canonical_url(entry.url) for entry in listing.entries} if listing else set()
