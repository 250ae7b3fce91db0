"""One scenario's own topics, group and workers on a real broker, and the means to see what became of its records."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord
from hosts.behaviours import Done, Task, source

from services.contracts.outcomes import StageControl
from services.contracts.topics import REJECTIONS, STAGE_CONTROLS, dead_letters
from services.runtime.stage import utc_now

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0
TRACEPARENT = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
QUICK = {
    "HEALTH_HOST": "127.0.0.1",
    "HEALTH_PORT": "0",
    "KAFKA_GROUP_PREFIX": "suite-",
    "KAFKA_SESSION_TIMEOUT_SECONDS": "3",
    "KAFKA_REBALANCE_TIMEOUT_SECONDS": "4",
    "KAFKA_REQUEST_TIMEOUT_SECONDS": "10",
    "COMMIT_SECONDS": "0.2",
    "RETRY_FIRST_SECONDS": "0.05",
    "RETRY_MOST_SECONDS": "0.2",
    "HOLD_AFTER_ATTEMPTS": "3",
    "DEAD_LETTER_MOST_SHARE": "1",
}


async def until(
    reached: Callable[[], Awaitable[object]], what: str, seconds: float = PATIENCE_SECONDS, every: float = 0.1
) -> None:
    """Wait for something to come about."""
    deadline = time.monotonic() + seconds
    while not await reached():
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds:g} s"
        await asyncio.sleep(every)


class Worker:
    """A worker process and what it says."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hosts.worker"], cwd=ROOT, env=dict(environ), stdout=output, stderr=output
            )

    def lines(self, event: str) -> list[dict[str, object]]:
        """Its log lines of one event."""
        found = []
        for line in self.log.read_text().splitlines():
            if line.startswith("{") and line.endswith("}"):
                parsed = json.loads(line)
                if parsed.get("event") == event:
                    found.append(parsed)
        return found

    async def started(self) -> None:
        """Wait until it is in its group."""

        async def joined() -> bool:
            assert self.process.poll() is None, f"the worker ended: {self.log.read_text()[-3000:]}"
            return bool(self.lines("started"))

        await until(joined, "a started worker")

    def get(self, path: str, timeout: float = 5) -> tuple[int, str]:
        """What its health server answers."""
        [line] = self.lines("started")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{line['health_port']}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, start: str) -> float:
        """The sum of the samples whose name and labels begin so."""
        _, text = self.get("/metrics")
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(start))

    async def ended(self, seconds: float = 40) -> int:
        """The code it ends with."""

        async def gone() -> bool:
            return self.process.poll() is not None

        await until(gone, "the worker's end", seconds)
        return self.process.returncode

    async def stop(self) -> int:
        """Ask it to end; the code it ends with."""
        self.process.terminate()
        return await self.ended()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


class Tail:
    """A topic read from its beginning, again and again."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        self._records: list[ConsumerRecord] = []

    async def start(self, partitions: int) -> None:
        """Begin at the beginning."""
        await self._consumer.start()
        self._tps = [TopicPartition(self._topic, p) for p in range(partitions)]
        self._consumer.assign(self._tps)
        await self._consumer.seek_to_beginning(*self._tps)

    async def read(self) -> list[ConsumerRecord]:
        """All records up to now."""
        ends = await self._consumer.end_offsets(self._tps)
        while any([await self._consumer.position(tp) < ends[tp] for tp in self._tps]):
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                self._records += records
        return self._records

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()


class Bench:
    """The stage `name` of one scenario."""

    def __init__(self, bootstrap: str, host: str, folder: Path, name: str | None = None) -> None:
        self.bootstrap = bootstrap
        self.host = host
        self.folder = folder
        self.name = name or f"s{secrets.token_hex(4)}"
        self.partitions = 0
        self.sent: dict[int, int] = {}
        self.replayed: dict[int, int] = {}
        self.workers: list[Worker] = []
        self._tails: dict[str, Tail] = {}

    async def __aenter__(self) -> Self:
        self.admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await self.admin.start()
        self.producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, max_request_size=2**21, linger_ms=5)
        await self.producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        for tail in self._tails.values():
            await tail.stop()
        await self.producer.stop()
        await self.admin.close()

    @property
    def group(self) -> str:
        """The stage's consumer group."""
        return f"{QUICK['KAFKA_GROUP_PREFIX']}{self.name}"

    async def create(self, partitions: int = 1, letter_bytes: int | None = None, without: str = "") -> None:
        """The stage's topics."""
        self.partitions = partitions
        letters = dead_letters(self.name, source(self.name))
        limits = {
            f"{self.name}-in": (partitions, source(self.name).max_message_bytes),
            f"{self.name}-replays": (partitions, letters.max_message_bytes),
            f"{self.name}-out": (1, source(self.name).max_message_bytes),
            letters.name: (1, letter_bytes or letters.max_message_bytes),
        }
        await self.admin.create_topics(
            [
                NewTopic(name, count, 1, topic_configs={"max.message.bytes": str(size)})
                for name, (count, size) in limits.items()
                if not without or not name.endswith(without)
            ]
        )

    async def tail(self, topic: str, partitions: int) -> Tail:
        """A reader of a topic."""
        if topic not in self._tails:
            self._tails[topic] = Tail(self.bootstrap, topic)
            await self._tails[topic].start(partitions)
        return self._tails[topic]

    async def send(self, partition: int, values: Iterable[Task | bytes], key: bytes = b"k", to: str = "in") -> None:
        """Put records into the stage's source, or its replays, all at once."""
        ends = self.sent if to == "in" else self.replayed
        futures = []
        for value in values:
            data = value if isinstance(value, bytes) else value.encode()
            headers = [("traceparent", TRACEPARENT.encode())]
            futures.append(
                await self.producer.send(f"{self.name}-{to}", data, key=key, partition=partition, headers=headers)
            )
        for future in futures:
            ends[partition] = (await future).offset + 1

    async def resume(self) -> None:
        """What the console does to let a paused stage go on."""
        control = StageControl(stage=self.name, changed_at=utc_now(), resumed_at=utc_now())
        await self.producer.send_and_wait(STAGE_CONTROLS.name, control.encode(), key=self.name.encode())

    def worker(self, **environ: str) -> Worker:
        """Start a worker on the stage."""
        inherited = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "TMPDIR", "LANG"}}
        own = {
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "integration"))),
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "SUITE_HOST": self.host,
            "SUITE_STAGE": self.name,
        }
        log = self.folder / f"{self.name}-{self.host}-{len(self.workers)}.log"
        worker = Worker({**inherited, **QUICK, **own, **environ}, log)
        self.workers.append(worker)
        return worker

    async def outputs(self) -> list[int]:
        """The ids of the results, in order of arrival, repeats too."""
        return [Done.decode(r.value).id for r in await self.output_records()]

    async def output_records(self) -> list[ConsumerRecord]:
        """The results as records."""
        return await (await self.tail(f"{self.name}-out", 1)).read()

    async def letters(self) -> list[ConsumerRecord]:
        """The dead letters."""
        return await (await self.tail(f"{self.name}-dlq", 1)).read()

    async def rejections(self) -> list[dict[str, object]]:
        """This stage's records on the topic that all stages share."""
        [count] = [len(t["partitions"]) for t in await self.admin.describe_topics([REJECTIONS.name])]
        records = await (await self.tail(REJECTIONS.name, count)).read()
        found = [json.loads(r.value) for r in records]
        return [f for f in found if f["stage"] == self.name]

    async def committed(self, of: str = "in") -> dict[int, int]:
        """The group's offset of each partition of the source, or of the replays; 0 where there is none."""
        offsets = await self.admin.list_consumer_group_offsets(self.group)
        topic = f"{self.name}-{of}"
        found = {p: offsets.get(TopicPartition(topic, p)) for p in range(self.partitions)}
        return {p: max(0, offset.offset) if offset else 0 for p, offset in found.items()}

    async def members(self) -> int:
        """How many workers the broker knows in the group."""
        [answer] = await self.admin.describe_consumer_groups([self.group])
        [group] = answer.groups
        return len(group[5])

    async def all_committed(self) -> bool:
        """Whether everything sent was committed."""
        committed, replays = await self.committed(), await self.committed("replays")
        return all(
            offsets[p] >= end
            for offsets, ends in ((committed, self.sent), (replays, self.replayed))
            for p, end in ends.items()
        )


def headers_of(record: ConsumerRecord) -> dict[str, str]:
    """A record's headers as text."""
    return {name: value.decode() for name, value in record.headers}
