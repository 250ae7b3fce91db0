"""Faust's faults in what it commits, pinned without a broker.

Our Faust host acknowledges strictly in offset order per partition, and so never meets the first two. If a test
here fails after an upgrade of faust-streaming, `Consumer._new_offset` has changed: read it again, run
tests/integration/test_hosts.py, and then turn the expectation around. Acknowledging in order stays right either way.
"""

from collections import defaultdict
from types import SimpleNamespace

import pytest
from faust.transport.consumer import Consumer
from faust.types import TP
from intervaltree import IntervalTree

PARTITION = TP("t", 0)


def new_offset(committed: int | None, acknowledged: list[int]) -> int | None:
    """What Faust would commit, given what was committed before and what was acknowledged since."""
    consumer = SimpleNamespace(
        _acked=defaultdict(list, {PARTITION: list(acknowledged)}),
        _acked_index=defaultdict(set, {PARTITION: set(acknowledged)}),
        _gap=defaultdict(IntervalTree),
        _committed_offset=defaultdict(lambda: None, {PARTITION: committed}),
    )
    return Consumer._new_offset(consumer, PARTITION)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("committed", "in_flight", "acknowledged", "commits"),
    [
        (None, [0, 1, 2, 3, 4], [5], 6),
        (None, [0], [1], 2),
        (31, [31], [32, 33, 34, 35], 36),
    ],
)
def test_faust_commits_past_a_record_in_flight_when_a_later_one_is_acknowledged_first(
    committed: int | None, in_flight: list[int], acknowledged: list[int], commits: int
) -> None:
    assert new_offset(committed, acknowledged) == commits > max(in_flight)


def test_faust_never_commits_again_behind_a_gap_of_offsets_that_it_did_not_see() -> None:
    assert new_offset(1, [10]) is None


@pytest.mark.parametrize(("committed", "acknowledged"), [(None, [0, 1, 2]), (5, [5, 6]), (31, [31])])
def test_faust_commits_rightly_what_is_acknowledged_in_order(committed: int | None, acknowledged: list[int]) -> None:
    assert new_offset(committed, acknowledged) == acknowledged[-1] + 1
