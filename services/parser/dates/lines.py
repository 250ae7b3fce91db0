"""Which lines of a page say when it was published: those near its headline, with a label, or in an element named so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.parser.dates import words
from services.parser.dates.reading import (
    MAX_DATE_CHARS,
    Habits,
    Reading,
    clock_time,
    read_ago,
    read_all,
    read_latest,
    read_stamp,
)
from services.parser.limits import MAX_SHORT_LINES
from services.parser.page.blocks import Block, Element
from services.parser.page.headline import headline, words_of
from services.parser.page.names import TAG_BITS, keywords_of

GOOD, FAIR, WEAK = 2.0, 0.6, -1.2
"""Weights of a line that can stand for the page's date; of one that may where nothing better is there; and of one that
is better than nothing."""

_BEFORE, _AFTER = 8, 14
"""Blocks around the headline in which a date line is near it."""
_RELATIVE_WITHIN = 6
_SHORT_CHARS = 40
"""Of a line that says hardly more than when."""
_PROSE_CHARS = 260
_MOST_WORDS = 9
"""Words beside a date: a name, a section, a place."""
_MOST_LABELLED_WORDS = 16
_WORDS_OF_A_TITLE = 4
_LABEL_CHARS = 24
_TEASER_CHARS = 25
_OF_A_LIST = 3
"""Lines of one shape are a list from this number on."""
_CAN_BE_A_DATE = re.compile(
    r"\d(?:\d{3}(?!\d)|\d?\s?[./-]\s?\d{1,2}\s?[./-]\s?\d\d|\d?[\s.-]{1,2}[^\W\d_]{3,10}[\s.'’-]{1,2}\d\d(?!\d))"
)
_NAMED_DATE = re.compile(
    r"(?:^|[\s_-])(?:date\w{0,8}|\w{0,12}date|datum|fecha|data|tarih|sana|time\w{0,5}|timestamp|\w{0,6}published?"
    r"|posted\w{0,3}|pub|dtstamp|created|submitted|\w{0,8}meta(?:data|info)?|info|byline|author)(?:$|[\s_-])"
    r"|[a-z]Date(?:$|[\sA-Z])|(?:^|[\s_-])(?:publish|entry|post|article|story|news)\w{0,8}[_-]?(?:date|time)",
    re.IGNORECASE,
)
_OWN_DATE = re.compile(
    r"(?:^|[\s_-])(?:single|post|entry|article|story|news|node|content|detail)\w{0,8}[_-]{0,2}"
    r"(?:date|datum|published|pubdate|created|submitted)(?:$|[\s_-])",
    re.IGNORECASE,
)
_COMMENTS = keywords_of("disqus")
_ASIDE = {"content": 0.0, "chrome": 0.8, "related": 0.9, "footer": 4.0}
_IN_ARTICLE = TAG_BITS["article"]
_RANGE = re.compile(r"\s{0,2}(?:[-–—]|until|bis|to|по|до)\s{0,2}", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…]\s+\w{4,}|\w{3,}[.!?…]\s*$")
_NOT_A_TEXT = re.compile(r"©|\(c\)\s|copyright|all rights reserved|isbn|doi\b", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A date that readers see: what it says, how likely it is the page's, and whether it speaks of a change."""

    reading: Reading
    weight: float
    changed: bool
    marked: bool
    """Whether it stands in a `<time>` element."""


class Lines:
    """The date lines of a page, near its headline or anywhere; read when they are asked for."""

    def __init__(self, title: str, blocks: Sequence[Block], now: datetime, habits: Habits) -> None:
        self._blocks, self._now, self._habits = blocks, now, habits
        self._title = words_of(title)
        self._told = frozenset(words.words_in(title)) | words.labels()
        """Words beside a date that say nothing against it."""
        self._head = _head_of(title, self._title, blocks)
        self._around_head = _around(blocks[self._head].element) if self._head is not None else frozenset()

    def near(self) -> list[Line]:
        """Those around the headline, the likeliest first."""
        if self._head is None:
            return []
        return self._among(range(max(0, self._head - _BEFORE), min(len(self._blocks), self._head + _AFTER + 1)))

    def all(self) -> list[Line]:
        """Those of the whole page, the likeliest first."""
        return self._among(range(len(self._blocks)))

    def _among(self, places: Iterable[int]) -> list[Line]:
        found: list[tuple[tuple[str, str], Line]] = []
        seen = 0
        for at in places:
            block = self._blocks[at]
            if len(block.text) <= MAX_DATE_CHARS and (block.times or _CAN_BE_A_DATE.search(block.text)):
                seen += 1
                if seen > MAX_SHORT_LINES:
                    break
                found.extend(((block.tag, block.names), line) for line in self._at(at))
        shapes = Counter(shape for shape, _ in found)
        return _by_weight(
            line if shapes[shape] < _OF_A_LIST or line.weight >= GOOD + 1 else replace(line, weight=line.weight - 2.0)
            for shape, line in found
        )

    def relative(self) -> list[Line]:
        """`2 hours ago`, `15 May, 19:34`: days that the clock must complete, close to the headline only."""
        if self._head is None:
            return []
        found = []
        for at in range(max(0, self._head - 2), min(len(self._blocks), self._head + _RELATIVE_WITHIN + 1)):
            block = self._blocks[at]
            if at == self._head or not block.text or block.part == "footer" or self._of_others(at) >= 1:
                continue
            named = _NAMED_DATE.search(block.names) is not None
            if len(block.text) > _SHORT_CHARS and not named:
                continue
            reading = read_ago(block.text, self._now, self._habits)
            if reading is None and (reading := read_latest(block.text, self._now, self._habits)):
                # `Mars 3` and `4 out of 5` name no day: a time, a weekday or a class does, and so do other scripts.
                days = any(words.weekday(word) is not None for word in words.words_in(block.text))
                if not (named or days or reading.precision != "day" or not reading.raw.isascii()):
                    continue
            if reading:
                changed = words.is_of_a_change(block.text)
                found.append(Line(reading, GOOD - 0.1 * abs(at - self._head), changed, marked=False))
        return _by_weight(found)

    def short_texts_near(self) -> Iterator[str]:
        """The short texts right below the headline, for a time without its day."""
        if self._head is not None:
            for block in self._blocks[max(0, self._head - 2) : self._head + _RELATIVE_WITHIN + 1]:
                if len(block.text) <= 60 and block.part != "footer":
                    yield block.text

    def _at(self, at: int) -> Iterator[Line]:
        """The dates of one block, or none where they are another's."""
        block = self._blocks[at]
        text = _spaced(block)
        stamps = [r for r in (read_stamp(time, self._habits) for time in block.times[:4]) if r]
        found = list(read_all(text, self._habits)) if _CAN_BE_A_DATE.search(text) else []
        if not (stamps or found) or _NOT_A_TEXT.search(text):
            return
        rest = _without(text, found)
        others = [w for w in words.words_in(rest) if not words.is_between(w) and w not in self._told]
        if at == self._head and not stamps and not _NAMED_DATE.search(block.names):
            # A headline that names a day is about that day, unless markup says that it is when.
            return
        is_sentence = not stamps and len(others) > 3 and _SENTENCE.search(rest) is not None
        is_long = len(others) > _MOST_WORDS and not stamps
        if is_sentence or is_long:
            # `This article was published on 15 May 2024.`
            says_so = words.is_of_publication(rest) or words.is_of_a_change(rest)
            if len(others) > _MOST_LABELLED_WORDS or not (says_so or (is_long and not is_sentence)):
                return
        weight = self._weight(at, found, bool(stamps), rest, others) - 1.5 * (is_sentence or is_long)
        if len(found) == 2 and _RANGE.fullmatch(text[found[0].end : found[1].start]):
            return
        if not stamps:
            found = self._with_neighbours_time(at, found)
        yield from _lines_of(text, stamps, found, weight)

    def _weight(self, at: int, found: Sequence[Reading], marked: bool, rest: str, others: Sequence[str]) -> float:
        block, head = self._blocks[at], self._head
        named = _NAMED_DATE.search(block.names) is not None
        weight = (
            1.0 * marked
            + 1.0 * named
            + 0.6 * (_OWN_DATE.search(block.names) is not None)
            + 0.4 * (len(others) == 0)
            - 0.12 * max(0, len(others) - 2)
        )
        weight -= 1.5 * words.is_of_something_else(rest)
        if head is not None:
            gap = at - head
            if 0 <= gap <= _AFTER:
                weight += 2.4 - 0.1 * gap - 0.8 * min(2, self._prose_before(at))
            elif -_BEFORE <= gap < 0:
                weight += 1.6 - 0.15 * -gap
                # The header of many sites shows today's date.
                weight -= 1.5 * any(r.when.date() == self._now.date() for r in found)
        elif named or marked:
            weight += 0.5
        says_so = words.is_of_publication(rest) or self._follows_a_label(at)
        is_own_footer = block.part == "footer" and (says_so or block.tags & _IN_ARTICLE)
        weight -= _ASIDE["chrome" if is_own_footer else block.part]
        weight += 1.5 * says_so
        is_labelled = says_so or words.is_of_a_change(rest)
        return weight - (0.4 if is_labelled else 1.0) * self._of_others(at) - 0.5 * at / max(1, len(self._blocks))

    def _follows_a_label(self, at: int) -> bool:
        """Whether the block before is a label of its own: `Published` in one cell, the day in the next."""
        before = self._blocks[at - 1] if at else None
        return before is not None and 0 < len(before.text) <= _LABEL_CHARS and words.is_of_publication(before.text)

    def _of_others(self, at: int) -> float:
        """What speaks for a comment's or a teaser's date: names, link text, a linked title beside it."""
        block, head = self._blocks[at], self._head
        weight = 1.5 * self._is_in_comments(block)
        if block.linked > 0.6 and at != head:
            rest = _without(block.text, read_all(block.text, self._habits))
            is_title = len(words.words_in(rest)) > _WORDS_OF_A_TITLE
            weight += is_title * (0.4 if _NAMED_DATE.search(block.names) else 1.0)
        for other in (at - 1, at + 1):
            near = self._blocks[other] if 0 <= other < len(self._blocks) else None
            if near is None or other == head or near.tag == "h1" or near.linked <= 0.6:
                continue
            if len(near.text) >= _TEASER_CHARS and not self._title >= words_of(near.text):
                if head is None or at < head or self._prose_before(at):
                    return weight + 3.0
                # A title above its date is a teaser; below the page's own date, the first link of the text.
                return weight + (2.0 if other < at else 0.8)
        return weight

    def _is_in_comments(self, block: Block) -> bool:
        """Whether an element around the block that does not hold the headline as well is named after comments."""
        element: Element | None = block.element
        while element is not None and element not in self._around_head:
            if element.own_keywords & _COMMENTS:
                return True
            element = element.parent
        return False

    def _prose_before(self, at: int) -> int:
        """How many paragraphs stand between the headline and a block."""
        head = self._head if self._head is not None else at
        return sum(
            len(b.text) > _PROSE_CHARS and b.linked < 0.5 for b in self._blocks[head + 1 : min(at, head + 2 * _AFTER)]
        )

    def _with_neighbours_time(self, at: int, found: list[Reading]) -> list[Reading]:
        """`15.05.2024` and `19:34` in elements of their own."""
        if len(found) != 1 or found[0].precision != "day":
            return found
        for other in (at + 1, at - 1):
            near = self._blocks[other].text if 0 <= other < len(self._blocks) else ""
            if near and len(near) <= 24 and clock_time(near):
                joined = [r for r in read_all(f"{found[0].raw} {near}", self._habits) if r.precision != "day"]
                return joined or found
        return found


def _spaced(block: Block) -> str:
    """The block's text with spaces between its elements: a date and a counter side by side are no number."""
    return " ".join(piece for _, piece in block.pieces) if len(block.pieces) > 1 else block.text


def _head_of(title: str, wanted: set[str], blocks: Sequence[Block]) -> int | None:
    """Where the headline stands: the title's block, else the first h1, also one that is a link."""
    if (at := headline(title, blocks)) is not None:
        return at
    firsts = [i for i, b in enumerate(blocks) if b.tag in ("h1", "h2") and b.text][:12]
    for at in firsts:
        own = words_of(blocks[at].text)
        if own and len(wanted & own) >= 0.6 * min(len(wanted), len(own)) and len(own) >= 2:
            return at
    return next((at for at in firsts if blocks[at].tag == "h1"), None)


def _around(element: Element | None) -> frozenset[Element]:
    found = []
    while element is not None:
        found.append(element)
        element = element.parent
    return frozenset(found)


def _lines_of(text: str, stamps: list[Reading], found: list[Reading], weight: float) -> Iterator[Line]:
    if stamps:
        shown = {reading.when.date(): reading for reading in found if reading.precision != "day"}
        for number, stamp in enumerate(stamps):
            # `<time datetime="2024-05-15">15 May 2024, 19:34</time>`
            finer = shown.get(stamp.when.date()) if stamp.precision == "day" else None
            yield Line(finer or stamp, weight - 0.2 * number, _is_changed(text, found, number), marked=True)
        return
    for number, reading in enumerate(found):
        yield Line(reading, weight - 0.2 * number, _is_changed(text, found, number), marked=False)


def _is_changed(text: str, found: Sequence[Reading], number: int) -> bool:
    """Whether the label before the n-th date of a line speaks of a change."""
    if number >= len(found):
        return words.is_of_a_change(text)
    start = found[number - 1].end if number else 0
    label = text[start : found[number].start]
    if words.is_of_publication(label) and not words.is_of_a_change(label):
        return False
    return words.is_of_a_change(label) or (len(found) == 1 and words.is_of_a_change(text[found[0].end :]))


def _without(text: str, readings: Sequence[Reading]) -> str:
    for reading in readings:
        text = text.replace(reading.raw, " ") if reading.raw else text
    return text


def _by_weight(lines: Iterator[Line] | Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -line.weight)
