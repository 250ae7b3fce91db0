"""Run the parser: python -m services.parser."""

from __future__ import annotations

from services.parser.recipe import RecipeError, book_of
from services.parser.settings import ParserSettings
from services.parser.stage import stage_of
from services.parser.worker import warm
from services.runtime import logs
from services.runtime.hosts import faust
from services.runtime.pool import ProcessPool
from services.runtime.settings import load, refuse


def main() -> None:
    """Parse pages until SIGTERM."""
    settings = load(ParserSettings)
    logs.configure("parser", settings.log_level)
    try:
        book_of(settings.parser_recipes)
    except RecipeError as error:
        refuse(f"PARSER_RECIPES can't be used:\n{error}")
    pool = ProcessPool(
        settings.parser_workers, settings.parser_timeout_seconds, warm, settings.parser_worker_memory_bytes
    )
    try:
        faust.run(stage_of(pool, settings.limits, settings.parser_recipes), settings)
    finally:
        pool.close()


if __name__ == "__main__":
    main()
