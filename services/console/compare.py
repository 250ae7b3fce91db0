"""Holds what was stored against the newsroom's gold records: what is missing, doubled, or wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.console.archive import StoredArticle
from services.console.newsroom.content import GoldArticle


def faults(gold: Sequence[GoldArticle], stored: Sequence[StoredArticle]) -> list[str]:
    """One sentence per fault; none when every article is stored once, with its language, day and title."""
    by_url: dict[str, StoredArticle] = {article.canonical_url: article for article in stored}
    found = [
        f"doubled: {url} is stored {count} times"
        for url, count in Counter(article.canonical_url for article in stored).items()
        if count > 1
    ]
    wanted = {article.canonical_url for article in gold}
    found += [f"not an article: {url}" for url in by_url if url not in wanted]
    for article in gold:
        kept = by_url.get(article.canonical_url)
        if kept is None:
            found.append(f"missing: {article.canonical_url}")
            continue
        found += _differences(article, kept)
    return found


def _differences(gold: GoldArticle, kept: StoredArticle) -> list[str]:
    pairs = (
        ("language", gold.language, kept.language),
        ("day", gold.day.isoformat(), (kept.published or "")[:10]),
        ("title", gold.title, kept.title),
    )
    return [
        f"wrong {what}: {gold.canonical_url} is {right!r}, stored {was!r}" for what, right, was in pairs if right != was
    ]


def missing(gold: Sequence[GoldArticle], stored: Sequence[StoredArticle]) -> int:
    """How many articles have not arrived yet."""
    return len({a.canonical_url for a in gold} - {a.canonical_url for a in stored})
