"""What was stored is translated once more: engines and models change, and the store keeps what each of them gave."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from translation_servers import Asked, LibreTranslateServer, Reply, served
from typer.testing import CliRunner

from services.console.broker import send
from services.console.commands import app
from services.console.local.kafka import LocalKafka
from services.console.local.ports import free_port
from services.console.local.processes import ServiceProcess
from services.console.local.run import portuguese_model, ready
from services.contracts.articles import Edition, Engagement, Extraction, Image, Instant, ParsedArticle
from services.contracts.identity import article_id, content_key, host_of
from services.contracts.topics import PARSED_ARTICLES
from services.enricher.translate.engines.folders import CARD
from services.runtime.settings import RuntimeSettings
from services.runtime.topics import TopicSettings, applied

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
PORTUGUESE = ("A ponte nova abriu hoje", "A ponte custou 12 milhões de euros.\n\nOs barcos passam por baixo dela.")
RUSSIAN = ("Новый мост открыт", "Сегодня в городе открыли новый мост через реку. Его строили два года.")
LAYERS = "SELECT engine, model, status, jsonb_array_length(sentences), title IS NULL FROM translations"
pytestmark = pytest.mark.timeout(120)


class InEnglish(LibreTranslateServer):
    """Has the same English sentence for whatever it is asked."""

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/translate":
            return super().answer(asked)
        return Reply(data={"translatedText": ["They have opened a new bridge in the city." for _ in asked.body["q"]]})


def article(title: str, text: str, slug: str) -> ParsedArticle:
    """With something in every field that the store must give back."""
    url = f"https://ponte.example/{slug}?utm=1"
    return ParsedArticle(
        article_id=article_id(url),
        content_key=content_key(title, text),
        url=url,
        canonical_url=f"https://ponte.example/{slug}",
        source="ponte",
        lane="backfill",
        host=host_of(url),
        title=title,
        text=text,
        lead="O lide",
        authors=("Ana Lopes",),
        organizations=("Agência",),
        published=Instant(value="2026-11-02T07:00:00+00:00", precision="minute", source="meta", raw="7:00"),
        modified=Instant(value="2026-11-02", precision="day", source="meta", raw="hoje", confidence=0.5),
        language_declared="pt",
        section="Cidade",
        tags=("pontes",),
        image="https://ponte.example/1.jpg",
        images=(Image(url="https://ponte.example/1.jpg", caption="A ponte"),),
        body_sha256="0" * 64,
        engagement=Engagement(views=7, observed_at=AT),
        editions=(Edition(language="en", url="https://ponte.example/en"),),
        provenance={"title": "meta"},
        extraction=Extraction(method="blocks 1", missed=("views",), confidence=0.9),
        fetched_at=AT,
    )


class Half:
    """The second half of the pipeline: an enricher that can be exchanged, and the store."""

    def __init__(self, kafka: LocalKafka, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self._folder = folder
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "TMPDIR", "LANG"}}
        self.env = kept | {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
            "KAFKA_GROUP_PREFIX": f"redo-{secrets.token_hex(3)}-",
            "KAFKA_SESSION_TIMEOUT_SECONDS": "2",
            "COMMIT_SECONDS": "0.2",
            "HEALTH_HOST": "127.0.0.1",
            "STORE_DATABASE_URL": dsn,
        }
        self._running: dict[str, ServiceProcess] = {}

    def start(self, name: str, **settings: str) -> str:
        """Start a service, in the place of one that runs; its health URL."""
        self.stop(name)
        port = free_port()
        env = self.env | {"HEALTH_PORT": str(port)} | settings
        service = ServiceProcess(name, f"services.{name}", env, self._folder / f"{name}-{port}.log")
        service.start()
        self._running[name] = service
        return f"http://127.0.0.1:{port}"

    def stop(self, *names: str) -> None:
        for name in names or tuple(self._running):
            if name in self._running:
                self._running.pop(name).stop()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return sorted(connection.execute(sql).fetchall())  # type: ignore[arg-type]

    def redo(self, *options: str, **settings: str) -> str:
        """Run the command; what it says."""
        command = ["translate", "redo", "--per-second", "100", *options]
        done = CliRunner().invoke(app, command, env=self.env | settings)
        assert done.exit_code == 0, done.output
        return done.output

    def as_it_is(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is known of the articles but their layers, and when they were enriched and stored."""
        known = {
            "articles": "to_jsonb(t) - '{enriched_at,stored_at}'::text[]",
            "contents": "to_jsonb(t) - 'enriched_at'",
            **dict.fromkeys(("revisions", "ledger", "urls", "entities", "mentions", "originals"), "to_jsonb(t)"),
        }
        return {table: self.query(f"SELECT ({fields})::text FROM {table} t") for table, fields in known.items()}


async def reached(condition: Callable[[], bool], what: Callable[[], object]) -> None:
    for _ in range(300):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.1)
    pytest.fail(str(what()))


@pytest.fixture
def half(kafka: LocalKafka, fresh_database: str, tmp_path: Path) -> Iterator[Half]:
    half = Half(kafka, fresh_database, tmp_path)
    yield half
    half.stop()


def models(folder: Path, version: str) -> dict[str, str]:
    """The Portuguese model under another version's name."""
    [found] = Path(portuguese_model({})["TRANSLATE_MODELS"]).glob("pten-*")
    own = folder / version / f"pten-{version}"
    own.mkdir(parents=True)
    (own / CARD).write_text(f'name = "pten-{version}"\npairs = ["pt:en"]\n')
    for file in found.iterdir():
        (own / file.name).symlink_to(file)
    return {"TRANSLATE_MODELS": str(own.parent)}


async def test_a_new_model_and_a_new_engine_add_their_layers_and_change_nothing_else(
    half: Half, tmp_path: Path
) -> None:
    settings = RuntimeSettings(kafka_bootstrap_servers=half.env["KAFKA_BOOTSTRAP_SERVERS"])
    await applied(TopicSettings(**settings.model_dump(), topics_partitions=1))
    urls = [half.start("store"), half.start("enricher", **models(tmp_path, "1"))]
    await send(settings, PARSED_ARTICLES, article(*PORTUGUESE, "pt"), article(*RUSSIAN, "ru"))
    await reached(lambda: all(map(ready, urls)) and len(half.query(LAYERS)) == 2, lambda: half.query(LAYERS))
    [russian, portuguese] = half.query(LAYERS)
    first = portuguese[1]
    assert first.startswith("pten-1-")
    assert portuguese == ("firefox", first, "ok", 3, False)
    assert russian == ("firefox", "", "unsupported", 0, True)
    before = await asyncio.to_thread(half.as_it_is)
    second = first.replace("pten-1-", "pten-2-")
    async with served(InEnglish()) as server:
        routes = {"TRANSLATE_ROUTES": "ru:en=libretranslate,*:en=firefox", "LIBRETRANSLATE_URL": server.url}
        url = await asyncio.to_thread(half.start, "enricher", **models(tmp_path, "2"), **routes)
        await reached(lambda: ready(url), lambda: "the enricher is not ready")
        said = await asyncio.to_thread(half.redo, "--dry-run", **routes)
        assert f"1 articles, at most {sum(map(len, RUSSIAN))} characters into en" in said
        await asyncio.to_thread(half.redo, **routes)
        newer = ("--model", second, "--source-language", "pt")
        said = await asyncio.to_thread(half.redo, *newer, **routes)
        assert "1 articles were given to the enricher, and it has taken them all." in said
        await reached(lambda: len(half.query(LAYERS)) == 4, lambda: half.query(LAYERS))
        again = [await asyncio.to_thread(half.redo, *options, **routes) for options in ((), newer)]
    assert all("Nothing is to be done" in said for said in again)
    layers = half.query(LAYERS)
    assert layers[:3] == [russian, portuguese, ("firefox", second, "ok", 3, False)]
    assert [(engine, *rest) for engine, _, *rest in layers[3:]] == [("libretranslate", "ok", 3, False)]
    assert await asyncio.to_thread(half.as_it_is) == before
