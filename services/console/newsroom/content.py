"""What the newsroom publishes: its sites, its articles and the gold record of each, read from the TOML beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, field_validator

Habit = Literal[
    "amp",  # a light copy of every article at …/amp, canonical to the article
    "archives",  # sections and authors have pages that list their articles, linked from every other list
    "br-paragraphs",  # one block of text, paragraphs parted by <br><br>
    "breadcrumbs",
    "cards",  # each paragraph in a box classed like a promotion, excerpts of other news as plain text below
    "clock-date",  # 19:34 / 15.05.2024
    "json-ld",  # a bare NewsArticle
    "json-ld-epoch",  # a NewsArticle whose dates are the CMS's zero, 1970-01-01
    "json-ld-graph",  # a full @graph
    "lastmod-of-export",  # sitemaps date every page with the site's last export, not with its last change
    "long-date",  # 15 mayıs 2024, 19:34
    "microdata",
    "opengraph",
    "photo",
    "print",
    "related",
    "related-inside",  # the related list stands between the paragraphs' container and its end
    "share",
    "sitemaps",  # an index of sitemaps, named in robots.txt
    "tags",
    "time-element",
    "title-suffix",
    "views",
]

Form = Literal["heading", "quote", "post", "list", "table"]
"""What a paragraph is, where it isn't plain text; a post stands embedded from another network."""

Announced = Literal["feed", "sitemap", "index"]
"""How a site tells of new articles: by its feeds, by sitemaps alone, or on no more than its home and section pages."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stray(_Frozen):
    """A link in a feed that leads to no article."""

    path: str
    title: str
    why: Literal["section", "gone"]


class Feed(_Frozen):
    """One feed of a site, with its habits."""

    path: str
    kind: Literal["rss", "atom"] = "rss"
    languages: tuple[str, ...] = Field(description="of the articles it lists")
    pub_date: Literal["local", "gmt", "bare"] = "local"
    tracked: tuple[str, ...] = Field(default=(), description="slugs listed twice, each time with tracking parameters")
    also_amp: tuple[str, ...] = Field(default=(), description="slugs listed at their AMP address as well")
    strays: tuple[Stray, ...] = ()


class Site(_Frozen):
    """One news site and the habits of its pages."""

    id: str
    host: str
    name: str
    country: str
    timezone: str
    prefixes: dict[str, str] = Field(description="language → start of its paths; the main language comes first")
    article_path: str
    section_path: str
    section_name: str
    html_lang: dict[str, str] = Field(default_factory=dict, description="what the pages declare, where it is not so")
    body_class: str = "article-body"
    habits: frozenset[Habit]
    charset: str = "utf-8"
    declares_charset: bool = True
    gzip: bool = False
    robots: str = "User-agent: *\nAllow: /\n"
    announced_by: Announced = "feed"
    feeds: tuple[Feed, ...] = Field(description="served where the site is announced by them")

    @property
    def language(self) -> str:
        """The site's main language."""
        return next(iter(self.prefixes))

    def url(self, path: str) -> str:
        """The address of a path of this site."""
        return f"http://{self.host}{path}"


class GoldEntity(_Frozen):
    """A country or body that the article names, and how."""

    id: str
    type: Literal["LOC", "ORG"]
    surface: str


class Picture(_Frozen):
    """A picture in an article's text."""

    behind: int = Field(ge=1, description="paragraphs stand before it")
    caption: str
    credit: str


class Article(_Frozen):
    """One article as its newsroom filed it."""

    site: str
    slug: str
    language: str
    title: str
    paragraphs: tuple[str, ...] = Field(description="a list has a line `- item` for each item, a table `cell | cell`")
    forms: dict[str, Form] = Field(default_factory=dict, description="paragraph → what it is, where it isn't plain")
    pictures: tuple[Picture, ...] = ()
    authors: tuple[str, ...] = ()
    section: str = ""
    tags: tuple[str, ...] = ()
    published: datetime
    modified: datetime | None = None
    entities: dict[str, str] = Field(default_factory=dict, description="id → a surface that stands in title or text")
    story: str | None = Field(default=None, description="the event, over all sites and languages")
    private: bool = Field(default=False, description="under a path that robots.txt closes")
    reprint_of: str | None = Field(default=None, description="the slug whose title and text this repeats verbatim")

    @field_validator("published", "modified")
    @classmethod
    def _has_an_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no offset")
        return value


class GoldArticle(_Frozen):
    """What a careful reader finds on one article's page."""

    url: str
    canonical_url: str
    site: str
    host: str
    slug: str
    language: str
    title: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...]
    authors: tuple[str, ...]
    section: str
    tags: tuple[str, ...]
    published: datetime
    entities: tuple[GoldEntity, ...]
    story: str | None = Field(description="articles with one story tell of one event")
    edition_of: str | None = Field(description="URL of the site's own first version, if this is a translation of it")
    duplicate_of: str | None = Field(description="URL of the article that this one repeats verbatim")
    fetchable: bool = Field(description="False where robots.txt closes the page: it must not be fetched")

    @property
    def text(self) -> str:
        """The paragraphs, a blank line between two."""
        return "\n\n".join(self.paragraphs)

    @property
    def lead(self) -> str:
        """The first paragraph."""
        return self.paragraphs[0]

    @property
    def day(self) -> date:
        """The day of publication where the site is at home."""
        return self.published.date()


class Stock:
    """All sites with all articles, and the addresses that tie them together."""

    def __init__(self, sites: Sequence[Site], articles: Iterable[Article]) -> None:
        self.sites = {site.id: site for site in sites}
        self.articles = {article.slug: article for article in articles}
        self._by_site: dict[str, list[str]] = {site.id: [] for site in sites}
        self._by_story: dict[tuple[str, str], list[str]] = {}
        self._by_language: dict[tuple[str, str], list[str]] = {}
        for article in sorted(self.articles.values(), key=lambda a: (a.published, a.slug), reverse=True):
            self._by_site[article.site].append(article.slug)
            if not article.private:
                self._by_language.setdefault((article.site, article.language), []).append(article.slug)
            if article.story:
                self._by_story.setdefault((article.site, article.story), []).append(article.slug)
        for (site_id, _), slugs in self._by_story.items():
            order = list(self.sites[site_id].prefixes)
            slugs.sort(key=lambda slug: order.index(self.articles[slug].language))

    def replace(self, article: Article) -> None:
        """Put an article's new version in the place of the old one."""
        self.articles[article.slug] = article

    def add(self, article: Article) -> None:
        """Publish one more article. Raises ValueError where its slug is taken."""
        if article.slug in self.articles:
            raise ValueError(f"{article.slug} is published already")
        self.articles[article.slug] = article
        for slugs in (
            self._by_site[article.site],
            self._by_language.setdefault((article.site, article.language), []),
        ):
            slugs.append(article.slug)
            slugs.sort(key=lambda slug: (self.articles[slug].published, slug), reverse=True)

    def of_site(self, site: Site) -> list[Article]:
        """The site's articles, newest first."""
        return [self.articles[slug] for slug in self._by_site[site.id]]

    def listed(self, feed: Feed, site: Site) -> list[Article]:
        """The articles that a feed lists, newest first."""
        return [article for article in self.of_site(site) if article.language in feed.languages]

    def site_of(self, article: Article) -> Site:
        """The site that runs an article."""
        return self.sites[article.site]

    def path(self, article: Article) -> str:
        """The path of an article on its site."""
        site = self.site_of(article)
        if article.private:
            return f"/private/{article.slug}"
        return site.article_path.format(
            prefix=site.prefixes[article.language], slug=article.slug, day=article.published.date()
        )

    def url(self, article: Article) -> str:
        """The address of an article."""
        return self.site_of(article).url(self.path(article))

    def editions(self, article: Article) -> list[Article]:
        """The versions of an article on its own site, itself included; the main one first; none if it stands alone."""
        slugs = self._by_story.get((article.site, article.story or ""), [])
        return [self.articles[slug] for slug in slugs] if len(slugs) > 1 else []

    def related(self, article: Article, most: int) -> list[Article]:
        """Other open articles of the site in the article's language, not always the same ones."""
        slugs = self._by_language.get((article.site, article.language), [])
        start = crc32(article.slug.encode())
        turn = [slugs[(start + step) % len(slugs)] for step in range(min(len(slugs), most + 1))]
        return [self.articles[slug] for slug in turn if slug != article.slug][:most]

    def gold(self, article: Article) -> GoldArticle:
        """What a careful reader finds on the article's page."""
        url, editions = self.url(article), self.editions(article)
        original = self.articles[article.reprint_of] if article.reprint_of else None
        return GoldArticle(
            url=url,
            canonical_url=url,
            host=self.site_of(article).host,
            edition_of=self.url(editions[0]) if editions and editions[0] is not article else None,
            duplicate_of=self.url(original) if original else None,
            fetchable=not article.private,
            entities=tuple(
                GoldEntity(id=id_, type="LOC" if id_.startswith("iso3166:") else "ORG", surface=surface)
                for id_, surface in article.entities.items()
            ),
            **{name: getattr(article, name) for name in _SHARED},
        )


_SHARED = (
    "site",
    "slug",
    "language",
    "title",
    "paragraphs",
    "pictures",
    "authors",
    "section",
    "tags",
    "published",
    "story",
)
_MARKS: dict[str, Form] = {"## ": "heading", "> ": "quote", "@ ": "post"}


def load(copies: int = 1, announced_by: Mapping[str, Announced] = MappingProxyType({})) -> Stock:
    """The newsroom's sites and articles; further copies have slugs, titles and first paragraphs of their own.

    `announced_by` says of some sites, by id, how they tell of their articles instead.
    """
    root = files("services.console.newsroom")
    told = [Site.model_validate(_toml(file)) for file in _toml_files(root / "sites")]
    sites = [site.model_copy(update={"announced_by": announced_by.get(site.id, site.announced_by)}) for site in told]
    raw = [
        {"language": language, **entry}
        for file in _toml_files(root / "articles")
        for data in [_toml(file)]
        for language in [data["language"]]
        for entry in data["article"]
    ]
    originals = {entry["slug"]: entry for entry in raw}
    articles = []
    for entry in raw:
        of = originals[entry["reprint_of"]] if "reprint_of" in entry else entry
        text = str(of["text"])
        fields = {**{name: of[name] for name in ("title", "entities") if name in of}, **entry}
        fields.pop("text", None)
        passages = [_passage(block) for block in text.strip().split("\n\n")]
        paragraphs, forms = [text for text, _ in passages], {text: form for text, form in passages if form}
        pictures = of.get("pictures", ())
        articles.append(
            Article.model_validate({**fields, "paragraphs": paragraphs, "forms": forms, "pictures": pictures})
        )
    return Stock(sites, [copied for number in range(1, copies + 1) for copied in _copies(articles, number)])


def _passage(block: str) -> tuple[str, Form | None]:
    """A paragraph and what it is: `## heading`, `> quote`, `@ post`, lines of `- item`, lines of `cell | cell`."""
    for mark, form in _MARKS.items():
        if block.startswith(mark):
            return " ".join(block.removeprefix(mark).split()), form
    lines = [" ".join(line.split()) for line in block.splitlines()]
    if all(line.startswith("- ") for line in lines):
        return "\n".join(lines), "list"
    if all(" | " in line for line in lines):
        return "\n".join(lines), "table"
    return " ".join(lines), None


def labels() -> dict[str, dict[str, str]]:
    """Language → the words that a site's pages put around an article."""
    return _toml(files("services.console.newsroom") / "labels.toml")


def _copies(articles: Sequence[Article], number: int) -> Iterable[Article]:
    if number == 1:
        yield from articles
        return
    for article in articles:
        first, *rest = article.paragraphs
        yield article.model_copy(
            update={
                "slug": f"{article.slug}-{number}",
                "title": f"{article.title} ({number})",
                "paragraphs": (f"№ {number}. {first}", *rest),
                "story": f"{article.story}-{number}" if article.story else None,
                "reprint_of": f"{article.reprint_of}-{number}" if article.reprint_of else None,
            }
        )


def _toml_files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)


def _toml(file: Traversable) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
