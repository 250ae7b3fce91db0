"""What a page says about its use: directives for robots, reservations against mining and training, and paywalls."""

from __future__ import annotations

from typing import Any

from services.contracts.pages import Rights
from services.parser.limits import MAX_NAME_CHARS, MAX_TAGS
from services.parser.metadata.stated import Stated
from services.parser.page.structured import Graph

_OPT_OUTS = frozenset({"noai", "noimageai", "notrain"})
_ROBOTS = ("robots", "googlebot", "googlebot-news")
_NO_FREE_WORDS = frozenset({"false", "0", "no"})
_YES_WORDS = frozenset({"true", "1", "yes", "locked", "metered", "paid", "premium", "subscription", "subscribers"})
_NO_WORDS = frozenset({"false", "0", "no", "free", "open", "public"})
_TIERS = ("article:content_tier", "og:article:content_tier", "content_tier", "content-tier", "paywall", "is_paywalled",
          "ispaywalled", "article:paywall", "premium", "content-access", "access")  # fmt: skip
_MOST_PARTS = 20


def rights_of(stated: Stated, graph: Graph, known: Rights) -> tuple[Rights, dict[str, str]]:
    """The rights, those known from the HTTP headers included, and where each field came from."""
    origins: dict[str, str] = {}
    directives = dict.fromkeys(known.robots)
    for name in _ROBOTS:
        for content in stated.meta.get(name, ()):
            found = [d.strip().lower()[:MAX_NAME_CHARS] for d in content.split(",")[:MAX_TAGS]]
            directives.update(dict.fromkeys(d for d in found if d))
            origins["rights.robots"] = "meta"
    paid = _paid_by_structure(graph)
    if paid is not None:
        origins["rights.paywalled"] = "json-ld"
    elif (paid := _paid_by_tier(stated)) is not None:
        origins["rights.paywalled"] = "meta"
    reserved = stated.first("tdm-reservation") == "1"
    if reserved or _OPT_OUTS & directives.keys():
        origins["rights.training_opt_out"] = "meta"
    return (
        Rights(
            robots=tuple(directives)[:MAX_TAGS],
            paywalled=paid if paid is not None else known.paywalled,
            training_opt_out=True if reserved or _OPT_OUTS & directives.keys() else known.training_opt_out,
        ),
        origins,
    )


def _paid_by_structure(graph: Graph) -> bool | None:
    """schema.org's isAccessibleForFree, of the article or of the part that its cssSelector names."""
    answer = None
    for node in graph.articles:
        if (free := node.get("isAccessibleForFree")) is not None:
            if _says_no(free):
                return True
            answer = False
        parts = node.get("hasPart")
        for part in (parts if isinstance(parts, list) else [parts])[:_MOST_PARTS]:
            if isinstance(part, dict) and part.get("cssSelector") and _says_no(part.get("isAccessibleForFree")):
                return True
    return answer


def _paid_by_tier(stated: Stated) -> bool | None:
    for name in _TIERS:
        word = (stated.first(name) or "").lower()
        if word in _YES_WORDS or word in _NO_WORDS:
            return word in _YES_WORDS
    return None


def _says_no(value: Any) -> bool:
    return value is not None and str(value)[:60].strip().lower().rsplit("/", 1)[-1] in _NO_FREE_WORDS
