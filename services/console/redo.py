"""Which stored articles are to be translated once more, and the articles themselves, out of the store's database."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from services.console.archive import rows
from services.console.local.errors import LocalRunError
from services.contracts.articles import ParsedArticle, TranslationStatus
from services.enricher.translate.engine import primary
from services.enricher.translate.routes import NONE, Routes
from services.store.revise import restored

Standing = TranslationStatus | Literal["none"]
BEST_FIRST: tuple[Standing, ...] = ("ok", "partial", "truncated", "unsupported", "unavailable", "failed", "none")
"""What an article may have in a language; `none`: it was never asked for."""
PAGE = 2_000
"""Articles that are looked at in one go, without their text."""
AT_ONCE = 20
"""Articles that are read whole in one go."""
UNKNOWN = "und"
_DAYS = re.compile(r"([0-9]{1,5})d")
_LOOK = """
SELECT a.article_id, c.language, coalesce(c.facts ->> 'lane', 'live') AS lane,
       char_length(c.title) + char_length(c.text) AS chars, char_length(c.title) AS title_chars,
       coalesce(a.published_at, a.first_fetched_at) AS at,
       coalesce((SELECT jsonb_agg(jsonb_build_array(t.engine, t.model, t.status)) FROM translations t
                 WHERE (t.article_id, t.content_key, t.target) = (a.article_id, a.content_key, %s)), '[]') AS layers
FROM articles a JOIN contents c ON (c.article_id, c.content_key) = (a.article_id, a.content_key)
WHERE a.article_id > %s AND a.gone_at IS NULL
  AND (%s::timestamptz IS NULL OR coalesce(a.published_at, a.first_fetched_at) >= %s)
ORDER BY a.article_id LIMIT %s
"""
_READ = """
SELECT c.article_id, c.content_key, c.fetched_at, c.title, c.lead, c.text, c.facts
FROM articles a JOIN contents c ON (c.article_id, c.content_key) = (a.article_id, a.content_key)
WHERE a.article_id = ANY (%s) AND a.gone_at IS NULL
"""


@dataclass(frozen=True)
class Wish:
    """What is to be done once more."""

    routes: Routes
    target: str = "en"
    engine: str | None = None
    """None: the one that the routes name for the article."""
    model: str | None = None
    """Name and version; None: any of the engine's."""
    source_language: str | None = None
    """With or without a script; None: any."""
    since: datetime | None = None
    standings: Collection[Standing] | None = None
    """Only articles of which the best translation stands so; None: all for which asking again may bring more."""
    max_chars: int | None = None
    """Longer articles stay truncated, however often they are asked for."""


@dataclass(frozen=True)
class Due:
    """An article that is to be translated once more."""

    article_id: str
    language: str
    engine: str
    chars: int
    """That the engine will be asked for, at most: what its cache knows is free."""
    at: datetime
    standing: Standing
    """How its best translation stands now."""
    elsewhere: str | None
    """The engine that the routes name instead, where they name another."""


def due(row: Mapping[str, Any], wish: Wish) -> Due | None:
    """The article of a row as the wish has it, or None where it is not meant or has what is wanted."""
    language: str = row["language"]
    if language == UNKNOWN or primary(language) == primary(wish.target):
        return None
    if wish.source_language not in (None, language, primary(language)):
        return None
    route = wish.routes.route(language, wish.target, row["lane"])
    routed = route.engine if route and route.engine != NONE else None
    engine = wish.engine or routed
    if engine is None:
        return None
    headline = route is not None and route.part == "headline"
    # A headline alone is called truncated, and is all that such a route ever gives.
    cut_for_good = headline or (wish.max_chars is not None and row["chars"] > wish.max_chars)
    enough = {"ok", "truncated"} if cut_for_good else {"ok"}
    if wish.standings is None:
        enough.add("unsupported")
    layers: Sequence[tuple[str, str, Standing]] = row["layers"]
    if any(e == engine and wish.model in (None, m) and status in enough for e, m, status in layers):
        return None
    standing: Standing = min((status for _, _, status in layers), key=BEST_FIRST.index, default="none")
    if wish.standings is not None and standing not in wish.standings:
        return None
    chars = row["title_chars"] if headline else row["chars"]
    elsewhere = None if routed == engine else routed or NONE
    return Due(row["article_id"], language, engine, chars, row["at"], standing, elsewhere)


async def all_due(database_url: str, wish: Wish) -> list[Due]:
    """Every stored article that is due, the newest first; those that are gone are left alone. Raises LocalRunError."""
    found: list[Due] = []
    after = ""
    while True:
        page = await rows(database_url, _LOOK, wish.target, after, wish.since, wish.since, PAGE)
        found += [one for one in (due(row, wish) for row in page) if one is not None]
        if len(page) < PAGE:
            return sorted(found, key=lambda one: (one.at, one.article_id), reverse=True)
        after = page[-1]["article_id"]


async def articles(database_url: str, ids: Sequence[str]) -> list[ParsedArticle]:
    """The current revisions of articles, as the parser wrote them, in the order of `ids`. Raises LocalRunError."""
    found = {row["article_id"]: restored(**row) for row in await rows(database_url, _READ, list(ids))}
    return [found[id_] for id_ in ids if id_ in found]


def since_of(text: str, now: datetime) -> datetime:
    """A day in UTC, as in 2026-11-01, or so many days ago, as in 7d. Raises LocalRunError."""
    if days := _DAYS.fullmatch(text):
        return now - timedelta(days=int(days[1]))
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise LocalRunError(f"--since {text!r} is neither a day like 2026-11-01 nor days like 7d.") from None


def standings_of(text: str) -> tuple[Standing, ...] | None:
    """The statuses of a comma-separated list, None for none. Raises LocalRunError naming those there are."""
    given = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := sorted(set(given) - set(BEST_FIRST)):
        raise LocalRunError(f"--status {', '.join(unknown)}: there are {', '.join(BEST_FIRST)}.")
    return tuple(standing for standing in BEST_FIRST if standing in given) or None
