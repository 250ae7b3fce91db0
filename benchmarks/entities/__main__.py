"""`python -m benchmarks.entities --data FILE ...`: our tagger and the models alone on marked texts, batch by batch.

`--data` is JSON lines (or `.gz`): `text`, `lang`, `entities` of `start`, `end`, `type` and perhaps `alt_ends` (other
ends that are right: without a case ending) and `optional` (neither missed nor wrong). Offsets are code points. Strict
is the same start, end and type; overlap is an overlapping span of the same type, each used once. natasha is asked
Russian only, spaCy English only. Without `--data`: our speed and memory, language after language in one process, on
articles of 2,500 characters out of the newsroom's.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.entities.systems import SYSTEMS, Span

BATCH = 50
"""Texts that one system answers before it is the next one's turn."""
ARTICLE_CHARS = 2_500
ARTICLES = 40
READS = {"natasha": "ru", "spacy": "en"}
FOLD = {
    "PERSON": "PER",
    "ORGANIZATION": "ORG",
    "PLACE": "LOC",
    "GPE": "LOC",
    "LOCATION": "LOC",
    "FAC": "LOC",
    "LAW": "DOC",
}
Row = Mapping[str, Any]


@dataclass
class Score:
    """Counts of one system."""

    hits: Counter[str] = field(default_factory=Counter)
    overlaps: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row, spans: Iterable[Span], types: frozenset[str]) -> None:
        """Count one text's spans; of types that the gold never has, nothing counts."""
        everything = [{**e, "type": FOLD.get(e["type"], e["type"])} for e in row["entities"]]
        wanted = [e for e in everything if not e.get("optional")]
        free = [e for e in everything if e.get("optional")]
        counted = [s for s in spans if s[2] in types and not (_over(s, free) and not _over(s, wanted))]
        self.gold.update(e["type"] for e in wanted)
        self.said.update(s[2] for s in counted)
        exact = {(e["start"], end, e["type"]) for e in wanted for end in (e["end"], *e.get("alt_ends", ()))}
        self.hits.update(s[2] for s in set(counted) if tuple(s) in exact)
        used: set[int] = set()
        for e in wanted:
            number = next((n for n, s in enumerate(counted) if n not in used and _over(s, [e])), None)
            if number is not None:
                used.add(number)
                self.overlaps[e["type"]] += 1


@dataclass
class System:
    """One process with its score."""

    process: subprocess.Popen[str]
    score: Score = field(default_factory=Score)
    seconds: float = 0.0
    characters: int = 0
    megabytes: int = 0

    def ask(self, rows: Sequence[Row], types: frozenset[str]) -> None:
        """Have the rows answered and count them. Raises EOFError where the process has ended."""
        answer = self.answer(rows)
        self.seconds += answer["seconds"]
        self.megabytes = answer["megabytes"]
        self.characters += sum(len(row["text"]) for row in rows)
        for row, spans in zip(rows, answer["spans"], strict=True):
            self.score.add(row, [(start, end, type_) for start, end, type_ in spans], types)

    def answer(self, rows: Sequence[Row]) -> dict[str, Any]:
        """What the process says of the rows. Raises EOFError where it has ended."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([[row["text"], row["lang"]] for row in rows]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise EOFError("a system ended; what it wrote above says why")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _over(span: Span, entities: Iterable[Mapping[str, Any]]) -> bool:
    return any(span[2] == e["type"] and span[0] < e["end"] and e["start"] < span[1] for e in entities)


def f1(hits: int, said: int, gold: int) -> str:
    """In per cent."""
    return f"{200 * hits / (said + gold):.1f}" if said + gold else "-"


def main(arguments: Sequence[str] | None = None) -> str:
    """The tables, in Markdown."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--data", nargs="*", type=Path, default=[])
    options = cli.parse_args(arguments)
    if not options.data:
        return _speeds()
    return "\n\n".join(_table(path.name.split(".")[0], _read(path)) for path in options.data)


def _speeds() -> str:
    """Every language of the newsroom in one process; its first article, which loads what it needs, is free."""
    lines = ["| language | articles/s | MB so far |", "| --- | --- | --- |"]
    system = _start("ours")
    try:
        for language, texts in _newsroom().items():
            rows = [{"text": text, "lang": language, "entities": []} for text in texts]
            system.answer(rows[:1])
            answer = system.answer(rows)
            lines.append(f"| {language} | {len(rows) / answer['seconds']:.0f} | {answer['megabytes']} |")
    finally:
        system.process.kill()
    return "\n".join(lines)


def _table(name: str, rows: Sequence[Row]) -> str:
    types = frozenset(FOLD.get(e["type"], e["type"]) for row in rows for e in row["entities"])
    languages = {row["lang"].split("-")[0] for row in rows}
    systems = {s: _start(s) for s in SYSTEMS if READS.get(s) is None or languages == {READS[s]}}
    try:
        for system in systems.values():
            system.answer(rows[:1])  # loads what the language needs
        for at in range(0, len(rows), BATCH):
            for system in systems.values():
                system.ask(rows[at : at + BATCH], types)
    finally:
        for system in systems.values():
            system.process.kill()
    order = [t for t in ("PER", "ORG", "LOC", "EVENT", "DOC", "DATE") if t in types]
    head = f"| {name} | " + " | ".join([*order, "all", "1,000 characters/s", "MB"]) + " |"
    lines = [head, "| --- |" + " --- |" * (len(order) + 3)]
    for said, system in systems.items():
        s = system.score
        cells = [f"{f1(s.hits[t], s.said[t], s.gold[t])} / {f1(s.overlaps[t], s.said[t], s.gold[t])}" for t in order]
        sums = s.said.total(), s.gold.total()
        cells.append(f"{f1(s.hits.total(), *sums)} / {f1(s.overlaps.total(), *sums)}")
        speed = f"{system.characters / system.seconds / 1000:.0f}" if system.seconds else "-"
        lines.append(f"| {said} | " + " | ".join([*cells, speed, str(system.megabytes)]) + " |")
    return "\n".join(lines)


def _start(name: str) -> System:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.entities.systems", name]
    pipe = subprocess.PIPE
    return System(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8", env=environment))


def _read(path: Path) -> list[Row]:
    read = gzip.open if path.suffix == ".gz" else open
    with read(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _newsroom() -> dict[str, list[str]]:
    """Articles of one length by language: the newsroom's, put together and cut in other places each time."""
    from services.console.newsroom import content

    wholes: dict[str, str] = {}
    for article in content.load().articles.values():
        whole = "\n\n".join((article.title, *article.paragraphs))
        wholes[article.language] = f"{wholes.get(article.language, '')}\n\n{whole}".strip()
    return {language: _articles(whole) for language, whole in sorted(wholes.items())}


def _articles(whole: str) -> list[str]:
    starts = [len(whole) * number // ARTICLES for number in range(ARTICLES)]
    around = whole + "\n\n" + whole * (ARTICLE_CHARS // len(whole) + 1)
    return [around[start : start + ARTICLE_CHARS] for start in starts]


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
