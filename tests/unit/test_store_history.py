"""An article's history is the same whatever order its observations come in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.articles import Edition, Extraction, ParsedArticle
from services.contracts.identity import article_id
from services.store.duplicates import Holder, duplicate_of, editions_of
from services.store.fold import History, Observation, fold
from services.store.receipts import Told, due, told_by

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
URL = "https://kun.example/a"


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def seen(fetched: int, content: str, *, enriched: int | None = None, body: str | None = None) -> Observation:
    """An observation; each fetch brings bytes of its own unless a test says otherwise."""
    return Observation(
        at(fetched), at(fetched if enriched is None else enriched), content, "Latn", body or f"body-{fetched}", "m-1"
    )


def article(**more: object) -> ParsedArticle:
    facts: dict[str, object] = {
        "article_id": article_id(URL),
        "content_key": "k",
        "url": URL,
        "canonical_url": URL,
        "host": "kun.example",
        "title": "Сув омбори тўлди",
        "text": "Омбор тўлди.",
        "body_sha256": "0",
        "extraction": Extraction(method="m-1", confidence=1),
        "fetched_at": START,
    }
    return ParsedArticle.model_validate({**facts, **more})


def tell(history: History, before: Told) -> list[str]:
    return [telling.ce_id.partition(":")[2] for telling in due(history, before, article(), {}, START)]


def contents(history: History) -> list[str]:
    return [r.content_key for r in history.revisions]


observations = st.builds(
    seen,
    st.integers(0, 5),
    st.sampled_from("abc"),
    enriched=st.integers(6, 9),
    body=st.sampled_from(["b1", "b2", "b3", "b4", None]),
)


@settings(deadline=None)
@given(st.lists(observations, min_size=1, max_size=8), st.lists(st.integers(0, 6).map(at), max_size=4), st.randoms())
def test_order_and_repeats_do_not_change_a_history_or_its_receipts(seen_, gone, random) -> None:
    expected = fold(seen_, gone)
    again, gone_again = [*seen_, *seen_[:3]], [*gone, *gone[:2]]
    random.shuffle(again)
    random.shuffle(gone_again)
    assert fold(again, gone_again) == expected
    assert tell(fold(again, gone_again), Told()) == tell(expected, Told())


# Every fetch with bytes and content of its own choosing, but extracted once: then nothing can be taken back.
honest = st.lists(
    st.builds(lambda hour, content: seen(hour, content), st.integers(0, 9), st.sampled_from("abc")),
    min_size=1,
    max_size=9,
    unique_by=lambda o: o.fetched_at,
)


@settings(deadline=None)
@given(honest, st.lists(st.integers(0, 9).map(at), max_size=5), st.randoms())
def test_receipts_told_along_any_way_are_those_of_the_final_history_each_told_once(seen_, gone, random) -> None:
    facts = [*seen_, *gone, *seen_[:2]]
    random.shuffle(facts)
    told, told_ids = Told(), []
    for i in range(1, len(facts) + 1):
        arrived = [f for f in facts[:i] if isinstance(f, Observation)]
        if not arrived:
            continue
        history = fold(arrived, [f for f in facts[:i] if isinstance(f, datetime)])
        told_ids += tell(history, told)
        told = told_by(history, told)
    assert sorted(told_ids) == sorted(tell(fold(seen_, gone), Told()))


def test_a_new_content_is_a_revision_and_an_old_one_that_returns_is_another() -> None:
    history = fold([seen(1, "a"), seen(2, "b"), seen(3, "a")])
    assert contents(history) == ["a", "b", "a"]
    assert [r.valid_from for r in history.revisions] == [at(1), at(2), at(3)]


def test_the_same_bytes_read_by_another_extractor_are_no_revision() -> None:
    history = fold([seen(1, "a", body="same"), seen(1, "better", enriched=5, body="same")])
    assert contents(history) == ["better"]
    assert contents(fold([seen(1, "a", body="same"), seen(4, "better", body="same")])) == ["better"]


def test_an_old_fetch_that_is_read_again_does_not_split_the_fetches_after_it() -> None:
    replayed = seen(1, "better", enriched=9)
    assert len(fold([seen(1, "a"), replayed, seen(2, "a")]).revisions) == 1


def test_a_page_that_goes_and_comes_back_is_told_twice_and_its_repeats_are_not() -> None:
    history = fold([seen(1, "a"), seen(5, "a")], [at(2), at(3)])
    assert (history.gone_at, history.gones, history.backs) == (None, 1, 1)
    assert tell(history, Told(contents=1)) == ["1:gone", "1:back"]
    assert fold([seen(1, "a")], [at(2), at(3)]).gone_at == at(2)
    assert fold([seen(4, "a")], [at(2)]).gones == 0


def test_a_known_content_is_a_duplicate_unless_one_page_declares_the_other_as_an_edition() -> None:
    first = Holder("first", frozenset())
    assert duplicate_of("second", frozenset(), first) == "first"
    assert duplicate_of("first", frozenset(), first) is None
    assert duplicate_of("second", frozenset(), None) is None
    assert duplicate_of("second", frozenset({"first"}), first) is None
    assert duplicate_of("second", frozenset(), Holder("first", frozenset({"second"}))) is None


def test_an_edition_without_a_usable_url_is_passed_over() -> None:
    editions = (Edition(language="ru", url="javascript:void(0)"), Edition(language="ru", url=URL + "?utm_source=x"))
    assert editions_of(article(editions=editions)) == {article_id(URL)}
