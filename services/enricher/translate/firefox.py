"""The Firefox translation models through fxtranslate, in processes that can be killed: it can't be interrupted."""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from services.contracts.articles import Translation, TranslationStatus
from services.enricher.translate.cache import UnitCache
from services.enricher.translate.guards import flaw
from services.enricher.translate.none import NoTranslator
from services.enricher.translate.protocol import Translator, primary
from services.enricher.translate.sentences import units

BATCH_CHARS = 2_000
"""Of one task in the pool: about two seconds' work, far from its timeout."""
CACHE_CHARS = 8_000_000
_PAIR_IN_FILE = re.compile(r"^model\.([a-z]{2})([a-z]{2})\.")
_PAIR_IN_FOLDER = re.compile(r"^([a-z]{2,3})-([a-z]{2,3})$")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Pool(Protocol):
    """Where work is done that may crash or hang."""

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function returns or raises; an exception of the pool's own where it crashes or hangs."""
        ...


@dataclass(frozen=True)
class Model:
    """The files of one pair in one folder."""

    folder: Path
    source: str
    target: str
    weights: Path
    source_vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None

    @property
    def name(self) -> str:
        """The folder's name: it carries the version."""
        return self.folder.name


def open_models(folder: Path | None, pool: Pool, max_chars: int, max_seconds: float) -> Translator:
    """The engine on the models in that folder, or the engine that says why there is none."""
    if folder is None:
        return NoTranslator("no engine is configured: ENRICHER_FIREFOX_MODELS is not set")
    if importlib.util.find_spec("fxtranslate") is None:
        return NoTranslator("fxtranslate is not installed")
    models = find_models(folder)
    if not models:
        return NoTranslator(f"no Firefox model in {folder}")
    return FirefoxTranslator(models, pool, max_chars, max_seconds)


def find_models(folder: Path) -> dict[tuple[str, str], Model]:
    """Pair → model, for a folder that is one or holds some; of several the last by name."""
    if not folder.is_dir():
        return {}
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    found = (_model(path) for path in [folder, *inside])
    return {(model.source, model.target): model for model in found if model}


class FirefoxTranslator:
    """Sentence by sentence, each guarded; a crash or a hang costs this translation and nothing else."""

    name = "firefox"

    def __init__(
        self,
        models: Mapping[tuple[str, str], Model],
        pool: Pool,
        max_chars: int,
        max_seconds: float,
    ) -> None:
        self._models = models
        self._pool = pool
        self._max_chars = max_chars
        self._max_seconds = max_seconds
        self._cache = UnitCache(CACHE_CHARS)

    def model(self, source: str, target: str) -> str | None:
        """The name of the pair's model."""
        model = self._models.get((primary(source), primary(target)))
        return model.name if model else None

    def supports(self, source: str, target: str) -> bool:
        """Whether there is a model for the pair; scripts and regions do not matter to it."""
        return self.model(source, target) is not None

    async def translate(self, title: str, paragraphs: Sequence[str], source: str, target: str) -> Translation:
        """Headline first, paragraph after paragraph, until the limit of characters or of time."""
        model = self._models.get((primary(source), primary(target)))
        if model is None:
            return Translation(
                target=target, status="unsupported", engine=self.name, detail=f"no model from {source} to {target}"
            )
        seconds = 0.0
        texts = list(_up_to(self._max_chars, [title, *paragraphs]))
        done: list[str | None] = []
        flaws: list[str] = []
        try:
            for batch in _batches(texts):
                if done and seconds > self._max_seconds:
                    break
                cut_up = [_lines(text) for text in batch]
                wanted = [unit for lines in cut_up for line in lines for unit in line]
                known, took = await self._known(model, wanted)
                seconds += took
                for lines in cut_up:
                    wrong = _flaws(lines, known, target)
                    flaws.extend(wrong)
                    done.append(None if wrong else _assembled(lines, known))
        except Exception as error:  # whatever an engine can do must not cost the article
            why = f"{type(error).__name__}: {error}"
            return self._answer(model, target, "failed", None, (), seconds, why)
        cut = len(done) <= len(paragraphs)
        aligned = [*done, *[None] * (1 + len(paragraphs) - len(done))]
        status, detail = _status(done, flaws, cut, 1 + len(paragraphs))
        return self._answer(model, target, status, aligned[0], tuple(aligned[1:]), seconds, detail)

    async def _known(self, model: Model, wanted: Sequence[str]) -> tuple[dict[str, str], float]:
        """Unit → translation, from the cache and the engine; the engine's seconds, without the wait for it."""
        known: dict[str, str] = {}
        missing: list[str] = []
        for unit in dict.fromkeys(wanted):
            cached = self._cache.get((self.name, model.name, unit))
            if cached is not None:
                known[unit] = cached
            elif any(map(str.isalpha, unit)):
                missing.append(unit)
            else:
                known[unit] = unit  # figures and signs are the same in every language
        if not missing:
            return known, 0.0
        answers: list[str]
        answers, seconds = await self._pool.run(translate_units, model, tuple(missing))
        for unit, translation in zip(missing, answers, strict=True):
            known[unit] = translation
            self._cache.put((self.name, model.name, unit), translation)
        return known, seconds

    def _answer(
        self,
        model: Model,
        target: str,
        status: TranslationStatus,
        title: str | None,
        paragraphs: tuple[str | None, ...],
        seconds: float,
        detail: str | None,
    ) -> Translation:
        return Translation(
            target=target,
            status=status,
            engine=self.name,
            model=model.name,
            title=title,
            paragraphs=paragraphs,
            seconds=round(seconds, 3),
            detail=detail,
        )


def translate_units(model: Model, wanted: tuple[str, ...]) -> tuple[list[str], float]:
    """In a process of the pool: each unit's translation, and the seconds that it took."""
    engine = _engine(model)
    started = time.perf_counter()
    translations = [str(engine.translate(unit)) for unit in wanted]
    return translations, time.perf_counter() - started


@lru_cache(maxsize=4)
def _engine(model: Model) -> Any:
    from fxtranslate import Translator as Engine  # only processes of the pool carry it

    source = model.source_vocabulary.read_bytes()
    target = source if model.target_vocabulary == model.source_vocabulary else model.target_vocabulary.read_bytes()
    shortlist = model.shortlist.read_bytes() if model.shortlist else None
    return Engine(model.weights.read_bytes(), source, target, shortlist)


def _model(folder: Path) -> Model | None:
    files = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}

    def one(start: str, end: str) -> Path | None:
        return next((path for name, path in files.items() if name.startswith(start) and name.endswith(end)), None)

    weights, shared = one("model.", ".bin"), one("vocab.", ".spm")
    source, target = one("srcvocab.", ".spm") or shared, one("trgvocab.", ".spm") or shared
    if weights is None or source is None or target is None:
        return None
    pair = _PAIR_IN_FOLDER.match(folder.name) or _PAIR_IN_FILE.match(weights.name)
    return Model(folder, pair[1], pair[2], weights, source, target, one("lex.", ".bin")) if pair else None


def _up_to(limit: int, texts: Sequence[str]) -> Iterator[str]:
    room = limit
    for text in texts:
        room -= len(text)
        if room < 0:
            return
        yield text


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    chars = 0
    for text in texts:
        if batch and chars + len(text) > BATCH_CHARS:
            yield batch
            batch, chars = [], 0
        batch.append(text)
        chars += len(text)
    if batch:
        yield batch


def _lines(text: str) -> list[tuple[str, ...]]:
    """The units of each of a text's lines."""
    return [units(line) for line in _SURROGATE.sub("\ufffd", text).split("\n")]


def _flaws(lines: Sequence[Sequence[str]], known: Mapping[str, str], target: str) -> list[str]:
    return [wrong for line in lines for unit in line if (wrong := flaw(unit, known[unit], "und", target))]


def _assembled(lines: Sequence[Sequence[str]], known: Mapping[str, str]) -> str:
    return "\n".join(" ".join(known[unit].strip() for unit in line) for line in lines)


def _status(
    done: Sequence[str | None], flaws: Sequence[str], cut: bool, wanted: int
) -> tuple[TranslationStatus, str | None]:
    """What to call a translation of which some texts are missing."""
    failed = sum(text is None for text in done)
    parts = []
    if failed:
        parts.append(f"{failed} of {wanted} texts failed a guard: {', '.join(sorted(set(flaws)))}")
    if cut:
        parts.append(f"cut after {len(done)} of {wanted} texts")
    detail = "; ".join(parts) or None
    if done and failed == len(done):
        return "failed", detail
    return ("truncated" if cut else "partial" if failed else "ok"), detail
