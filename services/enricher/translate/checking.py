"""Whether engines translate at all: one short report in many languages by the routes, against its English."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from services.contracts.articles import Translation
from services.enricher.translate.routes import NONE
from services.enricher.translate.translator import Translator

TARGET = "en"
"""What the report's reference is in."""
ORDER, BETA = 6, 2.0
"""Of chrF2: the longest run of characters, and how much more recall counts than precision."""


@dataclass(frozen=True)
class Page:
    """The report in one language."""

    title: str
    text: str


@dataclass(frozen=True)
class Checked:
    """What became of the report in one language."""

    source: str
    translation: Translation
    seconds: float
    chrf: float | None
    """0 to 100; None where nothing was translated."""

    @property
    def is_broken(self) -> bool:
        """Whether the engine gave no answer, or most of its sentences were not taken."""
        refused = sum(pair.flaw is not None for pair in self.translation.sentences)
        no_answer = self.translation.status in ("unavailable", "failed") and self.translation.engine != NONE
        return no_answer or 2 * refused > len(self.translation.sentences)


def pages() -> Mapping[str, Page]:
    """The report by language."""
    return {tag: Page(**page) for tag, page in _data()["pages"].items()}


async def checked(translator: Translator, source: str, clock: Callable[[], float] = time.perf_counter) -> Checked:
    """The report in that language, translated into English as its route says. Raises KeyError: no such page."""
    page, data = pages()[source], _data()
    await translator.translate("1 + 1 = 2?", [page.text.split()[0]], source)  # models are loaded by it
    began = clock()
    made = await translator.translate(page.title, page.text.split("\n\n"), source)
    seconds = clock() - began
    translation = next(one for one in made if one.target == TARGET)
    told = " ".join(text for text in (translation.title, *translation.paragraphs) if text)
    score = chrf(told, f"{data['title']} {data['reference']}") if told else None
    return Checked(source, translation, seconds, score)


def chrf(hypothesis: str, reference: str) -> float:
    """chrF2 of one text, 0 to 100 (Popović 2015: runs of 1 to 6 characters without spaces, recall counts twice)."""
    told, meant = "".join(hypothesis.split()), "".join(reference.split())
    precision, recall, orders = 0.0, 0.0, 0
    for length in range(1, ORDER + 1):
        ours, theirs = _runs(told, length), _runs(meant, length)
        if not ours or not theirs:
            continue
        shared = sum((ours & theirs).values())
        precision += shared / ours.total()
        recall += shared / theirs.total()
        orders += 1
    if not orders or not precision + recall:
        return 0.0
    precision, recall = precision / orders, recall / orders
    return 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def _runs(text: str, length: int) -> Counter[str]:
    return Counter(text[i : i + length] for i in range(len(text) - length + 1))


def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("check_page.toml").read_text("utf-8"))
