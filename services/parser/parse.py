"""A fetched page becomes an article, or a rejection that says why it is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import Engagement, Extraction, ParsedArticle
from services.contracts.identity import BadUrl, article_id, canonical_url, content_key, host_of
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection, RejectionReason
from services.contracts.pages import FetchedPage
from services.parser.body.next_page import next_page_of
from services.parser.body.selection import Selection, select
from services.parser.body.text import Body, text_of
from services.parser.dates.publication import Publication, publication_of
from services.parser.limits import Limits
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.overriding import chosen_by, with_recipe, without_dropped
from services.parser.page import address
from services.parser.page.blocks import Block, Layout, layout_of
from services.parser.page.decode import Decoded, TooLarge, decode, unpack
from services.parser.page.headline import headline
from services.parser.page.nesting import overgrown
from services.parser.recipe import Applied, RecipeBook, book_of

STAGE = "parser"

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_VAGUE = frozenset({"", "text/plain", "application/octet-stream", "application/xml", "text/xml"})
_LOOKS_LIKE_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|p|div|h1|title|meta)\b", re.IGNORECASE)
_BINARY = (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"Rar!", b"\x1f\x8b", b"\x00\x00\x00")
_TEASER_CHARS = 25
_EXCERPT_CHARS = 350
_PROSE_CHARS = 80
_PROSE_PER_TEASER = 60
_MOST_TEASERS = 200
_MOST_JUDGED = 2_000
_SECTION_NAMES = re.compile(
    r"^(?:news|category|categories|tag|tags|topic|topics|rubric|section|archive|all|latest|page|search|author|authors"
    r"|novosti|yangiliklar|janalyqtar|haberler|habarlar|noticias|politics|economy|society|sport|culture|world)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Refused(Exception):
    reason: RejectionReason
    detail: str


def parse(
    page: FetchedPage,
    limits: Limits,
    now: datetime,
    version: str = "",
    content: bytes | None = None,
    recipes: RecipeBook | None = None,
) -> ParsedArticle | Rejection:
    """The page's article, or why there is none.

    `content` is the page's bytes, where the caller has them unpacked; `recipes` are those that ship, unless given.
    Raises ValueError or zlib.error where the page's body is no packed body.
    """
    try:
        return _article(page, limits, now, version, content, recipes or book_of())
    except _Refused as refused:
        return Rejection(
            stage=STAGE,
            reason=refused.reason,
            detail=refused.detail,
            source=page.request.source,
            url=page.request.url,
            fetched_at=page.fetched_at,
            rejected_at=now,
        )


def _article(
    page: FetchedPage, limits: Limits, now: datetime, version: str, content: bytes | None, recipes: RecipeBook
) -> ParsedArticle:
    decoded = _text_of(page, limits, content)
    tree = LexborHTMLParser(decoded.text)
    recipe = recipes.choose(page.url, page.fetched_at, tree)
    layout = layout_of(tree, recipe.marks if recipe else None)
    blocks = layout.blocks
    metadata = with_recipe(metadata_of(tree, page.url, blocks, page.rights, page.facts.language), recipe, blocks)
    url, believed = _address(page.url, metadata)
    if address.is_root(url):
        raise _Refused("not-an-article", "a home page")
    if recipe and recipe.not_article:
        raise _Refused("not-an-article", f"the site's recipe: no articles at {recipe.not_article}")
    title = metadata.title or ""
    body = text_of(layout, _selection(layout, metadata, recipe), title, page.url)
    publication = publication_of(page, tree, metadata, blocks, recipe)
    why = _why_a_list(url, metadata, publication, body, blocks)
    if why:
        raise _Refused("not-an-article", why)
    if not title:
        raise _Refused("no-title", "neither a headline nor a title")
    text = body.text
    if len(text) < limits.min_text_chars:
        raise _Refused("too-short", f"{len(text)} characters; {limits.min_text_chars} are the least")
    if len(text) > limits.max_text_chars:
        raise _Refused("too-large", f"{len(text)} characters; {limits.max_text_chars} are the most")
    views = recipe.views if recipe and recipe.views is not None else body.views
    return ParsedArticle(
        article_id=article_id(url),
        content_key=content_key(title, text),
        url=page.request.url,
        canonical_url=url,
        source=page.request.source,
        host=host_of(url),
        title=title,
        text=text,
        lead=metadata.lead,
        authors=metadata.authors,
        organizations=metadata.organizations,
        published=publication.published,
        modified=publication.modified,
        language_declared=metadata.language,
        section=metadata.section,
        tags=metadata.tags,
        image=metadata.image,
        images=body.images,
        next_page=next_page_of(tree, page.url),
        body_sha256=page.body_sha256,
        engagement=None if views is None else Engagement(views=views, observed_at=page.fetched_at),
        editions=metadata.editions,
        rights=metadata.rights,
        provenance=_provenance(metadata, publication, decoded, believed),
        extraction=Extraction(
            method=body.method,
            recipe=recipe.name if recipe else None,
            missed=recipe.missed if recipe else (),
            confidence=body.confidence,
        ),
        fetched_at=page.fetched_at,
        stamps=(page.stamp, Stamp(stage=STAGE, version=version, started=now, took=0)),
    )


def _address(page_url: str, metadata: Metadata) -> tuple[str, bool]:
    """The article's URL, and whether it is the page's canonical link."""
    try:
        editions = frozenset(edition.url for edition in metadata.editions)
        believed = address.believed(page_url, metadata.canonical, editions)
        return believed or canonical_url(page_url), believed is not None
    except BadUrl as error:
        raise _Refused("bad-url", str(error)) from None


def _selection(layout: Layout, metadata: Metadata, recipe: Applied | None) -> Selection:
    chosen = chosen_by(recipe, layout.blocks)
    if chosen is None:
        general = select(layout.blocks, metadata.title or "", metadata.description, metadata.article_body)
        chosen = without_dropped(general, layout.blocks)
    return chosen


def _text_of(page: FetchedPage, limits: Limits, content: bytes | None) -> Decoded:
    media_type = page.media_type.split(";")[0].strip().lower()
    if page.status >= 400:
        raise _Refused("http-status", f"status {page.status}")
    if media_type not in _HTML and media_type not in _VAGUE:
        raise _Refused("not-html", media_type)
    try:
        content = unpack(page.body, limits.max_page_bytes) if content is None else content
    except TooLarge as error:
        raise _Refused("too-large", str(error)) from None
    if len(content) > limits.max_page_bytes:
        raise _Refused("too-large", f"more than {limits.max_page_bytes} bytes")
    if content.startswith(_BINARY) or (media_type in _VAGUE and not _LOOKS_LIKE_HTML.search(content[:4096])):
        raise _Refused("not-html", f"{media_type or 'no media type'}, and the bytes are no HTML")
    decoded = decode(content, page.charset)
    if decoded is None:
        raise _Refused("undecodable-text", "the bytes are text in no known encoding")
    why = overgrown(decoded.text)
    if why:
        raise _Refused("too-large", why)
    return decoded


def _why_a_list(
    url: str, metadata: Metadata, publication: Publication, body: Body, blocks: Sequence[Block]
) -> str | None:
    """Why the page is a section page or another list of articles, or None: signs for and against, weighed."""
    teasers, prose = _teasers_and_prose(body, blocks)
    segments = [s for s in urlsplit(url).path.split("/") if s]
    dated = publication.published.source if publication.published else ""
    for_article = (
        3.0 * (metadata.graph.article is not None)
        + 1.0 * ((metadata.first("og:type") or ("", ""))[0].lower() == "article")
        + 1.0 * (dated in ("meta", "time-element", "text-near-headline"))
        + 1.0 * (prose >= 120)
        + 1.0 * (prose >= 600)
        + 2.0 * (prose >= 1500)
        + 0.5 * (headline(metadata.title or "", blocks) is not None)
        + 1.0 * _names_an_article(url)
    )
    for_list = (
        3.0 * (body.linked > 0.5)
        + 2.5 * metadata.graph.is_a_list
        + 1.5 * bool(segments and _SECTION_NAMES.match(segments[-1]) and not urlsplit(url).query)
        + (1.4 + 0.2 * min(teasers, 8) if teasers >= 3 and prose < _PROSE_PER_TEASER * min(teasers, 7) else 0.0)
    )
    if for_list <= max(1.0, for_article):
        return None
    return f"a list of articles: {teasers} teasers beside {prose} characters of text"


def _teasers_and_prose(body: Body, blocks: Sequence[Block]) -> tuple[int, int]:
    """How many titles of other articles the content shows, and how much text that is no excerpt below one."""
    shown = [b for b in blocks if len(b.text) >= _TEASER_CHARS or b.tag == "h1"][:_MOST_JUDGED]
    is_teaser = [b.linked > 0.6 and len(b.text) >= _TEASER_CHARS for b in shown]
    titles = [b.text for b, is_one in zip(shown, is_teaser, strict=True) if is_one][:_MOST_TEASERS]
    prose, excerpts = 0, set()
    for index, block in enumerate(shown):
        if block.linked >= 0.5 or len(block.text) < _PROSE_CHARS:
            continue
        if index and is_teaser[index - 1] and len(block.text) < _EXCERPT_CHARS:
            excerpts.add(block.text)
        elif block.part == "content":
            prose += len(block.text)
    # What the extractor took for text counts as well, where a class calls the whole page a sidebar.
    taken = [p for p in body.paragraphs[:_MOST_JUDGED] if len(p) >= _PROSE_CHARS and p not in excerpts]
    own = sum(len(p) for p in taken[:_MOST_TEASERS] if not any(title in p for title in titles))
    return sum(t and b.part == "content" for t, b in zip(is_teaser, shown, strict=True)), max(prose, own)


def _names_an_article(url: str) -> bool:
    """Whether the URL's last part is a slug or a number, as articles have."""
    parts = urlsplit(url)
    last = [s for s in parts.path.split("/") if s][-1:] or [""]
    return len(re.findall(r"[-_]", last[0])) >= 3 or re.search(r"\d{3,}", last[0] + parts.query) is not None


def _provenance(metadata: Metadata, publication: Publication, decoded: Decoded, believed: bool) -> dict[str, str]:
    origins = dict(metadata.origins)
    for field, instant in (("published", publication.published), ("modified", publication.modified)):
        if instant:
            origins[field] = instant.source
    origins["canonical_url"] = "rel-canonical" if believed else "url"
    origins["encoding"] = f"{decoded.encoding} ({decoded.origin})"
    return dict(sorted(origins.items()))
