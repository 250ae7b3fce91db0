"""What the command line reads from the store's database."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from services.console.local.errors import LocalRunError
from services.contracts.identity import BadUrl, article_id

_ARTICLES = """
SELECT a.article_id, a.canonical_url, a.host, a.source, a.language, a.title, a.published_value AS published,
       a.revision, a.duplicate_of, t.status AS translation_status, t.title AS translation_title,
       coalesce((SELECT array_agg(coalesce(e.name_en, e.name) ORDER BY e.salience DESC, e.entity_id) FROM entities e
                 WHERE (e.article_id, e.content_key) = (a.article_id, a.content_key) AND e.type <> 'DATE'),
                '{}') AS entities,
       coalesce((SELECT array_agg(e.entity_id) FROM entities e
                 WHERE (e.article_id, e.content_key) = (a.article_id, a.content_key)), '{}') AS entity_ids
FROM articles a
LEFT JOIN LATERAL (SELECT status, title FROM translations t
                   WHERE (t.article_id, t.content_key) = (a.article_id, a.content_key)
                   ORDER BY status <> 'ok', enriched_at DESC LIMIT 1) t ON true
ORDER BY a.host, a.published_at
"""


@dataclass(frozen=True)
class StoredArticle:
    """An article's current revision, in brief."""

    article_id: str
    canonical_url: str
    host: str
    source: str | None
    language: str
    title: str
    published: str | None
    revision: int
    duplicate_of: str | None
    translation_status: str | None
    translation_title: str | None
    entities: tuple[str, ...]
    entity_ids: tuple[str, ...]


async def rows(database_url: str, query: str, *parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query. Raises LocalRunError when the database is not there or has other tables."""
    try:
        async with await psycopg.AsyncConnection.connect(database_url, row_factory=dict_row) as connection:
            cursor = await connection.execute(query, parameters)
            return await cursor.fetchall()
    except psycopg.errors.UndefinedTable:
        raise LocalRunError("The database holds no articles yet: the store has not started on it.") from None
    except psycopg.OperationalError as error:
        # Its text may repeat the address, and with it the password.
        raise LocalRunError(f"The database does not answer ({type(error).__name__}).") from None


async def stored_articles(database_url: str) -> list[StoredArticle]:
    """Every article that is stored."""
    found = await rows(database_url, _ARTICLES)
    return [
        StoredArticle(**row | {"entities": tuple(row["entities"]), "entity_ids": tuple(row["entity_ids"])})
        for row in found
    ]


async def receipts(database_url: str) -> Counter[str]:
    """How many changes the store has told of, by kind."""
    query = "SELECT sum(contents) AS contents, sum(gones) AS gone, sum(backs) AS back FROM ledger"
    [counts] = await rows(database_url, query)
    return Counter({kind: count or 0 for kind, count in counts.items()})


async def find(database_url: str, url_or_id: str) -> dict[str, Any]:
    """One article with all that hangs on it. Raises LocalRunError when it is not stored."""
    wanted = [url_or_id]
    with contextlib.suppress(BadUrl):
        wanted.append(article_id(url_or_id))
    known = "SELECT article_id FROM urls WHERE url = %s"
    query = f"SELECT * FROM articles WHERE article_id = ANY(%s) OR article_id IN ({known})"  # noqa: S608 - a constant
    found = await rows(database_url, query, wanted, url_or_id)
    if not found:
        reasons = await rows(
            database_url, "SELECT stage, reason, detail, at FROM rejections WHERE url = %s ORDER BY at DESC", url_or_id
        )
        why = "".join(f" The {r['stage']} refused it: {r['reason']} ({r['detail']})." for r in reasons[:1])
        raise LocalRunError(f"Not stored: {url_or_id}.{why}")
    article = found[0]
    key = (article["article_id"], article["content_key"])
    return article | {
        "revisions": await rows(
            database_url,
            "SELECT revision, valid_from, changed FROM revisions WHERE article_id = %s ORDER BY revision",
            key[0],
        ),
        "translations": await rows(
            database_url, "SELECT * FROM translations WHERE article_id = %s AND content_key = %s", *key
        ),
        "entities": await rows(
            database_url,
            "SELECT entity_id, type, kind, name, name_en, salience, value, "
            "(SELECT array_agg(DISTINCT surface) FROM mentions m WHERE "
            "(m.article_id, m.content_key, m.entity_id) = (e.article_id, e.content_key, e.entity_id)) AS surfaces "
            "FROM entities e WHERE article_id = %s AND content_key = %s ORDER BY salience DESC, entity_id",
            *key,
        ),
        "urls": [row["url"] for row in await rows(database_url, "SELECT url FROM urls WHERE article_id = %s", key[0])],
    }
