"""Challenge pages are told from a site's own pages, by headers and by marks."""

import pytest

from services.fetcher.web.answers import Answer
from services.fetcher.web.challenges import challenge

ARTICLE = b"<html><head><title>Qurilish boshlandi</title></head><body>" + b"<p>Yangi maktab ochildi.</p>" * 200


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer("https://news.example/", status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


@pytest.mark.parametrize(
    ("given", "who"),
    [
        (answer(403, cf_mitigated="challenge"), "Cloudflare"),
        (answer(503, b"<html><head><title>Just a moment...</title>"), "Cloudflare"),
        (answer(403, b'<script src="/cdn-cgi/challenge-platform/h/b/x.js"></script>'), "Cloudflare"),
        (answer(403, b"<title>DDoS-Guard</title>", server="ddos-guard"), "DDoS-Guard"),
        (answer(200, b'<script src="/.well-known/ddos-guard/js-challenge/index.js"></script>'), "DDoS-Guard"),
        (answer(401, b'<script src="/__qrator/qauth_utm_v2.js"></script>', server="QRATOR"), "Qrator"),
        (answer(200, b"<script>sucuri_cloudproxy_js='';S='x'</script>"), "Sucuri"),
        (answer(403, x_sucuri_block="blacklisted"), "Sucuri"),
        (answer(202, x_amzn_waf_action="challenge"), "AWS WAF"),
        (answer(403, b"<script src='https://hcaptcha.com/1/api.js'></script>"), "hCaptcha"),
        (answer(429, b"<div class='g-recaptcha'></div>"), "reCAPTCHA"),
        (answer(200, b"<title>Checking your browser before accessing</title>"), "a browser check"),
    ],
)
def test_a_challenge_is_known_by_who_sent_it(given: Answer, who: str) -> None:
    assert challenge(given) == who


@pytest.mark.parametrize(
    "given",
    [
        answer(200, ARTICLE),
        answer(200, ARTICLE, server="ddos-guard"),
        answer(200, ARTICLE + b'<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'),
        answer(200, ARTICLE + b"<form><div class='g-recaptcha'></div></form>"),
        answer(200, ARTICLE + b"<p>x</p>" * 9000 + b"sucuri_cloudproxy_js"),
        answer(403, b"<title>Forbidden</title>", server="nginx"),
        answer(503, b"<title>Under repair</title>", cf_ray="1", server="cloudflare"),
        answer(200, b"<title>DDoS-Guard repels a record attack</title>"),
        answer(200, b"<title>Just a moment with the minister</title>"),
        answer(503, b"<title>Under repair</title>", server="ddos-guard"),
        answer(404, b"<title>Nothing here</title>", server="ddos-guard"),
        answer(304, server="QRATOR"),
    ],
)
def test_a_sites_own_answer_is_no_challenge(given: Answer) -> None:
    assert challenge(given) is None
