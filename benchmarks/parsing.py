"""The parser against trafilatura on the newsroom's pages, and `python -m benchmarks.parsing`: the stage on Kafka.

The stage on Kafka is a whole parser process with one worker, from pages on a topic to articles on a topic. Beside it
stands parse() alone on the same pages, its body unpacked and its article left where it is. Processor time counts: that
of the stage's process and its worker's together, since both want cores.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import psutil
import trafilatura
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.console.local.kafka import LocalKafka
from services.console.newsroom.server import Newsroom
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest, pack
from services.contracts.topics import FETCHED_PAGES, PARSED_ARTICLES, REJECTIONS
from services.parser.limits import Limits
from services.parser.parse import parse
from services.runtime.topics import TopicSettings, applied

PARTITIONS = 1
PAGES = 1_000
WARM_PAGES = 150
"""They don't count: processes start and load their models."""
PAGE_BYTES = 90_000
"""The mean of news pages; the newsroom's own are a tenth of that."""
MOST_BYTES = 8 * 1024 * 1024
"""Of a page on its topic."""
MOST_SECONDS = 600.0


def pages() -> list[FetchedPage]:
    """Every article's page, as the fetcher would bring it."""
    newsroom = Newsroom()
    return [
        fetched(article.url, newsroom.answer(article.host, article.url.removeprefix(f"http://{article.host}")).body)
        for article in newsroom.gold()
    ]


def fetched(url: str, content: bytes) -> FetchedPage:
    """A page with these bytes."""
    now = datetime.now(UTC)
    return FetchedPage(
        request=FetchRequest(url=url, reason="feed", requested_at=now),
        url=url,
        status=200,
        media_type="text/html",
        body=pack(content),
        body_sha256=hashlib.sha256(content).hexdigest(),
        fetched_at=now,
        stamp=Stamp(stage="fetcher", version="", started=now, took=0),
    )


def contests() -> list[tuple[str, Callable[[], int], str, Callable[[], int]]]:
    """Text, metadata and dates by us; the same by trafilatura."""
    found, now = pages(), datetime.now(UTC)

    def ours() -> int:
        return len([parse(page, Limits(), now) for page in found])

    def theirs() -> int:
        return len([trafilatura.bare_extraction(page.content(), with_metadata=True) for page in found])

    return [("parse", ours, "trafilatura", theirs)]


def as_heavy_as_real_ones(found: Sequence[FetchedPage]) -> list[FetchedPage]:
    """The pages with menus and lists of other news around them, until they weigh what news pages weigh."""
    heavy = []
    for number, page in enumerate(found):
        html = page.content()
        teasers = []
        for step in range(max(0, PAGE_BYTES - len(html)) // 245):
            other = found[(number + step) % len(found)].url
            teasers.append(
                f'<li class="list__item"><a class="list__link" href="{escape(other)}?from=list-{step}">'
                f'<span class="list__title">{step}. {escape(other.rsplit("/", 1)[-1].replace("-", " "))}</span></a>'
                f'<span class="list__date">{step % 24:02}:{step % 60:02}</span></li>'
            )
        aside = f'<aside class="sidebar"><ul class="list">{"".join(teasers)}</ul></aside></body>'
        heavy.append(fetched(page.url, html.replace(b"</body>", aside.encode("ascii", "xmlcharrefreplace"))))
    return heavy


@dataclass(frozen=True)
class Cost:
    """Seconds for a page."""

    cpu: float
    wall: float


def main(arguments: Sequence[str] | None = None) -> str:
    """The stage's time for a page beside the bare function's."""
    parser = argparse.ArgumentParser("python -m benchmarks.parsing", description=__doc__)
    parser.add_argument("--count", type=int, default=PAGES, help="of pages that count")
    parser.add_argument("--pages", type=Path, help="a folder of saved pages, instead of the newsroom's")
    options = parser.parse_args(arguments)
    if options.pages:
        files = sorted(options.pages.rglob("*.html"))[: options.count]
        found = [fetched(f"https://site-{i}.example/news/{i}-saved", f.read_bytes()) for i, f in enumerate(files)]
    else:
        found = as_heavy_as_real_ones(pages())
    with tempfile.TemporaryDirectory() as temporary:
        state = Path(temporary)
        with LocalKafka(state) as kafka:
            asyncio.run(applied(TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=PARTITIONS)))
            bare_before = bare(found)
            stage = asyncio.run(on_kafka(kafka.bootstrap, found, options.count, state / "parser.log"))
            bare_after = bare(found)
    alone = Cost((bare_before.cpu + bare_after.cpu) / 2, (bare_before.wall + bare_after.wall) / 2)
    size = sum(len(page.content()) for page in found) / len(found) / 1000
    return (
        f"parser on Kafka, pages of {size:.0f} kB, one worker: {1000 * stage.cpu:.2f} ms of processor time a page, "
        f"parse(): {1000 * alone.cpu:.2f} ms, ratio {stage.cpu / alone.cpu:.2f}; by the clock "
        f"{1000 * stage.wall:.2f} and {1000 * alone.wall:.2f} ms, ratio {stage.wall / alone.wall:.2f}"
    )


def bare(found: Sequence[FetchedPage]) -> Cost:
    """parse() on every page, in this process."""
    now, unpacked = datetime.now(UTC), [page.content() for page in found]
    for page, content in zip(found[:WARM_PAGES], unpacked, strict=False):
        parse(page, Limits(), now, content=content)
    cpu, wall = time.process_time(), time.perf_counter()
    for page, content in zip(found, unpacked, strict=True):
        parse(page, Limits(), now, content=content)
    return Cost((time.process_time() - cpu) / len(found), (time.perf_counter() - wall) / len(found))


async def on_kafka(bootstrap: str, found: Sequence[FetchedPage], count: int, log: Path) -> Cost:
    """A parser on the pages, time and again, until it has done `count` after those that warm it up."""
    total = WARM_PAGES + count
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await reader.start()
    ends = [TopicPartition(topic.name, 0) for topic in (PARSED_ARTICLES, REJECTIONS)]
    try:
        await offer(bootstrap, found, total)
        with running(bootstrap, log) as process:
            await _until(reader, ends, WARM_PAGES, process)
            done, cpu, wall = await _done(reader, ends), _cpu_of(process.pid), time.perf_counter()
            await _until(reader, ends, total, process)
            cpu, wall = _cpu_of(process.pid) - cpu, time.perf_counter() - wall
    finally:
        await reader.stop()
    return Cost(cpu / (total - done), wall / (total - done))


async def _done(reader: AIOKafkaConsumer, ends: list[TopicPartition]) -> int:
    return sum((await reader.end_offsets(ends)).values())


async def _until(reader: AIOKafkaConsumer, ends: list[TopicPartition], many: int, process: psutil.Popen) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while (done := await _done(reader, ends)) < many:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{done} of {many} pages were parsed")
        await asyncio.sleep(0.02)


def _cpu_of(pid: int) -> float:
    """Processor seconds of a process and its children."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


async def offer(bootstrap: str, found: Sequence[FetchedPage], many: int) -> None:
    """Put the pages on their topic, each time at another address."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_request_size=MOST_BYTES)
    await producer.start()
    try:
        for number in range(many):
            page = found[number % len(found)]
            url = f"{page.url}?turn={number}"
            request = page.request.model_copy(update={"url": url})
            value = page.model_copy(update={"url": url, "request": request}).encode()
            await producer.send(FETCHED_PAGES.name, value, key=b"page", partition=0)
    finally:
        await producer.stop()


@contextmanager
def running(bootstrap: str, log: Path) -> Iterator[psutil.Popen]:
    """A parser as a process, with one worker."""
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "HEALTH_HOST": "127.0.0.1",
        "HEALTH_PORT": "0",
        "PARSER_WORKERS": "1",
    }
    with log.open("wb") as errors:
        process = psutil.Popen(
            [sys.executable, "-m", "services.parser"], env=environ, stdout=subprocess.DEVNULL, stderr=errors
        )
    try:
        yield process
    except RuntimeError as error:
        raise RuntimeError(f"{error}:\n{log.read_text()[-4000:]}") from error
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
