"""A fetcher that stood still holds up no hand-over."""

import asyncio

import pytest
from crawling import Broker

from services.contracts.pages import FetchRequest
from services.fetcher.politeness import Rule
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier
from services.fetcher.queue.ledger import Ledger
from services.fetcher.stage import Acceptor
from services.runtime.stage import Transient, utc_now


async def test_a_request_is_put_off_at_once_though_its_host_is_locked() -> None:
    clock = [0.0]
    pulse = Pulse(10, lambda: clock[0])
    frontier, broker = Frontier("me", 1, lambda _: Rule()), Broker()
    frontier.assign(0, utc_now())
    frontier.restored(0, utc_now())
    ledger = Ledger(frontier, broker, pulse)
    acceptor = Acceptor(frontier, ledger, broker, lambda: None, utc_now)
    request = FetchRequest(url="http://a.example/1", reason="submitted", requested_at=utc_now())
    async with ledger.lock("a.example"):
        accepting = asyncio.create_task(acceptor.accept(request))
        await asyncio.sleep(0.1)
        assert not accepting.done()
        clock[0] = 60
        with pytest.raises(Transient, match="stood still"):
            await asyncio.wait_for(accepting, 1)
    assert not broker.sent


async def test_a_request_waits_for_no_reading_of_a_partition() -> None:
    clock = [0.0]
    pulse = Pulse(10, lambda: clock[0])
    frontier, broker = Frontier("me", 1, lambda _: Rule()), Broker()
    frontier.assign(0, utc_now())
    acceptor = Acceptor(frontier, Ledger(frontier, broker, pulse), broker, lambda: None, utc_now)
    clock[0] = 60
    request = FetchRequest(url="http://a.example/1", reason="submitted", requested_at=utc_now())
    with pytest.raises(Transient, match="stood still"):
        await asyncio.wait_for(acceptor.accept(request), 1)
