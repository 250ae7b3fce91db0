"""A feed's markup, broken as it may be → well-formed XML of what names its entries and nothing else.

feedparser reads the result. It is not given the feed itself: where XML is broken, its loose parser, and some of its
patterns for authors and categories, take quadratic time on hostile input, and xml:base piles up without end. Here
each character is looked at a bounded number of times, nothing is expanded, and nothing opens a file or a connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.entities import html5
from xml.sax.saxutils import escape, quoteattr

MAX_ENTRIES_READ = 2000
MAX_STEPS = 300_000
"""Tags and stray brackets that are looked at: several times those of the longest feed that is allowed."""
_MAX_LEAVES = 40
_MAX_VALUE_CHARS = 8192
_MAX_ATTRIBUTES_CHARS = 16 * 1024
_MAX_BASE_CHARS = 2048
_MAX_PREFIXES = 100

# Possessive, and none goes past the next `<`: together they read the text once.
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z_][\w.:\-]{0,100}+)"
    r"(?P<attributes>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+|[^<>]*+)>"
)
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.:\-]{0,100}+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_NUMBERS = re.compile(r"(?:&#(?:[xX][0-9A-Fa-f]+|[0-9]+);)+")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile(r"[\t\r\n]+[ \t\r\n]*")
_MAX_CODE_POINT = 0x10FFFF
_REPLACEMENT = "\ufffd"

_NAMESPACES = {
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/atom/ns#": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/rss/1.0/modules/content/": "content",
}
_USUAL_PREFIXES = {
    "atom": "", "atom10": "", "a10": "", "rss": "",
    "dc": "dc", "dcterms": "dcterms", "sy": "sy", "rdf": "rdf", "content": "content",
}  # fmt: skip
_ROOTS = frozenset({"rss", "rdf:rdf", "feed", "channel"})
_ENTRIES = frozenset({"item", "entry"})
_PUBLISHED = ("pubdate", "published", "issued", "dcterms:issued", "dc:date", "created", "dcterms:created")
_UPDATED = ("updated", "modified", "dcterms:modified")
_ENTRY_LEAVES = frozenset({"title", "link", "guid", "id", *_PUBLISHED, *_UPDATED})
_FEED_LEAVES = frozenset({"link", "ttl", "sy:updateperiod", "sy:updatefrequency"})
_OPAQUE = frozenset(
    [
        "description",
        "summary",
        "content",
        "content:encoded",
        "subtitle",
        "tagline",
        "body",
        "source",
        "image",
        "textinput",
        "svg",
        "math",
        "fulltext",
        "full-text",
    ]
)
"""What may hold elements of its own that are named like those of an entry."""
_ADDRESSES = ("http://", "https://", "/")
"""How an identity begins that is an address; many a feed gives numbers and doesn't say that they are none."""
_LINK_ATTRIBUTES = ("rel", "href", "type")


class DeclaresEntities(ValueError):
    """The markup declares entities: no feed has to, and whoever does it means harm."""


@dataclass
class _Leaf:
    name: str
    attributes: Mapping[str, str]
    pieces: list[str] = field(default_factory=list)
    chars: int = 0

    def add(self, text: str) -> None:
        room = _MAX_VALUE_CHARS - self.chars
        if room > 0:
            self.pieces.append(text[:room])
            self.chars += min(len(text), room)

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()


@dataclass
class _Branch:
    """The feed itself, or one of its entries."""

    base: str = ""
    about: str = ""
    leaves: list[_Leaf] = field(default_factory=list)


def mended_feed(text: str) -> str | None:
    """Well-formed RSS 2.0 with what `text` tells of its entries; None where it holds neither a feed nor an entry.

    An entry that is cut off or whose tags don't match is kept with what of it can be read. Raises DeclaresEntities.
    """
    reading = _Reading()
    here = steps = 0
    while not reading.full and steps < MAX_STEPS and (start := text.find("<", here)) >= 0:
        steps += 1
        reading.text(_unescaped(text[here:start]) if reading.listens else "")
        if tag := _TAG.match(text, start):
            here = tag.end()
            attributes = tag["attributes"][:_MAX_ATTRIBUTES_CHARS]
            if tag["end"]:
                reading.end(tag["name"])
            else:
                reading.start(tag["name"], attributes)
        elif text.startswith("<![CDATA[", start):
            end = text.find("]]>", start)
            here = end + 3 if end >= 0 else len(text)
            reading.text(text[start + 9 : end if end >= 0 else here] if reading.listens else "")
        elif text.startswith("<!--", start):
            end = text.find("-->", start)
            here = end + 3 if end >= 0 else len(text)
        elif text[start : start + 8].lower() == "<!entity":
            raise DeclaresEntities
        else:
            reading.text("<" if reading.listens and text[start + 1 : start + 2] not in "!?" else "")
            here = start + 1
    else:
        reading.text(_unescaped(text[here : here + _MAX_VALUE_CHARS]) if reading.listens else "")
    return reading.xml()


class _Reading:
    """What has been read so far, and what is open."""

    def __init__(self) -> None:
        self._prefixes: dict[str, str | None] = dict(_USUAL_PREFIXES)
        self._feed = _Branch()
        self._entries: list[_Branch] = []
        self._branch = self._feed
        self._leaf: _Leaf | None = None
        self._opaque: str | None = None
        self._known = False

    @property
    def full(self) -> bool:
        return len(self._entries) > MAX_ENTRIES_READ

    @property
    def listens(self) -> bool:
        return self._leaf is not None

    def text(self, text: str) -> None:
        if self._leaf is not None and text:
            self._leaf.add(text)

    def start(self, written: str, raw: str) -> None:
        closed = raw.endswith("/")
        attributes = _attributes(raw)
        self._learn_prefixes(attributes)
        name = self._name(written)
        if name in _ENTRIES:
            self._leaf = self._opaque = None
            self._branch = _Branch(_base(attributes), attributes.get("rdf:about", ""))
            self._entries.append(self._branch)
            if closed:
                self._branch = self._feed
            return
        if self._opaque:
            return
        if self._leaf is not None and (self._leaf.name != "title" or name in _ENTRY_LEAVES or name in _OPAQUE):
            self._leaf = None
        if name in _ROOTS:
            self._known = True
            self._feed.base = self._feed.base or _base(attributes)
        elif name in _OPAQUE:
            self._opaque = None if closed else name
        elif name in (_FEED_LEAVES if self._branch is self._feed else _ENTRY_LEAVES):
            leaf = _Leaf(name, attributes)
            if len(self._branch.leaves) < _MAX_LEAVES:
                self._branch.leaves.append(leaf)
            self._leaf = None if closed else leaf

    def end(self, written: str) -> None:
        name = self._name(written)
        if name in _ENTRIES or name in _ROOTS:
            self._leaf = self._opaque = None
            self._branch = self._feed
        elif self._opaque:
            self._opaque = None if name == self._opaque else self._opaque
        elif self._leaf is not None and (self._leaf.name != "title" or name in _ENTRY_LEAVES):
            self._leaf = None

    def xml(self) -> str | None:
        if not self._known and not self._entries:
            return None
        said = [
            "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'",
            f" xml:base={quoteattr(self._feed.base)}><channel>" if self._feed.base else "><channel>",
            *(_leaf_xml(leaf.name, leaf) for leaf in self._feed.leaves),
            *(_entry_xml(entry) for entry in self._entries[:MAX_ENTRIES_READ]),
            "</channel></rss>",
        ]
        return "".join(said)

    def _learn_prefixes(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if name.startswith("xmlns:") and len(self._prefixes) < _MAX_PREFIXES:
                self._prefixes[name[6:]] = _NAMESPACES.get(value.strip().lower())

    def _name(self, written: str) -> str | None:
        """The element as we call it, whatever its prefix; None for one of a namespace that says nothing to us."""
        prefix, colon, local = written.lower().rpartition(":")
        if not colon:
            return local
        space = self._prefixes.get(prefix)
        return space and f"{space}:{local}" if space != "" else local


def _attributes(raw: str) -> dict[str, str]:
    # The last `/` of an empty element is no part of a value without quotes.
    pairs = (match.groups("") for match in _ATTRIBUTE.finditer(raw.removesuffix("/")))
    return {name.lower(): _unescaped(a or b or c)[:_MAX_VALUE_CHARS] for name, a, b, c in pairs}


def _base(attributes: Mapping[str, str]) -> str:
    base = _NO_XML.sub("", attributes.get("xml:base", "")).strip()
    return base if len(base) <= _MAX_BASE_CHARS else ""


def _entry_xml(entry: _Branch) -> str:
    said = [f"<item xml:base={quoteattr(entry.base)}>" if entry.base else "<item>"]
    told = {leaf.name: leaf for leaf in reversed(entry.leaves) if leaf.text}
    if title := told.get("title"):
        said.append(_leaf_xml("title", title))
    identity = told.get("guid") or told.get("id")
    if identity is not None:
        said.append(_leaf_xml("guid", identity))
    elif entry.about:
        said.append(_leaf_xml("guid", _Leaf("guid", {}, [entry.about])))
    said.extend(_leaf_xml("link", leaf) for leaf in entry.leaves if leaf.name == "link")
    for tag, names in (("published", _PUBLISHED), ("updated", _UPDATED)):
        if date := next((told[name] for name in names if name in told), None):
            said.append(_leaf_xml(tag, date))
    return "".join(said) + "</item>"


def _leaf_xml(tag: str, leaf: _Leaf) -> str:
    text = _BREAKS.sub("", leaf.text) if tag in ("link", "guid") else leaf.text
    attributes = ""
    if tag == "link":
        if not text and not leaf.attributes.get("href", "").strip():
            return ""
        kept = {name: leaf.attributes[name].strip() for name in _LINK_ATTRIBUTES if name in leaf.attributes}
        kept |= {"xml:base": base} if (base := _base(leaf.attributes)) else {}
        attributes = "".join(f" {name}={quoteattr(_NO_XML.sub('', value))}" for name, value in kept.items())
    elif tag == "guid" and (
        leaf.attributes.get("ispermalink", "").strip().lower() == "false" or not text.startswith(_ADDRESSES)
    ):
        attributes = ' isPermaLink="false"'
    return f"<{tag}{attributes}>{escape(_NO_XML.sub('', text))}</{tag}>"


def _unescaped(text: str) -> str:
    """The text with its references read, those of HTML too; an ampersand that begins none is itself."""
    if "&" not in text:
        return text
    return _NAMED.sub(lambda name: html5.get(name[1], name[0]), _NUMBERS.sub(_characters, text))


def _characters(references: re.Match[str]) -> str:
    """References in a row, for pairs of surrogates are one character; � for half a pair and for what is none."""
    text = "".join(_character(reference) for reference in references[0][2:-1].split(";&#"))
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _character(reference: str) -> str:
    digits, base = (reference[1:], 16) if reference[:1] in "xX" else (reference, 10)
    digits = digits.lstrip("0") or "0"
    code = int(digits, base) if len(digits) <= 7 else _MAX_CODE_POINT + 1
    return chr(code) if code <= _MAX_CODE_POINT else _REPLACEMENT
