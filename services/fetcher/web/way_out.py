"""The way to the web as the settings say."""

from __future__ import annotations

from services.fetcher.settings import FetcherSettings
from services.fetcher.web.addresses import read_pins
from services.fetcher.web.credentials import Credentials
from services.fetcher.web.egress import read_proxy
from services.fetcher.web.http import HttpxWeb
from services.runtime.link import Unusable

CONNECTIONS_PER_PLACE = 8
"""Connections are kept while their hosts wait for their next turns."""


def open_web(settings: FetcherSettings) -> tuple[HttpxWeb, Credentials | None]:
    """The way out as the settings say, and the secrets that go along. Raises Unusable."""
    pins = read_pins(settings.fetcher_resolve)
    proxy = settings.fetcher_proxy
    try:
        web = HttpxWeb(
            settings.user_agent,
            pins,
            total_seconds=settings.fetcher_timeout_seconds,
            connections=settings.fetcher_hosts_at_once * CONNECTIONS_PER_PLACE,
            proxy=read_proxy(proxy.get_secret_value()) if proxy else None,
            ca_bundle=settings.fetcher_ca_bundle,
            source_address=settings.fetcher_source_address,
        )
        folder = settings.fetcher_credentials_dir
        return web, Credentials(folder, pins) if folder else None
    except ValueError as error:
        raise Unusable(str(error)) from None
