"""What recurs in the store and has no id of the knowledge base is proposed, counted over articles and sites."""

from datetime import UTC, datetime
from typing import Any

import psycopg

from services.console.proposals import Proposal, recurring
from services.store.migrate import migrate

DAY = datetime(2026, 11, 2, tzinfo=UTC)
ARTICLE: dict[str, Any] = {
    "script": "Latn", "language": "uz-Latn", "title": "", "text": "", "authors": [], "tags": [], "revision": 1,
    "search_title": "", "search": "",
    **dict.fromkeys(("first_fetched_at", "fetched_at", "enriched_at", "stored_at"), DAY),
}  # fmt: skip
ENTITY = {"type": "PER", "same_as": "[]", "confidence": 0.9}


def insert(connection: psycopg.Connection, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(row)
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values()))


def article(connection: psycopg.Connection, host: str, number: int, **more: Any) -> None:
    """An article that names somebody whom no list has, explains an acronym, and has an older content with the same."""
    id_, url = f"{host}-{number}", f"https://{host}/{number}"
    facts = {
        "article_id": id_,
        "content_key": "new",
        "url": url,
        "canonical_url": url,
        "host": host,
        "published_at": DAY,
    }
    insert(connection, "articles", ARTICLE | facts | more)
    for key in ("old", "new"):
        of = {"article_id": id_, "content_key": key}
        insert(connection, "entities", of | ENTITY | {"entity_id": "name:aziz-karimov", "name": "Aziz Karimov"})
        insert(connection, "entities", of | ENTITY | {"entity_id": "iso3166:UZ", "name": "Oʻzbekiston", "type": "LOC"})
        insert(connection, "acronyms", of | {"acronym": "SOB", "long_form": "Suv ombori boshqarmasi"})


async def test_what_recurs_is_counted_once_for_each_article(fresh_database: str) -> None:
    migrate(fresh_database)
    with psycopg.connect(fresh_database) as connection:
        article(connection, "a.uz", 1)
        article(connection, "a.uz", 2, published_at=datetime(2026, 1, 1, tzinfo=UTC))
        article(connection, "b.uz", 1, language="ru", script="Cyrl")
        article(connection, "c.uz", 1, duplicate_of="a.uz-1")
    both = ("ru", "uz-Latn")
    names: dict[str, tuple[str, ...]] = dict.fromkeys(both, ("Aziz Karimov",))
    acronyms: dict[str, tuple[str, ...]] = dict.fromkeys(both, ("Suv ombori boshqarmasi", "SOB"))
    assert await recurring(fresh_database, None, 3, 10) == [
        Proposal(None, "ORG", None, 3, 2, acronyms),
        Proposal("name:aziz-karimov", "PER", None, 3, 2, names),
    ]
    assert [one.articles for one in await recurring(fresh_database, datetime(2026, 6, 1, tzinfo=UTC), 2, 10)] == [2, 2]
    assert await recurring(fresh_database, None, 4, 10) == []
    assert len(await recurring(fresh_database, None, 1, 1)) == 1
