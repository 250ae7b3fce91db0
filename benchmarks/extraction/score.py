"""What an extractor's answers are worth: text by shingles and snippets, titles, days, authors, languages."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from statistics import mean
from typing import Any

SHINGLE = 4
"""Words; in scripts without spaces a character is a word."""
NEARLY = 0.85
"""From this likeness on a title counts as nearly right."""

Answer = Mapping[str, Any]
"""`text`, `title`, `date` (ISO 8601), `authors`, `lang`, or `error`; each may be missing."""
Scores = dict[str, float]

_WORD = re.compile(r"\w+")
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")
_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:[T ](?P<clock>\d\d:\d\d)(?::\d\d(?:\.\d+)?)?\s?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_QUOTES = str.maketrans(
    dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’ʻʼ`", "'") | dict.fromkeys("–—‑", "-") | {"\u00a0": " "}
    | {"\u00ad": None, "\u200b": None}
)  # fmt: skip
_BY = re.compile(r"^(?:by|von|par|por|от|автор:?)\s+")


def page_scores(gold: Mapping[str, Any], answer: Answer) -> Scores:
    """One page's scores, of what its gold knows.

    `p`, `r`, `f`: multisets of word shingles of the whole text; `with`, `leak`: shares of the snippets that must and
    must not be there; `title`, `near`, `day`, `missing`, `language`: 1 or 0; `right`, `extra`, `lost`: authors.
    """
    text = str(answer.get("text") or "")
    scores: Scores = {"failed": float(bool(answer.get("error")))}
    if gold.get("text"):
        scores |= _likeness(str(gold["text"]), text)
    plain, lines = folded(text), {folded(line) for line in text.split("\n")}
    for field, name in (("with", "with"), ("without", "leak")):
        if gold.get(field):
            scores[name] = mean(_is_in(snippet, plain, lines) for snippet in gold[field])
    if gold.get("title"):
        wanted, found = folded(gold["title"]), folded(answer.get("title"))
        scores["title"] = float(wanted == found)
        scores["near"] = float(SequenceMatcher(None, wanted, found, autojunk=False).ratio() >= NEARLY)
    if gold.get("dates"):
        days = days_of(answer.get("date"))
        scores["day"], scores["missing"] = float(bool(days & set(gold["dates"]))), float(not days)
    if gold.get("authors"):
        named, given = names_of(gold["authors"]), names_of(answer.get("authors"))
        scores |= {"right": len(named & given), "extra": len(given - named), "lost": len(named - given)}
    if gold.get("lang"):
        scores["language"] = float(_language(answer.get("lang")) == _language(gold["lang"]))
    return scores


def totals(pages: Sequence[Scores]) -> Scores:
    """Means over the pages that have a score; `F` is the harmonic mean of P and R, `authors` a micro F1."""
    found: Scores = {"pages": len(pages), "failed": sum(page["failed"] for page in pages)}
    for name in ("with", "leak", "title", "near", "day", "missing", "language"):
        values = [page[name] for page in pages if name in page]
        if values:
            found[name] = mean(values)
    whole = [page for page in pages if "f" in page]
    if whole:
        found["P"], found["R"] = (mean([p[name] for p in whole if p[name] >= 0] or [0.0]) for name in ("p", "r"))
        found["F"] = 2 * found["P"] * found["R"] / (found["P"] + found["R"]) if found["P"] + found["R"] else 0.0
        found["mean F"] = mean(page["f"] for page in whole)
    right, extra, lost = (sum(page.get(name, 0) for page in pages) for name in ("right", "extra", "lost"))
    if right + lost:
        found["authors"] = 2 * right / (2 * right + extra + lost)
    return found


def _likeness(gold: str, text: str) -> Scores:
    """Precision and recall, below 0 where there is nothing to count, and F of one page."""
    wanted, given = _shingles(gold), _shingles(text)
    same, all_wanted, all_given = (wanted & given).total(), wanted.total(), given.total()
    return {
        "p": same / all_given if all_given else -1.0,
        "r": same / all_wanted if all_wanted else -1.0,
        "f": 2 * same / (all_wanted + all_given) if all_wanted + all_given else 1.0,
    }


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = [token for word in _WORD.findall(text) for token in _TOKEN.findall(word)]
    starts = range(max(1, len(words) - SHINGLE + 1))
    return Counter(shingle for i in starts if (shingle := tuple(words[i : i + SHINGLE])))


def _is_in(snippet: str, text: str, lines: set[str]) -> bool:
    """A snippet written as ^...$ must be a whole line."""
    if snippet.startswith("^") and snippet.endswith("$"):
        return folded(snippet[1:-1]) in lines
    return folded(snippet) in text


def folded(value: object) -> str:
    """Without case, and with one kind of quotes, dashes and spaces."""
    plain = unicodedata.normalize("NFKC", str(value or "")).translate(_QUOTES)
    return re.sub(r"\s+", " ", plain).strip().casefold()


def days_of(value: object) -> set[str]:
    """The days that an ISO date or instant can stand for: as written, and in UTC."""
    match = _INSTANT.match(str(value or "").strip())
    if match is None:
        return set()
    days = {match["day"]}
    if match["clock"] and match["zone"]:
        try:
            moment = datetime.fromisoformat(f"{match['day']}T{match['clock']}{match['zone']}")
            days.add(moment.astimezone(UTC).date().isoformat())
        except (ValueError, OverflowError):
            pass
    return days


def names_of(value: object) -> set[str]:
    """Names without case, marks and order of words."""
    listed = re.split(r"\s*[;,]\s*|\s+and\s+", value) if isinstance(value, str) else value
    found = set()
    for name in listed if isinstance(listed, (list, tuple)) else ():
        plain = re.sub(r"[^\w\s'.-]", " ", _BY.sub("", folded(name)))
        found.add(" ".join(sorted(plain.strip(" .-").split())))
    return found - {""}


def _language(tag: object) -> str:
    base = str(tag or "").strip().lower().replace("_", "-").split("-")[0]
    return {"nb": "no", "nn": "no", "iw": "he", "in": "id", "ua": "uk"}.get(base, base)
