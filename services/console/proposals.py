"""What recurs in the store and is not in the knowledge base, as a list that a person completes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.archive import rows
from services.contracts.folding import fold
from services.enricher.knowledge.base import KINDS, LANGUAGES, UNTOLD, Known
from services.enricher.knowledge.entries import MAX_NAME_CHARS, MAX_NAMES

MOST_NAMES = min(8, MAX_NAMES)
"""Of one thing in one language."""
_USUAL = {"PER": "person", "ORG": "body", "LOC": "city", "EVENT": "event", "DOC": "law"}
_SLUG = re.compile("[^a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SINCE = "a.duplicate_of IS NULL AND (%s::timestamptz IS NULL OR a.published_at >= %s)"
_NAMES = f"""
SELECT e.entity_id AS id, e.type, max(e.kind) AS kind, count(DISTINCT e.article_id) AS articles,
       count(DISTINCT a.host) AS sites, jsonb_agg(DISTINCT jsonb_build_array(a.language, a.script, e.name)) AS names
FROM entities e JOIN articles a USING (article_id, content_key)
WHERE e.entity_id LIKE 'name:%%' AND {_SINCE}
GROUP BY e.entity_id, e.type HAVING count(DISTINCT e.article_id) >= %s
ORDER BY articles DESC, sites DESC, id LIMIT %s
"""  # noqa: S608 - constants
_ACRONYMS = f"""
SELECT x.entity_id AS id, x.acronym, count(DISTINCT x.article_id) AS articles, count(DISTINCT a.host) AS sites,
       jsonb_agg(DISTINCT jsonb_build_array(a.language, a.script, x.long_form)) AS names
FROM acronyms x JOIN articles a USING (article_id, content_key)
WHERE {_SINCE}
GROUP BY x.entity_id, x.acronym HAVING count(DISTINCT x.article_id) >= %s
ORDER BY articles DESC, sites DESC, x.acronym LIMIT %s
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Proposal:
    """A thing that articles name and no list has; or a thing that has another short form in them."""

    id: str | None
    type: str
    kind: str | None
    articles: int
    sites: int
    names: dict[str, tuple[str, ...]]
    """Language → what articles in it call the thing."""


async def recurring(database_url: str, since: datetime | None, fewest: int, most: int) -> list[Proposal]:
    """What stands in that many articles, each but once for all its revisions; the most frequent first.

    Raises LocalRunError when the database is not there.
    """
    names = await rows(database_url, _NAMES, since, since, fewest, most)
    acronyms = await rows(database_url, _ACRONYMS, since, since, fewest, most)
    found = [
        Proposal(row["id"], row["type"], row["kind"], row["articles"], row["sites"], _by_language(row["names"]))
        for row in names
    ]
    for row in acronyms:
        called = {language: (*own, row["acronym"]) for language, own in _by_language(row["names"]).items()}
        found.append(Proposal(row["id"], "ORG", None, row["articles"], row["sites"], called))
    return sorted(found, key=lambda one: (-one.articles, -one.sites, one.id or ""))[:most]


def skeleton(proposals: Iterable[Proposal], knowledge: Sequence[Known]) -> str:
    """The proposals as a list in TOML, most frequent first; without the names that the thing has already."""
    known = {one.id: one for one in knowledge}
    parts = ["# What recurs in the store. Complete the names, correct the kinds, take out what is no thing.\n"]
    tables: dict[str, tuple[int, Proposal]] = {}
    for proposal in proposals:
        there = known.get(proposal.id or "")
        names = _that_are_new(proposal, there)
        if not names:
            continue
        key = there.id if there else _key(names)
        if key in tables:
            continue
        tables[key] = (proposal.articles, proposal)
        counted = f"{proposal.articles} article{'s' * (proposal.articles > 1)} of {proposal.sites} site"
        lines = [f"# {counted}{'s' * (proposal.sites > 1)}", f"[{json.dumps(key)}]" if there else f"[{key}]"]
        if there is None:
            kind = proposal.kind if proposal.kind in KINDS else _USUAL.get(proposal.type, "body")
            lines.append(f'kind = "{kind}"')
        lines += [f"{tag} = {json.dumps(own, ensure_ascii=False)}" for tag, own in names.items()]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _that_are_new(proposal: Proposal, there: Known | None) -> dict[str, list[str]]:
    found = {}
    for tag, names in proposal.names.items():
        has = {fold(name) for name in there.aliases.get(tag, ())} if there else set()
        clean = dict.fromkeys(_CONTROL.sub(" ", name).strip()[:MAX_NAME_CHARS] for name in names)
        if own := [name for name in clean if any(map(str.isalnum, name)) and fold(name) not in has][:MOST_NAMES]:
            found[tag] = own
    return found


def _key(names: dict[str, list[str]]) -> str:
    name = next((names[tag][0] for tag in ("en", "uz-Latn") if tag in names), next(iter(names.values()))[0])
    return _SLUG.sub("-", fold(name)).strip("-")[:60].strip("-") or "thing"


def _by_language(names: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, script, name in names:
        tags = (language, f"{language}-{script}", f"und-{script}")
        if tag := next((tag for tag in tags if tag in (*LANGUAGES, *UNTOLD)), None):
            found.setdefault(tag, []).append(name)
    return {tag: tuple(own) for tag, own in sorted(found.items())}
