"""What the models see of a page's blocks: a matrix of numbers that need no dictionary of any language."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.parser.page.blocks import Block, Element
from services.parser.page.names import KEYWORDS, OWN_CONTAINER, TAGS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

MAX_STATED_CHARS = 100_000
"""Of a title, a description or an articleBody that are compared with the blocks."""
_MOST_LEVELS = 64
"""Elements around a block that count for the text in a container."""
_CONTAINER_LEVELS = 4
"""Elements around a block whose text is described: its own, and up to its great-grandparent."""
_GRAM = 4
_REACH = (-3, -2, -1, 1, 2, 3)
"""Neighbours whose numbers stand in a block's row."""
_PARTS = ("content", "chrome", "related", "footer")

_WORD, _UPPER, _LOWER, _DIGIT, _SPACE, _STOP, _COMMA, _CLOSE, _BAR, _COLON, _IDEOGRAPH, _SIGN = (
    np.uint16(1 << bit) for bit in range(12)
)
_SIGNS = {
    _STOP: ".!?…。！？।։؟۔;",
    _COMMA: ",،、，",
    _CLOSE: "\"'”’»)]›“",
    _BAR: "|›»·•/>→←▶■★",
    _COLON: ":：",
    _SIGN: "©®™",
}
_MANY = 3
"""A word that stands so often on a page is one of the language, or of the page's subject."""
_SHORT = 3
"""Letters of a short word."""


class _Characters(NamedTuple):
    """Of each code point of the basic plane: its kinds as bits, and its lower case."""

    kinds: NDArray[np.uint16]
    lower: NDArray[np.uint32]


@lru_cache(maxsize=1)
def _characters() -> _Characters:
    kinds = np.zeros(0x10000, np.uint16)
    lower = np.arange(0x10000, dtype=np.uint32)
    for code in range(0x10000):
        character = chr(code)
        found = 0
        if character.isalnum() or unicodedata.category(character) in ("Mn", "Mc") or character == "_":
            found |= int(_WORD)
        if character.isspace():
            found |= int(_SPACE)
        elif character.isupper() or character.istitle():
            found |= int(_UPPER)
            folded = character.lower()
            lower[code] = ord(folded[0])
        elif character.islower():
            found |= int(_LOWER)
        elif character.isdigit():
            found |= int(_DIGIT)
        if 0x0E00 <= code <= 0x0E7F or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF:
            found |= int(_IDEOGRAPH)
        kinds[code] = found
    for kind, signs in _SIGNS.items():
        for sign in signs:
            kinds[ord(sign)] |= kind
    return _Characters(kinds, lower)


class _Text(NamedTuple):
    """Texts as one run of numbers."""

    starts: Ints
    """Where each text begins, in characters; a line break stands after each."""
    kinds: NDArray[np.uint16]
    """Of each character."""
    words: Words
    """Of each word, a number that is the same for the same letters in any case."""
    sizes: Ints
    """Letters of each word."""
    capitals: NDArray[np.bool_]
    """Of each word, whether it begins with one."""
    owners: Ints
    """Of each word, the text that it stands in."""


def _read(texts: Sequence[str]) -> _Text:
    joined = "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _characters()
    codes = np.minimum(codes, 0xFFFF)
    kinds, lower = table.kinds[codes], table.lower[codes]
    starts = np.zeros(len(texts), np.int64)
    np.cumsum([len(text) + 1 for text in texts[:-1]], out=starts[1:])
    inside = (kinds & _WORD) != 0
    begins = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1
    if inside[0]:
        begins = np.concatenate([[0], begins])
    # The sum over a word's pairs of letters, each pair scrambled: the same letters in another order differ.
    here = np.where(inside, lower, 0).astype(np.uint64)
    mixed = here * np.uint64(0x9E3779B97F4A7C15)
    mixed[:-1] += here[1:] * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed[~inside] = 0
    if len(begins):
        words = np.add.reduceat(mixed, begins)
        sizes = np.add.reduceat(inside.astype(np.int64), begins)
    else:
        words, sizes = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    owners = np.searchsorted(starts, begins, side="right") - 1
    return _Text(starts, kinds, words, sizes, (kinds[begins] & _UPPER) != 0, owners)


def _grams(words: Words, owners: Ints) -> tuple[Words, Ints]:
    """Runs of four words within one text, each as a number; and the texts that they stand in."""
    if len(words) < _GRAM:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    grams = words[: 1 - _GRAM].copy()
    for step in range(1, _GRAM):
        grams *= np.uint64(0x9E3779B97F4A7C15)
        grams ^= grams >> np.uint64(31)
        grams += words[step : len(words) + 1 - _GRAM + step]
    whole = owners[: 1 - _GRAM] == owners[_GRAM - 1 :]
    return grams[whole], owners[: 1 - _GRAM][whole]


class Places:
    """Where the blocks stand: the elements around each, as numbers."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        numbers: dict[Element, int] = {}
        parents: list[int] = []
        own: list[int] = []
        elements: list[Element] = []
        for block in blocks:
            element: Element | None = block.element
            number = numbers.get(block.element, -1)
            if number < 0:
                below = -1
                while element is not None:
                    number = numbers.get(element, -1)
                    if number >= 0:
                        if below >= 0:
                            parents[below] = number
                        break
                    number = numbers[element] = len(parents)
                    parents.append(number)
                    elements.append(element)
                    if below >= 0:
                        parents[below] = number
                    below = number
                    element = element.parent
                number = numbers[block.element]
            own.append(number)
        self.elements = elements
        self.parents = np.array(parents, np.int64)
        """Of each element, its parent; the root is its own."""
        self.own = np.array(own, np.int64)
        """Of each block, its element."""
        levels = [self.own]
        for _ in range(_CONTAINER_LEVELS):
            levels.append(self.parents[levels[-1]])
        self.levels = tuple(levels)
        """Of each block, its element, that one's parent, and so on."""
        self._signatures: Ints | None = None

    @property
    def signatures(self) -> Ints:
        """Of each block, a number that it shares with blocks whose element looks the same."""
        if self._signatures is None:
            seen: dict[tuple[str, str, int], int] = {}
            of = [seen.setdefault((e.tag, e.names, e.depth), len(seen)) for e in self.elements]
            self._signatures = np.array(of, np.int64)[self.own]
        return self._signatures

    def inside(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each element, the sum of the weights of all blocks in it, however deep."""
        total = np.zeros(len(self.parents))
        at, live = self.own, weights
        for _ in range(_MOST_LEVELS):
            total += np.bincount(at, live, len(total))
            above = self.parents[at]
            rising = above != at
            if not rising.any():
                break
            at, live = above[rising], live[rising]
        return total


class Page(NamedTuple):
    """The blocks of a page as numbers."""

    rows: Floats
    """A row for each block, a column for each of names()."""
    places: Places
    words: NDArray[np.float64]
    """Words of each block."""


def features_of(blocks: Sequence[Block], title: str, description: str, article_body: str | None) -> Page:
    """The numbers of blocks that hold text: shape (blocks, len(names())). There must be one block at least."""
    columns = _columns(blocks, title, description, article_body)
    places, words = columns.places, columns.words
    return Page(
        np.ascontiguousarray(np.stack([c.astype(np.float32) for c in columns.found.values()], 1)), places, words
    )


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """What each column of the matrix is called."""
    root = Element("body", "", "content", None, 0, 0, 0, 0, False, None, 0)
    block = Block("A", root, "body", "content", "", 0.0, 0.0, 0, 0, 0, (), ())
    return tuple(_columns([block], "", "", None).found)


class _Columns(NamedTuple):
    found: dict[str, NDArray[Any]]
    places: Places
    words: NDArray[np.float64]


def _columns(blocks: Sequence[Block], title: str, description: str, article_body: str | None) -> _Columns:
    count = len(blocks)
    stated = [s[:MAX_STATED_CHARS] for s in (title, description, article_body or "")]
    text = _read([*(block.text for block in blocks), *stated])
    found: dict[str, NDArray[Any]] = {}
    kinds, starts = text.kinds, text.starts
    sizes = np.diff(starts)[:count] - 1.0
    ends = starts[1 : count + 1] - 2
    """The last character of each block."""

    def number_of(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.add.reduceat(mask.astype(np.int64), starts)[:count].astype(np.float64)

    own_words = text.owners < count
    owners, hashes, letters = text.owners[own_words], text.words[own_words], text.sizes[own_words]

    def per_word(weights: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(owners, weights.astype(np.float64), count)[:count], np.float64)

    spoken = np.bincount(owners, minlength=count)[:count].astype(np.float64)
    words = np.maximum(spoken, np.floor(number_of((kinds & _IDEOGRAPH) != 0) / 2))
    each = np.maximum(1.0, spoken)
    followed = np.ones(len(kinds), bool)
    followed[:-1] = (kinds[1:] & (_SPACE | _CLOSE)) != 0
    stops = number_of(((kinds & _STOP) != 0) & followed)
    commas = number_of((kinds & _COMMA) != 0)
    last, first = kinds[ends], kinds[starts[:count]]
    before_last = kinds[np.maximum(ends - 1, starts[:count])]
    stopped = ((last & _STOP) != 0) | (((last & _CLOSE) != 0) & ((before_last & _STOP) != 0))
    linked = np.array([b.linked for b in blocks])
    found["chars"] = np.log1p(sizes)
    found["words"] = np.log1p(words)
    found["linked"] = linked
    found["strong"] = np.array([b.strong for b in blocks])
    found["stops"] = stops
    found["stopped"] = stopped
    found["closed"] = (last & (_CLOSE | _COLON)) != 0
    found["colon"] = (last & _COLON) != 0
    found["commas"] = commas
    found["commas per word"] = commas / each
    found["words per stop"] = words / (1.0 + stops)
    found["digits"] = number_of((kinds & _DIGIT) != 0) / sizes
    found["capitals"] = per_word(text.capitals[own_words]) / each
    found["upper"] = number_of((kinds & _UPPER) != 0) / sizes
    found["bars"] = number_of((kinds & _BAR) != 0)
    found["signs"] = number_of((kinds & _SIGN) != 0)
    found["begins low"] = (first & _LOWER) != 0
    found["begins with a digit"] = (first & _DIGIT) != 0
    found["begins otherwise"] = (first & (_LOWER | _UPPER | _DIGIT)) == 0
    found["letters"] = per_word(letters.astype(np.float64)) / each
    found["short words"] = per_word(letters <= _SHORT) / each
    found["breaks"] = np.array([b.breaks for b in blocks], np.float64)
    found["depth"] = np.array([b.element.depth for b in blocks], np.float64)
    place = np.arange(count, dtype=np.float64)
    found["at"] = place / count
    found["blocks"] = np.full(count, float(count))
    # Words that recur on the page: the ones that hold sentences of its language together, and its subject's.
    _, same, times = np.unique(hashes, return_inverse=True, return_counts=True)
    found["recurring"] = per_word(times[same] >= _MANY) / each if len(hashes) else np.zeros(count)
    found["familiar"] = per_word(np.log1p(times[same])) / each if len(hashes) else np.zeros(count)
    grams, holders = _grams(hashes, owners)
    each_gram = np.maximum(1, np.bincount(holders, minlength=count)[:count])
    if len(grams):
        _, same, times = np.unique(grams, return_inverse=True, return_counts=True)
        found["repeated"] = np.bincount(holders, times[same] > 1, count)[:count] / each_gram
    else:
        found["repeated"] = np.zeros(count)
    copies: dict[str, int] = {}
    for block in blocks:
        copies[block.text] = copies.get(block.text, 0) + 1
    found["copies"] = np.array([copies[b.text] for b in blocks], np.float64)
    # What the page says of itself.
    for name, index in (("title", count), ("description", count + 1)):
        wanted = np.unique(text.words[text.owners == index])
        hits = np.isin(hashes, wanted) if len(wanted) else np.zeros(len(hashes), bool)
        found[f"of the {name}"] = per_word(hits) / each
        met = np.unique(owners[hits] * np.int64(len(wanted) or 1) + np.searchsorted(wanted, hashes[hits]))
        found[f"the {name}"] = np.bincount(met // (len(wanted) or 1), minlength=count)[:count] / max(1, len(wanted))
    body, _ = _grams(text.words[text.owners == count + 2], text.owners[text.owners == count + 2])
    found["of articleBody"] = (
        np.bincount(holders, np.isin(grams, body), count)[:count] / each_gram if len(body) else np.zeros(count)
    )
    found["articleBody"] = np.full(count, float(len(body) > 0))
    like_title = found["of the title"] * found["the title"]
    is_h1 = np.array([b.tag == "h1" for b in blocks])
    headlines = np.flatnonzero(is_h1)
    best = int(np.argmax(like_title * (1.0 + is_h1)))
    found["after the h1"] = place - headlines[0] if len(headlines) else np.full(count, -1.0)
    found["after the title"] = place - best if like_title[best] > 0.3 else np.full(count, -1.0)
    # Containers.
    places = Places(blocks)
    prose = words * (linked < 0.35) * (stops > 0)
    total = prose.sum() + 1.0
    all_words = words.sum() + 1.0
    many = len(places.parents)
    keywords = np.array([b.element.keywords for b in blocks], np.int64)
    for level in range(_CONTAINER_LEVELS):
        at = places.levels[level]
        here = np.bincount(at, prose, many)
        found[f"prose {level}"] = here[at] / total
        found[f"prose against the most {level}"] = here[at] / (here.max() + 1.0)
        found[f"prose share {level}"] = here[at] / (np.bincount(at, words, many)[at] + 1.0)
        found[f"blocks {level}"] = np.log1p(np.bincount(at, minlength=many)[at])
        found[f"links {level}"] = np.bincount(at, words * linked, many)[at] / (np.bincount(at, words, many)[at] + 1e-6)
    prose_inside, words_inside = places.inside(prose), places.inside(words)
    links_inside = places.inside(words * linked)
    for level in range(1, _CONTAINER_LEVELS):
        at = places.levels[level]
        found[f"prose inside {level}"] = prose_inside[at] / total
        found[f"links inside {level}"] = links_inside[at] / (words_inside[at] + 1e-6)
    looks = places.signatures
    alike = np.bincount(looks, prose)
    found["prose alike"] = alike[looks] / total
    found["prose share alike"] = alike[looks] / (np.bincount(looks, words)[looks] + 1.0)
    found["links alike"] = np.bincount(looks, words * linked)[looks] / (np.bincount(looks, words)[looks] + 1e-6)
    found["blocks alike"] = np.log1p(np.bincount(looks)[looks])
    found["share"] = words / all_words
    found["prose of the page"] = np.full(count, np.log1p(total))
    found["prose share of the page"] = np.full(count, total / all_words)
    found["parent's prose to own"] = np.log1p(found["prose 1"] * total / (words + 1.0))
    found["prose in containers by name"] = np.full(count, (prose * ((keywords & OWN_CONTAINER) != 0)).sum() / total)
    for level in (0, 1):
        same_place = np.zeros(count)
        same_place[1:] = places.levels[level][1:] == places.levels[level][:-1]
        found[f"same place as the last {level}"] = same_place
    tags = [b.tag for b in blocks]
    same_tag = [a == b for a, b in pairwise(tags)]
    found["tag of the last"] = np.array([False, *same_tag])
    found["tag of the next"] = np.array([*same_tag, False])
    running = np.cumsum(prose) / total
    found["prose before"] = running
    found["prose left"] = 1.0 - running
    found["hidden"] = np.array([b.element.hidden for b in blocks])
    found["part"] = np.array([_PARTS.index(b.part) for b in blocks], np.float64)
    # Neighbours.
    near = ("words", "linked", "stops", "stopped", "prose 1", "prose against the most 1")
    for step in _REACH:
        for name in near:
            found[f"{name} at {step}"] = _shifted(found[name], step)
    # Tags and names, as they are.
    for label, masks, kind in (
        ("in", [b.tags for b in blocks], TAGS),
        ("named", keywords, KEYWORDS),
        ("itself named", [b.element.own_keywords for b in blocks], KEYWORDS),
    ):
        bits = np.unpackbits(np.array(masks, "<u8").view(np.uint8).reshape(count, 8), axis=1, bitorder="little")
        for bit, word in enumerate(kind):
            found[f"{label} {word.split()[0] if kind is TAGS else bit}"] = bits[:, bit]
    return _Columns(found, places, words)


def _shifted(values: NDArray[Any], step: int) -> NDArray[np.float64]:
    """What stands `step` rows further on, 0 beyond the page's ends."""
    moved = np.zeros(len(values))
    if step < 0:
        moved[-step:] = values[:step]
    elif step < len(values):
        moved[: len(values) - step] = values[step:]
    return moved
