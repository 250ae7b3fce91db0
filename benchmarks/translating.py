"""`python -m benchmarks.translating`: what of a slow engine's throughput the enricher keeps, and its memory.

The engine is a server as LibreTranslate's that takes 0.2 s for a call and some calls at once. Alone it is asked by as
many callers as it takes, who do nothing else. Then an enricher on Kafka asks it for articles that are all different, of
one call each, with guards, cache on disk, language and entities.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.console.local.kafka import LocalKafka
from services.contracts.articles import Extraction, ParsedArticle
from services.contracts.topics import ENRICHED_ARTICLES, PARSED_ARTICLES, REJECTIONS
from services.enricher.translate.engines.http import Endpoint
from services.enricher.translate.engines.libretranslate import LibreTranslate
from services.runtime.topics import TopicSettings, applied

ARTICLES = 2_000
WARM_ARTICLES = 150
"""They don't count: processes start and load their models."""
PARTITIONS = 1
AT_ONCE = 4
"""As TRANSLATE_AT_ONCE has it."""
CALL_SECONDS = 0.2
BARE_CALLS = 240
PARAGRAPHS, SENTENCES = 5, 3
MOST_SECONDS = 900.0
_NUMBER = re.compile(r"\d+")
# Russian, and the same in English: what a guard would let through.
PHRASES = {
    "Уровень воды в реке у города поднялся на # сантиметров за # часа.": (
        "The water level in the river near the town rose by # centimetres in # hours."
    ),
    "Новый мост длиной # метров откроют для машин через # недель.": (
        "A new bridge of # metres will open to cars in # weeks."
    ),
    "В библиотеку области привезли # книг для # сельских школ.": (
        "The library of the region was brought # books for # rural schools."
    ),
    "Поезд из столицы теперь идёт # минут и останавливается на # станциях.": (
        "The train from the capital now takes # minutes and stops at # stations."
    ),
    "Фермеры сдали # тонн хлопка, это на # тонн больше прошлогоднего.": (
        "Farmers delivered # tonnes of cotton, which is # tonnes more than last year."
    ),
    "На выставку ковров приехали # мастеров из # районов страны.": (
        "At the carpet exhibition arrived # masters from # districts of the country."
    ),
    "Погода в горах ухудшится, ветер достигнет # метров в секунду к # числу.": (
        "The weather in the mountains will get worse, the wind will reach # metres a second by day #."
    ),
}


def article(number: int) -> ParsedArticle:
    """One of its own: no sentence of it is in another one."""
    phrases = list(PHRASES)

    def sentence(place: int) -> str:
        at = 100 * number + place
        return phrases[at % len(phrases)].replace("#", str(1000 + at), 1).replace("#", str(2 + at % 90), 1)

    paragraphs = (" ".join(sentence(1 + p * SENTENCES + s) for s in range(SENTENCES)) for p in range(PARAGRAPHS))
    text, url = "\n\n".join(paragraphs), f"https://news-{number % 50}.example/news/{number}"
    return ParsedArticle(
        article_id=f"article-{number}",
        content_key=f"content-{number}",
        url=url,
        canonical_url=url,
        host=f"news-{number % 50}.example",
        title=sentence(0).rstrip("."),
        text=text,
        body_sha256="0" * 64,
        extraction=Extraction(method="benchmark", confidence=1.0),
        fetched_at=datetime.now(UTC),
    )


def translated(sentence: str) -> str:
    """The phrase in English, with its numbers."""
    english = PHRASES.get(_NUMBER.sub("#", sentence)) or PHRASES[_NUMBER.sub("#", sentence) + "."].rstrip(".")
    for number in _NUMBER.findall(sentence):
        english = english.replace("#", number, 1)
    return english


class SlowEngine(ThreadingHTTPServer):
    """A LibreTranslate that takes its time."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, at_once: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.places = threading.Semaphore(at_once)
        self.calls = self.chars = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: SlowEngine

    def do_GET(self) -> None:
        languages = [{"code": code, "name": code, "targets": ["en", "ru"]} for code in ("en", "ru")]
        self._say(languages if self.path == "/languages" else {"info": {"version": "1.0"}})

    def do_POST(self) -> None:
        units = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"]
        with self.server.places:
            time.sleep(CALL_SECONDS)
            self.server.calls += 1
            self.server.chars += sum(map(len, units))
        self._say({"translatedText": [translated(unit) for unit in units]})

    def _say(self, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
        """Nothing: a line for each call would be the most of the output."""


@contextmanager
def slow_engine(at_once: int) -> Iterator[SlowEngine]:
    """The server, listening."""
    server = SlowEngine(at_once)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


async def bare(url: str, at_once: int) -> float:
    """Calls a second of the engine alone, by callers that do nothing else."""
    engine = LibreTranslate(Endpoint(url, timeout_seconds=20))
    await engine.open()
    waiting = [[one.title, *re.split(r"(?<=\.)\s+", one.text)] for one in map(article, range(BARE_CALLS))]

    async def caller() -> None:
        while waiting:
            await engine.translate(waiting.pop(), "ru", "en")

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    took = time.perf_counter() - started
    await engine.close()
    return BARE_CALLS / took


@dataclass(frozen=True)
class Memory:
    """MB, once so many articles were done."""

    articles: int
    stage: float
    family: float
    """With the processes that it keeps for work."""


@dataclass(frozen=True)
class Run:
    """What the enricher did."""

    calls: float
    """A second."""
    articles: float
    """A second."""
    cpu: float
    """Seconds of a processor an article, all processes of the stage."""
    calls_an_article: float
    memory: tuple[Memory, ...]
    statuses: dict[str, int]


async def on_kafka(bootstrap: str, engine: SlowEngine, count: int, at_once: int, state: Path) -> Run:
    """An enricher on so many articles, after those that warm it up."""
    total = WARM_ARTICLES + count
    marks = [WARM_ARTICLES + count * share // 4 for share in (1, 2, 4)]
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await reader.start()
    ends = [TopicPartition(topic.name, 0) for topic in (ENRICHED_ARTICLES, REJECTIONS)]
    memory = []
    try:
        await offer(bootstrap, total)
        with running(bootstrap, engine.url, at_once, state) as process:
            await _until(reader, ends, WARM_ARTICLES, process)
            done, calls = await _done(reader, ends), engine.calls
            cpu, began = _cpu_of(process.pid), time.perf_counter()
            for mark in marks:
                await _until(reader, ends, mark, process)
                memory.append(_memory_of(process.pid, mark - WARM_ARTICLES))
            took, calls, done = time.perf_counter() - began, engine.calls - calls, total - done
            cpu = _cpu_of(process.pid) - cpu
        statuses = await _statuses(bootstrap, total)
    finally:
        await reader.stop()
    return Run(calls / took, done / took, cpu / done, calls / done, tuple(memory), statuses)


async def offer(bootstrap: str, many: int) -> None:
    """Put the articles on their topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20)
    await producer.start()
    try:
        for number in range(many):
            one = article(number)
            await producer.send(PARSED_ARTICLES.name, one.encode(), key=one.article_id.encode(), partition=0)
    finally:
        await producer.stop()


@contextmanager
def running(bootstrap: str, engine: str, at_once: int, state: Path) -> Iterator[psutil.Popen]:
    """An enricher as a process."""
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "HEALTH_HOST": "127.0.0.1",
        "HEALTH_PORT": "0",
        "MAX_IN_FLIGHT": str(4 * at_once),
        "TRANSLATE_ROUTES": "ru:en=libretranslate",
        "TRANSLATE_AT_ONCE": str(at_once),
        "TRANSLATE_CACHE": str(state / "translations.sqlite"),
        "LIBRETRANSLATE_URL": engine,
    }
    log = state / "enricher.log"
    with log.open("wb") as errors:
        process = psutil.Popen(
            [sys.executable, "-m", "services.enricher"], env=environ, stdout=subprocess.DEVNULL, stderr=errors
        )
    try:
        yield process
    except RuntimeError as error:
        raise RuntimeError(f"{error}:\n{log.read_text()[-4000:]}") from error
    finally:
        process.terminate()
        process.wait(60)


async def _done(reader: AIOKafkaConsumer, ends: list[TopicPartition]) -> int:
    return sum((await reader.end_offsets(ends)).values())


async def _until(reader: AIOKafkaConsumer, ends: list[TopicPartition], many: int, process: psutil.Popen) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while (done := await _done(reader, ends)) < many:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{done} of {many} articles were enriched")
        await asyncio.sleep(0.02)


async def _statuses(bootstrap: str, many: int) -> dict[str, int]:
    """How the translations ended."""
    found: dict[str, int] = {}
    reader = AIOKafkaConsumer(ENRICHED_ARTICLES.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        for _ in range(many):
            record = await asyncio.wait_for(reader.getone(), 30)
            for translation in ENRICHED_ARTICLES.model.decode(record.value).translations:
                found[translation.status] = found.get(translation.status, 0) + 1
    finally:
        await reader.stop()
    return found


def _cpu_of(pid: int) -> float:
    """Processor seconds of a process and its children."""
    return sum(sum(member.cpu_times()[:2]) for member in _family(pid))


def _memory_of(pid: int, articles: int) -> Memory:
    sizes = [member.memory_info().rss / 1e6 for member in _family(pid)]
    return Memory(articles, sizes[0], sum(sizes))


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def main(arguments: Sequence[str] | None = None) -> str:
    """Throughput of the engine alone, of the stage, their ratio, and memory."""
    parser = argparse.ArgumentParser("python -m benchmarks.translating", description=__doc__)
    parser.add_argument("--count", type=int, default=ARTICLES, help="of articles that count")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="calls that the engine takes at once")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary, slow_engine(options.at_once) as engine:
        state = Path(temporary)
        with LocalKafka(state) as kafka:
            asyncio.run(applied(TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=PARTITIONS)))
            before = asyncio.run(bare(engine.url, options.at_once))
            stage = asyncio.run(on_kafka(kafka.bootstrap, engine, options.count, options.at_once, state))
            after = asyncio.run(bare(engine.url, options.at_once))
    alone = (before + after) / 2
    memory = ", ".join(f"{m.stage:.0f} MB ({m.family:.0f} with its workers) at {m.articles}" for m in stage.memory)
    statuses = ", ".join(f"{many} {status}" for status, many in sorted(stage.statuses.items()))
    return (
        f"enricher on Kafka, an engine of {1000 * CALL_SECONDS:.0f} ms that takes {options.at_once} calls at once: "
        f"{stage.calls:.2f} calls/s ({stage.articles:.2f} articles/s, {stage.calls_an_article:.2f} calls an article), "
        f"the engine alone {alone:.2f} calls/s ({before:.2f} before, {after:.2f} after), "
        f"ratio {stage.calls / alone:.3f}; {1000 * stage.cpu:.0f} ms of processor time an article; "
        f"memory {memory}; translations: {statuses}"
    )


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
