"""What the classes, ids and tags around a text say about it, as bits: the language of templates, not of readers."""

from __future__ import annotations

from functools import lru_cache

from ahocorasick_rs import AhoCorasick

TAGS = (
    "article", "main", "section", "nav", "header", "footer", "aside", "form", "figure", "figcaption", "ul", "ol", "li",
    "table", "td", "blockquote", "p", "h1", "h2", "h3", "h4", "h5", "h6", "div", "dl", "pre", "address", "details", "a",
    "strong", "time", "span", "em",
)  # fmt: skip
TAG_BITS = {tag: 1 << bit for bit, tag in enumerate(TAGS)}
TAG_BITS["i"] = TAG_BITS["em"]

_CONTAINERS = [
    f"{of}{what}"
    for of in ["article", "post", "entry", "story", "news", "main", "page", "text", "single", "detail", "full", "blog"]
    for what in ["body", "content", "text", "main", "inner", "copy", "entry"]
]
KEYWORDS = (
    "article",
    "content",
    "body",
    "text",
    "entry",
    "post",
    "story",
    "news",
    "main",
    "single",
    "detail",
    "page",
    "hentry",
    "paragraph",
    "lead lede standfirst summary dek intro excerpt teaser abstract",
    "caption credit imgdesc foto photo image img figure media gallery video player embed",
    "comment disqus respond reply",
    "share social facebook twitter whatsapp telegram follow",
    "relat recommend more- readmore also similar suggest popular trending most latest recent next prev",
    "side rail widget module",
    "nav menu crumb toolbar topbar masthead",
    "foot copyright legal disclaimer colophon",
    "head banner logo brand",
    "sponsor promo adv outbrain taboola commercial dfp marketing -ad- -ads-",
    "newsletter subscri signup login register paywall premium donat support cta",
    "author byline writer contributor bio",
    "date time publish meta info stat view count",
    "tag categor topic keyword label sectionname kicker",
    "cookie consent gdpr modal popup overlay banner- notice alert toast",
    "hidden hide visually -sr- sronly screenreader print mobileonly dnone",
    "title headline heading",
    "list item card tile grid teas feed block box",
    "wrap container row col inner outer",
    "quote pull",
    "toc tableof faq accordion tab",
    "search form field poll quiz",
    "tool button btn icon link",
    # Two that say nearly all: the text's own container, and a box that is none of it.
    " ".join([
        *_CONTAINERS, "contentbody", "contenttext", "contentarticle", "contentinner", "bodytext", "bodycopy",
        "bodycontent", "richtext", "fieldnamebody", "-rte-", "-prose-", "-wysiwyg-",
    ]),
    " ".join([
        "comment- comments- related sharing -share- newsletter promo sidebar recommend popular mostread mostview",
        "breadcrumb footer -nav menu authorbio authorbox authorinfo authorcard aboutauthor cookie subscri alsoread",
        "alsolike readmore readalso readnext -tag- -tags- social taboola outbrain teaser trending",
    ]),
    # Whole words of a name: boxes of other articles and of readers' remarks, and the end of a page.
    " ".join([
        "-related- -recommend -similar- -more-news- -morenews- -other-news- -othernews- -also- -readalso- -readmore-",
        "-read-more- -popular- -trending- -latest- -most-read- -mostread- -last-news- -lastnews- -news-feed-",
        "-newsfeed- -news-line- -newsline- -news-ticker- -newsticker- -side-bar- -sidebar- -widget- -promo- -teaser-",
        "-teasers- -comment- -comments- -disqus-",
    ]),
    "-footer- -sitefooter- -copyright- -sitecopyright- -colophon-",
)  # fmt: skip
"""Parts of a class or an id, by what they tell; bit n of a mask is the n-th. A name is looked at twice: with `-` for
every separator and around it, and without separators."""

OWN_CONTAINER, _, RELATED, FOOTER = (1 << bit for bit in range(len(KEYWORDS) - 4, len(KEYWORDS)))
"""The bits of names such as `article-body`, `read-also` and `site-footer`."""

_BITS: dict[str, int] = {}
for _bit, _parts in enumerate(KEYWORDS):
    for _part in _parts.split():
        _BITS[_part] = _BITS.get(_part, 0) | 1 << _bit
_BITS_OF = tuple(_BITS.values())
_MATCHER = AhoCorasick(list(_BITS))
_MAX_NAME_CHARS = 100
_MAX_KEPT_CHARS = 300
"""Longer lists of classes are read anew each time they come."""


def keywords_of(names: str, itemprop: str = "") -> int:
    """The keywords in an element's classes and id, and in its itemprop."""
    found = _keywords_of_names(names) if len(names) <= _MAX_KEPT_CHARS else _keywords_of_names.__wrapped__(names)
    return found | _keywords_of_name(itemprop[:_MAX_NAME_CHARS]) if itemprop else found


@lru_cache(maxsize=16_384)
def _keywords_of_names(names: str) -> int:
    found = 0
    for name in names.split():
        found |= _keywords_of_name(name[:_MAX_NAME_CHARS])
    return found


@lru_cache(maxsize=65_536)
def _keywords_of_name(name: str) -> int:
    dashed = name.lower().replace("_", "-")
    found = 0
    for match in _MATCHER.find_matches_as_indexes(f"-{dashed}- {dashed.replace('-', '')}", overlapping=True):
        found |= _BITS_OF[match[0]]
    return found
