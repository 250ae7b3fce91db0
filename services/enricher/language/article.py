"""The language of an article: each paragraph is asked, and votes with its letters; where it changes, spans say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from services.contracts.articles import Language, LanguageSpan, ParagraphLanguage
from services.enricher.language.engines import UNKNOWN, Guess, cld2
from services.enricher.language.text import SURE, FirstOpinion, identify_text, tag_of
from services.enricher.script import scripts_in
from services.enricher.translate.sentences import spans as sentence_spans

EXAMINED_PARAGRAPHS = 1_000
"""Of one text, the headline among them: by then its language is known."""
EXAMINED_PIECES = 2_000
"""Sentences of one text; what follows them is taken to be in the language of its paragraph."""
DIVIDED_CHARS = 20_000
"""Of one paragraph are divided into sentences."""
TELLING_LETTERS = 40
"""A shorter paragraph or sentence (a name, a credit line) is taken to be in the language of the rest."""

PURE = 0.95
"""A paragraph is in one language all through if CLD2 finds that much of it in one, and no other."""
_BETWEEN = "\n\n"


@dataclass(frozen=True)
class _Piece:
    """A part of one paragraph: code points in the whole text, and what it surely is in (None: can't be told)."""

    start: int
    end: int
    letters: int
    told: str | None
    confidence: float


def identify(
    title: str,
    paragraphs: Sequence[str],
    plausible: frozenset[str] = frozenset(),
    first_opinion: FirstOpinion = cld2,
) -> Language:
    """The language of an article: the vote of headline and paragraphs, each weighing its letters.

    Offsets of spans are code points in title and paragraphs, a blank line between each two, also after an empty title.
    """
    parts = [title, *paragraphs][:EXAMINED_PARAGRAPHS]
    ask = partial(identify_text, plausible=plausible, first_opinion=first_opinion)
    guesses = [ask(part) for part in parts]
    letters = [_letters(part) for part in parts]
    tags = [tag_of(guess.language, part) for guess, part in zip(guesses, parts, strict=True)]
    votes: Counter[str] = Counter()
    for tag, weight in zip(tags, letters, strict=True):
        if tag != UNKNOWN:
            votes[tag] += weight
    scripts: Counter[str] = Counter()
    for part in parts:
        scripts.update(scripts_in(part))
    script = max(scripts, key=lambda name: (scripts[name], name)) if scripts else None
    if not votes:
        return Language(tag=UNKNOWN, script=script, confidence=0.0)
    winner = max(votes, key=lambda tag: (votes[tag], tag))
    sure = sum(g.confidence * n for g, n, tag in zip(guesses, letters, tags, strict=True) if tag == winner)
    others = sorted((tag for tag in votes if tag != winner), key=lambda tag: (-votes[tag], tag))
    longest = max((n, i) for i, (n, tag) in enumerate(zip(letters, tags, strict=True)) if tag == winner)[1]
    told = [_told(guess, n, tag) for guess, n, tag in zip(guesses, letters, tags, strict=True)]
    mixed = any(tag not in (None, winner) for tag in told[1:])
    return Language(
        tag=winner,
        script=script,
        confidence=round(min(1.0, sure / sum(letters)), 4),
        runner_up=others[0] if others else guesses[longest].runner_up,
        paragraphs=tuple(ParagraphLanguage(paragraph=i, tag=tag or winner) for i, tag in enumerate(told[1:]))
        if mixed
        else (),
        spans=_runs(_divided(parts, guesses, told, winner, ask, [title, *paragraphs]), winner, mixed),
    )


def _divided(
    parts: Sequence[str],
    guesses: Sequence[Guess],
    told: Sequence[str | None],
    main: str,
    ask: FirstOpinion,
    all_parts: Sequence[str],
) -> Iterator[_Piece]:
    """The text's paragraphs, and the sentences of those that are mixed; what was not examined as one piece."""
    offset = divided = 0
    for part, guess, tag in zip(parts, guesses, told, strict=True):
        cuts: tuple[tuple[int, int], ...] = ()
        if divided < EXAMINED_PIECES and len(part) > 2 * TELLING_LETTERS and not _pure(guess):
            cuts = sentence_spans(part[:DIVIDED_CHARS], main)[: EXAMINED_PIECES - divided]
        divided += len(cuts)
        yield from _smoothed(list(_pieces(part, cuts, guess, tag or main, ask)), offset)
        offset += len(part) + len(_BETWEEN)
    rest = _BETWEEN.join(all_parts[len(parts) :])
    if rest.strip():
        start = offset + len(rest) - len(rest.lstrip())
        yield _Piece(start, offset + len(rest.rstrip()), _letters(rest[:DIVIDED_CHARS]), main, 0.0)


def _runs(pieces: Iterator[_Piece], main: str, mixed: bool) -> tuple[LanguageSpan, ...]:
    """Neighbours of one language joined; none where the whole text is in one."""
    runs: list[LanguageSpan] = []
    for tag, together in groupby(pieces, key=lambda piece: piece.told or main):
        run = list(together)
        letters = sum(piece.letters for piece in run) or 1
        mean = sum(piece.confidence * piece.letters for piece in run) / letters
        runs.append(
            LanguageSpan(start=run[0].start, end=run[-1].end, tag=tag, confidence=round(min(1.0, max(0.0, mean)), 4))
        )
    return tuple(runs) if mixed or len(runs) > 1 else ()


def _pure(guess: Guess) -> bool:
    return guess.runner_up is None and guess.confidence >= PURE


def _pieces(part: str, cuts: Sequence[tuple[int, int]], guess: Guess, tag: str, ask: FirstOpinion) -> Iterator[_Piece]:
    """A paragraph, or its sentences where one of them is surely in a language that the paragraph is not in."""
    start, end = len(part) - len(part.lstrip()), len(part.rstrip())
    if start >= end:
        return
    found: list[_Piece] = []
    for first, last in cuts if len(cuts) > 1 else ():
        sentence = part[first:last]
        letters = _letters(sentence)
        said = ask(sentence) if letters >= TELLING_LETTERS else None
        surely = _told(said, letters, tag_of(said.language, sentence)) if said else None
        found.append(_Piece(first, last, letters, surely, said.confidence if said else guess.confidence))
    if all(piece.told in (None, tag) for piece in found):
        yield _Piece(start, end, _letters(part), tag, guess.confidence)
        return
    yield from found
    if found[-1].end < end:
        rest = part[found[-1].end : end]
        first = found[-1].end + len(rest) - len(rest.lstrip())
        yield _Piece(first, end, _letters(rest), tag, guess.confidence)


def _smoothed(pieces: list[_Piece], offset: int) -> Iterator[_Piece]:
    """What can't be told goes with what stands before it, else with what follows; offsets are those of the whole."""
    before = next((piece.told for piece in pieces if piece.told), None)
    for piece in pieces:
        before = piece.told or before
        yield _Piece(piece.start + offset, piece.end + offset, piece.letters, before, piece.confidence)


def _told(guess: Guess, letters: int, tag: str) -> str | None:
    return tag if letters >= TELLING_LETTERS and guess.confidence >= SURE and tag != UNKNOWN else None


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
