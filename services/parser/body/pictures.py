"""Captions of an article's pictures, told from its text, and the credits in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from services.contracts.articles import Image
from services.parser.body.noise import kind_of
from services.parser.page import address
from services.parser.page.blocks import Block, Element, Layout, Picture
from services.parser.page.names import TAG_BITS

MAX_IMAGES = 30
MAX_CAPTION_CHARS = 600
_MAX_CREDIT_CHARS = 120
_AROUND = 8
"""Blocks before and after the body in which a picture with a caption belongs to it."""
_BEHIND = 3
"""Blocks after a picture that can be its caption."""
_SHARED_DEPTH = 3
"""Elements that a picture and its caption may be apart from what holds both."""
_MOST_OF_THE_TEXT = 0.25
"""Share of a body's characters that captions may have."""
_FIGCAPTION = TAG_BITS["figcaption"]
_FIGURE = TAG_BITS["figure"]
_QUOTED = TAG_BITS["blockquote"] | TAG_BITS["table"] | TAG_BITS["pre"]
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CAPTION_NAME = re.compile(
    r"(?:^|[\s_-])(?:fig|img|image|photo|foto|picture|pic|media|thumb|wp)?[_-]{0,2}"
    r"(?:caption|legend|cutline)(?:[_-]{1,2}(?:text|title|body|p|inner|content|wrap\w*))?(?:$|[\s_-])"
    r"|(?:^|[\s_-])(?:photo|foto|image|img|picture|pic|media)[_-]{0,2}"
    r"(?:credits?|desc\w*|authors?|copyright)(?:$|[\s_-])"
    r"|(?:^|[\s_-])(?:credits?|imgdesc|photographer)(?:$|[\s_-])",
    re.IGNORECASE,
)
_LABELLED_CREDIT = re.compile(
    r"[\s(\[|/—–-]{0,4}(?:(?P<mark>©|\([cCсС]\)\s)|(?P<label>[^\W\d_][^:.!?()\[\]|]{1,30}?)\s{0,2}[:：/]\s{0,2})"
    r"(?P<name>[^()\[\]]{2,100}?)[)\]\s.]{0,3}$"
)
_ENGLISH_CREDIT = re.compile(
    r"[\s(\[|]{0,3}\b(?:photos?|images?|pictures?|illustration)\s(?:by|from|courtesy(?:\sof)?|via)\s"
    r"(?P<name>[^()\[\]]{2,100}?)[)\]\s.]{0,3}$",
    re.IGNORECASE,
)
_AGENCY = re.compile(r"[(\[](?P<name>[^()\[\]]{2,60}/[^()\[\]]{2,60})[)\]]\s{0,2}$")


def is_caption(block: Block) -> bool:
    """Whether the block's place, or what it says, makes it the caption or credit of a picture."""
    if len(block.text) > MAX_CAPTION_CHARS or block.tag in _HEADINGS:
        return False
    return bool(block.tags & _FIGCAPTION) or _names_a_caption(block.names) or _names_a_caption(_around(block.element))


def without_captions(blocks: Sequence[Block], kept: list[int]) -> list[int]:
    """The body without captions, unless it is nothing else. What stands below a quote or a table in a figure stays."""
    held = [blocks[i] for i in kept if blocks[i].tags & _FIGURE and blocks[i].tags & _QUOTED]
    quoted = {id(_figure_around(block.element)) for block in held}
    captions = {
        i for i in kept if is_caption(blocks[i]) and not (quoted and id(_figure_around(blocks[i].element)) in quoted)
    }
    # Some templates call the whole text by such a name.
    if sum(len(blocks[i].text) for i in captions) > _MOST_OF_THE_TEXT * sum(len(blocks[i].text) for i in kept):
        captions = {i for i in captions if blocks[i].tags & _FIGCAPTION}
    return [i for i in kept if i not in captions] or kept


def images_of(layout: Layout, kept: Sequence[int], url: str) -> tuple[Image, ...]:
    """The pictures in and beside the body that have a caption or a credit, in order, each URL once.

    `kept` are the indices of the body's blocks, in order; `url` is the page's own.
    """
    if not kept:
        return ()
    first, last = kept[0] - _AROUND, kept[-1] + _AROUND
    found: dict[str, Image] = {}
    used: set[int] = set()
    for picture in layout.pictures:
        if picture.at < first or picture.at > last or len(found) >= MAX_IMAGES:
            continue
        indices = [i for i in _captions_of(picture, layout.blocks) if i not in used]
        source = address.absolute(url, picture.source) if indices else None
        if source is None or source in found:
            continue
        caption, credit = _told_apart([layout.blocks[i] for i in indices])
        if caption or credit:
            used.update(indices)
            found[source] = Image(url=source, caption=caption, credit=credit)
    return tuple(found.values())


def credit_apart(caption: str) -> tuple[str | None, str | None]:
    """A caption without its credit, and the credit: `The bridge. Photo: A. Karimov` gives both."""
    caption = caption.strip()
    if _credits(caption) is not None:
        return None, _credits(caption)
    # The credit stands behind a bracket, a bar or the end of a sentence.
    for start in range(len(caption) - 1, max(0, len(caption) - _MAX_CREDIT_CHARS), -1):
        if caption[start] in "([|©—–/" or (start and caption[start - 1] in '.!?»”"' and caption[start].isspace()):
            credit = _credits(caption[start:])
            if credit is not None:
                return caption[:start].strip(" |—–/([") or None, credit
    return caption or None, None


def _credits(text: str) -> str | None:
    """Whom the text names as the maker, if it does nothing else."""
    if len(text) > _MAX_CREDIT_CHARS:
        return None
    if match := _LABELLED_CREDIT.match(text):
        if match["mark"] or kind_of(f"{match['label'].strip()}: x") == "photo":
            return match["name"].strip() or None
    elif match := _ENGLISH_CREDIT.match(text) or _AGENCY.match(text):
        return match["name"].strip()
    return None


def _captions_of(picture: Picture, blocks: Sequence[Block]) -> list[int]:
    """The blocks behind the picture, or before it in one figure, that are its caption and credit."""
    figure = _figure(picture.element)
    found: list[int] = []
    for index in range(max(0, picture.at - (figure is not None)), min(len(blocks), picture.at + _BEHIND)):
        block = blocks[index]
        if figure is not None and _figure(block.element) is figure and len(block.text) <= MAX_CAPTION_CHARS:
            found.append(index)
        elif index >= picture.at and _stand_together(picture.element, block.element):
            if is_caption(block) or kind_of(block.text) == "photo":
                found.append(index)
            elif block.text:
                break
    return [i for i in found if blocks[i].text]


def _told_apart(blocks: Sequence[Block]) -> tuple[str | None, str | None]:
    captions: list[str] = []
    credit: str | None = None
    for block in blocks:
        said, credited = credit_apart(block.text)
        credit = credit or credited
        if said and said not in captions:
            captions.append(said)
    return " ".join(captions)[:MAX_CAPTION_CHARS] or None, credit and credit[:_MAX_CREDIT_CHARS]


def _figure(element: Element) -> Element | None:
    return element.holder if element.holder is not None and element.holder.tag == "figure" else None


def _figure_around(element: Element) -> Element | None:
    here: Element | None = element
    while here is not None and here.tag != "figure" and here.tags & _FIGURE:
        here = here.parent
    return here


def _stand_together(picture: Element, text: Element) -> bool:
    here: Element | None = text
    for _ in range(_SHARED_DEPTH):
        if here is None:
            return False
        other: Element | None = picture
        for _ in range(_SHARED_DEPTH):
            if other is here:
                return True
            other = other.parent if other is not None else None
        here = here.parent
    return False


def _around(element: Element) -> str:
    return element.parent.names if element.parent is not None and element.tag in ("p", "div", "span", "li") else ""


@lru_cache(maxsize=16_384)
def _names_a_caption(names: str) -> bool:
    return _CAPTION_NAME.search(names) is not None
