"""An operator's own list is checked with lines, joined with the built-in knowledge, and its names win."""

from pathlib import Path

import pytest

from services.enricher.knowledge.base import Known
from services.enricher.knowledge.extra import MAX_BYTES, BadList, checked, clashes, joined, read_list
from services.enricher.opening import Faculties
from services.enricher.settings import EnricherSettings

UN = Known(
    id="xabar:un", type="ORG", kind="body", names={"en": "United Nations"},
    aliases={"en": ("United Nations", "UN", "U.N."), "uz-Latn": ("BMT",)},
)  # fmt: skip
BUILT_IN = (UN,)


def own(tmp_path: Path, text: str, suffix: str = "toml") -> Path:
    file = tmp_path / f"own.{suffix}"
    file.write_text(text, encoding="utf-8")
    return file


def by_id(tmp_path: Path, text: str, suffix: str = "toml") -> dict[str, Known]:
    return {known.id: known for known in joined(BUILT_IN, read_list(own(tmp_path, text, suffix)))}


def test_own_things_stand_first_under_ids_of_their_own(tmp_path: Path) -> None:
    known = joined(BUILT_IN, read_list(own(tmp_path, '[hilol]\nkind = "company"\nuz-Latn = ["Hilol bank"]')))
    assert [one.id for one in known] == ["own:hilol", "xabar:un"]
    assert known[0].aliases == {"uz-Cyrl": ("Ҳилол банк",), "uz-Latn": ("Hilol bank",)}


def test_a_table_says_the_same(tmp_path: Path) -> None:
    table = "\ufeffid;kind;country;language;name\nhilol;company;UZ;uz-Latn;Hilol bank;HB\nhilol;;;ru;Хилол банк\n\n"
    hilol = by_id(tmp_path, table, "csv")["own:hilol"]
    assert (hilol.country, hilol.type) == ("UZ", "ORG")
    assert hilol.aliases["uz-Latn"] == ("Hilol bank", "HB")
    assert hilol.aliases["ru"] == ("Хилол банк",)


def test_a_thing_may_have_names_that_count_in_quotation_marks_alone(tmp_path: Path) -> None:
    weekly = by_id(tmp_path, '[weekly]\nkind = "media"\nquoted = {uz-Latn = ["Hafta"]}')["own:weekly"]
    assert (weekly.names["uz-Latn"], weekly.aliases, weekly.quoted["uz-Latn"]) == ("Hafta", {}, ("Hafta",))


def test_names_are_added_to_a_built_in_thing_and_taken_from_it(tmp_path: Path) -> None:
    un = by_id(tmp_path, '["xabar:un"]\nen = ["World body"]\nnever = {en = ["UN"]}')["xabar:un"]
    assert un.aliases["en"] == ("United Nations", "U.N.", "World body")
    assert un.names["en"] == "United Nations"


def test_a_built_in_thing_can_be_switched_off(tmp_path: Path) -> None:
    assert by_id(tmp_path, '["xabar:un"]\nnever = true') == {}


def test_a_name_that_clashes_is_told_and_goes_to_the_own_entry(tmp_path: Path) -> None:
    text = '\n[bmt]\nkind = "company"\nuz-Latn = ["BMT"]\nen = ["united nations"]'
    entries = read_list(own(tmp_path, text))
    assert [str(clash) for clash in clashes(BUILT_IN, entries)] == [
        "own.toml:2: United Nations (en) of own:bmt is a name of xabar:un too",
        "own.toml:2: BMT (uz-Latn) of own:bmt is a name of xabar:un too",
    ]
    assert by_id(tmp_path, text)["xabar:un"].aliases == {"en": ("UN", "U.N.")}


def test_an_own_office_is_the_one_that_a_bare_name_means(tmp_path: Path) -> None:
    ministry = Known(
        id="xabar:uz-foreign-ministry", type="ORG", kind="office", names={"en": "Uzbek Foreign Ministry"},
        aliases={"en": ("Uzbek Foreign Ministry",)}, local={"en": ("Ministry of Foreign Affairs", "Foreign Ministry")},
    )  # fmt: skip
    entries = read_list(own(tmp_path, '[ours]\nkind = "office"\nen = ["Foreign Ministry"]'))
    found = {known.id: known for known in joined((ministry,), entries)}
    assert found["xabar:uz-foreign-ministry"].local == {"en": ("Ministry of Foreign Affairs",)}


@pytest.mark.parametrize(
    ("suffix", "text", "complaint"),
    [
        ("toml", '[a]\nen = ["Mars"]', "own.toml:1: own:a is new: it needs a kind"),
        ("toml", '[a]\nkind = "body"', "own.toml:1: own:a is new: it needs a name"),
        ("toml", '["xabar:no"]\nnever = {en = ["Mars"]}', "there is no such id"),
        ("toml", '["xabar:un"]\nnever = {en = ["Mars"]}', "has no name Mars in en"),
        ("toml", '["xabar:un"]\nkind = "person"\nen = ["Mars"]', "is a body, not a person"),
        ("toml", '[a]\nkind = "body"\n[a]', "line 3"),
        ("toml", "[a\n", "line 1"),
        ("csv", "id,kind,name\n", "own.csv:1: the header lacks language"),
        ("csv", "id,kind,language,name,colour\n", "own.csv:1: there is no column colour"),
        ("csv", "id,kind,language,name\n\na,planet,en,Mars\n", "own.csv:3: a: there is no kind 'planet'"),
        ("csv", "id,kind,language,name\na,body,xx,Mars\n", "own.csv:2: a: xx is no language"),
        ("csv", "id,kind,language,name\na,body,en,\n", "own.csv:2: a: en holds an empty name"),
        ("csv", "id,kind,language,name\na,body,en,Mars\na,,en,Mars\n", "own.csv:3: a: en has 'Mars' twice"),
        ("txt", "", "ends in .toml or .csv"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, suffix: str, text: str, complaint: str) -> None:
    with pytest.raises(BadList) as caught:
        by_id(tmp_path, text, suffix)
    assert complaint in str(caught.value)


def test_a_list_is_bounded_and_text(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(BadList, match="bytes"):
        read_list(file)
    file.write_bytes(b"id,kind,language,name\na,body,ru,\xcc\xe0\xf0\xf1\n")
    with pytest.raises(BadList, match=r"own\.csv:2: the text is not UTF-8"):
        read_list(file)


def test_the_enricher_does_not_start_with_a_list_that_is_wrong_or_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    for file, why in ((own(tmp_path, '[a]\nkind = "planet"'), "no kind 'planet'"), (missing, "No such file")):
        settings = EnricherSettings(kafka_bootstrap_servers="nowhere:1", enricher_kb_extra=file)
        with pytest.raises(ValueError, match=why):
            Faculties(settings)


def test_a_list_that_can_be_used_is_checked_against_what_is_built_in(tmp_path: Path) -> None:
    assert checked(own(tmp_path, '["xabar:un"]\nen = ["World body of ours"]')) == []
