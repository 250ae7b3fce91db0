"""Where tables lay a page out, only the column of the text is text; tables in a text stay."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from services.parser.body.columns import own_column
from services.parser.page.blocks import layout_of

TEXT = "".join(
    f"<p>Sentence {number} of a report on the bridge, which is long enough to be one.</p>" for number in range(6)
)
SIDE = "<p>A notice of the office: letters are opened on Mondays, and answered as soon as they can be.</p>"


def kept(body: str, title: str = "") -> list[str]:
    blocks = layout_of(LexborHTMLParser(f"<html><body>{body}</body></html>")).blocks
    shown = [i for i, block in enumerate(blocks) if block.text]
    return [blocks[i].text for i in own_column(blocks, shown, title)]


def test_cells_beside_the_text_are_no_text() -> None:
    found = kept(f"<table><tr><td>{SIDE}</td><td>{TEXT}</td><td>{SIDE}</td></tr></table>")
    assert len(found) == 6
    assert all(line.startswith("Sentence") for line in found)


def test_a_table_around_everything_does_not_hide_the_columns_in_it() -> None:
    inner = f"<table><tr><td>{SIDE}</td><td><table><tr><td>{TEXT}</td></tr></table></td></tr></table>"
    assert len(kept(f"<table><tr><td>{inner}</td></tr></table>")) == 6


def test_the_rows_above_and_below_the_text_stay() -> None:
    rows = (
        f"<table><tr><td>The headline of the report</td></tr><tr><td>{TEXT}</td></tr><tr><td>{SIDE}</td></tr></table>"
    )
    assert len(kept(rows)) == 8


def test_a_table_in_a_text_is_left_as_it_is() -> None:
    data = f"<table><tr><td>{SIDE * 4}</td><td>12</td></tr><tr><td>River</td><td>14</td></tr></table>"
    assert len(kept(f"<div>{TEXT}</div>{data}")) == 13


def test_columns_of_one_length_are_all_kept() -> None:
    assert len(kept(f"<table><tr><td>{TEXT}</td><td>{TEXT}</td><td>{TEXT}</td></tr></table>")) == 18


def test_the_cell_of_the_title_is_the_texts_own_even_beside_longer_ones() -> None:
    row = f"<tr><td>{SIDE * 9}</td><td><b>A bridge</b>{TEXT}</td></tr>"
    assert [line for line in kept(f"<table>{row}</table>", "A Bridge") if "notice" in line] == []
