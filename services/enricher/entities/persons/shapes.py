"""Persons found by the shape of their names: given names, surnames, patronymics, initials, and what stands before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from services.enricher.entities.found import Found
from services.enricher.entities.persons import lexicon, persian
from services.enricher.entities.persons.keys import same_person
from services.enricher.entities.text import Text

MAX_PERSONS = 2_000
"""Of one text; what comes later is not read. News has a few dozen."""
MAX_NAME_WORDS = 5
HEADLINE_RUN = 7
"""So many capitalised words in a row are a line in title case: there a capital letter says nothing."""
MIN_OBJECT = 6
"""A word of more characters with -ni at its end is an Uzbek object; shorter ones may be names as they are: Jinni."""
MAX_JOINT = 9
"""Characters between two persons of a list."""
BEFORE = 48
"""Characters before a name in which its title may stand."""
FULL, KNOWN_TITLE, SHAPE, ALONE, GUESS = 0.95, 0.9, 0.85, 0.7, 0.6
"""Confidence: given name and surname by form; a title before; one of both; one word; only what is around."""

_UPPER = "".join(c for c in map(chr, range(0x41, 0x530)) if c.isupper())
_CAP = f"[{_UPPER}Ḁ-ỿ]"
_INITIAL = rf"{_CAP}(?:[haeuohшхуеоаьyz]|'h?)?\."
_WORD = rf"(?:[Aa]l-|[Ee]l-|[Аа]л[ь]?-|[Аа]с-|[Аа]ш-|[Aa]s-|[Aa]sh-)?{_CAP}[^\W_]*+(?:['-][^\W_]++)*+"
_TOKEN = re.compile(
    rf"(?<![\w'-])(?:(?P<initials>{_INITIAL}(?:[ ]?{_INITIAL}){{0,2}})(?=[ ]?{_CAP}|[\s,)]|$)|(?P<word>{_WORD}))"
)
_PARTICLE_GAP = re.compile(r" (?:[^\W\d_]{2,4}[ -]){1,2}+")
_NEXT_WORD = re.compile(r"[ ]{1,2}([^\W\d_][\w'-]{0,39})")
_YO = re.compile("[ёЁ]++")
_CHILD = re.compile(r"[ ]([^\W\d_][\w']{2,9})(?![\w'-])")
_ORDINAL = re.compile(r" [IVX]{1,5}(?![\w'-])")
_LIST = re.compile(r"(?:,[ ]?|[ ]([^\W\d_]{1,5})[ ])$")
_ENDS_SENTENCE = frozenset('.!?…:;|•*\n\r"“”„«»‘(—–')
_BEFORE_WORDS = "\"'“„«‘(—–-"
_OPENING, _CLOSING = frozenset('"“„«‘'), frozenset('"”“»’')
_LOWER_WORD = re.compile(r"(?<![\w'-])[^\W\d_][\w'-]*+")

_WITH_PAIRS = frozenset({"uz", "kk", "ky", "tg"})
"""Languages that write no common nouns in a row with capitals."""
_HOW = re.compile(r"[лт][ыіиуү]$")
_FOREIGN = re.compile(r"w|c(?!h)")
"""Letters that Uzbek does not use: a brand."""
_WHERE = re.compile(r"(?:da|dagi|dan|ga|ning|да|даги|дан|га|нинг|де|дегі|дағы|та|те|тағы|тегі)\b")
_HER_SURNAME = re.compile(r"(?:[oe]va|[ое]ва)$")
_LAND = re.compile(r"(?:iya|ия|st[oa]n|ст[оа]н|land|ланд)(?:ning|нинг|ning|ның|нің|nyň|niň)?$")
"""How places end that no list has."""
_NAMES = re.compile(
    "I{1,2}[GKSWFO]|I[GK][GKSWFO]|[SWFO]I{1,2}"  # A. Karimov, Karimov A.
    "|[GK][GK]?P?[SWF]|[OW]P?[SWF]|[GK]{1,2}O|[GK]{2,4}|[GK]{2}OO?|G[GKSWFO]?P|[GKO][SWF]P|[GKO]P|[SWF]G[GK]?P?|[SWFO][GKO]P|OG|[KO]P?S"
    "|[GK]I[SWFO]|[GK]{1,2}F|OO[SF]|GO[SWF]|B[GKOSWFB]{1,2}|GB[GKOSWF]?"
)
"""Which rows of words are a person's name; letters are lexicon.Class, I initials."""
_TITLED = re.compile("[GKSWFOPBI]{1,2}|[GKB][GKOPBI][GKSWFPBI]|[SWFOPI][GKOPBI][GKSWFOPBI]")
_STRONG_PAIR = re.compile("[GKO]?[GK]?P?[SF]|[GK]+[SWFP]|[SF]G?P?")


class _Token(NamedTuple):
    start: int
    end: int
    cls: str
    stem_end: int
    closing: bool
    alone: bool
    loud: bool
    """In capitals throughout."""
    blocked: bool
    """Within the name of a place or a body."""


def find(text: Text, listed: Sequence[Found]) -> list[Found]:
    """The persons that the text names, in order, none overlapping another; ends are with the case ending.

    `listed` are the mentions of known things: what they call a place or a body is no person, unless it is a given name
    with a surname after it. A longer name around a listed person takes its id where both are one person's.
    """
    if text.primary == "fa":
        return persian.find(text, listed)
    return _Search(text, listed).found()


def _with_yo(text: Text) -> str:
    """In one spelling of apostrophes, as long as the original, with ё, which tells words apart here."""
    if not _YO.search(text.original):
        return text.cased
    pieces, at = [], 0
    for match in _YO.finditer(text.original):
        pieces += [text.cased[at : match.start()], match[0]]
        at = match.end()
    return "".join([*pieces, text.cased[at:]])


class _Search:
    def __init__(self, text: Text, listed: Sequence[Found]) -> None:
        self._text = text
        self._cased = _with_yo(text)
        self._language = text.primary
        self._blocked = bytearray(len(self._cased))
        self._people: dict[int, Found] = {}
        self._ends: set[int] = set()
        for one in listed:
            if one.type == "PER":
                self._people[one.start] = one
                self._ends.add(one.end)
            else:
                self._blocked[one.start : one.end] = b"\1" * (one.end - one.start)

    def found(self) -> list[Found]:
        kept: list[Found] = []
        for run in self._runs():
            kept += self._in_run(run, kept[-1] if kept else None)
            if len(kept) >= MAX_PERSONS:
                break
        return kept[:MAX_PERSONS]

    @cached_property
    def _small(self) -> frozenset[str]:
        """Words that the text also writes small."""
        return frozenset(word for word in _LOWER_WORD.findall(self._cased) if word[0].islower())

    def _runs(self) -> Iterator[list[_Token]]:
        """Capitalised words in a row, with particles between them."""
        run: list[_Token] = []
        for match in _TOKEN.finditer(self._cased):
            token = self._token(match)
            if run and not self._joined(run[-1], token):
                yield run
                run = []
            if token.cls == "T" and run and run[-1].cls in "GI" and self._is_trade_name(token):
                token = token._replace(cls="W")
            run.append(token)
        if run:
            yield run

    def _is_trade_name(self, token: _Token) -> bool:
        """Turkish surnames are trades: Ahmet Bağcı."""
        return self._language == "tr" and lexicon.is_occupation(self._cased[token.start : token.end].lower())

    def _joined(self, before: _Token, after: _Token) -> bool:
        gap = after.start - before.end
        if gap <= 1:
            return (gap == 0 and before.cls == "I") or self._cased[before.end : after.start] == " "
        if gap > 11:
            return False
        between = self._cased[before.end : after.start]
        if between.startswith(" ") and between.endswith(" ") and lexicon.is_child(between.strip().lower()):
            return True
        return bool(_PARTICLE_GAP.fullmatch(between)) and all(
            word in lexicon.particles() for word in between.replace("-", " ").split()
        )

    def _token(self, match: re.Match[str]) -> _Token:
        start, end = match.span()
        blocked = self._blocked[start] == 1 or self._blocked[end - 1] == 1
        if match["initials"]:
            return _Token(start, end, "I", end, False, False, False, blocked)
        word = match["word"]
        loud = len(word) > 1 and word.isupper()
        if len(word) > lexicon.MAX_WORD_CHARS:
            return _Token(start, end, "X", end, False, False, loud, blocked)
        cls, stem, closing, alone = lexicon.seen(self._language, word)
        if (loud and cls in "OWKBX") or len(word) == 1:
            cls = "X"
        return _Token(start, end, cls, start + stem, closing, alone, loud, blocked)

    def _in_run(self, run: list[_Token], before: Found | None) -> Iterator[Found]:
        headline = len(run) >= HEADLINE_RUN
        i = 0
        while i < len(run):
            found, i = self._from(run, i, headline, before)
            if found is not None:
                before = found
                yield found

    def _from(self, run: list[_Token], i: int, headline: bool, before: Found | None) -> tuple[Found | None, int]:
        """The person that begins with the word, and where to go on."""
        first = run[i]
        if first.cls == "H" and i + 1 < len(run) and run[i + 1].cls in "SP" and not run[i + 1].blocked:
            first = run[i] = first._replace(cls="G")
        if (
            first.cls in "XTH"
            or self._is_title_here(run, i)
            or self._is_object(first)
            or (first.blocked and not self._may_be_given(run, i))
        ):
            return None, i + 1
        titled = self._titled(run, i)
        length = self._longest(run, i, headline, titled, before)
        while length:
            last = run[i + length - 1]
            end, stem_end = self._with_child(last)
            if last.cls == "G" and (ordinal := _ORDINAL.match(self._cased, end)):  # Karl III
                end = stem_end = ordinal.end()
            if end == last.end and i + length < len(run) and run[i + length].cls in "GKO":
                father = self._with_child(run[i + length])
                if father[0] > run[i + length].end and self._cased[end : run[i + length].start] == " ":
                    length, (end, stem_end) = length + 1, father
            if stem_end < end or not self._is_of_a_thing(run, i, length, end):
                found = self._person(run[i : i + length], end, stem_end, titled, headline)
                return found, i + length
            return None, i + length
        return None, i + 1

    def _is_object(self, first: _Token) -> bool:
        """`Gollarni Dilshod Saitov urdi`: a common noun in the accusative begins the sentence, the name comes after."""
        if self._language != "uz" or first.cls not in "OW" or not self._starts_sentence(first.start):
            return False
        word = self._cased[first.start : first.end].lower()
        return len(word) > MIN_OBJECT and word.endswith(("ni", "ни"))

    def _is_title_here(self, run: list[_Token], i: int) -> bool:
        """Hokim is a mayor and a given name: before a whole name it is a mayor."""
        if (
            i + 2 >= len(run)
            or run[i].cls not in "GK"
            or run[i + 1].cls not in "GKI"
            or run[i + 2].cls not in "GKSWFOP"
        ):
            return False
        return lexicon.is_title(self._language, self._cased[run[i].start : run[i].end].lower())

    def _longest(self, run: list[_Token], i: int, headline: bool, titled: bool, before: Found | None) -> int:
        limit = 1
        while limit < MAX_NAME_WORDS and i + limit < len(run):
            token = run[i + limit]
            if (
                token.cls in "XTH"
                or self._is_thing(token)
                or run[i + limit - 1].closing
                or (token.blocked and not self._may_end(run, i + limit))
            ):
                break
            limit += 1
        for length in range(limit, 1, -1):
            whole = length == 2 == len(run) - i and (i == 0 or run[i - 1].cls == "T")
            if self._is_name(run[i : i + length], headline, titled, before, whole) and not self._begins_another(
                run, i, length
            ):
                return length
        return 1 if self._is_alone(run[i], headline, titled) else 0

    def _begins_another(self, run: list[_Token], i: int, length: int) -> bool:
        """`Darxon Qodirov Nursulton Karimovga`, `Qarorni Sh. Karimov`: the last word is the next one's."""
        last = run[i + length - 1]
        if last.cls == "I" and i + length < len(run):
            return run[i + length].cls in "GKSWFO"
        if length < 3 or i + length >= len(run) or last.cls != "G" or last.closing:
            return False
        return run[i + length].cls in "SF" and run[i + length - 2].cls in "SKWFO"

    def _is_name(self, tokens: list[_Token], headline: bool, titled: bool, before: Found | None, whole: bool) -> bool:
        if tokens[-1].cls == "L":
            return False
        classes = "".join(token.cls for token in tokens if token.cls != "L")
        if any(token.loud for token in tokens) and not re.search("[GFS]", classes):
            return False
        if headline and "O" in classes:
            return False
        if _NAMES.fullmatch(classes):
            if "I" in classes[1:-1] and self._starts_sentence(tokens[0].start):
                return False
            if classes[0] != "O":
                return True
            return lexicon.has_words(self._language) and not self._is_plain_word(tokens[0])
        if titled and _TITLED.fullmatch(classes) and len(tokens) <= 3:
            return not headline and not self._is_plain_word(tokens[0])
        return bool(
            len(tokens) == 2
            and not headline
            and re.fullmatch("[OKWFG]{2}", classes)
            and (
                self._is_listed_with(tokens[0], before)
                or self._is_called(tokens[-1])
                or (whole and self._are_pair(tokens))
            )
            and not self._is_plain_word(tokens[0])
        )

    def _are_pair(self, tokens: list[_Token]) -> bool:
        """Two unknown words with capitals in the middle of a sentence, spelled as the language spells, not where."""
        first, last = tokens
        if self._language not in _WITH_PAIRS or self._starts_sentence(first.start):
            return False
        words = self._text.low[first.start : last.end]
        if _FOREIGN.search(words) or _WHERE.search(words) or any(map(_LAND.search, words.split())):
            return False
        return not self._is_quoted(first.start, last.end)

    def _is_alone(self, token: _Token, headline: bool, titled: bool) -> bool:
        if token.loud or token.blocked or self._is_quoted(token.start, token.end) or self._is_phrase(token, titled):
            return False
        if titled:
            return token.cls in "GKSFP" or (
                token.cls in "OW" and not headline and not self._is_plain_word(token) and not self._is_land(token)
            )
        if self._is_respected(token.end):
            return token.cls in "GKSP"
        if not token.alone or token.cls not in "GKSFP":
            return False
        return not (self._starts_sentence(token.start) and self._is_plain_word(token)) and not headline

    def _is_phrase(self, token: _Token, titled: bool) -> bool:
        """A common noun with more behind it in Tajik (Паҳлавони тоҷик); in Kazakh one that says how (Салтанатты)."""
        if not self._next_word(token.end).strip() or not self._cased[token.end + 1 : token.end + 2].islower():
            return False
        if self._language == "tg":
            return token.closing
        how = _HOW.search(self._text.low, token.start, token.end) and self._language in {"kk", "ky"}
        return bool(how) and not titled and self._starts_sentence(token.start)

    def _person(self, tokens: list[_Token], end: int, stem_end: int, titled: bool, headline: bool) -> Found | None:
        start = tokens[0].start
        if self._is_quoted(start, end) and not titled:
            return None
        classes = "".join(token.cls for token in tokens)
        listed = [one for token in tokens if (one := self._people.get(token.start))]
        if any(one.start <= start and one.end >= end for one in listed):
            return None
        if len(tokens) == 1:
            confidence = KNOWN_TITLE if titled else ALONE
        elif _STRONG_PAIR.fullmatch(classes):
            confidence = FULL
        elif titled:
            confidence = KNOWN_TITLE
        else:
            confidence = SHAPE if re.search("[GSFPKI]", classes) else GUESS
        name = self._text.original[start:stem_end]
        identity = next((one.id for one in listed if self._is_longer(tokens, one, name)), None)
        return Found(start, end, "PER", "shape", confidence, identity, stem_end=stem_end)

    def _is_longer(self, tokens: list[_Token], one: Found, name: str) -> bool:
        """A listed name with more of the same: initials before a surname, a patronymic in a full name."""
        said = self._text.original[one.start : one.stem_end or one.end]
        if " " in said:
            return same_person(said, name)
        return all(token.cls == "I" for token in tokens if not one.start <= token.start < one.end)

    def _with_child(self, last: _Token) -> tuple[int, int]:
        """Rustam oʻgʻli, Асан уулу: the second word of a patronymic is small. Mirzayeva oʻgʻli is her son."""
        if _HER_SURNAME.search(self._text.low, last.start, last.end):
            return last.end, last.stem_end
        if (match := _CHILD.match(self._cased, last.end)) and self._cased[match.start(1)].islower():
            for stem in lexicon.stems(self._language, match[1].lower()):
                if lexicon.is_child(match[1][:stem].lower()):
                    return match.end(1), match.start(1) + stem
        return last.end, last.stem_end

    def _titled(self, run: list[_Token], i: int) -> bool:
        """Whether a title, or a verb of speaking, stands right before."""
        if i:
            is_title = run[i - 1].cls == "T" or self._is_title_here(run, i - 1)
            return is_title and self._cased[run[i - 1].end : run[i].start] == " "
        low = self._word_before(run[0].start)
        return bool(low) and (lexicon.is_title(self._language, low) or lexicon.says(self._language, low))

    def _word_before(self, start: int) -> str:
        """The word right before, in small letters; empty after a comma, a quotation mark or a line."""
        before = self._cased[max(0, start - BEFORE) : start]
        if not before.endswith(" "):
            return ""
        before = before.rstrip(" ")
        if not before or not before[-1].isalnum():
            return ""
        return before.split()[-1].lstrip(_BEFORE_WORDS).lower()

    def _is_plain_word(self, token: _Token) -> bool:
        """At the beginning of a sentence any word has a capital letter: whether this one is written small elsewhere."""
        if not self._starts_sentence(token.start):
            return False
        low = self._cased[token.start : token.end].lower()
        return (token.cls not in "GSFP" and lexicon.is_plain(self._language, low)) or low in self._small

    def _starts_sentence(self, start: int) -> bool:
        at = start - 1
        while at >= 0 and self._cased[at] == " " and start - at < 4:
            at -= 1
        return at < 0 or self._cased[at] in _ENDS_SENTENCE or (self._cased[at] == "-" and self._cased[at + 1] == " ")

    def _is_quoted(self, start: int, end: int) -> bool:
        """Alone within quotation marks: a newspaper, a team, a work."""
        return (
            start > 0 and self._text.original[start - 1] in _OPENING and self._text.original[end : end + 1] in _CLOSING
        )

    def _next_word(self, end: int) -> str:
        match = _NEXT_WORD.match(self._cased, end)
        return match[1].lower() if match else ""

    def _is_of_a_thing(self, run: list[_Token], i: int, length: int, end: int) -> bool:
        """A street, a prize, a university that bears the name."""
        following = self._next_word(end)
        if following and lexicon.is_respectful(self._language, following):  # Qabanbay batyr dangyly
            following = self._next_word(end + len(following) + 1) or following
        if following and lexicon.is_thing(self._language, following):
            return True
        if self._language != "tg":
            return False
        before = self._cased[run[i - 1].start : run[i - 1].end] if i else self._word_before(run[0].start)
        return lexicon.is_thing_before(self._language, before.lower())

    def _is_land(self, token: _Token) -> bool:
        return bool(_LAND.search(self._text.low, token.start, token.end))

    def _is_thing(self, token: _Token) -> bool:
        return token.cls in "OW" and lexicon.is_thing(self._language, self._cased[token.start : token.end].lower())

    def _is_respected(self, end: int) -> bool:
        following = self._next_word(end)
        return bool(following) and lexicon.is_respectful(self._language, following)

    def _is_called(self, last: _Token) -> bool:
        """`ismli`, `aka` after the name."""
        return self._is_respected(last.end)

    def _is_listed_with(self, first: _Token, before: Found | None) -> bool:
        """The next of a list of persons: a comma or an `and` stands between."""
        ends = range(first.start - MAX_JOINT, first.start)
        end = next((end for end in ends if end in self._ends or (before is not None and before.end == end)), None)
        if end is None:
            return False
        between = self._cased[end : first.start]
        match = _LIST.fullmatch(between)
        return match is not None and (match[1] is None or lexicon.joins(self._language, match[1].lower()))

    def _may_be_given(self, run: list[_Token], i: int) -> bool:
        """A place of that name: Vladimir Putin is a person all the same."""
        if run[i].cls not in "GF" or i + 1 >= len(run):
            return False
        after = run[i + 1]
        return not after.blocked and after.cls in "SPFWI" and not run[i].closing

    def _may_end(self, run: list[_Token], at: int) -> bool:
        """Alisher Navoiy is no city, nor is Donald Tusk."""
        return run[at].cls in "GKSWF" and run[at - 1].cls in "GI" and not run[at - 1].blocked
