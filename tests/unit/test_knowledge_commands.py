"""xabar kb shows things by any name, counts what there is, checks own lists and proposes such lists."""

import tomllib
from pathlib import Path

from typer.testing import CliRunner

from services.console.knowledge_commands import kb
from services.console.local.errors import LocalRunError
from services.console.proposals import Proposal, skeleton
from services.enricher.knowledge.base import Known
from services.enricher.knowledge.extra import read_list

RUN = CliRunner()


def said(*arguments: str) -> str:
    result = RUN.invoke(kb, list(arguments), env={"COLUMNS": "200"})
    assert result.exception is None, result.exception
    return result.output


def refused(*arguments: str, **variables: str) -> str:
    result = RUN.invoke(kb, list(arguments), env=variables)
    assert isinstance(result.exception, LocalRunError)
    return str(result.exception)


def test_show_names_all_of_a_thing() -> None:
    told = said("show", "ўзбекистон")
    for word in ("iso3166:UZ", "wd:Q265", "country, LOC", "ازبکستان", "Özbegistan"):
        assert word in told


def test_show_names_neighbours_where_nothing_is_called_so() -> None:
    assert "geonames:601299" in refused("show", "Moynoqq")


def test_an_own_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.toml")
    assert refused("show", "un", ENRICHER_KB_EXTRA=missing) == f"{missing} can't be read: No such file or directory."


def test_stats_tell_version_kinds_languages_and_licences() -> None:
    told = said("stats")
    for word in ("version", "uz-Cyrl", "city", "CC-BY-4.0", "geonames:…"):
        assert word in told


def test_check_tells_clashes_and_refuses_what_the_enricher_would(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[mine]\nkind = "body"\nen = ["United Nations"]', encoding="utf-8")
    told = said("check", str(file))
    assert "is a name of xabar:un too" in told
    assert f"{file} can be used; new: 1, known already: 0, clashes: 1" in told
    file.write_text('[mine]\nkind = "planet"', encoding="utf-8")
    assert "own.toml:1: mine: there is no kind 'planet'" in refused("check", str(file))


def test_a_proposal_is_a_list_to_complete_with_what_is_known_left_out(tmp_path: Path) -> None:
    un = Known(id="xabar:un", type="ORG", names={"en": "UN"}, aliases={"en": ("UN",)}, kind="body")
    proposals = [
        Proposal("name:aziz-karimov", "PER", None, 12, 4, {"ru": ("Азиз Каримов",), "uz-Latn": ("Aziz Karimov",)}),
        Proposal("xabar:un", "ORG", None, 5, 1, {"en": ("UN", "United Nations Org")}),
        Proposal("name:evil", "ORG", "no kind", 3, 1, {"en": ('Ev"il\n[x]\x1b[31m \\ Inc',)}),
        Proposal("xabar:un", "ORG", None, 3, 1, {"en": ("UN",)}),
    ]
    text = skeleton(proposals, [un])
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    assert [entry.id for entry in read_list(file)] == ["own:aziz-karimov", "xabar:un", "own:ev-il-x-31m-inc"]
    assert tomllib.loads(text)["xabar:un"] == {"en": ["United Nations Org"]}
    assert "# 12 articles of 4 sites" in text
    assert "\x1b" not in text
