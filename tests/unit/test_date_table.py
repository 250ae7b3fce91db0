"""Every way that news of the region write a date means its instant, and what only looks like a date means none."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.parser.dates.reading import Reading, read, read_relative

TABLE = tomllib.loads(Path(__file__).with_name("date_table.toml").read_text("utf-8"))
FETCHED = datetime(2024, 6, 1, 12, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tashkent"))
WRITTEN = [(lang, text, value) for lang, part in TABLE.items() for text, value in part.get("dates", [])]


def understood(text: str) -> Reading | None:
    return read(text) or read_relative(text, FETCHED)


def precision_of(value: str) -> str:
    """What the form of the expected value says: 2024-05-15, 2024-05-15T19:34, 2024-05-15T19:34:08."""
    return {0: "day", 5: "minute", 8: "second"}[len(value[11:].replace("-", "+").partition("+")[0])]


@pytest.mark.parametrize(("language", "text", "value"), WRITTEN)
def test_a_written_date_means_its_instant(language: str, text: str, value: str) -> None:
    reading = understood(text)
    assert reading is not None, language
    expected = datetime.fromisoformat(value)
    assert (reading.when, reading.when.utcoffset()) == (expected, expected.utcoffset())
    assert reading.precision == precision_of(value)


@pytest.mark.parametrize("text", TABLE["none"]["texts"])
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert understood(text) is None


def test_the_table_covers_the_region() -> None:
    assert len(WRITTEN) >= 300
    assert len(TABLE["none"]["texts"]) >= 60
    assert {"en", "ru", "uz-Latn", "uz-Cyrl", "kk", "ky", "tg", "tk", "tr", "az", "tt", "fa"} <= TABLE.keys()
