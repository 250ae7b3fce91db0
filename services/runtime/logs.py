"""JSON log lines on standard error, one per event, without secrets."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(service: str, level: str) -> None:
    """Send structlog and the standard library's loggers to one stream of JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda _, __, line: {"service": service, **line},
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Clients that log a line for every request or heartbeat, and every URL with what may stand in it.
    for chatty in ("aiokafka", "httpx", "httpcore", "hpack", "faust", "mode", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def logger() -> structlog.stdlib.BoundLogger:
    """A logger whose keyword arguments become fields of the line."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger()
    return log
