"""A translated article on the screen: each sentence beside its translation, with who made it and what was not taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.contracts.articles import UNTRANSLATED, SentenceFlaw

FLAWS: Mapping[SentenceFlaw, str] = {
    "empty": "nothing came back",
    "copy": "the source came back as it was",
    "repeats": "it repeats itself",
    "length": "far too long or too short",
    "script": "in another script",
    "language": "in another language",
    "numbers": "a number or a date is not the source's",
    "unknown": "too many words unknown to the model",
    "unfinished": "it ends in the middle",
    "refused": "the engine refused it",
}
"""In words, for who reads."""
NOTHING = "[not translated]"


@dataclass(frozen=True)
class Line:
    """A sentence and its translation; None where there is none."""

    paragraph: int | None
    source: str
    translation: str | None
    flaw: SentenceFlaw | None = None


def best_first(translations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The layers of an article: whole ones before others, of each the newest before older ones."""
    newest = sorted(translations, key=lambda layer: layer["enriched_at"], reverse=True)
    return sorted(newest, key=lambda layer: layer["status"] != "ok")


def lines(article: Mapping[str, Any], layer: Mapping[str, Any]) -> Iterator[Line]:
    """The article as the layer aligns it: sentence by sentence; where it does not, paragraph by paragraph."""
    sources: list[str] = [p for p in article["text"].split("\n\n") if p]
    targets: list[str | None] = list(layer["paragraphs"])
    pairs: list[Mapping[str, Any]] = layer["sentences"]
    aligned = {pair.get("paragraph") for pair in pairs}
    for paragraph in (None, *range(len(sources))):
        if paragraph is None:
            source, target = article["title"], layer["title"]
        else:
            source, target = sources[paragraph], targets[paragraph] if paragraph < len(targets) else None
        if paragraph not in aligned:
            yield Line(paragraph, source, target)
            continue
        for pair in (pair for pair in pairs if pair.get("paragraph") == paragraph):
            start, end = pair.get("target_start"), pair.get("target_end")
            told = target[start:end] if target is not None and start is not None and end is not None else None
            yield Line(paragraph, source[pair["start"] : pair["end"]], told, pair.get("flaw"))


def by_whom(layer: Mapping[str, Any]) -> str:
    """Language, engine, model and status of a layer in one line."""
    engine = f"{layer['engine']} {layer['model'] or ''}".strip()
    said = f"{layer['target']}: {layer['status']}, by {engine}"
    return f"{said} ({layer['detail']})" if layer["detail"] else said


def side_by_side(
    article: Mapping[str, Any], layer: Mapping[str, Any], source_language: str, most: int | None = None
) -> RenderableType:
    """The article beside its translation, `most` lines of it."""
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column(source_language, ratio=1, overflow="fold")
    table.add_column(layer["target"], ratio=1, overflow="fold")
    shown = list(lines(article, layer))
    before: int | None = None
    for line in shown[:most]:
        if line.paragraph != before:
            table.add_row()
        before = line.paragraph
        style = "bold" if line.paragraph is None else ""
        table.add_row(Text(line.source, style=style), _told(line, style))
    parts: list[RenderableType] = [Text(by_whom(layer), style="bold"), table]
    if most is not None and len(shown) > most:
        parts.append(Text(f"… and {len(shown) - most} more", style="dim"))
    if layer["names_missing"]:
        parts.append(Text(f"names that are not in it: {', '.join(layer['names_missing'])}", style="dim"))
    return Group(*parts)


def _told(line: Line, style: str) -> Text:
    if line.flaw is not None:
        why = FLAWS.get(line.flaw, line.flaw)
        return Text(f"{UNTRANSLATED} {line.flaw}: {why}", style="yellow")
    return Text(NOTHING, style="dim") if line.translation is None else Text(line.translation, style=style)
