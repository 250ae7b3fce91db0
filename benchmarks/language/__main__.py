"""`python -m benchmarks.language`: ours and the peers on labelled texts, in one run, batch by batch in turn.

`--data` is JSON lines (or `.gz`): `text`, `language` (its code of two letters), `kind`, and where known `script`,
`variant` and `distractor` (true: in a language outside the list; it counts as wrong to name one of the list).
A class is a language; of Uzbek with its script; with its variant. Accuracy is the mean over classes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BATCH = 250
"""Texts that one system answers before it is the next one's turn."""
BESIDE = "py3langid"
SAME = {"pes": "fa", "prs": "fa", "azj": "az", "uzs": "uz", "uzn": "uz", "un": "und", "iw": "he"}
_HERE = Path(__file__).parent

Row = Mapping[str, Any]


@dataclass
class System:
    """One process that tells languages, what it said, and how long it took."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def ask(self, texts: Sequence[str], counted: bool = True) -> None:
        """Raises EOFError where the process has ended."""
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(texts) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise EOFError("a system ended: is its package installed in the Python of the peers?")
        answer = json.loads(line)
        if counted:
            self.said += map(folded, answer["languages"])
            self.seconds += answer["seconds"]


def folded(code: str) -> str:
    """Its first subtag, in the code of two letters where there is one."""
    first = code.lower().replace("_", "-").split("-")[0]
    return SAME.get(first, first)


def class_of(row: Row) -> str:
    """uz-Latn/no-apos, fa/dari, kk."""
    name = f"uz-{row['script']}" if row["language"] == "uz" and row.get("script") else str(row["language"])
    return f"{name}/{row['variant']}" if row.get("variant") else name


def accuracies(rows: Sequence[Row], said: Sequence[str]) -> dict[str, dict[str, float]]:
    """By kind: the accuracy of each class of the list."""
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row, language in zip(rows, said, strict=True):
        if not row.get("distractor"):
            count = counts[row["kind"]][class_of(row)]
            count[0] += language == row["language"]
            count[1] += 1
    return {kind: {name: right / of for name, (right, of) in each.items()} for kind, each in counts.items()}


def accepted(rows: Sequence[Row], said: Sequence[str]) -> float:
    """The share of distractors that were given a language of the list."""
    known = {row["language"] for row in rows if not row.get("distractor")}
    hits = [language in known for row, language in zip(rows, said, strict=True) if row.get("distractor")]
    return sum(hits) / len(hits) if hits else 0.0


def report(rows: Sequence[Row], systems: Mapping[str, System]) -> Iterator[str]:
    """Markdown: a table of all systems, then accuracy by class."""
    kinds = sorted({row["kind"] for row in rows})
    tables = {name: accuracies(rows, system.said) for name, system in systems.items()}
    yield f"| system | {' | '.join(kinds)} | distractors taken in | texts/s | against {BESIDE} |"
    yield "|---" * (len(kinds) + 4) + "|"
    for name, system in systems.items():
        means = [sum(tables[name][kind].values()) / len(tables[name][kind]) for kind in kinds]
        figures = " | ".join(f"{100 * mean:.2f}" for mean in means)
        taken = 100 * accepted(rows, system.said)
        ratio = systems[BESIDE].seconds / system.seconds
        yield f"| {name} | {figures} | {taken:.2f} | {len(rows) / system.seconds:,.0f} | {ratio:.2f} |"
    yield ""
    yield f"By class ({' / '.join(kinds)}):"
    yield ""
    yield f"| class | {' | '.join(systems)} |"
    yield "|---" * (len(systems) + 1) + "|"
    for one in sorted({class_of(row) for row in rows if not row.get("distractor")}):
        cells = (
            " / ".join(f"{100 * tables[name][kind][one]:.1f}" if one in tables[name][kind] else "-" for kind in kinds)
            for name in systems
        )
        yield f"| {one} | {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all systems and print what they did."""
    cli = argparse.ArgumentParser(prog="python -m benchmarks.language", description=__doc__)
    cli.add_argument("--data", type=Path, required=True)
    cli.add_argument("--peers-python", required=True, help="a Python with benchmarks/language/requirements.txt")
    cli.add_argument("--limit", type=int, help="take so many texts, evenly from all")
    given = cli.parse_args(arguments)
    rows = _rows(given.data)
    if given.limit and given.limit < len(rows):
        rows = [rows[i * len(rows) // given.limit] for i in range(given.limit)]
    systems = {name: _started(command) for name, command in _commands(given.peers_python).items()}
    try:
        for system in systems.values():
            system.ask([row["text"] for row in rows[:BATCH]], counted=False)
        for at in range(0, len(rows), BATCH):
            for system in systems.values():
                system.ask([row["text"] for row in rows[at : at + BATCH]])
        print("\n".join(report(rows, systems)))
    finally:
        for system in systems.values():
            system.process.kill()
            system.process.wait()


def _commands(peers_python: str) -> dict[str, list[str]]:
    ours = [sys.executable, "-m", "benchmarks.language.ours"]
    peers = ("fastText lid.176", "lingua", "CLD2", "py3langid")
    return {
        "xabar": [*ours, "listed"],
        "xabar, any language": [*ours, "any"],
        **{name: [peers_python, str(_HERE / "peers.py"), name] for name in peers},
    }


def _started(command: Sequence[str]) -> System:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **one_thread},
        text=True,
        encoding="utf-8",
    )
    return System(process)


def _rows(path: Path) -> list[Row]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.decode().split("\n") if line.strip()]


if __name__ == "__main__":
    main()
