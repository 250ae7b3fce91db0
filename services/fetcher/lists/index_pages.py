"""A page of links → which of them to ask for, learned from what became of pages whose URLs look alike."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote, unquote_plus, urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.fetcher.lists.listing import Entry, Listing, NotAListing

MAX_BYTES = 3 * 1024 * 1024
MAX_LINKS = 2_000
MAX_ANCHORS = 20_000
MAX_DEPTH = 1_000
"""Of elements: pages nest thirty deep, broken ones a few hundred; far beyond, a tree takes quadratic time to build."""
MAX_ATTRIBUTES = 2_000
"""Words in one tag, which its attributes can't outnumber."""
MAX_TITLE_CHARS = 500
MAX_SHAPE_CHARS = 160
MAX_SEGMENTS = 8
SHAPES_REMEMBERED = 8_192
"""URLs whose shapes are not worked out again at each poll."""
MAX_QUERY_KEYS = 4
MAX_SHAPES = 200
"""Per host. Sites have a few dozen."""

FOLLOW_SHARE = 0.3
"""From this share of articles on, every link of a shape is asked for."""
BARREN_SHARE = 0.06
"""Under this share, none is: five pages were no articles, or one was an article among more than twenty."""
_PRIOR_ACCEPTED, _PRIOR_REJECTED = 0.4, 1.6
"""What is believed of a shape of which nothing is known, as two pages' worth of evidence: one link in five."""
EXPLORE_PER_SHAPE = 2
EXPLORE_PER_POLL = 10
RELOOK_AFTER = timedelta(days=5)
"""A shape that led nowhere is tried again when nothing was heard of it for so long."""
HALF_LIFE = timedelta(days=10)
"""After so long an outcome counts half: after five days one more look is enough to let a barren shape rest again."""

_CHARSET = re.compile(r"utf-?8|utf-?16(?:le|be)?|windows-?125\d|cp125\d|iso-?8859-?\d+|koi8-?[rut]|us-ascii|latin-?1")
"""Those that decode in linear time; Python knows others that don't."""
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)
_ROOT = re.compile(r"<([a-zA-Z][\w:]{0,20})")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NOT_HTML = frozenset({"rss", "feed", "rdf:rdf", "urlset", "sitemapindex", "opml", "svg"})
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,30})([^>]*+)>?+")
_NEVER_DEEP = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "path", "use",
})  # fmt: skip
"""Without content, or closed by what follows: pages may leave their end tags out."""
_ASIDE = (
    "nav a[href], footer a[href], [role=navigation] a[href], ul[class*=menu] a[href], div[class*=menu] a[href],"
    " div[class*=footer] a[href], div[class*=breadcrumb] a[href], ul[class*=breadcrumb] a[href]"
)
_FILE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|rtf|txt|csv|zip|rar|7z|gz|apk|exe|jpe?g|png|gif|webp|svg|ico|bmp|mp3|mp4|m4a|avi|mov"
    r"|webm|ogg|wav|css|js|json|xml|rss|atom)$",
    re.IGNORECASE,
)

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z]{2,4})?")
_EXTENSION = re.compile(r"(.+)(\.(?:html?|php|aspx?|jsp|shtml|phtml))")
_DATE = re.compile(r"(?:19|20)\d\d[-._]?[01]\d[-._]?[0-3]\d|[0-3]?\d[-._][01]?\d[-._](?:19|20)\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}")
_WORD_NUMBER = re.compile(r"([a-z]{1,20}[-_.]?)\d+")
_NUMBER_SLUG = re.compile(r"\d{4,}[-_](?=.*[^\W\d_])(.+)")
_SLUG_NUMBER = re.compile(r"(.*[^\W\d_].*)[-_]\d{5,}")
_MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{5,}")
_SEPARATORS = re.compile(r"[-_+.,\s]+")
_SLUG_WORDS = 4
_WORD_CHARS = 24
_LITERALS = 2
_NAMES_A_VIEW = frozenset(
    {"act", "action", "do", "mod", "module", "op", "option", "r", "route", "task", "type", "view"}
)
"""Query keys whose values say what kind of page it is, and are kept."""


@dataclass(frozen=True)
class Link:
    """A link of a page to a page of the same site; `title` is the longest text that carries it."""

    url: str
    title: str | None = None
    aside: bool = False
    """It stands in menus and footers only."""


def read_links(body: bytes, url: str, charset: str | None = None) -> tuple[Link, ...]:
    """The page's links to other pages of its site, each page once, in the page's order. Raises NotAListing."""
    tree = read_tree(body, charset)
    base = tree.css_first("base[href]")
    base_url = _join(url, base.attributes.get("href") if base else None) or url
    itself, host = canonical_url(url), host_of(url)
    aside = {anchor.mem_id for anchor in tree.css(_ASIDE)}
    links: dict[str, Link] = {}
    for anchor in islice(tree.css("a[href]"), MAX_ANCHORS):
        found = _join(base_url, anchor.attributes.get("href"))
        if found is None or not _may_be_a_page(found, host):
            continue
        key = canonical_url(found)
        link, before = Link(found, _title(anchor), anchor.mem_id in aside), links.get(key)
        if before is not None:
            longest = max(before.title or "", link.title or "", key=len)
            links[key] = Link(before.url, longest or None, before.aside and link.aside)
        elif key != itself and len(links) < MAX_LINKS:
            links[key] = link
    return tuple(links.values())


def read_tree(body: bytes, charset: str | None = None) -> LexborHTMLParser:
    """The page's elements; `charset` is that of the Content-Type header. Raises NotAListing."""
    if len(body) > MAX_BYTES:
        raise NotAListing(f"it has {len(body)} bytes; {MAX_BYTES} are the most")
    text = _decoded(body, charset)
    root = _ROOT.search(_COMMENT.sub("", text[:20_000]))
    if root is None or root[1].lower() in _NOT_HTML or "\0" in text[:1_000]:
        raise NotAListing("it is no HTML page")
    if _overgrown(text):
        raise NotAListing("its elements nest too deep, or one has too many attributes")
    return LexborHTMLParser(text)


def same_site(host: str, other: str) -> bool:
    """Whether two hosts are one site: the same, with and without www, or one a subdomain of the other."""
    a, b = host.removeprefix("www."), other.removeprefix("www.")
    return a == b or ("." in b and a.endswith(f".{b}")) or ("." in a and b.endswith(f".{a}"))


@lru_cache(maxsize=SHAPES_REMEMBERED)
def shape(url: str) -> str:
    """The URL's path with its numbers, dates, names and ids replaced by what they are; what a site's pages share.

    The first two sections after a language stay as they are; of a query stay the names.
    """
    parts = urlsplit(url)
    segments = [unquote(segment).lower() for segment in parts.path.split("/") if segment][:MAX_SEGMENTS]
    shaped: list[str] = []
    literals = 0
    for at, segment in enumerate(segments):
        form = _dated(segment, shaped) or form_of(segment)
        is_language = at == 0 and bool(_LANGUAGE.fullmatch(segment)) and len(segments) > 1
        if form == "<word>" and (is_language or (literals < _LITERALS and (at == 0 or at < len(segments) - 1))):
            form = segment
            literals += not is_language
        shaped.append(form)
    query = "&".join(sorted(filter(None, map(_query_form, parts.query.split("&"))))[:MAX_QUERY_KEYS])
    return ("/" + "/".join(shaped) + (f"?{query}" if query else ""))[:MAX_SHAPE_CHARS]


def form_of(segment: str) -> str:
    """What a path's section is, unescaped and in lower case: `<n>`, `<date>`, `<id>`, `<word>`, `<slug>`, a mixture."""
    extension = ""
    if split := _EXTENSION.fullmatch(segment):
        segment, extension = split[1], split[2]
    return _form(segment) + extension


def _form(segment: str) -> str:
    if _DATE.fullmatch(segment):
        return "<date>"
    if segment.isdecimal():
        return "<n>"
    if _UUID.fullmatch(segment) or _HEX.fullmatch(segment):
        return "<id>"
    if split := _WORD_NUMBER.fullmatch(segment):
        return f"{split[1]}<n>"
    if split := _NUMBER_SLUG.fullmatch(segment):
        return "<n>-<slug>"
    if split := _SLUG_NUMBER.fullmatch(segment):
        return "<slug>-<n>"
    if _MIXED.fullmatch(segment):
        return "<id>"
    long = len(segment) > _WORD_CHARS or len(_SEPARATORS.split(segment)) >= _SLUG_WORDS
    return "<slug>" if long else "<word>"


def _dated(segment: str, before: list[str]) -> str | None:
    last = before[-1] if before else ""
    if not segment.isdecimal():
        return None
    if len(segment) == 4 and _YEAR.fullmatch(segment):
        return "<y>"
    if len(segment) > 2:
        return None
    return {"<y>": "<m>", "<m>": "<d>"}.get(last)


def _query_form(pair: str) -> str:
    name, _, value = pair.partition("=")
    name, value = unquote_plus(name).lower()[:30], unquote_plus(value).lower()
    if not value:
        return name
    form = form_of(value)
    return f"{name}={value if form == '<word>' and name in _NAMES_A_VIEW else form}"


@dataclass(frozen=True)
class _Evidence:
    accepted: float = 0.0
    rejected: float = 0.0
    at: float = -math.inf
    """Seconds since 1970 of the newest outcome; both numbers are as of then."""

    def with_outcome(self, accepted: bool, at: float) -> _Evidence:
        newest = max(at, self.at)
        kept, weight = _faded(newest - self.at), _faded(newest - at)
        return _Evidence(
            self.accepted * kept + weight * accepted, self.rejected * kept + weight * (not accepted), newest
        )


class Shapes:
    """What became of one host's pages, by the shape of their URLs.

    Outcomes fade with their age, as in Cormode, Shkapenyuk, Srivastava and Xu, "Forward Decay" (2009): in whatever
    order the two topics are read again after a start, the numbers come out the same.
    """

    def __init__(self) -> None:
        self._evidence: dict[str, _Evidence] = {}

    def __len__(self) -> int:
        return len(self._evidence)

    def told(self, url: str, accepted: bool, at: datetime) -> None:
        """A page was an article, or was none."""
        key = shape(url)
        if key not in self._evidence and len(self._evidence) >= MAX_SHAPES:
            newest = max(seen.at for seen in self._evidence.values())
            del self._evidence[min(self._evidence, key=lambda known: self._seen(known, newest))]
        self._evidence[key] = self._evidence.get(key, _Evidence()).with_outcome(accepted, at.timestamp())

    def share(self, shape: str) -> float:
        """How many of the shape's pages are articles, 0 to 1; a guess where little is known."""
        seen = self._evidence.get(shape, _Evidence())
        tried = seen.accepted + seen.rejected + _PRIOR_ACCEPTED + _PRIOR_REJECTED
        return (seen.accepted + _PRIOR_ACCEPTED) / tried

    def heard_at(self, shape: str) -> float:
        """When the newest outcome of the shape was, in seconds since 1970; minus infinity where there is none."""
        return self._evidence.get(shape, _Evidence()).at

    def _seen(self, shape: str, now: float) -> float:
        evidence = self._evidence[shape]
        return (evidence.accepted + evidence.rejected) * _faded(now - evidence.at)


def choose(
    links: Sequence[Link], shapes: Callable[[str], Shapes], known: Callable[[str], bool], now: datetime
) -> Listing:
    """The links to ask for, in the page's order.

    `shapes` has what is known of a URL's host; `known` says of a URL whether it need not be asked for: it was, or it
    waits for its turn. Of a shape that leads to articles all links are asked for, of others a few at each poll until it
    is clear what they are, of a barren one hardly any.
    """
    fresh: list[tuple[int, Link, str, float]] = []
    tried: Counter[tuple[str, str]] = Counter()
    for at, link in enumerate(links):
        of_host, form = shapes(link.url), shape(link.url)
        if known(link.url):
            tried[host_of(link.url), form] += 1
            continue
        share = of_host.share(form)
        rests = share < BARREN_SHARE and now.timestamp() - of_host.heard_at(form) < RELOOK_AFTER.total_seconds()
        if not rests:
            fresh.append((at, link, form, share))
    wanted = {at for at, _, _, share in fresh if share >= FOLLOW_SHARE}
    unsure: dict[tuple[str, str], list[tuple[int, Link, float]]] = defaultdict(list)
    for at, link, form, share in fresh:
        if share < FOLLOW_SHARE:
            unsure[host_of(link.url), form].append((at, link, share))
    candidates: list[tuple[int, float, int]] = []
    for key, group in unsure.items():
        allowed = 1 if group[0][2] < BARREN_SHARE else EXPLORE_PER_SHAPE
        best = sorted(((-_looks(link), at) for at, link, _ in group))[:allowed]
        # What was tried least comes first, so that no shape waits behind others that only look better.
        candidates += [(tried[key] + nth, look, at) for nth, (look, at) in enumerate(best)]
    wanted.update(at for _, _, at in sorted(candidates)[:EXPLORE_PER_POLL])
    return Listing(tuple(Entry(links[at].url, links[at].title) for at in sorted(wanted)))


def _looks(link: Link) -> float:
    """How much a link looks like one to an article; it only decides what is tried first."""
    form = shape(link.url)
    return (
        min(len(link.title or ""), 80) / 40
        + ("<slug>" in form)
        + any(sign in form for sign in ("<n>", "<d>", "<date>", "<id>"))
        + min(form.count("/"), 4) / 8
        - 2 * link.aside
    )


def _faded(seconds: float) -> float:
    return math.exp2(-seconds / HALF_LIFE.total_seconds())


def _decoded(body: bytes, charset: str | None) -> str:
    declared = _META_CHARSET.search(body[:4_096])
    named = (
        "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else charset or (declared[1].decode() if declared else "")
    )
    if named and _CHARSET.fullmatch(named.lower()):
        try:
            return body.decode(named, "replace")
        except LookupError:
            pass
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("windows-1251", "replace")


def _overgrown(html: str) -> bool:
    depth = 0
    for tag in _TAG.finditer(html):
        if len(tag[3]) > MAX_ATTRIBUTES and len(tag[3].split()) > MAX_ATTRIBUTES:
            return True
        if tag[2].lower() in _NEVER_DEEP or tag[3].endswith("/"):
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def _join(base: str, href: str | None) -> str | None:
    if not href or href.lstrip().startswith("#"):
        return None
    try:
        url = urldefrag(urljoin(base, href.strip().replace(" ", "%20"))).url
        canonical_url(url)
    except (BadUrl, ValueError):
        return None
    return url


def _may_be_a_page(url: str, host: str) -> bool:
    parts = urlsplit(url)
    is_front = parts.path in ("", "/") and not parts.query
    return not is_front and not _FILE.search(parts.path) and same_site(host_of(url), host)


def _title(anchor: LexborNode) -> str | None:
    said: Iterable[str | None] = (anchor.text(), anchor.attributes.get("title"))
    texts = (" ".join((text or "").split())[:MAX_TITLE_CHARS] for text in said)
    return next(filter(None, texts), None)
