"""Everything that speaks to Kafka signs in over TLS, and says what is wrong when a broker turns it away."""

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hosts.behaviours import Task
from hosts.bench import ROOT, Bench, until

from services.console.broker import connected, newest, offsets
from services.console.local.errors import LocalRunError
from services.console.local.kafka import LocalKafka
from services.console.local.ports import HOST, free_port
from services.contracts.outcomes import StageControl
from services.contracts.topics import STAGE_CONTROLS, TOPICS
from services.runtime.health import Health
from services.runtime.link import Link
from services.runtime.settings import RuntimeSettings, read
from services.runtime.stage import utc_now

CERTIFICATES = Path(__file__).with_name("certificates")
USER = "newsroom"
WRONG = "a-password-that-is-wrong"
REFUSES_THE_PASSWORD = "refuses the name newsroom with this password: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD"
DOES_NOT_TRUST = "Check KAFKA_SSL_CA_FILE (not set: the system's authorities)."
pytestmark = pytest.mark.timeout(90)


@dataclass(frozen=True)
class Secured:
    """A broker with one listener that asks for a password and one that asks for a certificate, both over TLS."""

    kafka: LocalKafka
    ports: Mapping[str, int]
    password: str
    folder: Path

    def by_password(self, mechanism: str, password: str | None = None) -> dict[str, str]:
        """What an operator sets; the password comes from a file, with the line end that editors leave."""
        file = self.folder / f"password-{secrets.token_hex(4)}"
        file.write_text(f"{password or self.password}\n")
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.ports['PASSWORD']}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": USER,
            "KAFKA_SASL_PASSWORD_FILE": str(file),
            "KAFKA_SSL_CA_FILE": str(CERTIFICATES / "authority.pem"),
        }

    def by_certificate(self) -> dict[str, str]:
        """The same for mutual TLS."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.ports['CERTIFICATE']}",
            "KAFKA_SECURITY_PROTOCOL": "SSL",
            "KAFKA_SSL_CA_FILE": str(CERTIFICATES / "authority.pem"),
            "KAFKA_SSL_CERT_FILE": str(CERTIFICATES / "broker.pem"),
            "KAFKA_SSL_KEY_FILE": str(CERTIFICATES / "broker.pem"),
        }


def without(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in names}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder, password = tmp_path_factory.mktemp("secured"), secrets.token_urlsafe(24)
    ports = {"PASSWORD": free_port(), "CERTIFICATE": free_port()}
    listeners = ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())
    login = "org.apache.kafka.common.security"
    kafka = LocalKafka(
        folder / "kafka",
        group_min_session_timeout_ms=1000,
        beside={
            "listeners": listeners,
            "advertised.listeners": listeners,
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_SSL,CERTIFICATE:SSL"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(CERTIFICATES / "broker.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(CERTIFICATES / "authority.pem"),
            "listener.name.certificate.ssl.client.auth": "required",
            "listener.name.password.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.password.plain.sasl.jaas.config": (
                f'{login}.plain.PlainLoginModule required user_{USER}="{password}";'
            ),
            "listener.name.password.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
        },
        format_options=("--add-scram", f"SCRAM-SHA-512=[name={USER},password={password}]"),
    )
    kafka.start()
    yield Secured(kafka, ports, password, folder)
    kafka.stop()


def apply_topics(environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the topics job."""
    command = [sys.executable, "-m", "services.runtime.topics", "apply"]
    inherited = {"PATH": os.environ["PATH"], "TOPICS_PARTITIONS": "1"}
    return subprocess.run(command, cwd=ROOT, env={**inherited, **environ}, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def topics(secured: Secured) -> subprocess.CompletedProcess[str]:
    """What the topics job says when it is let in."""
    return apply_topics(secured.by_password("SCRAM-SHA-512"))


@pytest.fixture(params=["kafka", "faust"])
async def bench(
    secured: Secured, topics: subprocess.CompletedProcess[str], request: pytest.FixtureRequest
) -> AsyncIterator[Bench]:
    """A stage under either host; the test itself looks in by the broker's open listener."""
    async with Bench(secured.kafka.bootstrap, request.param, secured.folder) as bench:
        yield bench


def test_the_topics_job_signs_in(secured: Secured, topics: subprocess.CompletedProcess[str]) -> None:
    assert topics.returncode == 0, topics.stderr
    assert f"{len(TOPICS)} topics, {len(TOPICS)} changes" in topics.stdout
    assert secured.password not in topics.stdout + topics.stderr


async def test_workers_move_records_whichever_way_they_sign_in(secured: Secured, bench: Bench) -> None:
    await bench.create(partitions=3)
    ways = [secured.by_password("PLAIN"), secured.by_password("SCRAM-SHA-512"), secured.by_certificate()]
    workers = [bench.worker(LOG_LEVEL="debug", **way) for way in ways]
    for worker in workers:
        await worker.started()

    async def each_has_its_partition() -> bool:
        assigned = [worker.lines("assigned")[-1]["partitions"] for worker in workers]
        sources = [[p for p in parts if f"{bench.name}-in" in p] for parts in assigned if isinstance(parts, list)]
        return [len(of_one) for of_one in sources] == [1, 1, 1]

    await until(each_has_its_partition, "a partition for each worker")
    for partition in range(3):
        await bench.send(partition, [Task(id=i + 10 * partition) for i in range(3)])
    await until(bench.all_committed, "the end of all records")
    assert set(await bench.outputs()) == {0, 1, 2, 10, 11, 12, 20, 21, 22}
    assert [worker.metric('xabar_records_total{outcome="done"') for worker in workers] == [3, 3, 3]
    assert [worker.get("/readyz")[0] for worker in workers] == [200, 200, 200]
    assert await asyncio.gather(*(worker.stop() for worker in workers)) == [0, 0, 0]
    assert secured.password not in "".join(worker.log.read_text() for worker in workers)


async def test_a_worker_that_is_turned_away_ends_with_a_sentence_and_no_password(secured: Secured) -> None:
    async with Bench(secured.kafka.bootstrap, "either", secured.folder) as bench:
        for host, environ in (
            ("kafka", secured.by_password("PLAIN", WRONG)),
            ("faust", secured.by_password("SCRAM-SHA-512", WRONG)),
            ("faust", without(secured.by_password("PLAIN"), "KAFKA_SSL_CA_FILE")),
            ("kafka", without(secured.by_certificate(), "KAFKA_SSL_CERT_FILE", "KAFKA_SSL_KEY_FILE")),
        ):
            bench.worker(LOG_LEVEL="debug", SUITE_HOST=host, **environ)
        assert await asyncio.gather(*(worker.ended() for worker in bench.workers)) == [78, 78, 78, 78]
    whys = [str(line["why"]) for worker in bench.workers for line in worker.lines("can't run")]
    wanted = [REFUSES_THE_PASSWORD, REFUSES_THE_PASSWORD, DOES_NOT_TRUST, "KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE"]
    for why, sentence in zip(whys, wanted, strict=True):
        assert sentence in why
    said = "".join(worker.log.read_text() for worker in bench.workers)
    assert WRONG not in said
    assert secured.password not in said


def test_a_topics_job_that_is_turned_away_ends_at_once_with_a_sentence_and_no_password(secured: Secured) -> None:
    refused = apply_topics(secured.by_password("PLAIN", WRONG))
    assert refused.returncode == 78
    assert REFUSES_THE_PASSWORD in refused.stderr
    assert "Traceback" not in refused.stderr
    assert WRONG not in refused.stdout + refused.stderr


async def test_a_link_whose_password_is_refused_later_is_not_ready_and_says_why(secured: Secured) -> None:
    health = Health("nobody", stall_seconds=60)
    link = Link("nobody", read(RuntimeSettings, secured.by_password("SCRAM-SHA-512", WRONG)), health)
    watching = asyncio.create_task(link.watch())

    async def says_why() -> bool:
        return REFUSES_THE_PASSWORD in health.obstacles().get("broker", "")

    await until(says_why, "an obstacle that names the password")
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


async def test_the_console_writes_and_reads_by_password(
    secured: Secured, topics: subprocess.CompletedProcess[str]
) -> None:
    settings = read(RuntimeSettings, secured.by_password("PLAIN"))
    async with connected(settings, [STAGE_CONTROLS]) as link:
        await link.send(STAGE_CONTROLS, StageControl(stage="nobody", changed_at=utc_now()))
        assert [control.stage for control in (await newest(link, STAGE_CONTROLS)).values()] == ["nobody"]


async def test_the_console_says_why_it_is_turned_away(secured: Secured) -> None:
    with pytest.raises(LocalRunError, match="takes no KAFKA_SASL_MECHANISM=SCRAM-SHA-256"):
        async with connected(read(RuntimeSettings, secured.by_password("SCRAM-SHA-256")), [STAGE_CONTROLS]):
            pass
    with pytest.raises(LocalRunError, match=REFUSES_THE_PASSWORD):
        await offsets(read(RuntimeSettings, secured.by_password("PLAIN", WRONG)), [STAGE_CONTROLS.name])
