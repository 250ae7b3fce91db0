"""The commands that look at one page or read many: what they print, and what they say when something is wrong."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.console.commands import app
from services.console.local.errors import LocalRunError
from services.console.newsroom import pages
from services.console.newsroom.content import Article, labels, load
from services.console.newsroom.server import Newsroom
from services.fetcher.source_files import of_countries

STOCK, LABELS = load(), labels()
ARTICLE = next(a for a in STOCK.articles.values() if a.site == "vodiy")
URL = STOCK.url(ARTICLE)
SOURCE = next(source for source in of_countries(["uz"]) if source.timezone == "Asia/Tashkent")
RECIPE = '[[version]]\nsince = 2026-01-01\nbody = "div.news-text"\ntitle = "h1"\n'


def page_of(article: Article) -> bytes:
    return pages.article_page(STOCK, article, LABELS).encode(STOCK.site_of(article).charset)


def line(**fields: object) -> str:
    page = base64.b64encode(page_of(ARTICLE)).decode()
    return json.dumps({"id": 1, "url": URL, "html_base64": page, **fields}) + "\n"


def xabar(*words: str, given: str | bytes | None = None, **variables: str) -> Result:
    return CliRunner().invoke(app, list(words), input=given, env={"COLUMNS": "160", **variables})


def refusal(*words: str, **variables: str) -> str:
    result = xabar(*words, **variables)
    assert isinstance(result.exception, LocalRunError), result.output
    return str(result.exception)


@pytest.fixture
def saved(tmp_path: Path) -> str:
    file = tmp_path / "page.html"
    file.write_bytes(page_of(ARTICLE))
    return str(file)


# --- one page ----------------------------------------------------------------------------------------------------


def test_a_saved_page_is_shown_with_where_each_value_came_from(saved: str) -> None:
    result = xabar("parse", saved, "--url", URL)
    assert result.exit_code == 0, result.output
    shown = [text.split() for text in result.output.splitlines()]
    assert result.output.startswith(ARTICLE.title)
    assert any(words[:1] == ["title"] and len(words) > 2 for words in shown)
    assert any(
        words[:1] == ["published"] and ARTICLE.published.strftime("%Y-%m-%dT%H:%M") in words[1] for words in shown
    )
    assert any(words[:2] == ["recipe", "vodiy.example@2026-01-01"] for words in shown)
    assert ARTICLE.paragraphs[0][:40] in result.output


def test_a_program_gets_one_line_of_json_and_the_exit_code_says_whether_it_is_an_article(saved: str) -> None:
    article = xabar("parse", saved, "--url", URL, "--json")
    assert article.exit_code == 0
    assert json.loads(article.output)["article"]["title"] == ARTICLE.title
    refused = xabar("parse", "-", "--json", given="<h1>Short</h1>")
    assert refused.exit_code == 1
    assert json.loads(refused.output)["rejection"]["reason"] == "too-short"
    shown = xabar("parse", "-", given="<h1>Short</h1>")
    assert "no article" in shown.output
    assert "too-short" in shown.output


def test_a_source_of_the_region_pack_gives_its_zone(saved: str) -> None:
    page = xabar("parse", saved, "--json", "--source", SOURCE.id, "--url", f"{SOURCE.homepage}news/a-page-771")
    assert json.loads(page.output)["article"]["published"]["value"].endswith("+05:00")


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as running:
        yield running


def test_a_url_is_fetched_as_the_fetcher_does(newsroom: Newsroom) -> None:
    ours = {"FETCHER_RESOLVE": newsroom.resolve(), "FETCHER_DELAY_SECONDS": "0"}
    result = xabar("parse", URL, "--json", **ours)
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["article"]["url"] == URL
    assert xabar("recipe", "test", URL, **ours).exit_code == 0
    closed = refusal("parse", "http://garagum.example/private/x", **ours)
    assert closed.startswith("http://garagum.example/private/x was not brought: robots")
    assert "was not brought: address-refused" in refusal("parse", "http://127.0.0.1:1/x")


def test_what_cannot_be_read_is_named(saved: str, tmp_path: Path) -> None:
    assert refusal("parse").startswith("Give a FILE or a URL")
    assert refusal("parse", "tong.example/news/1") == (
        "tong.example/news/1 can't be read: No such file or directory. If it is an address, begin it with https://"
    )
    assert refusal("parse", str(tmp_path)).endswith("Is a directory")
    assert "neither http:// nor https://" in refusal("parse", "ftp://tong.example/news/1")
    assert "names no host" in refusal("parse", saved, "--url", "https://")
    assert refusal("parse", "https://tong.example/a", "--url", URL).startswith(
        "--url says where a saved page came from"
    )
    assert refusal("parse", "--jsonl", saved).startswith("--jsonl reads")
    assert "PARSER_MIN_TEXT_CHARS" in refusal("parse", saved, PARSER_MIN_TEXT_CHARS="few")
    assert "region pack has no source 'nobody'" in refusal("parse", saved, "--source", "nobody")


# --- many pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--timeout", "60", "--workers", "2")])
def test_lines_are_answered_at_once_and_a_reader_that_leaves_is_no_fault(options: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "services.console", "parse", "--jsonl", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdin
        assert running.stdout
        assert running.stderr
        for number in (1, 2):
            running.stdin.write(line(id=number))
            running.stdin.flush()
            answer = json.loads(running.stdout.readline())
            assert (answer["id"], answer["article"]["title"]) == (number, ARTICLE.title)
        running.stdout.close()
        running.stdin.write(line() * 3)
        running.stdin.close()
        assert running.wait(60) == 0
        assert running.stderr.read() == ""


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_ctrl_c_ends_it_at_once_though_its_input_stays_open(options: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "services.console", "parse", "--jsonl", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdin
        assert running.stdout
        running.stdin.write(line())
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["article"]
        running.send_signal(signal.SIGINT)
        try:
            assert running.wait(20) == 130
        finally:
            running.kill()


@pytest.mark.parametrize(
    ("redirection", "told"),
    [
        ("<&-", "Standard input and output are both needed"),
        (">&-", "Standard input and output are both needed"),
        pytest.param(
            ">/dev/full",
            "Standard output can't be written: No space left",
            marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device"),
        ),
    ],
)
def test_a_standard_stream_that_fails_is_told_in_one_sentence(redirection: str, told: str) -> None:
    command = f'exec "$0" -m services.console parse --jsonl {redirection}'
    ended = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable], input=line(), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(told)
    assert "Traceback" not in ended.stderr


def test_bad_lines_do_not_change_the_exit_code() -> None:
    result = xabar("parse", "--jsonl", given="{\n" + line(id="good"))
    assert result.exit_code == 0
    bad, good = map(json.loads, result.output.splitlines())
    assert "no JSON" in bad["error"]
    assert good["article"]["title"] == ARTICLE.title


# --- recipes -----------------------------------------------------------------------------------------------------


def test_a_recipe_is_shown_beside_the_general_way(saved: str, tmp_path: Path) -> None:
    file = tmp_path / "valley.example.toml"
    file.write_text(RECIPE)
    result = xabar("recipe", "test", saved, "--recipe", str(file))
    assert result.exit_code == 0, result.output
    first = result.output.splitlines()[0]
    assert "valley.example@2026-01-01" in first
    assert "without a recipe" in first
    assert f"{len(ARTICLE.paragraphs)} blocks" in result.output


def test_a_recipe_that_misses_is_told_and_ends_with_1(saved: str, tmp_path: Path) -> None:
    file = tmp_path / "valley.example.toml"
    file.write_text(RECIPE + 'author = ".nobody"\nviews = ".nothing"\n')
    result = xabar("recipe", "test", saved, "--recipe", str(file))
    assert result.exit_code == 1
    assert "valley.example@2026-01-01 misses author, views" in result.output


def test_recipes_of_a_folder_win_and_are_listed(saved: str, tmp_path: Path) -> None:
    own = tmp_path / "own" / "uz"
    own.mkdir(parents=True)
    (own / "vodiy.example.toml").write_text(RECIPE.replace("2026-01-01", "2026-02-02"))
    folder = {"PARSER_RECIPES": str(own.parent)}
    listed = xabar("recipe", "list", **folder)
    assert "2026-02-02" in next(row for row in listed.output.splitlines() if row.startswith("vodiy.example"))
    used = xabar("parse", saved, "--url", URL, "--json", **folder)
    assert json.loads(used.output)["article"]["extraction"]["recipe"] == "vodiy.example@2026-02-02"
    wrong = tmp_path / "wrong" / "uz"
    wrong.mkdir(parents=True)
    (wrong / "vodiy.example.toml").write_text(RECIPE.replace("h1", "h1["))
    assert refusal("parse", saved, PARSER_RECIPES=str(wrong.parent)) == (
        "uz/vodiy.example.toml, version 2026-01-01, title: 'h1[' is no CSS selector; correct it"
    )
    assert "is no folder" in refusal("recipe", "list", PARSER_RECIPES=str(tmp_path / "none"))


def test_recipes_are_checked(tmp_path: Path) -> None:
    assert xabar("recipe", "check").exit_code == 0
    good, bad = tmp_path / "valley.example.toml", tmp_path / "hill.example.toml"
    good.write_text(RECIPE)
    bad.write_text("since = 2026-01-01\n")
    assert "1 recipe can be used" in xabar("recipe", "check", str(good)).output
    assert f"{bad}, since: " in refusal("recipe", "check", str(good), str(bad))
    assert "can't be read" in refusal("recipe", "check", str(tmp_path / "none.example.toml"))


def test_a_recipe_is_asked_for_by_the_pages_host(saved: str) -> None:
    assert refusal("recipe", "test", saved).startswith("Say whose page it is")
    assert refusal("recipe", "test", saved, "--host", "hill.example").startswith("There is no recipe for hill.example")
    assert xabar("recipe", "test", saved, "--host", "www.vodiy.example").exit_code == 0
