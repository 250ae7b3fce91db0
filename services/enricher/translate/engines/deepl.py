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
    header_value,
    inside,
    listed,
    texts,
)

BOUNDS = Bounds(unit_chars=1_000, batch_units=50, batch_chars=20_000)
"""50 texts and 128 KiB are DeepL's own bounds of a request; a character takes six bytes of JSON at most."""
VARIANTS: Mapping[str, str] = {"en": "en-US", "pt": "pt-PT"}
"""What is meant by a target of which DeepL wants to know the variant."""
ModelType = Literal["latency_optimized", "quality_optimized", "prefer_quality_optimized"]


def deepl_url(key: SecretStr) -> str:
    """Where a key is good for: those of the free plan end in :fx ("Authentication" in DeepL's documentation)."""
    return f"https://api{'-free' if key.get_secret_value().strip().endswith(':fx') else ''}.deepl.com"


class DeepL:
    """Documented on developers.deepl.com: "Translate text", "Retrieve languages (v2)", "Error handling".

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
        read, written = await self._languages("source"), await self._languages("target")
        self._read, self._written = by_lower(read), by_lower(written)

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

    async def _languages(self, side: Literal["source", "target"]) -> list[str]:
        return listed(self.name, self._asked(await self._edge.get("/v2/languages", {"type": side})), "language")

    def _asked(self, answer: Answer) -> Any:
        if not answer.fine:
            raise fault(self.name, answer)
        return answer.data
