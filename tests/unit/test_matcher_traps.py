"""Names that are everyday words, given names or several things: each trap finds what it must and nothing else."""

import tomllib
from functools import cache
from pathlib import Path

import pytest

from services.enricher.entities.matcher import Matcher
from services.enricher.entities.text import Text
from services.enricher.knowledge.base import KINDS, Known, load

TRAPS = tomllib.loads(Path(__file__).with_name("entity_traps.toml").read_text(encoding="utf-8"))
BODIES = {"xabar:un", "xabar:eu", "xabar:who", "xabar:sco", "xabar:world-bank", "xabar:imf"}
CASES = [case for cases in TRAPS["traps"].values() for case in cases]


def things() -> list[Known]:
    """The product's countries and a few bodies, and what the traps add."""
    product = [known for known in load() if known.id.startswith(("iso3166:", "m49:")) or known.id in BODIES]
    return product + [
        Known(
            id=id_,
            type=KINDS[thing["kind"]],
            names={"en": id_},
            kind=thing["kind"],
            country=thing.get("country"),
            population=thing.get("population", 0),
            common=thing.get("common", False),
            aliases={language: tuple(names) for language, names in thing.get("aliases", {}).items()},
            quoted={language: tuple(names) for language, names in thing.get("quoted", {}).items()},
        )
        for id_, thing in TRAPS["things"].items()
    ]


@cache
def matcher() -> Matcher:
    return Matcher(things())


@pytest.mark.parametrize(("language", "text", "expected"), CASES, ids=[f"{c[0]}-{c[1][:40]}" for c in CASES])
def test_what_looks_like_a_name_is_told_from_one(language: str, text: str, expected: dict[str, str]) -> None:
    found = [(text[f.start : f.end], f.id) for f in matcher().find(Text(text, language)) if f.role == "name"]
    assert sorted(found) == sorted((surface.partition("#")[0], id_) for surface, id_ in expected.items())


def test_there_are_enough_traps() -> None:
    assert len(CASES) >= 150
