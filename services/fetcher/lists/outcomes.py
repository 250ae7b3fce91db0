"""What became of pages further on, as the store and the parser tell it: which looked like articles and which were."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from datetime import datetime

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.outcomes import Receipt, Rejection
from services.fetcher.lists.index_pages import Shapes

MAX_HOSTS = 1_000
"""Hosts of index pages whose shapes are kept; the one of which nothing was heard for longest goes first."""
MAX_NO_ARTICLES = 200_000
"""URLs that are known to be no articles; about 25 MB."""
_DIGEST_BYTES = 16
_ACCEPTED = frozenset({"new", "revision", "duplicate"})
_REJECTED = frozenset({"not-an-article", "too-short", "no-title"})


class Outcomes:
    """What the topics `stored-articles` and `rejections` say, read whole at each start and then live.

    `is_watched` says of a host whether an index page may link to it (see `index_pages.same_site`). Sources are read
    first: what is told of a host that is not watched yet is not kept.
    """

    def __init__(self, is_watched: Callable[[str], bool]) -> None:
        self._is_watched = is_watched
        self._shapes: dict[str, Shapes] = {}
        self._no_articles: dict[bytes, None] = {}

    def stored(self, receipt: Receipt) -> None:
        """A page was an article."""
        if receipt.kind in _ACCEPTED:
            self._no_articles.pop(_digest(receipt.url), None)
            self._told(receipt.url, True, receipt.stored_at)

    def rejected(self, rejection: Rejection) -> None:
        """A page was refused; only what the parser says of its content counts."""
        if rejection.stage != "parser" or rejection.reason not in _REJECTED:
            return
        digest = _digest(rejection.url)
        self._no_articles.pop(digest, None)
        self._no_articles[digest] = None
        if len(self._no_articles) > MAX_NO_ARTICLES:
            del self._no_articles[next(iter(self._no_articles))]
        self._told(rejection.url, False, rejection.rejected_at)

    def no_article(self, url: str) -> bool:
        """Whether the parser's newest word on the page was that it is no article."""
        return _digest(url) in self._no_articles

    def shapes(self, url: str) -> Shapes:
        """What is known of the URL's host; nothing where it is not watched. Raises BadUrl."""
        return self._shapes.get(_site(url)) or Shapes()

    def sources_changed(self) -> None:
        """Forget the hosts that are watched no more."""
        self._shapes = {host: shapes for host, shapes in self._shapes.items() if self._is_watched(host)}

    def _told(self, url: str, accepted: bool, at: datetime) -> None:
        try:
            host = _site(url)
        except BadUrl:
            return
        if not self._is_watched(host):
            return
        shapes = self._shapes.pop(host, None) or Shapes()
        shapes.told(canonical_url(url), accepted, at)
        self._shapes[host] = shapes
        if len(self._shapes) > MAX_HOSTS:
            del self._shapes[next(iter(self._shapes))]


def _site(url: str) -> str:
    return host_of(url).removeprefix("www.")


def _digest(url: str) -> bytes:
    with contextlib.suppress(BadUrl):
        url = canonical_url(url)
    return hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).digest()
