"""`xabar article`: one stored article on the screen."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.console import archive
from services.console.local.errors import LocalRunError
from services.console.reading import best_first, by_whom, side_by_side
from services.console.settings import ConsoleSettings


async def article(settings: ConsoleSettings, url_or_id: str) -> RenderableType:
    """The article as a person reads it. Raises LocalRunError when it is not stored."""
    if settings.store_database_url is None:
        raise LocalRunError("STORE_DATABASE_URL is not set; it names the store's database: postgresql://…")
    found = await archive.find(settings.store_database_url.get_secret_value(), url_or_id)
    facts = Table(show_header=False, box=None)
    for name in ("article_id", "canonical_url", "source", "language", "published_value", "section", "image", "views"):
        if found[name] is not None:
            facts.add_row(name, escape(str(found[name])))
    facts.add_row("authors", escape(", ".join(found["authors"])))
    facts.add_row("revision", f"{found['revision']}, since {found['revisions'][-1]['valid_from']:%Y-%m-%d %H:%M %Z}")
    if found["duplicate_of"]:
        facts.add_row("duplicate of", found["duplicate_of"])
    if found["gone_at"]:
        facts.add_row("gone", f"{found['gone_at']:%Y-%m-%d %H:%M %Z}")
    for url in found["urls"]:
        facts.add_row("url", escape(url))
    for entity in found["entities"]:
        seen = ", ".join(entity["surfaces"] or ())
        sort, name = entity["kind"] or entity["type"], entity["value"] or entity["name"]
        facts.add_row(f"entity {entity['salience']:.2f}", escape(f"{entity['entity_id']}  {sort}  {name}  ({seen})"))
    parts: list[RenderableType] = [Text(found["title"], style="bold"), facts, Text(""), Text(found["text"])]
    shown: set[str] = set()
    for layer in best_first(found["translations"]):
        parts.append(Text(""))
        if layer["target"] in shown or layer["title"] is None:
            parts.append(Text(f"{by_whom(layer)}  {layer['title'] or ''}".rstrip()))
        else:
            parts.append(side_by_side(found, layer, found["language"]))
        shown.add(layer["target"])
    return Group(*parts)
