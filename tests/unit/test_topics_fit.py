"""Which numbers of partitions `topics apply` lets stand."""

from services.runtime.topics import fits


def test_a_count_that_differs_is_refused() -> None:
    assert fits("fetched-pages", 6, {"fetched-pages": 6})
    assert not fits("fetched-pages", 6, {"fetched-pages": 8})
    assert not fits("sources", 1, {"sources": 3})


def test_the_frontier_may_be_wider_than_the_rest_if_its_two_topics_are_alike() -> None:
    assert fits("url-frontier", 6, {"fetch-requests": 16, "url-frontier": 16})
    assert fits("fetch-requests", 6, {"fetch-requests": 16, "url-frontier": 16})
    assert not fits("url-frontier", 6, {"fetch-requests": 6, "url-frontier": 16}), "a migration that was cut short"
    assert not fits("url-frontier", 6, {"fetch-requests": 4, "url-frontier": 4})
