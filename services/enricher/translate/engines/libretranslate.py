"""LibreTranslate: an operator's own server, or one that asks for a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from services.enricher.translate.engine import Bounds, Busy, DataPolicy, Denied, EngineFault, Refused, Spent
from services.enricher.translate.engines.codes import Pair, by_lower, in_latin, pair, source_code
from services.enricher.translate.engines.http import Answer, Edge, Endpoint, fault, fields, inside, listed, texts
from services.enricher.translate.engines.http import unescaped as without_entities

BOUNDS = Bounds(unit_chars=400, batch_units=16, batch_chars=2_000)
"""2,000 characters is what public servers take at a time."""
# The server has one status for several things, and says which in a sentence (in English, as the request prefers).
_KINDS: Mapping[int, Sequence[tuple[str, type[EngineFault], str]]] = {
    400: (("API key", Denied, "it wants an API key"),),
    403: (("Too many request", Busy, "banned for a while"), ("", Denied, "invalid API key")),
    429: ((" day", Spent, "daily limit"), ("", Busy, "slow down")),
}


class LibreTranslate:
    """Documented on docs.libretranslate.com, "API Usage" and "API Endpoints" (/languages, /translate, /spec).

    /languages names each language with the targets it has models for; /translate takes `q` as an array and answers with
    as many `translatedText`; 400, 403, 429 and 500 carry {"error": a sentence}.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        name: str = "libretranslate",
        key: SecretStr | None = None,
        policy: DataPolicy | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """`policy`: by the endpoint's address where it is not said. Raises ValueError."""
        self.name = name
        self.policy: DataPolicy = policy or endpoint.policy
        self.bounds = bounds
        self._key = key
        self._edge = Edge(endpoint, name)
        self._version = ""
        self._targets: dict[str, dict[str, str]] = {}
        self._codes: dict[str, str] = {}

    async def open(self) -> None:
        """Ask for the pairs and the server's version. Raises EngineFault."""
        answer = self._asked(await self._edge.get("/languages"))
        codes = listed(self.name, answer, "code")
        self._version = await self._server_version()
        self._targets = {
            code: by_lower([target for target in targets if isinstance(target, str)] if targets is not None else codes)
            for code, targets in zip(fields(answer, "code"), map(_targets, answer), strict=True)
            if isinstance(code, str)
        }
        self._codes = by_lower(codes)

    def model(self, source: str, target: str) -> str | None:
        """The server and its version; what models it runs it does not say."""
        if self._pair(source, target) is None:
            return None
        return f"libretranslate-{self._version}" if self._version else "libretranslate"

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """One request. Raises EngineFault."""
        codes = self._pair(source, target)
        if codes is None:
            raise Denied(f"{self.name}: no model from {source} to {target}")
        asked = in_latin(codes.source, units)
        body: dict[str, Any] = {"q": asked, "source": codes.source.code, "target": codes.target, "format": "text"}
        if self._key is not None:
            body["api_key"] = self._key.get_secret_value()
        data = self._asked(await self._edge.post("/translate", body))
        found = texts(self.name, inside(data, "translatedText"), len(units))
        return [*without_entities(asked, found)]

    async def close(self) -> None:
        """Let go of connections."""
        await self._edge.close()

    def _pair(self, source: str, target: str) -> Pair | None:
        code = source_code(source, self._codes)
        return pair(source, target, self._codes, self._targets.get(code.code, {})) if code else None

    async def _server_version(self) -> str:
        answer = await self._edge.get("/spec")
        if answer.status == 404:
            return ""
        version = inside(self._asked(answer), "info", "version")
        return version[:32] if isinstance(version, str) else ""

    def _asked(self, answer: Answer) -> Any:
        if answer.fine:
            return answer.data
        said = inside(answer.data, "error")
        for sign, kind, reason in _KINDS.get(answer.status, ()):
            if sign in (said if isinstance(said, str) else ""):
                raise fault(self.name, answer, kind, reason)
        raise fault(self.name, answer)


def _targets(language: object) -> list[object] | None:
    """A language's targets; None where the server is too old to name them and takes every pair."""
    targets = inside(language, "targets")
    return targets if isinstance(targets, list) else None
