"""The store over a real Postgres: repeats, writers at once, bad records, search, migrations, outages, the outbox."""

import asyncio
import random
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from services.console.local.postgres import LocalPostgres
from services.contracts.articles import (
    Acronym,
    EnrichedArticle,
    Entity,
    Extraction,
    Instant,
    Language,
    Mention,
    ParsedArticle,
    SentencePair,
    Translation,
)
from services.contracts.folding import fold
from services.contracts.identity import article_id, content_key, host_of
from services.contracts.message import Stamp
from services.contracts.outcomes import Receipt, Rejection
from services.runtime.retry import Backoff
from services.runtime.settings import read
from services.runtime.stage import Transient, utc_now
from services.store.database import Database, connection_string
from services.store.migrate import Unsuitable, migrate
from services.store.outbox import Publisher
from services.store.settings import StoreSettings
from services.store.stage import make_stage

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
SITE = "https://daryo.example"
Batch = Sequence[EnrichedArticle | Rejection]
Write = Callable[[Batch], Any]


def enriched(
    url: str, title: str, text: str, *, hours: int = 0, tag: str = "uz-Latn", script: str = "Latn", **more: object
) -> EnrichedArticle:
    fetched_at = MORNING + timedelta(hours=hours)
    facts: dict[str, object] = {
        "article_id": article_id(url),
        "content_key": content_key(title, text),
        "url": url,
        "canonical_url": url,
        "source": "daryo",
        "host": host_of(url),
        "title": title,
        "text": text,
        "authors": ("Nodira Karimova",),
        "published": Instant(value="2026-03-01T12:30:00+05:00", precision="minute", source="json-ld", raw="12:30"),
        "body_sha256": f"{title}{text}{hours}",
        "extraction": Extraction(method="blocks 1", confidence=0.9),
        "fetched_at": fetched_at,
    }
    return EnrichedArticle(
        article=ParsedArticle.model_validate({**facts, **more}),
        language=Language(tag=tag, script=script, confidence=0.99),
        translations=(
            Translation(target="en", status="ok", engine="firefox", title="Water", paragraphs=("One", None)),
        ),
        entities=(
            Entity(
                id="iso3166:UZ",
                type="LOC",
                name=title,
                confidence=1,
                mentions=(Mention(start=0, end=4, surface=title[:4]), Mention(start=0, end=4, surface=title[:4])),
                derived=(Mention(start=1, end=3, surface=title[1:3]),),
                salience=0.75,
            ),
        ),
        acronyms=(Acronym(acronym="SO", long_form="Suv ombori"),),
        enriched_at=fetched_at + timedelta(minutes=1),
        stamp=Stamp(stage="enricher", version="1", started=fetched_at, took=0.1),
    )


def gone(url: str, *, hours: int) -> Rejection:
    at = MORNING + timedelta(hours=hours)
    return Rejection(stage="fetcher", reason="gone", detail="404", url=url, fetched_at=at, rejected_at=at)


def several(count: int, site: str = SITE) -> list[EnrichedArticle]:
    return [enriched(f"{site}/{n}", f"Suv ombori {n}", f"Bugun {n}-ombor to‘ldi.") for n in range(count)]


@asynccontextmanager
async def a_store(dsn: str) -> AsyncIterator[Write]:
    """What the runtime calls with a batch."""
    settings = read(StoreSettings, {"STORE_DATABASE_URL": dsn})
    conninfo = connection_string(dsn, 2)
    database = Database(conninfo, pool_size=2, connect_timeout=2, statement_timeout=30)
    try:
        yield make_stage(database, settings, utc_now).write
    finally:
        await database.close()


def rows(dsn: str, query: str, *given: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query, given).fetchall()


def receipts(dsn: str) -> list[tuple[str, str]]:
    """Kind and path of what is to be told, in order."""
    told = rows(dsn, "SELECT receipt FROM outbox ORDER BY id")
    return [(r["kind"], r["url"].removeprefix(SITE)) for (r,) in told]


def everything(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, without when they were written."""
    tables = [name for (name,) in rows(dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    query = "SELECT fact FROM (SELECT to_jsonb({0}) - 'stored_at' AS fact FROM {0}) AS facts ORDER BY fact"
    return {table: rows(dsn, query.format(table)) for table in tables}


async def test_the_same_batch_twice_is_stored_once(fresh_database: str) -> None:
    batch = [*several(20), gone(f"{SITE}/3", hours=1), several(1)[0]]
    async with a_store(fresh_database) as write:
        assert await write(batch) == [None] * 22
        once = everything(fresh_database)
        assert await write(batch[::-1]) == [None] * 22
        assert await write(batch[5:]) == [None] * 17
    assert everything(fresh_database) == once
    assert len(receipts(fresh_database)) == 21
    assert len(once["articles"]) == len(once["revisions"]) == len(once["translations"]) == 20
    assert len(once["entities"]) == len(once["acronyms"]) == 20
    assert [fact["derived"] for (fact,) in once["mentions"]].count(True) == 20 == len(once["mentions"]) / 2


async def test_facts_that_arrive_in_any_order_give_the_same_rows(postgres: LocalPostgres) -> None:
    url, alias = f"{SITE}/edited", f"{SITE}/amp/edited"
    facts = [
        enriched(url, "Narxlar", "Birinchi matn.", hours=1),
        enriched(url, "Narxlar", "Ikkinchi matn.", hours=3),
        enriched(url, "Narxlar", "Birinchi matn.", hours=5),
        gone(alias, hours=6),
        enriched(alias, "Narxlar", "Birinchi matn.", hours=2, article_id=article_id(url), canonical_url=url),
        gone(url, hours=7),
        enriched(url, "Narxlar", "Birinchi matn.", hours=9),
    ]
    ways = [facts, facts[::-1], random.Random(7).sample(facts, len(facts))]
    found = []
    for way in ways:
        name = f"order_{secrets.token_hex(4)}"
        rows_of = postgres.dsn(name)
        with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        async with a_store(rows_of) as write:
            for fact in way:
                assert await write([fact]) == [None]
        state = everything(rows_of)
        told = sorted(ce_id for (ce_id,) in rows(rows_of, "SELECT ce_id FROM outbox"))
        del state["outbox"]  # receipts keep what was known when they were told
        found.append((state, told))
        with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    for state, told in found[1:]:
        for table in state:
            assert state[table] == found[0][0][table]
        assert told == found[0][1]
    kinds = [":".join(ce_id.split(":")[1:]) for ce_id in found[0][1]]
    assert kinds == ["1:back", "1:gone", "1:new", "2:revision", "3:revision"]
    changed = [r["changed"] for (r,) in found[0][0]["revisions"]]
    assert sorted(changed) == [[], ["text"], ["text"]]


async def test_two_writers_at_once_do_not_block_each_other_and_one_content_is_new_once(fresh_database: str) -> None:
    shared = ("Bir xil sarlavha", "Hamma joyda bir xil matn.")
    left = [*several(60), enriched(f"{SITE}/left", *shared)]
    right = [*several(60)[::-1], enriched(f"{SITE}/right", *shared)]
    async with a_store(fresh_database) as one, a_store(fresh_database) as other:
        for start in range(0, 60, 10):
            slices = [[*batch[start : start + 10], batch[-1]] for batch in (left, right)]
            answers = await asyncio.gather(one(slices[0]), other(slices[1]))
            assert answers == [[None] * 11] * 2
    kinds = [kind for kind, path in receipts(fresh_database) if path in ("/left", "/right")]
    assert sorted(kinds) == ["duplicate", "new"]
    assert len(receipts(fresh_database)) == 62
    ((original,),) = rows(fresh_database, "SELECT duplicate_of FROM articles WHERE duplicate_of IS NOT NULL")
    assert original in (article_id(f"{SITE}/left"), article_id(f"{SITE}/right"))


async def test_the_same_text_in_another_script_is_no_duplicate(fresh_database: str) -> None:
    latin = enriched(f"{SITE}/l", "Oʻzbekistonda", "Yangi bogʻ ochildi.")
    cyrillic = enriched(f"{SITE}/c", "Ўзбекистонда", "Янги боғ очилди.", tag="uz-Cyrl", script="Cyrl")
    assert latin.article.content_key == cyrillic.article.content_key
    async with a_store(fresh_database) as write:
        await write([latin, cyrillic])
    assert sorted(receipts(fresh_database)) == [("new", "/c"), ("new", "/l")]


async def test_each_engine_and_model_has_its_own_translation_with_its_alignment(fresh_database: str) -> None:
    pairs = (
        SentencePair(paragraph=None, start=0, end=5, target_start=0, target_end=5),
        SentencePair(paragraph=0, start=0, end=4, flaw="numbers"),
    )
    first = Translation(
        target="en", status="partial", engine="firefox", model="uzen 1", title="Water", paragraphs=(None,),
        sentences=pairs, names_missing=("iso3166:UZ",),
    )  # fmt: skip
    hostile = Translation(
        target="en", status="ok", engine="chat", model="m 2", title="Wa\x00ter", paragraphs=("\ud83d",), detail="\0"
    )
    article = enriched(f"{SITE}/1", "Suv", "Omborga suv keldi.").model_copy(update={"translations": (first,)})
    again = {"enriched_at": article.enriched_at + timedelta(hours=1)}
    worse = first.model_copy(update={"status": "failed", "title": None, "sentences": ()})
    async with a_store(fresh_database) as write:
        assert await write([article]) == [None]
        assert await write([article.model_copy(update={"translations": (hostile, worse), **again})]) == [None]
    layers = rows(
        fresh_database, "SELECT engine, model, status, title, paragraphs, sentences, names_missing FROM translations"
    )
    assert sorted(layers) == [
        ("chat", "m 2", "ok", "Wa\ufffdter", ["\ufffd"], [], []),
        ("firefox", "uzen 1", "partial", "Water", [None], [p.model_dump(exclude_none=True) for p in pairs],
         ["iso3166:UZ"]),
    ]  # fmt: skip
    assert rows(fresh_database, "SELECT revision FROM articles") == [(1,)]
    assert [kind for kind, _ in receipts(fresh_database)] == ["new"], "a layer is no change of the article"


async def test_bad_records_are_answered_alone_and_their_neighbours_are_stored(fresh_database: str) -> None:
    batch = several(50)
    batch[7] = enriched(f"{SITE}/nul", "Sarlavha", "Matn\x00matn")
    batch[31] = enriched(f"{SITE}/half", "Sarlavha", "Matn \ud83d matn")
    async with a_store(fresh_database) as write:
        answers = await write(batch)
        assert [n for n, answer in enumerate(answers) if answer is not None] == [7, 31]
        # Neither of these is bad: they are merely large.
        words = " ".join(f"{n:x}" for n in range(120_000))
        long_url = f"{SITE}/{'q' * 4000}"
        assert (
            await write([enriched(f"{SITE}/big", "Katta", words), enriched(long_url, "Uzun", "Havola.")]) == [None] * 2
        )
    assert rows(fresh_database, "SELECT count(*) FROM articles") == [(50,)]


@pytest.mark.parametrize("query", ["Ўзбекистон", "O‘zbekiston", "ozbekiston OR o'zbekiston", "ЎЗБЕКИСТОН ерлари"])
async def test_a_search_in_one_spelling_finds_the_others(fresh_database: str, query: str) -> None:
    async with a_store(fresh_database) as write:
        await write(
            [
                enriched(f"{SITE}/1", "Oʻzbekiston yerlari", "Paxta terildi."),
                enriched(f"{SITE}/2", "Ўзбекистон ерлари", "Ғалла ўрилди.", tag="uz-Cyrl", script="Cyrl"),
                enriched(f"{SITE}/3", "O'zbekiston yerlari", "Bog' ochildi."),
                enriched(f"{SITE}/4", "Қазақстан жері", "Егін жиналды.", tag="kk", script="Cyrl"),
            ]
        )
    search = "SELECT url FROM articles WHERE search @@ websearch_to_tsquery('simple', xabar_fold(%s)) ORDER BY url"
    assert [url[-1] for (url,) in rows(fresh_database, search, query)] == ["1", "2", "3"]
    near = "SELECT count(*) FROM articles WHERE search_title %% xabar_fold(%s)"
    assert rows(fresh_database, near, "Ўзбекистан ерлари") == [(3,)]


def test_the_fold_in_sql_is_the_fold_in_python(fresh_database: str) -> None:
    migrate(fresh_database)
    texts = [
        "Ўзбекистон  Республикаси, ЕЛЕК ва еруғ; шаҳар: Қўқон, Ғиждувон – цирк, щука, чой, ёш, яхши, маъно, альбом",
        "O'zbekiston Oʻzbekiston O‘ZBEKISTON O’zbekiston O`zbekiston O´zbekiston Oʼzbekiston O′zbekiston Oʹz",
        "İstanbul ISPARTA straße ﬁnal ① Ⅳ\u00a0ёлка объезд съезд бельё поезд акция батальон сентябрь Türkmenistan",
        "Қазақстан әңгіме, Кыргызстан өкмөтү, Тоҷикистон ӯ, ایران و ترکیه ۱۴۰۵",
        "Özbekiston şahri ğalaba çõl o\u0308g\u0306 Șŏ; мўъжиза moʻʼjiza, Исҳоқ Isʼhoq, маъюс таъе, пицца, O‛zbek oʽt",
    ]
    for text in texts:
        assert rows(fresh_database, "SELECT xabar_fold(%s)", text) == [(fold(text),)]


async def test_runners_that_migrate_at_once_leave_one_schema(fresh_database: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, fresh_database) for _ in range(4)))
    assert rows(fresh_database, "SELECT count(*) FROM alembic_version") == [(1,)]
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unsuitable, match=r"9999.*newer"):
        migrate(fresh_database)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [("LC_CTYPE 'C' LC_COLLATE 'C'", "LC_CTYPE is C"), ("LC_CTYPE 'C' LC_COLLATE 'C' ENCODING 'LATIN1'", "LATIN1")],
)
def test_a_database_that_can_not_search_cyrillic_is_refused(
    postgres: LocalPostgres, options: str, sentence: str
) -> None:
    name = f"blind_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER libc {options}")
    try:
        with pytest.raises(Unsuitable, match=sentence):
            migrate(postgres.dsn(name))
    finally:
        with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}")


async def until_all_is_told(dsn: str) -> None:
    while receipts(dsn):  # noqa: ASYNC110 - the rows are another process's to see
        await asyncio.sleep(0.02)


class Killed(BaseException):
    """The process ends here."""


def a_publisher(dsn: str, send: Any) -> Publisher:
    return Publisher(dsn, send, idle_seconds=0.02, backoff=Backoff(0.02, 0.1))


async def test_a_publisher_killed_after_sending_sends_again_under_the_same_ids_and_loses_none(
    fresh_database: str,
) -> None:
    async with a_store(fresh_database) as write:
        await write([*several(30), enriched(f"{SITE}/5", "Suv ombori 5", "Endi boshqacha.", hours=2)])
    sent: list[tuple[str, str, int]] = []

    async def send(topic: object, receipt: Receipt, /, *, id_: str) -> None:
        sent.append((id_, receipt.article_id, receipt.revision))
        if len(sent) == 12:
            raise Killed

    with pytest.raises(Killed):
        await a_publisher(fresh_database, send).run(random.random)
    first_time = [id_ for id_, _, _ in sent]
    assert len(receipts(fresh_database)) == 31

    # Two replicas at once: one is elected, so nothing but the crash is repeated.
    running = [asyncio.create_task(a_publisher(fresh_database, send).run(random.random)) for _ in range(2)]
    async with asyncio.timeout(10):
        await until_all_is_told(fresh_database)
    for task in running:
        task.cancel()
    assert len(sent) == len(first_time) + 31
    assert set(first_time) <= {id_ for id_, _, _ in sent[len(first_time) :]}
    five = [revision for _, id_, revision in sent[len(first_time) :] if id_ == article_id(f"{SITE}/5")]
    assert five == [1, 2]


async def test_receipts_wait_while_the_broker_is_away(fresh_database: str) -> None:
    async with a_store(fresh_database) as write:
        await write(several(3))
    attempts: list[str] = []

    async def send(topic: object, receipt: Receipt, /, *, id_: str) -> None:
        attempts.append(id_)
        if len(attempts) <= 6:
            raise Transient("the broker is away")

    running = asyncio.create_task(a_publisher(fresh_database, send).run(random.random))
    async with asyncio.timeout(10):
        await until_all_is_told(fresh_database)
    running.cancel()
    assert len(attempts) >= 9


async def test_a_database_that_goes_and_comes_is_an_outage_and_no_fault_of_the_data(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path)
    server.start()
    try:
        async with a_store(server.dsn()) as write:
            assert await write(several(5)) == [None] * 5
            server.kill()
            with pytest.raises(Transient):
                await write(several(10))
            back = threading.Thread(target=server.start)
            back.start()
            async with asyncio.timeout(20):
                while True:
                    try:
                        assert await write(several(10)) == [None] * 10
                        break
                    except Transient:
                        await asyncio.sleep(0.1)
            back.join()
        assert len(receipts(server.dsn())) == 10
    finally:
        server.purge()
