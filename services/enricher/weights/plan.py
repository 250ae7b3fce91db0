"""What is to be fetched, decided before the first byte: files, sizes, hashes, and the bounds for all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pydantic import ValidationError

from services.enricher.translate.engines.folders import Card

Kind = Literal["firefox", "nllb", "opus"]

MOST_FILES = 40
"""Of one model."""
MOST_FILE_BYTES = 20_000_000_000
MOST_BYTES = 25_000_000_000
"""Of one model's files together, unpacked."""
MOST_LISTED = 20_000
"""Entries of a list of models, or files of a repository."""
MOST_NAME = 128
NOT_STATED = "not stated"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class FetchRefused(Exception):
    """A model that is not fetched, in one sentence for the operator: why, and what to do."""


@dataclass(frozen=True)
class Remote:
    """One file of a model: where it is, and how it is known to be whole."""

    name: str
    """In the model's folder."""
    url: str = field(repr=False)
    size: int | None
    """Bytes as they come over the line, where that is told."""
    sha256: str | None = None
    """Of those bytes."""
    git_sha1: str | None = None
    """Of those bytes as git counts them: a hub tells it of small files instead."""
    unpacked_size: int | None = None
    """Where the file comes packed, by gzip or zstd: the size of what lies in the folder in the end."""
    unpacked_sha256: str | None = None
    may_be_packed: bool = False

    @property
    def is_vouched_for(self) -> bool:
        """Whether its source tells a hash of it."""
        return any((self.sha256, self.git_sha1, self.unpacked_sha256))

    @property
    def room(self) -> int:
        """Bytes that it takes on disk while it is fetched, as far as its source tells."""
        return (self.size or 0) + (self.unpacked_size or 0) if self.may_be_packed else self.size or 0


@dataclass(frozen=True)
class Plan:
    """A model as its source describes it."""

    name: str
    """Of its folder."""
    kind: Kind
    pairs: tuple[str, ...]
    origin: str
    """owner/name of a repository, or a mirror's address; it never holds a secret."""
    revision: str
    licence: str
    licence_url: str | None
    files: tuple[Remote, ...]
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    """To be sent to the host of the plan alone: the hub's token is in them."""

    def is_of(self, card: Card) -> bool:
        """Whether a folder's card tells of this model in this revision."""
        return (card.repository, card.revision) == (self.origin, self.revision)


def checked_plan(plan: Plan) -> Plan:
    """The plan, where it is within the bounds. Raises FetchRefused."""
    if len(plan.files) > MOST_FILES:
        raise FetchRefused(f"{plan.origin} has {len(plan.files)} files for this model; {MOST_FILES} are the most.")
    for file in plan.files:
        if not _NAME.fullmatch(file.name):
            raise FetchRefused(f"{plan.origin} names a file {file.name[:MOST_NAME]!r}, which is no plain file name.")
        if max(file.size or 0, file.unpacked_size or 0) > MOST_FILE_BYTES:
            raise FetchRefused(f"{file.name} of {plan.origin} has more than {MOST_FILE_BYTES // 10**9} GB.")
    if sum(file.unpacked_size or file.size or 0 for file in plan.files) > MOST_BYTES:
        raise FetchRefused(f"The files of {plan.origin} have more than {MOST_BYTES // 10**9} GB together.")
    try:
        Card(name=plan.name, kind=plan.kind, pairs=plan.pairs)
    except ValidationError as error:
        raise FetchRefused(f"{plan.name}: {error.errors()[0]['msg']}.") from None
    if len({file.name for file in plan.files}) != len(plan.files):
        raise FetchRefused(f"{plan.origin} names a file twice.")
    return plan


def folder_name(name: str) -> str:
    """The name, where it can be a folder's. Raises FetchRefused."""
    if not _NAME.fullmatch(name):
        raise FetchRefused(
            f"{name[:MOST_NAME]!r} can't be a folder's name: up to {MOST_NAME} letters, digits, '.', '_' and '-'."
        )
    return name


def web_address(text: str, what: str) -> str:
    """The address without a slash at its end. Raises FetchRefused unless it is http(s), and without a secret."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchRefused(f"{what} is no http:// or https:// address.")
    if parts.username or parts.password:
        raise FetchRefused(f"{what} holds a user or a password; it would be written into the model's card.")
    if parts.query or parts.fragment:
        raise FetchRefused(f"{what} must have no ? and no #: files are looked for beneath it.")
    return text.rstrip("/")
