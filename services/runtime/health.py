"""What a service says of itself on /healthz, /readyz and /metrics, from a thread, so that a busy loop still answers."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from services.runtime import metrics

LOOP_STALL_SECONDS = 60.0
OUT_OF_GROUP_SECONDS = 120.0


class Health:
    """What the loop knows about itself, read by another thread; times are monotonic seconds."""

    def __init__(self, stage: str, stall_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._stage = stage
        self._stall = stall_seconds
        self._clock = clock
        now = clock()
        self._loop_seen = now
        self._progress = now
        self._out_of_group_since: float | None = now
        self._broker_answers = False
        self._in_flight = 0
        self._behind_since: float | None = None
        self._obstacles: dict[str, str] = {"group": "has not joined its consumer group yet"}
        metrics.SINCE_PROGRESS_SECONDS.labels(stage).set_function(lambda: clock() - self._progress)

    def beat(self) -> None:
        """The loop runs."""
        self._loop_seen = self._clock()

    def progressed(self) -> None:
        """A record was finished or tried again."""
        self._progress = self._clock()

    def took(self, records: int) -> None:
        """That many records more (or fewer) are in flight."""
        if self._in_flight == 0:
            self.progressed()
        self._in_flight += records
        metrics.IN_FLIGHT.labels(self._stage).set(self._in_flight)

    def behind(self, records: int) -> None:
        """How many records wait in the partitions that are ours: work that nobody takes up is a fault too."""
        if records <= 0:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = self._clock()

    def joined(self) -> None:
        """In the group, with or without partitions."""
        self._out_of_group_since = None
        self.clear("group")

    def left(self) -> None:
        """Out of the group."""
        self._out_of_group_since = self._clock()
        self.block("group", "is out of its consumer group")

    def broker(self, answers: bool) -> None:
        """Whether the broker was last reached."""
        self._broker_answers = answers
        if answers:
            self.clear("broker")
        else:
            self._behind_since = None
            self.block("broker", "the broker does not answer")

    def block(self, what: str, why: str) -> None:
        """Not ready because of `what`, until cleared."""
        self._obstacles = {**self._obstacles, what: why}

    def clear(self, what: str) -> None:
        """`what` is well again."""
        self._obstacles = {k: v for k, v in self._obstacles.items() if k != what}

    def alive(self) -> str | None:
        """Why the process should be restarted, or None; an outage of broker or database is never a reason."""
        now = self._clock()
        if now - self._loop_seen > LOOP_STALL_SECONDS:
            return f"the loop has stood still for {now - self._loop_seen:.0f} s"
        paused = "budget" in self._obstacles
        if self._in_flight and not paused and now - self._progress > self._stall:
            return f"{self._in_flight} records in flight and no progress for {now - self._progress:.0f} s"
        behind = self._behind_since
        if behind is not None and not paused and now - max(behind, self._progress) > self._stall:
            return f"records wait and none was taken up for {now - max(behind, self._progress):.0f} s"
        out = self._out_of_group_since
        if out is not None and self._broker_answers and now - out > OUT_OF_GROUP_SECONDS:
            return f"out of the consumer group for {now - out:.0f} s while the broker answers"
        return None

    def obstacles(self) -> dict[str, str]:
        """Why the service is not ready; empty when it is."""
        return dict(self._obstacles)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news either."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def serve(health: Health, host: str, port: int) -> ThreadingHTTPServer:
    """Start the health server; its `server_port` says where. Raises OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.split("?", 1)[0]
            if path == "/metrics":
                self._answer(200, metrics.exposition(), "text/plain; version=0.0.4; charset=utf-8")
            elif path == "/healthz":
                why = health.alive()
                self._say(200 if why is None else 503, {"alive": why is None, "why": why})
            elif path == "/readyz":
                obstacles = health.obstacles()
                self._say(503 if obstacles else 200, {"ready": not obstacles, "obstacles": obstacles})
            else:
                self._say(404, {"error": "there are /metrics, /healthz and /readyz"})

        def _say(self, status: int, body: dict[str, object]) -> None:
            self._answer(status, json.dumps(body).encode(), "application/json")

        def _answer(self, status: int, body: bytes, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(
            self,
            format: str,  # noqa: A002 - the name is the library's
            *args: object,
        ) -> None:
            """Probes are not news."""

    server = _Server((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
