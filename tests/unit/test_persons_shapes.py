"""Persons are found by the shape of their names, with their endings, and nothing else is."""

import re
import tomllib
from pathlib import Path

import pytest

from services.enricher.entities.found import Found
from services.enricher.entities.persons import shapes
from services.enricher.entities.text import Text

TABLE = tomllib.loads(Path(__file__).with_name("person_names.toml").read_text(encoding="utf-8"))
SENTENCES = [(language, line) for language, lines in TABLE.items() for line in lines.strip().splitlines()]


def unmarked(line: str) -> tuple[str, list[str], list[Found]]:
    """The sentence, its persons, its listed places."""
    text, listed = "", []
    for piece in re.split(r"([\[\]<>])", line):
        if piece == "<":
            listed.append(len(text))
        elif piece == ">":
            listed[-1] = Found(listed[-1], len(text), "LOC", "list", 1.0)
        elif piece not in "[]":
            text += piece
    return text, re.findall(r"\[(.*?)\]", line), listed


@pytest.mark.parametrize(("language", "line"), SENTENCES)
def test_the_persons_of_a_sentence_are_found_whole(language: str, line: str) -> None:
    text, persons, listed = unmarked(line)
    assert [text[one.start : one.end] for one in shapes.find(Text(text, language), listed)] == persons
