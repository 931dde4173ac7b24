"""Mending: what goes with an injection, and how the text closes over it. The injection stands in [[ ]]."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.document import read
from cleaner.edit import apply, compose, edits_of, place_of, unwrap_edits
from cleaner.types import Edit

LONG = "Trong sáu tháng đầu năm, tập thể cán bộ của Trung tâm Y tế"
INSIDE = [
    pytest.param("Trung tâm [[xổ số]] đã mở.", "Trung tâm đã mở.", id="one gap stays"),
    pytest.param("Trung tâm [[xổ số]]đã mở.", "Trung tâm đã mở.", id="glued to what follows"),
    pytest.param("Trung tâm[[xổ số]] đã mở.", "Trung tâm đã mở.", id="glued to what precedes"),
    pytest.param("Trung tâm[[xổ số]]đã mở.", "Trung tâm đã mở.", id="glued on both sides"),
    pytest.param("Chuyển về[[fb88]]. Sau đó", "Chuyển về. Sau đó", id="glued before a full stop"),
    pytest.param("Đã mở [[xổ số]]. Sau đó", "Đã mở. Sau đó", id="before a full stop"),
    pytest.param("Đã mở [[xổ số]], sau đó", "Đã mở, sau đó", id="before a comma"),
    pytest.param("Đã mở [[xổ số]] , sau đó", "Đã mở, sau đó", id="before a comma that stands apart"),
    pytest.param("Hôm qua, [[xổ số]], sau đó", "Hôm qua, sau đó", id="between commas"),
    pytest.param("Hôm qua, [[xổ số]] trạm mở.", "Hôm qua, trạm mở.", id="after a comma"),
    pytest.param("Hôm qua,[[xổ số]] trạm mở.", "Hôm qua, trạm mở.", id="glued to a comma"),
    pytest.param("Trạm mở. [[Chơi fb88.]] Sau đó", "Trạm mở. Sau đó", id="a sentence"),
    pytest.param("Trạm (xã A [[fb88]]) mở.", "Trạm (xã A) mở.", id="before a bracket"),
    pytest.param("Trạm ([[fb88]] xã A) mở.", "Trạm (xã A) mở.", id="behind a bracket"),
    pytest.param("Trạm ([[fb88]]) đã mở.", "Trạm đã mở.", id="brackets that would be empty"),
    pytest.param("Ông nói: “Tốt [[fb88]]”.", "Ông nói: “Tốt”.", id="before a quotation mark"),
    pytest.param("chữ\u200b[[xổ số]]\u200b và chữ", "chữ và chữ", id="invisible characters go"),
    pytest.param("a\u00a0[[xổ số]]\u00a0b", "a\u00a0b", id="no-break spaces"),
    pytest.param("今天[[澳门金沙88]]下午开会。", "今天下午开会。", id="Chinese has no gap"),
    pytest.param("今天下午[[澳门金沙88]]。", "今天下午。", id="before a Chinese full stop"),
    pytest.param("今天[[澳门金沙88]]𠀀下午。", "今天𠀀下午。", id="before a rare ideograph"),
    pytest.param("วันนี้[[เว็บสล็อต]]ประชุม", "วันนี้ประชุม", id="Thai has no gap"),
]
LINES = [
    pytest.param(f"{LONG} [[xổ số]]\nđã đạt được", f"{LONG} đã đạt được", id="a broken line is joined"),
    pytest.param(f"{LONG} [[xổ số]]\r\nđã đạt được", f"{LONG} đã đạt được", id="a broken line with CR LF"),
    pytest.param(f"{LONG}[[xổ số]]\nđã đạt được", f"{LONG} đã đạt được", id="a broken line, glued"),
    pytest.param("Trạm đã mở. [[xổ số]]\nSau đó", "Trạm đã mở.\nSau đó", id="a finished line stays one"),
    pytest.param("Trạm đã mở [[xổ số]]\n\nSau đó", "Trạm đã mở\n\nSau đó", id="a paragraph stays one"),
    pytest.param("Trạm đã mở [[xổ số]]", "Trạm đã mở", id="end of the text"),
    pytest.param("Trạm đã mở - [[xổ số]]\nSau đó", "Trạm đã mở\nSau đó", id="separator before the line's end"),
    pytest.param("[[xổ số]] Trạm đã mở", "Trạm đã mở", id="start of the text"),
    pytest.param(
        "Trạm bơm Cầu Ván chạy từ bốn giờ sáng. Nước rút dần ở cánh đồng phía đông. | [[xổ số]]\nSau đó thợ về",
        "Trạm bơm Cầu Ván chạy từ bốn giờ sáng. Nước rút dần ở cánh đồng phía đông.\nSau đó thợ về",
        id="separator before the end of a line of prose",
    ),
    pytest.param("[[xổ số]] - Trạm đã mở", "Trạm đã mở", id="separator behind the line's start"),
    pytest.param(
        "运动会结束了。[[新葡京娱乐城]]，校长讲了话。", "运动会结束了。校长讲了话。", id="comma behind a full stop"
    ),
    pytest.param("运动会，[[新葡京娱乐城]]，很热闹。", "运动会，很热闹。", id="comma between commas"),
    pytest.param("Một.\n[[xổ số]] | Trạm đã mở", "Một.\nTrạm đã mở", id="start of a line"),
    pytest.param("Một.\n[[xổ số]]\nHai.", "Một.\nHai.", id="a line"),
    pytest.param("Một.\r\n[[xổ số]]\r\nHai.", "Một.\r\nHai.", id="a line with CR LF"),
    pytest.param("Một.\n\n[[xổ số]]\n\nHai.", "Một.\n\nHai.", id="a paragraph"),
    pytest.param("[[xổ số]]\nMột.", "Một.", id="the first line"),
    pytest.param("Một.\n[[xổ số]]", "Một.", id="the last line"),
    pytest.param("Một.\n[[xổ số]]\n", "Một.\n", id="the last line, ended"),
    pytest.param("- Một\n- [[xổ số]]\n- Hai", "- Một\n- Hai", id="a list item"),
    pytest.param("- Một\n- [[xổ số]]", "- Một", id="the last list item"),
    pytest.param("- Một [[xổ số]]\n- Hai", "- Một\n- Hai", id="the end of a list item"),
]
SEVERAL = [
    pytest.param("A [[x1]] b [[x2]] c.", "A b c.", id="two in a sentence"),
    pytest.param("A [[x1]] [[x2]] c.", "A c.", id="side by side"),
    pytest.param("Trạm đã mở. [[xổ số]]\n[[nhà cái]]\nSau đó", "Trạm đã mở.\nSau đó", id="on two lines"),
    pytest.param("[[x1]]\n[[x2]]\nB.", "B.", id="the first two lines"),
    pytest.param("B.\n[[x1]]\n[[x2]]", "B.", id="the last two lines"),
]
PAGES = [
    pytest.param("<p>Trạm [[xổ số]] mở.</p>", "<p>Trạm mở.</p>", id="within an element"),
    pytest.param('<p>Một.</p><div style="display:none">[[xổ số]]</div>', "<p>Một.</p>", id="a hidden element"),
    pytest.param("<ul><li>Một</li><li>[[xổ số]]</li></ul>", "<ul><li>Một</li></ul>", id="a list item"),
    pytest.param('<p>Trạm <a href="//x.vn">[[xổ số]]</a> mở.</p>', "<p>Trạm mở.</p>", id="a link"),
    pytest.param("<p>Trạm x&#7893; [[s&#7889; fb88]] mở.</p>", "<p>Trạm x&#7893; mở.</p>", id="entities"),
    pytest.param(
        "<p>Một.</p>\n<div class=k><ul>\n<li>[[xổ số]]</li>\n<li>[[nhà cái]]</li>\n</ul></div>\n<p>Hai.</p>",
        "<p>Một.</p>\n<p>Hai.</p>",
        id="a list with the wrapper that it leaves empty",
    ),
    pytest.param("<p> </p><p>[[xổ số]]</p><p> </p>", "<p> </p><p> </p>", id="empty paragraphs beside it stay"),
    pytest.param("<table><tr><td>1<td>[[xổ số]]</table>", "<table><tr><td>1</table>", id="a table cell"),
    pytest.param(
        "<!-- wp:paragraph -->\n<p>Một.</p>\n<!-- /wp:paragraph -->\n\n"
        '<!-- wp:paragraph {"align":"center"} -->\n<p>[[xổ số]]</p>\n<!-- /wp:paragraph -->\n\nHai',
        "<!-- wp:paragraph -->\n<p>Một.</p>\n<!-- /wp:paragraph -->\n\nHai",
        id="a block of WordPress with its comments",
    ),
    pytest.param(
        "Một<!-- kit start --><div>[[xổ số]]</div><!-- kit end -->Hai", "MộtHai", id="a block between its markers"
    ),
    pytest.param(
        "<!-- chú thích --><div>[[xổ số]]</div><!-- khác -->Hai",
        "<!-- chú thích --><!-- khác -->Hai",
        id="comments that are no pair stay",
    ),
    pytest.param("<ul>\n  <li>1</li>\n  <li>[[xổ số]]</li>\n</ul>", "<ul>\n  <li>1</li>\n</ul>", id="with its indent"),
    pytest.param("<p>Một.</p>\n<!-- <a href=//x.bet>[[xổ số]]</a> -->\nHai", "<p>Một.</p>\nHai", id="a comment"),
    pytest.param(
        '<p title="Một. [[xổ số]]">a<p title="hai">', '<p title="Một.">a<p title="hai">', id="values are lines apart"
    ),
    pytest.param("<p>Trạm y tế xã [[xổ số]]</p>đã mở.", "<p>Trạm y tế xã</p>đã mở.", id="blocks are not joined"),
    pytest.param("<p>Một.</p><p>[[xổ số]].</p>", "<p>Một.</p>", id="a full stop is no paragraph"),
    pytest.param("<p>Tin.</p><font>[[xổ số]]</font>\n<p>Hai", "<p>Tin.</p>\n<p>Hai", id="the line of another's tag"),
    pytest.param("<p>Tin.</p>\n<font>[[xổ số]]</font>\n<p>Hai", "<p>Tin.</p>\n<p>Hai", id="a line of its own"),
    pytest.param("<p>Trung tâm [[xổ số]]<br />\nđã mở.", "<p>Trung tâm đã mở.", id="a line broken by <br>"),
    pytest.param("<p>Một.<br>\n[[xổ số]]<br>\nHai.", "<p>Một.<br>\nHai.", id="a line between two <br>"),
    pytest.param("<p>Một\n[[xổ số]]\nhai.</p>", "<p>Một\nhai.</p>", id="line breaks of the source are spaces"),
    pytest.param(
        "<title>Trường tổ chức hội thi_[[xổ số]]</title>", "<title>Trường tổ chức hội thi</title>", id="title"
    ),
    pytest.param('<p title="Trạm y tế, [[xổ số]]">a', '<p title="Trạm y tế">a', id="the end of an attribute"),
    pytest.param('<br>[[\n<img alt="xổ]] số">', '<br>\n<img alt="số">', id="white space before an attribute"),
    pytest.param(
        '<script type="application/ld+json">{"name": "Tr\\u1ea1m [[x\\u1ed5 s\\u1ed1]] m\\u1edf"}</script>',
        '<script type="application/ld+json">{"name": "Tr\\u1ea1m m\\u1edf"}</script>',
        id="JSON-LD",
    ),
]
MARK = re.compile(r"\[\[|\]\]")


@pytest.mark.parametrize(("marked", "mended"), [*INSIDE, *LINES, *SEVERAL])
def test_mends_text(marked: str, mended: str) -> None:
    assert without_injections(marked, "text") == mended


@pytest.mark.parametrize(("marked", "mended"), PAGES)
def test_mends_pages(marked: str, mended: str) -> None:
    assert without_injections(marked, "html") == mended


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ('<p>Xem <a href="//x.bet">giá <b>bán</b></a> nhé', "<p>Xem giá <b>bán</b> nhé"),
        ("<p>Xem <A HREF='//x.bet' rel=z\n>giá bán</A > nhé", "<p>Xem giá bán nhé"),
        ("<p>Xem <a href=//x.bet>giá bán<p>nhé", "<p>Xem giá bán<p>nhé"),
    ],
)
def test_unwraps_a_link(source: str, left: str) -> None:
    document = read(source, "html")
    link = next(element for element in document.elements if element.href)
    assert apply(source, unwrap_edits(document, link)) == left


def test_the_place_of_a_span_is_without_its_seam() -> None:
    document = read("Một [[hai]] ba.", "text")
    assert place_of(document, 4, 11) == (4, 11)
    assert [edit[:2] for edit in edits_of(document, [(4, 11)])] == [(4, 11), (11, 12)]


@given(st.data())
def test_edits_of_the_edited_text_are_edits_of_the_source(data: st.DataObject) -> None:
    source = data.draw(st.text("abc \n", max_size=30))
    first = data.draw(edit_lists(len(source)))
    once = apply(source, first)
    second = data.draw(edit_lists(len(once)))
    assert apply(source, compose(first, second)) == apply(once, second)


@st.composite
def edit_lists(draw: st.DrawFn, size: int) -> list[Edit]:
    """Edits in order, none empty, with something kept between two of them."""
    edges = sorted(draw(st.lists(st.integers(0, size), unique=True, max_size=6)))
    return [Edit(a, b, draw(st.sampled_from(["", " "]))) for a, b in zip(edges[::2], edges[1::2], strict=False)]


def without_injections(marked: str, format: str) -> str:
    """``marked`` without its marks and what stands between them, mended."""
    document = read(MARK.sub("", marked), format)
    visible = read(marked, format).text
    spans, removed = [], 0
    for opening, closing in zip(*[iter(MARK.finditer(visible))] * 2, strict=True):
        spans.append((opening.start() - removed, closing.start() - removed - 2))
        removed += 4
    return apply(document.source, edits_of(document, spans))
