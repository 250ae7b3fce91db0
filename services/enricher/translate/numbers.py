"""Numbers of a text, however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.enricher.translate.number_words import Words, folded_word, month_words, number_words

MOST_DIGITS = 30
"""Longer runs of figures are compared as they stand."""
_SPACE = " \u00a0\u202f\u2009"
_FIGURE = re.compile(
    r"(?P<iso>(?<!\d)\d{4}-\d{2}-\d{2}(?!\d))"
    rf"|(?P<spaced>(?<![\d.,])\d{{1,3}}(?:[{_SPACE}]\d{{3}}){{1,5}}+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?)"
    r"|(?P<plain>\d++(?:[.,:/h'’٫٬،]\d++)*+)"
)
_BETWEEN = re.compile(r"[.,:/h'’٫٬،\u00a0\u202f\u2009 -]")
_UNIT = re.compile(r"[\s-]{0,2}+([^\W\d_]{1,24})(?![^\W\d_])\.?")
_WORD = re.compile(r"[^\W_]++(?:['ʻʼʹ‘’`´]+[^\W\d_]++)*+")
_ROMAN = re.compile(r"(?<![^\W_])[IVXХІ]{1,8}(?![^\W_])")
_CANONICAL_ROMAN = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")
_AM_OR_PM = re.compile(r"\s?[ap]\.?\s?m\b", re.IGNORECASE)
_TO = re.compile(r"'?[^\W\d_]{0,7}\s{0,2}[-–—,]?\s{0,2}(?:[^\W\d_]{1,7}\s{1,2})?")
"""What may stand between the two numbers of a range: 5-10, 5 to 10, 5тен 10ға; or of a list."""
_RANGE_DIGITS = 3
"""Of the first number in a range, where the second one says how many zeros both have."""
_WORDS_BEFORE, _CHARS_BEFORE = 6, 60
_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
_WITH_FRACTION = re.compile(r"([½¼¾])(\d{1,9})|(\d{1,9})([½¼¾])")
"""The first, as ½14, is how it stands where the text runs from right to left."""
_JOINS = frozenset("-–—/'’")
CLOCK_HOURS = 24
_LAST_DAY, _LAST_MINUTE = 31, 59
_TEN, _HUNDRED, _THOUSAND = 10, 100, 1000
_GROUP = 3
YEAR_DIGITS = 4
_SHORT_WORD_LETTERS = 4
_VERBS = frozenset(["may", "march", "mar"])
"""English words that are months with a capital only."""
_SEVERAL_CALENDARS = frozenset(["fa", "prs", "ps", "ar", "ug"])


@dataclass(frozen=True)
class Figure:
    """A number in figures, and all that it may mean."""

    values: frozenset[str]
    """1.465 is 1465 or 1.465; with the thousands or millions behind it. None where it is a date or a time only."""
    mantissas: frozenset[str]
    scale: int = 0
    """The power of ten of the word behind it."""
    parts: tuple[str, ...] = ()
    """Day, month and year, or hour and minute, where it can be that."""
    clock: bool = False
    joined: bool = False
    """Whether a hyphen or letters stand at it, so that it may be a year's last two figures: 1950-53, 80s."""
    total: str | None = None
    """Of the figures that make one number together: 2 mlrd 354 mln."""

    @property
    def totals(self) -> frozenset[str]:
        """The total as a set."""
        return frozenset([self.total]) if self.total else frozenset()


@dataclass(frozen=True)
class Numbers:
    """All that speaks of numbers in a text."""

    figures: tuple[Figure, ...]
    words: frozenset[str]
    """What its words may stand for; generous, as they only explain figures of the other text."""
    months: frozenset[int]
    dated: frozenset[int]
    """Months that a day or a year stands beside; of calendars with the same month everywhere."""
    scales: frozenset[int]
    romans: frozenset[str]


def read(text: str, language: str) -> Numbers:
    """The numbers of a text in the language of that primary tag; in any, where it is not listed."""
    text = _ascii_digits(text)
    words, months = number_words(language), month_words(language)
    figures = tuple(_figures(text, words))
    said = _WORD.findall(text)
    folded = [folded_word(word) for word in said]
    vocabulary = set(folded)
    known = {word: found for word in vocabulary if (found := words.find(word))}
    scales = {int(value) for kind, value in known.values() if kind in ("scale", "weak")}
    return Numbers(
        figures=figures,
        words=frozenset(_spelled(folded, known)),
        months=frozenset(int(found[1]) for word in vocabulary if (found := months.find(word))),
        dated=frozenset(_dated(said, folded, months)) if language not in _SEVERAL_CALENDARS else frozenset(),
        scales=frozenset(scales | {figure.scale for figure in figures}),
        romans=frozenset(romans(text, 1)),
    )


def _figures(text: str, words: Words) -> Iterator[Figure]:
    chain: list[tuple[Figure, str]] = []
    ended = 0
    for figure, start, end in _in_ranges(text, [*_alone(text, words)]):
        value = max(figure.values, key=len, default="")
        close = _is_glue(text[ended:start], words)
        if not (chain and figure.scale < chain[-1][0].scale and close and _fits(value, chain[-1])):
            yield from _chained(chain)
            before, room = _told_before(text, start, words)
            chain = []
            if before and value.isdecimal() and len(value) <= room:
                figure = replace(figure, total=str(before + int(value)))
        chain.append((figure, value))
        ended = end
    yield from _chained(chain)


def _alone(text: str, words: Words) -> Iterator[tuple[Figure, int, int]]:
    """Each number in figures by itself, with the word for its zeros, and where both stand."""
    for found in _FIGURE.finditer(text):
        groups = [group for group in _BETWEEN.split(found[0]) if group]
        separators = [c for c in found[0] if not c.isdecimal()]
        mantissas, parts, clock = _readings(groups, separators, is_date=found["iso"] is not None)
        scale, sure, end = _scale(text, found.end(), words)
        values = {_scaled(m, scale) for m in mantissas} | (set() if sure else mantissas)
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        joined = before in _JOINS or after in _JOINS or after.isalpha()
        clock = clock or _AM_OR_PM.match(text, found.end()) is not None
        yield Figure(frozenset(values), frozenset(mantissas), scale, parts, clock, joined), found.start(), end


def _in_ranges(text: str, figures: list[tuple[Figure, int, int]]) -> list[tuple[Figure, int, int]]:
    """The same; the first number of a range may have the zeros of the second: 5 to 10 thousand."""
    scale, begins = 0, len(text)
    for at in range(len(figures) - 1, -1, -1):
        figure, start, end = figures[at]
        in_range = _TO.fullmatch(text, end, begins) and all(
            len(m.partition(".")[0]) <= _RANGE_DIGITS for m in figure.mantissas
        )
        if figure.scale or not in_range:
            scale = figure.scale
        elif scale:
            zeros = {_scaled(mantissa, scale) for mantissa in figure.mantissas}
            figures[at] = (replace(figure, values=figure.values | zeros), start, end)
        begins = start
    return figures


def _is_glue(between: str, words: Words) -> bool:
    """Whether nothing parts two figures of one number but a space or a word like `and`."""
    said = between.strip()
    return not said or words.find(folded_word(said), ("glue",)) is not None


def _told_before(text: str, start: int, words: Words) -> tuple[int, int]:
    """What the number words right before a figure make, and how many zeros they leave for it: bir million | 200."""
    total = current = room = 0
    in_figures = False
    for said in _WORD.findall(text, max(0, start - _CHARS_BEFORE), start)[-_WORDS_BEFORE:]:
        kind, value = words.find(folded_word(said)) or ("", "0")
        if kind == "number":
            current = _with(current, int(value))
        elif kind == "scale" and not in_figures:
            total, current, room = total + max(current, 1) * 10 ** int(value), 0, int(value)
        elif kind != "glue":
            total = current = 0
        in_figures = said.isdecimal()
    return (0, 0) if current else (total, room)


def _fits(value: str, before: tuple[Figure, str]) -> bool:
    """Whether a number goes into the zeros at the end of the one before."""
    figures = value.isdecimal() and before[1].isdecimal() and len(before[1]) <= MOST_DIGITS
    return figures and len(value) <= before[0].scale


def _chained(chain: list[tuple[Figure, str]]) -> Iterator[Figure]:
    if len(chain) < 2:
        yield from (figure for figure, _ in chain)
        return
    total = str(sum(int(value) for _, value in chain))
    yield from (replace(figure, total=total) for figure, _ in chain)


def _readings(groups: list[str], separators: list[str], is_date: bool) -> tuple[set[str], tuple[str, ...], bool]:
    """What figures with marks between may be: numbers, the parts of a date or time, and whether a time."""
    if not separators or sum(map(len, groups)) > MOST_DIGITS:
        return {trimmed("".join(groups))}, (), False
    parts = tuple(map(trimmed, groups))
    if is_date:
        return set(), parts, False
    kinds = set(separators)
    pair = len(groups) == 2
    clock = pair and len(groups[0]) <= 2 and len(groups[1]) == 2 and int(groups[0]) <= CLOCK_HOURS
    clock = clock and int(groups[1]) <= _LAST_MINUTE
    if kinds & set(":h"):
        return set(), parts, clock
    if kinds == {"/"}:
        return ({_decimal(*groups)} if pair else set()), parts, False  # ۲/۵ is two and a half in Persian
    whole = _is_grouped(groups)
    if pair:
        decimal = separators[0] not in "'’٬" and separators[0] not in _SPACE and groups[1] != "000"
        values = {_decimal(*groups)} if decimal else set()
        values |= {trimmed("".join(groups))} if whole and groups[0] != "0" else set()
        day_and_month = clock or (len(groups[0]) <= 2 and len(groups[1]) == 2 and int(groups[0]) <= _LAST_DAY)
        alike = len(groups[0]) == len(groups[1]) in (2, YEAR_DIGITS)  # 33,34 and 39 years old
        listed = alike or separators[0] in _SPACE
        return values, parts if day_and_month or listed or not values else (), clock
    values = set()
    if whole and (len(kinds) == 1 or kinds <= set(_SPACE)):
        values.add(trimmed("".join(groups)))
    elif separators[-1] not in separators[:-1] and _is_grouped(groups[:-1]):
        values.add(_decimal("".join(groups[:-1]), groups[-1]))
    return values, () if values and not kinds & set(_SPACE) else parts, False


def _is_grouped(groups: list[str]) -> bool:
    return len(groups[0]) <= _GROUP and all(len(group) == _GROUP for group in groups[1:])


def trimmed(figures: str) -> str:
    """Figures without the zeros before them."""
    return figures.lstrip("0") or "0"


def _decimal(whole: str, fraction: str) -> str:
    fraction = fraction.rstrip("0")
    return f"{trimmed(whole)}.{fraction}" if fraction else trimmed(whole)


def _scaled(number: str, scale: int) -> str:
    whole, _, fraction = number.partition(".")
    return _decimal(whole + fraction[:scale].ljust(scale, "0"), fraction[scale:])


def _scale(text: str, end: int, words: Words) -> tuple[int, bool, int]:
    """The power of ten in the one or two words after a figure, whether it is sure, and where the last of them ends."""
    scale, sure = 0, True
    for _ in range(2):
        unit = _UNIT.match(text, end)
        found = words.find(folded_word(unit[1]), ("scale", "weak")) if unit else None
        if unit is None or found is None:
            break
        scale += int(found[1])
        sure = sure and found[0] == "scale"
        end = unit.end()
    return scale, sure, end


def _spelled(folded: list[str], known: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Every value that the number words may have, alone, in a row and in a range (two to three thousand)."""
    total = current = last = before = first = 0
    half = False
    for word in folded:
        kind, value = known.get(word, ("", "0"))
        if word.isdecimal() and total and last >= _THOUSAND:
            kind, value = "number", word[:MOST_DIGITS]
        if kind == "glue":
            continue
        if kind in ("half", "one_and_half"):
            current = 1 if kind == "one_and_half" else current
            half = True
            yield f"{total + current}.5"
            yield f"{before}.5"  # two and a half
            yield "50"  # per cent
            yield "30"  # past ten
            yield str(total + last // 2)
        elif kind == "scale":
            last = 10 ** int(value)
            yield from (str(start * last) for start in (first, before) if start)
            first = before = 0
            total += current * last + last // 2 if half else max(current, 1) * last
            current, half = 0, False
            yield str(last)
            yield str(total)
        elif kind == "number":
            before, current = current, _with(current, int(value))
            total = total if current != int(value) or last >= _THOUSAND else 0
            last = int(value)
            yield value
            yield str(total + current)
            if last == _TEN and 1 < before < _TEN:
                yield str(before * _TEN)  # two decades
        else:
            first = current if len(word) <= _SHORT_WORD_LETTERS else 0
            total = current = last = before = 0
            half = False


def _dated(said: Sequence[str], folded: Sequence[str], months: Words) -> Iterator[int]:
    """Months with figures beside them, or behind a short word: 15 May, 15 de maio, 27-nji sentýabr."""
    for at, word in enumerate(folded):
        found = months.find(word)
        if found is None or (found[0] == "month" and word in _VERBS and not said[at][0].isupper()):
            continue
        for near, behind in ((at - 1, at - 2), (at + 1, at + 2)):
            if _is_day_or_year(folded, near) or (
                _is_day_or_year(folded, behind) and len(folded[near]) <= _SHORT_WORD_LETTERS
            ):
                yield int(found[1])
                break


def _is_day_or_year(words: Sequence[str], at: int) -> bool:
    if not 0 <= at < len(words):
        return False
    word = words[at]
    return word.isdecimal() and (len(word) == YEAR_DIGITS or (len(word) <= 2 and 1 <= int(word) <= _LAST_DAY))


def _with(current: int, value: int) -> int:
    """Five and a hundred are 500, twenty and five 25; else a new number begins."""
    if value == _HUNDRED and 1 < current < _TEN:
        return current * value
    place = next((place for place in (_HUNDRED, _TEN) if current % place == 0), 0)
    return current + value if current and value < place else value


def romans(text: str, least: int) -> Iterator[str]:
    """The values of its Roman numerals of so many signs at least."""
    for found in _ROMAN.finditer(text):
        signs = found[0].replace("Х", "X").replace("І", "I")
        if len(signs) < least or not _CANONICAL_ROMAN.fullmatch(signs):
            continue
        values = [{"I": 1, "V": 5, "X": 10}[sign] for sign in signs]
        yield str(sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True)))


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    text = _WITH_FRACTION.sub(lambda found: (found[2] or found[3]) + _FRACTIONS[found[1] or found[4]], text)
    return re.sub(r"[^\D0-9]", lambda digit: str(int(digit[0])), text)
