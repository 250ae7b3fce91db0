"""When a page was published: what its data, its markup and the lines near its headline say, weighed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone, tzinfo

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import DateSource, Instant
from services.contracts.pages import FetchedPage
from services.parser.dates import reading as dates
from services.parser.dates.lines import FAIR, GOOD, WEAK, Line, Lines
from services.parser.dates.reading import Habits, Reading
from services.parser.dates.statements import (
    Statement,
    changed_statements,
    day_in_url,
    month_in_url,
    published_statements,
)
from services.parser.dates.zones import country_of, zone_named, zone_of_country
from services.parser.metadata.metadata import Metadata
from services.parser.page.blocks import Block

_QUARTER = timedelta(minutes=15)
_FARTHEST = timedelta(hours=14)
_MONTH_FIRST = "en-us"


@dataclass(frozen=True)
class Publication:
    """The two points in time of a page."""

    published: Instant | None
    modified: Instant | None


@dataclass(frozen=True)
class _Clock:
    """Where and when a page was seen."""

    zone: tzinfo | None
    fetched_at: datetime
    habits: Habits

    def instant(self, statement: Statement | None) -> Instant | None:
        """The statement as a point in time, or None where a page can't have been published then."""
        if statement is None:
            return None
        return dates.instant(
            statement.reading,
            source=statement.source,
            zone=self.zone,
            fetched_at=self.fetched_at,
            confidence=statement.confidence,
        )

    def is_possible(self, statement: Statement) -> bool:
        """Whether a page can have been published then."""
        return self.instant(statement) is not None


def publication_of(
    page: FetchedPage, tree: LexborHTMLParser, metadata: Metadata, blocks: Sequence[Block]
) -> Publication:
    """When the page was published and changed, or None where it does not say."""
    clock = _clock_of(page, metadata)
    now = page.fetched_at.astimezone(clock.zone) if clock.zone else page.fetched_at
    lines = Lines(metadata.title or "", blocks, now, clock.habits)
    stated = [s for s in published_statements(tree, metadata, clock.habits) if clock.is_possible(s)]
    changes = [s for s in changed_statements(tree, metadata, clock.habits) if clock.is_possible(s)]
    by_url, fed = day_in_url(page.url), dates.read_stamp(page.request.hints.published or "")
    near = lines.near()
    shown = [line for line in near if clock.is_possible(_statement(line))]
    if not stated and not any(line.weight >= GOOD and not line.changed for line in shown):
        shown = [line for line in lines.all() if clock.is_possible(_statement(line))]
    of_publication = [line for line in shown if not line.changed]
    chosen = _chosen(stated, of_publication, by_url, month_in_url(page.url), lines)
    if chosen is None and fed:
        chosen = Statement(fed, "feed", 0.6)
    changed = [*changes, *(_statement(line) for line in shown if line.changed and line.weight > WEAK)]
    if chosen is None and changed:
        # The last change is the latest day that the page can be of, and mostly the same.
        chosen = replace(changed[0], confidence=0.3)
    if chosen is None and of_publication and of_publication[0].weight > WEAK:
        chosen = replace(_statement(of_publication[0]), confidence=0.2)
    if chosen is None or not clock.is_possible(chosen):
        return Publication(None, clock.instant(changed[0]) if changed else None)
    others = [*stated, *(_statement(line) for line in shown if not line.changed and line.weight > 0)]
    if fed:
        others.append(Statement(fed, "feed", 0.6))
    finest = _finest(chosen, others, clock.zone)
    if finest.reading.precision == "day":
        finest = _with_a_time_near(finest, lines.short_texts_near(), clock.habits)
    published = clock.instant(finest) or clock.instant(chosen)
    modified = clock.instant(_finest(changed[0], changed[1:], clock.zone)) if changed else None
    if modified and published and modified.moment.date() < published.moment.date():
        modified = None
    return Publication(published, modified)


def _clock_of(page: FetchedPage, metadata: Metadata) -> _Clock:
    """The clock that the page's times are told by: its source's, its host's country, its source's country."""
    country = country_of(page.url) or (page.facts.country or "").lower() or None
    declared = (metadata.language or "").lower().replace("_", "-")
    zone = zone_named(page.facts.timezone) or zone_of_country(country)
    if zone is None and country is None and len(declared) == 5:
        # `de-AT` is written for Austria.
        zone = zone_of_country(declared[3:])
    american = declared == _MONTH_FIRST and country in (None, "us")
    return _Clock(zone, page.fetched_at, Habits(month_first=american, country=country))


def _statement(line: Line) -> Statement:
    source: DateSource = "time-element" if line.marked else "text-near-headline"
    confidence = 0.85 if line.weight >= GOOD else 0.6 if line.weight >= FAIR else 0.3
    return Statement(line.reading, source, confidence)


def _chosen(
    stated: Sequence[Statement],
    shown: Sequence[Line],
    by_url: Statement | None,
    month: tuple[int, int] | None,
    lines: Lines,
) -> Statement | None:
    """The statement that names the page's day."""
    if stated:
        return stated[0]
    for line in shown:
        if line.weight < GOOD:
            break
        if by_url is None or _days_apart(line.reading, by_url.reading) <= 1 or line.marked:
            return _statement(line)
    relative = next((line for line in lines.relative() if not line.changed), None)
    if relative and by_url is None:
        return replace(_statement(relative), confidence=0.4)
    if by_url:
        return by_url
    for line in shown:
        if line.weight >= FAIR and (month is None or month == (line.reading.when.year, line.reading.when.month)):
            return _statement(line)
    return _statement(shown[0]) if shown and shown[0].weight >= FAIR else None


def _days_apart(one: Reading, other: Reading) -> int:
    return abs((one.when.date() - other.when.date()).days)


def _finest(chosen: Statement, others: Iterable[Statement], zone: tzinfo | None) -> Statement:
    """The most exact statement of the same moment.

    A day takes the time that another source gives for it; a local time takes the offset that another gives with the
    same moment; and a Z beside the very clock time that readers see, on a page whose zone is known to differ, is
    local time that a publishing system calls UTC.
    """
    others = list(others)
    best = chosen
    if best.reading.precision == "day":
        timed = next((o for o in others if o.reading.precision != "day" and _is_of_day(o.reading, best.reading)), None)
        if timed is None:
            return best
        best = replace(best, reading=timed.reading)
    when = best.reading.when
    same_clock = [o for o in others if o.reading.precision != "day" and _clock(o.reading.when) == _clock(when)]
    if when.tzinfo is None:
        known = next((o for o in same_clock if o.reading.when.tzinfo is not None), None)
        offset = known.reading.when.tzinfo if known else _offset_between(when, others)
        # The other's Z is no news where the page's zone says otherwise: both may be local.
        if offset is not None and (offset_of := offset.utcoffset(when)) is not None:
            local = zone.utcoffset(when) if zone else None
            if offset_of != timedelta(0) or local is None:
                return _in_zone(best, offset)
        return best
    if when.utcoffset() != timedelta(0):
        return best
    own = next((o.reading.when for o in same_clock if o.reading.when.utcoffset()), None)
    if own is not None:
        return _in_zone(best, own.tzinfo)
    bare = when.replace(tzinfo=None)
    unmarked = [o for o in others if o.reading.precision != "day" and o.reading.when.tzinfo is None]
    if any(_clock(o.reading.when) == _clock(bare) for o in unmarked):
        if zone and zone.utcoffset(bare) and not _is_confirmed(when, others):
            return replace(best, reading=replace(best.reading, when=bare))
        return best
    for other in unmarked:
        # 02:25Z, and 21:25 on the page: the reader's clock is five hours behind.
        offset_seen = _difference(other.reading.when, bare)
        if offset_seen is not None and zone is None:
            local_time = when.astimezone(_fixed(offset_seen))
            return replace(best, reading=replace(best.reading, when=local_time))
    return best


def _is_confirmed(when: datetime, others: Iterable[Statement]) -> bool:
    """Whether another source gives the same moment with an offset of its own."""
    return any(
        o.reading.when.utcoffset() and abs(o.reading.when - when) < timedelta(minutes=1)
        for o in others
        if o.reading.precision != "day" and o.reading.when.tzinfo is not None
    )


def _is_of_day(timed: Reading, day: Reading) -> bool:
    return timed.when.date() == day.when.date()


def _clock(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0, tzinfo=None)


def _offset_between(local: datetime, others: Iterable[Statement]) -> tzinfo | None:
    """The offset at which another source's moment is this local time."""
    for other in others:
        moment = other.reading.when
        if other.reading.precision != "day" and moment.utcoffset() == timedelta(0):
            difference = _difference(local, moment.replace(tzinfo=None))
            if difference is not None:
                return _fixed(difference)
    return None


def _difference(local: datetime, utc: datetime) -> timedelta | None:
    """How far a local time is ahead of UTC, where that can be a zone's offset."""
    difference = _clock(local) - _clock(utc)
    return difference if abs(difference) <= _FARTHEST and difference % _QUARTER == timedelta(0) else None


def _fixed(offset: timedelta) -> tzinfo:
    return timezone(offset)


def _in_zone(statement: Statement, zone: tzinfo | None) -> Statement:
    return replace(statement, reading=replace(statement.reading, when=statement.reading.when.replace(tzinfo=zone)))


def _with_a_time_near(statement: Statement, texts: Iterable[str], habits: Habits) -> Statement:
    """The day's time from `15 May, 19:34` below the headline, where the page writes the day without its year."""
    day: date = statement.reading.when.date()
    for text in texts:
        timed = dates.read_without_year(text, day.year, habits)
        if timed and timed.when.date() == day:
            return replace(statement, reading=replace(timed, year_written=True))
    return statement
