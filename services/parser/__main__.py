"""Run the parser: python -m services.parser."""

from __future__ import annotations

from services.parser.settings import ParserSettings
from services.parser.stage import stage_of
from services.parser.worker import warm
from services.runtime import logs
from services.runtime.hosts import faust
from services.runtime.pool import ProcessPool
from services.runtime.settings import load


def main() -> None:
    """Parse pages until SIGTERM."""
    settings = load(ParserSettings)
    logs.configure("parser", settings.log_level)
    pool = ProcessPool(settings.parser_workers, settings.parser_timeout_seconds, warm)
    try:
        faust.run(stage_of(pool, settings.limits), settings)
    finally:
        pool.close()


if __name__ == "__main__":
    main()
