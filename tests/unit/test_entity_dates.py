"""Dates of a text are found in ten languages and normalised against the article's day."""

from datetime import date

import pytest

from services.enricher.entities import dates
from services.enricher.entities.text import Text

TODAY = date(2026, 5, 20)


def read(text: str, language: str, today: date | None = TODAY) -> list[tuple[str, str | None]]:
    return [(text[f.start : f.end], f.value) for f in dates.find(Text(text, language, 0, today))]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("uz-Latn", "Yigʻin 2026-yil 15-may kuni boʻldi.", [("2026-yil 15-may kuni", "2026-05-15")]),
        ("uz-Latn", "Maktab 2009-yilning iyun oyida ochilgan.", [("2009-yilning iyun oyida", "2009-06")]),
        ("uz-Latn", "U 5 marta yutdi, 3 martaba oshdi.", []),
        ("uz-Latn", "Joriy yilning 3-iyunida", [("Joriy yilning 3-iyunida", "2026-06-03")]),
        (
            "uz-Latn",
            "2020–2024-yillarda, 15–17 may",
            [("2020–2024-yillarda", "2020/2024"), ("15–17 may", "2026-05-15/2026-05-17")],
        ),
        (
            "uz-Cyrl",
            "2024 йилнинг август ойида ва кеча",
            [("2024 йилнинг август ойида", "2024-08"), ("кеча", "2026-05-19")],
        ),
        (
            "ru",
            "15 мая 2024 года; в мае; в пятницу",
            [("15 мая 2024 года", "2024-05-15"), ("мае", "2026-05"), ("пятницу", "2026-05-15")],
        ),
        ("ru", "31 июня не бывает, 2020-2024 гг.", [("2020-2024 гг.", "2020/2024")]),
        ("ru", "Курс 12.05 и версия 1.2.3, но 01.02.2024", [("01.02.2024", "2024-02-01")]),
        (
            "en",
            "On May 15, 2024, 3 June and May 4-6",
            [("May 15, 2024", "2024-05-15"), ("3 June", "2026-06-03"), ("May 4-6", "2026-05-04/2026-05-06")],
        ),
        ("en", "It may 5 times march in time of 300 men", []),
        ("en", "since 2023, 2,500 people, in 1,200 days", [("2023", "2023")]),
        (
            "en",
            "2024-05-15T10:30 and 2024-05-15",
            [("2024-05-15T10:30", "2024-05-15T10:30"), ("2024-05-15", "2024-05-15")],
        ),
        (
            "kk",
            "2024 жылғы 15 мамырда, биыл, жұма күні",
            [("2024 жылғы 15 мамырда", "2024-05-15"), ("биыл", "2026"), ("жұма күні", "2026-05-15")],
        ),
        (
            "uz-Latn",
            "Oʻtgan oyda, shu haftada; bu oyin va keyingi oylar",
            [("Oʻtgan oyda", "2026-04"), ("shu haftada", "2026-05-18/2026-05-24")],
        ),
        ("ru", "На прошлой неделе", [("На прошлой неделе", "2026-05-11/2026-05-17")]),
        (
            "en",
            "last month, next week, the weekend",
            [("last month", "2026-04"), ("next week", "2026-05-25/2026-05-31")],
        ),
        ("kk", "Өткен аптада осы аймақта", [("Өткен аптада", "2026-05-11/2026-05-17")]),
        ("tg", "моҳи гузашта", [("моҳи гузашта", "2026-04")]),
        ("kk", "Биылғы жылдың 9-ыншы маусымына дейін", [("Биылғы жылдың 9-ыншы маусымына", "2026-06-09")]),
        (
            "ky",
            "2024-жылдын 15-майында жана 3-июнда",
            [("2024-жылдын 15-майында", "2024-05-15"), ("3-июнда", "2026-06-03")],
        ),
        ("tg", "15 майи соли 2024, дар моҳи июн", [("15 майи соли 2024", "2024-05-15"), ("моҳи июн", "2026-06")]),
        ("tk", "2024-nji ýylyň 15-nji maýynda", [("2024-nji ýylyň 15-nji maýynda", "2024-05-15")]),
        (
            "tr",
            "15-17 Kasım 2024'te, 3 Haziran'da",
            [("15-17 Kasım 2024'te", "2024-11-15/2024-11-17"), ("3 Haziran'da", "2026-06-03")],
        ),
        (
            "fa",
            "۲۵ اردیبهشت ۱۴۰۳ و سال ۱۴۰۲",
            [("۲۵ اردیبهشت ۱۴۰۳", "2024-05-14"), ("سال ۱۴۰۲", "2023-03-21/2024-03-19")],
        ),
    ],
)
def test_dates_have_their_place_and_value(language: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text, language) == expected


def test_a_day_without_a_year_is_the_one_nearest_to_the_article() -> None:
    assert read("28 декабря", "ru", date(2026, 1, 3)) == [("28 декабря", "2025-12-28")]
    assert read("2 января", "ru", date(2025, 12, 30)) == [("2 января", "2026-01-02")]
    assert read("29 февраля", "ru", date(2025, 2, 20)) == []


def test_without_the_articles_day_nothing_is_made_up() -> None:
    assert read("15 мая и вчера", "ru", None) == [("15 мая", "--05-15")]


def test_hostile_text_is_read_in_one_pass() -> None:
    for text in ("1 " * 40_000, "2024-" * 20_000, "12.12." * 20_000, "in 20" * 20_000):
        assert len(dates.find(Text(text, "en", 0, TODAY))) <= dates.MAX_DATES


def test_the_month_before_january_is_in_the_year_before() -> None:
    assert read("Last month", "en", date(2026, 1, 14)) == [("Last month", "2025-12")]
    assert read("keyingi oyda", "uz-Latn", date(2026, 12, 14)) == [("keyingi oyda", "2027-01")]
