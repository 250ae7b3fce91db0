"""The newsroom's web server: every site by its Host header on one port, faults on demand, a log of requests."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from services.console.newsroom import faults, sitemaps
from services.console.newsroom.content import Announced, Article, Feed, GoldArticle, Site, Stock, labels, load
from services.console.newsroom.feeds import feed_xml
from services.console.newsroom.pages import (
    archives,
    article_page,
    challenge_page,
    error_page,
    listing_page,
    missing_page,
)

FIRST_LATER_NUMBER = 1000
"""Articles published while the newsroom runs are numbered from here, far from the copies."""

_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


@dataclass(frozen=True)
class Answer:
    """What is sent back, before conditions and compression."""

    status: int
    body: bytes = b""
    content_type: str = ""
    modified: datetime | None = None
    headers: Mapping[str, str] | None = None
    lies: bool = False
    """It says 304 to whoever asks under a condition, changed or not."""


@dataclass(frozen=True)
class Request:
    """One request that was answered, for tests of politeness."""

    at: float
    host: str
    path: str
    status: int


@dataclass
class _Failure:
    status: int
    left: int
    retry_after: int | None


class Newsroom:
    """All sites on one port, as a context manager; pages can be edited, deleted and made to fail while it runs."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        copies: int = 1,
        trickle_seconds: float = 0.5,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        announced_by: Mapping[str, Announced] = MappingProxyType({}),
    ) -> None:
        self._stock: Stock = load(copies, announced_by)
        self._labels = labels()
        self._clock = clock
        self._started = clock().replace(microsecond=0)
        self._trickle_seconds = trickle_seconds
        self._lock = Lock()
        self._closing = Event()
        self._requests: list[Request] = []
        self._failures: dict[str, _Failure] = {}
        self._deleted: dict[str, int] = {}
        self._challenged: dict[str, int] = {}
        self._lying: set[str] = set()
        self._never_missing: set[str] = set()
        self._moved: dict[tuple[str, str], tuple[int, str]] = {}
        self._published = 0
        self._feeds: dict[tuple[str, str], tuple[Site, Feed]] = {
            (site.host, feed.path): (site, feed)
            for site in self._stock.sites.values()
            for feed in site.feeds
            if site.announced_by == "feed"
        }
        self._pages: dict[tuple[str, str], tuple[str, bool]] = {}
        for article in self._stock.articles.values():
            self._serve(article)
        self._sites = {site.host: site for site in self._stock.sites.values()}
        self._server = _Server((host, port), _Handler, self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="newsroom", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()

    @property
    def port(self) -> int:
        """The port that all sites share."""
        return int(self._server.server_address[1])

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that answers here, the one with the faults last."""
        return (*self._sites, faults.HOST)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Everything that was asked and answered so far."""
        with self._lock:
            return tuple(self._requests)

    def resolve(self, ip: str = "127.0.0.1") -> str:
        """The value of FETCHER_RESOLVE that leads a fetcher here."""
        return ",".join(f"{host}={ip}:{self.port}" for host in self.hosts)

    def sources(self) -> list[dict[str, Any]]:
        """The sites as an operator would register them."""
        return [
            {
                "id": site.id,
                "name": site.name,
                "homepage": site.url("/"),
                "feeds": [site.url(feed.path) for feed in site.feeds] if site.announced_by == "feed" else [],
                "sitemaps": [site.url(sitemaps.INDEX)] if site.announced_by == "sitemap" else [],
                "index_pages": [site.url(p) for p in ("/", site.section_path)] if site.announced_by == "index" else [],
                "language": site.language,
                "timezone": site.timezone,
                "country": site.country,
            }
            for site in self._stock.sites.values()
        ]

    def gold(self) -> list[GoldArticle]:
        """The gold record of every article that is online, as it reads now."""
        with self._lock:
            return [self._stock.gold(a) for slug, a in self._stock.articles.items() if slug not in self._deleted]

    def strays(self) -> dict[str, str]:
        """URL → why it is no article, for every such link in a feed."""
        return {
            site.url(stray.path): stray.why
            for site in self._sites.values()
            if site.announced_by == "feed"
            for feed in site.feeds
            for stray in feed.strays
        }

    def edit(self, slug: str, paragraphs: Sequence[str] | None = None, title: str | None = None) -> GoldArticle:
        """Change an article in place, as newsrooms do; returns its new gold record."""
        with self._lock:
            article = self._stock.articles[slug]
            changes = {
                "paragraphs": tuple(paragraphs) if paragraphs is not None else article.paragraphs,
                "title": title if title is not None else article.title,
                "modified": self._clock().astimezone(article.published.tzinfo).replace(microsecond=0),
            }
            self._stock.replace(article.model_copy(update=changes))
            return self._stock.gold(self._stock.articles[slug])

    def publish(self, like: str, slug: str, published: datetime | None = None) -> GoldArticle:
        """Publish one more article of the site, now by default: another's text under its own slug, title and number.

        Raises KeyError where there is no article `like` it, ValueError where the slug is taken.
        """
        with self._lock:
            model = self._stock.articles[like]
            self._published += 1
            number, (first, *rest) = FIRST_LATER_NUMBER + self._published, model.paragraphs
            zone = ZoneInfo(self._stock.site_of(model).timezone)
            article = model.model_copy(
                update={
                    "slug": slug,
                    "title": f"{model.title} ({number})",
                    "paragraphs": (f"№ {number}. {first}", *rest),
                    "published": (published or self._clock()).astimezone(zone).replace(microsecond=0),
                    "modified": None,
                    "story": None,
                    "reprint_of": None,
                    "private": False,
                }
            )
            self._stock.add(article)
            self._serve(article)
            return self._stock.gold(article)

    def _serve(self, article: Article) -> None:
        site, path = self._stock.site_of(article), self._stock.path(article)
        self._pages[site.host, path] = (article.slug, False)
        if "amp" in site.habits:
            self._pages[site.host, f"{path}/amp"] = (article.slug, True)

    def delete(self, slug: str, status: int = 410) -> None:
        """Take an article offline; feeds keep listing it."""
        with self._lock:
            if slug not in self._stock.articles:
                raise KeyError(slug)
            self._deleted[slug] = status

    def fail(self, host: str, status: int = 503, times: int = 1, retry_after: int | None = None) -> None:
        """Let the next requests to a host fail; `times=0` ends it."""
        with self._lock:
            self._failures[host] = _Failure(status, times, retry_after)

    def challenge(self, host: str, status: int = 403) -> None:
        """Put a shield before a host: everything but robots.txt is a challenge page; `status=0` takes it away."""
        with self._lock:
            self._challenged[host] = status

    def lie_about_304(self, host: str, lying: bool = True) -> None:
        """Let a host's feeds and sitemaps say 304 to whoever asks under a condition, whatever has changed."""
        with self._lock:
            (self._lying.add if lying else self._lying.discard)(host)

    def soft_404(self, host: str) -> None:
        """Let a host answer 200 from now on, with its error page, where it has nothing, deleted articles included."""
        with self._lock:
            self._never_missing.add(host)

    def move_feed(self, host: str, to: str | None = None, status: int = 301) -> str:
        """Move a host's first feed, with a redirect at its old address; returns the new one.

        `to` is a URL on one of the newsroom's sites, on the same one by default.
        """
        with self._lock:
            site = self._sites[host]
            target = to or site.url("/feeds/news.xml")
            parts = urlsplit(target)
            feed = site.feeds[0]
            self._feeds[parts.netloc, parts.path] = self._feeds.pop((host, feed.path))
            self._moved[host, feed.path] = (status, target)
            return target

    def answer(self, host: str, path: str) -> Answer:
        """What stands at a path of a site, in its state of now."""
        with self._lock:
            failure = self._failures.get(host)
            if failure and failure.left > 0:
                failure.left -= 1
                headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
                return Answer(failure.status, b"failing on demand", "text/plain", headers=headers)
            site = self._sites.get(host)
            if site is None:
                return Answer(421, b"no such site here", "text/plain")
            path = path.partition("?")[0]
            if (status := self._challenged.get(host, 0)) and path != "/robots.txt":
                shield = {"cf-mitigated": "challenge", "Cache-Control": "no-store"}
                return Answer(status, challenge_page().encode(), "text/html; charset=UTF-8", headers=shield)
            return self._of_site(site, path)

    def note(self, host: str, path: str, status: int) -> None:
        """Remember a request."""
        with self._lock:
            self._requests.append(Request(monotonic(), host, path, status))

    def _of_site(self, site: Site, path: str) -> Answer:
        if path == "/robots.txt":
            named = f"Sitemap: {site.url(sitemaps.INDEX)}\n" if "sitemaps" in site.habits else ""
            return Answer(200, (site.robots + named).encode(), "text/plain")
        if path.startswith("/images/"):
            return Answer(200, _GIF, "image/gif")
        if (moved := self._moved.get((site.host, path))) is not None:
            return Answer(moved[0], b"", "text/html", headers={"Location": moved[1]})
        if (listed := self._list_at(site, path)) is not None:
            return listed
        slug, amp = self._pages.get((site.host, path), ("", False))
        if not slug or slug in self._deleted:
            if site.host in self._never_missing:
                return self._html(site, 200, missing_page(self._stock, site, path, self._labels))
            status = self._deleted.get(slug, 404)
            return self._html(site, status, error_page(site, status, self._labels))
        article: Article = self._stock.articles[slug]
        text = article_page(self._stock, article, self._labels, amp=amp)
        return self._html(site, 200, text, article.modified or article.published)

    def _list_at(self, site: Site, path: str) -> Answer | None:
        """What lists articles: a feed, a sitemap, the home page, the page of a section or an author."""
        lies = site.host in self._lying
        if (served := self._feeds.get((site.host, path))) is not None:
            owner, feed = served
            text = feed_xml(self._stock, owner, feed)
            newest = max(article.modified or article.published for article in self._stock.listed(feed, owner))
            return Answer(200, text.encode(owner.charset), f"application/{feed.kind}+xml", newest, lies=lies)
        if "sitemaps" in site.habits and path in sitemaps.PATHS:
            return Answer(200, *sitemaps.sitemap(self._stock, site, path, self._started), lies=lies)
        if path == "/":
            return self._listing(site, site.name, self._stock.of_site(site))
        if path == site.section_path:
            return self._listing(site, f"{site.section_name} | {site.name}", self._stock.of_site(site))
        if (found := archives(self._stock, site).get(path)) is not None:
            return self._listing(site, f"{found[0]} | {site.name}", found[1])
        return None

    def _listing(self, site: Site, heading: str, articles: Sequence[Article]) -> Answer:
        return self._html(site, 200, listing_page(self._stock, site, articles, self._labels, heading))

    def _html(self, site: Site, status: int, text: str, modified: datetime | None = None) -> Answer:
        content_type = f"text/html; charset={site.charset}" if site.declares_charset else "text/html"
        return Answer(status, text.encode(site.charset, "xmlcharrefreplace"), content_type, modified)

    def gzips(self, host: str) -> bool:
        """Whether a host compresses for those who ask."""
        site = self._sites.get(host)
        return site is not None and site.gzip

    @property
    def closing(self) -> bool:
        """Whether the newsroom is about to stop."""
        return self._closing.is_set()

    def rest(self) -> bool:
        """Wait between two bytes of a slow answer; true if the newsroom closes meanwhile."""
        return self._closing.wait(self._trickle_seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[_Handler], newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""

    def hang_up(self) -> None:
        """End the connections that clients keep alive."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0].lower()
        if host == faults.HOST:
            self._fault(host)
        else:
            self._send(host, self.server.newsroom.answer(host, self.path))

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Requests are kept in memory, not printed."""

    def _send(self, host: str, answer: Answer) -> None:
        status, body = answer.status, answer.body
        headers = {"Content-Type": answer.content_type, **(answer.headers or {})}
        if status == 200 and answer.modified:
            headers["ETag"] = etag = f'"{sha256(body).hexdigest()[:16]}"'
            headers["Last-Modified"] = format_datetime(answer.modified.astimezone(UTC), usegmt=True)
            asked = "If-None-Match" in self.headers or "If-Modified-Since" in self.headers
            if (answer.lies and asked) or self._is_current(etag, answer.modified):
                status, body = 304, b""
        if body and answer.content_type != "application/gzip" and self.server.newsroom.gzips(host):
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body, mtime=0)
                headers["Content-Encoding"] = "gzip"
        self._write(host, status, headers, body)

    def _is_current(self, etag: str, modified: datetime) -> bool:
        if (known := self.headers.get("If-None-Match")) is not None:
            return known.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]
        if (since := self.headers.get("If-Modified-Since")) is not None:
            with suppress(ValueError, TypeError):
                return modified <= parsedate_to_datetime(since)
        return False

    def _write(self, host: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.server.newsroom.note(host, self.path, status)
        self._head(status, headers, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: Mapping[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _fault(self, host: str) -> None:
        path = self.path.partition("?")[0]
        if path == "/robots.txt":
            return self._write(host, 404, {"Content-Type": "text/plain"}, b"")
        if path == "/feed.xml":
            return self._write(host, 200, {"Content-Type": "application/rss+xml"}, faults.index())
        fault = faults.faults().get(path)
        if fault is None:
            return self._write(host, 404, {"Content-Type": "text/plain"}, b"no such fault")
        if fault.manner == "whole":
            return self._write(host, fault.status, fault.headers, fault.body())
        self.server.newsroom.note(host, self.path, fault.status)
        self.close_connection = True
        body = fault.body()
        if fault.manner == "endless-headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for line in faults.endless_headers():
                self.wfile.write(line)
                if self.server.newsroom.closing:
                    return None
            return None
        self._head(fault.status, fault.headers, len(body))
        if fault.manner == "cut":
            self.wfile.write(body[: len(body) // 2])
            return None
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            if self.server.newsroom.rest():
                return None
        return None
