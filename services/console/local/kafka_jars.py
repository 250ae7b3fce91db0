"""The jars of Kafka: named by a committed lock, fetched through jgo, each proved by its SHA-256 before every start."""

import hashlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from services.console.local.errors import LocalRunError

LOCK_FILE = Path(__file__).with_name("kafka.lock.toml")
DOWNLOADS_AT_ONCE = 6


@dataclass(frozen=True)
class Jar:
    """One file of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinate(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def path(self) -> Path:
        """Where the jar lies in a cache, in Maven's own layout."""
        return Path(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")


Fetch = Callable[[Jar, Path], Path]


def read_lock(file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """The jars of the lock, in its order."""
    return tuple(Jar(**entry) for entry in tomllib.loads(file.read_text(encoding="utf-8"))["jar"])


def cache_folder(environ: Mapping[str, str], home: Path, platform: str = sys.platform) -> Path:
    """Where jars are kept for all state folders: XABAR_CACHE, else where this system keeps caches."""
    if environ.get("XABAR_CACHE"):
        return Path(environ["XABAR_CACHE"])
    if platform == "darwin":
        return home / "Library" / "Caches" / "xabar"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "xabar"


def writable_cache(state: Path, environ: Mapping[str, str]) -> Path:
    """The shared cache, or one inside the state folder where the shared one can't be written."""
    try:
        shared = cache_folder(environ, Path.home())
        shared.mkdir(parents=True, exist_ok=True)
        if os.access(shared, os.W_OK | os.X_OK):
            return shared
    except (OSError, RuntimeError):  # no home folder, or a read-only one
        pass
    own = state / "cache"
    own.mkdir(parents=True, exist_ok=True)
    return own


def fetch_with_jgo(jar: Jar, folder: Path) -> Path:
    """Download one jar into a folder. Only jgo's artifact layer: its environments trust whatever their cache holds."""
    from jgo.maven import MavenContext  # imported late: it takes longer than checking 46 hashes, and is seldom needed

    context = MavenContext(repo_cache=folder, timeout=30)
    return Path(context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())


def resolve(jars: Sequence[Jar], cache: Path, fetch: Fetch = fetch_with_jgo) -> list[Path]:
    """The checked files of all jars, downloading those that are missing; no network once all are there."""
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        return list(pool.map(lambda jar: _resolve_one(jar, cache, fetch), jars))


def _resolve_one(jar: Jar, cache: Path, fetch: Fetch) -> Path:
    kept = cache / "jars" / jar.path
    if kept.exists():
        _require_hash(jar, kept, f"delete {kept} and start again")
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Downloaded aside and moved into place whole and checked: an interrupted download leaves nothing behind,
    # and two runs that fetch the same jar at once don't meet.
    with tempfile.TemporaryDirectory(prefix="download-", dir=cache) as aside:
        try:
            fetched = fetch(jar, Path(aside))
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise LocalRunError(
                f"Kafka's jar {jar.coordinate} could not be downloaded ({type(error).__name__}: {reason[:300]}); "
                f"check the network and start again: what is already in {cache} is kept."
            ) from error
        _require_hash(jar, fetched, "nothing was kept: start again, and if it happens again don't trust your mirror")
        fetched.replace(kept)
    return kept


def _require_hash(jar: Jar, file: Path, advice: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != jar.sha256:
        raise LocalRunError(
            f"Kafka's jar {jar.coordinate} is not the one Xabar was tested with "
            f"(SHA-256 {found}, expected {jar.sha256}); {advice}."
        )
