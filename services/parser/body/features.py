"""What the models see of a page's blocks: a matrix of numbers that need no dictionary of any language."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
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
MAX_BLOCK_CHARS = 20_000
"""Of a block that are read; what follows is more of the same."""
_MOST_LEVELS = 64
"""Elements around a block that count for the text in a container."""
_CONTAINER_LEVELS = 4
"""Elements around a block whose text is described: its own, and up to its great-grandparent."""
_GRAM = 4
_REACH = (-3, -2, -1, 1, 2, 3)
"""Neighbours whose numbers stand in a block's row."""
_IN_TAGS = tuple(f"in {tag}" for tag in TAGS)
_NAMED, _ITSELF_NAMED, _PARENT_NAMED = (
    tuple(f"{what} {bit}" for bit in range(len(KEYWORDS))) for what in ("named", "itself named", "parent named")
)
_LINKED = 0.35
"""A text with more of links is no prose."""
_LIKE_A_TITLE = 0.3
_SHARES = (0.4, 0.6, 0.8)
"""Of the page's prose, by which its innermost place is looked for."""
_WINDOWS = (3, 8)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARTS = ("content", "chrome", "related", "footer")

_WORD, _UPPER, _LOWER, _DIGIT, _SPACE, _STOP, _COMMA, _CLOSE, _BAR, _COLON, _IDEOGRAPH, _SIGN, _CALL, _QUOTE, _MONEY = (
    np.uint16(1 << bit) for bit in range(15)
)
_SIGNS = {
    _STOP: ".!?…。！？।։؟۔;",
    _COMMA: ",،、，",
    _CLOSE: "\"'”’»)]›“",
    _BAR: "|›»·•/>→←▶■★",
    _COLON: ":：",
    _SIGN: "©®™",
    _CALL: "!?？！؟",
    _QUOTE: '"“”«»„',
    _MONEY: "$€£¥₽₸₺@#%",
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
        elements: list[Element] = []
        parents: list[int] = []
        own: list[int] = []
        seen: dict[tuple[str, str, int], int] = {}
        looks: list[int] = []
        for block in blocks:
            element = block.element
            number = numbers.get(element)
            if number is None:
                number = len(elements)
                around: Element | None = element
                while around is not None and around not in numbers:
                    numbers[around] = len(elements)
                    elements.append(around)
                    # The next to come is its parent, unless that is known.
                    parents.append(len(elements))
                    around = around.parent
                parents[-1] = numbers[around] if around is not None else len(elements) - 1
            own.append(number)
            looks.append(seen.setdefault((element.tag, element.names, element.depth), len(seen)))
        self.elements = elements
        self.parents = np.array(parents, np.int64)
        """Of each element, its parent; the root is its own."""
        self.own = np.array(own, np.int64)
        """Of each block, its element."""
        self.looks = np.array(looks, np.int64)
        """Of each block, a number that it shares with blocks whose element has the same tag, names and depth."""
        depths = np.array([block.element.depth for block in blocks], np.int64)
        self.depths = np.minimum(depths, _MOST_LEVELS - 1)
        """Of each block, the elements around its own; those that are nested deeper than is read count as one."""
        levels = [self.own]
        for _ in range(_CONTAINER_LEVELS - 1):
            levels.append(self.parents[levels[-1]])
        self.levels = tuple(levels)
        """Of each block, its element, that one's parent, and so on."""
        deepest = int(self.depths.max()) + 1
        self.paths = np.full((deepest + 1, len(own)), -1, np.int64)
        """Row d, column i: the element around block i at depth d, -1 where there is none."""
        at, places = self.own, np.arange(len(own))
        for beyond in range(int((depths - self.depths).max()), 0, -1):
            at = np.where(depths - self.depths >= beyond, self.parents[at], at)
        row = self.depths.copy()
        while len(places):
            self.paths[row, places] = at
            rising = row > 0
            places, row, at = places[rising], row[rising] - 1, self.parents[at[rising]]
        filled = np.nonzero(self.paths >= 0)
        self._held = self.paths[filled], filled[1]

    def inside(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each element, the sum of the weights of all blocks in it, however deep."""
        holders, places = self._held
        return np.asarray(np.bincount(holders, weights[places], len(self.parents)), np.float64)

    def shared(self, with_paths: Ints) -> NDArray[np.float64]:
        """Of each block, how many elements from the root on it has in common with the path in its column."""
        alike = (self.paths == with_paths) & (self.paths >= 0)
        return np.asarray(np.logical_and.accumulate(alike, 0).sum(0), np.float64)


class Page(NamedTuple):
    """The blocks of a page as numbers."""

    columns: Floats
    """A row for each of names(), a column for each block."""
    places: Places
    words: NDArray[np.float64]
    """Words of each block."""


def features_of(blocks: Sequence[Block], title: str, description: str, article_body: str | None) -> Page:
    """The numbers of blocks that hold text: shape (len(names()), blocks). There must be one block at least."""
    table, places, words = _table(blocks, title, description, article_body)
    return Page(table.columns(), places, words)


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """What each row of the matrix is called."""
    root = Element("body", "", "content", None, 0, 0, 0, 0, False, None, 0)
    block = Block("A", root, "body", "content", "", 0.0, 0.0, 0, 0, 0, (), ())
    return tuple(_table([block], "", "", None)[0].names)


class _Table:
    """Rows of numbers by name, in the order in which they come."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._rows: list[NDArray[Any]] = []

    def __setitem__(self, name: str, row: NDArray[Any]) -> None:
        self.names.append(name)
        self._rows.append(row)

    def extend(self, names: Sequence[str], rows: NDArray[Any]) -> None:
        """Add the first of the rows, as many as there are names."""
        self.names.extend(names)
        self._rows.extend(rows[: len(names)])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._rows[self.names.index(name)]

    def columns(self) -> Floats:
        whole = np.empty((len(self._rows), len(self._rows[0])), np.float32)
        for number, row in enumerate(self._rows):
            whole[number] = row
        return whole


def _table(
    blocks: Sequence[Block], title: str, description: str, article_body: str | None
) -> tuple[_Table, Places, NDArray[np.float64]]:
    stated = [part[:MAX_STATED_CHARS] for part in (title, description, article_body or "")]
    text = _read([*(block.text[:MAX_BLOCK_CHARS] for block in blocks), *stated])
    found = _Table()
    places = Places(blocks)
    words = _describe_texts(found, blocks, text)
    headline = _describe_claims(found, blocks, text)
    _describe_containers(found, blocks, places, words, headline)
    _describe_neighbours(found)
    for labels, masks in (
        (_IN_TAGS, [b.tags for b in blocks]),
        (_NAMED, [b.element.keywords for b in blocks]),
        (_ITSELF_NAMED, [b.element.own_keywords for b in blocks]),
        (_PARENT_NAMED, [(b.element.parent or b.element).own_keywords for b in blocks]),
    ):
        bits = np.unpackbits(np.array(masks, "<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        found.extend(labels, bits.T)
    return found, places, words


def _describe_texts(found: _Table, blocks: Sequence[Block], text: _Text) -> NDArray[np.float64]:
    """What each text looks like by itself and among the page's texts. Gives the words of each."""
    count, kinds, starts = len(blocks), text.kinds, text.starts
    sizes = np.diff(starts)[:count] - 1.0
    ends = starts[1 : count + 1] - 2

    def number_of(kind: np.uint16, mask: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        hits = (kinds & kind) != 0
        if mask is not None:
            hits &= mask
        return np.add.reduceat(hits, starts, dtype=np.int32)[:count].astype(np.float64)

    owned = int(np.searchsorted(text.owners, count))
    owners, hashes, letters = text.owners[:owned], text.words[:owned], text.sizes[:owned]

    def per_word(weights: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(owners, weights, count)[:count], np.float64)

    spoken = np.bincount(owners, minlength=count)[:count].astype(np.float64)
    words = np.maximum(spoken, np.floor(number_of(_IDEOGRAPH) / 2))
    each = np.maximum(1.0, spoken)
    followed = np.ones(len(kinds), bool)
    followed[:-1] = (kinds[1:] & (_SPACE | _CLOSE)) != 0
    stops, commas = number_of(_STOP, followed), number_of(_COMMA)
    last, first = kinds[ends], kinds[starts[:count]]
    before_last = kinds[np.maximum(ends - 1, starts[:count])]
    found["chars"] = np.log1p(sizes)
    found["words"] = np.log1p(words)
    found["words to the most"] = words / (words.max() + 1.0)
    found["linked"] = np.array([b.linked for b in blocks])
    found["strong"] = np.array([b.strong for b in blocks])
    found["stops"] = stops
    found["stopped"] = ((last & _STOP) != 0) | (((last & _CLOSE) != 0) & ((before_last & _STOP) != 0))
    found["closed"] = (last & (_CLOSE | _COLON)) != 0
    found["colon"] = (last & _COLON) != 0
    found["commas"] = commas
    found["commas per word"] = commas / each
    found["words per stop"] = words / (1.0 + stops)
    found["digits"] = number_of(_DIGIT) / sizes
    found["capitals"] = per_word(text.capitals[:owned]) / each
    found["upper"] = number_of(_UPPER) / sizes
    found["bars"] = number_of(_BAR)
    found["signs"] = number_of(_SIGN)
    found["calls"] = number_of(_CALL) / each
    found["quotes"] = number_of(_QUOTE) / each
    found["money"] = number_of(_MONEY) / each
    found["begins low"] = (first & _LOWER) != 0
    found["begins with a digit"] = (first & _DIGIT) != 0
    found["begins otherwise"] = (first & (_LOWER | _UPPER | _DIGIT)) == 0
    found["letters"] = per_word(letters) / each
    found["short words"] = per_word(letters <= _SHORT) / each
    found["breaks"] = np.array([b.breaks for b in blocks])
    found["timed"] = np.array([len(b.times) > 0 for b in blocks])
    found["at"] = np.arange(count) / count
    found["blocks"] = np.full(count, count)
    # Words that recur on the page: those that hold the sentences of its language together, and its subject's.
    _, same, times = np.unique(hashes, return_inverse=True, return_counts=True)
    found["recurring"] = per_word(times[same] >= _MANY) / each
    found["familiar"] = per_word(np.log1p(times[same])) / each
    grams, holders = _grams(hashes, owners)
    _, same, times = np.unique(grams, return_inverse=True, return_counts=True)
    in_grams = np.maximum(1, np.bincount(holders, minlength=count)[:count])
    found["repeated"] = np.bincount(holders, times[same] > 1, count)[:count] / in_grams
    copies: dict[str, int] = {}
    earlier = []
    for block in blocks:
        earlier.append(copies.get(block.text, 0))
        copies[block.text] = earlier[-1] + 1
    found["copies"] = np.array([copies[b.text] for b in blocks])
    found["copies before"] = np.array(earlier)
    return words


def _describe_claims(found: _Table, blocks: Sequence[Block], text: _Text) -> int:
    """What of a text stands in what the page says of itself. Gives the block that is most like the headline."""
    count = len(blocks)
    owned = int(np.searchsorted(text.owners, count))
    owners, hashes = text.owners[:owned], text.words[:owned]
    each = np.maximum(1, np.bincount(owners, minlength=count)[:count])
    for name, index in (("title", count), ("description", count + 1)):
        wanted = np.unique(text.words[text.owners == index])
        hits = np.isin(hashes, wanted)
        found[f"of the {name}"] = np.bincount(owners[hits], minlength=count)[:count] / each
        many = max(1, len(wanted))
        met = np.unique(owners[hits] * many + np.searchsorted(wanted, hashes[hits]))
        found[f"the {name}"] = np.bincount(met // many, minlength=count)[:count] / many
    grams, holders = _grams(hashes, owners)
    of_body = text.owners == count + 2
    body, _ = _grams(text.words[of_body], text.owners[of_body])
    in_grams = np.maximum(1, np.bincount(holders, minlength=count)[:count])
    found["of articleBody"] = np.bincount(holders[np.isin(grams, body)], minlength=count)[:count] / in_grams
    found["articleBody"] = np.full(count, len(body) > 0)
    place = np.arange(count)
    is_h1 = np.array([b.tag == "h1" for b in blocks])
    first = int(np.argmax(is_h1))
    like_title = found["of the title"] * found["the title"]
    best = int(np.argmax(like_title * (1.0 + is_h1)))
    none = np.full(count, -1.0)
    found["after the h1"] = place - first if is_h1[first] else none
    found["after the title"] = place - best if like_title[best] > _LIKE_A_TITLE else none
    return best if like_title[best] > _LIKE_A_TITLE else first


def _describe_containers(
    found: _Table, blocks: Sequence[Block], places: Places, words: NDArray[np.float64], headline: int
) -> None:
    """What stands in the same elements as a block: text, links, and the blocks that look the same."""
    count, many = len(blocks), len(places.parents)
    links = words * found["linked"]
    prose = words * (found["linked"] < _LINKED) * (found["stops"] > 0)
    total, all_words = prose.sum() + 1.0, words.sum() + 1.0
    is_p = np.array([b.tag == "p" for b in blocks])
    for level, at in enumerate(places.levels):
        here, said = np.bincount(at, prose, many), np.bincount(at, words, many)[at] + 1.0
        found[f"prose {level}"] = here[at] / total
        found[f"prose to the most {level}"] = here[at] / (here.max() + 1.0)
        found[f"prose share {level}"] = here[at] / said
        number = np.bincount(at, minlength=many)[at]
        found[f"blocks {level}"] = np.log1p(number)
        found[f"words a block {level}"] = said / number
        found[f"links {level}"] = np.bincount(at, links, many)[at] / said
        found[f"paragraphs {level}"] = np.bincount(at, is_p, many)[at] / (is_p.sum() + 1.0)
    prose_in, words_in, links_in = places.inside(prose), places.inside(words) + 1.0, places.inside(links)
    for level, at in enumerate(places.levels[1:], 1):
        found[f"prose inside {level}"] = prose_in[at] / total
        found[f"links inside {level}"] = links_in[at] / words_in[at]
        found[f"words inside {level}"] = words_in[at] / all_words
    looks = places.looks
    alike = np.bincount(looks, words)[looks] + 1.0
    found["prose alike"] = np.bincount(looks, prose)[looks] / total
    found["prose share alike"] = np.bincount(looks, prose)[looks] / alike
    found["links alike"] = np.bincount(looks, links)[looks] / alike
    found["blocks alike"] = np.log1p(np.bincount(looks)[looks])
    found["words a block alike"] = alike / np.bincount(looks)[looks]
    found["share"] = words / all_words
    found["prose of the page"] = np.full(count, np.log1p(total))
    found["prose share of the page"] = np.full(count, total / all_words)
    found["parent's prose to own"] = np.log1p(found["prose 1"] * total / (words + 1.0))
    named = np.array([b.element.keywords & OWN_CONTAINER for b in blocks]) != 0
    found["prose in containers by name"] = np.full(count, (prose * named).sum() / total)
    found["depth"] = np.array([b.element.depth for b in blocks])
    # The innermost elements that hold most of the prose, and how far into them a block stands.
    depth_of = np.array([element.depth for element in places.elements])
    for share in _SHARES:
        innermost = int(np.argmax(np.where(prose_in >= share * prose.sum(), depth_of, -1)))
        level = min(int(depth_of[innermost]), len(places.paths) - 1)
        found[f"in the place of {share:.0%}"] = places.paths[level] == innermost
        found[f"below the place of {share:.0%}"] = places.depths - level
    articles = np.array([element.tag == "article" for element in places.elements])
    around = (places.paths >= 0) & articles[places.paths]
    outer = np.where(around.any(0), places.paths[np.argmax(around, 0), np.arange(count)], -1)
    found["prose in the article"] = np.where(outer >= 0, prose_in[outer] / total, 0.0)
    found["articles"] = np.full(count, len(np.unique(outer[outer >= 0])))
    # Where the ways to two blocks part.
    with_headline = places.shared(places.paths[:, [headline]])
    found["with the headline"] = with_headline
    found["below the way to the headline"] = places.depths + 1 - with_headline
    found["with the longest"] = places.shared(places.paths[:, [int(np.argmax(prose))]])
    for name, step in (("last", 1), ("next", -1)):
        found[f"with the {name}"] = shared = places.shared(np.roll(places.paths, step, 1))
        found[f"apart from the {name}"] = places.depths + 1 - shared
    tag_numbers: dict[str, int] = {}
    tags = np.array([tag_numbers.setdefault(b.tag, len(tag_numbers)) for b in blocks])
    found["tag of the last"] = tags == np.roll(tags, 1)
    found["tag of the next"] = tags == np.roll(tags, -1)
    found["is p"] = is_p
    found["is a heading"] = np.array([b.tag in _HEADINGS for b in blocks])
    found["is an item"] = np.array([b.tag == "li" for b in blocks])
    found["is a cell"] = np.array([b.tag in ("td", "th") for b in blocks])
    found["is div"] = np.array([b.tag == "div" for b in blocks])
    running = np.cumsum(prose) / total
    found["prose before"] = running
    found["prose left"] = 1.0 - running
    for reach in _WINDOWS:
        near = _around(words, reach) + 1.0
        found[f"prose within {reach}"] = _around(prose, reach) / near
        found[f"links within {reach}"] = _around(links, reach) / near
        found[f"words within {reach}"] = np.log1p(near)
    found["hidden"] = np.array([b.element.hidden for b in blocks])
    found["part"] = np.array([_PARTS.index(b.part) for b in blocks])


def _around(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The sum of a block's number and of those so far before and behind it."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    return np.asarray(sums[np.minimum(place + reach + 1, len(values))] - sums[np.maximum(place - reach, 0)], np.float64)


def _describe_neighbours(found: _Table) -> None:
    """Some numbers of the blocks before and behind; 0 beyond the page's ends."""
    near = ("words", "linked", "stops", "stopped", "is a heading", "prose 1", "prose to the most 1", "links alike")
    rows = np.stack([np.asarray(found[name], np.float32) for name in near])
    count = rows.shape[1]
    furthest = max(_REACH)
    padded = np.zeros((len(near), count + 2 * furthest), np.float32)
    padded[:, furthest : furthest + count] = rows
    for name, row in zip(near, padded, strict=True):
        for step in _REACH:
            found[f"{name} at {step}"] = row[furthest + step : furthest + step + count]
