"""The translator as the settings want it: the engines that routes name, each with patience around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from services.enricher.settings import TranslationSettings
from services.enricher.translate.budget import Allowance, Budget, Ledger
from services.enricher.translate.cache import Cache
from services.enricher.translate.engine import DataPolicy, Engine
from services.enricher.translate.engines.chat import LANGUAGES, Chat
from services.enricher.translate.engines.ctranslate import CTranslate, Decoding, Kind
from services.enricher.translate.engines.deepl import DeepL, deepl_url
from services.enricher.translate.engines.firefox import Firefox
from services.enricher.translate.engines.google import GOOGLE_URL, GoogleAdvanced, GoogleBasic, token_in
from services.enricher.translate.engines.http import Endpoint
from services.enricher.translate.engines.libretranslate import LibreTranslate
from services.enricher.translate.engines.processes import processes
from services.enricher.translate.guards import Judge
from services.enricher.translate.resilience import Patience, Patient
from services.enricher.translate.routes import read_routes
from services.enricher.translate.translator import ArticleLimits, Translator
from services.runtime import logs

LEDGER_SUFFIX = ".characters"
"""The file beside the cache that remembers the day's characters."""

HERE = frozenset({"firefox", "nllb", "opus"})
"""Engines that run models in processes of their own."""


class NotConfigured(Exception):
    """An engine that a route names, and that nothing says how to reach."""


def open_translator(settings: TranslationSettings, judge: Judge) -> Translator:
    """The translator; it opens its engines when they are first needed.

    Raises ValueError where a route names an engine that there is not, or a setting of one can't be right.
    """
    routes = read_routes(settings.translate_routes)
    unknown = sorted(routes.engines - ENGINES.keys())
    if unknown:
        raise ValueError(f"TRANSLATE_ROUTES names {', '.join(unknown)}; there are {', '.join(ENGINES)} and none")
    ledger = Ledger(_beside(settings.translate_cache))
    engines: dict[str, Patient] = {}
    absent: dict[str, str] = {}
    for name in sorted(routes.engines):
        try:
            engine = ENGINES[name](settings)
        except NotConfigured as why:
            absent[name] = str(why)
            logs.logger().warning("a translation engine is not there", engine=name, why=str(why))
            continue
        except ValueError as error:
            raise ValueError(
                f"the engine {name} ({name.upper()}_…, TRANSLATE_PROXY, TRANSLATE_CA_FILE): {error}"
            ) from None
        text = "stays here" if engine.policy == "local" else "leaves the house"
        logs.logger().info("a translation engine", engine=name, text=text)
        engines[name] = Patient(engine, _patience(settings, engine), _budget(settings, name, ledger))
    cache = Cache(settings.translate_cache, settings.translate_cache_bytes)
    limits = ArticleLimits(settings.translate_max_chars, settings.translate_max_seconds)
    return Translator(routes, engines, absent, cache, limits, judge, ledger=ledger)


def _firefox(settings: TranslationSettings) -> Engine:
    pool = processes(settings.translate_workers, settings.translate_timeout_seconds)
    return Firefox(_models(settings), pool, pivots=settings.translate_pivot)


def _ctranslate(kind: Kind, settings: TranslationSettings) -> Engine:
    pool = processes(settings.translate_workers, settings.translate_timeout_seconds)
    decoding = Decoding(beam_size=settings.translate_beams, intra_threads=settings.translate_threads)
    return CTranslate(_models(settings), pool, name=kind, kind=kind, decoding=decoding)


def _libretranslate(settings: TranslationSettings) -> Engine:
    if settings.libretranslate_url is None:
        raise NotConfigured("LIBRETRANSLATE_URL is not set")
    endpoint, policy = _own(settings, settings.libretranslate_url, settings.libretranslate_is_ours)
    return LibreTranslate(endpoint, key=settings.libretranslate_key, policy=policy)


def _deepl(settings: TranslationSettings) -> Engine:
    if settings.deepl_key is None:
        raise NotConfigured("DEEPL_KEY is not set")
    url = settings.deepl_url or deepl_url(settings.deepl_key)
    return DeepL(_endpoint(settings, url), key=settings.deepl_key)


def _google(settings: TranslationSettings) -> Engine:
    endpoint = _endpoint(settings, settings.google_url or GOOGLE_URL)
    if settings.google_project is not None and settings.google_token_file is not None:
        token = token_in(settings.google_token_file)
        return GoogleAdvanced(endpoint, project=settings.google_project, token=token, location=settings.google_location)
    if settings.google_key is None:
        raise NotConfigured("neither GOOGLE_KEY is set, nor GOOGLE_PROJECT with GOOGLE_TOKEN_FILE")
    return GoogleBasic(endpoint, key=settings.google_key)


def _chat(settings: TranslationSettings) -> Engine:
    if settings.chat_url is None or settings.chat_model is None:
        raise NotConfigured("CHAT_URL and CHAT_MODEL are not both set")
    endpoint, policy = _own(settings, settings.chat_url, settings.chat_is_ours)
    return Chat(
        endpoint,
        model=settings.chat_model,
        key=settings.chat_key,
        languages=frozenset(settings.chat_languages.replace(",", " ").split()) or frozenset(LANGUAGES),
        answer_format=settings.chat_answers,
        policy=policy,
        limit_field=settings.chat_limit_field,
        temperature=settings.chat_temperature,
        thinking_tokens=settings.chat_thinking_tokens,
    )


ENGINES: Mapping[str, Callable[[TranslationSettings], Engine]] = {
    "firefox": _firefox,
    "nllb": partial(_ctranslate, "nllb"),
    "opus": partial(_ctranslate, "opus"),
    "libretranslate": _libretranslate,
    "deepl": _deepl,
    "google": _google,
    "chat": _chat,
}
"""Name in routes to how it is made. Raises NotConfigured, and ValueError where a setting can't be right."""


def _models(settings: TranslationSettings) -> Path:
    if settings.translate_models is None:
        raise NotConfigured("TRANSLATE_MODELS is not set: there is no folder of models")
    return settings.translate_models


def _endpoint(settings: TranslationSettings, url: str) -> Endpoint:
    return Endpoint(
        url, settings.translate_timeout_seconds, ca_file=settings.translate_ca_file, proxy=settings.translate_proxy
    )


def _own(settings: TranslationSettings, url: str, is_ours: bool) -> tuple[Endpoint, DataPolicy]:
    """An engine that may stand here: what stays here goes through nobody's proxy."""
    endpoint = _endpoint(settings, url)
    policy: DataPolicy = "local" if is_ours else endpoint.policy
    return (replace(endpoint, proxy=None) if policy == "local" else endpoint), policy


def _patience(settings: TranslationSettings, engine: Engine) -> Patience:
    """Models here are asked by as many as there are processes; others as the operator says."""
    if engine.name in HERE:
        return Patience(at_once=settings.translate_workers)
    return Patience(at_once=settings.translate_at_once, calls_per_second=settings.translate_calls_per_second or None)


def _budget(settings: TranslationSettings, name: str, ledger: Ledger) -> Budget | None:
    if not settings.translate_chars_per_day:
        return None
    allowance = Allowance(settings.translate_chars_per_day, backfill_share=settings.translate_backfill_share)
    return Budget(name, allowance, ledger)


def _beside(cache: Path | None) -> Path | None:
    return cache.with_name(cache.name + LEDGER_SUFFIX) if cache else None
