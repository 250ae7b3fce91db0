"""Our parser as a process that answers a page a line; each page by the model that was trained without its domain."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest
from services.parser.body import selection
from services.parser.body.features import names
from services.parser.body.trees import Trees, read
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


def models_of(folder: Path) -> dict[int, Trees]:
    """Fold → the model that saw none of its pages. Raises OSError, KeyError or ValueError."""
    found = {}
    for path in folder.glob("fold-*.npz"):
        with path.open("rb") as file:
            found[int(path.stem.removeprefix("fold-"))] = read(file).reading(names())
    return found


def main(folder: str | None = None) -> None:
    """Answer each line of the input with a line; with a folder of models, each page by that of its fold."""
    models = models_of(Path(folder)) if folder else {}
    for line in sys.stdin:
        asked = json.loads(line)
        url = asked["url"] or NO_URL
        try:
            if models:
                selection._model = lambda model=models[asked["fold"]]: model
            found = answer(Path(asked["html_path"]).read_bytes(), url if "://" in url else f"http://{url}")
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
