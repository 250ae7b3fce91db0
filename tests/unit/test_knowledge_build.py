"""The committed knowledge base is what its sources give, and holds what news speaks of."""

import json
from pathlib import Path

import pytest

from services.enricher.knowledge import build
from services.enricher.knowledge.base import KNOWLEDGE_FILE, Known, header, load
from services.enricher.knowledge.entries import read
from services.enricher.knowledge.geonames import PLACES_FILE
from services.enricher.knowledge.lookup import Lookup

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def knowledge() -> tuple[Known, ...]:
    return load()


@pytest.fixture(scope="module")
def lookup(knowledge: tuple[Known, ...]) -> Lookup:
    return Lookup(knowledge)


def test_the_committed_knowledge_is_what_the_lists_give() -> None:
    assert KNOWLEDGE_FILE.read_text(encoding="utf-8") == build.build(), "run: make kb"


def test_it_stays_small_enough_to_be_committed() -> None:
    assert KNOWLEDGE_FILE.stat().st_size + PLACES_FILE.stat().st_size < 8 * MIB


def test_the_first_line_tells_version_sources_and_licences(knowledge: tuple[Known, ...]) -> None:
    head = header()
    assert head["entries"] == len(knowledge)
    assert [source["licence"] for source in head["sources"]] == ["Unicode-3.0", "CC-BY-4.0", "Apache-2.0"]


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "knowledge.jsonl"
    file.write_text('{"format":2}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="format 2"):
        load(file=file)


def test_ids_are_single_and_what_a_thing_belongs_to_is_there(knowledge: tuple[Known, ...]) -> None:
    ids = [known.id for known in knowledge]
    assert len(ids) == len(set(ids))
    assert {known.part_of for known in knowledge if known.part_of} <= set(ids)


def test_curated_things_stand_before_countries_and_those_before_the_places_of_geonames(
    knowledge: tuple[Known, ...],
) -> None:
    order = [
        "listed" if known.id.startswith("xabar:") or any(id_.startswith("xabar:") for id_ in known.same_as)
        else known.id.partition(":")[0]
        for known in knowledge
    ]  # fmt: skip
    assert list(dict.fromkeys(order)) == ["listed", "iso3166", "m49", "geonames"]


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Ўзбекистон", "iso3166:UZ"),
        ("Özbekistan", "iso3166:UZ"),
        ("wd:Q265", "iso3166:UZ"),
        ("БҰҰ", "xabar:un"),
        ("un", "xabar:un"),
        ("Moʻynoq", "geonames:601299"),
        ("МЎЙНОҚ", "geonames:601299"),
        ("Мазари-Шариф", "geonames:1133616"),
    ],
)
def test_a_thing_is_looked_up_by_any_name_or_id(lookup: Lookup, name: str, id_: str) -> None:
    assert id_ in [known.id for known in lookup.find(name)]


def test_what_is_misspelled_has_neighbours(lookup: Lookup) -> None:
    assert not lookup.find("Moynoqq")
    assert "geonames:601299" in [known.id for known in lookup.near("Moynoqq")]


def listed(tmp_path: Path, text: str, *rows: dict[str, object]) -> dict[str, dict[str, object]]:
    """What a build makes of one list and such places: the lines by id."""
    (tmp_path / "list.toml").write_text(text, encoding="utf-8")
    facts = {"source": "GeoNames", "version": "1"}
    lines = "".join(f"{json.dumps(row)}\n" for row in (facts, *rows))
    (tmp_path / "places.jsonl").write_text(lines, encoding="utf-8")
    built = build.build([tmp_path / "list.toml"], tmp_path / "places.jsonl")
    return {row["id"]: row for row in map(json.loads, built.splitlines()[1:])}


TOWN = {"id": "geonames:7", "name": "Guliston", "country": "UZ", "region": "16", "population": 77_300}


def test_a_listed_city_bears_the_id_of_geonames_and_keeps_its_own_names(tmp_path: Path) -> None:
    text = """
    [gulistan]
    kind = "city"
    country = "UZ"
    uz-Latn = ["Guliston"]
    en = ["Gulistan"]
    [gulistan-university]
    kind = "school"
    part_of = "gulistan"
    en = ["Gulistan State University"]
    """
    rows = listed(tmp_path, text, {**TOWN, "und-Latn": ["Guliston", "Gulistán"], "und-Cyrl": ["Гулистан"]})
    assert rows["geonames:7"]["same_as"] == ["xabar:gulistan"]
    assert rows["geonames:7"]["population"] == 77_300
    assert rows["geonames:7"]["names"] == {
        "en": ["Gulistan"], "uz-Cyrl": ["Гулистон"], "uz-Latn": ["Guliston"], "und-Cyrl": ["Гулистан"]
    }  # fmt: skip
    assert rows["xabar:gulistan-university"]["part_of"] == "geonames:7"


def test_a_city_of_that_name_in_another_country_is_another(tmp_path: Path) -> None:
    rows = listed(
        tmp_path, '[guliston]\nkind = "city"\ncountry = "TJ"\nen = ["Guliston"]', TOWN | {"und-Latn": ["Guliston"]}
    )
    assert {"geonames:7", "xabar:guliston"} <= set(rows)


def test_uzbek_is_spelled_in_the_script_that_a_list_leaves_out(tmp_path: Path) -> None:
    text = """
    [one]
    kind = "body"
    uz-Latn = ["O'zbekiston Banki", "ShHT"]
    inhabitants = {uz-Latn = ["qoʻqonlik"]}
    [two]
    kind = "body"
    uz-Cyrl = ["Ғалаба жамғармаси"]
    """
    rows = listed(tmp_path, text)
    assert rows["xabar:one"]["names"] == {
        "uz-Cyrl": ["Ўзбекистон Банки", "ШҲТ"], "uz-Latn": ["Oʻzbekiston Banki", "ShHT"]
    }  # fmt: skip
    assert rows["xabar:one"]["inhabitants"] == {"uz-Cyrl": ["қўқонлик"], "uz-Latn": ["qoʻqonlik"]}
    assert rows["xabar:two"]["names"]["uz-Latn"] == ["Gʻalaba jamgʻarmasi"]  # type: ignore[index]


def test_adjectives_of_another_list_join_the_thing_and_never_takes_a_name_away(tmp_path: Path) -> None:
    text = '["iso3166:UZ"]\nadjectives = {en = ["Uzbek"]}\nnever = {en = ["Uzbekistan"]}'
    row = listed(tmp_path, text)["iso3166:UZ"]
    assert row["adjectives"] == {"en": ["Uzbek"]}
    assert row["names"]["en"] == ["Republic of Uzbekistan"]  # type: ignore[index]
    assert row["shown"]["en"] == "Uzbekistan"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[a]\nkind = "planet"\nen = ["Mars"]', "x.toml:1: a: there is no kind 'planet'"),
        ('\n[a]\nkind = "body"\nxx = ["Mars"]', "x.toml:2: a: xx is no language"),
        ('[a]\nkind = "body"\nen = [""]', "en holds an empty name"),
        ('[a]\nkind = "body"\nen = ["Mars", "Mars"]', "en has 'Mars' twice"),
        ('[A]\nkind = "body"\nen = ["Mars"]', "a key is lower-case words"),
        ('[a]\nkind = "body"\ncountry = "uz"\nen = ["Mars"]', "country takes two capitals"),
        ('[a]\nkind = "body"\nwikidata = "265"\nen = ["Mars"]', "wikidata takes an id"),
        ('[a]\nkind = "body"\nfrom = "2016"\nen = ["Mars"]', "from takes a day"),
        ('[a]\nkind = "body"\nen = "Mars"', "en takes a list of names"),
        ('[a]\nkind = "body"\nadjectives = ["Martian"]\nen = ["Mars"]', "adjectives takes a table of languages"),
        ('en = ["Mars"]', "en stands outside of any [table]"),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_line(text: str, complaint: str) -> None:
    _, problems = read(text, "x.toml")
    assert any(complaint in str(problem) for problem in problems)


def test_a_list_with_something_wrong_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"list\.toml:1: a: there is no kind"):
        listed(tmp_path, '[a]\nkind = "planet"\nen = ["Mars"]')
