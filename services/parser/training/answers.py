"""Writes what five extractors take for the text of each training page: the votes that label pages without a gold text.

python -m services.parser.training.answers GOLD PAGES VOTES
"""

# The extractors are installed for training only.
# mypy: disable-error-code="import-not-found,import-untyped"
from __future__ import annotations

import json
import logging
import lzma
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import html_text
import newspaper
from goose3 import Configuration, Goose
from readability import Document
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction

from services.parser.page.decode import decode

SECONDS = 20
"""For one extractor on one page; one that takes longer has no answer."""


def extractors() -> dict[str, Callable[[bytes, str, str], str | None]]:
    """The extractors by the names of labels.WEIGHTS; each takes a page's bytes, its text and its URL."""
    news = newspaper.Config()
    news.fetch_images = news.memorize_articles = False
    quiet = Configuration()
    quiet.enable_image_fetching = quiet.strict = False
    goose = Goose(quiet)

    def newspaper_text(content: bytes, page: str, url: str) -> str | None:
        article = newspaper.Article(url, config=news)
        article.download(input_html=page)
        article.parse()
        return str(article.text)

    return {
        "trafilatura": lambda content, page, url: getattr(
            bare_extraction(content, url=url, include_comments=False), "text", None
        ),
        "readability": lambda content, page, url: html_text.extract_text(Document(page).summary(html_partial=True)),
        "newspaper": newspaper_text,
        "goose": lambda content, page, url: goose.extract(raw_html=page).cleaned_text,
        "resiliparse": lambda content, page, url: extract_plain_text(
            page, main_content=True, alt_texts=False, list_bullets=False
        ),
    }


def main() -> None:
    """Read GOLD and PAGES, write VOTES: a JSON line for each page. An extractor that fails has the answer ""."""
    gold, pages, votes = (Path(argument) for argument in sys.argv[1:4])
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _too_long)
    by_name = extractors()
    with lzma.open(gold, "rt", encoding="utf-8") as lines, votes.open("w", encoding="utf-8") as file:
        for line in lines:
            stated = json.loads(line)
            content = (pages / stated["set"] / stated["file"]).read_bytes()
            decoded = decode(content)
            answers = {"id": stated["id"]}
            for name, extract in by_name.items():
                signal.alarm(SECONDS)
                try:
                    url = stated.get("url") or "http://example.com/"
                    answers[name] = (extract(content, decoded.text, url) if decoded else None) or ""
                except Exception:  # whatever a library throws at a real page, it has no answer then
                    answers[name] = ""
                finally:
                    signal.alarm(0)
            file.write(json.dumps(answers) + "\n")


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
