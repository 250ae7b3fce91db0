"""When a page was published: what its data, its markup and the lines near its headline say, weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import partial

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import DateSource, Instant
from services.contracts.pages import FetchedPage
from services.parser.dates import reading as dates
from services.parser.dates.lines import FAIR, GOOD, WEAK, Line, Lines
from services.parser.dates.reading import Habits, Reading
from services.parser.dates.statements import (
    Statement,
    day_in_url,
    last_statements,
    month_in_url,
    statements_of,
)
from services.parser.dates.zones import country_of, zone_named, zone_of_country, zone_of_language
from services.parser.metadata.metadata import Metadata
from services.parser.page.blocks import Block
from services.parser.recipe import Applied

_STEP = timedelta(minutes=30)
"""By which offsets are told from chance; the few clocks at quarters of an hour are not worth it."""
_NOTICED = timedelta(hours=3)
"""By how much no newsroom shows a wrong time to its readers."""
_FARTHEST = timedelta(hours=14)
_MONTH_FIRST = "en-us"
_AGAIN_DAYS = 3
"""A page whose publication and change lie so close may have been published anew."""
_LATE_DAYS = 2
"""How far behind its own address a page's data can be."""
_URL_IS_SURE = 0.6
"""The confidence above which a day in the URL is a folder of its own."""


@dataclass(frozen=True)
class Publication:
    """The two points in time of a page."""

    published: Instant | None
    modified: Instant | None


@dataclass(frozen=True)
class _Clock:
    """Where and when a page was seen."""

    zone: tzinfo | None
    is_placed: bool
    """Whether the zone is that of a place (a source, a country) and no guess by language."""
    fetched_at: datetime
    habits: Habits

    def instant(self, statement: Statement) -> Instant | None:
        """The statement as a point in time, or None where a page can't have been published then."""
        return dates.instant(
            statement.reading,
            source=statement.source,
            zone=self.zone,
            fetched_at=self.fetched_at,
            confidence=statement.confidence,
        )

    def told(self, text: str | None, now: datetime) -> list[Statement]:
        """What a recipe found as a date; `now` is the local time at which the page was fetched."""
        reading = (dates.read_stamp(text, self.habits) or dates.read_relative(text, now)) if text else None
        statement = Statement(reading, "recipe", 1.0) if reading else None
        return self.possible([statement]) if statement else []

    def is_possible(self, statement: Statement) -> bool:
        """Whether a page can have been published then."""
        return self.instant(statement) is not None

    def possible(self, statements: Iterable[Statement]) -> list[Statement]:
        """Those of which a page can be."""
        return [statement for statement in statements if self.is_possible(statement)]


def publication_of(
    page: FetchedPage,
    tree: LexborHTMLParser,
    metadata: Metadata,
    blocks: Sequence[Block],
    recipe: Applied | None = None,
) -> Publication:
    """When the page was published and changed, or None where it does not say; what its site's recipe finds wins."""
    clock = _clock_of(page, metadata, recipe)
    now = page.fetched_at.astimezone(clock.zone) if clock.zone else page.fetched_at
    stated, changes = (clock.possible(said) for said in statements_of(tree, metadata, clock.habits))
    of_url = clock.possible([by_url] if (by_url := day_in_url(page.url)) else [])
    known = {statement.reading.when.date() for statement in (*stated, *of_url)}
    lines = _lines_in_order(partial(Lines, metadata.title or "", blocks, now), clock.habits, known)
    if recipe:
        stated = [*clock.told(recipe.published_text, now), *stated]
        changes = [*clock.told(recipe.modified_text, now), *changes]
    shown = [line for line in lines.near() if clock.is_possible(_statement(line))]
    if not stated and not any(line.weight >= GOOD and not line.changed for line in shown):
        shown = [line for line in lines.all() if clock.is_possible(_statement(line))]
    of_publication = [line for line in shown if not line.changed]
    changed = [*changes, *(_statement(line) for line in shown if line.changed and line.weight > WEAK)]
    fed = dates.read_stamp(page.request.hints.published or "")
    of_feed = clock.possible([Statement(fed, "feed", 0.6)]) if fed else []

    def candidates() -> Iterator[Statement | None]:
        if stated:
            yield _of_stated(stated, changes, of_publication, of_url)
        yield _of_shown(of_publication, of_url, month_in_url(page.url))
        yield _of_the_clock(lines, changes)
        yield from of_feed
        yield from clock.possible(last_statements(tree, metadata, blocks, clock.habits))
        # The last change is the latest day that the page can be of, and mostly the same.
        yield from (replace(statement, confidence=0.3) for statement in changed[:1])
        yield from (replace(_statement(line), confidence=0.2) for line in of_publication[:1] if line.weight > WEAK)

    chosen = next((candidate for candidate in candidates() if candidate and clock.is_possible(candidate)), None)
    modified = clock.instant(_finest(changed[0], changed[1:], clock)) if changed else None
    if chosen is None:
        return Publication(None, modified)
    others = [*stated, *(_statement(line) for line in of_publication if line.weight > 0), *of_feed]
    if chosen.reading.precision == "day":
        # `Today, 19:34` gives the time of a day that the address names; `2 hours ago` is not as exact.
        others += [_statement(line) for line in lines.relative() if ":" in line.reading.raw and not line.changed]
    finest = _finest(chosen, others, clock)
    if finest.reading.precision == "day":
        finest = _with_a_time_near(finest, lines.short_texts_near(), clock.habits)
    published = clock.instant(finest) or clock.instant(chosen)
    if modified and published and modified.moment.date() < published.moment.date():
        modified = None
    return Publication(published, modified)


def _clock_of(page: FetchedPage, metadata: Metadata, recipe: Applied | None) -> _Clock:
    """The clock that the page's times are told by: its recipe's, its source's, its host's or its source's country's."""
    told = (page.facts.country or "").lower() or None
    country = country_of(page.url) or told
    declared = (metadata.language or "").lower().replace("_", "-")
    known = recipe.zone if recipe else None
    zone = zone_named(known) or zone_named(page.facts.timezone) or zone_of_country(country)
    zone = zone or zone_of_country(told)
    is_placed = zone is not None
    if zone is None and country is None:
        zone = zone_of_language(declared)
    american = declared == _MONTH_FIRST and country in (None, "us")
    return _Clock(zone, is_placed, page.fetched_at, Habits(american, country, recipe.date_order if recipe else None))


def _lines_in_order(lines_by: Callable[[Habits], Lines], habits: Habits, known: AbstractSet[date]) -> Lines:
    """The page's lines, with the month first where only so one of them is of a day that its data or its URL names."""
    lines = lines_by(habits)
    if habits.order or habits.month_first or not known:
        return lines
    near = lines.near()
    if any(line.reading.when.date() in known for line in near) or not any(_is_ambiguous(line.reading) for line in near):
        return lines
    turned = lines_by(replace(habits, month_first=True))
    return turned if any(line.reading.when.date() in known for line in turned.near()) else lines


def _statement(line: Line) -> Statement:
    source: DateSource = "time-element" if line.marked else "text-near-headline"
    confidence = 0.85 if line.weight >= GOOD else 0.6 if line.weight >= FAIR else 0.3
    return Statement(line.reading, source, confidence)


def _of_stated(
    stated: Sequence[Statement], changes: Sequence[Statement], shown: Sequence[Line], of_url: Sequence[Statement]
) -> Statement:
    """What data says, unless readers are told another day.

    Systems that publish a page anew write the new day into its data. So the day below the headline is believed where
    another field of the data agrees with it, or where it is the earlier one; not where it is the day of the change.
    """
    first = stated[0]
    if first.source == "recipe":
        return first
    changed = {change.reading.when.date() for change in changes}
    seen = next((line for line in shown if line.weight >= GOOD and not _is_ambiguous(line.reading)), None)
    if seen and _days_apart(seen.reading, first.reading) > 1 and seen.reading.when.date() not in changed:
        other = next((s for s in stated if _is_of_day(s.reading, seen.reading)), None)
        if other:
            return other
        again = not changes or any(_days_apart(change.reading, first.reading) <= _AGAIN_DAYS for change in changes)
        if seen.reading.when.date() < first.reading.when.date() and (again or seen.weight >= GOOD + 1):
            return _statement(seen)
    for url in of_url:
        late = first.reading.when.date() - url.reading.when.date()
        if url.confidence > _URL_IS_SURE and late.days > _LATE_DAYS:
            return url
    return first


def _is_ambiguous(reading: Reading) -> bool:
    """Whether a date in numbers could be read with the month first."""
    return "/" in reading.raw and reading.when.day <= 12


def _of_shown(shown: Sequence[Line], of_url: Sequence[Statement], month: tuple[int, int] | None) -> Statement | None:
    """What readers are told, checked by the URL."""
    for line in shown:
        if line.weight < GOOD:
            break
        if line.marked or all(_days_apart(line.reading, url.reading) <= 1 for url in of_url):
            return _statement(line)
    for url in of_url:
        return url
    fair = [line for line in shown if line.weight >= FAIR]
    of_month = [line for line in fair if month == (line.reading.when.year, line.reading.when.month)]
    return next((_statement(line) for line in [*of_month, *fair]), None)


def _of_the_clock(lines: Lines, changes: Sequence[Statement]) -> Statement | None:
    """`2 hours ago` or `15 May, 19:34` near the headline, where it is no later than the last change that is known."""
    for line in lines.relative():
        when = line.reading.when.date()
        if not line.changed and all(when <= change.reading.when.date() for change in changes[:1]):
            return replace(_statement(line), confidence=0.4)
    return None


def _days_apart(one: Reading, other: Reading) -> int:
    return abs((one.when.date() - other.when.date()).days)


def _finest(chosen: Statement, others: Iterable[Statement], clock: _Clock) -> Statement:
    """The most exact statement of the same moment.

    A day takes the time that another source gives for it; a local time takes the offset that another gives with the
    same moment; and a Z beside the very clock time that readers see, on a page whose zone is known to differ, is
    local time that a publishing system calls UTC.
    """
    others, zone = list(others), clock.zone
    best = chosen
    if best.reading.precision == "day":
        timed = next(
            (o for o in others if o.reading.precision != "day" and _is_of_day(o.reading, best.reading, zone)), None
        )
        if timed is None:
            return best
        best = replace(best, reading=timed.reading)
    when = best.reading.when
    same_clock = [o for o in others if o.reading.precision != "day" and _clock(o.reading.when) == _clock(when)]
    if when.tzinfo is None:
        zoned = [o.reading.when for o in same_clock if o.reading.when.tzinfo is not None]
        known = next((told for told in zoned if told.utcoffset()), zoned[0] if zoned else None)
        offset = known.tzinfo if known else _offset_between(when, others)
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
    same = _same_moment(when, others)
    if same is not None:
        return replace(best, reading=replace(best.reading, when=when.astimezone(same.tzinfo)))
    bare = when.replace(tzinfo=None)
    unmarked = [o for o in others if o.reading.precision != "day" and o.reading.when.tzinfo is None]
    if any(_clock(o.reading.when) == _clock(bare) for o in unmarked):
        # A written +00:00 may be a system's unset clock, which it shows as well; not one that is hours wrong.
        ahead = abs((zone.utcoffset(bare) if zone else None) or timedelta(0))
        if clock.is_placed and (best.reading.raw.endswith("Z") or ahead >= _NOTICED):
            return replace(best, reading=replace(best.reading, when=bare))
        return best
    for other in unmarked:
        # 02:25Z, and 21:25 on the page: the reader's clock is five hours behind.
        offset_seen = _difference(other.reading.when, bare)
        if offset_seen is not None and zone is None:
            local_time = when.astimezone(_fixed(offset_seen))
            return replace(best, reading=replace(best.reading, when=local_time))
    return best


def _same_moment(when: datetime, others: Iterable[Statement]) -> datetime | None:
    """The same moment as another source gives it with an offset of its own."""
    for other in others:
        told = other.reading.when
        if other.reading.precision != "day" and told.utcoffset() and abs(told - when) < timedelta(minutes=1):
            return told
    return None


def _is_of_day(timed: Reading, day: Reading, zone: tzinfo | None = None) -> bool:
    local = timed.when.astimezone(zone) if zone and timed.when.tzinfo else timed.when
    return day.when.date() in (timed.when.date(), local.date())


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
    return difference if abs(difference) <= _FARTHEST and difference % _STEP == timedelta(0) else None


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
