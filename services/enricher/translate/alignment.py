"""An article as sentences, and their translations put together to paragraphs again: pure, and without an engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from services.contracts.articles import UNTRANSLATED, SentenceFlaw, SentencePair

_SURROGATE = re.compile("[\ud800-\udfff]")

Cut = Callable[[str], Sequence[tuple[int, int]]]
"""A text to the start and end of each of its sentences."""


@dataclass(frozen=True)
class Sentence:
    """What an engine is asked for at a time: a sentence, or a piece of a very long one."""

    start: int
    end: int
    text: str

    @property
    def wants_engine(self) -> bool:
        """Figures and signs are the same in every language."""
        return any(map(str.isalpha, self.text))


@dataclass(frozen=True)
class Part:
    """The title (paragraph None) or a paragraph, cut into sentences."""

    paragraph: int | None
    text: str
    sentences: tuple[Sentence, ...]
    cut: bool = False
    """Whether there are sentences behind these that are not asked for, or had no answer."""


@dataclass(frozen=True)
class Done:
    """What became of a part: its translation, or None where no sentence of it was taken."""

    text: str | None
    pairs: tuple[SentencePair, ...]


@dataclass(frozen=True)
class Taken:
    """A sentence's translation, or why it was not taken."""

    text: str
    flaw: SentenceFlaw | None = None


def parts(title: str, paragraphs: Sequence[str], cut: Cut) -> tuple[Part, ...]:
    """Title and paragraphs, cut into sentences; half characters, which no engine can read, are replaced."""

    def part(paragraph: int | None, text: str) -> Part:
        whole = _SURROGATE.sub("\ufffd", text)
        return Part(paragraph, text, tuple(Sentence(start, end, whole[start:end]) for start, end in cut(whole)))

    return (part(None, title), *(part(i, text) for i, text in enumerate(paragraphs)))


def up_to(limit: int, wanted: Iterable[Part]) -> tuple[Part, ...]:
    """The sentences that are within so many characters; the title's always are."""
    kept: list[Part] = []
    room = limit
    for part in wanted:
        if kept and len(part.text) > room:
            ends = accumulate(len(sentence.text) for sentence in part.sentences)
            return (*kept, *beginning(part, sum(end <= room for end in ends)))
        room -= len(part.text)
        kept.append(part)
    return tuple(kept)


def beginning(part: Part, sentences: int) -> Iterator[Part]:
    """The part up to so many of its sentences; none where an engine has nothing to do with these."""
    first = part.sentences[:sentences]
    if len(first) == len(part.sentences):
        yield part
    elif any(sentence.wants_engine for sentence in first):
        yield replace(part, sentences=first, cut=True)


def joined(part: Part, taken: Mapping[str, Taken]) -> Done:
    """A part in translation: its sentences in order, lines as they were, a mark for each that was not taken.

    A part that is cut ends with the mark.
    """
    asked = [sentence for sentence in part.sentences if sentence.wants_engine]
    if asked and all(taken[sentence.text].flaw for sentence in asked):
        nowhere = (
            SentencePair(paragraph=part.paragraph, start=s.start, end=s.end, flaw=taken[s.text].flaw)
            for s in part.sentences
        )
        return Done(None, tuple(nowhere))
    text, end = "", 0
    pairs = []
    for sentence in part.sentences:
        if text:
            text += "\n" if "\n" in part.text[end : sentence.start] else " "
        found = taken[sentence.text]
        begins = len(text)
        text += UNTRANSLATED if found.flaw else found.text.strip()
        end = sentence.end
        pairs.append(
            SentencePair(
                paragraph=part.paragraph,
                start=sentence.start,
                end=end,
                target_start=begins,
                target_end=len(text),
                flaw=found.flaw,
            )
        )
    return Done(f"{text} {UNTRANSLATED}" if part.cut else text, tuple(pairs))
