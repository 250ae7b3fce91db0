"""Our parser as a process that answers a page a line; by models that saw no page of its domain, if asked."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest
from services.parser.body import selection
from services.parser.body.trees import Trees
from services.parser.limits import Limits
from services.parser.parse import parse

NO_URL = "https://unknown.invalid/a-page-without-url"


def answer(content: bytes, url: str) -> dict[str, Any]:
    """What parse() says of the page, in the words of the contest."""
    now = datetime.now(UTC)
    page = FetchedPage(
        request=FetchRequest(url=url, reason="submitted", requested_at=now),
        url=url,
        status=200,
        media_type="text/html",
        body="",
        body_sha256=hashlib.sha256(content).hexdigest(),
        fetched_at=now,
        stamp=Stamp(stage="bench", version="", started=now, took=0),
    )
    found = parse(page, Limits(), now, content=content)
    if not isinstance(found, ParsedArticle):
        return {"error": f"{found.reason}: {found.detail}"}
    return {
        "title": found.title,
        "text": found.text,
        "authors": list(found.authors),
        "date": found.published.value if found.published else None,
        "lang": found.language_declared,
    }


class Unseen:
    """The model that ships, whose work is done and timed, with the answers of those that saw no page of the domain."""

    def __init__(self, model: Trees, answers: Mapping[str, NDArray[np.float32]]) -> None:
        self._model, self._answers = model, answers
        self.page = ""
        """The id of the page that comes next."""

    def probabilities(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of the page's blocks. Raises KeyError or ValueError where the answers are of other pages or blocks."""
        unseen = self._answers[self.page]
        if unseen.shape != self._model.probabilities(columns).shape:
            raise ValueError(f"{self.page} had other blocks when the models were trained")
        return unseen


def main(out_of_fold: str | None = None) -> None:
    """Answer each line of the input with a line; `out_of_fold` is a file that services.parser.training wrote."""
    unseen = None
    if out_of_fold:
        with np.load(out_of_fold, allow_pickle=False) as stored:
            unseen = Unseen(selection._model(), {page: stored[page] for page in stored.files})
        selection._model = lambda: unseen
    for line in sys.stdin:
        asked = json.loads(line)
        url = asked["url"] or NO_URL
        if unseen:
            unseen.page = asked["id"]
        try:
            found = answer(Path(asked["html_path"]).read_bytes(), url if "://" in url else f"http://{url}")
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
