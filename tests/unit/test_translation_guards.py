"""A translated sentence is refused for a reason; sentences are cut where they end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enricher.translate.guards import flaw
from services.enricher.translate.sentences import LIMIT, sentences, units


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("O comboio partiu às 10.30 horas.", "The train left at 10.30.", None),
        ("Custou 1.465,50 euros a 12 000 pessoas.", "It cost 12,000 people 1,465.50 euros.", None),
        ("O jogo começa às 19h30 no estádio.", "The game starts at 7:30 p.m. in the stadium.", None),
        ("Ficaram 2 feridos no 1.º andar.", "Two were hurt on the first floor.", None),
        ("۲۵ نفر در شهر", "25 people in the city", None),
        ("Lisboa", "Lisbon", None),
        ("Banco Central Europeu", "Banco Central Europeu", None),
        ("A ponte abriu ontem de manhã.", "", "empty"),
        ("A ponte nova abriu ontem de manhã.", "A ponte nova abriu ontem de manhã.", "copy"),
        ("A ponte abriu ontem.", "The bridge the bridge the bridge the bridge the bridge opened.", "repeats"),
        ("A ponte nova sobre o rio abriu ontem de manhã.", "Bridge.", "length"),
        ("A ponte nova abriu ontem.", "The bridge opened " + "with much joy, bands and many people " * 2, "length"),
        ("A ponte nova abriu ontem de manhã.", "Новый мост открылся вчера", "script"),
        ("Foram 200 pessoas à festa.", "Two people went to the party.", "numbers"),
        ("De 15 a 15 de maio de 2024.", "From 15 to May 2024.", "numbers"),
    ],
)
def test_each_flaw_has_its_name(source: str, translation: str, expected: str | None) -> None:
    assert flaw(source, translation, "pt", "en") == expected


def test_sentences_end_at_full_stops_but_not_within_dates_and_abbreviations() -> None:
    text = "O Sr. Silva chegou às 10.30 de 15.05.2024. A Dra. J. Costa falou do art. 5 da lei! «Já?» Sim."
    assert sentences(text, "pt") == (
        "O Sr. Silva chegou às 10.30 de 15.05.2024.",
        "A Dra. J. Costa falou do art. 5 da lei!",
        "«Já?»",
        "Sim.",
    )


@given(st.text(max_size=1500))
def test_units_are_short_and_nothing_is_lost(text: str) -> None:
    pieces = units(text)
    assert all(0 < len(piece) <= LIMIT for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "run", ["." * 100_000, '."' * 50_000, "x. " + " " * 100_000 + "(", "x. " + "(" * 100_000 + "!"]
)
def test_a_run_of_marks_is_cut_in_no_time(run: str) -> None:
    started = time.perf_counter()
    assert "".join(units(f"Antes {run} depois.")).replace(" ", "") == f"Antes{run}depois.".replace(" ", "")
    assert time.perf_counter() - started < 1
