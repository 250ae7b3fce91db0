"""Kafka's jars: the lock is whole, and a jar that is missing or not the locked one is told in one sentence."""

import hashlib
import re
from pathlib import Path

import pytest

from services.console.local.errors import LocalRunError
from services.console.local.kafka_jars import LOCK_FILE, Jar, cache_folder, read_lock, resolve

CONTENT = b"a jar"
JAR = Jar("org.example", "thing", "1.2", hashlib.sha256(CONTENT).hexdigest())


def no_network(jar: Jar, folder: Path) -> Path:
    raise OSError("Network is unreachable")


def fetch_of(content: bytes):
    def fetch(jar: Jar, folder: Path) -> Path:
        file = folder / "thing.jar"
        file.write_bytes(content)
        return file

    return fetch


def test_the_lock_names_every_jar_once_with_its_hash_and_no_host():
    jars = read_lock()
    assert len({jar.coordinate for jar in jars}) == len(jars) == 46
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert {jar.version for jar in jars if jar.group == "org.apache.kafka"} == {"4.3.1"}
    assert "://" not in LOCK_FILE.read_text()


def test_a_fetched_jar_is_kept_and_needs_no_network_the_next_time(tmp_path):
    [first] = resolve([JAR], tmp_path, fetch_of(CONTENT))
    assert first == tmp_path / "jars" / "org" / "example" / "thing" / "1.2" / "thing-1.2.jar"
    assert resolve([JAR], tmp_path, no_network) == [first]


def test_a_tampered_jar_in_the_cache_is_refused_before_kafka_starts(tmp_path):
    [kept] = resolve([JAR], tmp_path, fetch_of(CONTENT))
    kept.write_bytes(CONTENT + b"!")
    with pytest.raises(LocalRunError, match=r"org\.example:thing:1\.2 is not the one .* delete .*thing-1\.2\.jar"):
        resolve([JAR], tmp_path, no_network)


def test_a_download_with_the_wrong_hash_is_not_kept(tmp_path):
    with pytest.raises(LocalRunError, match="is not the one Xabar was tested with"):
        resolve([JAR], tmp_path, fetch_of(b"something else"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_failed_download_says_which_jar_and_what_to_do(tmp_path):
    with pytest.raises(LocalRunError, match=r"thing:1\.2 could not be downloaded .*unreachable.* check the network"):
        resolve([JAR], tmp_path, no_network)


def test_the_cache_is_shared_by_all_state_folders_and_can_be_put_elsewhere():
    home = Path("/home/a")
    assert cache_folder({}, home, "linux") == home / ".cache" / "xabar"
    assert cache_folder({}, home, "darwin") == home / "Library" / "Caches" / "xabar"
    assert cache_folder({"XDG_CACHE_HOME": "/c"}, home, "linux") == Path("/c/xabar")
    assert cache_folder({"XABAR_CACHE": "/mine"}, home, "linux") == Path("/mine")
