"""The next page of an article that is shown in several: its URL is noted, never followed."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.parser.body import noise
from services.parser.page import address

MAX_LINKS = 300
"""That are looked at."""
MAX_PAGES = 99
_MAX_TEXT_CHARS = 40
_PAGE_NAMES = frozenset({
    "page", "pg", "pagenum", "page_num", "pagina", "seite", "sayfa", "bet", "sahifa", "strana", "paged", "pageno",
    "page_no", "currentpage", "showpage", "fullpage", "pagen_1",
})  # fmt: skip
_PAGE_SEGMENT = re.compile(r"(?:page|seite|pagina|sayfa|sahifa|bet|p|str|pg)[-_]?(\d{1,2})", re.IGNORECASE)
_PAGE_WORDS = frozenset({"page", "seite", "pagina", "sayfa", "sahifa", "bet", "p"})
_NUMBER = re.compile(r"\d{1,2}")
_AT_THE_END = re.compile(r"(.{3,400}?)[-_,](?:page[-_]?|seite[-_]?|p)?(\d{1,2})(\.\w{2,5})?")
_NAMES_AN_ARTICLE = re.compile(r"(?:[^-_/]{1,80}[-_]){2}|\d{4}|\.\w{2,5}$")


class _Paged(NamedTuple):
    """A URL without its page number, and the number."""

    base: str
    number: int


def next_page_of(tree: LexborHTMLParser, url: str) -> str | None:
    """The absolute URL of the article's next page, or None; `url` is the page's own.

    A link counts where it leads to the same article with the next number (`?page=2`, `/2/`, `-2.html`) and says so: by
    rel=next, by its text (the number, or `Next page` in the languages of noise.toml) or by a pager around it.
    """
    for own in (_Paged(_plain(url), 1), *_readings(url)):
        wanted = own.number + 1
        for node in tree.css(f'a[href*="{wanted}"], link[rel~="next"][href*="{wanted}"]')[:MAX_LINKS]:
            href = node.attributes.get("href") or ""
            if ("#" in href and "comment" in href.lower()) or not _leads_on(node, wanted):
                continue
            link = address.absolute(url, href)
            if link is None or not address.same_site(url, link):
                continue
            if any(r.number == wanted and r.base == own.base for r in _readings(link)):
                return link
    return None


def _leads_on(node: LexborNode, wanted: int) -> bool:
    if node.tag == "link" or "next" in (node.attributes.get("rel") or "").lower().split():
        return True
    text = " ".join(node.text()[:_MAX_TEXT_CHARS].split())
    return text == str(wanted) or noise.is_next_page(text)


def _readings(url: str) -> list[_Paged]:
    """What article and page the URL can name; none where it holds no page number."""
    parts = urlsplit(url)
    found: list[_Paged] = []
    query = parse_qsl(parts.query)
    numbers = [v for n, v in query if n.lower() in _PAGE_NAMES and _NUMBER.fullmatch(v)]
    if len(numbers) == 1:
        rest = [(n, v) for n, v in query if n.lower() not in _PAGE_NAMES]
        found.append(_Paged(_plain(url, query=urlencode(rest)), int(numbers[0])))
    segments = [s for s in parts.path.split("/") if s]
    if len(segments) > 1:
        number = _NUMBER.fullmatch(segments[-1]) or _PAGE_SEGMENT.fullmatch(segments[-1])
        before = segments[:-1]
        if number and segments[-1].isdigit() and before[-1].lower() in _PAGE_WORDS and len(before) > 1:
            before = before[:-1]
        if number and _NAMES_AN_ARTICLE.search(before[-1]):
            found.append(_Paged(_plain(url, path="/".join(before)), int(number[number.re.groups])))
    if segments and (end := _AT_THE_END.fullmatch(segments[-1])) and _NAMES_AN_ARTICLE.search(end[1] + (end[3] or "")):
        path = "/".join([*segments[:-1], end[1] + (end[3] or "")])
        found.append(_Paged(_plain(url, path=path), int(end[2])))
    return [reading for reading in found if 1 <= reading.number <= MAX_PAGES]


def _plain(url: str, *, path: str | None = None, query: str | None = None) -> str:
    """The URL without what two pages of one article may differ in: scheme, host's dress, slashes, fragment."""
    parts = urlsplit(url)
    path = parts.path if path is None else path
    query = urlencode(parse_qsl(parts.query)) if query is None else query
    return f"{path.strip('/').lower()}?{query}"
