"""The title of an article: the headline that a reader sees, confirmed by what the page says of itself.

Titles come in many dresses: `Headline | Section - Site` in the head, a kicker and the headline in one `<h1>`, a logo as
`<h1>` and the headline as `<h2>`, a claim cut at seventy characters. What two places agree on is the title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from services.parser.limits import MAX_TITLE_CHARS
from services.parser.metadata.stated import Heading, Stated, one_line, spelled
from services.parser.page.address import absolute, is_root, same_site
from services.parser.page.blocks import Block
from services.parser.page.headline import words_of
from services.parser.page.structured import Graph

_CUT = re.compile(
    r"\s{1,9}[|│¦\-–—·•»«:/~]{1,3}\s{1,9}|\s{0,9}[|│¦]\s{0,9}|\s{0,9}::\s{0,9}|(?<=[^\s»])»\s{1,9}|\s{1,9}«(?=[^\s«])"
)
_BAR = re.compile(r"\s{0,9}[|│¦]\s{0,9}")
_EDGES = " \t|│¦-–—·•:/~,"
_ELLIPSIS = re.compile(r"\s{0,3}(?:\.{3,4}|…)$")
_LABEL = re.compile(r"^(?:title|headline|blog\s+archive?|blog archiv)\s{0,3}(?:[:»]\s{0,3})", re.IGNORECASE)
_CLAIMS = (
    "og:title",
    "twitter:title",
    "dc.title",
    "dcterms.title",
    "parsely-title",
    "sailthru.title",
    "headline",
    "title",
)
_MOST_CUTS = 24
_MOST_LINK_CHARS = 500
_MOST_RUNS = 12
_LEAST_NAME = 3
_MOST_BESIDE = 12
"""Letters beside a site's name."""
_LEAST_LETTERS = 5
"""Of what is left when a site's name is cut off."""
_LEAST_SHOWN = 15
"""Letters of a line that is taken for the title."""
_MOST_BLOCKS = 400
"""Among which such a line is looked for."""
_MOST_LINKED = 0.8
_SURE = 0.5
_SURE_OF_A_LESSER = 0.75
_BONUS = (0.0, 0.1, 0.2)
_HIDDEN_MALUS = 0.15
_NO_NEED_TO_READ_ON = 1.0


class Claim(NamedTuple):
    """A title that the page states, without the site's name."""

    text: str
    origin: str
    folded: str
    words: frozenset[str]


def title_of(stated: Stated, graph: Graph, sites: frozenset[str], sections: frozenset[str]) -> tuple[str, str] | None:
    """The title and where it came from, or None. `sites` and `sections` are folded names, as of `folded`."""
    claims = list(_claims(stated, graph, sites, sections))
    shown: list[Heading] = []
    best, headline = 0.0, None
    # The lesser headings are read only where no first-level one is sure.
    for headings in (
        [h for h in stated.headings if h.strength == 2],
        [h for h in stated.headings if h.strength < 2],
    ):
        if best >= _NO_NEED_TO_READ_ON:
            break
        for heading in headings:
            if heading.text and not _is_name(folded(heading.text), sites):
                shown.append(heading)
                rank = _rank(heading, claims)
                if rank > best:
                    best, headline = rank, heading
    if headline is not None and best >= _SURE:
        return _trimmed(headline, claims, sites, sections), "headline"
    first = [h for h in shown if h.tag == "h1" and not h.hidden]
    if len(first) == 1 and len(words_of(first[0].text)) >= 3:
        return _trimmed(first[0], claims, sites, sections), "headline"
    named = [c for c in claims if not _is_name(c.folded, sites)]
    if named:
        return _agreed(named)
    if first or shown:
        return without_names((first or shown)[0].text, sites, sections), "headline"
    return None


def names_of_site(stated: Stated, graph: Graph, url: str) -> frozenset[str]:
    """The folded names of the page's site: what it calls itself, and the words of its host."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    labels = host.split(".")
    label = labels[0] if len(labels) < 3 else labels[-3] if len(labels[-2]) <= 3 else labels[-2]
    said = [stated.first("og:site_name"), stated.first("application-name"), *graph.site_names()]
    # What leads home is the site's name, though it be the page's first headline.
    said += [h.text for h in stated.headings if h.tag == "h1" and h.leads_to and _leads_home(url, h.leads_to)]
    shared = stated.first("og:title")
    if _leads_home(url, stated.first("og:url") or ""):
        # What is shared is the site, by its name, whatever the page.
        said, shared = [*said, shared], None
    # Some templates give the title of the page for the site's name.
    titles = {folded(t) for t in (stated.title, shared, graph.text("headline")) if t}
    return frozenset(name for name in map(folded, filter(None, (*said, host, label))) if name and name not in titles)


def _leads_home(url: str, link: str) -> bool:
    target = absolute(url, link[:_MOST_LINK_CHARS])
    return target is not None and is_root(target) and not is_root(url) and same_site(url, target)


def as_shown(title: str, blocks: Sequence[Block]) -> str:
    """The part of a title of the head that readers see as a line of its own; all of it where they see none."""
    cuts = list(_CUT.finditer(title))[:_MOST_CUTS]
    parts = {part.strip() for cut in cuts for part in (title[: cut.start()], title[cut.end() :])}
    long = {part for part in parts if len(folded(part)) >= _LEAST_SHOWN}
    if long:
        for block in blocks[:_MOST_BLOCKS]:
            if block.text in long and block.linked < _MOST_LINKED and block.part == "content":
                return block.text
    return title


@lru_cache(maxsize=4_096)
def folded(text: str) -> str:
    """Letters and digits alone, in one case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def without_names(title: str, sites: frozenset[str], sections: frozenset[str] = frozenset()) -> str:
    """The title without the names of site and section before or after it."""
    for _ in range(_MOST_CUTS):
        cuts = list(_CUT.finditer(title))
        if not cuts:
            return title
        head, tail = title[: cuts[-1].start()], title[cuts[-1].end() :]
        first, rest = title[: cuts[0].start()], title[cuts[0].end() :]
        if len(folded(head)) >= _LEAST_LETTERS and _is_known(folded(tail), sites, sections):
            title = head.strip()
        elif len(folded(rest)) >= _LEAST_LETTERS and _is_known(folded(first), sites, sections):
            title = rest.strip()
        else:
            # A site's name with a separator in it: Site - News and more.
            longer = next(
                (c for c in cuts[:-1] if len(folded(title[: c.start()])) >= _LEAST_LETTERS
                 and folded(title[c.end() :]) in sites),
                None,
            )  # fmt: skip
            if longer is None:
                return title
            title = title[: longer.start()].strip()
    return title


def _claims(stated: Stated, graph: Graph, sites: frozenset[str], sections: frozenset[str]) -> Iterator[Claim]:
    headline = graph.text("headline") or graph.text("name")
    said = [(one_line(headline), "json-ld")] if headline else []
    for name in _CLAIMS:
        said += [(text, "opengraph" if ":" in name else "meta") for text in stated.meta.get(name, ())[:1]]
    if stated.title:
        said.append((stated.title, "title"))
    seen = set()
    for text, origin in said:
        # Cut first: what is no title in its first thousand characters is none, and parting it from the site takes long.
        bare = without_names(_LABEL.sub("", text[: 2 * MAX_TITLE_CHARS]), sites, sections)
        fold = folded(bare)
        if fold and (fold, origin) not in seen:
            seen.add((fold, origin))
            yield Claim(bare, origin, fold, frozenset(words_of(bare)))


def _rank(heading: Heading, claims: Sequence[Claim]) -> float:
    words = words_of(heading.text)
    if not words:
        return 0.0
    alike = 0.0
    for claim in claims:
        shared = len(words & claim.words)
        if heading.strength < 2 and shared < len(words) - 1:
            continue
        alike = max(alike, shared / len(words | claim.words))
        # A headline that the claim holds whole, with more around it, is confirmed too.
        if len(words) >= 3 and heading.strength == 2:
            alike = max(alike, 0.9 * shared / len(words))
        elif alike < _SURE_OF_A_LESSER and shared == len(words) and heading.text in _parts(claim.text):
            return _SURE_OF_A_LESSER + 0.2 * shared / len(claim.words)
    if alike < (_SURE if heading.strength == 2 else _SURE_OF_A_LESSER):
        return 0.0
    return alike + _BONUS[heading.strength] - (_HIDDEN_MALUS if heading.hidden else 0.0)


def _parts(text: str) -> Iterator[str]:
    """What stands before and after each separator."""
    for cut in list(_CUT.finditer(text))[:_MOST_CUTS]:
        yield text[: cut.start()]
        yield text[cut.end() :]


def _trimmed(heading: Heading, claims: Sequence[Claim], sites: frozenset[str], sections: frozenset[str]) -> str:
    """The headline without a kicker or a subtitle that stands in the same element."""
    text = _LABEL.sub("", _spaced([run for run, _ in heading.runs], claims))
    major = _LABEL.sub("", _spaced([run for run, minor in heading.runs if not minor], claims)).strip(_EDGES)
    if major != text and len(words_of(major)) >= 2:
        text = major
    known = {c.folded: c for c in claims}
    bare = without_names(text, sites, sections)
    for candidate in (text, bare):
        if claim := known.get(folded(candidate)):
            return _headed(_cased(candidate, claim))
    runs = [run for run, minor in heading.runs if run.strip() and not minor]
    if 1 < len(runs) <= _MOST_RUNS:
        spans = [(i, j) for i in range(len(runs)) for j in range(i + 1, len(runs) + 1) if (i, j) != (0, len(runs))]
        for i, j in sorted(spans, key=lambda s: s[0] - s[1]):
            part = spelled("".join(runs[i:j])).strip(_EDGES)
            claim = known.get(folded(part))
            if claim and len(claim.words) >= 2:
                return _cased(part, claim)
    for part in _parts(bare):
        claim = known.get(folded(part))
        if claim and len(claim.words) >= 2:
            return _cased(part, claim)
    if _ELLIPSIS.search(bare):
        start = folded(_ELLIPSIS.sub("", bare))
        bare = next((c.text for c in claims if c.folded.startswith(start) and not _ELLIPSIS.search(c.text)), bare)
    return _headed(bare)


def _headed(title: str) -> str:
    """What stands before a bar: what stands after it files the article."""
    head = _BAR.split(title)[0]
    return head if len(words_of(head)) >= 3 else title


def _spaced(runs: Sequence[str], claims: Sequence[Claim]) -> str:
    """Runs as one text, with a space between two elements where the claims know none that has both as one word."""
    words = frozenset().union(*(c.words for c in claims)) if claims else frozenset()
    text = ""
    for run in runs:
        if text and run and text[-1].isalnum() and run[0].isalnum():
            last, first = re.split(r"\W", text)[-1], re.split(r"\W", run)[0]
            whole = unicodedata.normalize("NFKC", last + first).casefold()
            glued = whole in words or (len(last) == 1 and len(text) == 1)
            text += run if glued else " " + run
        else:
            text += run or " "
    return spelled(text)


def _cased(shown: str, claim: Claim) -> str:
    """The shown spelling; the claim's where the page shows capitals only."""
    return claim.text if shown.isupper() and not claim.text.isupper() and len(claim.words) > 2 else shown


def _agreed(claims: Sequence[Claim]) -> tuple[str, str]:
    """The first claim, or a shorter one that it holds with more around it; a cut one is completed."""
    best = claims[0]
    if _ELLIPSIS.search(best.text):
        start = folded(_ELLIPSIS.sub("", best.text))
        best = next((c for c in claims if c.folded.startswith(start) and not _ELLIPSIS.search(c.text)), best)
    for claim in claims[1:]:
        if claim.folded != best.folded and len(claim.words) >= 2 and any(
            folded(part) == claim.folded for part in _parts(best.text)
        ):  # fmt: skip
            return claim.text, claim.origin
    head = _BAR.split(best.text)[0]
    return (head, best.origin) if len(words_of(head)) >= 2 or len(head) > 12 else (best.text, best.origin)


def _is_known(part: str, sites: frozenset[str], sections: frozenset[str]) -> bool:
    """Whether what stands beside a separator is a section or the site, with a word or two more: Dolina News."""
    if part in sections or _is_name(part, sites):
        return True
    return any(len(name) > _LEAST_NAME and name in part and len(part) < len(name) + _MOST_BESIDE for name in sites)


def _is_name(part: str, sites: frozenset[str]) -> bool:
    """Whether a whole title is the site's name or a part of it; one that holds the name may be a headline."""
    return bool(part) and (part in sites or any(len(part) > _LEAST_NAME and part in name for name in sites))
