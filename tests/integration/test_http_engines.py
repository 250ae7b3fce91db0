"""LibreTranslate, DeepL and Google: what goes over the wire, and what becomes of each documented error."""

from __future__ import annotations

import logging
import ssl
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr
from translation_servers import (
    Api,
    DeepLServer,
    GoogleAdvancedServer,
    GoogleBasicServer,
    LibreTranslateServer,
    Reply,
    google_advanced_error,
    google_basic_error,
    served,
)

from services.enricher.settings import TranslationSettings
from services.enricher.translate.engine import BadAnswer, Broken, Busy, Denied, Engine, EngineFault, Spent
from services.enricher.translate.engines.codes import by_lower, pair
from services.enricher.translate.engines.deepl import DeepL, deepl_url
from services.enricher.translate.engines.google import GoogleAdvanced, GoogleBasic, token_in
from services.enricher.translate.engines.http import (
    MAX_ANSWER_BYTES,
    Endpoint,
    header_value,
    read_retry_after,
    unescaped,
)
from services.enricher.translate.engines.libretranslate import LibreTranslate
from services.enricher.translate.guards import judged_here
from services.enricher.translate.opening import open_translator
from services.enricher.translate.resilience import Patience, Patient

SENTENCE = "Kecha Samarqandda yangi kutubxona ochildi."
KEY = SecretStr("basic-key")


def libretranslate(url: str, key: SecretStr | None = None, seconds: float = 5.0) -> Engine:
    return LibreTranslate(Endpoint(url, seconds), key=key)


def deepl(url: str, key: SecretStr | None = None, seconds: float = 5.0) -> Engine:
    return DeepL(Endpoint(url, seconds), key=key or SecretStr("0000-key:fx"))


def google_basic(url: str, key: SecretStr | None = None, seconds: float = 5.0) -> Engine:
    return GoogleBasic(Endpoint(url, seconds), key=key or KEY)


def google_advanced(url: str, key: SecretStr | None = None, seconds: float = 5.0) -> Engine:
    token = key or SecretStr("ya29.token")
    return GoogleAdvanced(Endpoint(url, seconds), project="xabar-1", token=lambda: token)


@dataclass(frozen=True)
class Case:
    """An engine and its counterpart."""

    server: Callable[[], Api]
    engine: Callable[..., Engine]


LIBRE = Case(LibreTranslateServer, libretranslate)
DEEPL = Case(DeepLServer, deepl)
BASIC = Case(GoogleBasicServer, google_basic)
ADVANCED = Case(GoogleAdvancedServer, google_advanced)
ALL = [
    pytest.param(LIBRE, id="libretranslate"),
    pytest.param(DEEPL, id="deepl"),
    pytest.param(BASIC, id="google-v2"),
    pytest.param(ADVANCED, id="google-v3"),
]


@pytest.mark.parametrize("case", ALL)
async def test_sentences_come_back_in_their_order_from_one_request(case: Case) -> None:
    async with served(case.server()) as api:
        engine = case.engine(api.url)
        assert engine.model("uz-Latn", "en") is None, "nothing is known before it is asked"
        await engine.open()
        assert engine.model("uz-Latn", "en")
        answer = await engine.translate([SENTENCE, "“Ha”, dedi u & ketdi.", "15.05.2024"], "uz-Latn", "en")
        assert [str(text).partition(": ")[2] for text in answer] == [SENTENCE, "“Ha”, dedi u & ketdi.", "15.05.2024"]
        assert len(api.translations()) == 1
        await engine.close()


@pytest.mark.parametrize("case", ALL)
async def test_only_pairs_that_the_engine_names_have_a_model(case: Case) -> None:
    async with served(case.server()) as api:
        engine = case.engine(api.url)
        await engine.open()
        assert engine.model("kaa-Cyrl", "en") is None
        assert engine.model("uz-Arab", "en") is None
        assert engine.model("ru", "uz-Cyrl") is None, "it would come in Latin letters"
        assert engine.model("uz-Latn", "uz-Cyrl") is None
        with pytest.raises(Denied):
            await engine.translate(["Salem"], "kaa-Cyrl", "en")
        assert not api.translations()
        await engine.close()


@pytest.mark.parametrize("case", ALL)
async def test_uzbek_in_cyrillic_letters_is_sent_in_latin_ones_to_an_engine_that_knows_no_others(case: Case) -> None:
    async with served(case.server()) as api:
        engine = case.engine(api.url)
        await engine.open()
        answer = await engine.translate(["Кеча янги кутубхона очилди."], "uz-Cyrl", "ru")
        sent = api.translations()[0].raw.decode()
        if case is ADVANCED:
            assert "Кеча янги" in sent, "this one lists uz-Cyrl"
        else:
            assert "Kecha yangi kutubxona ochildi." in sent
            assert answer == ["ru: Kecha yangi kutubxona ochildi."]
        await engine.close()


NOT_JSON = Reply(raw=b"<html>Bad gateway</html>")
DEEP = Reply(raw=b"[" * 200_000)
LONG = "a" * (MAX_ANSWER_BYTES // 3)
LONG_ANSWERS = [{"text": LONG, "translatedText": LONG}]
HUGE = Reply(data={"translatedText": [LONG], "translations": LONG_ANSWERS, "data": {"translations": LONG_ANSWERS}})
COMMON = [
    (Reply(raw=b'{"translat'), BadAnswer, None),
    (NOT_JSON, BadAnswer, None),
    (DEEP, BadAnswer, None),
    (HUGE, BadAnswer, None),
    (Reply(data=[]), BadAnswer, None),
    (Reply(data={"translatedText": ["a", "b"], "translations": [], "data": {"translations": [None]}}), BadAnswer, None),
    (Reply(raw=b'{"a": 1}', cut=True), Broken, None),
    (Reply(raw=b"", headers={"content-encoding": "gzip"}), BadAnswer, None),
    (Reply(302, {}, {"location": "http://127.0.0.1:9/"}), Denied, None),
    (Reply(413, {}), BadAnswer, None),
    (Reply(429, {}, {"retry-after": "7"}), Busy, 7.0),
    (Reply(500, {}), Broken, None),
    (Reply(503, None, {"retry-after": "30"}), Broken, 30.0),
    (Reply(504, raw=b"gateway timeout"), Broken, None),
]


@pytest.mark.parametrize("case", ALL)
async def test_every_engine_knows_the_common_faults_of_servers(case: Case) -> None:
    async with served(case.server()) as api:
        engine = case.engine(api.url)
        await engine.open()
        for reply, kind, after in COMMON:
            api.next_replies.append(reply)
            with pytest.raises(EngineFault) as caught:
                await engine.translate([SENTENCE], "uz-Latn", "en")
            assert type(caught.value) is kind, reply
            assert caught.value.retry_after == after
        assert len(api.translations()) == len(COMMON), "each is asked once, and no redirect is followed"
        await engine.close()


def said(status: int, message: str) -> Reply:
    return Reply(status, {"error": message})


def info(reason: str, **metadata: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
PER_DAY = info("RATE_LIMIT_EXCEEDED", quota_limit="DefaultCharactersPerDayPerProject")
PER_MINUTE = info("RATE_LIMIT_EXCEEDED", quota_limit="DefaultCharactersPerMinutePerProject")


@pytest.mark.parametrize(
    ("case", "reply", "kind", "after"),
    [
        (LIBRE, said(400, "Please contact the server operator to get an API key"), Denied, None),
        (LIBRE, said(400, "Invalid request: request (5000) exceeds text limit (2000)"), BadAnswer, None),
        (LIBRE, said(403, "Invalid API key"), Denied, None),
        (LIBRE, said(403, "Too many request limits violations"), Busy, None),
        (LIBRE, said(429, "Slowdown: 80 per 1 minute"), Busy, None),
        (LIBRE, said(429, "Slowdown: 5000 per 1 day"), Spent, None),
        (LIBRE, said(500, "Cannot translate text: out of memory"), Broken, None),
        (DEEPL, Reply(400, {"message": "Bad request"}), BadAnswer, None),
        (DEEPL, Reply(403, {"message": "Forbidden"}), Denied, None),
        (DEEPL, Reply(404, {"message": "Not found"}), Denied, None),
        (DEEPL, Reply(414, {}), BadAnswer, None),
        (DEEPL, Reply(456, {"message": "Quota Exceeded"}), Spent, None),
        (DEEPL, Reply(529, {"message": "Too many requests"}), Busy, None),
        (BASIC, google_basic_error(403, "dailyLimitExceeded", "Daily Limit Exceeded"), Spent, None),
        (BASIC, google_basic_error(403, "userRateLimitExceeded", "User Rate Limit Exceeded"), Busy, None),
        (BASIC, google_basic_error(403, "forbidden", "Daily Limit Exceeded"), Spent, None),
        (BASIC, google_basic_error(403, "accessNotConfigured", "Not enabled"), Denied, None),
        (BASIC, google_basic_error(403, "forbidden", "Forbidden"), Denied, None),
        (BASIC, google_basic_error(400, "invalid", "Invalid Value"), BadAnswer, None),
        (BASIC, google_basic_error(400, "badRequest", "Bad", [info("API_KEY_INVALID")]), Denied, None),
        (BASIC, google_basic_error(503, "backendError", "Backend Error"), Broken, None),
        (ADVANCED, google_advanced_error(429, "RESOURCE_EXHAUSTED", "Quota", [PER_MINUTE, RETRY]), Busy, 34.0),
        (ADVANCED, google_advanced_error(429, "RESOURCE_EXHAUSTED", "Quota", [PER_DAY]), Spent, None),
        (ADVANCED, google_advanced_error(403, "PERMISSION_DENIED", "Denied"), Denied, None),
        (ADVANCED, google_advanced_error(401, "UNAUTHENTICATED", "Expired"), Broken, None),
        (ADVANCED, google_advanced_error(400, "INVALID_ARGUMENT", "Text is too long."), BadAnswer, None),
        (ADVANCED, google_advanced_error(503, "UNAVAILABLE", "Try later", [RETRY]), Broken, 34.0),
        (ADVANCED, Reply(429, {"error": {"details": [{"retryDelay": "9" * 5_000}], "errors": 3}}), Busy, None),
    ],
)
async def test_each_documented_error_is_a_fault_of_its_kind(
    case: Case, reply: Reply, kind: type[EngineFault], after: float | None
) -> None:
    async with served(case.server()) as api:
        engine = case.engine(api.url)
        await engine.open()
        api.next_replies.append(reply)
        with pytest.raises(EngineFault) as caught:
            await engine.translate([SENTENCE], "uz-Latn", "en")
        assert (type(caught.value), caught.value.retry_after) == (kind, after)
        assert await engine.translate([SENTENCE], "uz-Latn", "en"), "the next request finds it as it was"
        await engine.close()


@pytest.mark.parametrize(("case", "kind"), [(DEEPL, Denied), (BASIC, Denied), (ADVANCED, Broken)])
async def test_a_wrong_key_is_told_from_the_start(case: Case, kind: type[EngineFault]) -> None:
    async with served(case.server()) as api:
        engine = case.engine(api.url, SecretStr("stolen-key"))
        with pytest.raises(kind, match=r"HTTP 40[013]") as caught:
            await engine.open()
        assert "stolen" not in repr(caught.value)
        assert engine.model("uz-Latn", "en") is None
        await engine.close()


async def test_a_libretranslate_that_wants_a_key_gets_it_in_the_body() -> None:
    async with served(LibreTranslateServer(keys=frozenset({"its-key"}))) as api:
        for key, kind in ((None, Denied), (SecretStr("other"), Denied), (SecretStr("its-key"), None)):
            engine = libretranslate(api.url, key)
            await engine.open()
            if kind is None:
                assert await engine.translate([SENTENCE], "uz-Latn", "en")
            else:
                with pytest.raises(kind):
                    await engine.translate([SENTENCE], "uz-Latn", "en")
            await engine.close()


async def test_libretranslates_version_is_part_of_the_model_and_an_old_server_has_every_pair() -> None:
    async with (
        served(LibreTranslateServer()) as new,
        served(LibreTranslateServer(version=None, names_targets=False)) as old,
    ):
        ours, theirs = libretranslate(new.url), libretranslate(old.url)
        await ours.open()
        await theirs.open()
        assert ours.model("ru", "en") == "libretranslate-1.7.3"
        assert ours.model("ru", "uz-Latn") is None, "its list has no such target for Russian"
        assert theirs.model("ru", "uz-Latn") == "libretranslate"
        await ours.close()
        await theirs.close()


async def test_deepls_request_is_of_whole_sentences_and_its_quota_ends() -> None:
    async with served(DeepLServer(characters_left=len(SENTENCE))) as api:
        engine = deepl(api.url)
        await engine.open()
        assert await engine.translate([SENTENCE], "uz-Latn", "en") == [f"en-us: {SENTENCE}"]
        body = api.translations()[0].body
        assert (body["source_lang"], body["target_lang"]) == ("UZ", "EN-US")
        assert (body["split_sentences"], body["preserve_formatting"], "tag_handling" in body) == ("0", True, False)
        with pytest.raises(Spent):
            await engine.translate([SENTENCE], "uz-Latn", "en")
        await engine.close()


async def test_deepls_newer_list_of_languages_is_read_where_the_older_one_is_gone() -> None:
    async with served(DeepLServer(has_v2_languages=False)) as api:
        engine = deepl(api.url)
        await engine.open()
        assert (engine.model("kk-Cyrl", "en"), engine.model("en", "kk")) == ("deepl-v2", "deepl-v2")
        assert engine.model("en", "pt-BR") == "deepl-v2"
        assert engine.model("fa", "en") is None
        await engine.close()


async def test_a_full_batch_stays_under_deepls_bound_of_bytes() -> None:
    async with served(DeepLServer()) as api:
        engine = deepl(api.url)
        await engine.open()
        worst = ["\x01" * engine.bounds.unit_chars] * (engine.bounds.batch_chars // engine.bounds.unit_chars)
        assert len(await engine.translate(worst, "ru", "en")) == len(worst)
        assert len(await engine.translate(["bir\ud83d"] * engine.bounds.batch_units, "ru", "en")) == 50
        await engine.close()


def test_a_free_plans_key_leads_to_its_own_host() -> None:
    assert deepl_url(SecretStr("279a-4e:fx")) == "https://api-free.deepl.com"
    assert deepl_url(SecretStr("279a-4e")) == "https://api.deepl.com"


async def test_googles_entities_become_characters_again_and_the_articles_own_stay() -> None:
    async with served(GoogleBasicServer(escapes=True)) as api:
        engine = google_basic(api.url)
        await engine.open()
        answer = await engine.translate(['O\'zbekiston "A&B"', "Kodi &amp; dedi"], "uz-Latn", "en")
        assert answer == ['en: O\'zbekiston "A&B"', "en: Kodi &amp;amp; dedi"]
        assert "key" not in api.translations()[0].query
        await engine.close()


def test_only_entities_that_the_source_does_not_write_are_unescaped() -> None:
    assert unescaped(["it's"], ["&#39;&quot;&amp;lt; &bogus; &#x27;"]) == ["'\"&lt; &bogus; '"]
    assert unescaped(["&amp; stands for &"], ["&amp; means &"]) == ["&amp; means &"]
    assert unescaped(["x"], ["&" * 100_000]) == ["&" * 100_000]


async def test_googles_token_is_read_again_for_each_request(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with served(GoogleAdvancedServer()) as api:
        engine = GoogleAdvanced(Endpoint(api.url), project="xabar-1", token=token_in(file))
        with pytest.raises(Broken, match="no token"):
            await engine.open()
        file.write_text("ya29.token\n")
        await engine.open()
        assert engine.model("uz-Cyrl", "en") == "google-v3/general/nmt"
        file.write_text("old\r\nx-injected: 1")
        with pytest.raises(Broken, match="no token"):
            await engine.translate([SENTENCE], "uz-Latn", "en")
        file.write_text("expired")
        with pytest.raises(Broken, match="UNAUTHENTICATED"):
            await engine.translate([SENTENCE], "uz-Latn", "en")
        assert api.translations()[0].path == "/v3/projects/xabar-1/locations/global:translateText"
        await engine.close()


async def test_a_token_that_is_renewed_a_moment_too_late_costs_a_retry_only() -> None:
    tokens = iter(["ya29.token", "expired", "", "ya29.token"])
    async with served(GoogleAdvancedServer()) as api:
        engine = Patient(
            GoogleAdvanced(Endpoint(api.url), project="xabar-1", token=lambda: SecretStr(next(tokens))),
            Patience(first_pause=0.01),
        )
        answers = await engine.translate([SENTENCE], "uz-Latn", "en", time.monotonic() + 30)
        assert answers == [f"en: {SENTENCE}"]
        await engine.close()


async def test_a_silent_server_is_left_after_the_timeout_and_a_dead_one_at_once() -> None:
    async with served(LibreTranslateServer()) as api:
        engine = libretranslate(api.url, seconds=0.2)
        await engine.open()
        api.next_replies.append(Reply(data={"translatedText": ["late"]}, delay=30))
        with pytest.raises(Broken, match=r"0\.2 seconds"):
            await engine.translate([SENTENCE], "uz-Latn", "en")
    with pytest.raises(Broken, match="ConnectError"):
        await engine.translate([SENTENCE], "uz-Latn", "en")
    await engine.close()


@pytest.mark.parametrize("case", ALL)
async def test_neither_text_nor_key_is_in_a_fault_or_a_log(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    secret = SecretStr("0000-key:fx" if case is DEEPL else "ya29.token" if case is ADVANCED else "basic-key")
    async with served(case.server()) as api:
        engine = case.engine(api.url, secret)
        await engine.open()
        echo = {
            "error": {"message": SENTENCE, "status": SENTENCE, "errors": [{"reason": SENTENCE}]},
            "message": SENTENCE,
        }
        errors = [Reply(status, echo) for status in (400, 403, 429, 500)]
        for reply in (*errors, Reply(data={}, cut=True)):
            api.next_replies.append(reply)
            with pytest.raises(EngineFault) as caught:
                await engine.translate([SENTENCE], "uz-Latn", "en")
            told = "".join(traceback.format_exception(caught.value))
            assert SENTENCE not in told
            assert secret.get_secret_value() not in told
        await engine.close()
    assert SENTENCE not in caplog.text
    assert secret.get_secret_value() not in caplog.text
    assert secret.get_secret_value() not in repr(vars(engine))


def test_an_endpoint_is_http_without_secrets_and_says_whether_text_leaves() -> None:
    for bad in (
        "ftp://host",
        "host:5000",
        "http://",
        "http://u:p4ss@host",
        "https://host/?key=1",
        "http://h:x",
        "http://a b",
    ):
        with pytest.raises(ValueError, match="URL") as caught:
            Endpoint(bad)
        assert "p4ss" not in str(caught.value)
    with pytest.raises(ValueError, match="timeout"):
        Endpoint("http://host", timeout_seconds=0)
    local = (
        "http://localhost:5000",
        "http://127.0.0.1",
        "http://10.1.2.3:5000/x",
        "http://[::1]:80",
        "http://192.168.0.9",
    )
    assert {Endpoint(url).policy for url in local} == {"local"}
    leaving = ("https://libretranslate.com", "http://translate:5000", "http://8.8.8.8", "http://localhost.example")
    assert {Endpoint(url).policy for url in leaving} == {"leaves"}
    assert LibreTranslate(Endpoint("http://translate:5000"), policy="local").policy == "local"


async def test_a_server_is_trusted_by_the_authorities_that_are_given_and_by_no_others(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with served(LibreTranslateServer(), tls) as api:
        known = LibreTranslate(Endpoint(api.url, ca_file=tmp_path / "ca.pem"))
        await known.open()
        assert await known.translate([SENTENCE], "uz-Latn", "en")
        await known.close()
        unknown = LibreTranslate(Endpoint(api.url))
        with pytest.raises(Broken):
            await unknown.open()
        await unknown.close()


async def test_only_the_proxy_that_is_given_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(LibreTranslateServer()) as api, served(LibreTranslateServer()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        direct = LibreTranslate(Endpoint(api.url))
        await direct.open()
        assert (len(api.heard), len(proxy.heard)) == (2, 0)
        await direct.close()
        through = LibreTranslate(Endpoint("http://translate.example:5000", proxy=SecretStr(proxy.url)))
        await through.open()
        assert [asked.headers["host"] for asked in proxy.heard] == ["translate.example:5000"] * 2
        await through.close()


@pytest.mark.parametrize("routes", ["*:en=libretranslate", "*:en=chat"])
@pytest.mark.parametrize("ours", [True, False])
async def test_what_stays_in_the_house_goes_through_no_proxy(routes: str, ours: bool) -> None:
    async with served(LibreTranslateServer()) as api, served(LibreTranslateServer()) as proxy:
        port = api.url.rsplit(":", 1)[1]
        at = f"http://localhost:{port}" if ours else "http://translate.example:5000"
        settings = TranslationSettings(
            translate_routes=routes,
            translate_proxy=SecretStr(proxy.url),
            libretranslate_url=at,
            chat_url=f"{at}/v1",
            chat_model="m",
        )
        translator = open_translator(settings, judged_here)
        await translator.translate(SENTENCE, [], "uz-Latn")
        await translator.close()
        assert (bool(api.heard), bool(proxy.heard)) == (ours, not ours)


def test_a_wrong_ca_file_proxy_or_key_is_told_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for endpoint in (
        Endpoint("https://host", ca_file=tmp_path / "ca.pem"),
        Endpoint("https://host", ca_file=tmp_path / "absent.pem"),
        Endpoint("http://host", proxy=SecretStr("gopher://u:p4ss@host")),
    ):
        with pytest.raises(ValueError, match=r"ca\.pem|absent\.pem|proxy") as caught:
            LibreTranslate(endpoint)
        assert "p4ss" not in repr(caught.value)
        assert "p4ss" not in repr(endpoint)
    with pytest.raises(ValueError, match="ASCII") as caught:
        header_value(SecretStr("ключ"))
    assert "ключ" not in str(caught.value)


def test_retry_after_is_seconds_or_a_date_and_never_more_than_a_day() -> None:
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert read_retry_after("120", now) == 120.0
    assert read_retry_after("Fri, 01 May 2026 12:00:30 GMT", now) == 30.0
    assert read_retry_after("Fri, 01 May 2026 11:00:00 GMT", now) == 0.0
    assert read_retry_after("999999999", now) == 86_400.0
    for silent in ("", "soon", "-5", "1e9", "9" * 5_000, "²", "Fri, 01 May 99999999999999999999 12:00:30 GMT"):
        assert read_retry_after(silent, now) is None


@dataclass(frozen=True)
class Listed:
    """What an engine lists, and what a pair of tags comes to."""

    codes: tuple[str, ...]
    tags: tuple[str, str]
    pair: tuple[str, str] | None
    preferred: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    "listed",
    [
        Listed(("uz", "en"), ("uz-Latn", "en"), ("uz", "en")),
        Listed(("UZ", "EN-GB", "EN-US"), ("uz-Latn", "en"), ("UZ", "EN-US"), {"en": "en-US"}),
        Listed(("UZ", "EN-GB", "EN-US"), ("uz-Latn", "en-GB"), ("UZ", "EN-GB"), {"en": "en-US"}),
        Listed(("UZ", "EN-GB"), ("uz-Latn", "en"), None),
        Listed(("uz-Cyrl", "uz", "en"), ("uz-Cyrl", "en"), ("uz-Cyrl", "en")),
        Listed(("uz_Latn", "en"), ("uz", "en"), ("uz_Latn", "en")),
        Listed(("kk", "en"), ("kk-Cyrl", "en"), ("kk", "en")),
        Listed(("kk", "en"), ("kk-Latn", "en"), None),
        Listed(("fa", "en"), ("fa-Arab", "en"), ("fa", "en")),
        Listed(("pt", "en"), ("pt-BR", "en"), ("pt", "en")),
        Listed(("tg", "en"), ("tg-Latn", "en"), None),
        Listed(("en", "x"), ("x", "en"), None),
        Listed(("en",), ("en", "en"), None),
    ],
    ids=lambda listed: f"{listed.tags[0]}:{listed.tags[1]} of {' '.join(listed.codes)}",
)
def test_tags_with_script_meet_the_codes_that_an_engine_lists(listed: Listed) -> None:
    codes = by_lower(listed.codes)
    found = pair(*listed.tags, codes, codes, listed.preferred)
    assert (found and (found.source.code, found.target)) == listed.pair
