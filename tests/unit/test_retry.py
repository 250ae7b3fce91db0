"""The wait before another attempt doubles, has a top, and is never the same for two replicas."""

import pytest

from services.runtime.retry import Backoff

BACKOFF = Backoff(first=0.5, most=30.0)


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 0.25, 0.5), (2, 0.5, 1.0), (5, 4.0, 8.0), (7, 15.0, 30.0)])
def test_the_wait_doubles_with_each_attempt_and_lies_between_half_and_whole(
    attempt: int, least: float, most: float
) -> None:
    assert BACKOFF.delay(attempt, lambda: 0.0) == least
    assert BACKOFF.delay(attempt, lambda: 0.999999) == pytest.approx(most, rel=1e-4)


def test_the_wait_has_a_top_however_many_attempts_there_were() -> None:
    assert BACKOFF.delay(10_000, lambda: 1.0) == 30.0
