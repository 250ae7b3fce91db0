"""What a site recipe found, put in the place of what the general way found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.parser.body.selection import Selection
from services.parser.limits import MAX_NAME_CHARS
from services.parser.metadata.metadata import Metadata
from services.parser.metadata.persons import names_in
from services.parser.page.blocks import Block
from services.parser.page.headline import headline
from services.parser.recipe import BODY, DROP, Applied

RECIPE = "recipe"
"""What provenance and the method of extraction say of such values."""


def with_recipe(metadata: Metadata, recipe: Applied | None, blocks: Sequence[Block]) -> Metadata:
    """The metadata with the recipe's title, authors, section and lead, where it found them."""
    if recipe is None:
        return metadata
    named = names_in(recipe.authors)
    persons = named.persons or (() if named.bodies else named.accounts)
    found: dict[str, object] = {
        "title": recipe.title,
        "authors": persons,
        "organizations": named.bodies,
        "section": recipe.section and recipe.section[:MAX_NAME_CHARS].strip(),
        "lead": recipe.lead,
    }
    known = {name: value for name, value in found.items() if value}
    if not known:
        return metadata
    at = headline(recipe.title, blocks) if recipe.title else metadata.headline
    origins = metadata.origins | dict.fromkeys(known, RECIPE)
    return replace(metadata, headline=at, origins=origins, **known)  # type: ignore[arg-type]  # the names are its fields


def chosen_by(recipe: Applied | None, blocks: Sequence[Block]) -> Selection | None:
    """The blocks that stand in the recipe's body and are not dropped, or None where it found no body."""
    if recipe is None or not recipe.has_body:
        return None
    kept = tuple(i for i, block in enumerate(blocks) if block.text and block.marks & (BODY | DROP) == BODY)
    chosen = set(kept)
    return Selection(kept, [float(i in chosen) for i in range(len(blocks))], 1.0, RECIPE) if kept else None


def without_dropped(selection: Selection, blocks: Sequence[Block]) -> Selection:
    """The selection of a model without the blocks that the recipe drops."""
    if not any(blocks[i].marks & DROP for i in selection.kept):
        return selection
    return replace(selection, kept=tuple(i for i in selection.kept if not blocks[i].marks & DROP))
