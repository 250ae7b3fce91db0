"""The servers integration tests share: a real Kafka and a real Postgres, each started once, when first asked for."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from services.console.local.kafka import LocalKafka
from services.console.local.postgres import LocalPostgres


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that lets consumers have sessions of one second, so that tests of crashes are quick."""
    broker = LocalKafka(tmp_path_factory.mktemp("kafka"), group_min_session_timeout_ms=1000)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    """A server whose locale is C.UTF-8, as the store demands."""
    server = LocalPostgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.purge()


@pytest.fixture
def fresh_database(postgres: LocalPostgres) -> Iterator[str]:
    """The DSN of an empty database of its own for one test."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres.dsn(name)
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
