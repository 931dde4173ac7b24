"""Markdown is read as the page that it makes, and what is cut from it takes its signs along."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cleaner import Cleaner
from cleaner.document import read
from cleaner.edit import apply, edits_of, hider_edits, merged, unwrap_edits
from cleaner.types import Document


def quotes(document: Document, name: str) -> list[tuple[str, str]]:
    """Source and visible text of the elements of a name."""
    return [
        (document.source[e.start : e.end], document.text[e.text_start : e.text_end])
        for e in document.elements
        if e.name == name
    ]


# --- What is seen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("# Tiêu đề #\n\nđoạn\nhai dòng", "Tiêu đề\nđoạn hai dòng\n", id="heading and paragraph"),
        pytest.param("Lịch cắt nước\n===\nPhường 3\n---", "Lịch cắt nước\nPhường 3\n", id="underlined headings"),
        pytest.param("- một\n- hai\n1. ba\n> trích\n> > sâu", "một\nhai\nba\ntrích\nsâu\n", id="lists and quotes"),
        pytest.param("> một\n> hai\nba", "một hai ba\n", id="a quote whose last line has no sign"),
        pytest.param("- một\n  hai\n\n  ba\n- bốn", "một hai\nba\nbốn\n", id="an item of two paragraphs"),
        pytest.param("-không\n#không\n1.không", "-không #không 1.không\n", id="signs without a space"),
        pytest.param("Sinh năm\n1986. Quê ở Nam Định", "Sinh năm 1986. Quê ở Nam Định\n", id="a number is no list"),
        pytest.param("* * *\n---\n- - -", "", id="rules"),
        pytest.param("một  \nhai\\\nba", "một  \nhai\nba\n", id="hard line breaks"),
        pytest.param("**đậm** *nghiêng* _cả_ ~~bỏ~~ ***", "đậm nghiêng cả bỏ ***\n", id="emphasis"),
        pytest.param("2*3*4 snake_case_name 5 * 6", "234 snake_case_name 5 * 6\n", id="signs within words"),
        pytest.param(r"\[a](b) \*c\* [c\]d](e)", "[a](b) *c* c]d\n", id="escapes"),
        pytest.param("R&amp;D &#225; &copy AT&T", "R&D á &copy AT&T\n", id="references"),
        pytest.param("Xem [trang](http://x.vn 'Tên') nhé", "Xem trang nhé\n\nTên", id="a link and its title"),
        pytest.param('[a](<b c> "d") [e](f(g)h)', "a e\n\nd", id="targets"),
        pytest.param("[một\nhai](http://x.vn)", "một hai\n", id="a link over two lines"),
        pytest.param("[một\n\nhai](http://x.vn)", "[một\nhai](http://x.vn)\n", id="no link over two paragraphs"),
        pytest.param("[1] a[i] [x][y] [z](không phải)", "[1] a[i] [x][y] [z](không phải)\n", id="brackets"),
        pytest.param("[a [b](c) d](e)", "[a b d](e)\n", id="no links in links"),
        pytest.param("<http://x.vn/a> <a@b.vn> <b>", "http://x.vn/a a@b.vn \n", id="addresses"),
        pytest.param("[một][A], [a][], [a].\n\n[a]: http://x.vn (T)\n", "một, a, a.\n", id="references"),
        pytest.param("[^1] có chú thích\n\n[^1]: đây", "[^1] có chú thích\n[^1]: đây\n", id="footnotes stay"),
        pytest.param("Một ![sân *đình*](/a.jpg 'Tên') hai", "Một  hai\n\nsân *đình*\nTên", id="an image of the site"),
        pytest.param("![sân *đình*](//x.vn/a)", "sân đình\n", id="an image of another host"),
        pytest.param("[![ảnh](i.png)](http://x.vn)", "ảnh\n", id="an image in a link"),
        pytest.param("| a | b\\|c |\n|:--|--:|\n| d | **e** |\n\nhết", "a\nb|c\nd\ne\nhết\n", id="a table"),
        pytest.param("a | b\n--- | ---\nc | d", "a\nb\nc\nd\n", id="a table without outer pipes"),
        pytest.param("a | b\nc | d", "a | b c | d\n", id="pipes alone make no table"),
        pytest.param("`[a](b)` ``c ` [d](e)`` `f", "[a](b) c ` [d](e) `f\n", id="code spans"),
        pytest.param("Một <b>đậm</b><br>hai <!-- ẩn -->", "Một đậm\nhai \n", id="inline HTML"),
        pytest.param("a < b và c > d", "a < b và c > d\n", id="less than"),
        pytest.param("<div>\n*a*\n\n*b*\n</div>", " *a*\nb\n", id="Markdown in a block of HTML"),
        pytest.param("<script>\n\n# a\n</script>\n# b", "b\n", id="a script"),
        pytest.param("- > ---\n* 2) ***\nhết", "hết\n", id="rules in containers"),
        pytest.param("1. \n\n    [a](b)", "[a](b)\n", id="code behind an empty item"),
        pytest.param("a `\n &amp;b\n \\*` c", "a  &amp;b \\* c\n", id="code over several lines"),
        pytest.param("giá | loại\n--|-- \n1 | 2", "giá\nloại\n1\n2\n", id="blanks behind delimiters"),
        pytest.param("~~~\n~~~\n<b>\n\n# a", "a\n", id="HTML behind code"),
        pytest.param("(giá\n--- |", "(giá --- |\n", id="no header of a table"),
        pytest.param("[a](<http://x>[b](//y)", "[a](http://xb\n", id="an angled target that goes on"),
        pytest.param("# một\r\n- hai\r- ba", "một\nhai\nba\n", id="line breaks of all kinds"),
    ],
)
def test_visible_text(source: str, text: str) -> None:
    assert read(source, "markdown").text == text


def test_elements() -> None:
    source = "## Tin\n- xem [kèo](http://x.vn/a\\_b)\n  tiếp\n\n> ![ảnh](//i.vn/i.png)\n\n<http://y.vn>\n"
    document = read(source, "markdown")
    assert [(e.name, e.href) for e in document.elements] == [
        ("h2", ""),
        ("ul", ""),
        ("li", ""),
        ("p", ""),
        ("a", "http://x.vn/a_b"),
        ("blockquote", ""),
        ("p", ""),
        ("img", ""),
        ("p", ""),
        ("a", "http://y.vn"),
    ]
    assert quotes(document, "li") == [("- xem [kèo](http://x.vn/a\\_b)\n  tiếp", "xem kèo tiếp\n")]
    assert quotes(document, "a") == [("[kèo](http://x.vn/a\\_b)", "kèo"), ("<http://y.vn>", "http://y.vn")]
    assert document.targets == {"http://x.vn/a_b", "http://y.vn"}


def test_hidden_blocks_links_and_comments_are_those_of_html() -> None:
    source = (
        "Một.\n\n<div style='display:none'>\n\n[kèo](//x.bet) <a href='//y.bet'>xổ số</a>\n\n</div>\n\n"
        "<!-- <a href='//z.bet'>nổ hũ</a> -->\n"
    )
    document = read(source, "markdown")
    assert document.text == "Một.\nkèo xổ số\n\nnổ hũ"
    assert [(e.name, e.href) for e in document.elements if e.hidden or e.href] == [
        ("div", ""),
        ("a", "//x.bet"),
        ("a", "//y.bet"),
        ("comment", ""),
        ("a", "//z.bet"),
    ]
    assert [words for _, words in quotes(document, "div")] == ["kèo xổ số\n"]


def test_code_and_front_matter_are_protected() -> None:
    source = (
        "---\ntitle: [a](b)\n---\n# Tin\n\n    [c](d)\n\n    e\n\n- ý\n\n  ~~~\n  [f](g)\n  ```\n  ~~~\n"
        "hết `[h](i)`\n```\n[j](k)"
    )
    document = read(source, "markdown")
    assert [document.text[start:end] for start, end in document.protected] == [
        "---\ntitle: [a](b)\n---\n",
        "[c](d)\n\ne",
        "[f](g)\n```",
        "[h](i)",
        "[j](k)",
    ]
    assert not any(element.href for element in document.elements)


def test_each_character_maps_to_its_source() -> None:
    source = "> a&amp;\\*\n> b  \n> c"
    document = read(source, "markdown")
    assert document.text == "a&* b  \nc\n"
    assert document.starts is not None
    assert document.ends is not None
    spelt = [source[start:end] for start, end in zip(document.starts, document.ends, strict=True)]
    assert spelt == ["a", "&amp;", "\\*", "\n> ", "b", " ", " ", "\n> ", "c", ""]


PIECES = [
    *(
        "# ",
        "## ",
        "- ",
        "* ",
        "1. ",
        "2) ",
        "> ",
        "    ",
        "\t",
        "---",
        "***",
        "```\n",
        "~~~\n",
        "===\n",
        "`",
        "``",
        "*",
    ),
    *("**", "_", "__", "[a]", "[b](x)", "[c](y)", "[d][a]", "![e](//f)", "[a]: //z\n\nba", "\\*", "\\", "<b>", "</b>"),
    *(
        "<http://x>",
        "&amp;",
        "&copy",
        "| ",
        " |",
        "|-|-|\n",
        "\n",
        "\n\n",
        " ",
        "  \n",
        "một",
        "hai",
        ". ",
        ", ",
        "(",
        ")",
    ),
]
COMMONMARK = MarkdownIt("commonmark").enable("table")


DISPUTED = re.compile(
    r"""
    \| [^\n]* \n [ \t>]* -+ [ \t]* (?:\n|\Z)  # a heading underlined, or a table of one column?
    | (?:[-*#]|[12][.)]|>)[ \t] [^\n]* \n [ \t>]* -* \|[-|]+  # a heading, an item, or the header of a table?
    | \n [ \t>]* (?:\ {4}|\t) [ \t]* [>*-]  # a quote or an item, however far it is indented?
    | \]\(  # a reference before a bracket, or the beginning of a link?
    """,
    re.X,
)
"""What the other parser reads otherwise than CommonMark says, or than GitHub does."""


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_the_text_is_that_of_a_commonmark_parser(source: str) -> None:
    assume(not DISPUTED.search(source))
    expected = "".join(_text(token) for token in COMMONMARK.parse(source))
    assert "".join(read(source, "markdown").text.split()) == "".join(expected.split())


def _text(token: Token) -> str:
    """The text of a token of the other parser."""
    if token.children is not None:
        return "".join(map(_text, token.children))
    if token.type in ("html_inline", "html_block"):
        return read(token.content, "html").text
    return token.content


# --- What is cut -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words", "left"),
    [
        pytest.param("Trạm [kèo](//x.bet) mở.", ["kèo"], "Trạm mở.", id="a link"),
        pytest.param("Trạm **[kèo](//x.bet)** mở.", ["kèo"], "Trạm mở.", id="a link with its emphasis"),
        pytest.param("Trạm *xổ **số***, mở.", ["xổ số"], "Trạm, mở.", id="emphasis"),
        pytest.param("Trạm ~~kèo~~ mở.", ["kèo"], "Trạm mở.", id="struck out"),
        pytest.param("Giá \\*kèo\\* &amp; hai", ["*kèo*"], "Giá &amp; hai", id="escapes"),
        pytest.param("Trạm [kèo][1] mở.\n\n[1]: //x.bet\n", ["kèo"], "Trạm mở.\n", id="a link with its definition"),
        pytest.param(
            "Trạm [kèo][] mở [cửa].\n\n[kèo]: //x.bet 'T'\n[cửa]: /b\n",
            ["kèo"],
            "Trạm mở [cửa].\n\n[cửa]: /b\n",
            id="a definition among others",
        ),
        pytest.param(
            "Trạm [kèo][1] mở [cửa][1].\n\n[1]: //x.bet\n",
            ["kèo"],
            "Trạm mở [cửa][1].\n\n[1]: //x.bet\n",
            id="a definition that is still used",
        ),
        pytest.param(
            "Trạm [kèo][1] mở [nổ hũ][1] cửa.\n\n[1]: //x.bet\n",
            ["kèo", "nổ hũ"],
            "Trạm mở cửa.\n",
            id="a definition of two links",
        ),
        pytest.param("- một\n- [kèo](//x.bet)\n- hai\n", ["kèo"], "- một\n- hai\n", id="an item"),
        pytest.param("- một\n\n- kèo\n\n- hai\n", ["kèo"], "- một\n\n- hai\n", id="an item between empty lines"),
        pytest.param("1. một\n   - kèo\n2. hai\n", ["kèo"], "1. một\n2. hai\n", id="a list in an item"),
        pytest.param("Một.\n\n* kèo\n* nổ hũ\n\nHai.", ["kèo", "nổ hũ"], "Một.\n\nHai.", id="a list"),
        pytest.param("a | b\n-|-\nkèo | nổ hũ\n1 | 2\n", ["kèo", "nổ hũ"], "a | b\n-|-\n1 | 2\n", id="a row"),
        pytest.param("|a|b|\n|-|-|\n|1|kèo|\n", ["kèo"], "|a|b|\n|-|-|\n|1||\n", id="a cell keeps its pipes"),
        pytest.param("|a|b|\n|-|-|\n|1|2 kèo|\n", ["kèo"], "|a|b|\n|-|-|\n|1|2|\n", id="the end of a cell"),
        pytest.param("> một\n>\n> kèo\n>\n> hai", ["kèo"], "> một\n>\n> hai", id="a paragraph of a quote"),
        pytest.param("> một\n>\n> kèo\n\nhết", ["kèo"], "> một\n\nhết", id="the last one of a quote"),
        pytest.param("Một.\n\n> kèo\n> nổ hũ\n\nHai.", ["kèo nổ hũ"], "Một.\n\nHai.", id="a quote"),
        pytest.param("> Trạm\n> kèo đã\n> mở.", ["kèo"], "> Trạm\n> đã\n> mở.", id="the start of a quoted line"),
        pytest.param("> Trạm xổ\n> số đã\n> mở.", ["xổ số"], "> Trạm đã\n> mở.", id="over two quoted lines"),
        pytest.param("- Trạm xổ\n  số đã", ["xổ số"], "- Trạm đã", id="over two lines of an item"),
        pytest.param("Một.\n\n![kèo](//x.bet/a 't')\n\nHai.", ["kèo"], "Một.\n\nHai.", id="a banner"),
        pytest.param('Một ![kèo](/a.png "nổ") hai', ["kèo", "nổ"], "Một ![](/a.png) hai", id="words of an image"),
        pytest.param("![](/a.png) kèo\n", ["kèo"], "![](/a.png)\n", id="words beside an image"),
        pytest.param("Một.\n\nkèo\n\nHai.\n", ["kèo"], "Một.\n\nHai.\n", id="a paragraph"),
        pytest.param("Một.\r\n\r\nkèo\r\n\r\nHai.\r\n", ["kèo"], "Một.\r\n\r\nHai.\r\n", id="a paragraph with CR LF"),
        pytest.param("Một.\n\nkèo\n", ["kèo"], "Một.\n", id="the last paragraph"),
        pytest.param("Một.\n\nkèo", ["kèo"], "Một.", id="the last paragraph without a line break"),
        pytest.param("kèo\n\nMột.\n", ["kèo"], "Một.\n", id="the first paragraph"),
        pytest.param("Một\nkèo\nhai.", ["kèo"], "Một\nhai.", id="a line of a paragraph"),
        pytest.param("Một  \nkèo  \nhai\n", ["kèo"], "Một  \nhai\n", id="a line between hard breaks"),
        pytest.param("## Kèo\n\nHai.\n", ["Kèo"], "Hai.\n", id="a heading"),
        pytest.param("Kèo\n---\n\nHai.\n", ["Kèo"], "Hai.\n", id="an underlined heading"),
        pytest.param("## Trạm kèo\n", ["kèo"], "## Trạm\n", id="the end of a heading"),
        pytest.param(
            "Một.\n\n<div hidden>\n\n[kèo](//x.bet) và [nổ](//y)\n\n</div>\n\nHai.\n",
            ["kèo và nổ"],
            "Một.\n\nHai.\n",
            id="a hidden block around Markdown",
        ),
        pytest.param("Một <b>kèo</b> hai", ["kèo"], "Một hai", id="inline HTML"),
    ],
)
def test_cuts(source: str, words: list[str], left: str) -> None:
    document = read(source, "markdown")
    spans = [(start, start + len(word)) for word in words for start in [document.text.index(word)]]
    assert cut(document, spans) == left


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("Xem [giá **bán**](//x.bet) nhé", "Xem giá **bán** nhé"),
        ("Xem [giá][a] nhé\n\n[a]: //x.bet\n", "Xem giá nhé\n"),
        ("Xem [giá] nhé\n\n[giá]: //x.bet\n", "Xem giá nhé\n"),
        ("Xem [![ảnh](//o.vn/b.png)](//x.bet 'T')", "Xem ![ảnh](//o.vn/b.png)"),
        ("Xem [a\\] b](//x.bet)", "Xem a\\] b"),
        ("Xem <https://x.bet/a>", "Xem https://x.bet/a"),
        ("Xem <a href='//x.bet'>giá</a>", "Xem giá"),
    ],
)
def test_unwraps_links(source: str, left: str) -> None:
    document = read(source, "markdown")
    edits = unwrap_edits(document, next(element for element in document.elements if element.href))
    assert apply(source, merged([*edits, *hider_edits(document, edits)])) == left


def test_a_definition_that_goes_is_a_finding_of_its_own() -> None:
    article = "Bà con thôn Hạ vét kênh dẫn nước trước vụ cấy, trạm bơm và nhà trường cùng góp công sức.\n\n" * 3
    source = f"{article}Việc [nạo vét][1] vẫn được làm đều.\n\n[1]: https://nhacai88bet.win/\n"
    result = Cleaner().clean(source, "markdown")
    assert result.text == f"{article}Việc nạo vét vẫn được làm đều.\n"
    assert [finding.quote for finding in result.findings] == ["[nạo vét][1]", "[1]: https://nhacai88bet.win/"]


def cut(document: Document, spans: list[tuple[int, int]]) -> str:
    edits = edits_of(document, spans)
    return apply(document.source, merged([*edits, *hider_edits(document, edits)]))


# --- Planted and cut -------------------------------------------------------------------------------------------------

WORDS = "sáng nay bà con thôn Hạ vét kênh dẫn nước trước vụ cấy rồi cùng nhau dọn bờ".split(" ")
PHRASE = "tài xỉu zuvo88"
FRAMES = [("", ""), ("# ", ""), ("- ", ""), ("1. ", ""), ("> ", ""), ("> - ", ""), ("| ", " | 2 |\n|---|---|")]
SIGNS = [("", ""), ("**", "**"), ("*", "*"), ("[", "](/tin)"), ("`", "`"), ("<b>", "</b>"), ("~~", "~~")]
DRESSES = [
    "{}",
    "**{}**",
    "*{}*",
    "[{}](https://zuvo88.club/)",
    "**[{}](https://zuvo88.club/ 'x')**",
    "[*{}*](<https://zuvo88.club/>)",
    "<a href='https://zuvo88.club/'>{}</a>",
    "![{}](https://zuvo88.club/a.png)",
    "[![{}](https://zuvo88.club/a.png)](https://zuvo88.club)",
]
BLOCKS = [
    "{}",
    "# {}",
    "<div style='display:none'>\n\n{}\n</div>",
    "<div hidden>\n\n{}\n\n</div>",
    "- {}",
    "> {}",
    "> - {}",
]
thorough = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def pages(draw: st.DrawFn) -> list[list[str]]:
    """A source of some blocks, each in pieces between which something can be planted."""
    found = []
    for before, after in draw(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=4)):
        first, size = draw(st.integers(0, 8)), draw(st.integers(3, 8))
        words = WORDS[first : first + size]
        opening, closing = draw(st.sampled_from(SIGNS))
        at = draw(st.integers(0, len(words) - 1))
        words[at] = f"{opening}{words[at]}{closing}"
        found.append([before, *(f"{word} " for word in words[:-1]), words[-1], f"{after}\n\n"])
    return found


@thorough
@given(pages(), st.data(), st.sampled_from(DRESSES))
def test_a_phrase_planted_in_a_block(page: list[list[str]], data: st.DataObject, dress: str) -> None:
    source = joined(page)
    block = data.draw(st.integers(0, len(page) - 1))
    piece = data.draw(st.integers(1, len(page[block]) - 2))
    page[block].insert(piece, dress.format(PHRASE) + " ")
    assert without_the_phrase(joined(page)) == source


@thorough
@given(pages(), st.data(), st.sampled_from(["[{}][z1]", "[{}]", "**[{}][]**", "![{}][z1]"]))
def test_a_reference_link_planted_in_a_block(page: list[list[str]], data: st.DataObject, dress: str) -> None:
    source = joined(page)
    block = data.draw(st.integers(0, len(page) - 1))
    page[block].insert(data.draw(st.integers(1, len(page[block]) - 2)), dress.format(PHRASE) + " ")
    label = "z1" if "z1" in dress else PHRASE
    page.insert(data.draw(st.integers(0, len(page))), [f"[{label}]: https://zuvo88.club/\n\n"])
    assert without_the_phrase(joined(page)) == source


@thorough
@given(pages(), st.data(), st.sampled_from(DRESSES), st.sampled_from(BLOCKS))
def test_a_planted_block(page: list[list[str]], data: st.DataObject, dress: str, block: str) -> None:
    before = data.draw(st.integers(0, len(page)))
    above, below = [*page[:before], ["***\n\n"]], [["***\n\n"], *page[before:]]  # where no list or quote goes on
    planted = [block.format(dress.format(PHRASE)), "\n\n"]
    assert without_the_phrase(joined([*above, planted, *below])) == joined([*above, *below])


def joined(page: list[list[str]]) -> str:
    return "".join(piece for block in page for piece in block)


def without_the_phrase(source: str) -> str:
    document = read(source, "markdown")
    start = document.text.index(PHRASE)
    return cut(document, [(start, start + len(PHRASE))])
