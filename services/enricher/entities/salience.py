"""How much an article is about each of the things it names.

A weighted sum of the signals that Dunietz and Gillick found strongest (A New Entity Salience Task with Millions of
Training Examples, EACL 2014): named in the headline, named early, named often.
"""

from __future__ import annotations

from collections.abc import Sequence

_HEADLINE, _EARLY, _OFTEN = 0.4, 0.3, 0.3
_ENOUGH = 5
"""Mentions from which on more of them say nothing new."""


def salience(starts: Sequence[int], title_end: int, length: int) -> float:
    """From 0 to 1, for the places where a thing is named.

    `starts` are the offsets of its mentions in ascending order; below `title_end` is the headline, `length` is the
    whole text's. Nothing where there is no mention.
    """
    if not starts:
        return 0.0
    headline = starts[0] < title_end
    body = max(1, length - title_end)
    early = 1.0 if headline else 1.0 - min(1.0, (starts[0] - title_end) / body)
    often = min(1.0, (len(starts) - 1) / (_ENOUGH - 1))
    return round(_HEADLINE * headline + _EARLY * early + _OFTEN * often, 3)
