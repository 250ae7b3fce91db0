"""The choice of an article's blocks: numbers of blocks, trees, and what is taken of a page."""

from importlib.resources import files

import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser

from services.parser.body.features import MAX_BLOCK_CHARS, features_of, names
from services.parser.body.selection import MAX_BLOCKS, MAX_CHARS, select, taken_of
from services.parser.body.trees import load, packed
from services.parser.page.blocks import blocks_of
from services.parser.training.labels import FOLDS, WEIGHTS, fold_of, labels_of

SENTENCES = (
    "Canal workers in the valley opened the last of the nine sluices on Monday, a week before the harvest began.",
    "The water reached the lower fields by noon, and the farmers who had waited since June walked along its edge.",
    "Engineers said that the new gates lose less than the old ones did, but that two of them still have to be tested.",
    "A second stage, for which no money has been found yet, would bring water to another thirty villages in the north.",
)
PAGE = f"""<html><body><nav><ul>{"".join(f"<li><a href=/{n}>Rubric {n}</a></li>" for n in range(8))}</ul></nav>
<main><article><h1>Sluices open a week early</h1><time datetime=2024-05-06T10:00:00Z></time>
<div class=article-body>{"".join(f"<p>{s}</p>" for s in SENTENCES)}</div></article></main>
<aside class=sidebar><ul>{"".join(f"<li><a href=/n/{n}>Other news of the day {n}</a></li>" for n in range(8))}</ul>
</aside><footer><p>© 2024 The Valley Paper. All rights reserved.</p></footer></body></html>"""


def chosen(html: str) -> list[str]:
    blocks = blocks_of(LexborHTMLParser(html))
    return [blocks[i].text for i in select(blocks, "Sluices open a week early", "", None).kept]


def test_the_paragraphs_of_an_article_are_taken_and_nothing_else() -> None:
    assert chosen(PAGE) == list(SENTENCES)


def test_empty_blocks_have_the_probability_zero_and_keep_their_place() -> None:
    blocks = blocks_of(LexborHTMLParser(PAGE))
    selection = select(blocks, "Sluices open a week early", "", None)

    empty = [i for i, block in enumerate(blocks) if not block.text]
    assert empty
    assert len(selection.probabilities) == len(blocks)
    assert all(selection.probabilities[i] == 0 for i in empty)
    assert not set(empty) & set(selection.kept)
    assert selection.confidence > 0.8


@pytest.mark.parametrize("html", ["", "<p></p>", "<time datetime=2024-01-01></time>"])
def test_a_page_without_text_has_no_body(html: str) -> None:
    selection = select(blocks_of(LexborHTMLParser(html)), "Title", "", None)

    assert (selection.kept, selection.confidence) == ((), 0.0)


def test_where_nearly_nothing_is_likely_the_likeliest_blocks_are_taken() -> None:
    likely, sizes = np.array([0.3, 0.05, 0.45, 0.2], np.float32), np.array([80, 900, 90, 10])

    assert taken_of(likely, sizes).tolist() == [True, False, True, True]


def test_blocks_beyond_the_bound_are_not_weighed() -> None:
    blocks = blocks_of(LexborHTMLParser("<p>word, word.</p>" * (MAX_BLOCKS + 50)))
    selection = select(blocks, "", "", None)

    assert len(selection.probabilities) == MAX_BLOCKS + 50
    assert set(selection.probabilities[MAX_BLOCKS:]) == {0.0}


def test_a_page_of_millions_of_characters_is_read_as_far_as_the_bounds_go() -> None:
    blocks = blocks_of(LexborHTMLParser(f"<p>{'word ' * 30_000}</p>" * 105))

    assert np.count_nonzero(select(blocks, "", "", None).probabilities) == MAX_CHARS // MAX_BLOCK_CHARS


def test_a_deep_page_is_described_like_any_other() -> None:
    blocks = blocks_of(
        LexborHTMLParser("<div>" * 200 + "<p>Deep down, there is text.</p>" + "</div>" * 200 + "<p>Up.</p>")
    )

    columns = features_of(blocks, "", "", None).columns

    assert columns.shape == (len(names()), 2)
    assert np.isfinite(columns).all()


def test_words_are_the_same_in_any_case_and_script_and_letters_in_another_order_are_not() -> None:
    blocks = blocks_of(LexborHTMLParser("<p>СУВ Йўли</p><p>вус йўли</p><p>𝒳 😀 \U0010ffff</p>"))
    columns = features_of(blocks, "сув йўли", "", None).columns

    assert columns[names().index("of the title")].tolist() == [1.0, 0.5, 0.0]


def test_every_number_is_finite_whatever_the_text() -> None:
    for text in ("\u0301", "...", "©", "\u200b", "1", "漢字かな", "x" * 10_000, "\ud800"):
        blocks = blocks_of(LexborHTMLParser("<p>a</p>"))
        blocks[0].text = text
        assert np.isfinite(features_of(blocks, text, text, text).columns).all()


def test_the_trees_answer_as_the_trainer_s_own_library_did() -> None:
    with files("services.parser.body.models").joinpath("body.check.npz").open("rb") as file:
        stored = np.load(file)
        rows, answers = stored["rows"], stored["answers"]

    found = load("body").probabilities(np.ascontiguousarray(rows.T))

    assert np.abs(found - answers).max() < 1e-6


def test_an_example_falls_into_the_leaf_that_its_answers_name() -> None:
    trees = packed(
        ("a", "b"),
        np.array([[0, 1]], np.int16),
        np.array([[1.0, 5.0]], np.float32),
        np.array([[-9.0, -1.0, 1.0, 9.0]], np.float32),
        0.0,
    )
    answers = trees.reading(("b", "x", "a")).probabilities(np.array([[0, 0, 9, 9], [0] * 4, [1, 2, 1, 2]], np.float32))

    assert answers.round(3).tolist() == pytest.approx([0.0, 0.269, 0.731, 1.0], abs=1e-3)


def test_trees_that_need_a_number_that_is_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not in tuple"):
        load("body").reading(("chars",))


def test_a_cell_is_labelled_by_the_row_that_it_stands_in() -> None:
    texts = ["City", "Pop.", "Osh", "322", "Menu", SENTENCES[0]]
    gold = {"text": f"City\tPop.\tOsh\t322\n{SENTENCES[0]}"}

    labels = labels_of(texts, gold, {})

    assert labels is not None
    assert labels.body.tolist() == [True, True, True, True, False, True]


def test_snippets_of_a_page_without_a_full_text_overrule_the_vote() -> None:
    texts = [*SENTENCES, "Sign up for the letter of the valley"]
    answers = dict.fromkeys(WEIGHTS, "\n".join(texts))
    gold = {"with": ["nine sluices"], "without": ["^Sign up for the letter of the valley$"]}

    labels = labels_of(texts, gold, answers)

    assert labels is not None
    assert labels.body.tolist() == [True, True, True, True, False]


def test_a_page_that_the_extractors_do_not_agree_on_has_no_labels() -> None:
    answers = dict.fromkeys(WEIGHTS, SENTENCES[0]) | {"trafilatura": "\n".join(SENTENCES[1:])}

    assert labels_of(SENTENCES, {}, answers) is None


def test_pages_of_one_domain_are_in_one_fold() -> None:
    assert fold_of("https://www.news.co.uk/a", "1") == fold_of("http://sport.news.co.uk/b", "2")
    assert {fold_of(f"https://site{n}.uz/", "") for n in range(40)} == set(range(FOLDS))
