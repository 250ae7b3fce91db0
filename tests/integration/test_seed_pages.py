"""Texts kept beside the repository, wrapped as their sites would show them, are found whole and without the noise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest, SourceFacts
from services.parser.limits import Limits
from services.parser.parse import parse

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="these texts are not part of the repository")

NOW = datetime(2024, 12, 20, tzinfo=UTC)
DATED = re.compile(r"(?:\d\d:\d\d / )?\d\d\.\d\d\.\d{4}|\d\d:\d\d")
CLOCKED = re.compile(r"(?P<clock>\d\d:\d\d) / (?P<d>\d\d)\.(?P<m>\d\d)\.(?P<y>\d{4})")
NUMBER = re.compile(r"\d+")
FORM_OF_TAIL = re.compile(r"\s*•|Related News$|Top$")
CREDIT = re.compile(r"Photo:")
QUOTES = str.maketrans("“”„«»", '"""""')


@dataclass(frozen=True)
class Seed:
    """A text taken apart by the form of its lines."""

    head: tuple[str, ...]
    title: str
    paragraphs: tuple[str, ...]
    """Captions and credits in their places; torn ones joined."""
    tail: tuple[str, ...]

    @property
    def captions(self) -> tuple[str, ...]:
        """Each caption once: the line that stands twice, and the credit."""
        twice = tuple(two for one, two in pairwise(self.paragraphs) if are_twins(one, two))
        return twice + tuple(p for p in self.paragraphs if CREDIT.match(p))

    @property
    def body(self) -> tuple[str, ...]:
        """The paragraphs that are the article's."""
        doubled = {p for one, two in pairwise(self.paragraphs) if are_twins(one, two) for p in (one, two)}
        return tuple(p for p in self.paragraphs if p not in doubled and not CREDIT.match(p))


def are_twins(one: str, two: str) -> bool:
    return one.translate(QUOTES) == two.translate(QUOTES)


def seed_of(number: int, *, titled: bool = True) -> Seed:
    text = next(SEEDS.glob(f"{number:03}_*.txt")).read_text("utf-8")
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    start = next(i for i, line in enumerate(lines) if not DATED.fullmatch(line) and not NUMBER.fullmatch(line))
    end = next((i for i, line in enumerate(lines) if FORM_OF_TAIL.match(line)), len(lines))
    title = lines[start] if titled else "Remarks at a conference"
    return Seed(tuple(lines[:start]), title, tuple(lines[start + titled : end]), tuple(lines[end:]))


def joined(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """With what follows in lower case put back where it was torn off."""
    found: list[str] = []
    for paragraph in paragraphs:
        if found and paragraph[0].islower() and found[-1][-1].isalnum():
            found[-1] += f" {paragraph}"
        else:
            found.append(paragraph)
    return tuple(found)


def page(head: str, body: str, language: str) -> str:
    return f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def paragraphs_html(seed: Seed) -> str:
    return "".join(
        f'<p><img src="/i.jpg"></p><p><em>{escape(p)}</em></p>' if CREDIT.match(p) else f"<p>{escape(p)}</p>"
        for p in seed.paragraphs
    )


def portal(seed: Seed, when: str) -> str:
    """Time and views above the title, times below the titles of related news."""
    counted = "".join(f'<div class="view">{n}</div>' for n in seed.head if NUMBER.fullmatch(n))
    related, rest = "", [line for line in seed.tail[1:] if line != "Top"]
    for line in rest:
        related += f"<span>{escape(line)}</span>" if DATED.fullmatch(line) else f'<a href="/en/x">{escape(line)}</a>'
    return page(
        f'<title>{escape(seed.title)}</title><meta property="og:title" content="{escape(seed.title)}">',
        '<header><a href="/">Portal</a><ul><li><a href="/en/politics">Politics</a></li></ul></header>'
        f'<div class="single"><div class="meta"><div class="date">{when}</div>{counted}</div>'
        f'<h1>{escape(seed.title)}</h1><div class="single-content">{paragraphs_html(seed)}</div>'
        f'<div class="single-related"><div class="block-title">{escape(seed.tail[0])}</div>{related}</div></div>'
        '<a href="#">Top</a><footer>© 2010–2024 Portal</footer>',
        "en",
    )


def agency(seed: Seed) -> str:
    """A title that is no heading, a body with line breaks, lines of what can be done with it below."""
    items = "".join(f"<li>{escape(line.lstrip('• '))}</li>" for line in seed.tail if line.startswith("•"))
    rest = "".join(f"<div>{escape(line)}</div>" for line in seed.tail if not line.startswith("•"))
    return page(
        f"<title>{escape(seed.title)}</title>",
        '<div class="head"><a href="/">Agency</a> <a href="/uz">Oʻzbekcha</a></div>'
        f'<div class="col"><div class="news_title">{escape(seed.title)}</div>'
        f'<div class="news_text">{"<br><br><br>".join(map(escape, seed.paragraphs))}</div>'
        f"<ul>{items}</ul>{rest}</div><div>© Agency 2024</div>",
        "en",
    )


def national(seed: Seed, when: str) -> str:
    """An agency with its date above the title and shares below the text."""
    return page(
        f'<title>{escape(seed.title)} - Agentlik</title><meta property="og:title" content="{escape(seed.title)}">',
        '<nav><a href="/uz">Bosh sahifa</a><a href="/uz/siyosat">Siyosat</a></nav><main><article>'
        f'<span class="news-date">{when}</span><h1>{escape(seed.title)}</h1><div class="content-block">'
        f'{"".join(f"<p>{escape(p)}</p>" for p in seed.paragraphs)}</div><div class="share">Ulashish <a>Telegram</a>'
        '</div></article><aside><h3>Soʻnggi yangiliklar</h3><a href="/uz/1">Viloyatda yangi maktab ochildi</a>'
        "<span>17.12.2024</span></aside></main><footer>© 2024 Agentlik. Barcha huquqlar himoyalangan.</footer>",
        "uz",
    )


def magazine(seed: Seed, when: str) -> str:
    """A WordPress theme whose pictures repeat their captions as texts of the images."""
    body = ""
    for before, paragraph in pairwise(("", *seed.paragraphs)):
        if are_twins(before, paragraph):
            body += f"<figcaption>{escape(paragraph)}</figcaption></figure>"
        elif paragraph in seed.body:
            body += f"<p>{escape(paragraph)}</p>"
        else:
            body += f'<figure><img src="/i.jpg" alt="{escape(paragraph)}"><figcaption>{escape(paragraph)}</figcaption>'
    return page(
        f"<title>{escape(seed.title)} - The Magazine</title>",
        f'<article class="post"><h1 class="entry-title">{escape(seed.title)}</h1><div class="entry-meta">'
        f'<time datetime="{when}">on that day</time></div><div class="entry-content">{body}</div>'
        '<div class="share">Share</div></article><aside><h3>Recent Posts</h3><a href="/x">Another story</a></aside>',
        "en",
    )


def read(html: str, path: str, zone: str) -> ParsedArticle:
    fetched = FetchedPage(
        request=FetchRequest(url=f"https://news.example{path}", reason="feed", requested_at=NOW),
        facts=SourceFacts(timezone=zone),
        url=f"https://news.example{path}",
        status=200,
        media_type="text/html",
        body="",
        body_sha256="",
        fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="", started=NOW, took=0),
    )
    result = parse(fetched, Limits(), NOW, content=html.encode())
    assert isinstance(result, ParsedArticle), result
    return result


def stated(when: str) -> str:
    """ISO 8601 with the zone of Tashkent of `19:34 / 15.05.2024`."""
    found = CLOCKED.fullmatch(when)
    assert found is not None
    return f"{found['y']}-{found['m']}-{found['d']}T{found['clock']}:00+05:00"


Case = tuple[Seed, str, str, str]


def first() -> Case:
    seed = seed_of(0)
    return seed, portal(seed, seed.head[0]), "/en/news/2024/05/15/a-meeting-about-security", stated(seed.head[0])


def second() -> Case:
    return seed_of(1), agency(seed_of(1)), "/en/site/inner/cooperation_is_a_priority-x1", "2024-07-04"


def third() -> Case:
    return seed_of(2), national(seed_of(2), "14.05.2024 10:12"), "/uz/posts/bosh-kotib_598", "2024-05-14T10:12:00+05:00"


def fourth() -> Case:
    return (
        seed_of(3),
        portal(seed_of(3), "16:20 / 03.09.2024"),
        "/en/news/2024/09/03/a-call",
        stated("16:20 / 03.09.2024"),
    )


def fifth() -> Case:
    seed = seed_of(4, titled=False)
    return seed, magazine(seed, "2022-10-21T14:05:00+05:00"), "/remarks-at-a-conference/", "2022-10-21T14:05:00+05:00"


@pytest.mark.parametrize("case", [first, second, third, fourth, fifth])
def test_the_text_is_found_without_its_noise(case: Callable[[], Case]) -> None:
    seed, html, path, published = case()
    found = read(html, path, "Asia/Tashkent")
    assert found.title == seed.title
    assert found.paragraphs == joined(seed.body)
    assert found.published is not None
    assert found.published.value == published
    assert not [line for line in (*seed.head, *seed.tail) if line in found.text]
    assert not set(seed.captions) & set(found.paragraphs)
    counters = [int(line) for line in seed.head if NUMBER.fullmatch(line)]
    assert not counters or (found.engagement is not None and found.engagement.views == counters[0])
