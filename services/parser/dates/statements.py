"""What a page's data says of when it was published and changed: JSON-LD, meta tags, marked-up elements, its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.contracts.articles import DateSource
from services.parser.dates.reading import MAX_DATE_CHARS, Habits, Reading, read, read_stamp
from services.parser.metadata.metadata import Metadata
from services.parser.page.blocks import Block
from services.parser.page.headline import words_of
from services.parser.page.structured import Node, is_article, kinds

_PUBLISHED_META = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time", "datepublished",
    "date_published", "publishdate", "publish-date", "publish_date", "published_time", "published-date", "pubdate",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "mediator_published_time",
    "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created", "dc.date", "dcterms.date", "date",
    "ptime", "pdate", "article.published", "rnews:datepublished", "bt:pubdate", "vr:published_time",
    "citation_publication_date", "article_date_original", "originalpublicationdate", "displaydate",
    "shareaholic:article_published_time", "article:post_date", "publication_date", "publicationdate", "article.created",
    "datecreated", "created", "creation_date", "og:pubdate", "last-published", "dc.created", "release_date",
    "og:release_date",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "article:modified", "og:updated_time", "og:modified_time", "datemodified",
    "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "revised", "modified", "article:updated_time",
)  # fmt: skip
_MARKED = (
    '[itemprop~="datePublished"], [itemprop~="dateModified"], [property="datePublished"], '
    '[property="schema:datePublished"], time[pubdate], time.entry-date, time.published, time.updated, abbr.published, '
    "abbr.updated, .published[title], .entry-date[title], .dt-published"
)
_OF_A_CHANGE = re.compile(r"\b(?:dateModified|updated)\b")
_OF_PUBLICATION = re.compile(r"\b(?:datePublished|published)\b")
_MOST_MARKED = 8
_MOST_NODES = 60
_NOT_OF_THE_PAGE = frozenset({
    "Comment", "Review", "UserReview", "Product", "Offer", "Event", "ImageObject", "Person", "Organization", "Rating",
    "AggregateRating", "WebSite", "Answer", "Question", "JobPosting", "ClaimReview",
})  # fmt: skip
_MEDIA = frozenset({"VideoObject", "AudioObject", "PodcastEpisode", "MediaObject", "Clip"})
_ASIDE = re.compile(r"comment|related|recommend|sidebar|teaser", re.IGNORECASE)
_LEVELS_UP = 6
_URL_DAY = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?:(?P<by>[/_.-])(?P<month>1[0-2]|0?[1-9])(?P=by)(?P<day>3[01]|[12]\d|0?[1-9])"
    r"|(?P<month_>0[1-9]|1[0-2])(?P<day_>0[1-9]|[12]\d|3[01])"
    r"|/(?P<month__>0[1-9]|1[0-2])(?P<day__>0[1-9]|[12]\d|3[01]))(?!\d)"
    r"|(?<!\d)(?P<first>0?[1-9]|[12]\d|3[01])(?P<sep>[/_.-])(?P<second>0?[1-9]|1[0-2])(?P=sep)(?P<last>(?:19|20)\d\d)"
    r"(?!\d)"
)
_URL_MONTH = re.compile(r"/((?:19|20)\d\d)[/-](0[1-9]|1[0-2])(?=[/-]|$)")
_IN_SCRIPTS = (
    "datePublished", "date_published", "publishedAt", "published_at", "publishDate", "publish_date", "publishedDate",
    "publicationDate", "publication_date", "publish_at", "firstPublishedAt", "first_published_at", "pubDate",
    "publishedOn",
)  # fmt: skip
_VALUE_IN_SCRIPT = re.compile(r"(?:&quot;|\\?[\"'])\s{0,3}:\s{0,3}(?:&quot;|\\?[\"'])([^\"'&\\<>]{8,40})")
_MOST_TRIES = 5
_MOST_SOURCE_CHARS = 1_000_000
_DATELINE = re.compile(r"(?:[^.!?]|(?<=\d)\.){0,70}?\d{4}\b[^\w.!?]{0,12}?[-–—|:)/]", re.DOTALL)
_MOST_DATELINES = 2
_LEAST_OF_A_PARAGRAPH = 120
_MOST_AFTER_A_DATELINE = 12
_ARCHIVED = re.compile(r"^/web/\d{4,14}(?:[a-z]{2}_)?/")


@dataclass(frozen=True)
class Statement:
    """A date that the page gives as its own, and how far it is trusted (0 to 1)."""

    reading: Reading
    source: DateSource
    confidence: float


def statements_of(
    tree: LexborHTMLParser, metadata: Metadata, habits: Habits
) -> tuple[list[Statement], list[Statement]]:
    """What data and markup say of the publication and of the last change, the most trustworthy first."""
    nodes = list(_nodes_of_the_page(metadata))
    marked = list(_marked(tree, habits))
    published = [
        *_of_nodes(nodes, ("datePublished",), habits),
        *_of_meta(metadata, _PUBLISHED_META, habits),
        *(statement for statement, is_change in marked if not is_change),
        *(
            replace(s, confidence=min(s.confidence, 0.6))
            for s in _of_nodes(nodes, ("dateCreated", "uploadDate"), habits)
        ),
    ]
    changed = [
        *_of_nodes(nodes, ("dateModified",), habits),
        *_of_meta(metadata, _MODIFIED_META, habits),
        *(statement for statement, is_change in marked if is_change),
    ]
    return published, changed


def _of_nodes(nodes: Sequence[tuple[Node, float]], names: Sequence[str], habits: Habits) -> Iterator[Statement]:
    for node, confidence in nodes:
        for name in names:
            if reading := _stamp(node.get(name), habits):
                yield Statement(reading, "json-ld", confidence)


def _of_meta(metadata: Metadata, names: Sequence[str], habits: Habits) -> Iterator[Statement]:
    for name in names:
        for content in metadata.meta.get(name, ())[:2]:
            if reading := read_stamp(content, habits):
                yield Statement(reading, "meta", 0.9)


def last_statements(
    tree: LexborHTMLParser, metadata: Metadata, blocks: Sequence[Block], habits: Habits
) -> Iterator[Statement]:
    """What says when where nothing else does: data that a page's scripts carry, the dateline of its first paragraph."""
    source = (tree.html or "")[:_MOST_SOURCE_CHARS]
    of_others = {str(node.get("datePublished")) for node in metadata.graph.nodes[:_MOST_NODES]}
    for name in _IN_SCRIPTS:
        at = source.find(name)
        for _ in range(_MOST_TRIES):
            if at < 0:
                break
            match = _VALUE_IN_SCRIPT.match(source, at + len(name))
            if match and match[1] not in of_others and (reading := read_stamp(match[1], habits)):
                yield Statement(reading, "json-ld", 0.4)
                return
            at = source.find(name, at + 1)
    paragraphs = [
        b.text for b in blocks if len(b.text) > _LEAST_OF_A_PARAGRAPH and b.linked < 0.5 and b.part == "content"
    ]
    for text in paragraphs[:_MOST_DATELINES]:
        match = _DATELINE.match(text)
        if match and (reading := read(match[0], habits)) and reading.end > match.end() - _MOST_AFTER_A_DATELINE:
            yield Statement(reading, "text-near-headline", 0.4)


def day_in_url(url: str) -> Statement | None:
    """The day that the URL's path names: /2024/05/15/, /20240515-, -15-05-2024."""
    path = _ARCHIVED.sub("/", unquote(urlsplit(url).path))[: 2 * MAX_DATE_CHARS]
    for match in _URL_DAY.finditer(path):
        year = match["year"] or match["last"]
        month = match["month"] or match["month_"] or match["month__"] or match["second"]
        day = match["day"] or match["day_"] or match["day__"] or match["first"]
        if reading := read(f"{year}-{month}-{day}"):
            # A folder per day is the system's own; a day in a title may be the event's.
            is_folder = match["by"] == "/" and path[match.end() : match.end() + 1] in ("/", "")
            return Statement(reading, "url", 0.7 if is_folder else 0.5)
    return None


def month_in_url(url: str) -> tuple[int, int] | None:
    """The year and the month of a folder in the URL's path."""
    match = _URL_MONTH.search(_ARCHIVED.sub("/", urlsplit(url).path))
    return (int(match[1]), int(match[2])) if match else None


def _nodes_of_the_page(metadata: Metadata) -> Iterator[tuple[Node, float]]:
    """The nodes that can speak for the page: the article that bears its title, other articles, then the rest."""
    nodes = metadata.graph.nodes[:_MOST_NODES]
    articles = [n for n in nodes if is_article(n) and not kinds(n) & _NOT_OF_THE_PAGE]
    if len(articles) > 1:
        title = words_of(metadata.title or "")
        articles.sort(key=lambda n: -_alike(title, n.get("headline") or n.get("name")))
    for node in articles:
        yield node, 0.95
    for node in nodes:
        types = kinds(node)
        if not is_article(node) and not types & _NOT_OF_THE_PAGE:
            yield node, 0.5 if types & _MEDIA else 0.9


def _alike(title: set[str], name: Any) -> float:
    own = words_of(name[: 2 * MAX_DATE_CHARS]) if isinstance(name, str) else set()
    return round(len(title & own) / len(title | own), 1) if title and own else 0.0


def _stamp(value: Any, habits: Habits) -> Reading | None:
    value = value[0] if isinstance(value, list) and value else value
    value = value.get("@value") if isinstance(value, dict) else value
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return read_stamp(str(value)[:MAX_DATE_CHARS], habits)


def _marked(tree: LexborHTMLParser, habits: Habits) -> Iterator[tuple[Statement, bool]]:
    """What marked-up elements say, and whether it is of a change; none in comments or lists of other articles."""
    for marked in tree.css(_MARKED)[:_MOST_MARKED]:
        above: LexborNode | None = marked
        aside = False
        for _ in range(_LEVELS_UP):
            if above is None or above.tag in ("body", "article", "main", "html"):
                break
            a = above.attributes
            aside = aside or bool(_ASIDE.search(f"{a.get('class') or ''} {a.get('id') or ''}"[:MAX_DATE_CHARS]))
            above = above.parent
        if aside:
            continue
        a = marked.attributes
        written = a.get("datetime") or a.get("content") or a.get("title") or marked.text()[:MAX_DATE_CHARS]
        if reading := read_stamp(written, habits):
            said = f"{a.get('itemprop') or ''} {a.get('class') or ''}"[:MAX_DATE_CHARS]
            is_change = _OF_A_CHANGE.search(said) is not None and not _OF_PUBLICATION.search(said)
            yield Statement(reading, "time-element", 0.8 if is_change else 0.9), is_change
