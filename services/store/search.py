"""What is searched of an article: its text folded over spellings and scripts, cut to what a tsvector can hold."""

from __future__ import annotations

from services.contracts.articles import ParsedArticle
from services.contracts.folding import fold

MAX_TITLE_BYTES = 8_000
MAX_TEXT_BYTES = 400_000
"""A tsvector holds 1 MB, and short words that all differ take twice their own bytes in it."""


def search_title(article: ParsedArticle) -> str:
    """The title as searches see it."""
    return _cut(fold(article.title), MAX_TITLE_BYTES)


def search_text(article: ParsedArticle) -> str:
    """Lead and text as searches see them."""
    lead = article.lead if article.lead and article.lead not in article.text else ""
    # Cut before folding too: folding a text at its topic's limit would block the loop for long.
    return _cut(fold(f"{lead}\n{article.text}"[:MAX_TEXT_BYTES]), MAX_TEXT_BYTES)


def _cut(text: str, most: int) -> str:
    """The text's beginning, of at most that many bytes, ending at the end of a word where it is cut."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return encoded[:most].decode("utf-8", "ignore").rpartition(" ")[0]
