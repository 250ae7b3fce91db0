"""Batches keep to an engine's bounds, and to what it turned out to take."""

import pytest

from services.enricher.translate.batching import MORE_AFTER, BatchSize, batches
from services.enricher.translate.engine import Bounds


@pytest.mark.parametrize(
    ("good", "bad", "then"),
    [([8], [], 16), ([4, 4], [16, 16, 8], 4), ([8, 4, 2, 1], [16, 16, 8, 4, 2, 1], 16), ([], [16, 16, 8], 16)],
)
def test_a_batch_size_is_learnt_where_only_large_batches_fail(good: list[int], bad: list[int], then: int) -> None:
    size = BatchSize(Bounds(unit_chars=400, batch_units=16, batch_chars=1000))
    size.learn(good, bad)
    assert size.bounds.batch_units == then


def test_a_batch_size_grows_again() -> None:
    size = BatchSize(Bounds(unit_chars=400, batch_units=16, batch_chars=1000))
    size.learn([5], [16, 16, 8])
    for _ in range(MORE_AFTER):
        assert size.bounds.batch_units == 5
        size.learn([5], [])
    assert size.bounds.batch_units == 10
    for _ in range(MORE_AFTER):
        size.learn([10], [])
    assert size.bounds.batch_units == 16


def test_batches_keep_to_the_bounds_and_lose_nothing() -> None:
    bounds = Bounds(unit_chars=5, batch_units=3, batch_chars=8)
    found = list(batches(["aa", "bbb", "cccc", "d", "e", "f", "too long", "g"], bounds))
    assert found == [["aa", "bbb"], ["cccc", "d", "e"], ["f"], ["too long"], ["g"]]
    assert list(batches([], bounds)) == []
