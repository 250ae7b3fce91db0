"""`python -m benchmarks.extraction`: ours and the peers on saved pages with gold, in one run on one core.

`--pages` is a folder with `gold.jsonl` (or `.jsonl.xz`) and the pages as `<set>/<file>`. A line of gold has `id`,
`set`, `file`, `url`, and what is known: `title`, `authors`, `dates` (the days that count), `lang`, `text` (the whole
text), `with` and `without` (snippets that must and must not be in the text).
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.extraction import peers, score
from benchmarks.extraction.contest import Round, compete

OURS = "xabar"
BESIDE = "trafilatura"
COLUMNS = {
    "body F": "F", "P": "P", "R": "R", "page F": "mean F", "with": "with", "leak": "leak", "title exact": "title",
    "title near": "near", "day right": "day", "author F1": "authors", "language": "language",
}  # fmt: skip
_KEYS = tuple(COLUMNS.values())
_FIELDS = dict.fromkeys(("F", "P", "R", "mean F", "with", "leak"), "text") | {
    "near": "title", "day": "date", "language": "lang",
}  # fmt: skip
"""What an extractor must answer at all for a score to mean something."""
_PAGES_BETWEEN_NEWS = 100


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contest and print it as Markdown."""
    given = _arguments(arguments)
    path = given.gold or next(iter(sorted(given.pages.glob("gold.jsonl*"))), given.pages / "gold.jsonl")
    if not path.is_file():
        sys.exit(f"There is no gold at {path}: name the file with --gold.")
    if given.out_of_fold and not given.out_of_fold.is_file():
        sys.exit(f"There is no {given.out_of_fold}: services/parser/training makes it.")
    if given.peers_python and shutil.which(given.peers_python) is None:
        sys.exit(f"There is no Python at {given.peers_python}.")
    gold = load_gold(path)
    if given.limit:
        gold = random.Random(1).sample(gold, min(given.limit, len(gold)))
    ours = [sys.executable, "-m", "benchmarks.extraction.ours"]
    if given.out_of_fold:
        ours.append(str(given.out_of_fold))
    commands = {OURS: ours} | {
        name: [given.peers_python, peers.__file__, name] for name in peers.PEERS if given.peers_python
    }
    asked = [
        {
            "id": page["id"],
            "url": page.get("url") or "",
            "html_path": str(given.pages.resolve() / page["set"] / page["file"]),
        }
        for page in gold
    ]
    rounds = compete(commands, asked, given.core, lambda done: _tell(done, len(asked)))
    if given.keep:
        _keep(rounds, given.keep)
    sys.stdout.write(table(rounds, gold) + "\n")
    if not given.out_of_fold:
        sys.stdout.write(
            "\nNo --out-of-fold: the text of ours is chosen by the model that ships, which may have seen these pages.\n"
        )


def table(rounds: Mapping[str, Round], gold: Sequence[Mapping[str, Any]]) -> str:
    """The scores and the speeds of all, as two Markdown tables."""
    head = ["extractor", "pages", "failed", *COLUMNS]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, found in rounds.items():
        sums = score.totals([score.page_scores(page, found.answers[page["id"]]) for page in gold])
        given = {key for answer in found.answers.values() for key, value in answer.items() if value}
        cells = [f"{sums[key]:.3f}" if key in sums and _FIELDS.get(key, key) in given else "-" for key in _KEYS]
        lines.append(f"| {name} | {len(gold)} | {sums['failed']:.0f} | {' | '.join(cells)} |")
    lines += ["", "| extractor | pages/s | against trafilatura | ms median | ms 99 % | ms longest |", "|---" * 6 + "|"]
    beside = sum(rounds[BESIDE].seconds) if BESIDE in rounds else None
    for name, found in rounds.items():
        total, ordered = sum(found.seconds), sorted(found.seconds)
        times = (median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1])
        ratio = f"{beside / total:.2f}" if beside else "-"
        cells = [f"{1000 * seconds:.1f}" for seconds in times]
        lines.append(f"| {name} | {len(ordered) / total:.1f} | {ratio} | {' | '.join(cells)} |")
    return "\n".join(lines)


def load_gold(path: Path) -> list[dict[str, Any]]:
    """The lines of gold. Raises OSError or ValueError."""
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _tell(done: int, pages: int) -> None:
    if done % _PAGES_BETWEEN_NEWS == 0:
        sys.stderr.write(f"{done} of {pages} pages\n")


def _keep(rounds: Mapping[str, Round], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in rounds.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for (identity, answer), seconds in zip(found.answers.items(), found.seconds, strict=True):
                line = {**answer, "id": identity, "ms": round(1000 * seconds, 2)}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
    parser = argparse.ArgumentParser(
        "python -m benchmarks.extraction", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=Path, required=True, help="the folder of pages")
    parser.add_argument("--gold", type=Path, help="the gold, where it isn't in the folder of pages")
    parser.add_argument("--out-of-fold", type=Path, help="what services.parser.training.train --out-of-fold wrote")
    parser.add_argument("--peers-python", help="a Python that has benchmarks/extraction/requirements.txt")
    parser.add_argument("--limit", type=int, help="of the pages, always the same ones")
    parser.add_argument("--core", type=int, default=cores[-1], help="to run on")
    parser.add_argument("--keep", type=Path, help="a folder for all answers, a file for each extractor")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
