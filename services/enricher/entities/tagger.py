"""Put all finders together: from a text to its entities, one id each, with every mention."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.contracts.articles import Acronym, Entity, EntityType, Language, Mention
from services.contracts.folding import fold
from services.enricher.entities import acronyms, coordinated, dates, documents, events, shapes
from services.enricher.entities.found import Found, Tagged
from services.enricher.entities.matcher import Matcher
from services.enricher.entities.merging import apart, merged
from services.enricher.entities.models import slovnet, spacy_english
from services.enricher.entities.models.chunks import MAX_READ
from services.enricher.entities.persons import shapes as persons
from services.enricher.entities.persons import surnames
from services.enricher.entities.persons.keys import key
from services.enricher.entities.persons.lexicon import MAX_WORD_CHARS, stems
from services.enricher.entities.salience import salience
from services.enricher.entities.text import Text, lower
from services.enricher.knowledge.base import Known

MAX_MENTIONS = 1_000
"""Of one article; the first ones stay. A text that names things more often is a list, not news."""
MAX_COUNTRY_CHARS = 60
"""Of what a model takes for a place; no country has a longer name."""
_MODELS: dict[str, Callable[[Text], list[Found]]] = {"ru": slovnet.find, "en": spacy_english.find}
_NO_KEY = re.compile(r"[\W_]+")
_NO_LINE_END = re.compile(r"[^\n]")


class Tagger:
    """Finds what is named in texts of any language."""

    def __init__(self, knowledge: Sequence[Known]) -> None:
        self._known = {known.id: known for known in knowledge}
        self._matcher = Matcher(knowledge)
        self._persons = _by_key(knowledge)

    def tag(self, text: str, language: Language, title_end: int = 0, published: date | None = None) -> Tagged:
        """The entities of a text and the acronyms that it explains; a mixed text is read run by run.

        `title_end` is where the headline ends, 0 without one; `published` is the day against which dates are read.
        """
        found: list[Found] = []
        explained: list[tuple[Text, acronyms.Pair]] = []
        for tag, run in _runs(text, language):
            prepared = Text(run, tag, title_end, published)
            kept, pairs = self._found(prepared)
            found += kept
            explained += [(prepared, pair) for pair in pairs]
        found = sorted(found, key=lambda f: (f.start, -f.end))[:MAX_MENTIONS]
        entities = tuple(
            self._entity(mentions, text, language.tag, title_end) for mentions in _by_entity(found, text).values()
        )
        return Tagged(entities, tuple(_acronym(pair, found, text) for _, pair in explained))

    def _found(self, text: Text) -> tuple[list[Found], list[acronyms.Pair]]:
        """What stays of all candidates in a text of one language."""
        listed = self._matcher.find(text)
        listed += coordinated.find(text, lambda name: self._whole(name, text.language))
        model = _MODELS.get(text.primary)
        named = apart(model(text), listed, text) if model else []
        if not model or len(text.original) > MAX_READ:
            named += [one for one in persons.find(text, listed) if not model or one.start >= MAX_READ]
        candidates = [*listed, *named, *dates.find(text), *documents.find(text), *shapes.find(text, listed)]
        kept = self._with_countries(merged([one for one in candidates if one.type != "EVENT"], text), text)
        named_events = merged([one for one in candidates if one.type == "EVENT"], text)
        kept = _with_events([*kept, *self._joined(kept, text), *self._hosts(named_events, text)], named_events)
        pairs = acronyms.pairs(text, kept)
        pairs, kept = self._known_pairs(pairs, kept, listed, text)
        kept = acronyms.applied(text, pairs, kept)
        kept = surnames.without_namesakes(text, kept)
        kept = _with(kept, surnames.later_mentions(text, kept))
        kept = _with(kept, shapes.later_mentions(text, kept))
        kept = [self._listed_person(one, text) for one in surnames.identified(text, kept)]
        return events.placed(text, kept), pairs

    def _listed_person(self, one: Found, text: Text) -> Found:
        """With the id of a person of the list whose name the text spells in a way of its own, or with a case ending."""
        if one.type != "PER" or not (one.id or "").startswith("name:"):
            return one
        ids = [one.id, *self._without_endings(one, text)]
        known = next((self._persons[id_] for id_ in ids if id_ in self._persons), None)
        if known is None:
            return one
        return replace(one, id=known.id, kind=known.kind, by="article" if one.by == "article" else "list")

    @staticmethod
    def _without_endings(one: Found, text: Text) -> Iterator[str]:
        """The ids that a name would have without an ending at its last word."""
        given, _, last = text.original[one.start : one.end].rpartition(" ")
        if given and len(last) <= MAX_WORD_CHARS:
            for stem in stems(text.primary, lower(last))[1:]:
                yield f"name:{key(f'{given} {last[:stem]}')}"

    def _with_countries(self, kept: Sequence[Found], text: Text) -> list[Found]:
        """With the ids of countries that only a model has seen, as where it cuts them off a body: МИД | России."""
        return [self._country(one, text) or one for one in kept]

    def _country(self, one: Found, text: Text) -> Found | None:
        """The country that a model's place is, by itself and whole."""
        length = one.end - one.start
        if one.by != "model" or one.type != "LOC" or one.id is not None or length > MAX_COUNTRY_CHARS:
            return None
        alone = self._whole(text.original[one.start : one.end], text.language)
        if alone is None or alone.kind != "country":
            return None
        stem_end = None if alone.stem_end is None else one.start + alone.stem_end
        return replace(alone, start=one.start, end=one.end, stem_end=stem_end)

    def _whole(self, name: str, language: str) -> Found | None:
        """What a name is, by itself and whole."""
        match self._matcher.find(Text(name, language)):
            case [Found(start=0, end=end, role="name") as alone] if end == len(name):
                return alone
        return None

    def _known_pairs(
        self, pairs: Sequence[acronyms.Pair], kept: Sequence[Found], listed: Sequence[Found], text: Text
    ) -> tuple[list[acronyms.Pair], list[Found]]:
        """With the ids of long forms that no list has, but their acronym, by a name that begins with the long form."""
        by_place = {(f.start, f.stem_end or f.end): f.id for f in listed}
        known_now: dict[Found, Found] = {}
        for pair in pairs:
            known = self._known.get(by_place.get((pair.short_start, pair.short_end)) or "")
            if known is None or pair.entity is None or pair.entity.id is not None:
                continue
            long_form = text.low[pair.long_start : pair.long_end] + " "
            if any(lower(name).startswith(long_form) for names in known.aliases.values() for name in names):
                known_now[pair.entity] = replace(pair.entity, id=known.id, by="list", type=known.type, kind=known.kind)
        return (
            [replace(pair, entity=known_now.get(pair.entity, pair.entity)) if pair.entity else pair for pair in pairs],
            [known_now.get(one, one) for one in kept],
        )

    def _hosts(self, named: Sequence[Found], text: Text) -> list[Found]:
        """Bodies that listed events are named after, which the longer name has taken: the SCO of its summit."""
        return [one for event in named if event.by == "list" for one in self._inside(event, text) if one.type == "ORG"]

    def _joined(self, kept: Sequence[Found], text: Text) -> list[Found]:
        """Countries that a listed route joins: the China–Kyrgyzstan–Uzbekistan railway."""
        routes = [one for one in kept if one.by == "list" and one.kind == "programme"]
        inside = [[one for one in self._inside(route, text) if one.kind == "country"] for route in routes]
        return [one for countries in inside if len(countries) > 1 for one in countries if one.role == "name"]

    def _inside(self, named: Found, text: Text) -> list[Found]:
        """What is named in a name before its last word."""
        name = text.original[named.start : named.end].rpartition(" ")[0]
        inner = self._matcher.find(Text(name, text.language)) if name else []
        return [replace(one, start=named.start + one.start, end=named.start + one.end, stem_end=None) for one in inner]

    def _entity(self, found: Sequence[Found], text: str, language: str, title_end: int) -> Entity:
        best = max(found, key=lambda f: f.confidence)
        known = self._known.get(best.id or "")
        names, derived = ([f for f in found if (f.role == "name") is is_name] for is_name in (True, False))
        placed = next((f for f in found if f.value or f.place), best)
        type_ = known.type if known else best.type
        return Entity(
            id=_identity(best, text),
            type=type_,
            kind=known.kind if known else best.kind,
            name=known.name_in(language) if known else _name(found, text),
            name_en=known.names.get("en") if known else None,
            same_as=known.same_as if known else (),
            mentions=_mentions(names, text),
            derived=_mentions(derived, text),
            confidence=best.confidence,
            salience=0.0 if type_ == "DATE" else salience([f.start for f in found], title_end, len(text)),
            found_by=best.by,
            value=placed.value,
            granularity=placed.granularity,
            place=placed.place,
        )


def _by_key(knowledge: Iterable[Known]) -> dict[str, Known]:
    """The id that a full name gets without a list, to the person of the list who bears it; namesakes are left out."""
    bearers: dict[str, dict[str, Known]] = {}
    for known in knowledge:
        if known.type == "PER":
            for name in {name for names in known.aliases.values() for name in names if " " in name}:
                bearers.setdefault(f"name:{key(name)}", {})[known.id] = known
    return {id_: known for id_, persons in bearers.items() if len(persons) == 1 for known in persons.values()}


def _with(kept: Sequence[Found], more: Iterable[Found]) -> list[Found]:
    """What was kept, with those of the others that stand where nothing was."""
    taken = bytearray(max((f.end for f in kept), default=0))
    for one in kept:
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
    return sorted([*kept, *(f for f in more if not any(taken[f.start : f.end]))], key=lambda f: f.start)


def _runs(text: str, language: Language) -> Iterable[tuple[str, str]]:
    """Each language of the text with the text, as long as it was, in which all that is in others is blank."""
    if not language.spans:
        yield language.tag, text
        return
    for tag in dict.fromkeys(span.tag for span in language.spans):
        parts, end = [], 0
        for span in language.spans:
            if span.tag == tag:
                parts += [_NO_LINE_END.sub(" ", text[end : span.start]), text[span.start : span.end]]
                end = span.end
        yield tag, "".join([*parts, _NO_LINE_END.sub(" ", text[end:])])


def _with_events(kept: Sequence[Found], named: Sequence[Found]) -> list[Found]:
    """Events beside the rest: bodies that an event is named after stay (the summit of the SCO), places do not."""
    outside = [f for f in kept if not any(_within(f, event) for event in named)]
    return sorted([*outside, *named], key=lambda f: (f.start, -f.end))


def _within(one: Found, event: Found) -> bool:
    """Whether an event's name takes a mention in; a body in it stays a mention of its own."""
    if not (event.start <= one.start and one.end <= event.end):
        return False
    return one.type != "ORG" or one.end == event.end


def _by_entity(found: Iterable[Found], text: str) -> dict[tuple[str, EntityType], list[Found]]:
    entities: dict[tuple[str, EntityType], list[Found]] = {}
    for one in found:
        entities.setdefault((_identity(one, text), one.type), []).append(one)
    return entities


def _identity(one: Found, text: str) -> str:
    return one.id or f"name:{_NO_KEY.sub('-', fold(_name([one], text))).strip('-')}"


def _name(found: Sequence[Found], text: str) -> str:
    """As the text has it, the longest form and without its case ending."""
    said = (f.name or text[f.start : f.stem_end or f.end] for f in found)
    return max(said, key=len)


def _mentions(found: Sequence[Found], text: str) -> tuple[Mention, ...]:
    return tuple(Mention(start=f.start, end=f.end, surface=text[f.start : f.end]) for f in found)


def _acronym(pair: acronyms.Pair, found: Sequence[Found], text: str) -> Acronym:
    over = next((f for f in found if f.start < pair.short_end and pair.short_start < f.end), None)
    return Acronym(
        acronym=text[pair.short_start : pair.short_end],
        long_form=text[pair.long_start : pair.long_end],
        entity=_identity(over, text) if over else None,
    )
