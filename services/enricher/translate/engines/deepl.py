"""DeepL: the hosted API, of the free plan or a paid one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import SecretStr

from services.enricher.translate.engine import Bounds, DataPolicy, Denied, Refused
from services.enricher.translate.engines.codes import Pair, by_lower, in_latin, pair
from services.enricher.translate.engines.http import (
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
)

BOUNDS = Bounds(unit_chars=1_000, batch_units=50, batch_chars=20_000)
"""50 texts and 128 KiB are DeepL's own bounds of a request; a character takes six bytes of JSON at most."""
VARIANTS: Mapping[str, str] = {"en": "en-US", "pt": "pt-PT"}
"""What is meant by a target of which DeepL wants to know the variant."""
GONE = (404, 410)
ModelType = Literal["latency_optimized", "quality_optimized", "prefer_quality_optimized"]


def deepl_url(key: SecretStr) -> str:
    """Where a key is good for: those of the free plan end in :fx ("Authentication" in DeepL's documentation)."""
    return f"https://api{'-free' if key.get_secret_value().strip().endswith(':fx') else ''}.deepl.com"


class DeepL:
    """Documented on developers.deepl.com: "Translate text", "Retrieve languages (v2)" (deprecated; "Using the
    languages API" follows it), "Error handling".

    Its own statuses: 456 the month's characters or the cost limit are used up, 529 too many requests; 413 and 414 the
    request is too large; 429, 500, 503 and 504 want to be asked again later.
    """

    policy: DataPolicy = "leaves"

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        key: SecretStr,
        name: str = "deepl",
        model_type: ModelType | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """`endpoint`: of `deepl_url(key)`, or a base URL without /v2. Raises ValueError."""
        self.name = name
        self.bounds = bounds
        self._model_type = model_type
        self._edge = Edge(endpoint, name, {"authorization": f"DeepL-Auth-Key {header_value(key)}"})
        self._read: dict[str, str] = {}
        self._written: dict[str, str] = {}

    async def open(self) -> None:
        """Ask for the languages that it reads and writes. Raises EngineFault."""
        answer = await self._edge.get("/v2/languages", {"type": "source"})
        if answer.status in GONE:
            await self._open_by_v3()
            return
        read = listed(self.name, self._asked(answer), "language")
        answer = await self._edge.get("/v2/languages", {"type": "target"})
        self._written = by_lower(listed(self.name, self._asked(answer), "language"))
        self._read = by_lower(read)

    def model(self, source: str, target: str) -> str | None:
        """DeepL names no versions: the API's and the type of model that was asked for."""
        if self._pair(source, target) is None:
            return None
        return f"deepl-v2/{self._model_type}" if self._model_type else "deepl-v2"

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """One request, each unit a text that is not split. Raises EngineFault."""
        codes = self._pair(source, target)
        if codes is None:
            raise Denied(f"{self.name}: it does not translate from {source} to {target}")
        body: dict[str, Any] = {
            "text": in_latin(codes.source, units),
            "source_lang": codes.source.code,
            "target_lang": codes.target,
            "split_sentences": "0",
            "preserve_formatting": True,
        }
        if self._model_type:
            body["model_type"] = self._model_type
        answer = self._asked(await self._edge.post("/v2/translate", body))
        return [*texts(self.name, fields(inside(answer, "translations"), "text"), len(units))]

    async def close(self) -> None:
        """Let go of connections."""
        await self._edge.close()

    def _pair(self, source: str, target: str) -> Pair | None:
        return pair(source, target, self._read, self._written, VARIANTS)

    async def _open_by_v3(self) -> None:
        """/v2/languages is deprecated: this is what follows it."""
        languages = self._asked(await self._edge.get("/v3/languages", {"resource": "translate_text"}))
        listed(self.name, languages, "lang")
        self._read = by_lower(having(languages, "lang", "usable_as_source"))
        self._written = by_lower(having(languages, "lang", "usable_as_target"))

    def _asked(self, answer: Answer) -> Any:
        if not answer.fine:
            raise fault(self.name, answer)
        return answer.data
