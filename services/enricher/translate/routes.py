"""Which engine translates which pair of languages, in which lane, as TRANSLATE_ROUTES says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from services.contracts.sources import Lane
from services.enricher.translate.engine import primary

NONE = "none"
"""The engine of a pair that is not to be translated."""
ANY = "*"
MOST_ROUTES = 1_000
SYNTAX = (
    "source:target=engine, with * for any source, a comma between two,"
    " @live or @backfill after the target and /headline after the engine where wanted: uz:en=nllb,*:en@backfill=none"
)
_ROUTE = re.compile(
    r"(?P<source>\*|[a-z]{2,3}(?:-[A-Z][a-z]{3})?):(?P<target>[a-z]{2,3}(?:-[A-Z][a-z]{3})?)"
    r"(?:@(?P<lane>live|backfill))?=(?P<engine>[a-z][a-z0-9-]{0,31})(?:/(?P<part>headline))?"
)

Part = Literal["all", "headline"]


@dataclass(frozen=True)
class Route:
    """A line of the routes: for these articles, that engine."""

    source: str
    """A BCP 47 tag, with or without script, or ANY."""
    target: str
    lane: Lane | None
    engine: str
    part: Part

    def fits(self, source: str, target: str, lane: Lane) -> bool:
        """Whether an article in `source`, wanted in `target`, takes this route."""
        return self.source in (ANY, source, primary(source)) and self.target == target and self.lane in (None, lane)

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        """The greater, the closer it says which articles it means: language, then script, then lane."""
        return self.source != ANY, "-" in self.source, self.lane is not None


@dataclass(frozen=True)
class Routes:
    """All routes; the closest one counts, whatever their order."""

    routes: tuple[Route, ...]

    @property
    def engines(self) -> frozenset[str]:
        """The engines that are named."""
        return frozenset(route.engine for route in self.routes if route.engine != NONE)

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages to translate into, in order."""
        return tuple(dict.fromkeys(route.target for route in self.routes))

    def route(self, source: str, target: str, lane: Lane) -> Route | None:
        """The closest route for such an article, None where there is none."""
        fitting = [route for route in self.routes if route.fits(source, target, lane)]
        return max(fitting, key=lambda route: route.weight, default=None)


def read_routes(text: str) -> Routes:
    """The routes that a setting names.

    Raises ValueError, with the part that can't be read and how it should look.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_ROUTES:
        raise ValueError(f"{len(parts)} routes; {MOST_ROUTES} are the most")
    routes: dict[tuple[str, str, str | None], Route] = {}
    for part in parts:
        found = _ROUTE.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is no route; a route is {SYNTAX}")
        lane: Lane | None = "live" if found["lane"] == "live" else "backfill" if found["lane"] else None
        key = (found["source"], found["target"], lane)
        if key in routes:
            raise ValueError(f"{part!r}: {found['source']}:{found['target']} has a route already")
        routes[key] = Route(
            found["source"], found["target"], lane, found["engine"], "headline" if found["part"] else "all"
        )
    return Routes(tuple(routes.values()))


def only_into(target: str, text: str) -> str:
    """The routes of a setting that lead to one language, or firefox for all where none does. Raises ValueError."""
    kept = [part for part in text.split(",") if part.strip() and read_routes(part).targets == (target,)]
    routes = ",".join(kept) or f"{ANY}:{target}=firefox"
    read_routes(routes)
    return routes
