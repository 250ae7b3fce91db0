"""The bench of extractors: how answers are scored, and what becomes of an extractor that dies on a page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.extraction.__main__ import main, table
from benchmarks.extraction.contest import Round, compete
from benchmarks.extraction.score import days_of, folded, names_of, page_scores, totals

DIES_ON_TWO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["id"] == "2":
        sys.exit(1)
    print("a word of a library", flush=True)
    print(json.dumps({"text": asked["id"]}), flush=True)
"""


def test_a_text_is_compared_by_its_runs_of_four_words() -> None:
    scores = page_scores({"text": "one two three four five"}, {"text": "zero one two three four"})
    assert (scores["p"], scores["r"], scores["f"]) == (0.5, 0.5, 0.5)


def test_without_an_answer_there_is_no_precision_and_no_recall() -> None:
    silent = page_scores({"text": "one two three four"}, {"error": "nothing"})
    right = page_scores({"text": "one two three four"}, {"text": "one two three four"})
    assert totals([silent, right])["F"] == pytest.approx(2 / 3)
    assert totals([silent])["failed"] == 1


def test_a_snippet_between_marks_must_be_a_whole_line() -> None:
    gold = {"with": ["a line", "^a line$"], "without": ["^line$"]}
    assert page_scores(gold, {"text": "not a line"}) == {"failed": 0, "with": 0.5, "leak": 0.0}


def test_titles_days_and_names_are_compared_without_their_dress() -> None:
    assert folded("\u201cNo\u2019\u00a0\u2014  X\u201d") == '"no\' - x"'
    assert days_of("2024-05-15T01:30:00+05:00") == {"2024-05-15", "2024-05-14"}
    assert days_of("soon") == set()
    assert names_of("by Ann Lee; B. Ode") == names_of(["Lee Ann", "B. Ode"])


def test_authors_count_over_all_pages() -> None:
    pages = [page_scores({"authors": ["A B"]}, {"authors": found}) for found in (["A B"], ["C D"], None)]
    assert totals(pages)["authors"] == pytest.approx(2 / (2 + 1 + 2))


def test_an_extractor_that_dies_on_a_page_answers_the_others() -> None:
    asked = [{"id": str(number), "url": "", "html_path": ""} for number in (1, 2, 3)]
    rounds = compete({"one": [sys.executable, "-c", DIES_ON_TWO]}, asked, None)
    assert [rounds["one"].answers[str(number)].get("text") for number in (1, 2, 3)] == ["1", None, "3"]
    assert "error" in rounds["one"].answers["2"]
    assert len(rounds["one"].seconds) == 3


def test_what_an_extractor_never_answers_is_no_score() -> None:
    gold = [{"id": "1", "text": "one two three four", "dates": ["2024-05-15"]}]
    rounds = {"one": Round({"1": {"text": "one two three four", "date": None}}, [0.1])}
    row = next(line for line in table(rounds, gold).splitlines() if line.startswith("| one"))
    assert row.split(" | ")[3] == "1.000"
    assert row.split(" | ")[11] == "-"


def test_without_gold_the_bench_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--gold"):
        main(["--pages", str(tmp_path)])
