"""Translated units that were asked for lately, bounded in characters."""

from __future__ import annotations

from collections import OrderedDict

Key = tuple[str, str, str]
"""Engine, model and source text."""


class UnitCache:
    """Least recently used out first."""

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._chars = 0
        self._units: OrderedDict[Key, str] = OrderedDict()

    def get(self, key: Key) -> str | None:
        """The unit's translation, if it is still here."""
        found = self._units.get(key)
        if found is not None:
            self._units.move_to_end(key)
        return found

    def put(self, key: Key, translation: str) -> None:
        """Keep a translation; the oldest leave when there is no room."""
        old = self._units.pop(key, None)
        if old is not None:
            self._chars -= len(key[2]) + len(old)
        self._units[key] = translation
        self._chars += len(key[2]) + len(translation)
        while self._chars > self._max_chars:
            (_, _, source), dropped = self._units.popitem(last=False)
            self._chars -= len(source) + len(dropped)
