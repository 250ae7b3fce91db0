"""Translations are found under exactly what they depend on, within the bound of bytes, whatever befalls the file."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enricher.translate import cache as cache_module
from services.enricher.translate import disposable
from services.enricher.translate.cache import LEAST_BYTES, Cache, Key
from services.runtime import metrics

WRITER = """
import asyncio, sys
from pathlib import Path
from services.enricher.translate.cache import Cache, Key

async def main():
    cache = Cache(Path(sys.argv[1]), 1_000_000)
    for i in range(1_000_000):
        key = Key("engine", "model", "ru", "en", f"source {i}")
        await cache.put_many([(key, f"translation {i} " * 20)])
        print(i, flush=True)

asyncio.run(main())
"""


def key(text: str, model: str = "model-1", source: str = "ru") -> Key:
    return Key("engine", model, source, "en", text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "cache.sqlite"


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"xabar_translation_cache_{name}", labels) or 0.0


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def change(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


def killed_writer(path: Path) -> int:
    """How many translations it had been told were kept."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = [line for _, line in zip(range(40), writer.stdout, strict=False)]
        os.kill(writer.pid, signal.SIGKILL)
        return int([*first, *writer.stdout.read().splitlines()][-1])


@pytest.mark.parametrize("on_disk", [True, False])
async def test_what_was_put_is_found(path: Path, on_disk: bool) -> None:
    cache = Cache(path if on_disk else None, 10_000_000)
    await cache.put_many([(key("река"), "river"), (key("гора"), "mountain"), (key("half \ud800"), "half \udfff")])
    await cache.put_many([(key("гора"), "mount")])
    found = await cache.get_many([key("река"), key("гора"), key("half \ud800"), key("поле")])
    assert found == {key("река"): "river", key("гора"): "mount", key("half \ud800"): "half \udfff"}
    assert (size(path) > 0) == on_disk
    await cache.close()


async def test_another_engine_model_or_language_knows_nothing_of_it(path: Path) -> None:
    cache = Cache(path, 10_000_000)
    await cache.put_many([(key("a"), "A")])
    others = [key("a", model="model-2"), key("a", source="uk"), Key("other", "model-1", "ru", "en", "a")]
    assert await cache.get_many([*others, Key("engine", "model-1", "ru", "ru", "a")]) == {}
    await cache.close()


@given(st.lists(st.tuples(*[st.sampled_from(["", "a", "aa"])] * 5), min_size=20, max_size=20, unique=True))
@settings(max_examples=60, deadline=None)
def test_no_two_keys_look_alike(parts: list[tuple[str, str, str, str, str]]) -> None:
    assert len({Key(*part).digest() for part in parts}) == len(parts)


async def test_it_is_found_again_after_a_restart(path: Path) -> None:
    first = Cache(path, 10_000_000)
    await first.put_many([(key("a"), "A")])
    await first.close()
    second = Cache(path, 10_000_000)
    assert await second.get_many([key("a")]) == {key("a"): "A"}
    await second.close()


async def test_two_processes_of_a_replica_share_it(path: Path) -> None:
    one, other = Cache(path, 10_000_000), Cache(path, 10_000_000)
    for i in range(20):
        await asyncio.gather(one.put_many([(key(f"a{i}"), "A")]), other.put_many([(key(f"b{i}"), "B")]))
    assert len(await one.get_many([key(f"{x}{i}") for x in "ab" for i in range(20)])) == 40
    await one.close()
    await other.close()


async def test_the_file_keeps_to_its_bound_and_the_ones_in_use_stay(path: Path) -> None:
    bound, text = 1_000_000, "translation " * 25
    cache = Cache(path, bound)
    loved = [key(f"loved {i}") for i in range(20)]
    await cache.put_many([(one, text) for one in loved])
    evicted = counted("evictions_total")
    for i in range(200):
        await cache.put_many([(key(f"{i} {j}"), text) for j in range(40)])
        assert len(await cache.get_many(loved)) == len(loved)
        assert size(path) <= bound + 100_000
    assert await cache.get_many([key("0 0")]) == {}
    assert await cache.get_many([key("199 39")]) != {}
    assert 0.7 * bound < counted("bytes") <= bound
    assert counted("evictions_total") - evicted > 4000
    await cache.close()


async def test_a_bound_that_was_lowered_is_kept_soon(path: Path) -> None:
    cache = Cache(path, 4_000_000)
    for i in range(100):
        await cache.put_many([(key(f"{i} {j}"), "translation " * 25) for j in range(80)])
    await cache.close()
    smaller = Cache(path, LEAST_BYTES)
    for i in range(10):
        await smaller.put_many([(key(f"again {i}"), "text")])
    await smaller.close()
    assert size(path) <= LEAST_BYTES + 100_000


async def test_a_text_that_is_too_long_is_not_kept(path: Path) -> None:
    cache = Cache(path, 10_000_000)
    await cache.put_many([(key("a"), "A" * (cache_module.MOST_TEXT_BYTES + 1))])
    assert await cache.get_many([key("a")]) == {}
    await cache.close()


async def test_a_killed_writer_leaves_every_translation_that_it_was_told_is_kept(path: Path) -> None:
    last = await asyncio.to_thread(killed_writer, path)
    cache = Cache(path, 1_000_000)
    keys = [Key("engine", "model", "ru", "en", f"source {i}") for i in range(last)]
    assert await cache.get_many(keys) == {one: f"translation {i} " * 20 for i, one in enumerate(keys)}
    await cache.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    "ruin", [lambda whole: b"no database at all" * 500, lambda whole: whole[:40_000]], ids=["other", "cut"]
)
async def test_a_ruined_file_is_begun_anew(
    path: Path,
    ruin: Callable[[bytes], bytes],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = Cache(path, 10_000_000)
    await first.put_many([(key(f"source {i}"), "translation " * 25) for i in range(500)])
    await first.close()
    change(path, ruin)
    cache = Cache(path, 10_000_000)
    for i in range(500):
        found = await cache.get_many([key(f"source {i}")])
        assert found in ({}, {key(f"source {i}"): "translation " * 25})
    await cache.put_many([(key("new"), "NEW")])
    assert await cache.get_many([key("new")]) == {key("new"): "NEW"}
    await cache.close()
    assert "the translation cache is begun anew" in capsys.readouterr().out + caplog.text
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_text_whose_bytes_changed_is_not_given_out(path: Path) -> None:
    first = Cache(path, 10_000_000)
    await first.put_many([(key("a"), "the translation of a"), (key("b"), "the translation of b")])
    await first.close()
    change(path, lambda whole: whole.replace(b"translation of a", b"translatiom of a"))
    cache = Cache(path, 10_000_000)
    assert await cache.get_many([key("a"), key("b")]) == {key("b"): "the translation of b"}
    await cache.close()


async def test_a_file_of_another_version_is_begun_anew(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 77")
    cache = Cache(path, 10_000_000)
    await cache.put_many([(key("a"), "A")])
    assert await cache.get_many([key("a")]) == {key("a"): "A"}
    await cache.close()


async def test_where_no_file_can_be_it_is_kept_in_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    cache = Cache(tmp_path / "file" / "cache.sqlite", 10_000_000)
    await cache.put_many([(key("a"), "A")])
    assert await cache.get_many([key("a")]) == {key("a"): "A"}
    await cache.close()
    assert "is kept in memory" in capsys.readouterr().out + caplog.text


async def test_a_disk_that_does_not_answer_holds_nobody_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disposable, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(disposable, "LOCK_SECONDS", 30.0)
    cache = Cache(path, 10_000_000)
    await cache.put_many([(key("a"), "A")])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = asyncio.get_running_loop().time()
        for i in range(100):  # the first waits, the others don't even ask
            await asyncio.wait_for(cache.put_many([(key(f"b{i}"), "B")]), 5)
        assert await asyncio.wait_for(cache.get_many([key("a")]), 5) == {}
        assert asyncio.get_running_loop().time() - began < 10
        other.execute("ROLLBACK")
    for _ in range(100):
        if await cache.get_many([key("a")]):
            break
        await asyncio.sleep(0.05)
    assert await cache.get_many([key("a")]) == {key("a"): "A"}
    await cache.close()


async def test_hits_and_misses_are_counted(path: Path) -> None:
    cache = Cache(path, 10_000_000)
    await cache.put_many([(key("a"), "A")])
    hits, misses = counted("lookups_total", result="hit"), counted("lookups_total", result="miss")
    await cache.get_many([key("a"), key("b"), key("c")])
    assert counted("lookups_total", result="hit") - hits == 1
    assert counted("lookups_total", result="miss") - misses == 2
    await cache.close()
