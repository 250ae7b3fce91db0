"""The sources that are watched, as the fetcher needs them: by id, by list, by host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.pages import ListForm, SourceFacts
from services.contracts.sources import Politeness, Source
from services.fetcher.lists.index_pages import same_site
from services.fetcher.politeness import gentler
from services.fetcher.queue.frontier import Listed


class SourceBook:
    """The newest word on every source; `version` grows with each change."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._removed: set[str] = set()
        self._wishes: Mapping[str, Politeness] | None = None
        """By host; None until somebody asks after a change, for thousands of sources come in one after another."""
        self.version = 0
        self.restored = False
        """Whether all sources are known that were there when we began."""
        self._lists: Mapping[str, Listed] | None = None
        self._index_hosts: frozenset[str] | None = None

    def apply(self, source_id: str, source: Source | None) -> None:
        """A source was added or changed, or is gone (None)."""
        if source is None:
            self._sources.pop(source_id, None)
            self._removed.add(source_id)
        else:
            self._sources[source_id] = source
            self._removed.discard(source_id)
        self._wishes = self._lists = self._index_hosts = None
        self.version += 1

    def facts(self, source_id: str | None) -> SourceFacts:
        """What the source says of its pages; nothing for pages without one."""
        source = self._sources.get(source_id or "")
        if source is None:
            return SourceFacts()
        return SourceFacts(language=source.language, timezone=source.timezone, country=source.country)

    def source(self, source_id: str | None) -> Source | None:
        """The source itself."""
        return self._sources.get(source_id or "")

    def removed(self, source_id: str) -> bool:
        """Whether we heard that the source was removed; of one that nobody told us of yet we can't say so."""
        return source_id in self._removed

    def wishes(self, host: str) -> Politeness | None:
        """How gently a host should be treated by the word of the sources that live on it."""
        if self._wishes is None:
            self._wishes = self._by_host()
        return self._wishes.get(host)

    def lists(self) -> Mapping[str, Listed]:
        """Every list's URL → its form and its source's id; what two sources name belongs to the first by id."""
        if self._lists is None:
            lists: dict[str, Listed] = {}
            for source_id in sorted(self._sources):
                source = self._sources[source_id]
                forms: tuple[tuple[ListForm, tuple[str, ...]], ...] = (
                    ("feed", source.feeds), ("sitemap", source.sitemaps), ("index", source.index_pages),
                )  # fmt: skip
                for form, urls in forms:
                    for url in _good(urls):
                        lists.setdefault(canonical_url(url), Listed(source_id, form))
            self._lists = lists
        return self._lists

    def has_index(self, host: str) -> bool:
        """Whether an index page of some source may link to the host."""
        if self._index_hosts is None:
            self._index_hosts = frozenset(host_of(url) for url, of in self.lists().items() if of.form == "index")
        return any(same_site(host, place) for place in self._index_hosts)

    def _by_host(self) -> Mapping[str, Politeness]:
        wishes: dict[str, Politeness | None] = {}
        for source in self._sources.values():
            urls = (source.homepage, *source.feeds, *source.sitemaps, *source.index_pages)
            for host in {host_of(url) for url in _good(urls)}:
                wishes[host] = gentler(wishes.get(host), source.politeness)
        return {host: wish for host, wish in wishes.items() if wish is not None}


def _good(urls: tuple[str, ...]) -> Iterator[str]:
    for url in urls:
        try:
            canonical_url(url)
        except BadUrl:
            continue  # a source with one bad address keeps its good ones
        yield url
