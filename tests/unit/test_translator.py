"""The translator: aligned sentences, a status for each end of an article, and never an exception."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from services.contracts.articles import UNTRANSLATED, Translation
from services.enricher.translate.budget import Allowance, Budget, Ledger
from services.enricher.translate.cache import Cache
from services.enricher.translate.engine import Bounds, Broken, DataPolicy, EngineFault, Refused
from services.enricher.translate.resilience import Patience, Patient
from services.enricher.translate.routes import read_routes
from services.enricher.translate.translator import AT_ONCE_CHARS, ArticleLimits, Translator

TITLE = "A ponte abriu"
PARAGRAPHS = (
    "A ponte nova abriu hoje. Muitas pessoas vieram.",
    "Custou 12 euros por pessoa.",
    "***",
    "Primeira linha.\nSegunda linha.",
)
LONG = ("Uma frase que é longa. " * 200).strip()


def mirrored(unit: str) -> str | Refused:
    """An invented tongue that keeps lengths, marks and numbers."""
    return " ".join(word if word[0].isdigit() else word[-2::-1] + word[-1] for word in unit.split())


class Invented:
    """An engine that answers by a function of one unit."""

    name = "invented"
    policy: DataPolicy = "local"
    bounds = Bounds(unit_chars=400, batch_units=100, batch_chars=10_000)

    def __init__(self, answer: Callable[[str], str | Refused] = mirrored) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def open(self) -> None:
        """It is there."""

    def model(self, source: str, target: str) -> str | None:
        return "m-1" if (source, target) == ("pt", "en") else None

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        self.asked.extend(units)
        return [self.answer(unit) for unit in units]

    async def close(self) -> None:
        """Nothing to let go of."""


def translator(
    engine: Invented,
    routes: str = "*:en=invented",
    chars: int = 100_000,
    seconds: float = 60.0,
    budget: Budget | None = None,
) -> Translator:
    patient = Patient(engine, Patience(tries=1), budget)
    limits = ArticleLimits(chars, seconds)
    return Translator(read_routes(routes), {"invented": patient}, {"deepl": "no key"}, Cache(None, 10**6), limits)


def translated(
    engine: Invented, title: str = TITLE, paragraphs: Sequence[str] = PARAGRAPHS, source: str = "pt", **settings: object
) -> Translation:
    async def run() -> Translation:
        made = translator(engine, **settings)  # type: ignore[arg-type]
        try:
            (one,) = await made.translate(title, paragraphs, source)
        finally:
            await made.close()
        return one

    return asyncio.run(run())


def test_each_sentence_is_aligned_with_its_translation_and_lines_stay_lines() -> None:
    answer = translated(Invented())
    assert (answer.status, answer.engine, answer.model, answer.detail) == ("ok", "invented", "m-1", None)
    assert len(answer.paragraphs) == len(PARAGRAPHS)
    originals = {None: TITLE, **dict(enumerate(PARAGRAPHS))}
    results = {None: answer.title, **dict(enumerate(answer.paragraphs))}
    assert [pair.paragraph for pair in answer.sentences] == [None, 0, 0, 1, 2, 3, 3]
    for pair in answer.sentences:
        source = originals[pair.paragraph][pair.start : pair.end]
        target = (results[pair.paragraph] or "")[pair.target_start : pair.target_end]
        assert target == (mirrored(source) if source != "***" else source)
    assert "\n" in (answer.paragraphs[3] or "")


def test_a_sentence_that_fails_a_guard_is_marked_in_its_place() -> None:
    engine = Invented(lambda unit: "" if unit.startswith("Muitas") else mirrored(unit))
    answer = translated(engine)
    assert answer.status == "partial"
    assert answer.detail == "1 of 7 sentences failed a guard: empty"
    assert (answer.paragraphs[0] or "").endswith(f" {UNTRANSLATED}")
    (failed,) = [pair for pair in answer.sentences if pair.flaw]
    assert (failed.paragraph, failed.flaw) == (0, "empty")
    assert (answer.paragraphs[0] or "")[failed.target_start : failed.target_end] == UNTRANSLATED


def test_what_the_engine_refuses_is_marked_with_its_reason() -> None:
    answer = translated(Invented(lambda unit: Refused("unfinished") if "12" in unit else mirrored(unit)))
    assert answer.status == "partial"
    assert answer.paragraphs[1] is None
    assert [pair.flaw for pair in answer.sentences if pair.flaw] == ["unfinished"]


def test_where_nothing_passes_the_translation_failed() -> None:
    answer = translated(Invented(lambda _: ""), paragraphs=("Dois e três.",))
    assert (answer.status, answer.title, answer.paragraphs) == ("failed", None, (None,))


@pytest.mark.parametrize("trouble", [Broken("down"), EngineFault("odd"), ValueError("a bug"), MemoryError()])
def test_an_engine_that_breaks_costs_its_translation_only(trouble: Exception) -> None:
    def breaks(_: str) -> str:
        raise trouble

    answer = translated(Invented(breaks))
    assert (answer.status, answer.title, answer.paragraphs) == ("unavailable", None, ())
    assert answer.detail


def test_an_engine_that_breaks_on_the_way_leaves_what_was_done() -> None:
    def breaks(unit: str) -> str | Refused:
        if unit.startswith("Fim"):
            raise Broken("down")
        return mirrored(unit)

    answer = translated(Invented(breaks), paragraphs=(LONG, "Fim da história."))
    assert answer.status == "truncated"
    assert answer.title
    assert answer.paragraphs[0]
    assert answer.paragraphs[1] is None
    assert answer.detail == "cut after 201 of 202 sentences: invented: down"


@pytest.mark.parametrize(
    ("routes", "source", "status", "engine", "why"),
    [
        ("*:en=invented", "und", "unsupported", "none", "unknown"),
        ("*:en=invented", "kk", "unsupported", "invented", "no model from kk to en"),
        ("kk:en=invented", "pt", "unavailable", "none", "no route for pt:en"),
        ("*:en=none", "pt", "unavailable", "none", "leaves pt:en untranslated"),
        ("*:en=deepl", "pt", "unavailable", "deepl", "no key"),
    ],
)
def test_why_there_is_no_translation_is_said(routes: str, source: str, status: str, engine: str, why: str) -> None:
    answer = translated(Invented(), source=source, routes=routes)
    assert (answer.status, answer.engine) == (status, engine)
    assert why in (answer.detail or "")
    assert answer.paragraphs == ()


def test_nothing_is_translated_into_its_own_language() -> None:
    async def run() -> tuple[Translation, ...]:
        return await translator(Invented()).translate("A title", (), "en-GB")

    assert asyncio.run(run()) == ()


def test_a_limit_of_characters_cuts_after_the_headline() -> None:
    answer = translated(Invented(), chars=len(TITLE) + len(PARAGRAPHS[0]))
    why = f"cut after 3 of 7 sentences: TRANSLATE_MAX_CHARS is {len(TITLE) + len(PARAGRAPHS[0])}"
    assert (answer.status, answer.detail) == ("truncated", why)
    assert [text is None for text in answer.paragraphs] == [False, True, True, True]


def test_a_limit_of_characters_may_cut_within_a_paragraph() -> None:
    long = " ".join(f"A frase número {n} é desta história." for n in range(100))
    answer = translated(Invented(), title="", paragraphs=(long, "Fim."), chars=1_000)
    assert (answer.status, answer.paragraphs[1]) == ("truncated", None)
    text = answer.paragraphs[0] or ""
    assert 900 < len(text) <= 1_000 + len(UNTRANSLATED) + 1
    assert text.endswith(f" {UNTRANSLATED}")
    assert answer.sentences[-1].end <= 1_000
    assert answer.sentences[-1].target_end == len(text) - len(UNTRANSLATED) - 1


def test_an_engine_that_breaks_within_a_paragraph_leaves_its_beginning() -> None:
    def breaks(unit: str) -> str | Refused:
        if "número 99 " in unit:  # in the second call
            raise Broken("down")
        return mirrored(unit)

    long = " ".join(f"A frase número {n} é desta história." for n in range(100))
    answer = translated(Invented(breaks), paragraphs=(long, "Fim."))
    assert (answer.status, answer.paragraphs[1]) == ("truncated", None)
    assert (answer.paragraphs[0] or "").endswith(f" {UNTRANSLATED}")
    assert 0 < len([pair for pair in answer.sentences if pair.paragraph == 0]) < 100


@pytest.mark.parametrize("title", ["", "2024"])
def test_a_title_that_wants_no_engine_does_not_hide_that_there_is_none(title: str) -> None:
    def breaks(_: str) -> str:
        raise Broken("down")

    answer = translated(Invented(breaks), title=title)
    assert (answer.status, answer.title, answer.detail) == ("unavailable", None, "invented: down")


def test_what_a_guard_did_not_let_pass_is_asked_for_again() -> None:
    answers = ["", mirrored(TITLE)]
    engine = Invented(lambda _: answers[min(len(engine.asked) - 1, 1)])

    async def run() -> list[Translation]:
        made = translator(engine)
        return [one for _ in range(3) for one in await made.translate(TITLE, (), "pt")]

    assert [one.status for one in asyncio.run(run())] == ["failed", "ok", "ok"]
    assert len(engine.asked) == 2


def test_a_route_may_want_the_headline_only() -> None:
    engine = Invented()
    answer = translated(engine, routes="*:en=invented/headline")
    assert (answer.status, answer.title is not None, set(answer.paragraphs)) == ("truncated", True, {None})
    assert engine.asked == [TITLE]


def test_a_day_without_characters_left_still_has_the_headline() -> None:
    budget = Budget("invented", Allowance(50, headline_share=0.5), Ledger(None))
    answer = translated(Invented(), paragraphs=("Uma frase que é longa e que não cabe no dia.",), budget=budget)
    assert answer.status == "truncated"
    assert answer.title
    assert "used up" in (answer.detail or "")


def test_what_was_translated_before_is_not_asked_again() -> None:
    engine = Invented()

    async def run() -> list[Translation]:
        made = translator(engine)
        return [one for _ in range(2) for one in await made.translate(TITLE, PARAGRAPHS, "pt")]

    first, second = asyncio.run(run())
    assert (second.title, second.paragraphs, second.sentences) == (first.title, first.paragraphs, first.sentences)
    assert len(engine.asked) == len(set(engine.asked)) == 6
    assert "***" not in engine.asked


def test_half_characters_reach_no_engine() -> None:
    engine = Invented()
    assert translated(engine, title="Um \ud83d dia").status == "ok"
    assert not any("\ud83d" in unit for unit in engine.asked)


def test_a_long_article_is_asked_for_in_parts() -> None:
    assert len(LONG) > AT_ONCE_CHARS
    engine = Invented()
    answer = translated(engine, paragraphs=(LONG, LONG))
    assert answer.status == "ok"
    assert answer.paragraphs[0] == answer.paragraphs[1]
