"""`python -m benchmarks.fetching`: pages per second of one fetcher, beside a bare httpx loop and beside Scrapy."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.console.local.kafka import LocalKafka
from services.contracts.pages import FetchRequest
from services.contracts.topics import FETCH_REQUESTS, FETCHED_PAGES
from services.fetcher.queue.frontier import partition_of
from services.runtime.topics import TopicSettings, applied

PARTITIONS = 8
AT_ONCE = 32
HOSTS = 64
PAGES = 3000
ROUNDS = 3
WARM_SHARE = 0.1
"""The first pages don't count: connections are opened, robots.txt is asked for, code is warmed up."""
MOST_SECONDS = 300.0
SCRAPY = "scrapy==2.19.0"
SPIDER = """
import json, sys, time
import scrapy
from scrapy.crawler import CrawlerProcess

class Pages(scrapy.Spider):
    name = "pages"
    times = []

    async def start(self):
        for number in range(int(sys.argv[2])):
            yield scrapy.Request(f"http://127.0.0.1:{sys.argv[1]}/{number}")

    def parse(self, response):
        self.times.append(time.monotonic())
        yield {"url": response.url, "status": response.status, "body": response.text}

process = CrawlerProcess({
    "CONCURRENT_REQUESTS": int(sys.argv[3]), "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[3]), "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": True, "LOG_LEVEL": "WARNING", "FEEDS": {sys.argv[4]: {"format": "jsonlines"}},
})
process.crawl(Pages)
process.start()
print(json.dumps(Pages.times))
"""


def main(arguments: list[str] | None = None) -> str:
    """Each side in turn, some rounds; the median rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--no-scrapy", action="store_true")
    options = parser.parse_args(arguments)
    rates: dict[str, list[float]] = {"fetcher": [], "httpx": [], "scrapy": []}
    with tempfile.TemporaryDirectory() as temporary:
        state = Path(temporary)
        scrapy = None if options.no_scrapy else scrapy_python()
        with site() as port, LocalKafka(state) as kafka:
            settings = TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=PARTITIONS)
            asyncio.run(applied(settings))
            for round_ in range(options.rounds):
                rates["fetcher"].append(asyncio.run(fetcher(kafka.bootstrap, port, options.pages, round_, state)))
                rates["httpx"].append(asyncio.run(bare(port, options.pages)))
                if scrapy is not None:
                    rates["scrapy"].append(crawl_with(scrapy, port, options.pages, state))
    return report(rates)


def report(rates: dict[str, list[float]]) -> str:
    """One line of figures."""
    ours = rates["fetcher"]
    parts = [f"fetching: {statistics.median(ours):,.0f} pages/s"]
    for peer in ("httpx", "scrapy"):
        if not rates[peer]:
            parts.append(f"{peer}: not measured")
            continue
        ratios = [a / b for a, b in zip(ours, rates[peer], strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        parts.append(
            f"{peer}: {statistics.median(rates[peer]):,.0f}/s, ratio {statistics.median(ratios):.2f} ({spread})"
        )
    return ", ".join(parts)


@contextmanager
def site() -> Iterator[int]:
    """The site in a process of its own; its port."""
    with subprocess.Popen([sys.executable, "-m", "benchmarks.fast_site"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def steady_rate(times: list[float]) -> float:
    """Pages per second after the warm-up, of the times at which pages were done."""
    times = sorted(times)
    first = int(len(times) * WARM_SHARE)
    return (len(times) - 1 - first) / (times[-1] - times[first])


async def bare(port: int, pages: int) -> float:
    """A loop that asks and reads, and does nothing else; as many at once."""
    times: list[float] = []
    numbers = iter(range(pages))
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

        async def ask() -> None:
            for number in numbers:
                answer = await client.get(f"http://127.0.0.1:{port}/{number}")
                assert answer.status_code == 200
                times.append(time.monotonic())

        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return steady_rate(times)


async def fetcher(bootstrap: str, port: int, pages: int, round_: int, state: Path) -> float:
    """A whole fetcher: from requests on a topic to pages on a topic, with everything it remembers of them."""
    hosts = [f"site-{number}.round-{round_}.example" for number in range(HOSTS)]
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await reader.start()
    tps = [TopicPartition(FETCHED_PAGES.name, p) for p in range(PARTITIONS)]
    before = sum((await reader.end_offsets(tps)).values())
    await ask_for(bootstrap, hosts, pages)
    with running(bootstrap, port, hosts, state / f"fetcher-{round_}.log") as process:
        times: list[float] = []
        deadline = time.monotonic() + MOST_SECONDS
        while len(times) < pages:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{len(times)} of {pages} pages were fetched")
            await asyncio.sleep(0.05)
            done = sum((await reader.end_offsets(tps)).values()) - before
            times += [time.monotonic()] * (done - len(times))
    await reader.stop()
    return steady_rate(times)


@contextmanager
def running(bootstrap: str, port: int, hosts: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A fetcher as a process, with all these hosts at that port."""
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "HEALTH_HOST": "127.0.0.1",
        "HEALTH_PORT": "0",
        "FETCHER_RESOLVE": ",".join(f"{host}=127.0.0.1:{port}" for host in hosts),
        "FETCHER_DELAY_SECONDS": "0",
        "FETCHER_PAGES_PER_DAY": "1000000000",
        "FETCHER_HOSTS_AT_ONCE": str(AT_ONCE),
        "FETCHER_CONTACT": "https://operator.example/",
    }
    with log.open("wb") as errors:
        process = subprocess.Popen([sys.executable, "-m", "services.fetcher"], env=environ, stderr=errors)
    try:
        yield process
    except RuntimeError as error:
        raise RuntimeError(f"{error}:\n{log.read_text()[-4000:]}") from error
    finally:
        process.terminate()
        process.wait(60)


async def ask_for(bootstrap: str, hosts: list[str], pages: int) -> None:
    """Put the requests on their topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20)
    await producer.start()
    try:
        for number in range(pages):
            host = hosts[number % len(hosts)]
            request = FetchRequest(url=f"http://{host}/{number}", reason="submitted", requested_at=datetime.now(UTC))
            partition = partition_of(host, PARTITIONS)
            await producer.send(FETCH_REQUESTS.name, request.encode(), key=host.encode(), partition=partition)
    finally:
        await producer.stop()


def scrapy_python() -> Path | None:
    """A Python that has Scrapy, in a cache folder; None, with a word, where it can't be installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xabar" / SCRAPY
    python = cache / "bin" / "python"
    if (cache / "ready").exists():
        return python
    steps = ([sys.executable, "-m", "venv", "--clear", str(cache)], [str(python), "-m", "pip", "install", SCRAPY])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(f"Scrapy can't be installed, and is left out: {done.stderr.strip()[-300:]}\n")
            return None
    (cache / "ready").touch()
    return python


def crawl_with(python: Path, port: int, pages: int, state: Path) -> float:
    """Scrapy, as many at once, each page into a file of JSON lines."""
    spider, out = state / "spider.py", state / "pages.jsonl"
    spider.write_text(SPIDER)
    out.unlink(missing_ok=True)
    command = [str(python), str(spider), str(port), str(pages), str(AT_ONCE), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    times: list[float] = json.loads(done.stdout)
    if len(times) != pages:
        raise RuntimeError(f"Scrapy got {len(times)} of {pages} pages: {done.stderr[-2000:]}")
    return steady_rate(times)


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
