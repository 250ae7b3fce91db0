"""`python -m benchmarks.frontier`: how long a fetcher takes to take over a frontier, and in how much room."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer

from services.console.local.kafka import LocalKafka
from services.console.local.ports import free_port
from services.contracts import headers as record_headers
from services.contracts.pages import FetchRequest, FrontierEntry, FrontierState, Hints
from services.contracts.topics import URL_FRONTIER
from services.fetcher.queue.frontier import partition_of
from services.runtime.topics import TopicSettings, applied

PARTITIONS = 8
HOSTS = 2000
BATCH_BYTES = 64 * 1024
PLACE = "HOST/PATH"
MOST_SECONDS = 600.0
QUIET_SECONDS = 40.0
"""The log is taken for cleaned once it has not shrunk for so long; the cleaner looks every 15 s."""
FETCHED: FrontierState = "fetched"
LAST_STATES: tuple[FrontierState, ...] = ("pending", *(FETCHED,) * 7, "rejected", "gone")
"""Of ten URLs, in which state each is left."""


@dataclass(frozen=True)
class Restore:
    """What a hand-over took."""

    seconds: float
    peak_bytes: int
    rest_bytes: int
    slowest_probe: float


def main(arguments: list[str] | None = None) -> str:
    """Fill a frontier, let the log cleaner work, take it over; one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--uncleaned", action="store_true", help="do not wait for the log cleaner")
    parser.add_argument("--state", type=Path, help="a folder to keep the filled broker in, and to find it again")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        state = options.state or Path(temporary)
        filled = state / "filled"
        with LocalKafka(state) as kafka:
            written = 0
            if not filled.exists():
                asyncio.run(applied(TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=8)))
                written = asyncio.run(fill(kafka.bootstrap, options.urls, options.updates))
                filled.touch()
            if not options.uncleaned:
                wait_for_the_cleaner(kafka.data)
            on_disk = size_of(kafka.data)
            restore = take_over(kafka.bootstrap, state / "fetcher.log")
    per_record = f"{written / (options.urls * options.updates):.0f} bytes a record, " if written else ""
    return (
        f"frontier of {options.urls:,} URLs after {options.updates} updates each: {per_record}"
        f"{on_disk / options.urls:.0f} bytes a URL in the log; taken over in {restore.seconds:.1f} s, "
        f"{restore.rest_bytes / options.urls:.0f} bytes of memory a URL, {restore.rest_bytes / 1e6:.0f} MB "
        f"(peak {restore.peak_bytes / 1e6:.0f} MB), slowest answer of /healthz {restore.slowest_probe * 1000:.0f} ms"
    )


def templates(updates: int, state: FrontierState, now: datetime) -> list[bytes]:
    """The records of a URL's life, encoded by the product, with PLACE where host and path go."""
    url = f"https://{PLACE}"
    request = FetchRequest(
        url=url, source="a-source", reason="feed", requested_at=now,
        hints=Hints(title="A headline of usual length for a page of news", published=now.isoformat()),
    )  # fmt: skip
    # Nothing is due while this runs: a hand-over is measured, no crawl.
    waiting = FrontierEntry(
        kind="url", host="HOST", url=url, source="a-source", due_at=now + timedelta(hours=6), request=request,
        first_seen=now, last_seen=now, writer="0123456789ab", written_at=now,
    )  # fmt: skip
    ended = waiting.model_copy(
        update={"state": state, "request": None, "fetched_at": now, "due_at": None, "detail": "status 404"}
    )
    if state == "fetched":
        more = {"etag": '"5f1c-62a8b3d1c4f00"', "last_modified": "Sun, 22 Nov 2026 15:00:00 GMT"}
        recrawl = {"due_at": now + timedelta(days=6), "detail": None, "body_sha256": "9c" * 32, "recrawls": 1}
        ended = ended.model_copy(update={**more, **recrawl})
    last = waiting if state == "pending" else ended
    return [waiting.encode()] * (updates // 2) + [last.encode()] * (updates - updates // 2)


def records(urls: int, update: int, of: dict[FrontierState, list[bytes]]) -> Iterator[tuple[int, bytes, bytes]]:
    """Partition, key and value of each URL's record at that update."""
    hosts = [f"www.news-{number}.example" for number in range(HOSTS)]
    placed = [partition_of(host, PARTITIONS) for host in hosts]
    for number in range(urls):
        host = hosts[number % HOSTS]
        path = f"2026/11/{number % 30 + 1:02}/a-headline-of-usual-length-for-a-page-of-news-{number}"
        value = of[LAST_STATES[number % 10]][update]
        value = value.replace(PLACE.encode(), f"{host}/{path}".encode()).replace(b'"HOST"', f'"{host}"'.encode())
        yield placed[number % HOSTS], f"url:https://{host}/{path}".encode(), value


async def fill(bootstrap: str, urls: int, updates: int) -> int:
    """Write every URL's records, update by update, as the fetcher writes them; how many bytes that is."""
    now = datetime.now(UTC)
    of = {state: templates(updates, state, now) for state in LAST_STATES}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks=1, max_batch_size=BATCH_BYTES)
    await producer.start()
    written, stamp = 0, int(now.timestamp() * 1000)
    trace = record_headers.child_of(None)
    try:
        for update in range(updates):
            batches = [producer.create_batch() for _ in range(PARTITIONS)]
            for partition, key, value in records(urls, update, of):
                headers = record_headers.cloud_event(
                    id_=f"0123456789ab:{key.decode()}:{now.isoformat()}", source="xabar/fetcher",
                    type_="xabar.url-frontier", time=now, traceparent=trace,
                )  # fmt: skip
                written += len(key) + len(value) + sum(len(name) + len(text) for name, text in headers)
                while not batches[partition].append(key=key, value=value, timestamp=stamp, headers=list(headers)):
                    await producer.send_batch(batches[partition], URL_FRONTIER.name, partition=partition)
                    batches[partition] = producer.create_batch()
            sent = [await producer.send_batch(batch, URL_FRONTIER.name, partition=p) for p, batch in enumerate(batches)]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return written


def size_of(data: Path) -> int:
    """Bytes of the frontier's segments on disk."""
    return sum(log.stat().st_size for log in data.glob(f"{URL_FRONTIER.name}-*/*.log"))


def wait_for_the_cleaner(data: Path) -> None:
    """Until the log shrinks no more."""
    least, since = size_of(data), time.monotonic()
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() - since < QUIET_SECONDS and time.monotonic() < deadline:
        time.sleep(1)
        if (size := size_of(data)) < least:
            least, since = size, time.monotonic()


def take_over(bootstrap: str, log: Path) -> Restore:
    """Start a fetcher on the frontier, and wait until it has all of it. Raises RuntimeError when it does not."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "HEALTH_HOST": "127.0.0.1",
        "HEALTH_PORT": str(port),
        "FETCHER_CONTACT": "https://operator.example/",
    }
    started = time.monotonic()
    slowest = 0.0
    with log.open("wb") as errors:
        process = subprocess.Popen([sys.executable, "-m", "services.fetcher"], env=environ, stderr=errors)
    try:
        while (restored := restored_in(log)) < PARTITIONS:
            if process.poll() is not None or time.monotonic() - started > MOST_SECONDS:
                raise RuntimeError(f"{restored} of {PARTITIONS} partitions; see {log}")
            slowest = max(slowest, probe(port))
            time.sleep(0.2)
        seconds = time.monotonic() - started
        return Restore(seconds, memory(process.pid, "VmHWM"), memory(process.pid, "VmRSS"), slowest)
    finally:
        process.terminate()
        process.wait(60)


def restored_in(log: Path) -> int:
    """How many partitions the log says are restored."""
    lines = [line for line in log.read_bytes().splitlines() if b"frontier restored" in line]
    return len({json.loads(line)["partition"] for line in lines})


def probe(port: int) -> float:
    """Seconds that /healthz took; 0 while nobody listens yet."""
    started = time.monotonic()
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).read()
    except urllib.error.HTTPError:
        pass
    except OSError:
        return 0.0
    return time.monotonic() - started


def memory(pid: int, name: str) -> int:
    """A figure of the process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {name} of process {pid}")


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
