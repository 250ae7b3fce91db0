"""The local run's servers are real, keep their data over a crash, and say clearly why they can't start."""

import asyncio
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.console.local import kafka_jars
from services.console.local.errors import LocalRunError
from services.console.local.kafka import LocalKafka, answers
from services.console.local.ports import HOST, free_port
from services.console.local.postgres import LocalPostgres
from services.console.local.processes import ServiceProcess

TOPIC = "kept-over-a-crash"


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    broker = LocalKafka(tmp_path_factory.mktemp("own-kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    server = LocalPostgres(tmp_path_factory.mktemp("own-postgres"))
    server.start()
    yield server
    server.purge()


async def send(bootstrap: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=2 * len(value)) as producer:
        await producer.send_and_wait(TOPIC, value)


async def first_value(bootstrap: str) -> bytes | None:
    async with AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        record = await asyncio.wait_for(consumer.getone(), 20)
        return record.value


async def test_a_message_of_several_megabytes_survives_the_crash_of_the_broker(own_kafka):
    message = b"x" * 5_000_000
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1, topic_configs={"max.message.bytes": "8388608"})])
    await admin.close()
    await send(own_kafka.bootstrap, message)
    address = own_kafka.bootstrap

    own_kafka.kill()
    assert not answers(own_kafka.port)
    own_kafka.start()

    assert own_kafka.bootstrap == address
    assert await first_value(address) == message


def test_a_broker_left_by_a_killed_run_is_ended_and_its_port_kept(own_kafka):
    left = own_kafka.pid
    own_kafka.process = None  # as after a SIGKILL of the run: nobody holds the broker any more
    own_kafka.start()
    assert own_kafka.pid != left
    assert answers(own_kafka.port)
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("server", [LocalKafka, LocalPostgres])
def test_a_busy_port_is_named_with_what_to_do(server, tmp_path):
    with socket.socket() as other:
        port = free_port()
        other.bind((HOST, port))
        other.listen()
        local = server(tmp_path, port)
        with pytest.raises(LocalRunError, match=f"port {port} of {HOST} is in use by another program; end that"):
            local.start()
    if isinstance(local, LocalPostgres):
        local.purge()


def test_kafka_does_not_start_from_a_tampered_jar(tmp_path, own_kafka):
    jar = kafka_jars.read_lock()[0]
    cache = tmp_path / "cache"
    tampered = cache / "jars" / jar.path
    shutil.copytree(kafka_jars.writable_cache(tmp_path, own_kafka.environ) / "jars", cache / "jars")
    tampered.write_bytes(tampered.read_bytes() + b"\0")
    broker = LocalKafka(tmp_path / "state", environ={"XABAR_CACHE": str(cache)})
    with pytest.raises(LocalRunError, match=f"{jar.coordinate} is not the one Xabar was tested with"):
        broker.start()
    assert broker.pid is None


def test_a_damaged_data_folder_is_told_with_the_end_of_the_log(tmp_path):
    broker = LocalKafka(tmp_path)
    broker.data.mkdir(parents=True)
    (broker.data / "meta.properties").write_text("version=1\ncluster.id=nonsense\nnode.id=99\n")
    with pytest.raises(LocalRunError, match=r"Kafka ended while it started .*delete .*kafka \(.*(?s:.*)node.?id"):
        broker.start()


def test_postgres_sees_the_letters_of_cyrillic_words(own_postgres):
    with psycopg.connect(own_postgres.dsn()) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        [trigrams] = connection.execute("SELECT show_trgm('Тошкент')").fetchone()
        [locale] = connection.execute("SELECT datctype FROM pg_database WHERE datname = current_database()").fetchone()
    assert len(trigrams) == 8
    assert locale == "C.UTF-8"


def test_what_postgres_committed_survives_its_crash(own_postgres):
    with psycopg.connect(own_postgres.dsn()) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('oʻzbek')")
    with psycopg.connect(own_postgres.dsn(), autocommit=True) as open_client:
        open_client.execute("SELECT 1")
        own_postgres.kill()
    own_postgres.start()
    with psycopg.connect(own_postgres.dsn()) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("oʻzbek",)]
    assert "not properly shut down" in own_postgres.log_file.read_text()


def test_a_postgres_left_by_a_killed_run_is_ended(own_postgres):
    left = own_postgres.pid
    own_postgres.process = None
    own_postgres.start()
    assert own_postgres.pid != left
    with psycopg.connect(own_postgres.dsn()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_of_a_run_that_is_alive_is_left_alone(tmp_path):
    (tmp_path / "other_run.py").write_text(
        "import pathlib, time\n"
        "from services.console.local.postgres import LocalPostgres\n"
        "here = pathlib.Path(__file__).parent\n"
        "with LocalPostgres(here / 'state'):\n"
        "    (here / 'started').touch()\n"
        "    while not (here / 'enough').exists():\n"
        "        time.sleep(0.02)\n"
    )
    root = Path(__file__).parents[2]
    other = ServiceProcess("other run", "other_run", {"PYTHONPATH": f"{tmp_path}:{root}"}, tmp_path / "run.log")
    other.start()
    mine = LocalPostgres(tmp_path / "state")
    try:
        wait_until((tmp_path / "started").exists)
        with pytest.raises(LocalRunError, match=f"a local run that is going on .process {other.pid}.; end that run"):
            mine.start()
    finally:
        (tmp_path / "enough").touch()
        assert other.wait(20) == 0
        mine.purge()


def test_the_password_is_for_its_owner_only_and_needed(own_postgres):
    assert own_postgres.password_file.stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://xabar:guess@{HOST}:{own_postgres.port}/xabar")


def test_a_fresh_database_is_empty(fresh_database):
    with psycopg.connect(fresh_database) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_a_service_that_ends_by_itself_is_told_with_the_end_of_its_log(tmp_path):
    (tmp_path / "broken_service.py").write_text("raise SystemExit('PARSER_PORT: got x, wants a number')")
    service = ServiceProcess("parser", "broken_service", {"PYTHONPATH": str(tmp_path)}, tmp_path / "parser.log")
    service.start()
    assert service.wait(10) == 1
    with pytest.raises(LocalRunError, match=r"The parser ended with code 1;(?s:.*)PARSER_PORT: got x"):
        service.require_running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_services_end_when_the_local_run_is_killed(tmp_path):
    (tmp_path / "idle_service.py").write_text("import time\ntime.sleep(60)\n")
    (tmp_path / "local_run.py").write_text(
        "import os, pathlib, time\n"
        "from services.console.local.processes import ServiceProcess\n"
        "here = pathlib.Path(__file__).parent\n"
        "service = ServiceProcess('idle', 'idle_service', dict(os.environ), here / 'idle.log')\n"
        "service.start()\n"
        "(here / 'pid.part').write_text(str(service.pid))\n"
        "(here / 'pid.part').rename(here / 'pid')\n"
        "time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    run = ServiceProcess("run", "local_run", {"PYTHONPATH": f"{tmp_path}:{root}"}, tmp_path / "run.log")
    run.start()
    assert run.process is not None
    try:
        wait_until((tmp_path / "pid").exists)
        service = psutil.Process(int((tmp_path / "pid").read_text()))
        run.process.send_signal(signal.SIGKILL)
        wait_until(lambda: not service.is_running() or service.status() == psutil.STATUS_ZOMBIE)
    finally:
        run.kill()
