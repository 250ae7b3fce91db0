"""Google Cloud Translation: Basic (v2) with a key, Advanced (v3) with a token."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from services.enricher.translate.engine import Bounds, Broken, Busy, DataPolicy, Denied, EngineFault, Refused, Spent
from services.enricher.translate.engines.codes import Pair, by_lower, in_latin, pair
from services.enricher.translate.engines.http import (
    MAX_RETRY_AFTER_SECONDS,
    Answer,
    Edge,
    Endpoint,
    fault,
    fields,
    having,
    header_value,
    inside,
    listed,
    texts,
    unescaped,
)

GOOGLE_URL = "https://translation.googleapis.com"
BOUNDS = Bounds(unit_chars=1_000, batch_units=100, batch_chars=5_000)
"""5,000 characters are what Google recommends; 128 texts (v2), 1,024 texts and 30,000 characters (v3) its bounds."""
MAX_TOKEN_BYTES = 16_384
MAX_REASONS = 20
REASONS: Mapping[str, type[EngineFault]] = {
    "dailyLimitExceeded": Spent,
    "Daily Limit Exceeded": Spent,
    "PerDay": Spent,
    "quotaExceeded": Spent,
    "BILLING_DISABLED": Denied,
    "userRateLimitExceeded": Busy,
    "User Rate Limit Exceeded": Busy,
    "rateLimitExceeded": Busy,
    "RATE_LIMIT_EXCEEDED": Busy,
    "RESOURCE_EXHAUSTED": Busy,
    "API_KEY_INVALID": Denied,
    "API key not valid. Please pass a valid API key.": Denied,
    "keyInvalid": Denied,
    "keyExpired": Denied,
    "accessNotConfigured": Denied,
    "SERVICE_DISABLED": Denied,
    "PERMISSION_DENIED": Denied,
    "UNAUTHENTICATED": Denied,
}
"""What Google says of an error beyond its status, the decisive first."""
_NAME = re.compile(r"[a-z0-9][a-z0-9.:-]{0,99}")
_MODEL = re.compile(r"[A-Za-z0-9_-]{1,100}(?:/[A-Za-z0-9_-]{1,100})?")
_DELAY = re.compile(r"(\d{1,6})(?:\.\d{1,9})?s")


class GoogleBasic:
    """Documented on cloud.google.com/translate: "Translating text (Basic)", "Quotas and limits", and "languages"
    of the v2 reference.

    {"error": {"code", "message", "errors": [{"domain", "reason"}]}}: 403 dailyLimitExceeded and userRateLimitExceeded,
    400 for a key that is not valid, 429 and 5xx.
    """

    policy: DataPolicy = "leaves"

    def __init__(
        self, endpoint: Endpoint, *, key: SecretStr, name: str = "google", model: str = "nmt", bounds: Bounds = BOUNDS
    ) -> None:
        """`endpoint`: of GOOGLE_URL, or a base URL without /language. Raises ValueError."""
        self.name = name
        self.bounds = bounds
        self._model = model
        # In a header, since a URL with a key in it finds its way into logs.
        self._edge = Edge(endpoint, name, {"x-goog-api-key": header_value(key)})
        self._codes: dict[str, str] = {}

    async def open(self) -> None:
        """Ask for the languages; every one of them is translated into every other. Raises EngineFault."""
        answer = _data(self.name, await self._edge.get("/language/translate/v2/languages", {"model": self._model}))
        self._codes = by_lower(listed(self.name, inside(answer, "data", "languages"), "language"))

    def model(self, source: str, target: str) -> str | None:
        """The API's version and the model that was asked for; Google names no versions of it."""
        return f"google-v2/{self._model}" if self._pair(source, target) else None

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """One request. Raises EngineFault."""
        codes = self._pair(source, target)
        if codes is None:
            raise Denied(f"{self.name}: it does not translate from {source} to {target}")
        body = {
            "q": in_latin(codes.source, units),
            "source": codes.source.code,
            "target": codes.target,
            "format": "text",
            "model": self._model,
        }
        answer = _data(self.name, await self._edge.post("/language/translate/v2", body))
        found = texts(self.name, fields(inside(answer, "data", "translations"), "translatedText"), len(units))
        return [*unescaped(units, found)]

    async def close(self) -> None:
        """Let go of connections."""
        await self._edge.close()

    def _pair(self, source: str, target: str) -> Pair | None:
        return pair(source, target, self._codes, self._codes)


class GoogleAdvanced:
    """Documented on cloud.google.com/translate: "projects.locations.translateText", "getSupportedLanguages".

    {"error": {"code", "status", "message", "details"}}: RESOURCE_EXHAUSTED (429), PERMISSION_DENIED (403),
    UNAUTHENTICATED (401), UNAVAILABLE (503); details name the quota, and when to come again.
    """

    policy: DataPolicy = "leaves"

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        project: str,
        token: Callable[[], SecretStr],
        name: str = "google",
        location: str = "global",
        model: str = "general/nmt",
        bounds: Bounds = BOUNDS,
    ) -> None:
        """`endpoint`: of GOOGLE_URL or a region's. `token`: called before each request, as tokens last an hour; it may
        raise OSError and ValueError. `model`: general/nmt, or the id of one of the project's own.

        Raises ValueError.
        """
        if not (_NAME.fullmatch(project) and _NAME.fullmatch(location) and _MODEL.fullmatch(model)):
            raise ValueError("a project and a location are of a-z, 0-9, hyphens, colons and dots; a model is a/path")
        self.name = name
        self.bounds = bounds
        self._parent = f"projects/{project}/locations/{location}"
        self._model = model
        self._project = project
        self._token = token
        self._edge = Edge(endpoint, name)
        self._read: dict[str, str] = {}
        self._written: dict[str, str] = {}

    async def open(self) -> None:
        """Ask for the languages of the model. Raises EngineFault."""
        path = f"/v3/{self._parent}/supportedLanguages"
        answer = await self._edge.get(path, {"model": self._full_model}, **self._headers())
        languages = inside(self._answered(answer), "languages")
        listed(self.name, languages, "languageCode")
        self._read = by_lower(having(languages, "languageCode", "supportSource"))
        self._written = by_lower(having(languages, "languageCode", "supportTarget"))

    def model(self, source: str, target: str) -> str | None:
        """The API's version and the model that was asked for."""
        return f"google-v3/{self._model}" if self._pair(source, target) else None

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """One request. Raises EngineFault."""
        codes = self._pair(source, target)
        if codes is None:
            raise Denied(f"{self.name}: it does not translate from {source} to {target}")
        body = {
            "contents": in_latin(codes.source, units),
            "mimeType": "text/plain",
            "sourceLanguageCode": codes.source.code,
            "targetLanguageCode": codes.target,
            "model": self._full_model,
        }
        path = f"/v3/{self._parent}:translateText"
        answer = self._answered(await self._edge.post(path, body, **self._headers()))
        found = texts(self.name, fields(inside(answer, "translations"), "translatedText"), len(units))
        return [*unescaped(units, found)]

    async def close(self) -> None:
        """Let go of connections."""
        await self._edge.close()

    @property
    def _full_model(self) -> str:
        return f"{self._parent}/models/{self._model}"

    def _answered(self, answer: Answer) -> Any:
        if answer.status == httpx.codes.UNAUTHORIZED:  # the token has run out; there may be another one in a moment
            raise fault(self.name, answer, Broken, "UNAUTHENTICATED")
        return _data(self.name, answer)

    def _headers(self) -> dict[str, str]:
        try:
            token = header_value(self._token())
        except (OSError, ValueError) as error:  # the file may be being written just now
            raise Broken(f"{self.name}: no token ({type(error).__name__})") from None
        return {"authorization": f"Bearer {token}", "x-goog-user-project": self._project}

    def _pair(self, source: str, target: str) -> Pair | None:
        return pair(source, target, self._read, self._written)


def token_in(file: Path) -> Callable[[], SecretStr]:
    """The token that stands in a file at the time, which something else keeps fresh (gcloud auth print-access-token).

    What it returns raises OSError.
    """

    def read() -> SecretStr:
        with file.open("rb") as stream:
            return SecretStr(stream.read(MAX_TOKEN_BYTES).decode("ascii", "replace").strip())

    return read


def _data(name: str, answer: Answer) -> Any:
    if answer.fine:
        return answer.data
    said = _reasons(answer.data)
    reason = next((reason for reason in REASONS if reason in said), "")
    if answer.retry_after is None:
        answer = replace(answer, retry_after=_delay(answer.data))
    raise fault(name, answer, REASONS.get(reason), reason)


def _reasons(data: object) -> set[str]:
    """All that an error says of its cause: Google has said it in several places over the years."""
    error = inside(data, "error")
    details = inside(error, "details")
    said = [inside(error, "status"), inside(error, "message")]
    said += fields(inside(error, "errors"), "reason")[:MAX_REASONS] + fields(details, "reason")[:MAX_REASONS]
    limits = [inside(metadata, "quota_limit") for metadata in fields(details, "metadata")[:MAX_REASONS]]
    said += ["PerDay" for limit in limits if isinstance(limit, str) and "PerDay" in limit]
    return {word for word in said if isinstance(word, str)}


def _delay(data: object) -> float | None:
    for delay in fields(inside(data, "error", "details"), "retryDelay")[:MAX_REASONS]:
        found = _DELAY.fullmatch(delay) if isinstance(delay, str) else None
        if found:
            return min(float(found[1]), MAX_RETRY_AFTER_SECONDS)
    return None
