"""The fetcher's knobs."""

from __future__ import annotations

from pydantic import Field, field_validator

from services.fetcher.addresses import read_pins
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
    fetcher_timeout_seconds: float = Field(30.0, gt=0, description="for a whole answer, from the name to the last byte")
    fetcher_hosts_at_once: int = Field(32, ge=1, description="hosts asked at once, each by one request")
    fetcher_resolve: str = Field(
        "", description="name=ip:port,name=ip:port: where these names lead, whatever DNS and the address guard say"
    )

    @field_validator("fetcher_resolve")
    @classmethod
    def _reads_as_pins(cls, value: str) -> str:
        read_pins(value)
        return value

    @property
    def user_agent(self) -> str:
        """The header: who asks, and where to complain."""
        return self.fetcher_user_agent + (f" (+{self.fetcher_contact})" if self.fetcher_contact else "")

    @property
    def product(self) -> str:
        """The name that robots.txt knows us by."""
        return self.fetcher_user_agent.split("/", 1)[0]
