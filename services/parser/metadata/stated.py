"""What a page says of itself in elements made for it: meta tags, links, headings and marked authors, in one pass."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.parser.limits import (
    MAX_HEADINGS,
    MAX_LEAD_CHARS,
    MAX_LINE_CHARS,
    MAX_LINKS_READ,
    MAX_LINKS_STATED,
    MAX_META_TAGS,
    MAX_NAMES_CHARS,
    MAX_TITLE_CHARS,
)
from services.parser.page.decode import clean

_SELECTOR = (
    "html, title, meta, link[rel], a, h1, h2, [itemprop~=headline], [itemprop*=author], [class*=entry-title],"
    " [class*=post-title], [class*=eadline], [class*=uthor], [class*=yline], [class*=autor], [class*=username]"
)
"""Each substring costs a look at every class of the page: these few find nearly all."""
_MOST_MATCHES = 4_000
_HEAD_TAGS = frozenset({"html", "title", "link"})
_MOST_RUNS = 200
_MOST_NODES = 1_000
_MOST_AUTHORED = 40
_MOST_ANCESTORS = 30
_UNSHOWN = frozenset({"script", "style", "noscript", "template", "svg", "button", "select", "textarea"})
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "time", "u", "wbr",
})  # fmt: skip
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Soft hyphens, zero-width spaces and marks of direction. The joiners stay: Persian is spelt with one."""
_ENDLESS_REFERENCE = re.compile(r"&#\d{10,};?")
"""Python refuses to read a number of thousands of digits."""
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]\w{1,20});", re.IGNORECASE)
_AUTHORED_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line|username|authors?|autore?s?|autorin|writers?|contributors?|muallif)(?:$|[\s_-])"
    r"|(?:author|byline|writer)s?_{0,2}-{0,2}(?:name|link|full-?name|wrap\w{0,5}|text)|[a-z](?:Author|Byline)s?(?:$|[\s_A-Z-])"
    r"|(?:^|[\s_-])(?:[Aa]uthors?|[Bb]yline)(?=[A-Z_-]|$)",
)
_NO_AUTHOR_CLASS = re.compile(
    r"bio|avatar|ima?ge?|photo|picture|thumb|social|follow|desc|about|role|job|position|date|time|more|count|comment"
    r"|twitter|e-?mail|label|separator|icon|-title|subtitle|__title|company|website|footer|related|quote|search|nav",
    re.IGNORECASE,
)
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|autore?n?|writers?|contributors?|profile|journalists?|reporters?|mualliflar|muallif)[/=][^/]",
    re.IGNORECASE,
)
_APART = re.compile(
    r"(?:^|[\s_-])(?:comments?|respond|disqus|related|recommend\w{0,8}|similar|teasers?|popular|trending|most-?read|latest"
    r"|side-?bar|(?<!elementor-)widget(?!-container)|read-?(?:more|next|also)|more-?(?:news|stories|from)|footer|carousel|cards?|also|promo)(?:$|[\s_-])",
    re.IGNORECASE,
)
_APART_TAGS = frozenset({"aside", "nav"})
_WHOLES = frozenset({"body", "html", "article", "main"})


_MINOR = re.compile(
    r"kicker|roof-?line|over-?line|top-?line|eyebrow|dachzeile|spitzmarke|topic|label|categor|title-?header|section|badge"
    r"|rubri|(?:pre|super|sub|small|over)-?title|sub-?(?:line|head)|small|(?:^|[\s_-])(?:tag|date|time)(?:$|[\s_-])"
    r"|hidden|invisible|sr-only|screen-?reader|aural|descriptor|off-?screen",
    re.IGNORECASE,
)
_MAJOR = re.compile(r"(?:^|[\s_-])(?:article)?-?(?:headline|title)(?:$|[\s_-])", re.IGNORECASE)
_NO_HEADLINE = re.compile(
    r"hidden|invisible|sr-only|screen-?reader|aural|site-?(?:title|name|logo|head)|logo|brand|blog-?title|breadcrumb"
    r"|widget|comments?-title|reply|related|teaser|menu",
    re.IGNORECASE,
)


class Link(NamedTuple):
    """A link of the head."""

    rel: str
    language: str
    href: str


class Anchor(NamedTuple):
    """A link that readers click on."""

    href: str
    language: str
    """As its attributes say."""
    node: LexborNode


@dataclass(eq=False)
class Heading:
    """An element that may be the headline; its text is read when it is asked for."""

    node: LexborNode
    tag: str
    hidden: bool
    """Whether it is not shown, is named as the site's, or belongs to a list of comments or teasers."""
    strength: int
    """2: a first-level heading or marked as the headline; 1: named so by a class; 0: another heading."""
    at: int

    @cached_property
    def runs(self) -> list[tuple[str, bool]]:
        """Its texts, each with whether it is a kicker, a subtitle or not shown; an empty one ends a line."""
        return runs_of(self.node)

    @cached_property
    def leads_to(self) -> str | None:
        """Where the first link in it leads."""
        link = self.node.css_first("a[href]")
        return link.attributes.get("href") if link is not None else None

    @cached_property
    def text(self) -> str:
        """All of it as one line, empty where it is too long for a title."""
        text = spelled("".join(run or " " for run, _ in self.runs))
        return text if len(text) <= MAX_TITLE_CHARS else ""


@dataclass(eq=False)
class Authored:
    """An element that is marked as naming an author; what it says is read when it is asked for."""

    node: LexborNode
    mark: str
    """rel, itemprop, class or link (to an author's page)."""
    signature: str
    """Equal for elements of one list of authors."""
    at: int

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its text; none where it holds more than a byline."""
        if content := self.node.attributes.get("content"):
            return (one_line(content[: 2 * MAX_LINE_CHARS]),)
        lines = [line for run in _joined(runs_of(self.node)) if (line := spelled(run))][:8]
        return tuple(lines) if sum(map(len, lines)) <= 2 * MAX_LINE_CHARS else ()

    @cached_property
    def linked(self) -> tuple[str, ...]:
        """The texts of the links in it, or of its itemprop=name."""
        named = self.node.css("[itemprop~=name]")[:4] if self.mark == "itemprop" else []
        if not named and self.node.tag != "a" and self.lines:
            named = self.node.css("a")[:8]
        return tuple(text for node in named if (text := shown_text(node)))

    @cached_property
    def around(self) -> tuple[int, ...]:
        """The elements around it, innermost first, by mem_id."""
        return self._place[0]

    @cached_property
    def apart(self) -> bool:
        """Whether it stands in comments, teasers or a sidebar."""
        return self._place[1]

    @cached_property
    def _place(self) -> tuple[tuple[int, ...], bool]:
        around = []
        outer = self.node.parent
        for _ in range(_MOST_ANCESTORS):
            if outer is None or outer.tag in _WHOLES:
                break
            around.append(outer.mem_id)
            if outer.tag in _APART_TAGS or _APART.search(_cut(outer.attributes.get("class"))):
                return tuple(around), True
            outer = outer.parent
        return tuple(around), False


@dataclass
class Stated:
    """A page's own words on itself; places (`at`) count the matched elements in document order."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    authored: list[Authored] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    title: str = ""
    language: str | None = None

    def first(self, *names: str) -> str | None:
        """The content of the first meta tag of these names, in their order."""
        return next((c for n in names for c in self.meta.get(n, ())), None)

    def canonical(self) -> str | None:
        """The link that says which address is the page's own."""
        return next((link.href for link in self.links if "canonical" in link.rel.split()), None)


def stated_of(tree: LexborHTMLParser) -> Stated:
    """Everything above, bounded in number and length whatever the page holds."""
    stated = Stated()
    metas, at, last = 0, 0, 0
    headings = [0, 0, 0]
    for node in tree.css(_SELECTOR)[:_MOST_MATCHES]:
        # An element that several selectors match is there several times in a row.
        if node.mem_id == last:
            continue
        last = node.mem_id
        tag, a = node.tag or "", node.attributes
        if tag == "meta":
            metas += 1
            if metas <= MAX_META_TAGS:
                _keep_meta(stated.meta, a)
            continue
        if tag in _HEAD_TAGS:
            _keep_head(stated, tag, node, a)
            continue
        classes, rel, itemprop = _cut(a.get("class")), _cut(a.get("rel")), _cut(a.get("itemprop"))
        if tag == "a":
            href = a.get("href") or ""
            if href and len(stated.anchors) < MAX_LINKS_READ:
                stated.anchors.append(Anchor(href, a.get("hreflang") or a.get("lang") or "", node))
            if rel and "tag" in rel.lower().split() and len(stated.tags) < 4 * MAX_HEADINGS:
                stated.tags.append(shown_text(node))
            mark = _author_mark(classes, rel, itemprop) if classes or rel or itemprop else None
            if mark is None:
                if not _AUTHOR_PAGE.search(href, 0, 500):
                    continue
                mark = "link"
        else:
            mark = _author_mark(classes, rel, itemprop)
        at += 1
        if mark:
            if len(stated.authored) < _MOST_AUTHORED:
                stated.authored.append(Authored(node, mark, f"{mark} {classes}", at))
            continue
        lowered = classes.lower()
        named = "entry-title" in lowered or "post-title" in lowered or "headline" in lowered
        strength = 2 if tag == "h1" or "headline" in itemprop.split() else 1 if named else 0
        if (strength == 2 or tag == "h2" or named) and headings[strength] < MAX_HEADINGS:
            headings[strength] += 1
            hidden = bool(_NO_HEADLINE.search(f"{classes} {_cut(a.get('id'))}")) or a.get("aria-hidden") == "true"
            stated.headings.append(Heading(node, tag, hidden, strength, at))
    return stated


def one_line(text: str | None) -> str:
    """Markup's text as one line of storable text, references read twice: templates escape what is escaped already."""
    if not text:
        return ""
    if text.isascii() and text.isprintable() and "&" not in text:
        return text.strip() if "  " not in text else " ".join(text.split())
    if "&" in text:
        text = html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text))
        if _REFERENCE.search(text):
            text = html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text))
    return spelled(clean(text))


def spelled(text: str) -> str:
    """One line without what is not seen: soft hyphens, zero-width spaces, marks of direction."""
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def runs_of(node: LexborNode) -> list[tuple[str, bool]]:
    """The texts of an element, one a text node, without scripts and styles; an empty one where a line ends.

    The flag is whether an inner element marks the text as a kicker, a subtitle or as not shown.
    """
    runs: list[tuple[str, bool]] = []
    skipped: set[int] = set()
    minor: set[int] = set()
    major: set[int] = set()
    named: list[bool] = []
    for walked, inner in enumerate(node.traverse(include_text=True)):
        if len(runs) >= _MOST_RUNS or walked >= _MOST_NODES:
            break
        tag, parent = inner.tag, inner.parent
        outer = parent.mem_id if parent is not None else 0
        if outer in skipped:
            skipped.add(inner.mem_id)
            continue
        if tag == "-text":
            if text := inner.text_content:
                runs.append((one_line_or_space(text[: 4 * MAX_TITLE_CHARS]), outer in minor))
                named.append(outer in major)
            continue
        if not inner.is_element_node or tag in _UNSHOWN:
            skipped.add(inner.mem_id)
            continue
        if outer in minor:
            minor.add(inner.mem_id)
        elif inner.mem_id != node.mem_id:
            a = inner.attributes
            classes = _cut(a.get("class")) if a else ""
            if tag == "small" or (a and (_MINOR.search(classes) or a.get("aria-hidden") == "true")):
                minor.add(inner.mem_id)
            elif outer in major or (classes and _MAJOR.search(classes)):
                major.add(inner.mem_id)
        if tag not in _INLINE:
            runs.append(("", outer in minor))
            named.append(outer in major)
    if any(named):
        # Where one part is called the headline, what stands beside it is not.
        return [(run, low or not own) for (run, low), own in zip(runs, named, strict=True)]
    return runs


def one_line_or_space(text: str) -> str:
    """A run of text as one line that keeps a space at its ends."""
    if text.isspace():
        return " "
    return f"{' ' * text[0].isspace()}{one_line(text)}{' ' * text[-1].isspace()}"


def shown_text(node: LexborNode) -> str:
    """What an element shows, as one line."""
    return spelled("".join(run or " " for run, _ in runs_of(node)))[:MAX_TITLE_CHARS]


def _cut(value: str | None) -> str:
    return value[:MAX_NAMES_CHARS] if value else ""


def _keep_meta(found: dict[str, list[str]], a: dict[str, str | None]) -> None:
    name = a.get("property") or a.get("name") or a.get("itemprop") or a.get("http-equiv")
    content = one_line((a.get("content") or "")[: 4 * MAX_LEAD_CHARS])
    if name and content:
        found.setdefault(name.lower().strip(), []).append(content)


def _keep_head(stated: Stated, tag: str, node: LexborNode, a: dict[str, str | None]) -> None:
    if tag == "html":
        stated.language = stated.language or a.get("lang") or a.get("xml:lang")
    elif tag == "title":
        if not stated.title and not (node.parent and node.parent.tag == "svg"):
            stated.title = one_line((node.text() or "")[: 8 * MAX_TITLE_CHARS])
    elif a.get("href") and len(stated.links) < MAX_LINKS_STATED:
        stated.links.append(Link((a.get("rel") or "").lower(), a.get("hreflang") or "", a["href"] or ""))


def _author_mark(classes: str, rel: str, itemprop: str) -> str | None:
    if rel and "author" in rel.lower().split():
        return "rel"
    if itemprop and ("author" in itemprop.lower().split() or itemprop.lower() == "creator"):
        return "itemprop"
    if classes and _AUTHORED_CLASS.search(classes) and not _NO_AUTHOR_CLASS.search(classes):
        return "class"
    return None


def _joined(runs: list[tuple[str, bool]]) -> list[str]:
    """Runs put together to lines at the empty ones."""
    lines, line = [], ""
    for run in [*(run for run, _ in runs), ""]:
        if run:
            line += run
        elif line:
            lines.append(line)
            line = ""
    return lines
