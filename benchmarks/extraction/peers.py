"""The peers as processes that answer a page a line; it runs in a Python of theirs, without this repository."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]


def trafilatura() -> Callable[[bytes, str], Answer]:
    """Text as by default, without readers' comments; metadata and date (by htmldate) in the same call."""
    from trafilatura import bare_extraction

    def answer(content: bytes, url: str) -> Answer:
        found = bare_extraction(content, url=url or None, include_comments=False, with_metadata=True)
        if found is None:
            return {"error": "nothing was found"}
        return {
            "title": found.title,
            "text": found.text,
            "authors": [name.strip() for name in (found.author or "").split(";") if name.strip()],
            "date": found.date,
            "lang": found.language,
        }

    return answer


def readability() -> Callable[[bytes, str], Answer]:
    """Title and text; it looks for no more."""
    from lxml import html as lxml_html
    from readability import Document

    breaks = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "br", "div", "tr", "pre", "blockquote")

    def answer(content: bytes, url: str) -> Answer:
        document = Document(content, url=url or None)
        tree = lxml_html.fromstring(document.summary(html_partial=True))
        for element in tree.iter(*breaks):
            element.tail = "\n" + (element.tail or "")
        return {"title": document.short_title(), "text": tree.text_content()}

    return answer


def newspaper() -> Callable[[bytes, str], Answer]:
    """Everything that its Article parses; it does not fetch pictures."""
    from newspaper import Article
    from newspaper.parsers import get_unicode_html

    def answer(content: bytes, url: str) -> Answer:
        article = Article(url or "http://unknown.invalid/a", fetch_images=False)
        article.download(input_html=get_unicode_html(content))
        article.parse()
        date = article.publish_date
        return {
            "title": article.title,
            "text": article.text,
            "authors": list(article.authors),
            "date": date.isoformat() if hasattr(date, "isoformat") else None,
            "lang": article.meta_lang,
        }

    return answer


PEERS = {"trafilatura": trafilatura, "readability-lxml": readability, "newspaper4k": newspaper}


def main(name: str) -> None:
    """Answer each line of the input with a line; a page that fails says so and harms no other."""
    answer = PEERS[name]()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            found = answer(Path(asked["html_path"]).read_bytes(), asked["url"])
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
