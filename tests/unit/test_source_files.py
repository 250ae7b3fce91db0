"""Sources in files: what is read, what is refused and with which words, and what the region pack holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.contracts.identity import host_of
from services.contracts.sources import Politeness, Source
from services.fetcher.source_files import SourceFileError, as_json, as_toml, countries, of_countries, read

GOOD = '[[sources]]\nid = "a"\nname = "A"\nhomepage = "https://a.example/"\nfeeds = ["https://a.example/rss"]\n'


def written(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(*paths: Path) -> str:
    with pytest.raises(SourceFileError) as caught:
        read(*paths)
    return str(caught.value)


def test_the_region_pack_holds_at_least_forty_outlets_of_five_countries_each_marked_as_unverified() -> None:
    sources = of_countries(countries())
    assert countries() == ("kg", "kz", "tj", "tm", "uz")
    assert len({host_of(source.homepage) for source in sources}) >= 40
    for source in sources:
        assert source.unverified, source.id
        assert source.language, source.id
        assert source.country
        assert source.timezone


@pytest.mark.parametrize("country", ["kg", "kz", "tj", "tm", "uz"])
def test_a_country_of_the_pack_says_its_own_code_and_may_be_written_in_capitals(country: str) -> None:
    assert {source.country for source in of_countries([country.upper()])} == {country.upper()}


def test_a_country_that_the_pack_lacks_is_named_with_those_it_has() -> None:
    with pytest.raises(SourceFileError, match="no 'xx'; it has kg, kz, tj, tm, uz"):
        of_countries(["uz", "XX"])


def test_defaults_count_where_an_entry_is_silent(tmp_path: Path) -> None:
    text = '[defaults]\ncountry = "UZ"\nlanguage = "uz"\n' + GOOD + 'language = "ru"\n'
    [source] = read(written(tmp_path, text))
    assert (source.country, source.language) == ("UZ", "ru")


@pytest.mark.parametrize("write", [as_toml, as_json])
def test_what_is_written_reads_back_the_same(write: object, tmp_path: Path) -> None:
    odd = Source(
        id="odd",
        name='Ҷумҳурият "nom" \\ \x7f\n',
        homepage="https://a.example/",
        feeds=("https://a.example/rss?x=1", "https://a.example/2"),
        politeness=Politeness(delay=2.5, pages_per_day=100),
        lane="backfill",
        rights="all",
    )
    plain = Source(id="plain", name="P", homepage="http://p.example", index_pages=("http://p.example/news",))
    assert callable(write)
    name = "own.toml" if write is as_toml else "own.json"
    assert read(written(tmp_path, write([odd, plain]), name)) == [odd, plain]


def test_json_may_be_the_list_alone(tmp_path: Path) -> None:
    entry = {"id": "a", "name": "A", "homepage": "https://a.example", "feeds": ["https://a.example/rss"]}
    [source] = read(written(tmp_path, json.dumps([entry]), "own.json"))
    assert source.id == "a"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('feed = ["https://a.example/rss"]', "feed: there is no such field"),
        ("politeness = { dealy = 3 }", "politeness.dealy: there is no such field"),
        ("politeness = { delay = -1 }", "politeness.delay: "),
        ('sitemaps = ["ftp://a.example/x"]', "sitemaps: "),
        ('language = "Uzbek"', "language: 'Uzbek' is not like"),
        ('timezone = "Tashkent"', "timezone: 'Tashkent' is no IANA zone"),
        ('timezone = "../etc"', "timezone: '../etc' is no IANA zone"),
        ('country = "uz"', "country: 'uz' is not two capital letters"),
        ('lane = "fast"', "lane: "),
    ],
)
def test_an_error_names_the_file_the_entry_and_the_field(line: str, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + line + "\n")
    assert f"{path}: source 1 (a): {problem}" in refused(path)


def test_a_source_without_any_address_to_watch_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, '[[sources]]\nid = "a"\nname = "A"\nhomepage = "https://a.example/"\n')
    assert "source 1 (a): feeds: nothing is watched" in refused(path)


def test_an_id_counts_once_over_all_files_and_every_problem_is_told_at_once(tmp_path: Path) -> None:
    one, two = written(tmp_path, GOOD, "one.toml"), written(tmp_path, GOOD + 'lane = "x"\n' + GOOD, "two.toml")
    told = refused(one, two).splitlines()
    assert len(told) == 2
    assert f"{two}: source 1 (a): lane" in told[0]
    assert f"{two}: source 2 (a): id: 'a' stands in {one} already" in told[1]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("x.toml", "sources = 3", "holds no list called sources"),
        ("x.toml", "[[sources]\n", "x.toml: "),
        ("x.json", "[1]", "must be tables"),
        ("x.json", "[" * 100_000, "x.json: "),
        ("x.toml", '[default]\ncountry = "UZ"\n' + GOOD, "unknown: default"),
    ],
)
def test_what_is_no_file_of_sources_is_refused_with_its_name(
    name: str, text: str, problem: str, tmp_path: Path
) -> None:
    assert problem in refused(written(tmp_path, text, name))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "none.toml: No such file" in refused(tmp_path / "none.toml")
