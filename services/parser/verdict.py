"""Whether a page is an article at all: signs for and against, weighed, and told as evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.parser.body.text import Body
from services.parser.dates.publication import Publication
from services.parser.metadata.metadata import Metadata
from services.parser.page.blocks import Block
from services.parser.page.headline import headline

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


def why_no_article(
    url: str,
    tree: LexborHTMLParser,
    metadata: Metadata,
    publication: Publication,
    body: Body,
    blocks: Sequence[Block],
) -> str | None:
    """What the page is instead of an article, with the evidence, or None where it is one."""
    return _why_a_list(url, metadata, publication, body, blocks)


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
