"""After an article is stored its site goes on: edits, deletions and news reach the store by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pipeline import Pipeline, assert_each_change_was_told_once, wait_for

OFTEN = {
    "FETCHER_RECRAWL_SECONDS": "12,24,36",
    "FETCHER_GONE_AGAIN_SECONDS": "2",
    "FETCHER_MIN_POLL_SECONDS": "1",
    "FETCHER_MAX_POLL_SECONDS": "3",
}


@pytest.mark.timeout(300)
def test_edits_deletions_and_news_are_noticed_without_being_asked_for(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "up", **OFTEN) as pipeline:
        newsroom = pipeline.newsroom
        pipeline.watch_sources()
        pipeline.wait_until_complete(120)
        by_host = {article.url.split("/")[2]: article for article in pipeline.gold}
        edited, deleted, hidden, like = (by_host[f"{site}.example"] for site in ("tong", "alatoo", "bogaz", "vodiy"))
        newsroom.edit(edited.slug, title="A title that was corrected")
        newsroom.delete(deleted.slug, 404)
        newsroom.soft_404("bogaz.example")
        newsroom.delete(hidden.slug)
        fresh = newsroom.publish(like.slug, "one-more-story")

        def kinds() -> dict[str, set[str]]:
            told: dict[str, set[str]] = {}
            for receipt in (said.receipt for said in pipeline.receipts()):
                told.setdefault(receipt.url.partition("?")[0], set()).add(receipt.kind)
            return told

        expected = {edited.url: "revision", deleted.url: "gone", hidden.url: "gone", fresh.url: "new"}
        wait_for(
            lambda: all(kind in kinds().get(url, set()) for url, kind in expected.items()),
            120,
            lambda: str({url: kinds().get(url) for url in expected}),
        )
        changed = [url for url, told in kinds().items() if told & {"revision", "gone"}]
        assert sorted(changed) == sorted([edited.url, deleted.url, hidden.url]), "nothing else has changed"
        assert pipeline.query(f"SELECT title FROM articles WHERE url = '{edited.url}'") == [
            ("A title that was corrected",)
        ]
        assert pipeline.query("SELECT count(*) FROM articles WHERE gone_at IS NOT NULL") == [(2,)]
        assert_each_change_was_told_once(pipeline)
