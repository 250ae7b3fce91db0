"""Who wrote an article: by structured data, meta tags, marked elements and lines that read like a byline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from services.parser.body import noise
from services.parser.limits import MAX_AUTHORS, MAX_LINE_CHARS, MAX_NAME_CHARS
from services.parser.metadata.persons import Names, after_label, is_label, is_sure_label, names_in
from services.parser.metadata.stated import Authored, Stated
from services.parser.metadata.titles import folded
from services.parser.page.blocks import Block
from services.parser.page.names import KEYWORDS
from services.parser.page.structured import Graph, kinds, tidy

_META = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl",
    "article:author_name", "citation_author", "authors", "cxenseparse:author", "vr:author", "dc.creator.personalname",
    "og:article:author", "creator", "byline",
)  # fmt: skip
_STATED = ("json-ld", "label")
_SHOWN = ("text", "marked", "shaped", "signed")
_ORDER = ("text", "marked", "meta", "signed", "shaped")
_ORDER_BESIDE_A_BODY = ("text", "shaped")
"""Where the page states a body as its author, only a byline at the headline says that a person wrote."""
_ORDER_OF_ACCOUNTS = ("meta", "marked")
_ORDER_OF_BODIES = ("label", "json-ld", "text", "marked", "meta")
_ORIGINS = {"label": "meta", "text": "byline", "marked": "byline", "signed": "byline", "shaped": "byline"}
_BLOCKS_AROUND = (4, 14)
"""How many blocks before and after the headline may be a byline."""
_OF_THE_HEADLINE = 3
"""Blocks from the headline within which a footer is the headline's and not the page's."""
_MOST_MEMBERS = 40
_BARS = re.compile(r"\s[|·•/]\s")
_SPACES_OF_A_SENTENCE = 5
"""Shorter ones may be a name with a job."""
_MOST_SHAPED = 60
_NEAR = 12
"""Marked elements between the headline and a byline that is taken for near."""
_MARKS = ("rel", "itemprop", "class", "link")
_AUTHOR_BIT = next(1 << bit for bit, parts in enumerate(KEYWORDS) if "byline" in parts.split())
_OTHER_CREDIT = re.compile(r"(?:review|check|edit|translat|photo|foto|фото|surat|сурат)\w{0,8}\W{0,3}$", re.IGNORECASE)
_DATED = re.compile(r"\d{1,2}[./]\d{1,2}[./]\d{2}|\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b|\bmin\b")
_DATELINE = re.compile(r"^\d[^-–—]{5,40}, [^\W\d_][^,\d]{1,30}? [-–—] [^,]{2,40}, (?P<name>[^,]{4,60})$")
"""`10:17, 18 April 2025, Bishkek - Agency, First Last`: the agencies' own line."""
_DATE_FIRST = re.compile(r"^[\d./,:\s]{6,20}[-–—|·•⋅]\s{0,3}|^[^\W\d]{3,10}\.?\s\d{1,2},\s\d{4}\s{0,3}[-–—|·•⋅]\s{0,3}")


class Credits(NamedTuple):
    """Who an article is by; `origins` says where `authors` and `organizations` came from."""

    persons: tuple[str, ...]
    bodies: tuple[str, ...]
    origins: dict[str, str]


def authors_of(
    stated: Stated, graph: Graph, blocks: Sequence[Block], headline: int | None, sites: frozenset[str]
) -> Credits:
    """Persons and bodies that are named as authors, each from the best place that names one."""
    sources = _sources(stated, graph, blocks, headline, sites)
    read: dict[str, Names] = {}

    def names(kind: str) -> Names:
        if kind not in read:
            read[kind] = sources[kind]()
        return read[kind]

    persons, origin = _persons(names)
    # Where a person is known, no more is read for bodies than was read for the person.
    among = [kind for kind in _ORDER_OF_BODIES if kind in read or not persons]
    of_bodies = next((kind for kind in among if names(kind).bodies), None)
    origins = {"authors": _ORIGINS.get(origin, origin)} if persons else {}
    if of_bodies:
        origins["organizations"] = _ORIGINS.get(of_bodies, of_bodies)
    return Credits(persons, names(of_bodies).bodies if of_bodies else (), origins)


def _persons(names: Callable[[str], Names]) -> tuple[tuple[str, ...], str]:
    """The persons and the kind of place that names them; an empty kind where none does."""
    for kind in _STATED:
        if persons := names(kind).persons:
            return persons, kind
    for kind in _STATED:
        if accounts := names(kind).accounts:
            # An account or a first name: the byline that readers see may spell it out.
            for shown in _SHOWN:
                if full := tuple(p for p in names(shown).persons if any(_is_short_for(a, p) for a in accounts)):
                    return full, shown
            return accounts, kind
    stated_body = any(names(kind).bodies for kind in _STATED)
    for kind in _ORDER_BESIDE_A_BODY if stated_body else _ORDER:
        if persons := names(kind).persons:
            return persons, kind
    if not stated_body:
        for kind in _ORDER_OF_ACCOUNTS:
            if accounts := names(kind).accounts:
                return accounts, kind
    return (), ""


def _is_short_for(account: str, person: str) -> bool:
    one, other = folded(account), folded(person)
    return one in other or other in one


def _sources(
    stated: Stated, graph: Graph, blocks: Sequence[Block], headline: int | None, sites: frozenset[str]
) -> dict[str, Callable[[], Names]]:
    """What each kind of place says of the authors; a place is read when it is asked."""
    return {
        "json-ld": lambda: _structured(graph, sites),
        "meta": lambda: _in_meta(stated, sites),
        "label": lambda: _labelled(stated, sites),
        "marked": lambda: _marked(stated, sites),
        "text": lambda: _read(blocks, headline, sites),
        "signed": lambda: _signed(blocks, headline, sites),
        "shaped": lambda: _shaped(blocks, headline, sites),
    }


def _structured(graph: Graph, sites: frozenset[str]) -> Names:
    persons: list[str] = []
    bodies: list[str] = []
    own_sites: set[str] = set()
    for node in graph.articles:
        for member in _members(graph, node.get("author") or node.get("creator")):
            name = member.get("name") if isinstance(member, dict) else member
            of = kinds(member) if isinstance(member, dict) else set()
            body = "Person" not in of and any("Organization" in kind for kind in of)
            for text in (name if isinstance(name, list) else [name])[:MAX_AUTHORS]:
                if isinstance(text, str):
                    (bodies if body else persons).append(text)
                    if "Person" in of and len(text) <= MAX_NAME_CHARS:
                        own_sites.add(folded(text))
        if persons or bodies:
            break
    # A site may be called after the person who writes it, where its data knows no organization of that name.
    named = names_in(persons, sites - (own_sites - set(map(folded, graph.organizations()))))
    # What is typed as an organization is one, `Smith and Sons` too.
    typed = (name for text in bodies if 1 < len(name := tidy(text)) <= MAX_NAME_CHARS)
    return named._replace(bodies=tuple(dict.fromkeys((*named.bodies, *typed)))[:MAX_AUTHORS])


def _members(graph: Graph, value: Any) -> Iterator[Any]:
    yield from graph.each(value[:_MOST_MEMBERS] if isinstance(value, list) else value)


def _in_meta(stated: Stated, sites: frozenset[str]) -> Names:
    return names_in([_turned(n, v) for n in _META for v in stated.meta.get(n, ())][:_MOST_MEMBERS], sites)


def _turned(name: str, value: str) -> str:
    """`Last, First` of bibliographic tags the other way round."""
    last, comma, first = value.partition(", ")
    if comma and (name == "citation_author" or name.startswith("dc")) and len(value.split()) <= 4 and "," not in first:
        return f"{first} {last}"
    return value


def _labelled(stated: Stated, sites: frozenset[str]) -> Names:
    """WordPress says `Written by` in one meta tag and who in the next."""
    for label, data in (("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")):
        said, name = stated.first(label), stated.first(data)
        if said and name and is_label(said):
            return names_in([name], sites)
    return Names((), ())


def _marked(stated: Stated, sites: frozenset[str]) -> Names:
    headline = max((h for h in stated.headings if h.tag == "h1"), key=lambda h: h.at, default=None)
    place = headline.at if headline else 0
    near = sorted(
        (a for a in stated.authored if not a.apart),
        key=lambda a: (
            a.mark == "link",
            a.at < place,
            abs(a.at - place) > _NEAR,
            _MARKS.index(a.mark),
            abs(a.at - place),
        ),
    )
    weak = Names((), ())
    for first in near[:12]:
        list_of = set(first.around[:2])
        group = [a for a in near if a is first or (a.signature == first.signature and list_of & set(a.around[:2]))][
            :MAX_AUTHORS
        ]
        group.sort(key=lambda a: a.at)
        names = _of_group(group, sites)
        if names.persons:
            return names
        if not (weak.bodies or weak.accounts):
            weak = names
    return weak


def _of_group(group: Sequence[Authored], sites: frozenset[str]) -> Names:
    linked = names_in([text for a in group for text in a.linked], sites)
    if linked.persons:
        return linked
    names = names_in([line for a in group for line in a.lines], sites)
    return names._replace(accounts=tuple(name for name in names.accounts if " " not in name))


def _read(blocks: Sequence[Block], headline: int | None, sites: frozenset[str]) -> Names:
    start = 0 if headline is None else max(0, headline - _BLOCKS_AROUND[0])
    end = (60 if headline is None else headline) + _BLOCKS_AROUND[1]
    weak = Names((), ())
    for index in range(start, min(end, len(blocks))):
        block = blocks[index]
        # Themes put a byline into a <footer> of the headline, too.
        apart = block.part == "related" or (block.part == "footer" and abs(index - (headline or 0)) > _OF_THE_HEADLINE)
        if len(block.text) > MAX_LINE_CHARS or apart:
            continue
        for text in _bylines(blocks, index):
            names = names_in([text], sites)
            if names.persons:
                return names
            if names.bodies and not weak.bodies:
                weak = names
    return weak._replace(accounts=())


def _bylines(blocks: Sequence[Block], index: int) -> Iterator[str]:
    """What a short block says after a label: in its text, in its elements, or in the block after it."""
    block = blocks[index]
    if block.text.count(" ") >= _SPACES_OF_A_SENTENCE and noise.is_sentence(block.text):
        return
    if (text := after_label(block.text)) and len(text) <= MAX_LINE_CHARS:
        yield text
    if len(block.text) <= MAX_LINE_CHARS:  # beside a date: in an element of its own, or behind a bar
        beside = [text for _, text in block.pieces[1:12]] or _BARS.split(block.text)[1:]
        yield from filter(None, (after_label(part.strip()) for part in beside))
    for at, (_, piece) in enumerate(block.pieces[:12]):
        # Medically reviewed | by | Jane Doe: that is no author.
        if at and _OTHER_CREDIT.search(block.pieces[at - 1][1]):
            continue
        if is_label(piece.strip("|•· ")) and at + 1 < len(block.pieces):
            yield " ".join(text for _, text in block.pieces[at + 1 :])
    if is_label(block.text) and index + 1 < len(blocks) and len(blocks[index + 1].text) <= MAX_LINE_CHARS:
        yield blocks[index + 1].text


def _signed(blocks: Sequence[Block], headline: int | None, sites: frozenset[str]) -> Names:
    """A byline anywhere in the text, below it as a rule, after a label that leaves no doubt."""
    for index in range(0 if headline is None else headline, len(blocks)):
        block = blocks[index]
        if len(block.text) > MAX_LINE_CHARS // 2 or block.part != "content" or not is_sure_label(block.text):
            continue
        for text in _bylines(blocks, index):
            names = names_in([text], sites)
            if names.persons:
                return names
    return Names((), ())


def _shaped(blocks: Sequence[Block], headline: int | None, sites: frozenset[str]) -> Names:
    """A name by itself below the headline, with a date beside it or in an element that is named for authors."""
    if headline is None:
        return Names((), ())
    for index in range(headline + 1, min(headline + 9, len(blocks))):
        block = blocks[index]
        if dateline := _DATELINE.match(block.text[:MAX_LINE_CHARS]):
            if (signed := names_in([dateline["name"]], sites)).persons:
                return signed
            continue
        if not 4 < len(block.text) <= _MOST_SHAPED or block.part == "footer" or block.text[0] in "-–—":
            continue
        if noise.kind_of(block.text):
            continue
        element, marked = block.element, False
        for _ in range(3):
            marked = marked or bool(element.own_keywords & _AUTHOR_BIT)
            element = element.parent or element
        beside = [b.text for b in blocks[max(headline + 1, index - 2) : index + 3]]
        if not marked and not any(len(t) < 80 and _DATED.search(t) for t in beside):
            continue
        texts = [_DATE_FIRST.sub("", block.text)]
        names = names_in(texts, sites)
        if names.persons and not names.accounts and len(names.persons) <= 3:
            return names
    return Names((), ())
