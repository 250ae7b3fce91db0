"""Tell an outage of the database from data that it refuses."""

from __future__ import annotations

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

_DATA = ("22", "23", "54")
"""SQLSTATE classes that blame the data: data exception, integrity violation, program limit exceeded."""


def is_outage(error: BaseException) -> bool:
    """Whether trying the same again later may work.

    The classes 08, 40, 53 and 57 are outages by the standard. So is everything else that is not the data's fault: a
    read-only server after a failover, a revoked right, a password that changed. Held and red is better than a topic
    poured into its dead letters.
    """
    if isinstance(error, PoolTimeout | PoolClosed | TooManyRequests | OSError | TimeoutError):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate[:2] not in _DATA
