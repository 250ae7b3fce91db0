"""Look a thing up in the knowledge base by id or by any spelling of any of its names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from services.contracts.folding import fold
from services.enricher.knowledge.base import Known

LIKE = 0.7
"""Of two folded names, by the ratio of difflib: from here on one may be meant for the other."""
MOST_COMPARED = 300
_PIECE = 3


class Lookup:
    """The names of a knowledge base, folded over scripts and spellings."""

    def __init__(self, knowledge: Iterable[Known]) -> None:
        self._by_id: dict[str, Known] = {}
        self._by_name: dict[str, dict[str, Known]] = {}
        for known in knowledge:
            for id_ in (known.id, *known.same_as):
                self._by_id.setdefault(id_, known)
            for name in _names(known):
                self._by_name.setdefault(fold(name), {}).setdefault(known.id, known)

    def find(self, text: str) -> list[Known]:
        """What has that id, or that name in any language and script; the best known first."""
        text = text.strip()
        by_id = next((self._by_id[id_] for id_ in (text, f"own:{text}", f"xabar:{text}") if id_ in self._by_id), None)
        named = self._by_name.get(fold(text), {})
        first = [by_id] if by_id is not None else []
        return first + [known for known in named.values() if known is not by_id]

    def near(self, text: str, most: int = 5) -> list[Known]:
        """Things with names like it, the likest first."""
        wanted = fold(text)
        pieces = _pieces(wanted)
        shared = Counter({name: len(pieces & _pieces(name)) for name in self._by_name})
        likely = [name for name, count in shared.most_common(MOST_COMPARED) if count]
        scored = sorted(((SequenceMatcher(None, wanted, name).ratio(), name) for name in likely), reverse=True)
        found: dict[str, Known] = {}
        for ratio, name in scored:
            if ratio >= LIKE:
                for known in self._by_name[name].values():
                    found.setdefault(known.id, known)
        return list(found.values())[:most]


def _names(known: Known) -> Iterator[str]:
    yield from known.names.values()
    for forms in (known.aliases, known.local, known.quoted, known.adjectives, known.inhabitants):
        for names in forms.values():
            yield from names


def _pieces(name: str) -> set[str]:
    padded = f" {name} "
    return {padded[i : i + _PIECE] for i in range(len(padded) - _PIECE + 1)}
