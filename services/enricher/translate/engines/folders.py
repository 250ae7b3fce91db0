"""Models on disk: folders, the card in each, and the name that tells one version of a model from the next."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.enricher.translate.engine import Denied

CARD = "xabar-model.toml"
MOST_MODELS = 200
"""In one folder."""
MOST_CARD_BYTES = 1_000_000
VERSION_HEX = 8
_PAIR = re.compile(r"([a-z]{2,3}(?:-[A-Z][a-z]{3})?):([a-z]{2,3}(?:-[A-Z][a-z]{3})?)")
_PAIR_IN_FILE = re.compile(r"model\.([a-z]{2})([a-z]{2})\.")
_LANGUAGES = frozenset(
    [
        "az",
        "be",
        "bg",
        "bn",
        "ca",
        "cs",
        "crh",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fa",
        "fi",
        "fr",
        "gu",
        "he",
        "hi",
        "hr",
        "hu",
        "hy",
        "id",
        "is",
        "it",
        "ja",
        "ka",
        "kaa",
        "kk",
        "kn",
        "ko",
        "ky",
        "lt",
        "lv",
        "mk",
        "ml",
        "mn",
        "ms",
        "mt",
        "nb",
        "nl",
        "nn",
        "no",
        "pl",
        "ps",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sq",
        "sr",
        "sv",
        "ta",
        "te",
        "tg",
        "th",
        "tk",
        "tr",
        "tt",
        "ug",
        "uk",
        "ur",
        "uz",
        "vi",
        "zh",
    ]
)
"""What a folder's name can say without a card; `opus-mt-ru-en` and not `opus-mt`."""


class CardFile(BaseModel):
    """A file as it was fetched."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int | None = Field(default=None, ge=0)


class Card(BaseModel):
    """What xabar-model.toml says of the folder that it lies in; everything but the files' hashes may be left out."""

    model_config = ConfigDict(frozen=True)

    name: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", description="else the folder's"
    )
    kind: Literal["firefox", "nllb", "opus"] | None = Field(default=None, description="else what the files look like")
    pairs: tuple[str, ...] = Field(
        default=(), max_length=10_000, description="source:target in BCP 47; nllb: only these; else the name's"
    )
    target_tokens: dict[str, str] = Field(
        default_factory=dict,
        description="opus with several targets: tag to the token that asks for it, like >>uzb_Latn<<",
    )
    repository: str | None = None
    revision: str | None = None
    licence: str | None = None
    files: dict[str, CardFile] = Field(default_factory=dict)

    @field_validator("pairs")
    @classmethod
    def _are_pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [pair for pair in value if not _PAIR.fullmatch(pair)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no pair; a pair is source:target, like uz-Latn:en")
        return value

    @property
    def both(self) -> tuple[tuple[str, str], ...]:
        """The pairs as sources and targets."""
        return tuple((source, target) for source, _, target in (pair.partition(":") for pair in self.pairs))


def read_card(folder: Path) -> Card:
    """The folder's card, an empty one where it has none. Raises Denied."""
    path = folder / CARD
    if not path.is_file():
        return Card()
    try:
        if path.stat().st_size > MOST_CARD_BYTES:
            raise ValueError(f"more than {MOST_CARD_BYTES} bytes")
        return Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Denied(f"{path}: {where}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise Denied(f"{path}: {error}") from None


def pair_in_name(name: str) -> tuple[str, str] | None:
    """The languages in a name like pt-en or opus-mt-ru-en-int8."""
    # From the end: the mt of opus-mt-ru-en is no Maltese.
    return next((pair for pair in reversed(list(pairwise(name.split("-")))) if _LANGUAGES.issuperset(pair)), None)


def model_folders(folder: Path, sign: str) -> list[Path]:
    """The folder itself where it holds a file like `sign` (a glob), else those in it that do, by name.

    Raises Denied where there is none, or more than MOST_MODELS.
    """
    if not folder.is_dir():
        raise Denied(f"{folder} is no folder")
    if any(folder.glob(sign)):
        return [folder]
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob(sign)))
    if not inside:
        raise Denied(f"no model in {folder}: neither it nor a folder in it holds {sign}")
    if len(inside) > MOST_MODELS:
        raise Denied(f"{len(inside)} models in {folder}; {MOST_MODELS} are the most")
    return inside


@dataclass(frozen=True)
class Installed:
    """A model as it lies on disk, without being loaded."""

    folder: Path
    card: Card
    kind: str
    pairs: tuple[str, ...]
    size: int
    """Bytes of its files."""
    changed: tuple[str, ...]
    """Files that are not those that its card names."""


def installed(folder: Path) -> list[Installed]:
    """The models in a folder, every file that a card names read and compared. Raises Denied."""
    return [_installed(inside) for inside in model_folders(folder, "model*.bin")]


def _installed(folder: Path) -> Installed:
    card = read_card(folder)
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    in_file = next((found for path in files if (found := _PAIR_IN_FILE.match(path.name))), None)
    in_name = in_file.groups() if in_file else pair_in_name(folder.name)
    one_for_each = any(path.name in ("source.spm", "target.spm") for path in files)
    kind = card.kind or ("firefox" if not (folder / "model.bin").is_file() else "opus" if one_for_each else "nllb")
    return Installed(
        folder,
        card,
        kind,
        card.pairs or ((":".join(in_name),) if in_name and kind != "nllb" else ()),
        sum(path.stat().st_size for path in files),
        tuple(name for name, file in card.files.items() if _sha256(folder / name) != file.sha256),
    )


def _sha256(path: Path) -> str | None:
    """Of a file; None where it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


@dataclass(frozen=True)
class Weights:
    """A file of weights as it was when a model got its name."""

    path: Path
    size: int
    changed_ns: int

    def check(self) -> None:
        """Raises Denied where it is another file by now: under the old name its translations would pass for the old."""
        if weights(self.path) != self:
            raise Denied(f"{self.path} has changed since it was opened")


def weights(path: Path) -> Weights:
    """The file as it is now. Raises Denied where there is none."""
    try:
        found = path.stat()
    except OSError as error:
        raise Denied(f"{path}: {error.strerror}") from None
    return Weights(path, found.st_size, found.st_mtime_ns)


def versioned(card: Card, path: Path) -> str:
    """A model's name and the first hex digits of the SHA-256 of its weights.

    Raises Denied where the file can't be read, or isn't the one that the card names.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Denied(f"{path}: {error.strerror}") from None
    meant = card.files.get(path.name)
    if meant is not None and meant.sha256 != found:
        raise Denied(f"{path} is not the file that {CARD} names: its SHA-256 is another")
    return f"{card.name or path.resolve().parent.name}-{found[:VERSION_HEX]}"
