"""The sources that are watched, as the fetcher needs them: by id, by feed, by host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.pages import SourceFacts
from services.contracts.sources import Politeness, Source
from services.fetcher.politeness import gentler


class SourceBook:
    """The newest word on every source; `version` grows with each change."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._wishes: Mapping[str, Politeness] | None = None
        """By host; None until somebody asks after a change, for thousands of sources come in one after another."""
        self.version = 0

    def apply(self, source_id: str, source: Source | None) -> None:
        """A source was added or changed, or is gone (None)."""
        if source is None:
            self._sources.pop(source_id, None)
        else:
            self._sources[source_id] = source
        self._wishes = None
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

    def wishes(self, host: str) -> Politeness | None:
        """How gently a host should be treated by the word of the sources that live on it."""
        if self._wishes is None:
            self._wishes = self._by_host()
        return self._wishes.get(host)

    def feeds(self) -> Mapping[str, str]:
        """Every feed's URL → the id of its source; a feed that two sources name belongs to the first by id."""
        feeds: dict[str, str] = {}
        for source_id in sorted(self._sources):
            for url in _good(self._sources[source_id].feeds):
                feeds.setdefault(canonical_url(url), source_id)
        return feeds

    def _by_host(self) -> Mapping[str, Politeness]:
        wishes: dict[str, Politeness | None] = {}
        for source in self._sources.values():
            for host in {host_of(url) for url in _good((source.homepage, *source.feeds))}:
                wishes[host] = gentler(wishes.get(host), source.politeness)
        return {host: wish for host, wish in wishes.items() if wish is not None}


def _good(urls: tuple[str, ...]) -> Iterator[str]:
    for url in urls:
        try:
            canonical_url(url)
        except BadUrl:
            continue  # a source with one bad address keeps its good ones
        yield url
