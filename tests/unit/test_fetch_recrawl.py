"""Known pages looked at again: unchanged, edited, missing, gone in disguise."""

import itertools
from datetime import timedelta

from crawling import HTML, A, Fetching, fetching, until

from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest
from services.contracts.sources import Source
from services.fetcher.web.answers import Answer, Fault, Outcome
from services.runtime.stage import utc_now

TWICE = "0.1,0.2"
EDITED = Answer(A, 200, {"content-type": "text/html"}, b"<html>a page, edited")
SOURCE = Source(id="a", name="A", homepage="http://a.example/")


async def announced(it: Fetching) -> None:
    it.book.apply("a", SOURCE)
    it.book.restored = True
    request = {"url": A, "source": "a", "reason": "feed", "hints": {"published": "today"}, "requested_at": utc_now()}
    await it.acceptor.accept(FetchRequest.model_validate(request))


def ended(it: Fetching) -> bool:
    known = it.frontier.get("a.example", f"url:{A}")
    return known is not None and known.state != "pending" and known.due_at is None


async def test_a_page_is_looked_at_again_conditionally_and_only_an_edit_is_sent_on() -> None:
    tagged = Answer(A, 200, {"content-type": "text/html", "etag": '"1"'}, HTML.body)
    async with fetching({A: [tagged, Answer(A, 304, {}), EDITED]}, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert it.web.asked.count(A) == 3
        conditional = [h for url, h in zip(it.web.asked, it.web.headers, strict=True) if url == A]
        assert conditional == [{}, {"If-None-Match": '"1"'}, {"If-None-Match": '"1"'}]
        first, edit = it.broker.of(FetchedPage)
        assert (first.request.reason, edit.request.reason) == ("feed", "recrawl")
        assert edit.request.hints.published == "today", "a date that only the feed knew is still known"
        assert edit.request.source == "a"


async def test_the_same_bytes_again_are_not_sent_on() -> None:
    async with fetching({A: [HTML]}, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert (it.web.asked.count(A), it.broker.pages) == (3, [A])


async def test_a_known_page_is_gone_only_when_it_is_missing_twice_in_a_row() -> None:
    script: dict[str, list[Outcome]] = {A: [HTML, Answer(A, 404, {}), HTML, Answer(A, 410, {}), Answer(A, 404, {})]}
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: it.broker.refused == {A: "gone"})
        assert it.web.asked.count(A) == 5
        assert it.broker.pages == [A]


async def test_a_page_that_is_announced_too_early_is_asked_for_once_more() -> None:
    async with fetching({A: [Answer(A, 404, {}), HTML]}) as it:
        await announced(it)
        await until(lambda: it.broker.pages == [A])
        assert not it.broker.refused


async def test_a_known_page_that_cannot_be_had_is_no_rejection() -> None:
    script: dict[str, list[Outcome]] = {
        A: [HTML, *[Fault(A, "connect", "refused")] * 3, Answer(A, 403, {}), HTML],
    }
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert it.broker.of(Rejection) == []
        assert it.web.asked.count(A) == 5


async def test_a_page_that_the_parser_refused_or_nobody_watches_is_not_looked_at_again() -> None:
    async with fetching({A: [HTML]}, recrawls=TWICE) as it:
        await announced(it)
        no_article = Rejection(stage="parser", reason="not-an-article", url=A, rejected_at=utc_now())
        it.outcomes.rejected(no_article)
        await until(lambda: ended(it))
        assert it.web.asked.count(A) == 1
    async with fetching({A: [HTML]}, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: it.broker.pages == [A])
        it.book.apply("a", None)
        await until(lambda: ended(it))
        assert it.web.asked.count(A) == 1


async def test_old_news_of_a_backfill_is_not_looked_at_again() -> None:
    async with fetching({A: [HTML]}, recrawls=TWICE) as it:
        request = {"url": A, "reason": "sitemap", "lane": "backfill", "requested_at": utc_now()}
        await it.acceptor.accept(FetchRequest.model_validate(request))
        await until(lambda: it.broker.pages == [A])
        await until(lambda: ended(it))


WORDS = " ".join(f"word{number}" for number in range(400))
MENU = " ".join(f"menu{number}" for number in range(150))


def page(text: str) -> Answer:
    body = f"<html><title>Site</title><nav>{MENU}</nav><p>{text}</p></html>".encode()
    return Answer("", 200, {"content-type": "text/html"}, body)


class MissingIsOk(dict[str, list[Outcome]]):
    """A site that answers 200 with its error page for whatever it does not have."""

    front = page("The front page, with the news of the day and much besides, as every day")

    def get(self, url: str, default: object = None) -> list[Outcome]:  # type: ignore[override]
        if url.endswith("/robots.txt"):
            return [Answer(url, 404, {})]
        if url == "http://a.example/":
            return [self.front]
        return super().get(url) or [page(f"Nothing is here, at {url}")]


async def test_an_error_page_that_says_200_counts_as_missing() -> None:
    script = MissingIsOk({A: [page(WORDS), page("Nothing is here, at /1")]})
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: it.broker.refused == {A: "gone"})
        assert it.broker.pages == [A]
        known = (A, "http://a.example/robots.txt", "http://a.example/")
        probes = [url for url in it.web.asked if url not in known]
        assert len(probes) == 2, "the host's habit is learned once, beside the page and at the root"
        [refused] = it.broker.of(Rejection)
        assert "200" in refused.detail


async def test_a_site_that_shows_one_page_for_everything_has_an_outage_and_its_articles_are_not_gone() -> None:
    script = MissingIsOk({A: [page(WORDS), page("Nothing is here, at /1")]})
    script.front = page("Nothing is here, at /")
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert it.broker.pages == [A]
        assert not it.broker.refused


class Careless(MissingIsOk):
    """A site that shows an article for any number."""

    def get(self, url: str, default: object = None) -> list[Outcome]:  # type: ignore[override]
        if url != A and url.rpartition("/")[2].isdigit():
            return [page(WORDS + " and a correction")]
        return super().get(url, default)


async def test_an_edit_on_a_site_that_shows_the_article_at_any_address_is_an_edit() -> None:
    script = Careless({A: [page(WORDS), page(WORDS + " and a correction")]})
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert it.broker.pages == [A, A]
        assert not it.broker.refused


async def test_an_edit_on_a_site_that_answers_200_for_missing_pages_is_an_edit() -> None:
    script = MissingIsOk({A: [page(WORDS), page(WORDS + " and a correction")]})
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert it.broker.pages == [A, A]
        assert not it.broker.refused


async def test_looks_are_timed_from_the_first_fetch() -> None:
    async with fetching({A: [HTML]}, recrawls="0.2,0.5") as it:
        await announced(it)
        await until(lambda: ended(it))
        starts = it.web.times["a.example"][1:]
        gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
        assert gaps[0] >= timedelta(seconds=0.2).total_seconds()
        assert gaps[1] >= timedelta(seconds=0.3).total_seconds()


async def test_while_a_sites_front_page_fails_none_of_its_articles_is_gone() -> None:
    script = MissingIsOk({A: [page(WORDS), page("Nothing is here, at /1")]})
    script.front = Answer("", 500, {})
    async with fetching(script, recrawls=TWICE) as it:
        await announced(it)
        await until(lambda: ended(it))
        assert it.broker.pages == [A]
        assert not it.broker.refused
