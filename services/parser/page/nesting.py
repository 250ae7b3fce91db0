"""Whether a page would take too long to make a tree of: some markup costs time by the square, or memory without end."""

from __future__ import annotations

import re
from collections import Counter

MOST_ATTRIBUTES = 1_000
"""Of one tag. Bytes don't count: an attribute may hold a picture or a page's whole data."""
MOST_DEEP = 3_000
"""Pages of news nest thirty deep; broken ones a few hundred."""
MOST_REBUILT = 2_000_000
"""Elements that the parser has to open again because a page never closed its bold, italics and fonts."""
MOST_TAGS = 400_000
"""Angle brackets, in fact: pages of news have three thousand, the largest ones a twentieth of this."""
_ALIKE = 3
"""Equal formatting elements that the parser opens again, at most; the standard calls it Noah's Ark."""

_FOREIGN = frozenset({"svg", "math"})
_FORMATTING = frozenset({"b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"})
_NEVER_DEEP = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "frame", "keygen", "html", "head", "body", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot",
    "caption", "colgroup", "option", "optgroup", "rt", "rp", "rb", "rtc",
})  # fmt: skip
"""Without content, or closed by what follows: pages may leave their end tags out."""

_ATTRIBUTE = (
    r"[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    r"(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+)?+)?+"
)
_COMMENT = r"<!--(?!-?>)(?:[^-]++|-(?!->))*+"
_NAME_ENDS = r"(?=[ \t\n\f\r/>]|\Z)"
_SCRIPT = re.compile("</script", re.IGNORECASE | re.ASCII)
_STYLE = re.compile("</style", re.IGNORECASE | re.ASCII)
_NOT_MARKUP = {"script": _SCRIPT, "style": _STYLE}
_FORMATS = re.compile(f"<(?:{'|'.join(sorted(_FORMATTING))}){_NAME_ENDS}", re.IGNORECASE)
_DEEPENS = re.compile(f"<(?=[a-z])(?!(?:{'|'.join(sorted(_NEVER_DEEP))}){_NAME_ENDS})", re.IGNORECASE | re.ASCII)


class Guard:
    """The bounds of a page's tree, told from its markup alone. Every repeat is possessive: nothing is read twice."""

    def __init__(self, attributes: int, deep: int, rebuilt: int) -> None:
        self._attributes, self._deep, self._rebuilt = attributes, deep, rebuilt
        few = f"(?:{_ATTRIBUTE}){{0,{attributes}}}+"
        self._tag = re.compile(rf"{_COMMENT}|<(/?)([a-zA-Z][^ \t\n\f\r/>]*+){few}({_ATTRIBUTE})?+[ \t\n\f\r/]*+>?+")
        modest = f"{few}(?!{_ATTRIBUTE})[ \\t\\n\\f\\r/]*+"
        # A script that closes itself is one only outside of pictures: such a page is scanned.
        raw = "|".join(
            f"<(?i:{name}){_NAME_ENDS}{modest}(?!(?<=/)>)>?+(?:[^<]++|<(?!/(?i:{name})))*+" for name in _NOT_MARKUP
        )
        self._modest = re.compile(
            rf"(?:[^<]++|<(?![a-zA-Z]|/[a-zA-Z]|!--(?!-?>))|{_COMMENT}|{raw}"
            rf"|<(?!(?i:script|style){_NAME_ENDS})/?+[a-zA-Z][^ \t\n\f\r/>]*+{modest}>?+)*+",
            re.ASCII,
        )

    def why(self, html: str) -> str | None:
        """What makes the page's tree too large to build, or None. Takes time in step with the page's length."""
        return None if self._is_small(html) and self._modest.fullmatch(html) else self.scan(html)

    def _is_small(self, html: str) -> bool:
        """Whether the page has too few tags to nest too deep or to leave too much open, wherever they stand."""
        tags = html.count("<")
        if tags <= self._deep and tags * tags <= 4 * self._rebuilt:
            return True
        if tags - html.count("</") > self._deep and len(_DEEPENS.findall(html)) > self._deep:
            return False
        return len(_FORMATS.findall(html)) * tags <= self._rebuilt

    def scan(self, html: str) -> str | None:
        """The same as why(), by following every tag."""
        depth, rebuilt, formatted = 0, 0, 0
        is_open: Counter[str] = Counter()
        formatting: dict[str, list[str]] = {name: [] for name in _FORMATTING}
        alike: Counter[str] = Counter()
        foreign = False
        tag = self._tag.search(html)
        while tag:
            end = tag.end()
            name = (tag[2] or "").lower()
            if tag[3]:
                return f"a tag has more than {self._attributes} attributes"
            if name in _FOREIGN:
                foreign = not tag[1]
            if name and tag[1]:
                if is_open[name]:
                    is_open[name] -= 1
                    depth -= 1
                if formatting.get(name):
                    closed = formatting[name].pop()
                    alike[closed] -= 1
                    formatted -= alike[closed] < _ALIKE
            elif name and name not in _NEVER_DEEP and not (foreign and html.endswith("/>", 0, end)):
                is_open[name] += 1
                depth += 1
                if depth > self._deep:
                    return f"elements nest more than {self._deep} deep"
                if name in formatting:
                    formatting[name].append(tag[0])
                    formatted += alike[tag[0]] < _ALIKE
                    alike[tag[0]] += 1
                elif name in _NOT_MARKUP:
                    following = _NOT_MARKUP[name].search(html, end)
                    end = following.start() if following else len(html)
            if name not in _FORMATTING:
                rebuilt += formatted
                if rebuilt > self._rebuilt:
                    return f"more than {self._rebuilt} elements have to be opened again"
            tag = self._tag.search(html, end)
        return None


_GUARD = Guard(MOST_ATTRIBUTES, MOST_DEEP, MOST_REBUILT)


def overgrown(html: str) -> str | None:
    """What makes the page's tree too large to build, or None. Takes time in step with the page's length."""
    if len(html) > MOST_TAGS and html.count("<") > MOST_TAGS:
        return f"more than {MOST_TAGS} tags"
    return _GUARD.why(html)
