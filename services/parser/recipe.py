"""Site recipes: what an operator knows of one site's pages, as data, used where it finds something."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from services.contracts.identity import BadUrl, host_of
from services.parser.limits import MAX_AUTHORS, MAX_LEAD_CHARS, MAX_LINE_CHARS, MAX_TITLE_CHARS
from services.parser.page.blocks import INLINE

BODY, DROP = 1, 2
"""Bits of Block.marks: the block stands in the recipe's body; the recipe drops it."""

MAX_SELECTOR_CHARS = 200
MAX_SELECTORS = 8
"""Of one field."""
MAX_CHILD_STEPS = 5
MAX_MATCHES = 2_000
"""Elements of one selector that count."""
MAX_TRIED = 20
"""Of those, that are looked through for one with a text in it."""
MAX_NODES_READ = 500
"""Of one element, for a value that is a line."""
MAX_PATTERN_CHARS = 100
MAX_VERSIONS = 20
MAX_RECIPE_BYTES = 100_000
MAX_RECIPES = 5_000
MAX_FAULTS = 10

DateOrder = Literal["day-first", "month-first", "year-first"]
RecipeField = Literal["body", "title", "date", "modified", "author", "section", "lead", "views"]
"""Fields that should be found on every article; what they don't find is missed."""

FIELDS: tuple[RecipeField, ...] = get_args(RecipeField)
_MOST_CHARS: Mapping[RecipeField, int] = {"title": MAX_TITLE_CHARS, "lead": MAX_LEAD_CHARS}

_ATTRIBUTE = re.compile(r"^(?P<selector>.{1,200})@(?P<name>[a-z][a-z0-9-]{0,40})$", re.DOTALL)
_STRINGS = re.compile(r"\"[^\"]{0,200}\"|'[^']{0,200}'")
_BRACKETS = re.compile(r"\[[^\[\]]{0,200}\]")
_ARGUMENTS = re.compile(r"\(([^()]{0,200})\)")
_PSEUDO = re.compile(r":([a-z-]{1,30})")
_CHILD = re.compile(r"\s{0,20}>\s{0,20}")
_USUAL_PSEUDOS = frozenset({"not", "is", "first-child", "last-child", "only-child", "empty"})
_APART: frozenset[RecipeField] = frozenset({"date", "modified", "author", "views"})
"""Fields whose texts in elements of their own are words of their own: day and time, a label and a name."""
_UNREAD = frozenset({"script", "style", "template", "noscript"})
_NUMBER = re.compile(r"\d{1,3}(?:[\s\u00a0\u202f.,'’]\d{3}){1,4}(?!\d)|\d{1,12}")
Day = date
"""By a name of its own, since a version has a field `date`."""
_OWN_DRESS = ("www.", "m.", "amp.")
_EMPTY_PAGE = LexborHTMLParser("<p></p>")


class RecipeError(ValueError):
    """A recipe that can't be used; the text names file, version and field, and what to do, a line for each fault."""


@dataclass(frozen=True)
class Selector:
    """A CSS selector and what is read of the element: an attribute, or else its text."""

    css: str
    attribute: str | None = None


def _selector(value: object) -> Selector:
    if not isinstance(value, str):
        raise ValueError("write a CSS selector in quotes")
    found = _ATTRIBUTE.match(value)
    selector = Selector(found["selector"].strip(), found["name"]) if found else Selector(value.strip())
    if len(selector.css) > MAX_SELECTOR_CHARS:
        raise ValueError(f"{len(value)} characters; {MAX_SELECTOR_CHARS} are the most")
    try:
        _EMPTY_PAGE.css(selector.css)
    except SelectolaxError:
        raise ValueError(f"{selector.css!r} is no CSS selector; correct it") from None
    if why := _too_slow(selector.css):
        raise ValueError(f"{selector.css!r} {why}")
    return selector


def _too_slow(css: str) -> str | None:
    """Why a selector could take minutes on a hostile page, or None.

    The library goes back and forth over all brothers for `~` and `:nth-…`, and over all ancestors for each space.
    """
    bare = _BRACKETS.sub("", _STRINGS.sub("", css))
    for argument in _ARGUMENTS.findall(bare):
        if re.search(r"[\s>~+:]", argument.strip().replace(", ", ",")):
            return "has more than tags, classes and attributes between parentheses; write it without"
    bare = _ARGUMENTS.sub("", bare)
    if unusual := [name for name in _PSEUDO.findall(bare) if name not in _USUAL_PSEUDOS]:
        return f"uses :{unusual[0]}; there are {', '.join(f':{name}' for name in sorted(_USUAL_PSEUDOS))}"
    if re.search(r"[~+|()]", bare):
        return "uses more of CSS than tags, classes, ids, attributes, spaces and >; write it with these"
    for part in bare.split(","):
        steps = _CHILD.sub(">", part.strip())
        if len(steps.split()) > 2:
            return "has more than one space; write > between parent and child, or begin further in"
        if steps.count(">") > MAX_CHILD_STEPS:
            return f"has more than {MAX_CHILD_STEPS} >; begin further in"
    return None


def _several(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not 0 < len(value) <= MAX_SELECTORS:
        raise ValueError(f"write a CSS selector in quotes, or a list of at most {MAX_SELECTORS}")
    return value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no IANA name; write one like Asia/Tashkent") from None
    return name


def _path_pattern(pattern: str) -> str:
    if not pattern.startswith("/"):
        raise ValueError(f"{pattern!r} matches no path; begin it with /, as in /photo/*")
    if "[" in pattern or pattern.count("*") > 4 or len(pattern) > MAX_PATTERN_CHARS:
        raise ValueError(f"{pattern!r}: write a path with at most four * in it, and no brackets")
    return pattern


Selectors = Annotated[
    tuple[Annotated[Selector, BeforeValidator(_selector)], ...],
    BeforeValidator(_several),
]


class Version(BaseModel):
    """How a site's pages are read from one day on, until the next version's day."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    since: Day
    body: Selectors = ()
    drop: Selectors = ()
    title: Selectors = ()
    date: Selectors = ()
    modified: Selectors = ()
    author: Selectors = ()
    section: Selectors = ()
    lead: Selectors = ()
    views: Selectors = ()
    optional: tuple[RecipeField, ...] = ()
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    date_order: DateOrder | None = None
    not_articles: tuple[Annotated[str, AfterValidator(_path_pattern)], ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _says_something(self) -> Version:
        if not self.model_fields_set - {"since", "optional"}:
            raise ValueError("it says nothing; add body, title, date or another field")
        return self

    def selectors(self, name: RecipeField) -> Sequence[Selector]:
        """What the version says of a field, best first."""
        found: Sequence[Selector] = getattr(self, name)
        return found


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: tuple[Version, ...] = ()

    @field_validator("version", mode="before")
    @classmethod
    def _is_a_list(cls, value: object) -> object:
        if not isinstance(value, list) or len(value) > MAX_VERSIONS:
            raise ValueError(f"write [[version]] before each version, {MAX_VERSIONS} at most")
        return value

    @model_validator(mode="after")
    def _has_one_of_a_day(self) -> _File:
        if not self.version:
            raise ValueError("it says nothing; write [[version]], since = 2026-01-31 below it, then the selectors")
        days = [version.since for version in self.version]
        if twice := [day for day in days if days.count(day) > 1]:
            raise ValueError(f"two versions are of {twice[0]}; a page is read by one of them, so give each its own day")
        return self


@dataclass(frozen=True)
class Applied:
    """What a recipe says of one page. Empty where it found nothing or was not asked; then the general way counts."""

    name: str
    """host@version, the version by its day."""
    marks: Mapping[int, int] = field(default_factory=dict)
    """mem_id of elements → BODY, DROP or both, for layout_of()."""
    title: str | None = None
    published_text: str | None = None
    """As written on the page; so is `modified_text`."""
    modified_text: str | None = None
    authors: tuple[str, ...] = ()
    """As written, an element each; labels and lists of names are not taken apart."""
    section: str | None = None
    lead: str | None = None
    views: int | None = None
    zone: str | None = None
    """IANA name of the zone that the site's dates are in."""
    date_order: DateOrder | None = None
    missed: tuple[RecipeField, ...] = ()
    not_article: str | None = None
    """The pattern of paths that are no articles which the page's path matches."""

    @property
    def has_body(self) -> bool:
        """Whether the body is what carries BODY and not DROP, and no model is asked."""
        return any(bits & BODY for bits in self.marks.values())


@dataclass(frozen=True)
class Recipe:
    """One site's recipe, newest version first."""

    host: str
    versions: tuple[Version, ...]
    place: str
    """Its file, below the folder of its kind."""

    def apply(self, tree: LexborHTMLParser, path: str, fetched_at: datetime) -> Applied:
        """What the recipe says of a page: by the version of its day, or by an older one whose body is still there.

        Inline elements that are to be dropped are taken out of the tree after all was read, those of the body where
        there is one: a block is dropped whole or not at all.
        """
        day = fetched_at.astimezone(UTC).date()
        valid = [version for version in self.versions if version.since <= day] or [self.versions[-1]]
        chosen, holders = valid[0], _elements(tree, valid[0].body)
        for older in valid[1:] if valid[0].body and not holders else ():
            if found := _elements(tree, older.body):
                chosen, holders = older, found
                break
        return _applied(f"{self.host}@{chosen.since}", chosen, tree, path, holders)


class RecipeBook:
    """All recipes that are known, by host."""

    def __init__(self, recipes: Iterable[Recipe] = ()) -> None:
        self.recipes: Mapping[str, Recipe] = {recipe.host: recipe for recipe in recipes}

    def of(self, host: str) -> Recipe | None:
        """The recipe of a host: its own, without `www.`, `m.` or `amp.`, else that of a domain above it."""
        if not self.recipes:
            return None
        host = host.rsplit(":", 1)[0]
        if found := self.recipes.get(host):
            return found
        for prefix in _OWN_DRESS:
            if found := self.recipes.get(host.removeprefix(prefix)):
                return found
        while "." in host:
            if found := self.recipes.get(host):
                return found
            host = host.split(".", 1)[1]
        return None

    def choose(self, url: str, fetched_at: datetime, tree: LexborHTMLParser) -> Applied | None:
        """What the recipe of the page's site says of it, or None where there is none.

        To be asked before layout_of(): it may take elements out of the tree.
        """
        try:
            recipe = self.of(host_of(url)) if self.recipes else None
        except BadUrl:
            return None
        return recipe.apply(tree, urlsplit(url).path, fetched_at) if recipe else None

    def with_those_of(self, other: RecipeBook) -> RecipeBook:
        """Both books in one; where they have the same host, the other's recipe counts."""
        return RecipeBook({**self.recipes, **other.recipes}.values())


@lru_cache(maxsize=8)
def book_of(folder: Path | None = None) -> RecipeBook:
    """The recipes that ship, and those of an operator's folder, which win. Raises RecipeError."""
    shipped = RecipeBook(read_folder(files("services.parser") / "recipes"))
    if folder is None:
        return shipped
    if not folder.is_dir():
        raise RecipeError(f"{folder} is no folder; name one that holds recipes like uz/example.org.toml")
    return shipped.with_those_of(RecipeBook(read_folder(folder)))


def read_folder(folder: Traversable) -> list[Recipe]:
    """Every recipe of a folder and of its folders, one a country. Raises RecipeError with all faults."""
    found: dict[str, tuple[str, Recipe]] = {}
    faults: list[str] = []
    for place, file in _recipe_files(folder):
        try:
            recipe = read_recipe(file.read_bytes(), place)
        except (RecipeError, OSError) as error:
            faults.append(str(error))
            continue
        if recipe.host in found:
            faults.append(f"{place}: {found[recipe.host][0]} is of the same host; put both into one file")
        found[recipe.host] = (place, recipe)
    if faults:
        raise RecipeError("\n".join(faults))
    return [recipe for _, recipe in found.values()]


def read_recipe(content: bytes, place: str) -> Recipe:
    """The recipe in a file's bytes; `place` is its path, whose last part is <host>.toml. Raises RecipeError."""
    name = place.replace("\\", "/").rsplit("/", 1)[-1]
    host = name.removesuffix(".toml")
    try:
        known = host_of(f"https://{host}") == host and name.endswith(".toml") and ":" not in host
    except BadUrl:
        known = False
    if not known:
        raise RecipeError(f"{place}: name the file after the host, as in example.org.toml")
    if len(content) > MAX_RECIPE_BYTES:
        raise RecipeError(f"{place}: more than {MAX_RECIPE_BYTES} bytes are no recipe")
    try:
        fields = tomllib.loads(content.decode())
    except ValueError as error:
        raise RecipeError(f"{place}: this is no TOML in UTF-8: {error}") from None
    try:
        file = _File.model_validate(fields)
    except ValidationError as error:
        raise RecipeError("\n".join(_sentences(error, fields, place))) from None
    return Recipe(host, tuple(sorted(file.version, key=lambda version: version.since, reverse=True)), place)


def _recipe_files(folder: Traversable) -> list[tuple[str, Traversable]]:
    """Files of a folder and of the folders in it, with their places, in order."""
    found: list[tuple[str, Traversable]] = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir() and not one.name.startswith((".", "_")):
            found += [(f"{one.name}/{file.name}", file) for file in sorted(one.iterdir(), key=lambda file: file.name)]
        else:
            found.append((one.name, one))
    return [(place, file) for place, file in found if place.endswith(".toml")][:MAX_RECIPES]


def _sentences(error: ValidationError, fields: Mapping[str, Any], place: str) -> Iterable[str]:
    for fault in error.errors()[:MAX_FAULTS]:
        where = [str(part) for part in fault["loc"]]
        parts = [place]
        if len(where) > 1 and where[1].isdigit():
            versions = fields.get("version")
            one = versions[int(where[1])] if isinstance(versions, list) else None
            since = one.get("since") if isinstance(one, dict) else None
            parts.append(f"version {since}" if since else f"version {int(where[1]) + 1}")
            where = where[2:]
        if where:
            parts.append(where[0])
        said = str(fault["msg"]).removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            said = f"there is no such key; docs/recipes.md lists them: {', '.join(Version.model_fields)}"
        elif fault["type"] == "missing":
            said = "write the day from which this is right, as in since = 2026-01-31"
        yield f"{', '.join(parts)}: {said}"


def _elements(tree: LexborHTMLParser, selectors: Iterable[Selector]) -> list[LexborNode]:
    """The elements of the first selector that finds one with text in it."""
    for selector in selectors:
        found = tree.css(selector.css)[:MAX_MATCHES]
        if any(_words(node, apart=False) for node in found[:MAX_TRIED]):
            return found
    return []


def _applied(name: str, version: Version, tree: LexborHTMLParser, path: str, holders: Sequence[LexborNode]) -> Applied:
    values = {field: _texts(tree, field, version.selectors(field)) for field in FIELDS if field != "body"}
    views = _count(values["views"][0]) if values["views"] else None
    found: dict[RecipeField, bool] = {field: bool(texts) for field, texts in values.items()}
    found |= {"body": bool(holders), "views": views is not None}
    return Applied(
        name=name,
        marks=_marks(tree, holders, version.drop),
        title=_first(values["title"]),
        published_text=_first(values["date"]),
        modified_text=_first(values["modified"]),
        authors=tuple(dict.fromkeys(values["author"]))[:MAX_AUTHORS],
        section=_first(values["section"]),
        lead=_first(values["lead"]),
        views=views,
        zone=version.time_zone,
        date_order=version.date_order,
        missed=tuple(
            field for field in FIELDS if version.selectors(field) and not found[field] and field not in version.optional
        ),
        not_article=next((pattern for pattern in version.not_articles if fnmatchcase(path, pattern)), None),
    )


def _marks(tree: LexborHTMLParser, holders: Sequence[LexborNode], drop: Iterable[Selector]) -> dict[int, int]:
    """The bits of the elements; inline ones that are dropped are taken out of the tree."""
    marks = {node.mem_id: BODY for node in holders}
    inline: dict[int, LexborNode] = {}
    for selector in drop:
        for node in tree.css(selector.css)[:MAX_MATCHES]:
            if node.tag not in INLINE:
                marks[node.mem_id] = marks.get(node.mem_id, 0) | DROP
            elif not holders or _stands_in(node, marks):
                inline[node.mem_id] = node
    # What stands in another that goes, goes with it, and must not be touched again.
    for node in [node for node in inline.values() if not _stands_in(node, inline)]:
        node.decompose()
    return marks


def _stands_in(node: LexborNode, elements: Mapping[int, object]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.mem_id in elements:
            return True
        parent = parent.parent
    return False


def _texts(tree: LexborHTMLParser, name: RecipeField, selectors: Iterable[Selector]) -> tuple[str, ...]:
    """What the elements of the first selector say that finds any text."""
    most = _MOST_CHARS.get(name, MAX_LINE_CHARS)
    for selector in selectors:
        nodes = tree.css(selector.css)[:MAX_TRIED]
        read = (_text(node, selector.attribute, apart=name in _APART) for node in nodes)
        if found := tuple(text[:most].strip() for text in read if text):
            return found
    return ()


def _text(node: LexborNode, attribute: str | None, *, apart: bool) -> str:
    """The attribute that was asked for; else what a `<meta>` or a `<time>` says by one; else the text."""
    usual = {"meta": "content", "time": "datetime"}.get(node.tag or "")
    said = node.attributes.get(attribute or usual or "")
    if said or attribute:
        return " ".join((said or "").split())
    return _words(node, apart=apart)


def _words(node: LexborNode, *, apart: bool) -> str:
    """An element's text in one line; inline elements part words only where they are `apart`."""
    parts: list[str] = []
    for walked, inner in enumerate(node.traverse(include_text=True)):
        if walked >= MAX_NODES_READ:
            break
        tag = inner.tag or ""
        if tag == "-text":
            parent = inner.parent
            if parent is None or parent.tag not in _UNREAD:
                parts.append(f"{inner.text_content or ''}{' ' if apart else ''}")
        elif tag not in INLINE:
            parts.append(" ")
    return " ".join("".join(parts).split())


def _count(text: str) -> int | None:
    """The first number in a text, its thousands parted or not."""
    found = _NUMBER.search(text)
    return int(re.sub(r"\D", "", found[0])) if found else None


def _first(texts: Sequence[str]) -> str | None:
    return texts[0] if texts else None
