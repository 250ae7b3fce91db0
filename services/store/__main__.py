"""Run the store: settings, database, host, and beside it the publisher and the watch over the database."""

from __future__ import annotations

import asyncio
import random

import psycopg

from services.runtime import logs
from services.runtime.hosts import kafka
from services.runtime.link import Link
from services.runtime.retry import Backoff
from services.runtime.settings import load, refuse
from services.runtime.stage import utc_now
from services.store.database import Database, connection_string
from services.store.migrate import Unsuitable, migrate
from services.store.outbox import Publisher
from services.store.settings import StoreSettings
from services.store.stage import make_stage

WATCH_SECONDS = 2.0


def main() -> None:
    """Run until SIGTERM."""
    settings = load(StoreSettings)
    logs.configure("store", settings.log_level)
    conninfo = connection_string(settings.store_database_url.get_secret_value(), settings.store_connect_timeout_seconds)
    try:
        migrate(conninfo)
    except Unsuitable as error:
        refuse(str(error))
    except psycopg.OperationalError as error:
        # Not a reason to end: the host starts, is not ready, and the first batch is held until the database is there.
        logs.logger().warning("waiting for the database", error=str(error).strip())
    database = Database(
        conninfo,
        pool_size=settings.store_pool_size,
        connect_timeout=settings.store_connect_timeout_seconds,
        statement_timeout=settings.store_statement_timeout_seconds,
    )

    async def publish(link: Link) -> None:
        backoff = Backoff(settings.retry_first_seconds, settings.retry_most_seconds)
        publisher = Publisher(conninfo, link.send, idle_seconds=settings.store_outbox_seconds, backoff=backoff)
        await publisher.run(random.random)

    async def watch_database(link: Link) -> None:
        while True:
            why = await database.why_not_ready()
            if why is None:
                link.health.clear("database")
            else:
                link.health.block("database", why)
            await asyncio.sleep(WATCH_SECONDS)

    kafka.run(make_stage(database, settings, utc_now), settings, alongside=[publish, watch_database])


if __name__ == "__main__":
    main()
