"""What the store takes for an outage, what it searches, what it counts as fresh, and how it takes its settings."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from services.contracts.articles import Extraction, ParsedArticle
from services.contracts.identity import article_id
from services.contracts.outcomes import Receipt
from services.runtime.settings import read
from services.store.database import connection_string
from services.store.errors import is_outage
from services.store.outbox import waves
from services.store.search import MAX_TEXT_BYTES, search_text
from services.store.settings import StoreSettings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://kun.example/a"


@pytest.mark.parametrize(
    "error",
    [
        errors.ConnectionFailure(),
        errors.DeadlockDetected(),
        errors.DiskFull(),
        errors.AdminShutdown(),
        errors.QueryCanceled(),
        errors.ReadOnlySqlTransaction(),
        errors.UndefinedTable(),
        psycopg.OperationalError("server closed the connection unexpectedly"),
        PoolTimeout(),
        OSError(),
    ],
)
def test_what_no_record_can_be_blamed_for_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.ProgramLimitExceeded(),
        errors.CharacterNotInRepertoire(),
        errors.UniqueViolation(),
        psycopg.DataError("NUL"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        KeyError("a bug"),
    ],
)
def test_what_a_record_brings_with_it_is_no_outage(error: Exception) -> None:
    assert not is_outage(error)


def test_searched_text_is_cut_at_the_end_of_a_word() -> None:
    article = ParsedArticle(
        article_id=article_id(URL),
        content_key="k",
        url=URL,
        canonical_url=URL,
        host="kun.example",
        title="Сув",
        text="ўзбек " * MAX_TEXT_BYTES,
        body_sha256="0",
        extraction=Extraction(method="m", confidence=1),
        fetched_at=NOW,
    )
    found = search_text(article)
    assert len(found.encode()) <= MAX_TEXT_BYTES
    assert found.endswith(" oʻzbek")


def test_receipts_of_one_article_never_travel_together() -> None:
    def row(number: int, id_: str) -> tuple[int, str, Receipt]:
        receipt = Receipt(
            article_id=id_, kind="new", revision=1, url=URL, canonical_url=URL, host="kun.example", stored_at=NOW
        )
        return number, str(number), receipt

    rows = [row(1, "a"), row(2, "b"), row(3, "a"), row(4, "c"), row(5, "c")]
    assert [[n for n, _, _ in wave] for wave in waves(rows)] == [[1, 2], [3, 4], [5]]
    assert list(waves([])) == []


def test_the_connection_string_may_come_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u:hush@db/xabar\n")
    settings = read(StoreSettings, {"STORE_DATABASE_URL_FILE": str(file)})
    assert settings.store_database_url.get_secret_value() == "postgresql://u:hush@db/xabar"
    assert "hush" not in repr(settings)
    with pytest.raises(ValueError, match="STORE_DATABASE_URL is not set"):
        read(StoreSettings, {})
    with pytest.raises(ValueError, match="STORE_DATABASE_URL is a secret; it should be postgresql://") as refused:
        read(StoreSettings, {"STORE_DATABASE_URL": "hush hush=1 ="})
    assert "hush" not in str(refused.value)


def test_what_the_operator_says_of_the_connection_stays() -> None:
    made = connection_string("postgresql://db/xabar?connect_timeout=9&sslmode=require", 5)
    assert "connect_timeout=9" in made
    assert "sslmode=require" in made
    assert "tcp_user_timeout=30000" in made
