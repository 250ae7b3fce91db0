"""The Firefox translation models through fxtranslate, on the operator's machine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from services.enricher.translate.engine import Bounds, Broken, DataPolicy, Denied, Refused
from services.enricher.translate.engines.codes import SourceCode, by_lower, in_latin, source_code, target_code
from services.enricher.translate.engines.folders import (
    CARD,
    Weights,
    model_folders,
    pair_in_name,
    read_card,
    versioned,
    weights,
)
from services.enricher.translate.engines.processes import Pool, asked

BOUNDS = Bounds(unit_chars=400, batch_units=64, batch_chars=2_000)
"""The engine's time grows with the square of a sentence's length, and 2,000 characters are about two seconds."""
MODELS_IN_MEMORY = 4
"""Of each process, about 65 MB each; the one that was used longest ago makes room."""
BRIDGE = "en"
"""What a pivot goes through: every Firefox model reads or writes it."""
_PAIR_IN_FILE = re.compile(r"model\.([a-z]{2})([a-z]{2})\.")

Pair = tuple[str, str]


@dataclass(frozen=True)
class Files:
    """The files of one pair in one folder."""

    folder: Path
    source: str
    target: str
    weights: Weights
    source_vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None


@dataclass(frozen=True)
class Model:
    """A pair that could be loaded, and its name with the version."""

    files: Files
    name: str


@dataclass(frozen=True)
class Way:
    """From one language to another by one model or two."""

    source: SourceCode
    models: tuple[Model, ...]


class Firefox:
    """Any pair that a folder has a model for, and any pair through English where that is allowed."""

    policy: DataPolicy = "local"

    def __init__(
        self, folder: Path, pool: Pool, *, name: str = "firefox", pivots: bool = False, bounds: Bounds = BOUNDS
    ) -> None:
        """`folder`: a model's, or one of such folders. `pivots`: whether a pair may go through English."""
        self.name = name
        self.bounds = bounds
        self._folder = folder
        self._pool = pool
        self._pivots = pivots
        self._models: Mapping[Pair, Model] = MappingProxyType({})

    async def open(self) -> None:
        """Find the models and see that each can be loaded. Raises EngineFault."""
        found = find_models(self._folder)
        names = {pair: await asked(self._pool, named, files) for pair, files in found.items()}
        self._models = MappingProxyType({pair: Model(files, names[pair]) for pair, files in found.items()})

    def model(self, source: str, target: str) -> str | None:
        """The name of the pair's model with its version; both, joined by a plus, where it goes through English."""
        way = self._way(source, target)
        return "+".join(model.name for model in way.models) if way else None

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """One task of the pool; a unit beyond the bounds is refused. Raises EngineFault."""
        way = self._way(source, target)
        if way is None:
            raise Denied(f"no model from {source} to {target}")
        read = in_latin(way.source, [unit for unit in units if len(unit) <= self.bounds.unit_chars])
        files = tuple(model.files for model in way.models)
        # Other letters, or English on the way, may be longer than the text.
        answers = iter(await asked(self._pool, translated, files, tuple(read), 2 * self.bounds.unit_chars))
        return [next(answers) if len(unit) <= self.bounds.unit_chars else Refused("unfinished") for unit in units]

    async def close(self) -> None:
        """End the processes."""
        await asyncio.to_thread(self._pool.close)

    def _way(self, source: str, target: str) -> Way | None:
        read = source_code(source, by_lower(start for start, _ in self._models))
        if read is None:
            return None
        for between in ((), (BRIDGE,)) if self._pivots else ((),):
            last = between[-1] if between else read.code
            written = target_code(target, by_lower(end for start, end in self._models if start == last))
            stations = [read.code, *between, *([written] if written else [])]
            models = tuple(self._models[leg] for leg in pairwise(stations) if leg in self._models)
            if written not in (None, read.code) and len(models) == len(between) + 1:
                return Way(read, models)
        return None


def find_models(folder: Path) -> dict[Pair, Files]:
    """Pair to files, for a folder that is a model's or holds some; of several the last by name. Raises Denied."""
    found = [_files(inside) for inside in model_folders(folder, "model.*.bin")]
    return {(files.source, files.target): files for files in found}


def named(files: Files) -> str:
    """In a process of the pool: load a model to see that it can be, and name it with its version. Raises Denied."""
    _loaded.__wrapped__(files)  # kept only once it is wanted: of a folder of fifty, few may ever be
    return versioned(read_card(files.folder), files.weights.path)


def translated(way: tuple[Files, ...], units: tuple[str, ...], limit: int) -> list[str | Refused]:
    """In a process of the pool: each unit by one model after the other. Raises Denied, Broken."""
    engines = [_loaded(files) for files in way]
    return [_through(engines, unit, limit) for unit in units]


def _through(engines: Sequence[Any], unit: str, limit: int) -> str | Refused:
    text = unit
    for engine in engines:
        if len(text) > limit:
            return Refused("unfinished")
        try:
            text = str(engine.translate(text))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of the engine is no Exception, and may carry the text
            raise Broken(f"fxtranslate: {type(error).__name__}") from None
    return text


@lru_cache(maxsize=MODELS_IN_MEMORY)
def _loaded(files: Files) -> Any:
    from fxtranslate import Translator  # only processes of the pool carry it

    files.weights.check()
    try:
        source = files.source_vocabulary.read_bytes()
        same = files.target_vocabulary == files.source_vocabulary
        target = source if same else files.target_vocabulary.read_bytes()
        shortlist = files.shortlist.read_bytes() if files.shortlist else None
        return Translator(files.weights.path.read_bytes(), source, target, shortlist)
    except OSError as error:
        raise Denied(f"{error.filename}: {error.strerror}") from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the engine is no Exception
        raise Denied(f"{files.weights.path} or a file beside it is no Firefox model: {error}") from None


def _files(folder: Path) -> Files:
    names = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}

    def one(start: str, end: str) -> Path | None:
        return next((path for name, path in names.items() if name.startswith(start) and name.endswith(end)), None)

    model, shared = one("model.", ".bin"), one("vocab.", ".spm")
    source, target = one("srcvocab.", ".spm") or shared, one("trgvocab.", ".spm") or shared
    if model is None or source is None or target is None:
        raise Denied(f"{folder}: no vocab.*.spm beside the model, nor srcvocab.*.spm and trgvocab.*.spm")
    in_file = _PAIR_IN_FILE.match(model.name)
    said = read_card(folder).both or [in_file.groups() if in_file else pair_in_name(folder.name)]
    if len(said) != 1 or said[0] is None:
        raise Denied(f'{folder}: which pair? Name the folder like pt-en, or write pairs = ["pt:en"] in {CARD}')
    return Files(folder, said[0][0], said[0][1], weights(model), source, target, one("lex.", ".bin"))
