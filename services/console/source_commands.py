"""`xabar sources`: which news sites are watched, how they are, and whether their addresses are right."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from services.console import source_status
from services.console.broker import connected, newest, send
from services.console.local.errors import LocalRunError
from services.console.settings import environment_for, settings_for
from services.console.terminal import HERE, State, needing, screen
from services.contracts.identity import canonical_url
from services.contracts.pages import SourceFacts
from services.contracts.sources import Politeness, Source
from services.contracts.topics import SOURCES, URL_FRONTIER
from services.fetcher.source_files import SourceFileError, as_json, as_toml, countries, doubts, of_countries, read
from services.runtime.settings import read as read_settings

sources = typer.Typer(help="The news sites that are watched.", no_args_is_help=True)

_FILE_ENDINGS = (".toml", ".json")
_WANTED = {"id": "lower-case letters, digits and hyphens, like uza, 64 at most"}
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, do nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@sources.command("add")
def add(
    what: Annotated[
        str | None, typer.Argument(metavar="SITE|ID", help="https://… of a site, or an ID for --homepage and --feed.")
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Like `uza`; from the host without.")] = None,
    homepage: Annotated[str | None, typer.Option(help="https://…")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="RSS, Atom or JSON Feed; more than one is fine.")] = None,
    sitemap: Annotated[list[str] | None, typer.Option(help="A sitemap, or an index of them.")] = None,
    index: Annotated[list[str] | None, typer.Option(help="An HTML page that lists news.")] = None,
    name: Annotated[str | None, typer.Option()] = None,
    language: Annotated[str | None, typer.Option(help="BCP 47, like uz-Latn; a hint.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA, like Asia/Tashkent; for dates without a zone.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166, like UZ.")] = None,
    delay: Annotated[float | None, typer.Option(min=0, help="Seconds between two requests to one host.")] = None,
    file: Annotated[Path | None, typer.Option(help="TOML or JSON: a list of sources instead.")] = None,
    dry_run: DryRun = False,
    state: State = HERE,
) -> None:
    """Watch a news site; the same ID again replaces what was known of it.

    With a site's address alone the site is asked where it announces its news, in what language and zone.
    """
    given = {
        "name": name,
        "feeds": tuple(feed or ()),
        "sitemaps": tuple(sitemap or ()),
        "index_pages": tuple(index or ()),
        "language": language,
        "timezone": timezone,
        "country": country,
        "politeness": Politeness(delay=delay) if delay is not None else None,
    }
    chosen = {field: value for field, value in given.items() if value}
    site = what if what and "://" in what else homepage
    if file:
        try:
            wanted = read(file)
        except SourceFileError as error:
            raise LocalRunError(f"{file} can't be used: {error}") from None
    elif site and what and site != what and (feed or sitemap or index):
        wanted = [_described({"id": what, "name": what, "homepage": site} | chosen)]
    elif site:
        if not dry_run:
            settings_for(state)  # with nowhere to write to, no site is asked
        wanted = [_discovered(state, site, id_ or (what if what != site else None), chosen)]
        if not dry_run and id_ is None and what == site:
            refuse_another(wanted[0], asyncio.run(_watched(state)))
    else:
        raise LocalRunError("Give a site's https://…, or an ID with --homepage and --feed, or --file sources.toml.")
    if not dry_run:
        asyncio.run(send(settings_for(state), SOURCES, *wanted))
    screen.print(f"{'would watch' if dry_run else 'watching'} {', '.join(source.id for source in wanted)}")


@sources.command("import")
def import_(
    what: Annotated[
        list[str] | None, typer.Argument(metavar="[COUNTRY|FILE]…", help="Of the region pack, or own TOML or JSON.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole region pack.")] = False,
    dry_run: DryRun = False,
    state: State = HERE,
) -> None:
    """Watch the sources of files or of the region pack: uz kz kg tj tm."""
    wanted = _of_files(what or [], everything)
    if not wanted:
        raise LocalRunError(f"Give countries ({' '.join(countries())}), files, or --all.")
    known = asyncio.run(_watched(state))
    changes = changes_of(wanted, known)
    table = Table("id", "name", "language", "", box=None, pad_edge=False)
    for source in wanted:
        if changes[source.id] != "unchanged":
            mark = " (unverified)" if source.unverified else ""
            table.add_row(source.id, Text(source.name), source.language or "–", changes[source.id] + mark)
    news = [source for source in wanted if changes[source.id] != "unchanged"]
    if news and not dry_run:
        asyncio.run(send(settings_for(state), SOURCES, *news))
    if news:
        screen.print(table)
    counts = ", ".join(f"{list(changes.values()).count(how)} {how}" for how in ("added", "changed", "unchanged"))
    screen.print(f"{counts}{'; nothing was done' if dry_run else ''}")
    if doubtful := sum(source.unverified is not None for source in wanted):
        screen.print(f"{doubtful} unverified: nobody has seen their addresses answer; xabar sources check asks them")


@sources.command("export")
def export(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="All without.")] = None,
    as_json_: AsJson = False,
    state: State = HERE,
) -> None:
    """Print what is watched as a file that `sources import` takes."""
    chosen = _of_ids(asyncio.run(_watched(state)), ids or [])
    sys.stdout.write(as_json(chosen) + "\n" if as_json_ else as_toml(chosen))


@sources.command("list")
def list_(state: State = HERE) -> None:
    """Show the sites that are watched, and where their news is looked for."""
    known = asyncio.run(_watched(state))
    table = Table("source", "language", "watched", box=None, pad_edge=False)
    table.columns[2].overflow = "fold"
    for _, source in sorted(known.items()):
        places = [
            *source.feeds,
            *(f"sitemap {url}" for url in source.sitemaps),
            *(f"index {url}" for url in source.index_pages),
        ]
        mark = ("\nunverified", "yellow") if source.unverified else ""
        table.add_row(
            Text.assemble((source.id, "bold"), f"\n{source.name}", mark),
            "\n".join(filter(None, (source.language, source.timezone))),
            Text("\n".join(places)),
        )
    screen.print(table)


@sources.command("remove")
def remove(id_: Annotated[str, typer.Argument(metavar="ID")], state: State = HERE) -> None:
    """Watch a site no longer; what is stored stays."""

    async def bury() -> None:
        async with connected(settings_for(state), [SOURCES]) as link:
            _of_ids(await newest(link, SOURCES), [id_])
            await link.bury(SOURCES, id_)

    asyncio.run(bury())
    screen.print(f"no longer watching {id_}")


@sources.command("check")
def check(
    what: Annotated[
        list[str] | None, typer.Argument(metavar="[COUNTRY|FILE|ID]…", help="All that is watched without.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole region pack.")] = False,
    as_json_: AsJson = False,
    write: Annotated[
        Path | None, typer.Option(help="Write the sources here as found: moved addresses anew, `unverified` taken off.")
    ] = None,
    state: State = HERE,
) -> None:
    """Ask the sites themselves whether addresses are right; exit code 1 if any is not.

    Asks robots.txt, the home page, every feed, sitemap and index page, and an article; as gently as the fetcher does,
    and by its settings (FETCHER_…).
    """
    with needing("fetcher", "parser"):
        from services.console import source_check, source_screens
        from services.console.site_session import session
    words = what or []
    ids = [word for word in words if not _is_file(word) and word.lower() not in countries()]
    chosen = _of_files([word for word in words if word not in ids], everything)
    if ids or not (words or everything):
        chosen += _of_ids(asyncio.run(_watched(state)), ids)

    async def run() -> list[source_check.CheckedSource]:
        async with session(chosen, environment_for(state)) as asking:
            with screen.status(f"0 of {len(chosen)}") as shown:
                ready: list[str] = []

                def done(one: source_check.CheckedSource) -> None:
                    ready.append(one.source.id)
                    shown.update(f"{len(ready)} of {len(chosen)}: {ready[-1]}")

                return await source_check.check_all(asking.probe, asking.parse, chosen, done)

    found = asyncio.run(run())
    if as_json_:
        _print_json([source_screens.checked_facts(one) for one in found])
    else:
        screen.print(source_screens.checked_table(found, datetime.now(UTC)))
    if write:
        write.write_text(as_toml(source_check.confirmed(one) for one in found))
    raise typer.Exit(0 if all(one.good for one in found) else 1)


@sources.command("test")
def try_out(
    url: Annotated[str, typer.Argument(help="Of a feed, a sitemap, an index page, a home page or an article.")],
    source: Annotated[str | None, typer.Option(help="ID of a watched source whose language and zone count.")] = None,
    timezone: Annotated[str | None, typer.Option(help="For dates without a zone.")] = None,
    state: State = HERE,
) -> None:
    """Poll a URL, fetch and parse three of its articles, show what would be stored; store nothing."""
    with needing("fetcher", "parser"):
        from services.console import source_screens, source_trial
        from services.console.site_session import session
    known = _of_ids(asyncio.run(_watched(state)), [source]) if source else []
    facts = SourceFacts(timezone=timezone)
    for one in known:
        facts = SourceFacts(language=one.language, timezone=timezone or one.timezone, country=one.country)

    async def run() -> source_trial.TriedList:
        async with session(known, environment_for(state)) as asking:
            with screen.status(f"asking {url}"):
                return await source_trial.try_address(asking.probe.of(source), asking.parse, url, facts)

    try:
        tried = asyncio.run(run())
    except source_trial.NothingThere as error:
        raise LocalRunError(f"{url}: {error}") from None
    screen.print(source_screens.tried_view(tried, datetime.now(UTC)))


@sources.command("status")
def status(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="One source with all its lists.")] = None,
    as_json_: AsJson = False,
    state: State = HERE,
) -> None:
    """Show how the sources are: healthy, failing, silent, blocked, moved or new."""
    now = datetime.now(UTC)
    found = asyncio.run(_statuses(state, id_, now))
    if as_json_:
        _print_json([source_status.as_facts(one) for one in found])
    elif id_:
        screen.print(source_status.in_detail(found[0], now))
    else:
        screen.print(source_status.overview(found, now))


@sources.command("accept-move")
def accept_move(id_: Annotated[str, typer.Argument(metavar="ID")], state: State = HERE) -> None:
    """Write down the addresses that a source's lists redirect to for good."""
    [found] = asyncio.run(_statuses(state, id_, datetime.now(UTC)))
    if not found.moves:
        raise LocalRunError(f"No list of {id_} says that it moved; `xabar sources status {id_}` shows them.")
    asyncio.run(send(settings_for(state), SOURCES, source_status.with_moves(found)))
    for old, new in found.moves.items():
        screen.print(f"{id_}: {new} instead of {old}", soft_wrap=True)


def changes_of(wanted: Sequence[Source], known: Mapping[str, Source]) -> dict[str, str]:
    """What watching these would change, by id: added, changed or unchanged."""
    return {
        source.id: "unchanged" if known.get(source.id) == source else "changed" if source.id in known else "added"
        for source in wanted
    }


def _described(described: dict[str, Any]) -> Source:
    try:
        for field in ("feeds", "sitemaps", "index_pages"):
            described[field] = tuple(map(canonical_url, described.get(field, ())))
        source = Source(**described | {"homepage": canonical_url(described["homepage"])})
    except ValidationError as error:
        wrong = [f"{fault['loc'][0]}: {_WANTED.get(str(fault['loc'][0]), fault['msg'])}" for fault in error.errors()]
        raise LocalRunError(f"Not added: {'; '.join(wrong)}") from None
    except ValueError as error:
        raise LocalRunError(f"Not added: {error}") from None
    if wrong := list(doubts(source)):
        raise LocalRunError(f"Not added: {'; '.join(wrong)}")
    return source


def _discovered(state: Path, site: str, id_: str | None, chosen: dict[str, Any]) -> Source:
    """What the site itself tells, with what was `chosen` in its place, shown as it will be watched."""
    with needing("fetcher", "parser"):
        from services.console import site_finding, source_screens
        from services.console.site_session import session
        from services.console.source_trial import NothingThere

    async def run() -> site_finding.Finding:
        async with session((), environment_for(state)) as asking:
            with screen.status(f"asking {site}"):
                return await site_finding.find(asking.probe, site)

    try:
        found = asyncio.run(run())
    except NothingThere as error:
        raise LocalRunError(f"{site}: {error}") from None
    places = {} if {"feeds", "sitemaps", "index_pages"} & set(chosen) else found.places
    source = _described({"id": id_ or found.id, "homepage": found.homepage} | found.facts | places | chosen)
    screen.print(source_screens.finding_view(found, source, datetime.now(UTC)))
    return source


def refuse_another(source: Source, known: dict[str, Any]) -> None:
    """Raises LocalRunError where the id is another site's, or another id watches the same lists."""
    before = known.get(source.id)
    if before is not None and canonical_url(before.homepage) != source.homepage:
        raise LocalRunError(f"{source.id} is {before.homepage} already; give this one another id with --id.")
    lists = set(places_of(source))
    for id_, other in known.items():
        if id_ != source.id and lists & set(places_of(other)):
            raise LocalRunError(f"{id_} watches that already; replace it with --id {id_}, or name another with --id.")


def places_of(source: Source) -> tuple[str, ...]:
    """Every list that the source names."""
    return (*source.feeds, *source.sitemaps, *source.index_pages)


def _of_files(words: Sequence[str], everything: bool) -> list[Source]:
    """The sources of files and of the region pack's countries, each id once. Raises LocalRunError."""
    paths = [Path(word) for word in words if _is_file(word)]
    named = countries() if everything else [word for word in words if not _is_file(word)]
    try:
        found = [*of_countries(named), *read(*paths)]
    except SourceFileError as error:
        raise LocalRunError(str(error)) from None
    by_id = {source.id: source for source in found}
    if len(by_id) < len(found):
        twice = sorted({source.id for source in found if sum(other.id == source.id for other in found) > 1})
        raise LocalRunError(f"In a file and in the region pack: {', '.join(twice)}. Import one after the other.")
    return found


def _is_file(word: str) -> bool:
    return word.endswith(_FILE_ENDINGS) or "/" in word


def source_called(id_: str, state: Path) -> Source:
    """A source of the region pack, or one that is watched. Raises LocalRunError where there is neither."""
    packed = next((source for source in of_countries(countries()) if source.id == id_), None)
    if packed is not None:
        return packed
    try:
        found: Source = _of_ids(asyncio.run(_watched(state)), [id_])[0]
    except LocalRunError as error:
        raise LocalRunError(f"The region pack has no source {id_!r}, and of those that are watched: {error}") from None
    return found


def _of_ids(known: dict[str, Any], ids: Sequence[str]) -> list[Source]:
    """These of the watched sources, all where none is named. Raises LocalRunError."""
    if unknown := [id_ for id_ in ids if id_ not in known]:
        raise LocalRunError(f"There is no source {unknown[0]!r}; `xabar sources list` shows them.")
    return [known[id_] for id_ in sorted(ids or known)]


async def _watched(state: Path) -> dict[str, Any]:
    async with connected(settings_for(state), [SOURCES]) as link:
        return await newest(link, SOURCES)


async def _statuses(state: Path, id_: str | None, now: datetime) -> list[source_status.SourceStatus]:
    with needing("fetcher"):
        from services.fetcher.settings import FetcherSettings
    try:
        factor = read_settings(FetcherSettings, environment_for(state)).fetcher_silence_factor
    except ValueError as error:
        raise LocalRunError(str(error)) from None
    async with connected(settings_for(state), [SOURCES, URL_FRONTIER]) as link:
        known = await newest(link, SOURCES)
        entries = await newest(link, URL_FRONTIER, "feed:")
    return source_status.statuses(_of_ids(known, [id_] if id_ else []), entries.values(), now, factor)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
