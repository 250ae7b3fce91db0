"""A fetched page becomes an article, or a rejection that says why it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

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
from services.parser.overriding import RECIPE, chosen_by, with_recipe, without_dropped
from services.parser.page import address
from services.parser.page.blocks import Layout, layout_of
from services.parser.page.decode import Decoded, TooLarge, decode, unpack
from services.parser.page.nesting import overgrown
from services.parser.recipe import Applied, RecipeBook, book_of
from services.parser.verdict import why_no_article

STAGE = "parser"

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_VAGUE = frozenset({"", "text/plain", "application/octet-stream", "application/xml", "text/xml"})
_LOOKS_LIKE_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|p|div|h1|title|meta)\b", re.IGNORECASE)
_BINARY = (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"Rar!", b"\x1f\x8b", b"\x00\x00\x00")


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
    try:
        canonical_url(page.url)
    except BadUrl as error:
        raise _Refused("bad-url", str(error)) from None
    decoded = _text_of(page, limits, content)
    tree = LexborHTMLParser(decoded.text)
    recipe = recipes.choose(page.url, page.fetched_at, tree)
    layout = layout_of(tree, recipe.marks if recipe else None)
    blocks = layout.blocks
    metadata = with_recipe(metadata_of(tree, page.url, blocks, page.rights, page.facts.language), recipe, blocks)
    url, believed = _address(page.url, metadata)
    if recipe and recipe.not_article:
        raise _Refused("not-an-article", f"the site's recipe: no articles at {recipe.not_article}")
    title = metadata.title or ""
    names = (*metadata.authors, *metadata.organizations, metadata.section or "")
    body = text_of(layout, _selection(layout, metadata, recipe), title, page.url, names)
    publication = publication_of(page, tree, metadata, blocks, recipe)
    # Where the site's recipe finds a body, its site has said that the page is an article.
    if body.method != RECIPE and (why := why_no_article(url, tree, metadata, publication, body, blocks)):
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
        lane=page.request.lane,
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
        provenance=_provenance(metadata, publication, body, recipe, decoded, believed),
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


def _provenance(
    metadata: Metadata, publication: Publication, body: Body, recipe: Applied | None, decoded: Decoded, believed: bool
) -> dict[str, str]:
    origins = metadata.origins | {"text": RECIPE if body.method == RECIPE else "model"}
    for field, instant in (("published", publication.published), ("modified", publication.modified)):
        if instant:
            origins[field] = instant.source
    if recipe and recipe.views is not None:
        origins["views"] = RECIPE
    elif body.views is not None:
        origins["views"] = "counter"
    origins["canonical_url"] = "rel-canonical" if believed else "url"
    origins["encoding"] = f"{decoded.encoding} ({decoded.origin})"
    return dict(sorted(origins.items()))
