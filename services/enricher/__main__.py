"""Run the enricher: python -m services.enricher."""

from __future__ import annotations

from datetime import UTC, datetime

from services.enricher.opening import Faculties
from services.enricher.settings import EnricherSettings
from services.enricher.stage import stage
from services.runtime import logs
from services.runtime.hosts import faust
from services.runtime.settings import load, refuse


def main() -> None:
    """Enrich articles until SIGTERM."""
    settings = load(EnricherSettings)
    logs.configure("enricher", settings.log_level)
    try:
        can = Faculties(settings)
    except ValueError as wrong:
        refuse(str(wrong))
    try:
        faust.run(stage(can.identify, can.tag, can.translate, lambda: datetime.now(UTC)), settings)
    finally:
        can.close_processes()


if __name__ == "__main__":
    main()
