"""Pages that come with status 200 and say that there is nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from random import Random

import pytest

from services.fetcher.missing import probe_url, resemblance, says_missing, sketch

RANDOM = Random(4)
WORDS = ["".join(RANDOM.choice("abdefghiklmnoprstuvxyz") for _ in range(RANDOM.randint(3, 9))) for _ in range(4_000)]


def prose(seed: int, count: int) -> str:
    return " ".join(Random(seed).choices(WORDS, k=count))


def page(main: str, title: str, menu_words: int = 400, latest: int = 0, footer_words: int = 30) -> bytes:
    menu = "".join(f"<li><a href=/{n}>{prose(1000 + n, 4)}</a></li>" for n in range(menu_words // 4))
    news = "".join(f"<li>{n}:45 <a href=/n/{n}>{prose(n, 9)}</a></li>" for n in range(latest, latest + 10))
    return (
        f"<html><head><title>{title} – Xabar</title><script>var t={latest}; tracked()</script></head>"
        f"<body><ul>{menu}</ul>{main}<ul>{news}</ul><footer>x</footer><p>{prose(7, footer_words)}</p></body></html>"
    ).encode()


def error_page(url: str, latest: int, at: str) -> bytes:
    said = (
        "Kechirasiz, siz izlagan sahifa topilmadi yoki o‘chirilgan, bosh sahifaga qayting yoki qidiruvdan foydalaning"
    )
    return page(f"<h1>404</h1><p>{said}: {url}</p><p>{at}</p>", "Sahifa topilmadi", latest=latest)


def article(seed: int, words: int = 60, boilerplate: int = 30) -> bytes:
    return page(f"<h1>{prose(seed, 7)}</h1><p>{prose(seed + 1, words)}</p>", prose(seed, 7), 400, seed, boilerplate)


KNOWN = sketch(error_page("https://a.uz/news/xabar-asks-what-a-missing-page-looks-like-4c", 5, "08:15 / 22.11.2026"))


@pytest.mark.parametrize("nth", range(20))
def test_an_error_page_is_known_again_whatever_url_time_or_latest_news_it_shows(nth: int) -> None:
    body = error_page(f"https://a.uz/news/{nth}-{prose(nth, 3).replace(' ', '-')}", 50 * nth, f"1{nth % 10}:00")
    assert says_missing(sketch(body), KNOWN)


def test_short_articles_on_a_site_full_of_boilerplate_are_not_taken_for_missing() -> None:
    alike = [resemblance(sketch(article(3_000 + 10 * n)), KNOWN) for n in range(50)]
    assert max(alike) < 0.6


def test_nor_where_the_boilerplate_is_no_links_and_six_times_as_long_as_the_article() -> None:
    missing = sketch(page("<p>Kechirasiz, siz izlagan sahifa topilmadi</p>", "Sahifa topilmadi", footer_words=400))
    assert not any(says_missing(sketch(article(3_000 + 10 * n, 60, 400)), missing) for n in range(50))


def test_resemblance_is_near_the_true_share_of_shingles() -> None:
    words = prose(1, 400).split()
    for kept in (100, 200, 300):
        a, b = words, words[:kept] + prose(2, 400 - kept).split()
        shingles = [set(zip(w, w[1:], w[2:], w[3:], strict=False)) for w in (a, b)]
        true = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
        one, other = (sketch(f"<p>{' '.join(w)}</p>".encode()) for w in (a, b))
        assert resemblance(one, other) == pytest.approx(true, abs=0.17)


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\x89PNG\0\0", b"<html><p>404</p>", b"<p>" * 9])
def test_a_page_without_words_says_nothing(body: bytes) -> None:
    assert len(sketch(body)) == 88
    assert not says_missing(sketch(body), sketch(body))


@pytest.mark.parametrize("nonsense", ["", "?", "AAAA"])
def test_what_is_no_sketch_resembles_nothing(nonsense: str) -> None:
    assert resemblance(nonsense, KNOWN) == resemblance(KNOWN, nonsense) == 0.0


def test_pages_that_scripts_fill_differ_by_their_data() -> None:
    shells = [
        f"<title>{prose(3, 9)}</title><div id=app></div><script type='application/ld+json'>{prose(n, 80)}</script>"
        for n in (1, 2)
    ]
    assert not says_missing(sketch(shells[0].encode()), sketch(shells[1].encode()))


def test_a_sketch_is_the_same_in_every_process() -> None:
    code = "import sys; from services.fetcher.missing import sketch; print(sketch(sys.stdin.buffer.read()))"
    told = subprocess.run(
        [sys.executable, "-c", code], input=article(5), capture_output=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert told.stdout.decode().strip() == sketch(article(5))


def test_a_long_page_takes_little_time() -> None:
    body = article(1, words=30_000)
    began = time.monotonic()
    sketch(body)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.uz/news/123456", "https://a.uz/news/2073500000"),
        ("https://a.uz/2026/11/22/yangi-maktab/", "https://a.uz/2026/11/22/{made_up}/"),
        ("https://a.uz/uz/12345-maktab.html", "https://a.uz/uz/2073500000-{made_up}.html"),
        ("https://a.uz/news/123456/yangi-maktab", "https://a.uz/news/2073500000/{made_up}"),
        ("https://a.uz/?p=123", "https://a.uz/?p=2073500000"),
        ("https://a.uz/index.php?newsid=5&lang=uz", "https://a.uz/index.php?newsid=2073500000&lang=uz"),
        ("https://a.uz/", "https://a.uz/{made_up}"),
    ],
)
def test_a_probe_is_a_sibling_of_the_same_form_that_says_what_it_is(url: str, expected: str) -> None:
    made_up = "xabar-asks-what-a-missing-page-looks-like-80000000"
    assert probe_url(url, lambda: 0.5) == expected.format(made_up=made_up)


def test_probes_differ_from_each_other() -> None:
    chance = Random(1).random
    url = "https://a.uz/x/3f2504e0-4f89-11d3-9a0c-0305e82c3301"
    probes = {url, *(probe_url(url, chance) for _ in range(2))}
    assert len(probes) == 3
    assert {len(probe) for probe in probes} == {len(url)}
