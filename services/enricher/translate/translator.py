"""Translate articles: routes, sentences, cache, engines and guards, with a status for whatever may happen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from services.contracts.articles import Translation, TranslationStatus
from services.contracts.sources import Lane
from services.enricher.translate.alignment import Done, Part, Taken, beginning, joined, parts, up_to
from services.enricher.translate.budget import Ledger
from services.enricher.translate.cache import Cache, Key
from services.enricher.translate.engine import Refused, primary
from services.enricher.translate.guards import Judge, judged_here
from services.enricher.translate.resilience import Patient, Unavailable
from services.enricher.translate.routes import NONE, Route, Routes
from services.enricher.translate.sentences import spans

UNKNOWN = "und"
AT_ONCE_CHARS = 4_000
"""Asked of an engine at a time: what is done by then stays, should the rest not come in time."""
TURNS_PER_CALL = 2


@dataclass(frozen=True)
class ArticleLimits:
    """What the translation of one article may take."""

    chars: int
    """The title is translated however long it is."""
    seconds: float
    """From the article's turn at the engine on."""


@dataclass(frozen=True)
class _Order:
    """What all sentences of an article have in common."""

    engine: Patient
    model: str
    source: str
    target: str
    lane: Lane
    deadline: float

    def key(self, text: str) -> Key:
        return Key(self.engine.name, self.model, self.source, self.target, text)


class Translator:
    """What runs in the stage. It never raises: an article goes on, whatever happens to its translation.

    It never falls back on another engine silently, and never invents. A Translation's status is
    ok: whole. partial: sentences were not taken, and are marked. truncated: cut at a limit, or because the engine went
    away; null from there on. unsupported: the engine has no model for the pair. unavailable: there is no engine, or
    it gives no answer. failed: no sentence was taken. Its `detail` says why.
    """

    def __init__(
        self,
        routes: Routes,
        engines: Mapping[str, Patient],
        absent: Mapping[str, str],
        cache: Cache,
        limits: ArticleLimits,
        judge: Judge = judged_here,
        clock: Callable[[], float] = time.monotonic,
        ledger: Ledger | None = None,
    ) -> None:
        """`absent`: engines that routes name and that are not there, with the reason. `judge` does the guards' work.

        `ledger`: what the engines' budgets write in, if anything; closed with them.
        """
        self._routes = routes
        self._engines = engines
        self._absent = absent
        self._cache = cache
        self._limits = limits
        self._judge = judge
        self._clock = clock
        self._ledger = ledger
        # An article's time begins with its turn: else the queue behind a slow engine would eat it. Twice as many turns
        # as calls: while one article is cut or judged, another one is asked for.
        self._turns = {name: asyncio.Semaphore(TURNS_PER_CALL * engine.at_once) for name, engine in engines.items()}

    async def translate(
        self, title: str, paragraphs: Sequence[str], source: str, lane: Lane = "live"
    ) -> tuple[Translation, ...]:
        """A Translation into every language that is routed to, but for the article's own."""
        targets = [target for target in self._routes.targets if primary(target) != primary(source)]
        return tuple([await self._into(target, title, paragraphs, source, lane) for target in targets])

    async def close(self) -> None:
        """Let go of engines, cache and ledger."""
        for engine in self._engines.values():
            await engine.close()
        await self._cache.close()
        if self._ledger is not None:
            await self._ledger.close()

    async def _into(self, target: str, title: str, paragraphs: Sequence[str], source: str, lane: Lane) -> Translation:
        if source == UNKNOWN:
            return _none(target, NONE, "unsupported", "the language is unknown")
        route = self._routes.route(source, target, lane)
        if route is None:
            return _none(target, NONE, "unavailable", f"TRANSLATE_ROUTES has no route for {source}:{target}")
        if route.engine == NONE:
            return _none(target, NONE, "unavailable", f"TRANSLATE_ROUTES leaves {source}:{target} untranslated")
        engine = self._engines.get(route.engine)
        if engine is None:
            return _none(target, route.engine, "unavailable", self._absent.get(route.engine, "no such engine"))
        async with self._turns[engine.name]:
            return await self._by(engine, route, title, paragraphs, source, lane)

    async def _by(
        self, engine: Patient, route: Route, title: str, paragraphs: Sequence[str], source: str, lane: Lane
    ) -> Translation:
        target = route.target
        try:
            await engine.ready()
        except Unavailable as why:
            return _none(target, engine.name, "unavailable", why.reason)
        began = self._clock()  # the engine's start is not the article's time
        model = engine.model(source, target)
        if model is None:
            return _none(target, engine.name, "unsupported", f"no model from {source} to {target}")
        whole = parts(title, paragraphs, partial(spans, language=source, limit=engine.bounds.unit_chars))
        wanted = up_to(self._limits.chars, whole if route.part == "all" else whole[:1])
        order = _Order(engine, model, source, target, lane, began + self._limits.seconds)
        finished: list[Part] = []
        done: list[Done] = []
        why_not: str | None = None
        for group in _groups(wanted, title_alone=engine.rationed):
            taken, why_not = await self._taken(order, group)
            here = [*_finished(group, taken)]
            finished += here
            done += (joined(part, taken) for part in here)
            if why_not:
                break
        if why_not and not any(sentence.wants_engine for part in finished for sentence in part.sentences):
            return _none(target, engine.name, "unavailable", why_not, model)
        limit = f"TRANSLATE_MAX_CHARS is {self._limits.chars}" if route.part == "all" else "the route wants no more"
        status, detail = _status(done, sum(map(_length, whole)), why_not or limit)
        texts = [*(part.text for part in done), *[None] * (len(whole) - len(done))]
        return Translation(
            target=target,
            status=status,
            engine=engine.name,
            model=model,
            title=texts[0],
            paragraphs=tuple(texts[1:]) if done else (),
            sentences=tuple(pair for part in done for pair in part.pairs),
            seconds=round(max(0.0, self._clock() - began), 3),
            detail=detail,
        )

    async def _taken(self, order: _Order, group: Sequence[Part]) -> tuple[dict[str, Taken], str | None]:
        """Sentence → what was taken for it, from the cache or the engine; and why some have nothing, if some have."""
        sentences = [sentence for part in group for sentence in part.sentences]
        taken = {sentence.text: Taken(sentence.text) for sentence in sentences if not sentence.wants_engine}
        keys = {sentence.text: order.key(sentence.text) for sentence in sentences if sentence.wants_engine}
        cached = await self._cache.get_many(list(keys.values()))
        answers: dict[str, str | Refused] = {text: cached[key] for text, key in keys.items() if key in cached}
        missing = [text for text in keys if text not in answers]
        fresh: Sequence[str | Refused] = ()
        why_not: str | None = None
        if missing:
            headline = all(part.paragraph is None for part in group)
            try:
                fresh = await order.engine.translate(
                    missing, order.source, order.target, order.deadline, order.lane, headline
                )
            except Unavailable as why:
                fresh, why_not = why.done, why.reason
            except Exception as error:  # whatever an engine can do must not cost the article
                why_not = f"{order.engine.name}: {type(error).__name__}"
        answers.update(zip(missing, fresh, strict=False))
        taken.update((text, Taken("", answer.flaw)) for text, answer in answers.items() if isinstance(answer, Refused))
        pairs = tuple((text, answer) for text, answer in answers.items() if isinstance(answer, str))
        try:
            flaws = await self._judge(pairs, order.source, order.target) if pairs else []
        except Exception as error:  # what was not judged is not taken
            return taken, why_not or f"the guards gave no verdict: {type(error).__name__}"
        for (text, answer), wrong in zip(pairs, flaws, strict=True):
            taken[text] = Taken("" if wrong else answer, wrong)
        await self._cache.put_many(
            (keys[text], answer)
            for text, answer in zip(missing, fresh, strict=False)
            if isinstance(answer, str) and taken[text].flaw is None  # what was not taken is asked for again
        )
        return taken, why_not


def _none(target: str, engine: str, status: TranslationStatus, why: str, model: str | None = None) -> Translation:
    return Translation(target=target, status=status, engine=engine, model=model, detail=why)


def _length(part: Part) -> int:
    """In sentences."""
    return len(part.sentences)


def _groups(wanted: Sequence[Part], title_alone: bool) -> Iterator[list[Part]]:
    """The parts in order, as many at a time as make AT_ONCE_CHARS; the title alone where characters are rationed."""
    group: list[Part] = []
    chars = 0
    for part in wanted:
        full = chars + len(part.text) > AT_ONCE_CHARS
        if group and (full or (title_alone and group[0].paragraph is None)):
            yield group
            group, chars = [], 0
        group.append(part)
        chars += len(part.text)
    if group:
        yield group


def _finished(group: Sequence[Part], taken: Mapping[str, Taken]) -> Iterator[Part]:
    """The parts up to the first sentence that has no answer."""
    for part in group:
        answered = sum(1 for _ in takewhile(lambda sentence: sentence.text in taken, part.sentences))
        yield from beginning(part, answered)
        if answered < len(part.sentences):
            return


def _status(done: Sequence[Done], wanted: int, why_cut: str) -> tuple[TranslationStatus, str | None]:
    """What to call a translation of which so many of the wanted sentences are done."""
    pairs = [pair for part in done for pair in part.pairs]
    flaws = sorted({pair.flaw for pair in pairs if pair.flaw})
    said = []
    if flaws:
        failed = sum(pair.flaw is not None for pair in pairs)
        said.append(f"{failed} of {len(pairs)} sentences failed a guard: {', '.join(flaws)}")
    if len(pairs) < wanted:
        said.append(f"cut after {len(pairs)} of {wanted} sentences: {why_cut}")
    detail = "; ".join(said) or None
    if pairs and all(part.text is None for part in done if part.pairs):
        return "failed", detail
    return ("truncated" if len(pairs) < wanted else "partial" if flaws else "ok"), detail
