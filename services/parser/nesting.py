"""How deep a page's elements nest, found before a tree is built: building a deep one takes time by the square."""

from __future__ import annotations

import re

MOST_DEEP = 3_000
"""Pages of news nest thirty deep; broken ones a few hundred."""
_HARMLESS_TAGS = 4_000
_CONTAINER = re.compile(
    r"<(/?)(?:div|ul|ol|dl|table|blockquote|section|article|aside|main|nav|header|footer|center|form|fieldset|details"
    r"|figure|menu|dir|pre|address|button|object|template|svg|math|span|select|marquee|applet|h[1-6])\b",
    re.IGNORECASE,
)


def nests_too_deep(html: str) -> bool:
    """Whether more containers are open at once than any honest page has."""
    if html.count("<") <= _HARMLESS_TAGS:
        return False
    depth = 0
    for match in _CONTAINER.finditer(html):
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > MOST_DEEP:
            return True
    return False
