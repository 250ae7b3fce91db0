"""CTranslate2 models on the operator's machine: NLLB-200 for many languages, OPUS (Marian) for a pair."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from services.enricher.translate.engine import Bounds, Broken, DataPolicy, Denied, Refused, primary
from services.enricher.translate.engines.codes import SourceCode, by_lower, in_latin, source_code, target_code
from services.enricher.translate.engines.folders import (
    CARD,
    Card,
    Weights,
    model_folders,
    pair_in_name,
    read_card,
    versioned,
    weights,
)
from services.enricher.translate.engines.processes import Pool, asked

BOUNDS = Bounds(unit_chars=400, batch_units=16, batch_chars=1_600)
"""Of one task: with NLLB-600M, two cores and a sentence a second, well within a minute."""
MODELS_IN_MEMORY = 2
"""Of each process; NLLB-600M takes about 700 MB in int8. The one that was used longest ago makes room."""
MOST_SOURCE_TOKENS, MOST_TARGET_TOKENS = 400, 500
"""Of a sentence: Marian models have 512 positions, and 400 characters are rarely 200 tokens."""
BATCH_TOKENS = 1_024
"""Decoded together, with the padding that makes all as long as the longest."""
MOST_UNKNOWN = 0.2
"""The share of tokens that the model has no word for; with more, source or translation is guesswork."""
WEIGHTS = "model.bin"
END = "</s>"
_VOCABULARIES = ("{side}_vocabulary.json", "shared_vocabulary.json", "{side}_vocabulary.txt", "shared_vocabulary.txt")
_ONE_FOR_BOTH = (
    "sentencepiece.bpe.model",
    "flores200_sacrebleu_tokenizer_spm.model",
    "sentencepiece.model",
    "spm.model",
)
_ONE_FOR_EACH = ("source.spm", "target.spm")
_APOSTROPHES = ("ʻ‘'", "ʼ’'")
"""Uzbek's letters, and what stands for each where a vocabulary has not got it."""

Kind = Literal["nllb", "opus"]
Side = Literal["source", "target"]
_SIDES: tuple[Side, ...] = ("source", "target")
Vocabulary = Mapping[Side, frozenset[str]]


@dataclass(frozen=True)
class Decoding:
    """How a model is run."""

    beam_size: int = 1
    """1 takes the likeliest token each time, and is the fast way."""
    compute_type: str = "int8"
    inter_threads: int = 1
    """Batches of one task decoded at once."""
    intra_threads: int = 1
    """Cores for one batch."""

    @property
    def sign(self) -> str:
        """What a model's name gets where it is run in another way than usual: the translations differ."""
        beams = "" if self.beam_size == 1 else f"-beam{self.beam_size}"
        return beams if self.compute_type == "int8" else f"{beams}-{self.compute_type}"


@dataclass(frozen=True)
class Model:
    """A model that was loaded once, and the languages that it really knows."""

    weights: Weights
    name: str
    kind: Kind
    reads: Mapping[str, str] = field(hash=False)
    """BCP 47 tag to the token for it; empty where the model needs none."""
    writes: Mapping[str, str] = field(hash=False)
    pairs: tuple[tuple[str, str], ...] = ()
    """All that there are, where not everything goes to everything."""


@dataclass(frozen=True)
class Order:
    """What a model is told beside the text."""

    model: Model
    source: SourceCode
    target: str

    @property
    def before_source(self) -> list[str]:
        """NLLB wants the source's language first; some OPUS models want the target's."""
        token = self.model.reads[self.source.code] if self.model.kind == "nllb" else self.model.writes[self.target]
        return [token] if token else []

    @property
    def before_target(self) -> list[str]:
        """What a translation must begin with."""
        return [self.model.writes[self.target]] if self.model.kind == "nllb" else []


class CTranslate:
    """Any pair that the models of a folder know; a model for one pair goes before a model for all."""

    policy: DataPolicy = "local"

    def __init__(
        self,
        folder: Path,
        pool: Pool,
        *,
        name: str = "ctranslate",
        kind: Kind | None = None,
        decoding: Decoding | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """`folder`: a model's, or one of such folders. `kind`: other models in it are left alone."""
        self.name = name
        self.bounds = bounds
        self._folder = folder
        self._pool = pool
        self._kind = kind
        self._decoding = decoding or Decoding()
        self._models: tuple[Model, ...] = ()

    async def open(self) -> None:
        """Find the models, load each once and see what languages it knows. Raises EngineFault."""
        folders = model_folders(self._folder, WEIGHTS)
        found = [await asked(self._pool, known, folder, self._kind, self._decoding) for folder in folders]
        if not any(found):
            raise Denied(f"no model of the kind {self._kind} in {self._folder}")
        self._models = tuple(sorted(filter(None, found), key=lambda model: model.kind == "nllb"))

    def model(self, source: str, target: str) -> str | None:
        """The name of the model for the pair, with its version and how it is run."""
        order = self._order(source, target)
        return order.model.name if order else None

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """One task of the pool. A unit that is too long or that the model runs away with is refused, not cut.

        Raises EngineFault.
        """
        order = self._order(source, target)
        if order is None:
            raise Denied(f"no model from {source} to {target}")
        read = in_latin(order.source, [unit for unit in units if len(unit) <= self.bounds.unit_chars])
        how = order.model.weights, self._decoding, order.before_source, order.before_target
        answers = iter(await asked(self._pool, translated, *how, tuple(read)))
        return [next(answers) if len(unit) <= self.bounds.unit_chars else Refused("unfinished") for unit in units]

    async def close(self) -> None:
        """End the processes."""
        await asyncio.to_thread(self._pool.close)

    def _order(self, source: str, target: str) -> Order | None:
        if primary(source) == primary(target):
            return None
        orders = (_order(model, source, target) for model in self._models)
        return next((order for order in orders if order), None)


def _order(model: Model, source: str, target: str) -> Order | None:
    read = source_code(source, by_lower(model.reads))
    if read is None:
        return None
    reachable = [end for start, end in model.pairs if start == read.code] if model.pairs else model.writes
    written = target_code(target, by_lower(reachable))
    return Order(model, read, written) if written else None


@dataclass(frozen=True)
class _Loaded:
    """In a process of the pool: a model and the tokenizers for it."""

    translator: Any
    source: Any
    target: Any
    vocabulary: Vocabulary
    ends_source: bool
    """Whether the end of a sentence must be told; some models are stored with the wish to have it added."""
    respelled: Mapping[int, str]


def known(folder: Path, wanted: Kind | None, decoding: Decoding) -> Model | None:
    """In a process of the pool: load a model for the first time, and say what it is; None if not of the wanted kind.

    Raises Denied.
    """
    card = read_card(folder)
    kind = card.kind or ("opus" if any((folder / name).is_file() for name in _ONE_FOR_EACH) else "nllb")
    if kind == "firefox":
        raise Denied(f"{folder / CARD}: kind is firefox, and {WEIGHTS} is CTranslate2's")
    if wanted not in (None, kind):
        return None
    file = weights(folder / WEIGHTS)
    name = versioned(card, file.path) + decoding.sign
    vocabulary = _loaded(file, decoding).vocabulary
    return (_nllb if kind == "nllb" else _opus)(file, name, card, vocabulary)


def _nllb(file: Weights, name: str, _: Card, vocabulary: Vocabulary) -> Model:
    codes = nllb_codes()
    reads, writes = (
        {tag: code for tag, code in codes.items() if code in vocabulary[side]} for side in ("source", "target")
    )
    if not reads or not writes:
        raise Denied(
            f'{file.path.parent}: its vocabulary has no code of NLLB; is it kind = "opus", to be said in {CARD}?'
        )
    return Model(file, name, "nllb", reads, writes)


def _opus(file: Weights, name: str, card: Card, vocabulary: Vocabulary) -> Model:
    folder = file.path.parent
    by_name = pair_in_name(folder.name)
    pairs = card.both or ((by_name,) if by_name else ())
    if not pairs:
        raise Denied(f'{folder}: which pair? Name the folder like opus-mt-ru-en, or write pairs = ["ru:en"] in {CARD}')
    for tag, token in card.target_tokens.items():
        if token not in vocabulary["source"]:
            raise Denied(f"{folder / CARD}: the token {token} for {tag} is not in the model's vocabulary")
    writes = {target: card.target_tokens.get(target, "") for _, target in pairs}
    return Model(file, name, "opus", {source: "" for source, _ in pairs}, writes, pairs)


@cache
def nllb_codes() -> Mapping[str, str]:
    """BCP 47 tag to NLLB code: with script, and without for the usual one."""
    table = tomllib.loads(Path(__file__).with_name("nllb.toml").read_text(encoding="utf-8"))
    codes = {f"{language}-{code.split('_')[1]}": code for language, listed in table.items() for code in listed}
    return MappingProxyType(codes | {language: listed[0] for language, listed in table.items()})


def translated(
    file: Weights, decoding: Decoding, before_source: list[str], before_target: list[str], units: tuple[str, ...]
) -> list[str | Refused]:
    """In a process of the pool: the translation of each unit. Raises Denied, Broken."""
    loaded = _loaded(file, decoding)
    answers = [_pieces(loaded, unit) for unit in units]
    end = [END] if loaded.ends_source else []
    wanted = {
        place: [*before_source, *pieces, *end] for place, pieces in enumerate(answers) if isinstance(pieces, list)
    }
    done: dict[int, str | Refused] = {}
    batches = batched({place: len(tokens) for place, tokens in wanted.items()})
    try:
        running = [
            loaded.translator.translate_batch(
                [wanted[place] for place in batch],
                target_prefix=[before_target] * len(batch) if before_target else None,
                beam_size=decoding.beam_size,
                max_input_length=0,
                max_decoding_length=len(before_target) + most_tokens(len(wanted[batch[0]])),
                return_end_token=True,
                asynchronous=True,
            )
            for batch in batches
        ]
        for batch, results in zip(batches, running, strict=True):
            for place, result in zip(batch, results, strict=True):
                tokens = result.result().hypotheses[0][len(before_target) :]
                done[place] = _text(loaded, tokens, most_tokens(len(wanted[place])))
    except (RuntimeError, ValueError) as error:  # its words may hold the text's
        raise Broken(f"ctranslate2: {type(error).__name__}") from None
    return [done[place] if isinstance(answer, list) else answer for place, answer in enumerate(answers)]


def _pieces(loaded: _Loaded, unit: str) -> list[str] | str | Refused:
    """A sentence in the model's pieces, or what to answer without asking it."""
    pieces: list[str] = loaded.source.encode(unit.translate(loaded.respelled), out_type=str)
    if not pieces:
        return ""
    if len(pieces) > MOST_SOURCE_TOKENS:
        return Refused("unfinished")
    strange = sum(piece not in loaded.vocabulary["source"] for piece in pieces)
    return Refused("unknown") if strange > MOST_UNKNOWN * len(pieces) else pieces


def most_tokens(source_tokens: int) -> int:
    """Of a translation; a longer one has lost its way."""
    return min(2 * source_tokens + 16, MOST_TARGET_TOKENS)


def batched(lengths: Mapping[int, int]) -> list[list[int]]:
    """Places, in batches of about the same length in tokens: the longest first, at most BATCH_TOKENS with padding."""
    batches: list[list[int]] = []
    for place in sorted(lengths, key=lambda place: -lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= BATCH_TOKENS:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def _text(loaded: _Loaded, tokens: Sequence[str], most: int) -> str | Refused:
    """What the model says, in letters; `most` is what the sentence would be allowed alone, whatever is in its batch."""
    if not tokens or tokens[-1] != END or len(tokens) > most:
        return Refused("unfinished")
    pieces = list(tokens[:-1])
    strange = sum(loaded.target.piece_to_id(piece) == loaded.target.unk_id() for piece in pieces)
    return Refused("unknown") if strange > MOST_UNKNOWN * len(pieces) else str(loaded.target.decode(pieces))


@lru_cache(maxsize=MODELS_IN_MEMORY)
def _loaded(file: Weights, decoding: Decoding) -> _Loaded:
    import ctranslate2  # only processes of the pool carry it

    file.check()
    folder = file.path.parent
    ends_source = not _config(folder).get("add_source_eos", False)
    try:
        # Before anything else that is large: after that, malloc would keep 300 MB more of NLLB-600M's loading.
        translator = ctranslate2.Translator(
            str(folder),
            device="cpu",
            compute_type=decoding.compute_type,
            inter_threads=decoding.inter_threads,
            intra_threads=decoding.intra_threads,
        )
    except (RuntimeError, ValueError) as error:
        _vocabularies(folder)  # which says better what is wrong with one
        raise Denied(f"{file.path} or a file beside it can't be read: {error}") from None
    vocabulary = _vocabularies(folder)
    source, target = _tokenizers(folder)
    return _Loaded(
        translator,
        source,
        target,
        vocabulary,
        ends_source,
        _respelled(source, vocabulary["source"]),
    )


def _respelled(source: Any, vocabulary: frozenset[str]) -> dict[int, str]:
    """Each apostrophe that the vocabulary has not got, to one that it has."""

    def fits(sign: str) -> bool:
        return vocabulary.issuperset(source.encode(f"o{sign}", out_type=str))

    table = {signs[0]: next((sign for sign in signs if fits(sign)), signs[0]) for signs in _APOSTROPHES}
    return {ord(sign): instead for sign, instead in table.items() if sign != instead}


def _tokenizers(folder: Path) -> tuple[Any, Any]:
    """The SentencePiece models for source and target."""
    both = [folder / name for name in _ONE_FOR_EACH]
    if not any(path.is_file() for path in both):
        one = next((folder / name for name in _ONE_FOR_BOTH if (folder / name).is_file()), None)
        if one is None:
            raise Denied(
                f"{folder}: no SentencePiece model: it wants source.spm and target.spm, or sentencepiece.bpe.model"
                " as it lies beside the weights that the model was made from"
            )
        tokenizer = _tokenizer(one)
        return tokenizer, tokenizer
    return _tokenizer(both[0]), _tokenizer(both[1])


def _tokenizer(path: Path) -> Any:
    import sentencepiece  # only processes of the pool carry it

    try:
        return sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())
    except OSError as error:
        raise Denied(f"{path}: {error.strerror or error}") from None
    except RuntimeError:
        raise Denied(f"{path} is no SentencePiece model") from None


def _vocabularies(folder: Path) -> Vocabulary:
    paths = {side: _vocabulary_path(folder, side) for side in _SIDES}
    tokens = {path: _tokens(path) for path in set(paths.values())}
    return {side: tokens[path] for side, path in paths.items()}


def _vocabulary_path(folder: Path, side: Side) -> Path:
    paths = (folder / name.format(side=side) for name in _VOCABULARIES)
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise Denied(f"{folder}: no shared_vocabulary.json, nor {side}_vocabulary.json")
    return found


def _tokens(path: Path) -> frozenset[str]:
    try:
        text = path.read_text(encoding="utf-8")
        listed = json.loads(text) if path.suffix == ".json" else text.split("\n")
        if not isinstance(listed, list):
            raise ValueError("no list of tokens")
        return frozenset(map(str, listed))
    except (OSError, ValueError) as error:
        raise Denied(f"{path}: {error}") from None


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise Denied(f"{path}: {error}") from None
    return found if isinstance(found, dict) else {}
