"""Settings of every service: read once from the environment and, when wrong, refused with a sentence."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: starting again with the same settings will not help."""

S = TypeVar("S", bound="RuntimeSettings")


class RuntimeSettings(BaseModel):
    """What every service takes; a field's name in capitals is its environment variable.

    A secret `X` may also come from a file named by `X_FILE`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=False)

    kafka_bootstrap_servers: str = Field("localhost:9092", description="host:port, comma-separated")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_ca_file: Path | None = Field(None, description="PEM; the system's authorities without it")
    kafka_ssl_cert_file: Path | None = Field(None, description="PEM, for mutual TLS")
    kafka_ssl_key_file: Path | None = Field(None, description="PEM, for mutual TLS")
    kafka_group_prefix: str = Field("", description="put before the consumer group, which is the stage's name")
    kafka_instance_id: str | None = Field(None, description="static membership: a name that survives restarts")
    kafka_session_timeout_seconds: float = Field(10.0, gt=0, description="no heartbeat for this long: out of the group")
    kafka_rebalance_timeout_seconds: float = Field(30.0, gt=0)
    kafka_request_timeout_seconds: float = Field(30.0, gt=0)
    kafka_join_timeout_seconds: float = Field(60.0, gt=0, description="not in the group by then: the process ends")

    health_host: str = Field("0.0.0.0", description="where /metrics, /healthz and /readyz listen")  # noqa: S104
    health_port: int = Field(8080, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    max_in_flight: int = Field(16, ge=1, description="records worked on at once")
    window_records: int = Field(256, ge=1, description="records taken and not yet acknowledged")
    window_bytes: int = Field(64 * 1024 * 1024, ge=1, description="bytes of those records")
    commit_seconds: float = Field(1.0, gt=0, description="between two commits of offsets")
    drain_seconds: float = Field(25.0, gt=0, description="for work in flight after SIGTERM; then exit uncommitted")
    stall_seconds: float = Field(300.0, gt=0, description="work in flight and no progress for this long: unhealthy")
    retry_first_seconds: float = Field(0.5, gt=0)
    retry_most_seconds: float = Field(30.0, gt=0)
    hold_after_attempts: int = Field(4, ge=1, description="then the record is held and readiness is red")
    dead_letter_window: int = Field(200, ge=1, description="records over which the share is taken")
    dead_letter_most_in_a_row: int = Field(20, ge=1, description="dead letters in a row that pause the stage")
    dead_letter_most_share: float = Field(0.25, gt=0, le=1, description="share of dead letters that pauses the stage")
    dead_letter_least: int = Field(10, ge=1, description="dead letters before the share counts")

    @field_validator("kafka_bootstrap_servers")
    @classmethod
    def _names_hosts_and_ports(cls, value: str) -> str:
        servers = [server.strip() for server in value.split(",")]
        if not all(re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}", server) for server in servers):
            raise ValueError("like kafka-1:9092,kafka-2:9092")
        return ",".join(servers)


def load(kind: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """The settings in `environ`, or the end of the process with one sentence per fault."""
    try:
        return read(kind, environ)
    except ValueError as error:
        refuse(str(error))


def read(kind: type[S], environ: Mapping[str, str]) -> S:
    """The settings in `environ`. Raises ValueError with one sentence per fault."""
    given: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        variable = name.upper()
        if variable in environ:
            given[name] = environ[variable]
        elif SecretStr in getattr(field.annotation, "__args__", (field.annotation,)) and f"{variable}_FILE" in environ:
            given[name] = _secret_in(f"{variable}_FILE", environ)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ValueError("\n".join(_sentence(fault, kind, given) for fault in error.errors())) from None


def unknown_variables(kind: type[RuntimeSettings], names: Mapping[str, str]) -> list[str]:
    """Names that `kind` does not read, for checking a file of settings."""
    known = {name.upper() for name in kind.model_fields}
    return sorted(n for n in names if n not in known and n.removesuffix("_FILE") not in known)


def refuse(sentence: str) -> NoReturn:
    """End the process: its configuration can't work."""
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(EXIT_CONFIG)


def _secret_in(variable: str, environ: Mapping[str, str]) -> str:
    try:
        return Path(environ[variable]).read_text().strip()
    except OSError as error:
        raise ValueError(f"{variable}={environ[variable]} can't be read: {error.strerror}.") from None
    except UnicodeError:
        raise ValueError(f"{variable}={environ[variable]} can't be read: it should be UTF-8 text.") from None


def _sentence(fault: Any, kind: type[RuntimeSettings], given: Mapping[str, Any]) -> str:
    if not fault["loc"]:
        return f"{fault['msg'].removeprefix('Value error, ')}."
    name = str(fault["loc"][0])
    field = kind.model_fields[name]
    if fault["type"] == "missing":
        return f"{name.upper()} is not set; it is needed: {field.description or name}."
    secret = SecretStr in getattr(field.annotation, "__args__", (field.annotation,))
    got = "a secret" if secret else repr(given.get(name))
    wants = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{name.upper()} is {got}; it should be {wants}" + (f" ({field.description})." if field.description else ".")
