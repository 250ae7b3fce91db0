"""Whether a page that came with status 200 is what its site answers for pages that are not there."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from hashlib import blake2b, shake_128
from itertools import islice
from urllib.parse import unquote, urlsplit, urlunsplit

from services.fetcher.lists.index_pages import form_of, read_tree
from services.fetcher.lists.listing import NotAListing

PLACES = 64
MAX_WORDS = 20_000
MIN_WORDS = 2
"""A page with fewer words of its own says nothing. A shell that scripts fill may have them: compare the front page."""
SHINGLE = 4
ALIKE = 0.95
"""From this resemblance on, three places of 64 apart, a page is taken for the site's page for missing ones.

Only words outside of links and menus count, and none with digits or slashes: error pages that differ in URL, time and
latest news resemble each other by 1.0. An article of 60 words among 30, 60, 120, 400 words of boilerplate that are no
links resembles them by 0.24, 0.40, 0.57, 0.85 (standard error of an estimate: 0.06 at most). The bound is high, for an
article that is taken for missing is worse than an error page that is taken for a page.
"""
MADE_UP = "xabar-asks-what-a-missing-page-looks-like"

_NOTHING = base64.b64encode(bytes(PLACES)).decode()
_NOT_ITS_OWN = "a, nav, footer, header, aside, script:not([type*=json]), style, noscript, template, [role=navigation]"
_VARIABLE = re.compile(r"\S*[\d/@=]\S*")
_WORD = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")


def sketch(body: bytes) -> str:
    """88 characters that tell how alike the pages' own words are: minhash over four words in a row, in base64.

    Resemblance of sets of shingles is Broder, "On the resemblance and containment of documents" (1997); that a few bits
    of each minimum are enough is Li and König, "b-Bit Minwise Hashing" (2010). The minima are those of one permutation
    cut into 64 parts (Li, Owen and Zhang, "One Permutation Hashing", 2012), an empty part taking another's minimum
    (Shrivastava, "Optimal Densification for Fast and Accurate Minwise Hashing", 2017). The same in every process.
    A page without words, or that is no HTML, gives the one sketch that resembles nothing.
    """
    words = _words(body)
    if len(words) < MIN_WORDS:
        return _NOTHING
    least: list[int | None] = [None] * PLACES
    for at in range(max(1, len(words) - SHINGLE + 1)):
        value = _hash(" ".join(words[at : at + SHINGLE]))
        place, rank = value % PLACES, value // PLACES
        held = least[place]
        if held is None or rank < held:
            least[place] = rank
    return base64.b64encode(bytes(_byte(least, place) for place in range(PLACES))).decode()


def resemblance(a: str, b: str) -> float:
    """The share of shingles that two sketched pages have in common, 0 to 1, as estimated; 0 where one says nothing."""
    left, right = _values(a), _values(b)
    if left is None or right is None:
        return 0.0
    by_chance = 1 / 256
    same = sum(x == y for x, y in zip(left, right, strict=True)) / PLACES
    return max(0.0, (same - by_chance) / (1 - by_chance))


def says_missing(page_sketch: str, missing_sketch: str) -> bool:
    """Whether the page is, but for what varies, the one that its site shows for pages that never were."""
    return resemblance(page_sketch, missing_sketch) >= ALIKE


def probe_url(url: str, random: Callable[[], float]) -> str:
    """A URL beside an article's that surely never existed and says what it is for; `random` gives 0 ≤ x < 1.

    Numbers stay numbers, for routers often insist on them, and every id changes: many sites look at nothing else.
    """
    parts = urlsplit(url)
    made_up = f"{MADE_UP}-{int(random() * 16**8):08x}"
    number = str(2_000_000_000 + int(random() * 147_000_000))  # fits into 32 bits, as sites' own do
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    by_query = any(_identifies(value) for _, _, value in pairs)
    segments = parts.path.split("/")
    last = max((at for at, segment in enumerate(segments) if segment), default=len(segments) - 1)
    for at, segment in enumerate(segments):
        is_name = form_of(unquote(segment).lower()).startswith("<word>")
        if (at == last and not (by_query and (is_name or not segment))) or (at != last and _is_an_id(segment)):
            segments[at] = _unlike(segment, made_up, number)
    query = "&".join(
        f"{name}{equals}{_unlike(value, made_up, number) if _identifies(value) else value}"
        for name, equals, value in pairs
    )
    return urlunsplit((parts.scheme, parts.netloc, "/".join(segments), query, ""))


def _is_an_id(segment: str) -> bool:
    return "<n>" in form_of(segment.lower()) and len(segment) > 3 and not _YEAR.fullmatch(segment)


def _identifies(value: str) -> bool:
    return value[:1].isdigit() or "<slug>" in form_of(unquote(value).lower())


def _unlike(segment: str, made_up: str, number: str) -> str:
    """Another of the same form."""
    form = form_of(unquote(segment).lower())
    if form.startswith("<id>"):
        return "".join(digit if segment[at] != "-" else "-" for at, digit in enumerate(_hex(made_up, len(segment))))
    return re.sub("<slug>|<word>|<date>", made_up, form).replace("<n>", number)


def _hex(text: str, length: int) -> str:
    return shake_128(text.encode()).hexdigest((length + 1) // 2)[:length]


def _words(body: bytes) -> list[str]:
    try:
        tree = read_tree(body)
    except NotAListing:
        return []
    for node in tree.css(_NOT_ITS_OWN):
        node.decompose()
    text = tree.root.text(separator=" ") if tree.root else ""
    return [word[0].lower() for word in islice(_WORD.finditer(_VARIABLE.sub(" ", text)), MAX_WORDS)]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def _byte(least: list[int | None], place: int) -> int:
    held, step = least[place], 0
    while held is None:
        step += 1
        held = least[_hash(f"{place} {step}") % PLACES]
    return held % 256


def _values(sketch: str) -> bytes | None:
    try:
        values = base64.b64decode(sketch, validate=True)
    except (binascii.Error, ValueError):
        return None
    return values if len(values) == PLACES and sketch != _NOTHING else None
