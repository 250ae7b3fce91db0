"""Store a batch in one transaction: note what was observed, fold it into rows, put the receipts into the outbox."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import AsyncConnection, Rollback
from psycopg.types.json import Jsonb

from services.contracts.articles import EnrichedArticle, Entity, ParsedArticle, Translation
from services.contracts.identity import BadUrl, article_id
from services.contracts.outcomes import Receipt, Rejection
from services.store import statements as sql
from services.store.duplicates import Holder, duplicate_of, editions_of
from services.store.fold import History, Observation, fold
from services.store.receipts import Told, due, told_by
from services.store.revise import Content, changed, content_of, observation_of, restored
from services.store.search import search_text, search_title

Connection = AsyncConnection[tuple[Any, ...]]
ContentKey = tuple[str, str]
"""Article and content."""
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Stored:
    """A receipt that a batch caused, with the article it is about."""

    receipt: Receipt
    article: ParsedArticle


async def write(
    connection: Connection, batch: Sequence[EnrichedArticle | Rejection], now: datetime, seconds: float
) -> list[Stored]:
    """Store the batch over a connection in autocommit; what was stored before is left alone, and causes no receipt.

    Locks are taken in one order everywhere (articles, URLs, contents, each sorted), so replicas never wait in a circle.
    """
    articles = [m for m in batch if isinstance(m, EnrichedArticle)]
    rejections = [m for m in batch if isinstance(m, Rejection)]
    gone_urls = sorted({url_id(r.url) for r in rejections if r.reason == "gone"})
    own = {m.article.article_id for m in articles}
    # Also the ids that the URLs alone would have: a rejection that comes before its article knows nothing else.
    locks = own | set(gone_urls) | {url_id(url) for m in articles for url in _urls(m.article)}
    locks |= await _articles_of(connection, gone_urls)
    while True:
        async with connection.transaction():
            await connection.execute(sql.LIMIT_TIME, [str(int(seconds * 1000))])
            told = await _lock(connection, locks)
            found = await _articles_of(connection, gone_urls)
            if found <= locks:
                return await _write_locked(connection, articles, rejections, told, locks, now)
            raise Rollback  # of the locks alone
        locks |= found  # an article came in between: begin again with its lock


def url_id(url: str) -> str:
    """The article id that a URL alone gives; any id for what is no URL."""
    try:
        return article_id(url)
    except BadUrl:
        return sha256(url.encode()).hexdigest()[:32]


def _urls(article: ParsedArticle) -> tuple[str, ...]:
    return tuple(dict.fromkeys((article.url, article.canonical_url)))


async def _write_locked(
    connection: Connection,
    articles: Sequence[EnrichedArticle],
    rejections: Sequence[Rejection],
    told: Mapping[str, Told],
    locks: set[str],
    now: datetime,
) -> list[Stored]:
    went = await _write_rejections(connection, rejections)
    await _write_urls(connection, articles)
    fresh = await _write_observations(connection, articles)
    touched = sorted({m.article.article_id for m in fresh} | await _articles_of(connection, sorted(went)))
    stored: list[Stored] = []
    if touched:
        newest = _newest_contents(fresh)
        await _write_contents(connection, newest.values())
        await _write_layers(connection, fresh)
        await _claim(connection, fresh)
        stored = await _fold(connection, touched, newest, told, now)
    if unused := sorted(locks - set(touched)):
        await connection.execute(sql.FORGET_LOCKS, [unused])
    return stored


async def _fold(
    connection: Connection,
    touched: Sequence[str],
    newest: Mapping[ContentKey, Content],
    told: Mapping[str, Told],
    now: datetime,
) -> list[Stored]:
    """Derive the rows of the touched articles from all that was ever observed of them."""
    histories = await _histories(connection, touched)
    contents = await _contents(connection, histories, newest, told)
    holders = await _holders(connection, histories)
    duplicates = {
        id_: {
            r.number: duplicate_of(
                id_, editions_of(contents[id_, r.content_key].article), holders.get((r.content_key, r.script))
            )
            for r in history.revisions
        }
        for id_, history in histories.items()
    }
    await _write_revisions(connection, histories, contents, told)
    await _write_articles(connection, histories, contents, duplicates, now)
    stored: list[Stored] = []
    ids: list[str] = []
    counts: dict[str, Told] = {}
    for id_, history in histories.items():
        article = contents[id_, history.current.content_key].article
        before = told.get(id_, Told())
        counts[id_] = told_by(history, before)
        for telling in due(history, before, article, duplicates[id_], now):
            ids.append(telling.ce_id)
            stored.append(Stored(telling.receipt, article))
    await connection.execute(
        sql.WRITE_LEDGER, [*_columns([(i, t.contents, t.gones, t.backs) for i, t in counts.items()], 4)]
    )
    if stored:
        await connection.execute(sql.WRITE_OUTBOX, [ids, [Jsonb(_json(s.receipt)) for s in stored]])
    return stored


async def _lock(connection: Connection, ids: set[str]) -> dict[str, Told]:
    ordered = sorted(ids)
    await connection.execute(sql.LOCK_ARTICLES, [ordered])
    rows = await (await connection.execute(sql.READ_LEDGER, [ordered])).fetchall()
    return {id_: Told(contents, gones, backs) for id_, contents, gones, backs in rows}


async def _articles_of(connection: Connection, url_ids: Sequence[str]) -> set[str]:
    if not url_ids:
        return set()
    rows = await (await connection.execute(sql.ARTICLES_OF_URLS, [list(url_ids)])).fetchall()
    return {id_ for (id_,) in rows}


async def _write_rejections(connection: Connection, rejections: Sequence[Rejection]) -> set[str]:
    """Note the rejections; the URLs that are newly known to be gone."""
    if not rejections:
        return set()
    rows = [
        (url_id(r.url), r.stage, r.reason, r.fetched_at or r.rejected_at, r.source, r.url, r.detail) for r in rejections
    ]
    written = await (await connection.execute(sql.WRITE_REJECTIONS, [*_columns(rows, 7)])).fetchall()
    return {id_ for id_, reason in written if reason == "gone"}


async def _write_urls(connection: Connection, articles: Sequence[EnrichedArticle]) -> None:
    newest: dict[str, tuple[datetime, str, str]] = {}
    for message in articles:
        article = message.article
        for url in _urls(article):
            seen = (article.fetched_at, article.article_id, url)
            newest[url_id(url)] = max(newest.get(url_id(url), seen), seen)
    rows = [(id_, url, article, seen_at) for id_, (seen_at, article, url) in newest.items()]
    if rows:
        await connection.execute(sql.WRITE_URLS, [*_columns(rows, 4)])


async def _write_observations(connection: Connection, articles: Sequence[EnrichedArticle]) -> list[EnrichedArticle]:
    """Note what was observed; the messages that say something new."""
    if not articles:
        return []
    rows = []
    for message in articles:
        o = observation_of(message)
        rows.append(
            (message.article.article_id, o.fetched_at, o.enriched_at, o.content_key, o.script, o.body_sha256, o.method)
        )
    written = await (await connection.execute(sql.WRITE_OBSERVATIONS, [*_columns(rows, 7)])).fetchall()
    new = set(written)
    fresh = {row[:4]: message for row, message in zip(rows, articles, strict=True) if row[:4] in new}
    return list(fresh.values())


def _newest_contents(fresh: Sequence[EnrichedArticle]) -> dict[ContentKey, Content]:
    newest: dict[ContentKey, Content] = {}
    for content in map(content_of, fresh):
        if content.key not in newest or newest[content.key].order < content.order:
            newest[content.key] = content
    return newest


async def _write_contents(connection: Connection, contents: Iterable[Content]) -> None:
    rows = [
        (*c.key, *c.order, c.language, c.script, c.article.title, c.article.lead, c.article.text, Jsonb(c.facts))
        for c in contents
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(sql.WRITE_CONTENT, rows)


async def _write_layers(connection: Connection, fresh: Sequence[EnrichedArticle]) -> None:
    """Merge translations per engine and model; replace the entities where these belong to the text that counts."""
    if not fresh:
        return
    given = {(*content_of(m).key, *content_of(m).order): m for m in fresh}
    rows = await (await connection.execute(sql.CURRENT_EXTRACTIONS, [*_columns(list(given), 4)])).fetchall()
    counting = set(rows)
    keys = _columns([key[:2] for key in given if key[:2] in counting], 2)
    current = [(key[:2], message) for key, message in given.items() if key[:2] in counting]
    await connection.execute(sql.FORGET_ENTITIES, [*keys])
    await connection.execute(sql.FORGET_MENTIONS, [*keys])
    await connection.execute(sql.FORGET_ACRONYMS, [*keys])
    entities: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    mentions: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    acronyms: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for key, message in current:
        for e in message.entities:
            named = (*key, e.id, e.type)
            entities.setdefault(named, _entity_row(named, e))
            for m, derived in (*((m, False) for m in e.mentions), *((m, True) for m in e.derived)):
                mentions.setdefault((*named, m.start, m.end), (*named, m.start, m.end, m.surface, derived))
        for a in message.acronyms:
            acronyms.setdefault((*key, a.acronym), (*key, a.acronym, a.long_form, a.entity))
    await _copy(connection, sql.COPY_ENTITIES, entities.values())
    await _copy(connection, sql.COPY_MENTIONS, mentions.values())
    await _copy(connection, sql.COPY_ACRONYMS, acronyms.values())
    translations = [_translation_row(m, t) for m in fresh for t in m.translations]
    if translations:
        async with connection.cursor() as cursor:
            await cursor.executemany(sql.WRITE_TRANSLATION, translations)


async def _copy(connection: Connection, statement: LiteralString, rows: Collection[tuple[Any, ...]]) -> None:
    if rows:
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)


def _entity_row(named: tuple[Any, ...], e: Entity) -> tuple[Any, ...]:
    said = (e.name, e.name_en, json.dumps(e.same_as), e.confidence)
    return (*named, *said, e.kind, e.salience, e.found_by, e.value, e.granularity, e.place)


def _translation_row(message: EnrichedArticle, translation: Translation) -> tuple[Any, ...]:
    return (
        message.article.article_id,
        message.article.content_key,
        translation.target,
        translation.engine,
        translation.model or "",
        translation.status,
        _storable(translation.title),
        [_storable(paragraph) for paragraph in translation.paragraphs],
        Jsonb([pair.model_dump(exclude_none=True) for pair in translation.sentences]),
        list(map(_storable, translation.names_missing)),
        translation.seconds,
        _storable(translation.detail),
        message.enriched_at,
    )


def _storable(text: str | None) -> str | None:
    """What an engine said, less what Postgres takes in no text, which must not cost the article; offsets stay true."""
    return None if text is None else _NOT_STORABLE.sub("\ufffd", text)


async def _claim(connection: Connection, fresh: Sequence[EnrichedArticle]) -> None:
    """Hold each content for the article that was fetched first among those that nobody held it for."""
    claims: dict[tuple[str, str], tuple[datetime, str]] = {}
    for message in fresh:
        o = observation_of(message)
        claim = (o.fetched_at, message.article.article_id)
        claims[o.content_key, o.script] = min(claims.get((o.content_key, o.script), claim), claim)
    rows = [(*content, id_) for content, (_, id_) in claims.items()]
    if rows:
        await connection.execute(sql.CLAIM_CONTENTS, [*_columns(rows, 3)])


async def _histories(connection: Connection, touched: Sequence[str]) -> dict[str, History]:
    gone: dict[str, list[datetime]] = defaultdict(list)
    for id_, at in await (await connection.execute(sql.READ_GONE, [list(touched)])).fetchall():
        gone[id_].append(at)
    seen: dict[str, list[Observation]] = defaultdict(list)
    for id_, *fields in await (await connection.execute(sql.READ_OBSERVATIONS, [list(touched)])).fetchall():
        seen[id_].append(Observation(*fields))
    return {id_: fold(seen[id_], gone[id_]) for id_ in touched if id_ in seen}


async def _contents(
    connection: Connection,
    histories: Mapping[str, History],
    newest: Mapping[ContentKey, Content],
    told: Mapping[str, Told],
) -> dict[ContentKey, Content]:
    """The contents of all revisions; those of articles that were never stored before are at hand."""
    contents = dict(newest)
    known = [id_ for id_ in histories if told.get(id_, Told()).contents]
    if known:
        rows = await (await connection.execute(sql.READ_CONTENTS, [known])).fetchall()
        for content in (_content(*row) for row in rows):
            contents[content.key] = content
    return contents


def _content(
    id_: str,
    content_key: str,
    fetched_at: datetime,
    enriched_at: datetime,
    language: str,
    script: str,
    title: str,
    lead: str | None,
    text: str,
    facts: dict[str, Any],
) -> Content:
    article = restored(id_, content_key, fetched_at, title, lead, text, facts)
    return Content(article, language, script, enriched_at)


async def _holders(connection: Connection, histories: Mapping[str, History]) -> dict[tuple[str, str], Holder]:
    wanted = sorted({(r.content_key, r.script) for history in histories.values() for r in history.revisions})
    holders: dict[tuple[str, str], Holder] = {}
    rows = await (await connection.execute(sql.READ_HOLDERS, [*_columns(wanted, 2)])).fetchall()
    for content_key, script, id_, editions in rows:
        holders[content_key, script] = Holder(id_, frozenset(url_id(edition["url"]) for edition in editions or ()))
    return holders


async def _write_revisions(
    connection: Connection,
    histories: Mapping[str, History],
    contents: Mapping[ContentKey, Content],
    told: Mapping[str, Told],
) -> None:
    rows = []
    for id_, history in histories.items():
        before: Content | None = None
        for r in history.revisions:
            content = contents[id_, r.content_key]
            rows.append((id_, r.number, r.content_key, r.valid_from, list(changed(before, content))))
            before = content
    async with connection.cursor() as cursor:
        await cursor.executemany(sql.WRITE_REVISION, rows)
    shorter = [(i, len(h.revisions)) for i, h in histories.items() if told.get(i, Told()).contents > len(h.revisions)]
    if shorter:
        await connection.execute(sql.FORGET_REVISIONS, [*_columns(shorter, 2)])


async def _write_articles(
    connection: Connection,
    histories: Mapping[str, History],
    contents: Mapping[ContentKey, Content],
    duplicates: Mapping[str, Mapping[int, str | None]],
    now: datetime,
) -> None:
    rows = [
        _article_row(history, contents[id_, history.current.content_key], duplicates[id_], now)
        for id_, history in histories.items()
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(sql.WRITE_ARTICLE, rows)


def _article_row(
    history: History, content: Content, duplicates: Mapping[int, str | None], now: datetime
) -> tuple[Any, ...]:
    article, published = content.article, content.article.published
    title = search_title(article)
    return (
        article.article_id,
        article.url,
        article.canonical_url,
        article.source,
        article.host,
        content.language,
        content.script,
        article.title,
        article.lead,
        article.text,
        list(article.authors),
        published.value if published else None,
        published.precision if published else None,
        published.moment if published else None,
        article.section,
        list(article.tags),
        article.image,
        article.engagement.views if article.engagement else None,
        history.first_seen,
        history.last_seen,
        content.enriched_at,
        article.content_key,
        history.current.number,
        duplicates.get(history.current.number),
        history.gone_at,
        title,
        title,
        search_text(article),
        now,
    )


def _columns(rows: Sequence[Sequence[Any]], width: int) -> tuple[list[Any], ...]:
    """Rows as one array per column, which is how unnest takes them."""
    return tuple([row[i] for row in rows] for i in range(width))


def _json(receipt: Receipt) -> dict[str, Any]:
    return receipt.model_dump(mode="json", exclude_none=True)
