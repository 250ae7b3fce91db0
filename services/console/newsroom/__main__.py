"""Run the newsroom on a port of its own until it is told to stop."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path
from threading import Event

from services.console.newsroom.server import Newsroom


def main() -> None:
    """Serve, say how to get here, wait for SIGTERM or SIGINT."""
    options = argparse.ArgumentParser(prog="python -m services.console.newsroom", description=__doc__)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 in a container")
    options.add_argument("--port", type=int, default=8089, help="0 takes a free one")
    options.add_argument("--copies", type=int, default=1, help="how many times each article is published")
    options.add_argument("--ip", default="127.0.0.1", help="address at which fetchers reach this one")
    options.add_argument("--sources", type=Path, help="write the sources there, as JSON")
    chosen = options.parse_args()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Newsroom(host=chosen.host, port=chosen.port, copies=chosen.copies) as newsroom:
        print(f"FETCHER_RESOLVE={newsroom.resolve(chosen.ip)}", flush=True)
        sources = json.dumps(newsroom.sources(), ensure_ascii=False)
        if chosen.sources:
            chosen.sources.write_text(sources, encoding="utf-8")
            print(f"sources: {chosen.sources}", flush=True)
        else:
            print(sources, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
