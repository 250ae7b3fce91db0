"""Whether a page is an article at all: signs for and against, weighed, and told as evidence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.parser.body.noise import key
from services.parser.body.text import Body
from services.parser.dates.publication import Publication
from services.parser.metadata.metadata import Metadata
from services.parser.page import address
from services.parser.page.blocks import Block
from services.parser.page.headline import headline, words_of

_PHRASES: dict[str, frozenset[str]] = {
    kind: frozenset(map(key, phrases))
    for kind, phrases in tomllib.loads(files(__package__).joinpath("verdict.toml").read_text("utf-8")).items()
}
_WHOLE = ("missing", "login", "consent", "challenge")
"""What a page is that is headed by exactly one of these phrases and has little text."""
_SEARCHES = tuple(f"{phrase} " for phrase in sorted(_PHRASES["search"]))
_RESULTS = tuple(phrase for phrase in _SEARCHES if phrase.count(" ") > 1)
_QUERIES = re.compile(r"(?:^|&)(?:q|s|query|search|text|keyword|words?)=", re.IGNORECASE)
_CALLED = {
    "missing": "an error in words",
    "login": "a login",
    "consent": "a question for consent",
    "challenge": "a shield before the site",
    "search": "search results",
    "listing": "a list of a tag, a topic or an author",
    "gallery": "pictures without a text",
    "video": "a film without a text",
}
_PARTS_OF_A_HEADING = re.compile(r"\s[|\u2013\u2014\u00b7\u2022/:-]{1,3}\s|[|\u00bb\u00ab:.!\u2026]{1,3}(?:\s|$)")
_MAX_HEADING_CHARS = 200
_MOST_HEADINGS = 4
_MOST_PARTS = 6
_FEW_WORDS = 700
"""Characters of text: a report of errors, logins and cookies is longer."""
_CAPTION_CHARS = 300
"""Below them, pictures and films are what a page is about."""
_STUB_CHARS = 350
_GALLERY_PICTURES = 4
_TEASERS_OF_A_LIST = 3
_TEXT_OF_ONE_PAGE = 1_500
"""A site of one page may well be an article; a home page is a list, or a greeting."""
_TEXT_PER_TEASER = 250
_PICTURE_SEGMENTS = frozenset({
    "photo", "photos", "gallery", "galleries", "foto", "fotos", "fotogalereya", "photogallery", "fotogaleri", "galeri",
    "slideshow", "pictures", "galeria", "photo-gallery", "foto-galeri", "fotoreportazh", "media-gallery",
})  # fmt: skip
_FILM_SEGMENTS = frozenset({"video", "videos", "watch", "tv", "film", "wideo", "video-galeri", "live"})
_FILMS = "video, iframe[src*=youtu], iframe[src*=vimeo], iframe[src*=rutube], iframe[src*=video], embed, object"
_CUT = ("…", "...", "[…]", "[...]", "»", "→")
_BULLETS = "-•–—·>* "
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
    """What the page is instead of an article, with the evidence, or None where it is one.

    A page that is taken for none is lost, so every sign but the heading of an error or a login yields to structured
    data that speaks of an article, and all of them yield to a text of some length.
    """
    teasers, excerpts, prose = _counted(body, blocks, metadata.title or "")
    if address.is_root(url) and prose < max(_TEXT_OF_ONE_PAGE, _TEXT_PER_TEASER * teasers):
        return f"a home page: {teasers} teasers beside {prose} characters of text"
    return (
        _why_by_heading(url, tree, metadata, teasers, prose)
        or _why_a_picture(url, tree, metadata, prose)
        or _why_a_stub(blocks, body)
        or _why_a_list(url, metadata, publication, body, blocks, teasers, excerpts, prose)
    )


def _why_by_heading(url: str, tree: LexborHTMLParser, metadata: Metadata, teasers: int, prose: int) -> str | None:
    if prose >= _FEW_WORDS:
        return None
    for part, whole, first in _headings(tree, metadata):
        for kind in _WHOLE:
            if part in _PHRASES[kind]:
                # An article may well be called `Consent`; a page with its structured data is one.
                if kind == "login" and not metadata.graph.article and not tree.css_first("input[type=password]"):
                    if prose >= _CAPTION_CHARS:
                        continue
                elif metadata.graph.article and kind != "missing":
                    continue
                return f"{_CALLED[kind]}: headed {whole!r}, {prose} characters of text"
        if not first or metadata.graph.article or not (teasers or prose < _CAPTION_CHARS):
            continue
        # A report may begin with the search for somebody: one word alone needs an address that searches.
        searches = part in _PHRASES["search"] or part.startswith(_SEARCHES if _is_search(url) else _RESULTS)
        if searches or part in _PHRASES["listing"]:
            called = _CALLED["search" if searches else "listing"]
            return f"{called}: headed {whole!r}, {teasers} teasers beside {prose} characters of text"
    return None


def _why_a_picture(url: str, tree: LexborHTMLParser, metadata: Metadata, prose: int) -> str | None:
    if prose >= _CAPTION_CHARS:
        return None
    segments = {segment.lower() for segment in urlsplit(url).path.split("/")[:-1]}
    parts = [part for part, _, _ in _headings(tree, metadata)]
    stated = (metadata.first("og:type") or ("", ""))[0].lower()
    kinds = {str(node.get("@type")) for node in metadata.graph.nodes}
    film = stated.startswith("video") or "VideoObject" in kinds or bool(segments & _FILM_SEGMENTS)
    if film or any(part in _PHRASES["video"] for part in parts):
        films = len(tree.css(_FILMS))
        if films and metadata.graph.article is None:
            return f"{_CALLED['video']}: {films} of them beside {prose} characters"
    pictures = "ImageGallery" in kinds or bool(segments & _PICTURE_SEGMENTS)
    if pictures or any(part in _PHRASES["gallery"] for part in parts):
        count = len(tree.css("figure img, main img, article img, [class*=gallery] img, [class*=slide] img"))
        if count >= _GALLERY_PICTURES and metadata.graph.article is None:
            return f"{_CALLED['gallery']}: {count} pictures beside {prose} characters"
    return None


def _why_a_stub(blocks: Sequence[Block], body: Body) -> str | None:
    """A report that is sold, with hardly a word of it shown."""
    if len(body.text) >= _FEW_WORDS or not body.paragraphs:
        return None
    own = [paragraph for paragraph in body.paragraphs if not _sells(paragraph)]
    size = sum(map(len, own))
    if size >= _STUB_CHARS or (own and size >= _STUB_CHARS // 2 and not own[-1].rstrip().endswith(_CUT)):
        return None
    content = (b.text for b in blocks[:_MOST_JUDGED] if b.part == "content" and len(b.text) < _MAX_HEADING_CHARS)
    if len(own) == len(body.paragraphs) and not any(map(_sells, content)):
        return None
    return f"a report that is sold: {size} characters of it are shown"


def _is_search(url: str) -> bool:
    parts = urlsplit(url)
    return _QUERIES.search(parts.query) is not None or "search" in parts.path.lower()


@lru_cache(maxsize=4_096)
def _sells(line: str) -> bool:
    if len(line) > _EXCERPT_CHARS:
        return False
    words = key(line)
    return any(phrase in words for phrase in _PHRASES["paywall"])


def _headings(tree: LexborHTMLParser, metadata: Metadata) -> Iterator[tuple[str, str, bool]]:
    """The parts of the page's headings in one spelling, each with the heading, and whether the heading begins so."""
    found = [metadata.title or ""]
    found += [node.text() for node in tree.css("title, h1")[:_MOST_HEADINGS]]
    for heading in dict.fromkeys(" ".join(text[: 2 * _MAX_HEADING_CHARS].split()) for text in found):
        if 0 < len(heading) <= _MAX_HEADING_CHARS:
            parts = [heading, *_PARTS_OF_A_HEADING.split(heading)[:_MOST_PARTS]]
            for place, part in enumerate(parts):
                if words := key(part):
                    yield words, heading, place < 2


def _why_a_list(
    url: str,
    metadata: Metadata,
    publication: Publication,
    body: Body,
    blocks: Sequence[Block],
    teasers: int,
    excerpts: int,
    prose: int,
) -> str | None:
    """Why the page is a section page or another list of articles, or None: signs for and against, weighed."""
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
        # Texts cut short below other titles, and nothing else to read: one or two of them are a list, too.
        + 2.0 * (prose < _PROSE_CHARS and 0 < teasers <= 2 * excerpts)
        + (
            1.4 + 0.2 * min(teasers, 8)
            if teasers >= _TEASERS_OF_A_LIST and prose < _PROSE_PER_TEASER * min(teasers, 7)
            else 0.0
        )
    )
    if for_list <= max(1.0, for_article):
        return None
    return f"a list of articles: {teasers} teasers beside {prose} characters of text"


def _counted(body: Body, blocks: Sequence[Block], title: str) -> tuple[int, int, int]:
    """Titles of other articles that the content shows; those with a cut text below; characters of other text."""
    own_title = words_of(title)
    shown = [b for b in blocks if len(b.text) >= _TEASER_CHARS or b.tag == "h1"][:_MOST_JUDGED]
    is_teaser = [b.linked > 0.6 and len(b.text) >= _TEASER_CHARS for b in shown]
    titles = [b.text for b, is_one in zip(shown, is_teaser, strict=True) if is_one][:_MOST_TEASERS]
    prose, excerpts = 0, set()
    cut = 0
    for index, block in enumerate(shown):
        if block.linked >= 0.5 or len(block.text) < _PROSE_CHARS:
            continue
        if index and is_teaser[index - 1] and len(block.text) < _EXCERPT_CHARS:
            excerpts.add(block.text)
            above = shown[index - 1]
            cut += above.part == "content" and block.text.endswith(_CUT) and words_of(above.text) != own_title
        elif block.part == "content":
            prose += len(block.text)
    # What the extractor took for text counts as well, where a class calls the whole page a sidebar.
    lines = (line.lstrip(_BULLETS) for p in body.paragraphs[:_MOST_JUDGED] for line in p.split("\n")[:_MOST_TEASERS])
    taken = [line for line in lines if len(line) >= _PROSE_CHARS and line not in excerpts]
    own = sum(len(line) for line in taken[:_MOST_TEASERS] if not any(title in line for title in titles))
    teasers = sum(t and b.part == "content" for t, b in zip(is_teaser, shown, strict=True))
    return teasers, cut, max(prose, own)


def _names_an_article(url: str) -> bool:
    """Whether the URL's last part is a slug or a number, as articles have."""
    parts = urlsplit(url)
    last = [s for s in parts.path.split("/") if s][-1:] or [""]
    return len(re.findall(r"[-_]", last[0])) >= 3 or re.search(r"\d{3,}", last[0] + parts.query) is not None
