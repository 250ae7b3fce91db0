"""What bounds one parse, whatever a page holds."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TITLE_CHARS = 500
MAX_LEAD_CHARS = 2_000
MAX_NAME_CHARS = 120
"""Of an author, a section or a tag."""
MAX_AUTHORS = 16
MAX_TAGS = 32
MAX_EDITIONS = 24
MAX_JSON_LD_CHARS = 1_000_000
MAX_JSON_LD_NODES = 2_000
MAX_META_TAGS = 500
MAX_HEADINGS = 12
"""Of each kind that are weighed as the headline."""
MAX_LINKS_STATED = 200
"""Links of the head, and links that name a language."""
MAX_LINKS_READ = 1_500
"""Of a page, that are looked at for other editions."""
MAX_NODES = 60_000
"""Of the page's tree that are walked for blocks; a page of news has two thousand."""
MAX_PICTURES = 200
MAX_SHORT_LINES = 400
"""That are read for dates and counters."""
MAX_NAMES_CHARS = 2_000
"""Of one element's classes and id: they are kept with every block inside it."""
MAX_LINE_CHARS = 200
"""Longer lines are prose: no date, label or counter is read from them."""


@dataclass(frozen=True)
class Limits:
    """The bounds that an operator may set."""

    min_text_chars: int = 140
    max_text_chars: int = 500_000
    max_page_bytes: int = 8 * 1024 * 1024
