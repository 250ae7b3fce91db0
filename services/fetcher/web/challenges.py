"""Whether an answer is a guard's challenge page, which wants to see a browser, and whose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.fetcher.web.answers import Answer

MAX_READ_BYTES = 64 * 1024
"""Of a refusal's body; a challenge says what it is in its head."""
MAX_INTERSTITIAL_BYTES = 32 * 1024
"""A page longer than this that was answered with 200 is the site's own, whatever scripts it carries."""
_GUARDED_STATUSES = frozenset({401, 403, 405, 406, 429, 503})
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)


@dataclass(frozen=True)
class _Guard:
    """One guard's marks, in lower case.

    A header speaks for itself. `marks` stand on no page but the challenge, and a `title` on none as the whole title;
    what stands in `refusals` may be on the site's own pages too and counts only where the status refuses.
    """

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    title: tuple[bytes, ...] = ()
    marks: tuple[bytes, ...] = ()
    refusals: tuple[bytes, ...] = ()
    server: str = "\0"
    """A server name that is enough with 401 or 403; a site's own faults pass under it too."""


_GUARDS = (
    _Guard(
        "Cloudflare",
        headers=(("cf-mitigated", "challenge"),),
        title=(b"just a moment", b"attention required! | cloudflare"),
        marks=(b"cf-browser-verification", b"window._cf_chl_opt"),
        refusals=(b"/cdn-cgi/challenge-platform/", b"cf-error-details"),
    ),
    _Guard(
        "DDoS-Guard",
        title=(b"ddos-guard",),
        marks=(b"/.well-known/ddos-guard/js-challenge/", b"check.ddos-guard.net/check.js"),
        server="ddos-guard",
    ),
    _Guard("Qrator", marks=(b"/__qrator/qauth",), refusals=(b"__qrator",), server="qrator"),
    _Guard(
        "Sucuri",
        headers=(("x-sucuri-block", ""),),
        title=(b"sucuri website firewall",),
        marks=(b"sucuri_cloudproxy_js",),
        refusals=(b"cloudproxy@sucuri.net",),
    ),
    _Guard("AWS WAF", headers=(("x-amzn-waf-action", "challenge"), ("x-amzn-waf-action", "captcha"))),
    _Guard("DataDome", refusals=(b"captcha-delivery.com",)),
    _Guard(
        "Imperva",
        marks=(b"incapsula incident id",),
        refusals=(b"_incapsula_resource",),
    ),
    _Guard("Akamai", marks=(b"sec-if-cpt-container",), server="akamaighost"),
    _Guard("HUMAN", refusals=(b"px-captcha",)),
    # Guards without a name of their own, and the widgets that they show.
    _Guard("hCaptcha", refusals=(b"hcaptcha.com/1/api.js", b"h-captcha")),
    _Guard("reCAPTCHA", refusals=(b"/recaptcha/api.js", b"g-recaptcha")),
    _Guard(
        "a browser check",
        title=(
            b"checking your browser",
            b"checking your browser before accessing",
            b"are you a robot",
            b"ddos protection by",
        ),
    ),
)


def challenge(answer: Answer) -> str | None:
    """Who challenges, or None for an answer of the site itself.

    By headers, and by marks in the first 64 KiB of a body whose status refuses or in a short one with status 200.
    """
    refuses = answer.status in _GUARDED_STATUSES
    if not refuses and (answer.status not in (200, 202, 203, 307) or len(answer.body) > MAX_INTERSTITIAL_BYTES):
        return _by_headers(answer)
    body = answer.body[:MAX_READ_BYTES].lower()
    found = _TITLE.search(body)
    title = found[1].strip(b" \t\r\n.\xe2\x80\xa6") if found else b""
    server = answer.header("server").lower()
    for guard in _GUARDS:
        if title in guard.title or any(mark in body for mark in guard.marks):
            return guard.name
        if refuses and (title.startswith(guard.title) or any(mark in body for mark in guard.refusals)):
            return guard.name
        if answer.status in (401, 403) and server.startswith(guard.server):
            return guard.name
    return _by_headers(answer)


def _by_headers(answer: Answer) -> str | None:
    for guard in _GUARDS:
        for name, value in guard.headers:
            if name in answer.headers and answer.header(name).lower().startswith(value):
                return guard.name
    return None
