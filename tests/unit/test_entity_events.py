"""Events have the day and the place that their own sentence names."""

from datetime import date

import pytest

from services.enricher.entities import dates, events, shapes
from services.enricher.entities.found import Found
from services.enricher.entities.text import Text


def named(text: str, surface: str, id_: str, kind: str) -> Found:
    start = text.index(surface)
    stem_end = start + len(surface.removesuffix("da"))
    return Found(start, start + len(surface), "LOC", "list", 0.9, id_, stem_end=stem_end, kind=kind)


def test_an_event_has_the_day_and_the_town_of_its_sentence() -> None:
    said = "15-may kuni Buxoroda Suv xoʻjaligi forumi ochildi. 20-iyun kuni Parijda boshqa gap boʻldi. Oʻzbekiston."
    text = Text(said, "uz-Latn", 0, date(2026, 5, 20))
    places = [
        named(said, "Buxoroda", "geonames:1", "city"),
        named(said, "Parijda", "geonames:2", "city"),
        named(said, "Oʻzbekiston", "iso3166:UZ", "country"),
    ]
    kept = events.placed(text, [*shapes.find(text, places), *dates.find(text), *places])
    (event,) = [f for f in kept if f.type == "EVENT"]
    assert said[event.start : event.end] == "Suv xoʻjaligi forumi"
    assert (event.value, event.granularity, event.place) == ("2026-05-15", "day", "geonames:1")


def test_an_event_whose_sentence_says_neither_has_neither() -> None:
    text = Text("The Water Forum opened. On 5 May they left.", "en", 0, date(2026, 5, 20))
    (event,) = [f for f in events.placed(text, [*shapes.find(text, []), *dates.find(text)]) if f.type == "EVENT"]
    assert (text.original[event.start : event.end], event.value, event.place) == ("Water Forum", None, None)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "On 5 May he spoke of the 2027 Water Forum."),
        ("en", "On 5 May he spoke of the Water Forum 2027."),
        ("uz-Latn", "5-may kuni u 2027-yilgi Suv forumi haqida gapirdi."),
    ],
)
def test_the_year_of_an_event_comes_before_a_day_of_the_sentence(language: str, said: str) -> None:
    text = Text(said, language, 0, date(2026, 5, 20))
    (event,) = [f for f in events.placed(text, [*shapes.find(text, []), *dates.find(text)]) if f.type == "EVENT"]
    assert (event.value, event.granularity) == ("2027", "year")
