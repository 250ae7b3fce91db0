"""What /healthz and /readyz say, for every state a service can be in."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from services.runtime.health import LOOP_STALL_SECONDS, OUT_OF_GROUP_SECONDS, Health, serve


class Clock:
    """A time that moves when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def joined(health: Health) -> None:
    health.broker(True)
    health.joined()


CASES: list[tuple[str, Callable[[Health], None], float, bool]] = [
    ("idle for a day", joined, 86_400, True),
    ("work in flight, no progress, below the limit", lambda h: (joined(h), h.took(1)), 299, True),
    ("work in flight and no progress for too long", lambda h: (joined(h), h.took(1)), 301, False),
    ("work taken and finished", lambda h: (joined(h), h.took(1), h.took(-1)), 301, True),
    ("paused by the budget with work in flight", lambda h: (joined(h), h.took(1), h.block("budget", "")), 9000, True),
    ("out of the group for a while", lambda h: (joined(h), h.left()), OUT_OF_GROUP_SECONDS - 1, True),
    ("out of the group for too long", lambda h: (joined(h), h.left()), OUT_OF_GROUP_SECONDS + 1, False),
    ("out of the group for the broker is away", lambda h: (joined(h), h.left(), h.broker(False)), 9000, True),
    ("never in the group, no broker yet", lambda h: h.broker(False), 9000, True),
    ("never in the group although the broker answers", lambda h: h.broker(True), OUT_OF_GROUP_SECONDS + 1, False),
    ("records wait and none is taken up", lambda h: (joined(h), h.behind(5)), 301, False),
    ("records wait for not yet long", lambda h: (joined(h), h.behind(5)), 299, True),
    ("records waited and were taken up", lambda h: (joined(h), h.behind(5), h.behind(0)), 9000, True),
    ("records wait for a paused stage", lambda h: (joined(h), h.behind(5), h.block("budget", "")), 9000, True),
    ("records wait and the broker is away", lambda h: (joined(h), h.behind(5), h.broker(False)), 9000, True),
    ("records held", lambda h: (joined(h), h.block("held", "")), 9000, True),
]


@pytest.mark.parametrize(("state", "seconds", "alive"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_only_what_a_restart_would_mend_makes_a_service_unhealthy(
    state: Callable[[Health], None], seconds: float, alive: bool
) -> None:
    clock = Clock()
    health = Health("parser", stall_seconds=300, clock=clock)
    state(health)
    clock.now += seconds
    health.beat()
    assert (health.alive() is None) == alive


def test_a_loop_that_stands_still_is_unhealthy() -> None:
    clock = Clock()
    health = Health("parser", stall_seconds=300, clock=clock)
    joined(health)
    clock.now += LOOP_STALL_SECONDS + 1
    assert "stood still" in (health.alive() or "")


def test_an_attempt_counts_as_progress() -> None:
    clock = Clock()
    health = Health("parser", stall_seconds=300, clock=clock)
    joined(health)
    health.took(1)
    for _ in range(100):
        clock.now += 30
        health.progressed()
        health.beat()
    assert health.alive() is None


def test_records_that_come_after_a_long_idle_time_are_given_their_time() -> None:
    clock = Clock()
    health = Health("parser", stall_seconds=300, clock=clock)
    joined(health)
    clock.now += 9000
    health.behind(1)
    clock.now += 299
    health.behind(2)
    health.beat()
    assert health.alive() is None
    clock.now += 2
    assert "none was taken up" in (health.alive() or "")


def test_work_after_a_long_idle_time_is_given_its_time() -> None:
    clock = Clock()
    health = Health("parser", stall_seconds=300, clock=clock)
    joined(health)
    clock.now += 9000
    health.beat()
    health.took(1)
    assert health.alive() is None


def test_a_service_is_ready_once_nothing_is_in_its_way() -> None:
    health = Health("parser", stall_seconds=300)
    assert "group" in health.obstacles()
    joined(health)
    assert health.obstacles() == {}
    health.broker(False)
    health.block("held", "the database is away")
    assert set(health.obstacles()) == {"broker", "held"}


@pytest.fixture
def served() -> Iterator[tuple[Health, str]]:
    health = Health("parser", stall_seconds=300)
    server = serve(health, "127.0.0.1", 0)
    yield health, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def test_the_probes_answer_while_the_loop_is_blocked(served: tuple[Health, str]) -> None:
    health, url = served
    joined(health)
    began = time.monotonic()
    assert get(f"{url}/healthz") == (200, json.dumps({"alive": True, "why": None}))
    assert get(f"{url}/readyz?verbose") == (200, json.dumps({"ready": True, "obstacles": {}}))
    status, text = get(f"{url}/metrics")
    assert status == 200
    assert "# TYPE xabar_records_total counter" in text
    assert get(f"{url}/admin")[0] == 404
    assert time.monotonic() - began < 5


def test_a_service_that_is_not_ready_says_why(served: tuple[Health, str]) -> None:
    health, url = served
    health.block("topics", "Topics are missing: sources.")
    status, body = get(f"{url}/readyz")
    assert status == 503
    assert json.loads(body)["obstacles"]["topics"] == "Topics are missing: sources."
