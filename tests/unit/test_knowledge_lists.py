"""The curated lists say what things are called so that nothing in them is unknown, said twice or written wrong."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.contracts.folding import fold
from services.enricher.knowledge.base import KINDS, LANGUAGES, UNTOLD

LISTS = sorted((Path(__file__).parents[2] / "services" / "enricher" / "knowledge" / "lists").glob("*.toml"))
TEXTS = {"kind", "country", "part_of", "wikidata"}
FORMS = {"adjectives", "inhabitants", "quoted", "never", "local"}
OTHERS = {"from", "to", "geonames", "roles", "common"}
LATIN = {"uz-Latn", "en", "tk", "tr", "pt"}
MIN_ENTRIES = 600
SHARED_NAMES: frozenset[tuple[str, str]] = frozenset([("en", "cpc"), ("ru", "murgab")])
"""(language, folded name) that two things may bear; the document tells which is meant."""


def entries() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """File, key and table of everything that the lists have."""
    for file in LISTS:
        for key, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
            yield file.name, key, table


def names(table: dict[str, Any], *forms: str) -> Iterator[tuple[str, str]]:
    """Language and name: of the entry itself, and of the forms asked for."""
    for part in (table, *(table.get(form, {}) for form in forms)):
        for language in LANGUAGES:
            for name in part.get(language, ()):
                yield language, name


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_a_list_has_entries_and_says_first_what_it_holds(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert tomllib.loads(text)


def test_an_entry_has_a_known_kind_known_languages_and_nothing_else() -> None:
    wrong = []
    for file, key, table in entries():
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*|[a-z0-9]+:[A-Za-z0-9-]+", key):
            wrong.append(f"{file}: {key}: key")
        if ":" not in key and table.get("kind") not in KINDS:
            wrong.append(f"{file}: {key}: kind {table.get('kind')}")
        unknown = set(table) - TEXTS - FORMS - OTHERS - set(LANGUAGES)
        unknown |= {language for form in FORMS for language in table.get(form, {})} - {*LANGUAGES, *UNTOLD}
        if unknown:
            wrong.append(f"{file}: {key}: {sorted(unknown)}")
        if not any(name in table for name in (*LANGUAGES, "never")):
            wrong.append(f"{file}: {key}: no name")
    assert wrong == []


def test_countries_dates_and_wikidata_ids_have_their_form() -> None:
    wrong = []
    for file, key, table in entries():
        for field, form in (("country", "[A-Z]{2}"), ("wikidata", "Q[1-9][0-9]*")):
            if field in table and not re.fullmatch(form, table[field]):
                wrong.append(f"{file}: {key}: {field} {table[field]}")
        begins, ends = table.get("from"), table.get("to")
        if any(day is not None and type(day) is not date for day in (begins, ends)) or (
            begins is not None and ends is not None and begins > ends
        ):
            wrong.append(f"{file}: {key}: {begins} to {ends}")
    assert wrong == []


def test_a_key_and_a_wikidata_id_stand_for_one_thing() -> None:
    keys, ids = defaultdict(list), defaultdict(list)
    for file, key, table in entries():
        keys[key].append(file)
        if "wikidata" in table:
            ids[table["wikidata"]].append(key)
    assert {key: files for key, files in keys.items() if len(files) > 1} == {}
    assert {id_: own for id_, own in ids.items() if len(own) > 1} == {}


def test_what_an_entry_belongs_to_is_in_the_lists() -> None:
    keys = {key for _, key, _ in entries()}
    owners = {table["part_of"] for _, _, table in entries() if "part_of" in table}
    assert {owner for owner in owners if ":" not in owner} - keys == set()


def test_no_two_things_share_a_name_in_a_language() -> None:
    bearers = defaultdict(set)
    for _, key, table in entries():
        never = {(language, name) for language, own in table.get("never", {}).items() for name in own}
        for language, name in names(table):
            if (language, name) not in never:
                bearers[language, fold(name)].add(key)
    clashes = {name: sorted(keys) for name, keys in bearers.items() if len(keys) > 1}
    assert {name: keys for name, keys in clashes.items() if name not in SHARED_NAMES} == {}
    assert SHARED_NAMES - set(clashes) == set()


def test_a_name_stands_once_and_without_stray_spaces() -> None:
    wrong = []
    for file, key, table in entries():
        for form in ("", *FORMS):
            part = table.get(form, {}) if form else table
            for language in LANGUAGES:
                own = part.get(language, [])
                if len(set(own)) < len(own) or [name for name in own if name != " ".join(name.split()) or not name]:
                    wrong.append(f"{file}: {key}: {form} {language} {own}")
    assert wrong == []


def test_uzbek_latin_is_written_with_its_own_apostrophes() -> None:
    wrong = [
        f"{file}: {key}: {name}"
        for file, key, table in entries()
        for language, name in names(table, *FORMS)
        if language == "uz-Latn" and re.search("['‘’`´]|[oOgG]ʼ", name)
    ]
    assert wrong == []


def test_no_word_mixes_two_scripts_and_latin_languages_have_no_cyrillic() -> None:
    wrong = [
        f"{file}: {key}: {language} {name}"
        for file, key, table in entries()
        for language, name in names(table, *FORMS)
        if re.search("[A-Za-z][Ѐ-ӿ]|[Ѐ-ӿ][A-Za-z]", name) or (language in LATIN and re.search("[Ѐ-ӿ]", name))
    ]
    assert wrong == []


def test_the_lists_know_at_least_six_hundred_things() -> None:
    assert sum(1 for _ in entries()) >= MIN_ENTRIES
