"""One identity per article and per content, whatever the URL or the text is dressed in."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.contracts.identity import MAX_URL_CHARS, BadUrl, article_id, canonical_url, content_key, host_of

fast = settings(max_examples=150, deadline=None, derandomize=True, database=None)

hosts = st.sampled_from(
    ["a.example", "Xabar.EXAMPLE", "www.a.example:8080", "янги.example", "[2001:DB8:0::1]", "a.example."]
)
words = st.text("abcXYZ019-_.~%/;=&+@:$!'(),йўқ é?[]|^\"<>`{}2e5", max_size=24)
urls = st.builds("{}://{}/{}?{}#{}".format, st.sampled_from(["http", "https", "HTTPS"]), hosts, words, words, words)
tracking = st.sampled_from(
    ["utm_source=x", "UTM_Campaign=1", "fbclid=a", "gclid=b", "yclid=1", "ysclid=2", "_openstat=z", "%75tm_source=q"]
)
latin = ["o‘zbek", "tog‘", "ma’no", "yangi", "shahar", "choy", "Qashqadaryo", "e’lon", "yetti", "sentabr", "aksiya"]
cyrillic = ["ўзбек", "тоғ", "маъно", "янги", "шаҳар", "чой", "Қашқадарё", "эълон", "етти", "сентябрь", "акция"]
word_places = st.lists(st.integers(0, len(latin) - 1), min_size=1, max_size=12)


def canonical_or_none(url: str) -> str | None:
    with contextlib.suppress(BadUrl):
        return canonical_url(url)
    return None


@fast
@given(
    st.one_of(
        st.text(max_size=60), urls, st.text("htps:/[]@.%#?;:a1ß\u200c\ud800 \\", max_size=40).map("http://".__add__)
    )
)
@example("http://[::1")
@example("http://a.example:99999/")
@example("http://a..example/")
@example("https://" + "й" * (MAX_URL_CHARS - 20) + ".example/")
@example("https://a.example/" + "й" * (MAX_URL_CHARS - 30))
def test_any_text_has_a_canonical_url_or_is_a_bad_url(text: str) -> None:
    canonical = canonical_or_none(text)
    if canonical is not None:
        assert canonical_url(canonical) == canonical
        assert canonical.isascii()
        assert host_of(canonical) == host_of(text)


@fast
@given(urls)
@example("http://a.example/%4%31")
@example("http://a.example/?%75tm_source=1")
@example("http://a.example/a/..;sid=1/b")
@example("http://a.example/s%69d/;s%69d=1/.")
def test_the_canonical_url_of_a_canonical_url_is_itself(url: str) -> None:
    canonical = canonical_or_none(url)
    if canonical is not None:
        assert canonical_url(canonical) == canonical


@fast
@given(urls, tracking)
def test_tracking_does_not_change_a_url(url: str, pair: str) -> None:
    canonical = canonical_or_none(url)
    if canonical is not None:
        assert canonical_url(f"{canonical}{'&' if '?' in canonical else '?'}{pair}") == canonical


@fast
@given(st.text("abcABC-", min_size=1, max_size=20), st.text("abcABC", min_size=1, max_size=5))
def test_the_case_of_path_and_query_stays(path: str, value: str) -> None:
    assert canonical_url(f"HTTPS://A.Example/{path}?q={value}") == f"https://a.example/{path}?q={value}"


@pytest.mark.parametrize(
    "dressed",
    [
        "https://xabar.example/Yangi/1?id=7",
        "HTTPS://XABAR.example:443/Yangi/1?id=7#izohlar",
        "https://user:password@xabar.example./Yangi/1?id=7&utm_source=telegram&utm_medium=social",
        " https://xabar.example/a/../Yangi/./1?fbclid=Q&id=7\n",
        "https://xabar.example/Yangi/1;jsessionid=9F3A?PHPSESSID=ab12&id=7&sid=0f9e8d7c",
        "https://xabar.example/%59angi/1?id=7&&_ga=2.1",
    ],
)
def test_dressed_variants_are_one_article(dressed: str) -> None:
    assert article_id(dressed) == article_id("https://xabar.example/Yangi/1?id=7")


@pytest.mark.parametrize(
    "other",
    [
        "http://xabar.example/Yangi/1?id=7",
        "https://www.xabar.example/Yangi/1?id=7",
        "https://xabar.example:8443/Yangi/1?id=7",
        "https://xabar.example/yangi/1?id=7",
        "https://xabar.example/Yangi/1/?id=7",
        "https://xabar.example/Yangi/1?id=8",
        "https://xabar.example/Yangi/1?id=7&sid=12345",
    ],
)
def test_another_page_is_another_article(other: str) -> None:
    assert article_id(other) != article_id("https://xabar.example/Yangi/1?id=7")


def test_hosts_in_other_scripts_keep_their_identity() -> None:
    assert host_of("https://ЯНГИЛИК.example/") == host_of("https://xn--c1akaidj9j.example/") == "xn--c1akaidj9j.example"
    joined, plain = host_of("https://می‌خبر.example/"), host_of("https://میخبر.example/")
    assert joined != plain
    assert host_of("http://straße.example/") != host_of("http://strasse.example/")
    assert host_of("http://[2001:db8:0:0::1]:80/") == "[2001:db8::1]"


def test_a_host_never_changes_hands() -> None:
    for url in ("http://good.example@evil.example/", "http://evil.example/@good.example"):
        assert urlsplit(canonical_url(url)).hostname == "evil.example"
    for url in (
        "http://good.example\\@evil.example/",
        "http://[v1.evil]/",
        "http://%65vil.example/",
        "ftp://a.example/",
    ):
        with pytest.raises(BadUrl):
            canonical_url(url)


@fast
@given(word_places, st.sampled_from("'ʻʼʹ‘’`´′"), st.sampled_from([" ", "\n\n", " \u00a0", "\t"]), st.booleans())
def test_the_same_text_in_other_letters_is_the_same_content(
    places: list[int], apostrophe: str, space: str, shout: bool
) -> None:
    in_latin = " ".join(latin[place] for place in places)
    in_cyrillic = " ".join(cyrillic[place] for place in places)
    dressed = in_latin.replace("‘", apostrophe).replace("’", apostrophe).replace(" ", space)
    key = content_key("Yangi yo‘l", in_latin)
    assert content_key("YANGI YO'L" if shout else "Янги йўл", dressed.upper() if shout else dressed) == key
    assert content_key("Янги йўл", in_cyrillic.upper() if shout else in_cyrillic) == key


@fast
@given(word_places, word_places)
def test_other_texts_are_other_content(one: list[int], other: list[int]) -> None:
    keys = [content_key("Yangi yo‘l", " ".join(latin[place] for place in places)) for places in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


@fast
@given(st.text(max_size=40), st.text(max_size=80))
def test_any_text_has_a_content_key(title: str, text: str) -> None:
    assert len(content_key(title, text)) == 32
