"""Local counterparts of the translation APIs: real HTTP servers that behave and fail as is documented."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes


@dataclass(frozen=True)
class Reply:
    """A response. `cut`: the connection ends in the middle of it."""

    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False
    delay: float = 0.0

    @property
    def body(self) -> bytes:
        """As it goes over the wire."""
        return self.raw if self.raw is not None else json.dumps(self.data).encode()


@dataclass
class Api:
    """What all counterparts have: what they heard, what they must say next, and whether they are there at all."""

    heard: list[Asked] = field(default_factory=list)
    next_replies: deque[Reply] = field(default_factory=deque)
    """Given to the next requests for a translation, instead of an answer."""
    url: str = ""

    def answer(self, asked: Asked) -> Reply:
        """The reply to a request. Each API has its own."""
        raise NotImplementedError

    def translations(self) -> list[Asked]:
        """The requests for a translation."""
        return [asked for asked in self.heard if asked.method == "POST"]

    def reply(self, asked: Asked) -> Reply:
        """What was put in first, else the API's answer."""
        self.heard.append(asked)
        if asked.method == "POST" and self.next_replies:
            return self.next_replies.popleft()
        return self.answer(asked)


A = TypeVar("A", bound=Api)


@asynccontextmanager
async def served(api: A, tls: ssl.SSLContext | None = None) -> AsyncIterator[A]:
    """The counterpart on a free port of 127.0.0.1, its `url` set."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                while await _talk(api, reader, writer):
                    pass
            finally:
                writer.close()
                tasks.discard(task)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    api.url = f"http{'s' if tls else ''}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _talk(api: Api, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """One request and its response; whether the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    reply = api.reply(Asked(method, parts.path, query, headers, json.loads(raw) if raw else None, raw))
    await asyncio.sleep(reply.delay)
    kept = {"content-type": "application/json", **reply.headers, "content-length": str(len(reply.body))}
    lines = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {value}" for name, value in kept.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    writer.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
    await writer.drain()
    return not reply.cut


def translated(text: str, target: str) -> str:
    """What the counterparts make of a text: it can be told apart from its source, and from other languages'."""
    return f"{target.lower()}: {text}"


@dataclass
class LibreTranslateServer(Api):
    """LibreTranslate as its API documentation (docs.libretranslate.com, "API Endpoints") and its server behave.

    400 for what is missing, too much or not supported, and where a key is wanted; 403 for a wrong key and for a banned
    address; 429 "Slowdown:" with the limit; 500 "Cannot translate text:"; all with {"error": ...}.
    """

    pairs: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {"en": ("ru", "uz"), "ru": ("en",), "uz": ("en", "ru"), "fa": ("en",)}
    )
    keys: frozenset[str] = frozenset()
    version: str | None = "1.7.3"
    char_limit: int = 2_000
    batch_limit: int = 32
    names_targets: bool = True

    def answer(self, asked: Asked) -> Reply:
        """/languages, /spec and /translate."""
        if asked.path == "/languages":
            return Reply(data=[self._language(code) for code in self.pairs])
        if asked.path == "/spec" and self.version is not None:
            return Reply(data={"swagger": "2.0", "info": {"version": self.version}})
        if asked.path != "/translate":
            return Reply(404, raw=b"<!doctype html><title>404 Not Found</title>")
        body = asked.body
        key = body.get("api_key")
        if self.keys and key is None:
            return self._error(400, "Please contact the server operator to get an API key")
        if self.keys and key not in self.keys:
            return self._error(403, "Invalid API key")
        for name in ("q", "source", "target"):
            if not body.get(name):
                return self._error(400, f"Invalid request: missing {name} parameter")
        texts = body["q"] if isinstance(body["q"], list) else [body["q"]]
        for size, limit in ((len(texts), self.batch_limit), (sum(map(len, texts)), self.char_limit)):
            if size > limit:
                return self._error(400, f"Invalid request: request ({size}) exceeds text limit ({limit})")
        if body["target"] not in self.pairs.get(body["source"], ()):
            return self._error(400, f"{body['target']} is not supported")
        done = [translated(text, body["target"]) for text in texts]
        return Reply(data={"translatedText": done if isinstance(body["q"], list) else done[0]})

    def _language(self, code: str) -> dict[str, Any]:
        return {"code": code, "name": code, **({"targets": list(self.pairs[code])} if self.names_targets else {})}

    def _error(self, status: int, message: str) -> Reply:
        return Reply(status, {"error": message})


@dataclass
class DeepLServer(Api):
    """DeepL as developers.deepl.com has it: "Translate text", "Retrieve languages (v2)", "Using the languages API",
    "Error handling" and "Usage and limits".

    403 for a wrong key, 400 for a wrong parameter or more than 50 texts, 413 above 128 KiB, 456 when the characters are
    used up; errors carry {"message": ...}, and 429, 456, 500, 503 and 529 mostly nothing.
    """

    key: str = "0000-key:fx"
    read: tuple[str, ...] = ("EN", "KK", "PT", "RU", "TR", "UZ")
    written: tuple[str, ...] = ("EN-GB", "EN-US", "KK", "PT-BR", "PT-PT", "RU", "TR", "UZ")
    characters_left: int = 500_000
    has_v2_languages: bool = True

    def answer(self, asked: Asked) -> Reply:
        """/v2/languages and /v2/translate."""
        if asked.headers.get("authorization") != f"DeepL-Auth-Key {self.key}":
            return Reply(403, {"message": "Forbidden"})
        if asked.path == "/v3/languages" and asked.query.get("resource") == "translate_text":
            sides = {"usable_as_source": self.read, "usable_as_target": self.written}
            known = sorted({*self.read, *self.written})
            return Reply(data=[{"lang": c.lower(), **{side: c in sides[side] for side in sides}} for c in known])
        if asked.path == "/v2/languages" and self.has_v2_languages:
            codes = self.read if asked.query.get("type", "source") == "source" else self.written
            return Reply(data=[{"language": code, "name": code, "supports_formality": False} for code in codes])
        if asked.path != "/v2/translate":
            return Reply(404, {"message": "Not found"})
        if len(asked.raw) > 128 * 1024:
            return Reply(413, {"message": "Request Entity Too Large"})
        body = asked.body
        if len(body["text"]) > 50:
            return Reply(400, {"message": "Bad request. Reason: Too many texts"})
        if body["target_lang"] not in self.written or body["source_lang"] not in self.read:
            return Reply(400, {"message": "Bad request. Reason: Value for 'target_lang' not supported."})
        self.characters_left -= sum(map(len, body["text"]))
        if self.characters_left < 0:
            return Reply(456, {"message": "Quota Exceeded"})
        done = [translated(text, body["target_lang"]) for text in body["text"]]
        answers = [{"detected_source_language": body["source_lang"], "text": text} for text in done]
        return Reply(data={"translations": answers})


GOOGLE_CODES = ("en", "fa", "kk", "ky", "ru", "tg", "tk", "tr", "uz")


@dataclass
class GoogleBasicServer(Api):
    """Cloud Translation Basic as cloud.google.com/translate has it: "Translating text (Basic)", "Quotas and limits".

    400 with API_KEY_INVALID for a wrong key, 400 for more than 128 texts. `escapes`: texts come with HTML entities.
    """

    key: str = "basic-key"
    escapes: bool = False

    def answer(self, asked: Asked) -> Reply:
        """/language/translate/v2 and its languages."""
        if asked.headers.get("x-goog-api-key", asked.query.get("key")) != self.key:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
            return google_basic_error(
                400, "badRequest", "API key not valid. Please pass a valid API key.", details=details
            )
        if asked.path == "/language/translate/v2/languages":
            return Reply(data={"data": {"languages": [{"language": code} for code in GOOGLE_CODES]}})
        if asked.path != "/language/translate/v2":
            return Reply(404, raw=b"<!DOCTYPE html><title>Error 404</title>")
        body = asked.body
        if len(body["q"]) > 128:
            return google_basic_error(400, "invalid", "Too many text segments")
        if not {body["source"], body["target"]} <= set(GOOGLE_CODES):
            return google_basic_error(400, "invalid", "Invalid Value")
        done = [translated(text, body["target"]) for text in body["q"]]
        answers = [{"translatedText": html.escape(text) if self.escapes else text} for text in done]
        return Reply(data={"data": {"translations": answers}})


def google_basic_error(status: int, reason: str, message: str, details: list[Any] | None = None) -> Reply:
    """An error in the form of Google's older APIs."""
    errors = [{"message": message, "domain": "usageLimits", "reason": reason}]
    said = {"code": status, "message": message, "errors": errors, **({"details": details} if details else {})}
    return Reply(status, {"error": said})


@dataclass
class GoogleAdvancedServer(Api):
    """Cloud Translation Advanced by its reference: "projects.locations.translateText", "getSupportedLanguages".

    401 UNAUTHENTICATED for a wrong token, 403 PERMISSION_DENIED for a wrong project, 400 INVALID_ARGUMENT.
    """

    token: str = "ya29.token"
    project: str = "xabar-1"

    def answer(self, asked: Asked) -> Reply:
        """:translateText and /supportedLanguages of one project's global location."""
        parent = f"/v3/projects/{self.project}/locations/global"
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return google_advanced_error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if not asked.path.startswith(parent):
            return google_advanced_error(403, "PERMISSION_DENIED", "Cloud IAM permission denied.")
        if asked.path == f"{parent}/supportedLanguages":
            both = [{"languageCode": code, "supportSource": True, "supportTarget": True} for code in GOOGLE_CODES]
            return Reply(data={"languages": [*both, {"languageCode": "uz-Cyrl", "supportSource": True}]})
        body = asked.body
        if body["mimeType"] != "text/plain" or len(body["contents"]) > 1_024:
            return google_advanced_error(400, "INVALID_ARGUMENT", "Invalid contents")
        done = [translated(text, body["targetLanguageCode"]) for text in body["contents"]]
        return Reply(data={"translations": [{"translatedText": text, "model": body["model"]} for text in done]})


def google_advanced_error(status: int, word: str, message: str, details: list[Any] | None = None) -> Reply:
    """An error in the form of google.rpc.Status."""
    said = {"code": status, "message": message, "status": word, **({"details": details} if details else {})}
    return Reply(status, {"error": said})


CHAT_MODEL = "test-model-2026-01"
Said = Callable[[Asked], Reply]


@dataclass
class ChatServer(Api):
    """An OpenAI-compatible server by the API reference: "Chat completions", "Models", "Error codes".

    It says what a script tells it to, or translates what stands in the data slot.
    """

    key: str | None = None
    script: Said | None = None

    def answer(self, asked: Asked) -> Reply:
        """/v1/models and /v1/chat/completions."""
        if self.key is not None and asked.headers.get("authorization") != f"Bearer {self.key}":
            return chat_error(401, "invalid_api_key", "invalid_request_error")
        if asked.path == "/v1/models":
            return Reply(data={"object": "list", "data": [{"id": CHAT_MODEL, "object": "model"}]})
        if asked.path != "/v1/chat/completions":
            return chat_error(404, "unknown_url", "invalid_request_error")
        if asked.body["model"] != CHAT_MODEL:
            return chat_error(404, "model_not_found", "invalid_request_error")
        if self.script is not None:
            return self.script(asked)
        return completion(json.dumps({"translations": chat_translations(asked)}, ensure_ascii=False))


def chat_error(status: int, code: str, kind: str) -> Reply:
    """An error in OpenAI's form."""
    return Reply(status, {"error": {"message": "…", "type": kind, "param": None, "code": code}})


def completion(content: str | None, finish_reason: str | None = "stop", refusal: str | None = None) -> Reply:
    """A chat completion with that content."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    return Reply(data={"id": "chatcmpl-1", "object": "chat.completion", "model": CHAT_MODEL, "choices": [choice]})


def chat_sentences(asked: Asked) -> list[dict[str, str]]:
    """What stands in the data slot of a request: the line between the last line and its twin."""
    lines = asked.body["messages"][-1]["content"].split("\n")
    assert lines[-1] == lines[-3]
    found: list[dict[str, str]] = json.loads(lines[-2])["sentences"]
    return found


def chat_translations(asked: Asked) -> list[dict[str, str]]:
    """An honest model's answer."""
    return [{"id": one["id"], "text": translated(one["text"], "en")} for one in chat_sentences(asked)]
