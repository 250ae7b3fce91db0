"""What a host may be asked now: its delay, its own wish to be left alone, its budget of the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from services.contracts.pages import FrontierEntry
from services.contracts.sources import Politeness

MAX_CRAWL_DELAY = 3600.0
MAX_STRIKE_SECONDS = 6 * 3600.0
MAX_RETRY_AFTER = timedelta(days=1)
FORGIVEN_AFTER = timedelta(days=1)
"""A host that was left alone for so long after its last strike begins anew."""
HOST_SIGNALS = frozenset({429, 503})


@dataclass(frozen=True)
class Rule:
    """How gently one host is treated: seconds between requests, requests a day, the first wait after a strike."""

    delay: float = 2.0
    per_day: int = 5000
    strike: float = 30.0


def rule_for(defaults: Rule, wishes: Politeness | None, crawl_delay: float | None) -> Rule:
    """The source's word goes over the default, and robots.txt over a shorter delay of either."""
    delay = defaults.delay if wishes is None or wishes.delay is None else wishes.delay
    per_day = defaults.per_day if wishes is None or wishes.pages_per_day is None else wishes.pages_per_day
    asked = crawl_delay if crawl_delay is not None and crawl_delay > 0 else 0.0
    return Rule(max(delay, min(asked, MAX_CRAWL_DELAY)), per_day, defaults.strike)


def gentler(one: Politeness | None, other: Politeness | None) -> Politeness | None:
    """Of two sources' wishes for one host, the gentler of each."""
    if one is None or other is None:
        return one or other
    delays = [p.delay for p in (one, other) if p.delay is not None]
    budgets = [p.pages_per_day for p in (one, other) if p.pages_per_day is not None]
    return Politeness(delay=max(delays, default=None), pages_per_day=min(budgets, default=None))


def allowed_from(host: FrontierEntry, rule: Rule, now: datetime) -> datetime:
    """When the next request to this host may start; not in the future if it may start now."""
    earliest = [now]
    if host.last_request_at is not None:
        # A clock that was set back must not silence a host for longer than its delay.
        earliest.append(min(host.last_request_at, now) + timedelta(seconds=rule.delay))
    if host.retry_after is not None:
        earliest.append(host.retry_after)
    if host.day == _day(now) and host.fetched_today >= rule.per_day:
        earliest.append(_midnight_after(now))
    return max(earliest)


def asked(host: FrontierEntry, now: datetime) -> FrontierEntry:
    """The host's state when a request starts."""
    today = _day(now)
    count = host.fetched_today + 1 if host.day == today else 1
    return host.model_copy(update={"last_request_at": now, "day": today, "fetched_today": count})


def answered(
    host: FrontierEntry, rule: Rule, status: int | None, retry_after: str, now: datetime, random: Callable[[], float]
) -> FrontierEntry:
    """The host's state after its answer; `status` is None where there was none.

    429, 503 and a second silence in a row are strikes: the wait doubles with each, up to six hours, with up to a
    quarter of jitter on top. Retry-After counts as it is at the first strike, and where it is longer after that.
    """
    update: dict[str, object] = {"last_request_at": now, "strikes": 0, "retry_after": None}
    if status is None or status in HOST_SIGNALS:
        strikes = (0 if _is_forgiven(host, now) else host.strikes) + 1
        until = now if status is None and strikes == 1 else now + _wait(rule, strikes, random)
        wish = read_retry_after(retry_after, now)
        if wish is not None:
            until = wish if strikes == 1 else max(until, wish)
        update |= {"strikes": strikes, "retry_after": until}
    return host.model_copy(update=update)


def spared(host: FrontierEntry, rule: Rule, now: datetime, random: Callable[[], float]) -> FrontierEntry:
    """The host's state when we are cut off from the web: asked again after a moment, and not blamed."""
    return host.model_copy(update={"last_request_at": now, "retry_after": now + _wait(rule, 1, random)})


def _is_forgiven(host: FrontierEntry, now: datetime) -> bool:
    """Whether the last strike is long ago: then its wait ended long before this request, which was asked just now."""
    return host.retry_after is not None and now - host.retry_after >= FORGIVEN_AFTER


def closed(host: FrontierEntry, strikes: int, rule: Rule, now: datetime, random: Callable[[], float]) -> FrontierEntry:
    """The host's state when its robots.txt can't be read: one strike more than before it was asked for.

    The whole host waits then, so that none of its URLs has to be put off by itself.
    """
    until = host.retry_after
    if until is None or until <= now:
        until = now + _wait(rule, strikes + 1, random)
    return host.model_copy(update={"strikes": strikes + 1, "retry_after": until})


def _wait(rule: Rule, strikes: int, random: Callable[[], float]) -> timedelta:
    seconds = min(MAX_STRIKE_SECONDS, rule.strike * 2 ** min(strikes - 1, 16))
    return timedelta(seconds=seconds * (1 + random() / 4))


def read_retry_after(value: str, now: datetime) -> datetime | None:
    """Retry-After as seconds or as a date; None where it is neither, at most a day ahead."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        until = now + min(timedelta(seconds=int(value[:9])), MAX_RETRY_AFTER)
    else:
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until, now), now + MAX_RETRY_AFTER)


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _midnight_after(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
