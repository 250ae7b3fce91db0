"""What language and script a text is in, by the text itself."""

from services.enricher.language.article import identify
from services.enricher.language.engines import Guess
from services.enricher.language.text import identify_text

__all__ = ["Guess", "identify", "identify_text"]
