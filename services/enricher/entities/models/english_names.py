"""Where an English name ends and what it is, by the words in and beside it: against the model's known faults."""

from __future__ import annotations

import re

from services.contracts.articles import EntityType
from services.enricher.entities.models import english_kinds
from services.enricher.entities.models.persons import after_its_trade, begins_sentence
from services.enricher.entities.persons import lexicon

MAX_ACRONYM = 5
AROUND = 30
"""Characters on each side of a word in capitals: if all are capital, the word says nothing."""
_BEFORE = re.compile(
    r"(?:[^\w(]{1,3}|(?:the|a|an|this|and|mr|mrs|ms|dr|sir|gov|sen|gen|rep|pm)\.?[ ]"
    r"|(?:president|minister|king|queen|prince)[ ])",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(?:'s|'|[,;:!?\"”“)\s-]|(?<![A-Z])(?<!nc)(?<!rp)(?<!td)(?<!Co)(?<!Jr)(?<!Sr)\.)+$")
_HEAD = re.compile(r"[^\W\d_]+(?=$| \d{1,4}$| (?:of|on|for|to|in|with|between|against|towards?|under)\b)")
"""What sort of thing a name is: its last word, or the one before a number or `of`."""
_EVENTS = frozenset({
    "conference", "summit", "forum", "meeting", "championship", "championships", "festival", "expo",
    "games", "dialogue", "symposium", "olympiad",
})  # fmt: skip
_DOCUMENTS = frozenset({
    "treaty", "agreement", "resolution", "declaration", "convention", "protocol", "pact", "accord", "accords",
    "strategy", "strategies", "plan", "program", "programme", "roadmap", "charter", "memorandum", "decree", "statement",
    "law", "act", "statute", "code",
})  # fmt: skip
_NAMED_DOCUMENT = re.compile(
    r" (?:Declaration|Agreement|Accords?|Treaty|Protocol|Convention|Memorandum|Communiqué)(?!\w)"
)
"""What makes a document of the place before it: the Gabala | Declaration."""
_PLACES = frozenset({
    "bridge", "road", "street", "avenue", "highway", "square", "plaza", "station", "airport", "stadium", "arena",
    "palace", "tower", "hall", "hotel", "museum", "base", "park", "pipeline", "corridor",
    "railway", "canal", "dam", "mosque", "church", "cathedral", "shrine", "mausoleum", "madrasa", "madrasah",
})  # fmt: skip
"""Names with these heads are often taken for bodies by the model."""
_BODIES = frozenset({
    "university", "institute", "academy", "company", "corporation", "bank", "group", "council", "committee", "agency",
    "foundation", "association", "federation", "court", "hospital", "stations", "airlines", "airways", "railways",
    "media", "news", "tv", "radio", "live", "energy", "holding", "club", "fc", "clinic", "orchestra", "television",
})  # fmt: skip
"""The last word of what the model takes for a person and is a body."""
_NUMBERED = re.compile(r" No\. ?\d{1,4}$")
_INTRODUCED = re.compile(
    r"\b(?:Minister|President|Mrs?\.?|Ms\.?|Dr\.?|Ambassador|Senator|Governor|General|Colonel|Judge|Professor|Prof\.|"
    r"[Cc]oach|[Gg]oalkeeper|[Dd]efender|[Ss]triker|[Mm]idfielder|[Aa]nalyst|[Ss]pokes(?:man|woman|person)) $"
)
_TRADE = re.compile(
    r"(?:(?:Det|Insp|Supt|Sgt|Cpl|Capt|Lt|Col|Maj|Rapper|Driver|Lawyer|Surgeon|Doctor|Teacher|Engineer|Coach|Singer|"
    r"Actor|Actress|Writer|Poet|Journalist|Blogger|Farmer|"
    r"Student|Pilot|Artist|Director|Captain|Judge|Prosecutor|Investigator|Lieutenant|Colonel|Major|Mayor|Activist|Expert|"
    r"Analyst|Economist|Businessman|Entrepreneur|Defender|Striker|Midfielder|Goalkeeper|Boxer|Wrestler|Scientist|"
    r"Historian|Composer|Rector|Hokim|Akim|Khokim)\.? ){1,3}(?=[A-Z])"
)
"""Ranks and trades, in the model's name of a person that opens a sentence."""
_STORM = re.compile(r"\b(?:[Hh]urricane|[Tt]yphoon|[Cc]yclone|[Tt]ropical [Ss]torm) $")
_STORM_CHARS = 16
_GIVEN_BEFORE = re.compile(r"(?<![\w'’-])([A-Z][a-z'’-]{2,20}) $")
"""The word before a surname that the model has alone: Alisher | Begmatov."""
_SPEAKER = re.compile(
    r"\b(?:spokes(?:man|woman|person)|lawyer|journalist|activist|resident|teacher|doctor|engineer|farmer|official|student|"
    r"analyst|economist|expert|director|head|chief|chairman|chairwoman|deputy|governor|mayor|minister|ambassador|judge|"
    r"wife|husband|mother|father|brother|sister|son|daughter|cousin|named|called) $"
)
"""Before a whole name, its given name known or not: spokeswoman | Umeda Yusupova."""
_TITLE_CHARS = 14
_HOLDS_OFFICE = re.compile(
    r", (?:(?:the|a|an|its|their|his|her) )?(?:[A-Z][\w'-]* |[a-z-]+ ){0,3}?"
    r"(?i:representative|director|head|chief|chair(?:man|woman)?|president|minister|manager|professor|economist|"
    r"spokes(?:man|woman|person)|founder|analyst|researcher|ambassador|coordinator|editor|lawyer|commissioner)\b"
)
"""What follows a person: Malika Yunusova, UNICEF Representative."""
_WHOLE_NAME = re.compile(r"[A-Z][\w'’-]*[a-z](?: [A-Z][\w'’-]*\.?){1,2}")
_PERSONAL = re.compile(r"[A-Z][\w'’-]*[a-z](?: [A-Z][\w'’-]*\.?){0,2}")
_YEAR = re.compile(r"(?:19|20)\d\d ")
_NUMBER = re.compile(r"(?<= No)\. ?\d{1,4}\b")
"""What the model leaves off: School No. 14."""
_LOOSE_END = re.compile(r"(?: (?:of|on|for|to|in|with|the|and|at|by|No|Country))+$")
_OFFICER = re.compile(
    r" (?:MPs?|MEPs?|Minister|President|Ambassador|Secretary|Senator|Governor|Chief|Deputy|Envoy|Representative|"
    r"Director|Manager|Coordinator|Rapporteur|Commissioner|Spokes(?:man|woman|person)|Economist|Chairman|Chairwoman)$"
)
_MINISTER_BEHIND = re.compile(r" (?:[A-Z][a-z]+ ){0,2}Minister\b")
_NOTION = re.compile(r"(?:[A-Z][a-z]+-)?[A-Z]?[a-z]+(?:ism|isms|ness|ship|ization|isation)")
"""One word that is no name, in whatever case a heading puts it: Extremism."""
_NO_NAMES = frozenset({
    "council", "conference", "committee", "government", "ministry", "commission", "assembly", "parliament", "congress",
    "member states", "internet", "state", "university", "company", "party", "court", "office", "agency", "department",
    "board", "fund", "union", "bank", "group", "team", "club", "constitution", "treaty", "agreement", "republic",
    "region", "province", "city", "north", "south", "east", "west", "defence", "defense", "god", "lord", "christmas",
    "easter", "ramadan", "new year", "email", "e-mail", "photo", "video", "related news", "read more", "powered",
    "covid", "covid-19", "ceo", "cfo", "gdp", "usd", "vat", "pm", "am", "tv", "ai", "it", "pr", "hr", "pdf", "faq",
    "dna", "hiv", "aids", "gps", "sms", "url", "www", "bst", "gmt", "utc", "cet", "msk",
})  # fmt: skip
"""Common words, and acronyms of things that are neither bodies nor places; in small letters."""


def named(cased: str, start: int, end: int, said: EntityType) -> tuple[int, int, EntityType] | None:
    """Where the name is that the model has at a place, and of what type; None where it is no name."""
    start, end = _tidied(cased, start, end)
    end = english_kinds.without_kind(cased, start, end)
    if begins_sentence(cased, start) and (length := after_its_trade(cased[start:end])):
        start, said = start + length, "PER"
    if said == "PER" and (trade := _TRADE.match(cased, start, end)) is not None:
        start = trade.end()
    if start >= end or not is_name(cased, start, end) or _is_officer(cased, start, end, said):
        return None
    if said == "PER" and _STORM.search(cased, max(0, start - _STORM_CHARS), start):
        return None
    if said == "LOC" and (document := _NAMED_DOCUMENT.match(cased, end)) is not None:
        return start, document.end(), "DOC"
    if (beside := english_kinds.beside(cased, start, end)) is not None:
        return start, end, beside
    if (given := _given_before(cased, start, end, said)) is not None:
        return given, end, "PER"
    type_ = "PER" if _is_introduced(cased, start, end) else _typed(cased[start:end], said)
    if type_ == "DOC" and (year := _YEAR.match(cased, start, end)) is not None:
        start = year.end()
    return start, end, type_


def _given_before(cased: str, start: int, end: int, said: EntityType) -> int | None:
    """Where the given name begins that the model has left off a surname; None where there is none."""
    name = cased[start:end]
    if " " in name or not (said == "PER" or lexicon.seen("en", name).cls == "S"):
        return None
    before = _GIVEN_BEFORE.search(cased, max(0, start - AROUND), start)
    if before is None:
        return None
    known = lexicon.is_given(before[1]) or _SPEAKER.search(cased, max(0, before.start(1) - AROUND), before.start(1))
    return before.start(1) if known else None


def _is_officer(cased: str, start: int, end: int, said: EntityType) -> bool:
    """Whether it is who does something and no body: Kyrgyz MP; or what is before it: Kyrgyz Energy | Minister."""
    return said == "ORG" and (
        _OFFICER.search(cased, start, end) is not None or bool(_MINISTER_BEHIND.match(cased, end))
    )


def _is_introduced(cased: str, start: int, end: int) -> bool:
    """Whether a title before it, or an office behind it, says that a name of one to three words is a person's."""
    if _INTRODUCED.search(cased, max(0, start - _TITLE_CHARS), start):
        return _PERSONAL.fullmatch(cased, start, end) is not None
    return bool(_HOLDS_OFFICE.match(cased, end)) and _WHOLE_NAME.fullmatch(cased, start, end) is not None


def _typed(name: str, said: EntityType) -> EntityType:
    """The type that the head of a name gives it, else the one that the model says; one word has no head."""
    first, _, last = name.rpartition(" ")
    if said in ("ORG", "LOC") and lexicon.is_given(first) and lexicon.seen("en", last).cls == "S":
        return "PER"
    if said == "ORG" and name.istitle() and lexicon.is_given(name):
        return "PER"
    if said == "PER" and last.lower() in _BODIES:
        return "ORG"
    if said == "LOC" and _NUMBERED.search(name):
        return "ORG"
    if said != "PER" and " " in name and (head := _HEAD.search(name)) is not None:
        if head[0].lower() in _EVENTS:
            return "EVENT"
        if head[0].lower() in _DOCUMENTS:
            return "DOC"
        if head[0].lower() in _PLACES:
            return "LOC"
    return said


def is_name(cased: str, start: int, end: int) -> bool:
    """Whether a span has a capital and is neither a common word nor a word of a line that is all capitals."""
    name = cased[start:end]
    if name.lower() in _NO_NAMES or _NOTION.fullmatch(name) or not any(c.isupper() for c in name):
        return False
    loud = name.isupper() and len(name) > MAX_ACRONYM
    return not (loud and not any(c.islower() for c in cased[max(0, start - AROUND) : end + AROUND]))


def _tidied(cased: str, start: int, end: int) -> tuple[int, int]:
    """Without the article or title before a name and without 's or a loose `of` behind it; with its number."""
    if (number := _NUMBER.match(cased, end)) is not None:
        return start, number.end()
    for ending in (_BEHIND, _LOOSE_END):
        end -= len(match[0]) if (match := ending.search(cased[start:end])) else 0
    while start < end and (match := _BEFORE.match(cased, start, end)) is not None:
        start = match.end()
    return start, end
