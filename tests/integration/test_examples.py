"""The example that the docs show to those who read the stream does what it says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.console.broker import send
from services.console.local.kafka import LocalKafka
from services.contracts.articles import EnrichedArticle, Entity
from services.contracts.topics import ENRICHED_ARTICLES
from services.runtime.settings import RuntimeSettings
from services.runtime.topics import TopicSettings, applied

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "services/contracts/examples/enriched-articles"


@contextlib.contextmanager
def following(kafka: LocalKafka, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The example, running beside."""
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap, "PYTHONUTF8": "1"}
    command = [sys.executable, str(ROOT / "examples/follow.py"), *arguments]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


def naming(entity: str, example: str) -> EnrichedArticle:
    """An article of the published examples that names one thing."""
    article = EnrichedArticle.decode((EXAMPLES / f"{example}.json").read_bytes())
    return article.model_copy(
        update={"entities": (Entity(id=entity, type="ORG", name="A", mentions=(), confidence=1),)}
    )


def a_line(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n").split("\t")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalKafka]:
    """Its own: other tests store whatever stands on the topic."""
    with LocalKafka(tmp_path) as broker:
        yield broker


@pytest.mark.timeout(90)
async def test_a_country_is_followed_through_two_scripts_and_goes_on_where_it_stopped(broker: LocalKafka) -> None:
    settings = RuntimeSettings(kafka_bootstrap_servers=broker.bootstrap)
    await applied(TopicSettings(kafka_bootstrap_servers=broker.bootstrap))
    followed = f"own:{secrets.token_hex(4)}"
    latin, cyrillic, russian = (naming(followed, name) for name in ("realistic", "realistic-uz-Cyrl", "realistic-ru"))
    with following(broker, followed) as process:
        for article in (latin, cyrillic):
            await send(settings, ENRICHED_ARTICLES, article, naming("own:another", "minimal"))
            seen = await asyncio.to_thread(a_line, process)
            assert seen[:3] == [article.language.tag, article.article.url, article.article.title]
        assert seen[0] == "uz-Cyrl"
    await send(settings, ENRICHED_ARTICLES, russian)
    with following(broker, followed) as process:
        tags = [(await asyncio.to_thread(a_line, process))[0]]
        if tags == ["uz-Cyrl"]:  # its offset may not have been committed before the end
            tags.append((await asyncio.to_thread(a_line, process))[0])
        assert tags[-1] == "ru"


def test_without_an_id_it_says_what_to_give() -> None:
    asked = subprocess.run(
        [sys.executable, "examples/follow.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 1
    assert "iso3166:UZ" in asked.stderr
