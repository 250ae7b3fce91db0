"""The fetcher's knobs."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from services.fetcher.web.addresses import read_pins
from services.fetcher.web.egress import read_proxy
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import VERSION


class FetcherSettings(RuntimeSettings):
    """How gently, how often, how far."""

    fetcher_user_agent: str = Field(
        f"xabar/{VERSION}",
        pattern=r"^[A-Za-z][A-Za-z_-]*(/[\w.+-]+)?$",
        description="product/version; robots.txt is read for the product",
    )
    fetcher_contact: str | None = Field(
        None, pattern=r"^[\x21-\x7e]+$", description="a URL or an address where a site's owner reaches you"
    )
    fetcher_delay_seconds: float = Field(2.0, ge=0, description="between two requests to one host")
    fetcher_pages_per_day: int = Field(5000, ge=1, description="requests to one host in a day at the most")
    fetcher_min_poll_seconds: float = Field(600.0, gt=0, description="the shortest wait between two polls of a feed")
    fetcher_max_poll_seconds: float = Field(86_400.0, gt=0, description="the longest wait between two polls of a feed")
    fetcher_attempts: int = Field(6, ge=1, description="tries of a URL before a passing fault is its outcome")
    fetcher_retry_seconds: float = Field(30.0, gt=0, description="before the second try; each later wait is longer")
    fetcher_recrawl_seconds: str = Field(
        "86400,604800", description="seconds after its first fetch at which a page is looked at again; empty for never"
    )
    fetcher_gone_again_seconds: float = Field(
        3600.0, gt=0, description="before a known page that is missing is asked for once more, and then is gone"
    )
    fetcher_silence_factor: float = Field(
        3.0, gt=1, description="a source is silent after so many times its usual longest wait for news"
    )
    fetcher_timeout_seconds: float = Field(30.0, gt=0, description="for a whole answer, from the name to the last byte")
    fetcher_hosts_at_once: int = Field(32, ge=1, description="hosts asked at once, each by one request")
    fetcher_proxy: SecretStr | None = Field(
        None, description="http://user:password@host:port of an egress proxy; pinned names go past it"
    )
    fetcher_ca_bundle: Path | None = Field(None, description="PEM of the authorities to trust instead of the usual")
    fetcher_source_address: str | None = Field(None, description="the address of this machine that requests leave from")
    fetcher_credentials_dir: Path | None = Field(
        None, description="a folder of <source id>.toml: headers and cookies of subscriptions, for their hosts only"
    )
    fetcher_resolve: str = Field(
        "", description="name=ip:port,name=ip:port: where these names lead, whatever DNS and the address guard say"
    )

    @field_validator("fetcher_resolve")
    @classmethod
    def _reads_as_pins(cls, value: str) -> str:
        read_pins(value)
        return value

    @field_validator("fetcher_proxy")
    @classmethod
    def _reads_as_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_proxy(value.get_secret_value())
        return value

    @field_validator("fetcher_recrawl_seconds")
    @classmethod
    def _reads_as_waits(cls, value: str) -> str:
        _waits(value)
        return value

    @property
    def recrawls(self) -> tuple[timedelta, ...]:
        """When a page is looked at again, after its first fetch."""
        return _waits(self.fetcher_recrawl_seconds)

    @property
    def user_agent(self) -> str:
        """The header: who asks, and where to complain."""
        return self.fetcher_user_agent + (f" (+{self.fetcher_contact})" if self.fetcher_contact else "")

    @property
    def product(self) -> str:
        """The name that robots.txt knows us by."""
        return self.fetcher_user_agent.split("/", 1)[0]


def _waits(text: str) -> tuple[timedelta, ...]:
    """Read `86400,604800`. Raises ValueError with a sentence about what is wrong."""
    try:
        seconds = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ValueError(f"{text!r} is no list of seconds, like 86400,604800") from None
    if not all(0 < s < math.inf for s in seconds) or seconds != sorted(set(seconds)):
        raise ValueError(f"{text!r} must be positive seconds in rising order")
    return tuple(timedelta(seconds=s) for s in seconds)
