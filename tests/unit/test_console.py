"""The command line's decisions: what it compares, where it connects, what it says when something is wrong."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from services.console import compare
from services.console.archive import StoredArticle
from services.console.commands import app
from services.console.local.errors import LocalRunError
from services.console.local.run import env_file, portuguese_model
from services.console.newsroom.content import GoldArticle
from services.console.settings import RunFacts, runs_in, settings_for
from services.console.status import StageView, source_table, stage_table

URL = "http://tong.example/a"


def gold(url: str = URL) -> GoldArticle:
    return GoldArticle(
        url=url,
        canonical_url=url,
        site="tong",
        host="tong.example",
        slug="a",
        language="uz-Latn",
        title="Bir yangilik",
        paragraphs=("Matn.",),
        pictures=(),
        authors=(),
        section="",
        tags=(),
        published=datetime.fromisoformat("2026-11-05T00:10:00+05:00"),
        entities=(),
        story=None,
        edition_of=None,
        duplicate_of=None,
        fetchable=True,
    )


def stored(**other: object) -> StoredArticle:
    right = {
        "article_id": "1",
        "canonical_url": URL,
        "host": "tong.example",
        "source": "tong",
        "language": "uz-Latn",
        "title": "Bir yangilik",
        "published": "2026-11-05T00:10:00+05:00",
        "revision": 1,
        "duplicate_of": None,
        "translation_status": None,
        "translation_title": None,
        "entities": (),
        "entity_ids": (),
    }
    return StoredArticle(**(right | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kept", "fault"),
    [
        ([stored()], None),
        ([], "missing"),
        ([stored(), stored(article_id="2")], "doubled"),
        ([stored(), stored(canonical_url="http://tong.example/section")], "not an article"),
        ([stored(language="uz-Cyrl")], "wrong language"),
        ([stored(published="2026-11-04T19:10:00+00:00")], "wrong day"),
        ([stored(published=None)], "wrong day"),
        ([stored(title="Bir yangilik | Tong")], "wrong title"),
    ],
)
def test_whatever_differs_from_the_gold_record_is_named(kept: list[StoredArticle], fault: str | None) -> None:
    found = compare.faults([gold()], kept)
    assert ([] if fault is None else [fault]) == [sentence.split(":")[0] for sentence in found]
    assert all("http://tong.example/" in sentence for sentence in found)


def test_a_run_is_found_while_its_process_lives(tmp_path: Path) -> None:
    me = psutil.Process()
    for name, started in (("up", me.create_time()), ("demo", me.create_time() - 1000)):
        (tmp_path / name).mkdir()
        facts = RunFacts(os.getpid(), started, "127.0.0.1:1", "postgresql://x", {"fetcher": "http://127.0.0.1:2"})
        facts.write(tmp_path / name)
    assert list(runs_in(tmp_path)) == ["up"]
    settings = settings_for(tmp_path, {})
    assert settings.kafka_bootstrap_servers == "127.0.0.1:1"
    assert settings.console_health_urls == {"fetcher": "http://127.0.0.1:2"}


def test_what_a_run_writes_down_is_for_its_owner_alone(tmp_path: Path) -> None:
    RunFacts(1, 0.0, "b", "postgresql://u:secret@h/x", {}).write(tmp_path)
    assert (tmp_path / "run.json").stat().st_mode & 0o077 == 0


def test_the_operators_own_addresses_go_before_the_local_run(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, {"KAFKA_BOOTSTRAP_SERVERS": "k:9092", "STORE_DATABASE_URL": "postgresql://d"})
    assert settings.kafka_bootstrap_servers == "k:9092"
    assert settings.store_database_url is not None


def test_without_a_run_and_without_addresses_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalRunError, match="xabar up"):
        settings_for(tmp_path, {})


def test_settings_files_are_read_as_containers_read_them(tmp_path: Path) -> None:
    file = tmp_path / "parser.env"
    file.write_text("# a comment\nPARSER_WORKERS=2\n\nX=a=b\n")
    assert env_file(file) == {"PARSER_WORKERS": "2", "X": "a=b"}
    assert env_file(tmp_path / "none.env") == {}


def test_an_operators_translation_models_are_not_replaced() -> None:
    assert portuguese_model({"TRANSLATE_MODELS": "/models"}) == {"TRANSLATE_MODELS": "/models"}


def test_the_tables_show_services_that_do_not_answer_and_sum_over_services() -> None:
    stages = {
        "fetcher": StageView(None),
        "parser": StageView({}, sources={"tong": Counter(parsed=2)}),
        "store": StageView({"held": "the database is away"}, sources={"tong": Counter(stored=1)}),
    }
    states = list(stage_table(stages, {}).columns[-1].cells)
    assert [str(state) for state in states] == ["does not answer", "ready", "the database is away"]
    table = source_table(stages)
    assert table is not None
    assert [list(column.cells) for column in table.columns] == [["tong"], ["0"], ["0"], ["2"], ["0"], ["1"], ["0"]]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["submit", "file:///etc/passwd"], "neither http:// nor https://"),
        (["sources", "add", "tong"], "--homepage and --feed"),
        (["sources", "add", "--file", "none.json"], "none.json can't be used"),
        (["resume", "nobody"], "There is no stage 'nobody'"),
        (["topics", "tail", "nothing"], "There is no topic 'nothing'"),
        (["status"], "Nothing runs here"),
    ],
)
def test_a_wrong_call_gets_one_sentence(command: list[str], sentence: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*command, "--state", str(tmp_path)], env={"KAFKA_BOOTSTRAP_SERVERS": None})
    assert isinstance(result.exception, LocalRunError)
    assert sentence in str(result.exception)


def test_a_list_of_sources_may_come_from_a_file_and_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "sources.json"
    file.write_text(json.dumps([{"id": "Has Spaces", "name": "x", "homepage": "http://x.example"}]))
    result = CliRunner().invoke(app, ["sources", "add", "--file", str(file), "--state", str(tmp_path)])
    assert isinstance(result.exception, LocalRunError)
    assert "id" in str(result.exception)
