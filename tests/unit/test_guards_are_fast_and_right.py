"""What looks through whole pages at the speed of C finds what the plain reading finds."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.folding import MOST_MARKS, stream_safe
from services.parser.page.decode import clean
from services.parser.page.nesting import Guard

_PIECES = st.sampled_from(
    ["<b>", "</b>", "<b i=1>", "<i>", "</i>", "<p>", "</p>", "<div>", "</div>", "<a h=1 c='x>'>", "<br/>", "<p a b c>",
     "<p a=1b=2/c>", "<script>", "</script>", "<script/>", "<SCRIPT x>", "<style>", "</style >", "<svg>", "</svg>",
     "<g/>", "<!--", "-->", "<!-->", "<", ">", "/", "'", '"', "=", " ", "x", "!", "-", "stri\u212ae", "<stri\u212ae>",
     "<scr\u0130pt>", "<ba\u017fe>", "<td>", "<p a='", "<p a=\""],
)  # fmt: skip


@given(st.lists(_PIECES, max_size=30).map("".join), st.integers(0, 3), st.integers(1, 4), st.integers(0, 8))
@settings(max_examples=400, deadline=None)
def test_a_page_passes_the_guard_only_where_every_tag_was_followed(
    html: str, attributes: int, deep: int, rebuilt: int
) -> None:
    guard = Guard(attributes, deep, rebuilt)
    assert guard.why(html) == guard.scan(html)


def plainly_clean(text: str) -> str:
    """Character by character."""
    kept, marks = [], 0
    for character in text:
        if re.match("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", character):
            continue
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append("\ufffd" if "\ud800" <= character <= "\udfff" else character)
    return "".join(kept)


_CHARACTERS = st.sampled_from("a й\u0301\u0302\x00\x0b\n\x80\x9f\xa0\ufdd0\ufdef\ufdf0\uffff\ufffd\ud800\udfff😀")


@given(st.lists(_CHARACTERS, max_size=20).map("".join), st.sampled_from(["", "\u0301" * 29, "й\u0308" + "\u0300" * 31]))
@settings(max_examples=300, deadline=None)
def test_cleaning_takes_out_what_a_reading_by_characters_takes_out(text: str, marks: str) -> None:
    assert clean(text + marks) == plainly_clean(text + marks)
    assert clean(marks + text) == plainly_clean(marks + text)


@pytest.mark.parametrize("mark", ["\u0301", "\u0e38", "\U0001e8d0"])
def test_marks_of_any_script_pile_up_to_the_bound_only(mark: str) -> None:
    assert stream_safe("a" + mark * 100) == "a" + mark * MOST_MARKS
