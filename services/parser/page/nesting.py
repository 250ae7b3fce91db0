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
_ALIKE = 3
"""Equal formatting elements that the parser opens again, at most; the standard calls it Noah's Ark."""

_ATTRIBUTE = (
    r"[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
    r"(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+)?+)?+"
)
_TAG = re.compile(
    r"<!--(?!-?>)(?:[^-]++|-(?!->))*+"
    rf"|<(/?)([a-zA-Z][^ \t\n\f\r/>]*+)(?:{_ATTRIBUTE}){{0,{MOST_ATTRIBUTES}}}+({_ATTRIBUTE})?+[ \t\n\f\r/]*+>?+"
)
"""Every repeat is possessive: what was read is never read again."""
_NOT_MARKUP = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}
_FOREIGN = frozenset({"svg", "math"})
_FORMATTING = frozenset({"b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"})
_NEVER_DEEP = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "frame", "keygen", "html", "head", "body", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot",
    "caption", "colgroup", "option", "optgroup", "rt", "rp", "rb", "rtc",
})  # fmt: skip
"""Without content, or closed by what follows: pages may leave their end tags out."""


def overgrown(html: str) -> str | None:
    """What makes the page's tree too large to build, or None. Takes time in step with the page's length."""
    depth, rebuilt, formatted = 0, 0, 0
    is_open: Counter[str] = Counter()
    formatting: dict[str, list[str]] = {name: [] for name in _FORMATTING}
    alike: Counter[str] = Counter()
    foreign = False
    tag = _TAG.search(html)
    while tag:
        end = tag.end()
        name = (tag[2] or "").lower()
        if tag[3]:
            return f"a tag has more than {MOST_ATTRIBUTES} attributes"
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
            if depth > MOST_DEEP:
                return f"elements nest more than {MOST_DEEP} deep"
            if name in formatting:
                formatting[name].append(tag[0])
                formatted += alike[tag[0]] < _ALIKE
                alike[tag[0]] += 1
            elif name in _NOT_MARKUP:
                following = _NOT_MARKUP[name].search(html, end)
                end = following.start() if following else len(html)
        if name not in _FORMATTING:
            rebuilt += formatted
            if rebuilt > MOST_REBUILT:
                return f"more than {MOST_REBUILT} elements have to be opened again"
        tag = _TAG.search(html, end)
    return None
