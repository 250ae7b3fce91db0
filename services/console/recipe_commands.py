"""`xabar recipe`: which site recipes there are, whether they are right, and what one finds on a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.console.local.errors import LocalRunError
from services.console.page_view import instant_text, page_view
from services.console.parse_commands import PARSER_LIBRARIES, open_page
from services.console.settings import environment_for
from services.console.terminal import HERE, State, needing, screen
from services.contracts.articles import ParsedArticle
from services.contracts.identity import BadUrl, host_of
from services.contracts.outcomes import Rejection
from services.runtime.settings import read
from services.runtime.stage import VERSION

if TYPE_CHECKING:
    from services.parser.recipe import Applied, RecipeBook
    from services.parser.settings import ParserSettings

recipe = typer.Typer(help="Site recipes: how one site's pages are read.", no_args_is_help=True)

_SHOWN_CHARS = 160


@recipe.command("list")
def list_(state: State = HERE) -> None:
    """Show the recipes that ship and those of PARSER_RECIPES."""
    _, book = _settings_and_book(environment_for(state))
    table = Table("host", "newest version", "versions", "says", box=None, pad_edge=False)
    for host, one in sorted(book.recipes.items()):
        newest = one.versions[0]
        says = sorted(newest.model_fields_set - {"since", "optional"})
        table.add_row(host, str(newest.since), str(len(one.versions)), ", ".join(says))
    screen.print(table)


@recipe.command("check")
def check(
    recipes: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]…", help="All that ship and those of PARSER_RECIPES without.")
    ] = None,
    state: State = HERE,
) -> None:
    """Check that recipes can be used; exit code 1 with a line for each fault."""
    if recipes:
        for file in recipes:
            _book_of_file(file)
        count = len(recipes)
    else:
        count = len(_settings_and_book(environment_for(state))[1].recipes)
    screen.print("1 recipe can be used" if count == 1 else f"{count} recipes can be used")


@recipe.command("test")
def try_out(
    target: Annotated[str, typer.Argument(metavar="FILE|URL", help="A saved page, - for standard input, or https://…")],
    file: Annotated[
        Path | None, typer.Option("--recipe", help="This recipe, <host>.toml, in place of the one that is known.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="The site of a saved page; the recipe's without.")] = None,
    url: Annotated[str | None, typer.Option(help="Where a saved page came from, if its path matters.")] = None,
    source: Annotated[str | None, typer.Option(help="ID of a source whose language and zone count.")] = None,
    state: State = HERE,
) -> None:
    """Show what a recipe finds on a page beside what is found without, and the article; exit code 1 on misses."""
    environ = environment_for(state)
    settings, book = _settings_and_book(environ)
    if file is not None:
        book = _book_of_file(file)
    if url is None and "://" not in target:
        url = _made_up(host or next(iter(book.recipes)) if host or file else None)
    page, content = open_page(target, url, source, settings, environ, state)
    with needing(*PARSER_LIBRARIES):
        from selectolax.lexbor import LexborHTMLParser

        from services.parser.page.decode import decode
        from services.parser.page.nesting import overgrown
        from services.parser.parse import parse
        from services.parser.recipe import RecipeBook
    known = book.of(host_of(page.url))
    if known is None:
        wanted = (
            f"{file} is of another host" if file else "write one, as CONTRIBUTING.md shows, and give it by --recipe"
        )
        raise LocalRunError(f"There is no recipe for {host_of(page.url)}; {wanted}.")
    decoded = decode(content, page.charset)
    if decoded is None:
        raise LocalRunError(f"{target} is text in no known encoding.")
    if why := overgrown(decoded.text):
        raise LocalRunError(f"{target} can't be read: {why}.")
    now = datetime.now(UTC)
    tree = LexborHTMLParser(decoded.text)
    applied = book.choose(page.url, page.fetched_at, tree)
    assert applied is not None
    without = parse(page, settings.limits, now, VERSION, content, RecipeBook())
    result = parse(page, settings.limits, now, VERSION, content, book)
    screen.print(_comparison(applied, _body_of(applied, tree), without))
    screen.print()
    screen.print(page_view(result))
    if applied.missed:
        screen.print(f"\n{applied.name} misses {', '.join(applied.missed)}", style="bold red")
    raise typer.Exit(1 if applied.missed or isinstance(result, Rejection) else 0)


def _comparison(applied: Applied, body: str | None, without: ParsedArticle | Rejection) -> Table:
    """Field by field: what the recipe finds, and what is found without it."""
    plain = without if isinstance(without, ParsedArticle) else None
    views = plain.engagement.views if plain and plain.engagement else None
    rows = (
        ("body", body, plain.text if plain else None),
        ("title", applied.title, plain.title if plain else None),
        ("date", applied.published_text, instant_text(plain.published) if plain else None),
        ("modified", applied.modified_text, instant_text(plain.modified) if plain else None),
        ("author", ", ".join(applied.authors), ", ".join(plain.authors) if plain else None),
        ("section", applied.section, plain.section if plain else None),
        ("lead", applied.lead, plain.lead if plain else None),
        ("views", _number(applied.views), _number(views)),
        ("time_zone", applied.zone, None),
        ("date_order", applied.date_order, None),
        ("not_articles", applied.not_article, without.reason if isinstance(without, Rejection) else None),
    )
    table = Table("", escape(applied.name), "without a recipe", box=None, pad_edge=False)
    for name, found, general in rows:
        missed = name in applied.missed
        if found or general or missed:
            table.add_row(name, "[red]missed[/red]" if missed else _shown(found), _shown(general))
    return table


def _body_of(applied: Applied, tree: object) -> str | None:
    from selectolax.lexbor import LexborHTMLParser

    from services.parser.page.blocks import layout_of
    from services.parser.recipe import BODY, DROP

    assert isinstance(tree, LexborHTMLParser)
    blocks = [b for b in layout_of(tree, applied.marks).blocks if b.marks & BODY and not b.marks & DROP]
    text = " ".join(block.text for block in blocks)
    return f"{len(blocks)} blocks, {len(text)} characters: {text}" if blocks else None


def _settings_and_book(environ: Mapping[str, str]) -> tuple[ParserSettings, RecipeBook]:
    with needing(*PARSER_LIBRARIES):
        from services.parser.recipe import book_of
        from services.parser.settings import ParserSettings
    try:
        settings = read(ParserSettings, environ)
        return settings, book_of(settings.parser_recipes)
    except ValueError as error:
        raise LocalRunError(str(error)) from None


def _book_of_file(file: Path) -> RecipeBook:
    with needing(*PARSER_LIBRARIES):
        from services.parser.recipe import RecipeBook, RecipeError, read_recipe
    try:
        return RecipeBook([read_recipe(file.read_bytes(), str(file))])
    except RecipeError as error:
        raise LocalRunError(str(error)) from None
    except OSError as error:
        raise LocalRunError(f"{file} can't be read: {error.strerror}") from None


def _made_up(host: str | None) -> str:
    """An address on a saved page's site. Raises LocalRunError."""
    if host is None:
        raise LocalRunError("Say whose page it is: --url https://…, --host example.org or --recipe example.org.toml.")
    try:
        host_of(url := f"https://{host}/a-page-saved-by-hand")
    except BadUrl as error:
        raise LocalRunError(f"--host: {error}") from None
    return url


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _shown(text: str | None) -> str:
    text = " ".join((text or "").split())
    return escape(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")
