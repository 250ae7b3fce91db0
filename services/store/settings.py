"""The store's own settings."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, field_validator

from services.runtime.settings import RuntimeSettings


class StoreSettings(RuntimeSettings):
    """What the store takes besides the runtime's settings."""

    store_database_url: SecretStr = Field(description="postgresql://user:password@host:port/database")
    store_batch_records: int = Field(500, ge=1, description="records in one transaction at most")
    store_batch_bytes: int = Field(16 * 1024 * 1024, ge=1, description="bytes in one transaction at most")
    store_pool_size: int = Field(4, ge=1, description="connections at most, the publisher's not counted")
    store_connect_timeout_seconds: float = Field(5.0, gt=0, description="then the database counts as unreachable")
    store_statement_timeout_seconds: float = Field(
        60.0, gt=0, description="for one statement; then the batch is retried"
    )
    store_outbox_seconds: float = Field(0.5, gt=0, description="between two looks into an empty outbox")

    @field_validator("store_database_url")
    @classmethod
    def _is_a_connection_string(cls, given: SecretStr) -> SecretStr:
        try:
            conninfo_to_dict(given.get_secret_value())
        except Exception:
            raise ValueError("postgresql://user:password@host:port/database") from None
        return given
