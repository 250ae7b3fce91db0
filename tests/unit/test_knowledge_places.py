"""Which places of GeoNames are kept, and under which of their names."""

from typing import Any

import pytest

from services.enricher.knowledge.geonames import distinct, entry, kept


def city(name: str, country: str, people: int, *alternates: str, region: str = "01") -> dict[str, Any]:
    return {
        "geonameid": 7, "name": name, "countrycode": country, "admin1code": region, "population": people,
        "alternatenames": list(alternates),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "is_kept"),
    [
        (city("Chelak", "UZ", 1_200), True),
        (city("Chelak", "UZ", 900), False),
        (city("Chelak", "UZ", 0), True),
        (city("Dawlatabad", "AF", 1_200, region="30"), True),
        (city("Dawlatabad", "AF", 1_200, region="10"), False),
        (city("Artux", "CN", 16_000, region="13"), True),
        (city("Artux", "CN", 16_000, region="12"), False),
        (city("Troitsk", "RU", 21_000), True),
        (city("Springfield", "US", 99_000), False),
        (city("Springfield", "US", 100_000), True),
    ],
)
def test_places_are_kept_by_size_and_nearness(place: dict[str, Any], is_kept: bool) -> None:
    assert (kept(place) is not None) is is_kept


def test_a_capital_or_a_listed_town_is_kept_whatever_its_size() -> None:
    vaduz = city("Vaduz", "LI", 15_000)
    assert kept(vaduz) is None
    assert kept(vaduz, wanted=True) is not None


def test_codes_descriptions_far_scripts_and_far_spellings_are_left_out() -> None:
    row = kept(
        city(
            "Khorugh", "TJ", 30_000,
            "KHO", "KHOROG", "Khorog", "gorod Khorog", "Gorod Khorog", "Khorog Airport",
            "ho luo ge", "Horogas Miestas Tad Ir", "Хорог", "Хоруғ", "Горад Харог Ґ", "خاروغ", "خۆرۆگ", "霍羅格",
        )
    )  # fmt: skip
    assert row is not None
    assert row["und-Latn"] == ["Khorugh", "Khorog"]
    assert row["und-Cyrl"] == ["Хорог", "Хоруғ"]
    assert row["und-Arab"] == ["خاروغ"]


def test_the_seat_of_a_district_is_not_kept_beside_the_town_of_its_name() -> None:
    places = (city("Mŭynoq", "UZ", 13_500), city("Mo‘ynoq Shahri", "UZ", 0), city("Qozonketkan", "UZ", 0))
    rows = [row for place in places if (row := kept(place))]
    assert [row["name"] for row in distinct(rows)] == ["Mŭynoq", "Qozonketkan"]


def test_a_name_with_marks_counts_without_them_too() -> None:
    row = kept(city("São Paulo", "BR", 10_000_000, "Sao Paulo"))
    assert row is not None
    assert row["und-Latn"] == ["São Paulo", "Sao Paulo"]


def test_a_place_of_uzbekistan_has_uzbek_names() -> None:
    row = kept(city("Qŭrghontepa Shahri", "UZ", 25_000, "Kurgan-Tepe", "Қўрғонтепа", "Кургантепа"))
    assert row is not None
    found = entry(row)
    assert (found.names["uz-Latn"], found.names["uz-Cyrl"]) == (["Qoʻrgʻontepa"], ["Қўрғонтепа"])
    assert (found.names["und-Cyrl"], found.kind, found.shown) == (["Кургантепа"], "city", "Qo'rg'ontepa")


@pytest.mark.parametrize(
    ("name", "cyrillic", "russian"),
    [
        ("Orenburg", ["Орынбор", "Оренбург", "Ырымбур"], ["Оренбург"]),
        ("Omsk", ["Омск", "Омьскъ", "Омбы"], ["Омск"]),
        ("Svobodnyy", ["Свободный"], None),
    ],
)
def test_of_the_cyrillic_names_of_a_russian_city_one_is_russian(
    name: str, cyrillic: list[str], russian: list[str] | None
) -> None:
    row = kept(city(name, "RU", 60_000, *cyrillic))
    assert row is not None
    assert entry(row).names.get("ru") == russian
