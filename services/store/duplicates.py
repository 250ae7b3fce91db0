"""Decide whether an article that shows a known content is a duplicate of the article that showed it first."""

from __future__ import annotations

from dataclasses import dataclass

from services.contracts.articles import ParsedArticle
from services.contracts.identity import BadUrl, article_id


@dataclass(frozen=True)
class Holder:
    """The article that first showed a content in a script, and the editions that it declares."""

    article_id: str
    editions: frozenset[str]


def duplicate_of(newcomer: str, editions: frozenset[str], holder: Holder | None) -> str | None:
    """The article that `newcomer` repeats, or None.

    `holder` has the same content in the same script: another script is another edition, not a duplicate.
    Articles of which one declares the other as an edition are no duplicates either.
    """
    if holder is None or holder.article_id == newcomer:
        return None
    if holder.article_id in editions or newcomer in holder.editions:
        return None
    return holder.article_id


def editions_of(article: ParsedArticle) -> frozenset[str]:
    """The ids of the articles that the page declares as its other editions."""
    ids: set[str] = set()
    for edition in article.editions:
        try:
            ids.add(article_id(edition.url))
        except BadUrl:
            continue
    return frozenset(ids)
