"""BCP 47 tags with script, and the codes that engines list for their languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from services.enricher.orthography.uzbek import to_latin
from services.enricher.translate.engine import primary

_TAG = re.compile(r"([a-zA-Z]{2,3})(?:-([a-zA-Z]{4}))?(?:-([a-zA-Z]{2}|[0-9]{3}))?")
SCRIPT_MEANT: Mapping[str, str] = MappingProxyType(
    {
        "az": "latn",
        "en": "latn",
        "fa": "arab",
        "kk": "cyrl",
        "ky": "cyrl",
        "pt": "latn",
        "ru": "cyrl",
        "tg": "cyrl",
        "tk": "latn",
        "tr": "latn",
        "tt": "cyrl",
        "ug": "arab",
        "uz": "latn",
    }
)
"""The script that engines mean by a code without one; text in another script is another language to them."""


@dataclass(frozen=True)
class SourceCode:
    """How an engine calls the language of a text."""

    code: str
    to_latin: bool = False
    """The engine knows this Uzbek in Latin letters only, and gets it so."""


@dataclass(frozen=True)
class Pair:
    """Two languages as an engine calls them."""

    source: SourceCode
    target: str


def by_lower(codes: Iterable[str]) -> dict[str, str]:
    """An engine's codes by their lower case."""
    return {code.lower().replace("_", "-"): code for code in codes}


def pair(
    source: str,
    target: str,
    read: Mapping[str, str],
    written: Mapping[str, str],
    preferred: Mapping[str, str] | None = None,
) -> Pair | None:
    """The codes of two different languages, out of what the engine reads and writes; None where it does not."""
    code, into = source_code(source, read), target_code(target, written, preferred)
    return Pair(code, into) if code and into and primary(source) != primary(target) else None


def source_code(tag: str, codes: Mapping[str, str]) -> SourceCode | None:
    """The code for a text in `tag`, out of `by_lower`; None where the engine does not read it."""
    found = target_code(tag, codes)
    if found is not None:
        return SourceCode(found)
    if tag.lower() == "uz-cyrl" and (latin := target_code("uz-Latn", codes)) is not None:
        return SourceCode(latin, to_latin=True)
    return None


def target_code(tag: str, codes: Mapping[str, str], preferred: Mapping[str, str] | None = None) -> str | None:
    """The code for a translation into `tag`, out of `by_lower`; None where the engine does not write it.

    `preferred`: language → variant, where the engine asks for one and the tag names none.
    """
    tried = [*_candidates(tag), *[code.lower() for code in [(preferred or {}).get(tag.lower())] if code]]
    return next((codes[candidate] for candidate in tried if candidate in codes), None)


def in_latin(source: SourceCode, units: Sequence[str]) -> list[str]:
    """The units in the letters that the engine reads."""
    return [to_latin(unit) for unit in units] if source.to_latin else list(units)


def _candidates(tag: str) -> list[str]:
    """What may stand for a tag in an engine's list, the closest first."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return []
    language, script, region = (part.lower() if part else "" for part in found.groups())
    meant = SCRIPT_MEANT.get(language, "")
    tried = [(language, script, region), (language, script, "")] if script else []
    if script in ("", meant):
        tried += [(language, "", region), (language, "", ""), (language, meant, "")]
    return list(dict.fromkeys("-".join(part for part in parts if part) for parts in tried))
