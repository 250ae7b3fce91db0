"""The language that a page declares, believed unless its own address or its own letters say otherwise.

Sites with several editions often have one template, which declares one language for all of them.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from services.parser.metadata.stated import Stated
from services.parser.page.blocks import Block
from services.parser.page.structured import Graph

_DATA = tomllib.loads(files(__package__).joinpath("languages.toml").read_text("utf-8"))
_MISNAMED: dict[str, str] = _DATA["misnamed"]
_ADDRESS: dict[str, str] = _DATA["address"]
_ADDRESS_AT: dict[str, dict[str, str]] = _DATA["address_at"]
_SHOWN = {name: tag for tag, names in _DATA["shown"].items() for name in names}
_SCRIPTS: dict[str, tuple[str, ...]] = {}
for _script, _languages in _DATA["scripts"].items():
    for _language in _languages:
        _SCRIPTS[_language] = (*_SCRIPTS.get(_language, ()), _script)
_LETTERS: dict[str, frozenset[str]] = {tag: frozenset(letters) for tag, letters in _DATA["letters"].items()}

_TAG = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_PATTERNS = {"Cyrl": re.compile(r"[Ѐ-ԯ]"), "Latn": re.compile(r"[A-Za-zÀ-ɏ]"), "Arab": re.compile(r"[؀-ۿ]")}
_OWN_LETTERS = re.compile(r"[іїєґўәғқңөұүһӣӯҳҷҗ]")
_UZBEK_LATIN = re.compile(r"[og][‘ʻ’'`ʼ](?=[a-z])", re.IGNORECASE)
_PARAMETERS = frozenset({"lang", "language", "hl", "l", "locale"})
_SAMPLE_CHARS = 1_200
_LEAST_LETTERS = 60
"""Fewer say nothing about a script."""
_LEAST_FOR_LACKING = 300
_MOST_STRAY = 0.012
"""Share of letters that a language does not have: names and quotations from a neighbour bring some."""
_LEAST_OWN = 0.006
_UZBEK_SHARE = 0.008
_MIXED = 0.7


def tag_of(value: str | None) -> str | None:
    """A language tag in the usual spelling (uz-Latn, pt-BR), or None."""
    value = (value or "")[:200].split(",")[0].strip()
    if not _TAG.match(value):
        return None
    first, *rest = value.replace("_", "-").split("-")
    return "-".join(
        [
            _MISNAMED.get(first.lower(), first.lower()),
            *(r.title() if len(r) == 4 else r.upper() if len(r) == 2 else r for r in rest),
        ]
    )


@lru_cache(maxsize=4_096)
def in_address(url: str) -> str | None:
    """The language that a URL names in its path, its host or its query, or None."""
    parts = urlsplit(url)
    labels = (parts.hostname or "").lower().split(".")
    here = _ADDRESS_AT.get(labels[-1], {})
    segments = [s for s in parts.path.lower().split("/") if s][:2]
    if found := next((here.get(s) or _ADDRESS[s] for s in segments if s in here or s in _ADDRESS), None):
        return found
    label = labels[1] if labels[0] in ("www", "m") and len(labels) > 3 else labels[0]
    if len(labels) > 2 and (label in here or label in _ADDRESS):
        return here.get(label) or _ADDRESS[label]
    for name, value in parse_qsl(parts.query[:2_000], max_num_fields=None):
        if name.lower() in _PARAMETERS:
            return _ADDRESS.get(value.lower()) or tag_of(value)
    return None


def named(text: str) -> str | None:
    """The language that the text of a switcher's link names, or None."""
    text = re.sub(r"[ʻ'’`ʼ]", "‘", text.strip().strip("[]()|").casefold())
    return _SHOWN.get(text) if len(text) <= 24 else None


def declared(
    stated: Stated, graph: Graph, url: str, title: str, blocks: Sequence[Block], known: str | None
) -> tuple[str, str] | None:
    """The language tag and where it came from, or None. `known` is what the page's source says of all its pages."""
    letters = letters_of(sample_of(title, blocks))
    claims = [
        (stated.language, "html"),
        (stated.first("content-language", "language", "dc.language"), "meta"),
        (graph.text("inLanguage"), "json-ld"),
        (stated.first("og:locale"), "opengraph"),
    ]
    believed = [(tag, origin) for value, origin in claims if (tag := tag_of(value)) and not contradicts(tag, letters)]
    address = in_address(url)
    if address and not contradicts(address, letters):
        same = [(tag, origin) for tag, origin in believed if _base(tag) == _base(address)]
        # What the page says may be more exact: uz-Latn for /uz/.
        if same and len(address) <= len(same[0][0]):
            return same[0]
        return address, "url"
    if believed:
        return believed[0]
    tag = tag_of(known)
    return (tag, "source") if tag and not contradicts(tag, letters) else None


def sample_of(title: str, blocks: Iterable[Block]) -> str:
    """Some of the text that a reader sees, in lower case."""
    parts, room = [title], _SAMPLE_CHARS
    for block in blocks:
        if block.part == "content" and len(block.text) > 40 and block.linked < 0.5:
            parts.append(block.text[:room])
            room -= len(block.text)
            if room <= 0:
                break
    return " ".join(parts).lower()


class Letters(NamedTuple):
    """How many letters of which kind a text has."""

    all: int
    script: str | None
    """The script of most of them; None where they are mixed or too few."""
    own: Counter[str]
    """Cyrillic letters that Russian does not have."""
    uzbek: int
    """The Latin o‘ and g‘."""


def letters_of(sample: str) -> Letters:
    """The letters of a text in lower case."""
    counts = {name: len(pattern.findall(sample)) for name, pattern in _PATTERNS.items()}
    total = sum(counts.values())
    script, most = max(counts.items(), key=lambda item: item[1])
    if total < _LEAST_LETTERS or most < _MIXED * total:
        return Letters(total, None, Counter(), 0)
    own = Counter(_OWN_LETTERS.findall(sample)) if script == "Cyrl" else Counter()
    return Letters(total, script, own, len(_UZBEK_LATIN.findall(sample)) if script == "Latn" else 0)


def contradicts(tag: str, letters: Letters) -> bool:
    """Whether a text's letters show that it is not in the language of the tag."""
    if letters.script is None:
        return False
    language, _, rest = tag.partition("-")
    expected = (rest,) if rest in _PATTERNS else _SCRIPTS.get(language)
    if expected and letters.script not in expected:
        return True
    if letters.script == "Latn":
        return language != "uz" and letters.uzbek > _UZBEK_SHARE * letters.all
    own = _LETTERS.get("uz-Cyrl" if language == "uz" else language) if letters.script == "Cyrl" else None
    if own is None:
        return False
    has = sum(n for letter, n in letters.own.items() if letter in own)
    if letters.own.total() - has > _MOST_STRAY * letters.all:
        return True
    return bool(own) and letters.all >= _LEAST_FOR_LACKING and has < _LEAST_OWN * letters.all


def _base(tag: str) -> str:
    return tag.split("-")[0]
