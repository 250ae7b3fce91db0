"""A mirror of the Firefox translation models: the list of them as Mozilla publishes it, and one pair's files out of it.

Two forms of list are read. `records.json` is that of Remote Settings' collection translations-models-v2 (or its
forerunner): one record for each file, with an attachment. `models.json`, or `db/models.json`, is that of Mozilla's
model registry: for each pair the builds, each with its files. Files are looked for beneath the mirror's address, and
nowhere else, whatever a list says.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.enricher.weights.download import small
from services.enricher.weights.plan import MOST_LISTED, FetchRefused, Plan, Remote, checked_plan, web_address

LISTS = ("records.json", "models.json", "db/models.json")
MOST_LIST_BYTES = 30_000_000
LICENCE, LICENCE_URL = "MPL-2.0", "https://www.mozilla.org/MPL/2.0/"
"""Of all Firefox models; the lists don't repeat it."""
ARCHITECTURES = ("base-memory", "base", "tiny")
"""The better ones first."""
ROLES = ("model", "lex", "vocab", "srcvocab", "trgvocab")
_REGISTRY_ROLES = {
    "model": "model",
    "lexicalShortlist": "lex",
    "vocab": "vocab",
    "srcVocab": "srcvocab",
    "trgVocab": "trgvocab",
}
_FILE = re.compile(r"(?:model|lex|vocab|srcvocab|trgvocab)\.[A-Za-z0-9._-]{1,110}")
_PATH = re.compile(r"[A-Za-z0-9_+=.-]{1,128}(?:/[A-Za-z0-9_+=.-]{1,128}){0,15}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(a|b)?(\d{0,6})", re.ASCII)
_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?")


@dataclass(frozen=True)
class Build:
    """One model of a pair."""

    version: str
    """Or the name of the run that made it."""
    architecture: str
    files: Mapping[str, Remote]
    """By role."""
    is_for_all: bool = True
    """Whether Firefox gives it to everybody at a desk."""

    @property
    def is_complete(self) -> bool:
        """Whether the engine can open it; it can do without the shortlist."""
        return "model" in self.files and ("vocab" in self.files or {"srcvocab", "trgvocab"} <= set(self.files))

    @property
    def order(self) -> tuple[bool, bool, tuple[int, int, int], int]:
        """Released builds first, then those for everybody, of those the newest, of that the larger architecture."""
        found = _VERSION.fullmatch(self.version)
        number = (-int(found[1]), -int(found[2]), -int(found[4] or 0)) if found else (0, 0, 0)
        known = self.architecture in ARCHITECTURES
        rank = ARCHITECTURES.index(self.architecture) if known else len(ARCHITECTURES)
        return bool(found and found[3]), not self.is_for_all, number, rank


def mirror_plan(client: httpx.Client, mirror: str, pair: str, name: str, version: str | None = None) -> Plan:
    """What the mirror has for a pair like `pt:en`: the newest build, or that of `version`. Raises FetchRefused."""
    address = web_address(mirror, "The mirror")
    source, _, target = pair.partition(":")
    if not _TAG.fullmatch(source) or not _TAG.fullmatch(target):
        raise FetchRefused(f"{pair!r} is no pair; a pair is source:target, like pt:en.")
    builds = _builds(_list(client, address), address, source, target)
    complete = [build for build in builds if build.is_complete]
    chosen = [build for build in complete if version in (None, build.version)]
    if not chosen:
        there = sorted({build.version for build in complete})
        which = f" in version {version}; there is {', '.join(there)}" if complete else ""
        raise FetchRefused(f"{address} has no whole model for {pair}{which}.")
    build = min(chosen, key=lambda build: build.order)
    return checked_plan(
        Plan(
            name=name,
            kind="firefox",
            pairs=(pair,),
            origin=address,
            revision=build.version,
            licence=LICENCE,
            licence_url=LICENCE_URL,
            files=tuple(build.files[role] for role in ROLES if role in build.files),
        )
    )


def _list(client: httpx.Client, address: str) -> Any:
    for name in LISTS:
        body = small(client, f"{address}/{name}", MOST_LIST_BYTES)
        if body is None:
            continue
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise FetchRefused(f"{address}/{name} is no JSON.") from None
    raise FetchRefused(f"{address} has no list of models: {', '.join(LISTS[:-1])} nor {LISTS[-1]}.")


def _builds(listed: Any, address: str, source: str, target: str) -> list[Build]:
    records = listed.get("data") if isinstance(listed, dict) else listed
    if isinstance(records, list):
        return _of_records(records, address, source, target)
    models = listed.get("models") if isinstance(listed, dict) else None
    if isinstance(models, dict):
        of_pair = models.get(f"{source}-{target}") or models.get(f"{source}{target}") or []
        return list(_of_registry(of_pair, address)) if isinstance(of_pair, list) else []
    raise FetchRefused(f"The list of models at {address} has neither records nor models in it.")


def _of_records(records: list[Any], address: str, source: str, target: str) -> list[Build]:
    if len(records) > MOST_LISTED:
        raise FetchRefused(f"The list of models at {address} has more than {MOST_LISTED} entries.")
    found: dict[tuple[str, str, str, bool], dict[str, Remote]] = defaultdict(dict)
    for record in records:
        if not isinstance(record, dict):
            continue
        from_to = (
            record.get("sourceLanguage") or record.get("fromLang"),
            record.get("targetLanguage") or record.get("toLang"),
        )
        role, attachment = record.get("fileType"), record.get("attachment")
        kept_for = str(record.get("filter_expression") or "")
        for_desks = "ndroid" in kept_for and "!=" in kept_for
        if from_to != (source, target) or role not in ROLES or not isinstance(attachment, dict):
            continue
        version, architecture, variant = (str(record.get(key) or "") for key in ("version", "architecture", "variant"))
        if not _PATH.fullmatch(version) or "/" in version:
            continue
        found[version, architecture, variant, not kept_for or for_desks][role] = Remote(
            name=_file_name(str(record.get("name") or attachment.get("filename") or ""), address),
            url=_beneath(address, attachment.get("location")),
            size=_size(attachment.get("size")),
            sha256=_hash(attachment.get("hash")),
            unpacked_size=_size(record.get("decompressedSize")),
            unpacked_sha256=_hash(record.get("decompressedHash")),
            may_be_packed=True,
        )
    return [Build(version, kind, files, for_all) for (version, kind, _, for_all), files in found.items()]


def _of_registry(of_pair: list[Any], address: str) -> Iterator[Build]:
    released = [one for one in of_pair if isinstance(one, dict) and str(one.get("releaseStatus")).startswith("Release")]
    for one in (released or of_pair)[:MOST_LISTED]:
        files = one.get("files") if isinstance(one, dict) else None
        if not isinstance(files, dict):
            continue
        by_role: dict[str, Remote] = {}
        run = ""
        for key, role in _REGISTRY_ROLES.items():
            file = files.get(key)
            if not isinstance(file, dict):
                continue
            url = _beneath(address, file.get("path"))
            if role == "model":
                run = _run(str(file["path"]))
            by_role[role] = Remote(
                name=_file_name(url.rsplit("/", 1)[1], address),
                url=url,
                size=None,
                unpacked_size=_size(file.get("uncompressedSize")),
                unpacked_sha256=_hash(file.get("uncompressedHash")),
                may_be_packed=True,
            )
        yield Build(run, str(one.get("architecture") or ""), by_role)


def _run(path: str) -> str:
    """What tells one build of a pair from the next: the run's folder in models/PAIR/RUN/exported/FILE."""
    folders = [part for part in path.split("/")[:-1] if part != "exported"]
    return folders[-1] if folders else path


def _beneath(address: str, path: object) -> str:
    """The address of a file of the mirror. Raises FetchRefused for a path that leads out of it."""
    text = str(path or "")
    if not _PATH.fullmatch(text) or any(part in (".", "..") for part in text.split("/")):
        raise FetchRefused(f"The list of models at {address} leads to {text[:100]!r}, which is no place beneath it.")
    return f"{address}/{text}"


def _file_name(text: str, address: str) -> str:
    name = text.removesuffix(".gz").removesuffix(".zst")
    if not _FILE.fullmatch(name) or ".." in name:
        raise FetchRefused(f"The list of models at {address} names a file {text[:100]!r}, which is none of a model's.")
    return name


def _hash(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and _SHA256.fullmatch(value.lower()) else None


def _size(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
