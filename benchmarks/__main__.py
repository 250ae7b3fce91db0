"""`make bench`: what our parts cost, most of it as ratios to the bare work, measured turn by turn in one run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from benchmarks import fetching, frontier, parsing, policy, translating
from benchmarks.entities.__main__ import main as entities

ROUNDS = 7
Contest = tuple[str, Callable[[], int], str, Callable[[], int]]


def rate(work: Callable[[], int]) -> float:
    """Units per second of one turn; `work` returns how many units it did."""
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


def compare(name: str, ours: Callable[[], int], peer: str, theirs: Callable[[], int]) -> str:
    """One line: the median rates and the median of the ratios, after one turn each that does not count."""
    ours(), theirs()
    pairs = [(rate(ours), rate(theirs)) for _ in range(ROUNDS)]
    ratios = sorted(a / b for a, b in pairs)
    mine, others = (statistics.median(side) for side in zip(*pairs, strict=True))
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return f"{name}: {mine:,.0f}/s, {peer}: {others:,.0f}/s, ratio {statistics.median(ratios):.2f} ({spread})"


def main() -> None:
    """Run every contest."""
    contests: list[Contest] = [*parsing.contests(), *policy.contests()]
    for contest in contests:
        sys.stdout.write(compare(*contest) + "\n")
        sys.stdout.flush()
    # These run whole processes, and minutes: of a size that says as much. Each takes more by itself.
    sys.stdout.write(fetching.main(["--pages", "2000"]) + "\n")
    sys.stdout.write(frontier.main(["--urls", "100000", "--uncleaned"]) + "\n")
    sys.stdout.write(translating.main(["--count", "300"]) + "\n")
    sys.stdout.write(entities([]) + "\n")


if __name__ == "__main__":
    main()
