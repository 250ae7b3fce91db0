"""The committed knowledge base is what its sources give, and holds what news speaks of."""

from services.enricher.knowledge import build
from services.enricher.knowledge.base import KNOWLEDGE_FILE, load
from services.enricher.knowledge.geonames import PLACES_FILE

MIB = 1024 * 1024
KNOWN = {known.id: known for known in load()}


def test_the_committed_knowledge_is_what_the_lists_give() -> None:
    assert KNOWLEDGE_FILE.read_text(encoding="utf-8") == build.build(), "run: make kb"


def test_it_stays_small_enough_to_be_committed() -> None:
    assert KNOWLEDGE_FILE.stat().st_size + PLACES_FILE.stat().st_size < 8 * MIB
