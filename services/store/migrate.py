"""Bring the database to the schema that this version needs, however many replicas do it at once."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
SQL_FOLD = Path(__file__).parent / "fold.sql"
LOCK = 0x786162617201
"""Of pg_advisory_xact_lock: whoever migrates, holds it."""


class Unsuitable(Exception):
    """The database can't hold what the store needs; starting again will not help."""


def migrate(dsn: str) -> None:
    """Check the database, then bring it up to date. Raises Unsuitable, or psycopg.OperationalError when unreachable.

    One transaction under an advisory lock: a second runner waits, and then finds nothing left to do.
    """
    psycopg.connect(dsn).close()  # so that an outage is psycopg's own exception
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    except (psycopg.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.OperationalError):
            raise cause from None
        raise Unsuitable(f"The database can't be brought up to date: {cause}") from error
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    _check(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    _refuse_a_newer_schema(connection, config)
    command.upgrade(config, "head")
    # No migration of its own: it follows the fold of the version that runs, and nothing stored is made with it.
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(SQL_FOLD.read_text(encoding="utf-8"))


def _check(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise Unsuitable(f"The database is encoded in {encoding}; the store needs one created with ENCODING 'UTF8'.")
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    # What a locale is called says little; whether trigrams see Cyrillic letters says it all.
    if not connection.execute(text("SELECT cardinality(show_trgm('ў')) > 0")).scalar_one():
        name = "SELECT datctype FROM pg_database WHERE datname = current_database()"
        locale = connection.execute(text(name)).scalar_one()
        raise Unsuitable(
            f"The database's LC_CTYPE is {locale}, under which text search sees no Cyrillic letters; "
            "create it with LC_CTYPE 'C.UTF-8' or another UTF-8 locale."
        )


def _refuse_a_newer_schema(connection: Connection, config: Config) -> None:
    here = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if unknown := sorted(set(here) - known):
        raise Unsuitable(
            f"The database's schema ({', '.join(unknown)}) is newer than this version of the store; "
            "run the newer version, for migrations only go forward."
        )
