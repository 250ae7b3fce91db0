"""From a plan to a folder of models: fetched beside it, checked, recorded in its card, and put in its place at once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from services.enricher.translate.engine import Denied
from services.enricher.translate.engines.folders import CARD, Card, read_card
from services.enricher.weights.download import Patience, Progress, download, file_hash
from services.enricher.weights.plan import FetchRefused, Plan, folder_name

WORKSHOP = ".fetching"
"""The folder in which models are put together; engines don't look so deep."""
SPARE_BYTES = 200_000_000
"""That stay free on the disk."""
MOST_BINARY_VERSION = 100
_SPECIFICATION = b"TransformerSpec"

Outcome = Literal["fetched", "complete"]


@dataclass(frozen=True)
class Place:
    """Where a model goes."""

    models: Path
    replace: bool
    """Whether another model or revision may make room."""
    free: Callable[[Path], int]
    """Bytes that are free on the disk of a folder."""


def standing(plan: Plan, place: Place) -> Outcome | None:
    """ "complete" where the folder holds this very model unharmed; None where it is to be fetched.

    Raises FetchRefused where something else lies there, and may not be replaced.
    """
    folder = place.models / folder_name(plan.name)
    if not folder.exists():
        return None
    try:
        card = read_card(folder)
    except Denied as error:
        if place.replace:
            return None
        raise FetchRefused(f"{error}. With --replace, the folder makes room.") from None
    if plan.is_of(card):
        # A file that was harmed since is fetched anew without being asked for: it is the same model.
        whole = {file.name for file in plan.files} <= set(card.files) and not damaged(folder, card)
        return "complete" if whole else None
    if not place.replace:
        held = f"{card.repository} in revision {card.revision}" if card.repository else "files of another origin"
        raise FetchRefused(
            f"{folder} holds {held}, and this is {plan.origin} in revision {plan.revision}:"
            " --replace lets it make room, --as FOLDER puts this one beside it."
        )
    return None


def damaged(folder: Path, card: Card) -> list[str]:
    """Files that are missing, or not those that the card names."""
    found = []
    for name, file in card.files.items():
        try:
            if file_hash(folder / name) != file.sha256:
                found.append(name)
        except OSError:
            found.append(name)
    return found


def install(client: httpx.Client, plan: Plan, place: Place, patience: Patience, progress: Progress) -> Path:
    """Fetch what is not there yet, and put the folder in its place. Raises FetchRefused."""
    final = place.models / folder_name(plan.name)
    try:
        place.models.mkdir(parents=True, exist_ok=True)
        with _alone(place.models) as workshop:
            return _installed(client, plan, place, patience, progress, workshop, final)
    except OSError as error:
        raise FetchRefused(f"{error.filename or place.models}: {error.strerror or type(error).__name__}.") from None


def _installed(
    client: httpx.Client,
    plan: Plan,
    place: Place,
    patience: Patience,
    progress: Progress,
    workshop: Path,
    final: Path,
) -> Path:
    bench = _bench(workshop, plan)
    held = _take_over(final, bench, plan)
    here = sum(path.stat().st_size for path in bench.iterdir() if path.is_file())
    missing = max(0, sum(file.room for file in plan.files) - here)
    if (free := place.free(bench)) < missing + SPARE_BYTES:
        raise FetchRefused(
            f"{_mb(missing)} are to be fetched and {_mb(SPARE_BYTES)} to stay free: {place.models} has {_mb(free)}."
        )
    paths = [download(client, file, bench, plan.headers, patience, progress) for file in plan.files]
    if plan.kind != "firefox":
        _is_ctranslate(bench / "model.bin", plan.origin)
    (bench / CARD).write_text(_recorded(plan, paths, held, final), encoding="utf-8")
    try:
        read_card(bench)
    except Denied as error:
        raise FetchRefused(f"{plan.origin} can't be recorded: {error}.") from None
    for path in [*paths, bench / CARD]:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    old = workshop / f"{plan.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    try:
        bench.rename(final)
    except OSError:
        if old.exists():
            old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return final


def card_text(plan: Plan, files: list[Path]) -> str:
    """The card of a fetched folder: what it is, where it is from, and every file's hash and size. Raises OSError."""
    lines = [
        "# What this folder holds, as `xabar models fetch` found and checked it.",
        f"name = {_toml(plan.name)}",
        f"kind = {_toml(plan.kind)}",
        *([f"pairs = [{', '.join(map(_toml, plan.pairs))}]"] if plan.pairs else []),
        f"repository = {_toml(plan.origin)}",
        f"revision = {_toml(plan.revision)}",
        f"licence = {_toml(plan.licence)}",
    ]
    for path in files:
        lines += ["", f"[files.{_toml(path.name)}]", f"sha256 = {_toml(file_hash(path))}"]
        lines += [f"bytes = {path.stat().st_size}"]
    return "\n".join(lines) + "\n"


def _toml(text: str) -> str:
    # A TOML basic string takes what a JSON string does; DEL is the one sign that TOML wants escaped and JSON doesn't.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@contextlib.contextmanager
def _alone(models: Path) -> Iterator[Path]:
    """The workshop, held against a second fetch into the same folder. Raises FetchRefused, OSError."""
    held = os.open(models, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FetchRefused(f"Another process is fetching into {models}: wait for it.") from None
        except OSError:
            pass  # a file system of the network that locks no folders
        workshop = models / WORKSHOP
        workshop.mkdir(exist_ok=True)
        yield workshop
        with contextlib.suppress(OSError):  # what another fetch began stays for it
            workshop.rmdir()
    finally:
        os.close(held)


def _bench(workshop: Path, plan: Plan) -> Path:
    """The folder for this revision; those of other revisions of the same name are thrown away."""
    prefix = f"{plan.name}@"
    wanted = workshop / f"{prefix}{_short(plan)}"
    for path in workshop.iterdir():
        if path.is_dir() and path.name.startswith(prefix) and path != wanted:
            shutil.rmtree(path, ignore_errors=True)
    wanted.mkdir(exist_ok=True)
    return wanted


def _short(plan: Plan) -> str:
    told = repr(
        (
            plan.origin,
            plan.revision,
            [(file.name, file.sha256, file.git_sha1, file.unpacked_sha256) for file in plan.files],
        )
    )
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _take_over(final: Path, bench: Path, plan: Plan) -> Card | None:
    """Where the folder holds this very model, harmed: bring over what is whole, and what somebody put beside it.

    Its card, where this is so.
    """
    try:
        card = read_card(final) if final.is_dir() else Card()
    except Denied:
        return None
    if not plan.is_of(card):
        return None
    not_whole = {file.name for file in plan.files if not file.is_vouched_for} | set(damaged(final, card))
    for path in final.iterdir():
        if path.is_file() and path.name not in {*not_whole, CARD} and not (bench / path.name).exists():
            try:
                os.link(path, bench / path.name)
            except OSError:  # a file system without links
                shutil.copyfile(path, bench / path.name)
    return card


def _recorded(plan: Plan, files: list[Path], held: Card | None, final: Path) -> str:
    """The card's text: the one that is there, where it tells of these files, for its owner may have added to it."""
    hashes = {path.name: file_hash(path) for path in files}
    if held is not None and all(name in held.files and held.files[name].sha256 == hashes[name] for name in hashes):
        return (final / CARD).read_text(encoding="utf-8")
    return card_text(plan, files)


def _is_ctranslate(path: Path, origin: str) -> None:
    """Whether a file begins as CTranslate2 writes it: a version, the length of a name, the name.

    Raises FetchRefused: a file of this name may be anything, a pickle too.
    """
    with path.open("rb") as file:
        start = file.read(6 + len(_SPECIFICATION))
    version = struct.unpack("<I", start[:4])[0] if len(start) >= 6 else 0
    if not 1 <= version <= MOST_BINARY_VERSION or start[6:] != _SPECIFICATION:
        path.unlink()
        raise FetchRefused(f"The model.bin of {origin} is not CTranslate2's: convert the model first.")


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
