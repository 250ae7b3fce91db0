"""The walk over a page: where texts are cut, and what each block knows of its place."""

from selectolax.lexbor import LexborHTMLParser

from services.parser.limits import MAX_NODES
from services.parser.page.blocks import blocks_of, layout_of
from services.parser.page.names import FOOTER, OWN_CONTAINER, RELATED, keywords_of


def blocks(html: str):
    return blocks_of(LexborHTMLParser(html))


def test_text_is_cut_at_block_elements_and_line_breaks_only() -> None:
    found = blocks("<p>One <b>two</b>, <i>three</i></p>four<br><br>five<div>six</div>")

    assert [b.text for b in found] == ["One two, three", "four", "five", "six"]
    assert [b.breaks for b in found] == [0, 0, 2, 0]


def test_scripts_and_hidden_inline_text_are_left_out_and_hidden_boxes_say_so() -> None:
    found = blocks("<p>seen<span hidden>no</span><script>no()</script></p><div style='display: none'><p>box</p></div>")

    assert [(b.text, b.element.hidden) for b in found] == [("seen", False), ("box", True)]


def test_a_block_knows_how_much_of_it_is_link_and_bold() -> None:
    (found,) = blocks("<p><a href=x>four</a> and<b>four</b></p>")

    assert found.linked == 4 / 12
    assert found.strong == 4 / 12


def test_parts_of_a_page_are_told_by_tags_and_names_but_not_around_the_headline() -> None:
    found = blocks(
        "<div class=with-sidebar><h1>Head</h1></div><div class=side-bar><p>More</p></div><nav>Menu</nav>"
        "<div id=site-footer>End</div><div class=read_also>Also</div><div class=footnote>Note</div>"
    )

    assert [b.part for b in found] == ["content", "related", "chrome", "footer", "related", "content"]


def test_a_holder_is_the_innermost_list_quote_row_or_figure() -> None:
    found = blocks("<blockquote><p>Said</p><ul><li>First</li></ul></blockquote><p>Out</p>")

    assert [b.element.holder and b.element.holder.tag for b in found] == ["blockquote", "ul", None]


def test_pictures_stand_before_the_block_that_follows_them() -> None:
    layout = layout_of(LexborHTMLParser("<p>One</p><img src=a.jpg alt=A><p>Two</p>"))

    assert [(p.source, p.alt, p.at) for p in layout.pictures] == [("a.jpg", "A", 1)]


def test_no_more_nodes_are_walked_than_is_allowed() -> None:
    found = blocks("<p>a</p>" * MAX_NODES)

    assert len(found) <= MAX_NODES / 2


def test_names_tell_what_a_box_is_with_any_separator() -> None:
    assert keywords_of("article-body") & OWN_CONTAINER
    assert keywords_of("articleBody x") & OWN_CONTAINER
    assert keywords_of("", "articleBody") & OWN_CONTAINER
    assert keywords_of("read_more") & RELATED
    assert keywords_of("page__footer") & FOOTER
    assert not keywords_of("footnote relatedness") & (FOOTER | RELATED)
