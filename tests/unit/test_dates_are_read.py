"""Dates as news pages write them are read day first, in every language that is covered."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parser.dates import reading as dates
from services.parser.dates.reading import read, read_all, read_relative, read_stamp
from services.parser.dates.zones import zone_named

FETCHED = datetime(2024, 6, 1, 12, tzinfo=UTC)
TASHKENT = ZoneInfo("Asia/Tashkent")

DAY, MINUTE, SECOND = "2024-05-15T00:00:00", "2024-05-15T19:34:00", "2024-05-15T19:34:08"

WRITTEN = [
    # ISO first
    ("2024-05-15", DAY), ("2024-05-15T19:34:08", SECOND), ("2024-05-15 19:34", MINUTE),
    ("2024-05-15T19:34:08.123456", SECOND), ("2024-05-15T19:34:08+05:00", f"{SECOND}+05:00"),
    ("2024-05-15T19:34:08+0500", f"{SECOND}+05:00"), ("2024-05-15T19:34:08Z", f"{SECOND}+00:00"),
    ("2024-05-15T19:34+05", f"{MINUTE}+05:00"), ("2024-5-15", DAY),
    # numbers, day first
    ("19:34 / 15.05.2024", MINUTE), ("15.05.2024 19:34", MINUTE), ("15.05.2024, 19:34", MINUTE),
    ("15/05/2024 - 19:34", MINUTE), ("15-05-2024", DAY), ("15.05.24", DAY), ("04.07.2024", "2024-07-04T00:00:00"),
    ("4/7/2024", "2024-07-04T00:00:00"), ("05/15/2024", DAY), ("2024/05/15", DAY), ("2024.05.15 19:34", MINUTE),
    ("15 . 05 . 2024", DAY), ("15.05.2024 | 19:34:08", SECOND), ("15.05.2024 7:34 pm", MINUTE),
    ("15.05.2024ý. 19:34", MINUTE), ("15.05.2024 г. 19:34", MINUTE), ("Added: 15.05.2024", DAY),
    # English
    ("15 May 2024", DAY), ("May 15, 2024 7:34 PM", MINUTE), ("Wednesday, May 15, 2024 at 19:34", MINUTE),
    ("Wed, 15 May 2024 19:34:08 +0500", f"{SECOND}+05:00"), ("15th of May, 2024", DAY), ("May 15th 2024", DAY),
    ("Wed May 15 2024 19:34:08 GMT+0500 (Uzbekistan)", f"{SECOND}+05:00"), ("15-May-2024", DAY),
    ("May 15, 2024 12:05 a.m.", "2024-05-15T00:05:00"), ("Jan. 5, 2024", "2024-01-05T00:00:00"),
    # Russian
    ("15 мая 2024", DAY), ("15 мая 2024 года, 19:34", MINUTE), ("Среда, 15 мая 2024 г., 19:34", MINUTE),
    ("15 мая 2024, 19:34 МСК", f"{MINUTE}+03:00"), ("3 сент. 2023", "2023-09-03T00:00:00"),
    # Uzbek, both scripts
    ("2024-yil 15-may, 19:34", MINUTE), ("15-may, 2024", DAY), ("15 may 2024 yil", DAY), ("2024 йил 15 май", DAY),
    ("15 май 2024 йил, 19:34", MINUTE), ("3-oktyabr 2023-yil", "2023-10-03T00:00:00"),
    # Kazakh, both scripts
    ("15 мамыр, 2024 19:34", MINUTE), ("2024 жылғы 15 мамыр", DAY), ("3 қазан 2023", "2023-10-03T00:00:00"),
    ("2024 жылдың 15 мамырында", DAY), ("15 mamyr 2024", DAY), ("9 қыркүйек 2023 жыл", "2023-09-09T00:00:00"),
    # Kyrgyz
    ("15-май, 2024-жыл 19:34", MINUTE), ("2024-жылдын 15-майы", DAY), ("3 тогуздун айы 2023", "2023-10-03T00:00:00"),
    # Tajik
    ("15 майи соли 2024, 19:34", MINUTE), ("15 Май 2024", DAY), ("3 октябри 2023", "2023-10-03T00:00:00"),
    # Turkmen
    ("15-nji maý 2024, 19:34", MINUTE), ("2024-nji ýylyň 15-nji maýy", DAY), ("3 oktýabr 2023", "2023-10-03T00:00:00"),
    # Turkish
    ("15 Mayıs 2024 Çarşamba, 19:34", MINUTE), ("15 MAYIS 2024 - 19:34", MINUTE),
    ("9 Şubat 2024", "2024-02-09T00:00:00"),
    ("3 Ekim 2023", "2023-10-03T00:00:00"),
    # Persian: Gregorian and solar Hijri, digits of its own
    ("۱۵ مه ۲۰۲۴ - ۱۹:۳۴", MINUTE), ("۲۶ اردیبهشت ۱۴۰۳، ساعت ۱۹:۳۴", MINUTE), ("۱۴۰۳/۰۲/۲۶", DAY),
    ("۱۵ ثور ۱۴۰۳", "2024-05-04T00:00:00"), ("۱ فروردین ۱۴۰۰", "2021-03-21T00:00:00"),
    ("۳۰ اسفند ۱۳۹۹", "2021-03-20T00:00:00"),
    ("۱ فروردین ۱۴۰۵", "2026-03-21T00:00:00"),
    # Portuguese
    ("15 de maio de 2024", DAY), ("15 de maio de 2024 às 19h34", MINUTE),
    ("3 de outubro de 2023", "2023-10-03T00:00:00"),
    # others that come by
    ("15. Mai 2024, 19:34", MINUTE), ("15 mai 2024", DAY), ("15 de mayo de 2024", DAY), ("15 травня 2024", DAY),
    ("15.05.2024 19:34 (GMT+5)", f"{MINUTE}+05:00"), ("15.05.2024 19:34 UTC", f"{MINUTE}+00:00"),
    ("15 мая 2024 19:34 (+5 GMT)", f"{MINUTE}+05:00"),
]  # fmt: skip

NO_DATES = [
    "", "19:34", "12:26", "1817", "Views: 1465", "13.45.2024", "32.01.2024", "99/99/9999", "version 1.2.3",
    "+998 71 200-10-10",
    "15 may", "May 2024", "2024", "31.02.2024", "on 4-5 September", "15.05", "10:20:30", "192.168.10.24", "1994-12-31",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_a_date_is_read_as_it_is_meant(text: str, expected: str) -> None:
    reading = read(text)
    assert reading is not None
    assert reading.when.isoformat() == expected


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    assert read(text) is None


def test_two_dates_in_one_line_keep_their_own_times() -> None:
    first, second = read_all("Published 15.05.2024 19:34 | Updated 16.05.2024 10:00")
    assert (first.when, second.when) == (datetime(2024, 5, 15, 19, 34), datetime(2024, 5, 16, 10))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("1715787248", "2024-05-15T15:34:08+00:00", "second"),
        ("1715787248000", "2024-05-15T15:34:08+00:00", "second"),
        ("20240515", DAY, "day"),
        ("20240515T193408Z", f"{SECOND}+00:00", "second"),
        ("2024-05-15T00:00:00+05:00", DAY, "day"),
    ],
)
def test_machine_readable_fields_have_forms_of_their_own(text: str, expected: str, precision: str) -> None:
    reading = read_stamp(text)
    assert reading is not None
    assert (reading.when.isoformat(), reading.precision) == (expected, precision)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bugun, 14:05", "2024-06-01T14:05:00"),
        ("Вчера, 23:10", "2024-05-31T23:10:00"),
        ("Bugün 09:00", "2024-06-01T09:00:00"),
    ],
)
def test_today_and_yesterday_are_seen_from_the_time_of_fetching(text: str, expected: str) -> None:
    reading = read_relative(text, FETCHED.astimezone(TASHKENT))
    assert reading is not None
    assert reading.when.isoformat() == expected


@pytest.mark.parametrize(
    ("text", "zone", "value", "zone_source"),
    [
        ("19:34 / 15.05.2024", TASHKENT, "2024-05-15T19:34:00+05:00", "host"),
        ("19:34 / 15.05.2024", None, "2024-05-15T19:34:00", "none"),
        ("2024-05-15T19:34:00+06:00", TASHKENT, "2024-05-15T19:34:00+06:00", "page"),
        ("2024-05-15T20:34:00Z", TASHKENT, "2024-05-16T01:34:00+05:00", "page"),
        ("15.05.2024", TASHKENT, "2024-05-15", "none"),
    ],
)
def test_the_zone_is_the_pages_then_the_hosts(text: str, zone: ZoneInfo | None, value: str, zone_source: str) -> None:
    reading = read(text)
    assert reading is not None
    instant = dates.instant(reading, source="meta", zone=zone, fetched_at=FETCHED)
    assert instant is not None
    assert (instant.value, instant.zone_source) == (value, zone_source)


@pytest.mark.parametrize("text", ["2024-06-03", "2024-06-02T13:00:00Z", "2031-01-01", "1994-12-31"])
def test_a_page_was_published_neither_after_it_was_fetched_nor_before_the_web(text: str) -> None:
    reading = read(text)
    assert reading is None or dates.instant(reading, source="meta", zone=None, fetched_at=FETCHED) is None


def test_an_unknown_zone_is_no_zone() -> None:
    assert zone_named("Mars/Olympus") is None
    assert zone_named("../../etc/passwd") is None


@given(st.text(max_size=260) | st.from_regex(r"[0-9:./ T+-]{1,60}"))
def test_any_text_is_read_or_not_and_nothing_else(text: str) -> None:
    for reading in [*read_all(text), read_stamp(text), read_relative(text, FETCHED)]:
        if reading is not None:
            dates.instant(reading, source="meta", zone=TASHKENT, fetched_at=FETCHED)


@pytest.mark.parametrize("text", ["۲۶ اردیبهشت ۱۴۰۳ - ۱۹:۳۴", "15\u00a0мая\u00a02024", "۲ ساعت پیش", "15 May, 19:34"])
def test_the_reading_keeps_its_text_as_it_is_written(text: str) -> None:
    reading = read(text) or read_relative(text, FETCHED)
    assert reading is not None
    assert reading.raw == text


def test_letters_typed_as_a_base_and_its_mark_are_read() -> None:
    reading = read("15 мая 2024, среда; сейчас и\u0306юнь".replace("мая", "маи\u0306"))
    assert reading is not None
    assert reading.when.date().isoformat() == "2024-05-15"
