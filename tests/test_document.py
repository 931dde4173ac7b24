"""Every format becomes visible text whose characters know where they come from."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.document import detect_format, read
from cleaner.document.hiding import hiding_technique
from cleaner.types import Document, Element, SourceError


def quotes(document: Document, name: str) -> list[tuple[str, str]]:
    """Source and visible text of the elements of a name."""
    return [
        (document.source[e.start : e.end], document.text[e.text_start : e.text_end])
        for e in document.elements
        if e.name == name
    ]


def element(source: str, name: str) -> Element:
    """The first element of a name in an HTML source."""
    return next(e for e in read(source, "html").elements if e.name == name)


def squeezed(text: str) -> str:
    return "".join(text.split())


# --- Formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "format"),
    [
        ("", "text"),
        ("3 < 5 and a > b, a<b and c>d", "text"),
        ("Liên hệ <a@b.vn> hoặc <c@d.vn>, <e@f.vn>", "text"),
        ("một dòng<br>hai dòng", "text"),
        ("Theo báo cáo [1], giá tăng [2](tr.5).\n# \n- một ý", "text"),
        ("# Một tiêu đề\n\nđoạn văn\n- ý một\n- ý hai\n> trích", "text"),
        ("#xổsố #hômnay\n#keo #nha", "text"),
        ("-----\nTin: hôm nay\n-----", "text"),
        ("<!DOCTYPE html><title>Tin</title>", "html"),
        ("\ufeff\n<!-- x --><html lang=vi>", "html"),
        ("<p>Xin chào</p>", "html"),
        ('Đoạn văn <a href="http://x.vn">tại đây</a> hết.', "html"),
        ("một<br>hai<br/>ba<BR >bốn", "html"),
        ("---\ntitle: Tin\n---\nXin chào", "markdown"),
        ("+++\ntitle = 'Tin'\n+++\nXin chào", "markdown"),
        ("Xem [trang này](https://x.vn/a) nhé", "markdown"),
        ("Xem [kèo](spam88.com) nhé", "markdown"),
        ("```py\nx < 1\n```\n", "markdown"),
        ("# Một\n\nđoạn\n\n## Hai\n\nđoạn", "markdown"),
        ("# Một\n\n## Hai\n\n[x](http://y.vn) <b>đậm</b>", "markdown"),
    ],
)
def test_detects_the_format(source: str, format: str) -> None:
    assert detect_format(source) == format
    assert read(source).format == format


def test_refuses_an_unknown_format_and_bytes() -> None:
    with pytest.raises(SourceError, match=r"unknown format 'rtf' \(known: auto, text, html, markdown\)"):
        read("x", "rtf")
    with pytest.raises(TypeError, match="str, not bytes"):
        read(b"x")  # type: ignore[arg-type]


def test_a_plain_text_is_its_own_visible_text() -> None:
    document = read("a\r\nb &amp; <i>", "text")
    assert (document.text, document.starts, document.ends) == (document.source, None, None)


# --- HTML: visible text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Xin  chào\n bạn</p>", "Xin  chào  bạn\n"),
        ("<pre>một\nhai</pre>\nba\r\nbốn", "một\nhai\n ba  bốn"),
        ("<div><p>một</p><p>hai</p></div>ba", "một\nhai\nba"),
        ("<ul>\n<li>một</li>\n<li>hai</li>\n</ul>", " một\n hai\n "),
        ("Tin <b>nóng</b>, <a href=x>xem</a>.", "Tin nóng, xem."),
        ("một<br>hai<br/><br>ba", "một\nhai\n\nba"),
        ("<head><title>Tin &amp; bài</title><style>p{}</style></head><body>Nội dung", "Tin & bài\nNội dung"),
        ("a<script>document.write('<p>x</p>')</script>b<style>c</style><!-- d --><template><p>e</p></template>", "ab"),
        ("<noscript>Bật JavaScript</noscript>", "Bật JavaScript\n"),
        ("caf&eacute; &eacutet&eacute &#225;&#xe1 &#147;x&#148; &notin; &notit; &nosuch; & &#x110000;", None),
        ("giá &lt;b&gt; &#38;amp; &nbsp;đồng", "giá <b> &amp; \xa0đồng"),
        ("<table><tr><td>một<td>hai<tr><th>ba</table>", "một\nhai\nba\n"),
        ("<select><option>một<option>hai</select>", "một\nhai\n"),
        ("</body></html><a href='http://x.vn'>kèo</a>", "kèo"),
        ("Tin <span style='display:none'>xổ số</span> mới", "Tin xổ số mới"),
        ("Tin<div hidden>xổ số</div>mới", "Tin\nxổ số\nmới"),
        ("新闻<wbr>中心&#x3002;", "新闻中心。"),
        ("\x00một \ud800 hai", "\x00một \ud800 hai"),
    ],
)
def test_visible_text_of_html(source: str, text: str | None) -> None:
    assert read(source, "html").text == (html.unescape(source) if text is None else text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a < b", "a<b"),
        ("a <3 b", "a<3b"),
        ("a<", "a<"),
        ("a</", "a</"),
        ("a</>b", "ab"),
        ("a</ b>c", "ac"),
        ("a<!b>c", "ac"),
        ("a<?php b ?>c", "ac"),
        ("a<!-->b", "ab"),
        ("a<!--->b", "ab"),
        ("a<!-- b --!>c", "ac"),
        ("a<!-- b -- > c", "a"),
        ("a<!-- <!-- b --> c -->d", "ac-->d"),
        ("a<p class='>'>b", "ab"),
        ("a<p class=x'y>'b", "a'b"),
        ('a<p =">b', "ab"),
        ('a<p ="x>y">b', 'ay">b'),
        ('a<p class="x>b', "a"),
        ("a<p class=", "a"),
        ("a<p <b>c", "ac"),
        ("a<p/b>c</p\n x='>'>d", "acd"),
        ("a<p class=x/>b", "ab"),
        ("a</p class='>'>b", "ab"),
        ("<script>a</scrip></script >b", "b"),
        ("<script><!-- <script>a</script> b --></script>c", "c"),
        ("<script><!-- a</script>b", "b"),
        ("<script><!--></script>b", "b"),
        ("<script>a", ""),
        ("<style><!-- </style>a -->", "a-->"),
        ("<title>a<b>&lt;c</b></titl></TITLE>d", "a<b><c</b></titl>d"),
        ("<textarea>a<!-- b</textarea>c-->", "a<!--bc-->"),
        ("<iframe><p>a</iframe>b", "b"),
        ("<![CDATA[a]]>b", "b"),
        ("<svg><text><![CDATA[a<b>c]]>d</text></svg><![CDATA[e]]>f", "a<b>cdf"),
        ("<math><mtext><![CDATA[a]]></mtext></math>b<svg><![CDATA[c</svg>", "abc</svg>"),
        ("<svg><title>a<b>c</title></svg><title>d<b>", "acd<b>"),
        ("a<plaintext>b<p>c</plaintext>&amp;", "ab<p>c</plaintext>&"),
        ("<a.b>c</a.b>", "c"),
        ("<é>a", "<é>a"),
        ("&amp&ltp&gt;", "&<p>"),
        ("&#;&#x;&;&#xD800;&#0;", "&#;&#x;&;\ufffd\ufffd"),
        ("&#1;&#x7F;&#64976;&#x10FFFF;", "\x01\x7f\ufdd0\U0010ffff"),
        ("a</br>b", "ab"),
        ("<svg><path d='x'/><style/></svg>a", "a"),
    ],
)
def test_malformed_html_reads_as_in_a_browser(source: str, text: str) -> None:
    assert squeezed(read(source, "html").text) == text


def test_each_character_maps_to_its_source() -> None:
    source = "<p>a&amp;b<br />c&NotEqualTilde;</p>d"
    document = read(source, "html")
    assert document.text == "a&b\nc≂̸\nd"
    assert document.starts is not None
    assert document.ends is not None
    spelt = [source[start:end] for start, end in zip(document.starts, document.ends, strict=True)]
    assert spelt == ["a", "&amp;", "b", "<br />", "c", "&NotEqualTilde;", "&NotEqualTilde;", "", "d"]


# --- HTML: elements --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name", "found"),
    [
        ("<p>một<p>hai</p>", "p", [("<p>một", "một"), ("<p>hai</p>", "hai")]),
        ("<p>một<div>hai</div>", "p", [("<p>một", "một")]),
        ("<p>một<b>hai<div>ba</div>", "b", [("<b>hai", "hai")]),
        ("<ul><li>một<li>hai</ul>", "li", [("<li>một", "một"), ("<li>hai", "hai")]),
        (
            "<ul><li>một<ul><li>hai</ul><li>ba</ul>",
            "li",
            [("<li>một<ul><li>hai</ul>", "một\nhai\n"), ("<li>hai", "hai"), ("<li>ba", "ba")],
        ),
        (
            "<table><tr><td>một<td>hai<tr><td>ba</table>",
            "td",
            [("<td>một", "một"), ("<td>hai", "hai"), ("<td>ba", "ba")],
        ),
        (
            "<td>một<table><tr><td>hai</table></td>",
            "td",
            [("<td>một<table><tr><td>hai</table></td>", "một\nhai\n"), ("<td>hai", "hai")],
        ),
        ("<dl><dt>một<dd>hai<dt>ba</dl>", "dt", [("<dt>một", "một"), ("<dt>ba", "ba")]),
        ("<h2>một</h3>hai", "h2", [("<h2>một</h3>", "một")]),
        ("<div>một</span>hai</div>", "div", [("<div>một</span>hai</div>", "mộthai")]),
        ("<b><p>một</b>hai</p>ba", "b", [("<b><p>một</b>hai</p>", "mộthai")]),
        ("<b>một<i>hai</b>ba</i>", "i", [("<i>hai", "hai")]),
        (
            "<div><table><tr><td></div>một</table>hai</div>",
            "div",
            [("<div><table><tr><td></div>một</table>hai</div>", "một\nhai")],
        ),
        ("<div>một</body></html>hai", "div", [("<div>một", "một")]),
        ("<a href=x>một<a href=y>hai", "a", [("<a href=x>một", "một"), ("<a href=y>hai", "hai")]),
        ("<a name=x>một</a>", "a", []),
        ("<template><p>một</p></template>", "p", []),
    ],
)
def test_elements_end_where_html_ends_them(source: str, name: str, found: list[tuple[str, str]]) -> None:
    assert quotes(read(source, "html"), name) == found


@pytest.mark.parametrize(
    ("tag", "href"),
    [
        ('<a href="http://x.vn/?a=1&amp;b=2">', "http://x.vn/?a=1&b=2"),
        ("<A HREF=' http://x.vn/ '>", "http://x.vn/"),
        ("<a class=c href=http://x.vn/?a&copy=1&lt;>", "http://x.vn/?a&copy=1<"),
        ("<a href='one' href='two'>", "one"),
        ("<a\nhref\n=\n'x'>", "x"),
        ("<a href='&#104;ttp&colon;//x'>", "http://x"),
    ],
)
def test_href_is_decoded(tag: str, href: str) -> None:
    assert element(f"{tag}chữ</a>", "a").href == href


def test_attributes_that_people_see_follow_the_text() -> None:
    source = (
        '<meta name="Description" content="Mô tả"><meta property=og:title content=Tên><meta name=robots content=x>'
        '<p>Xem <img src=i alt="ảnh &quot;đẹp&quot;"> của <a href=# title="xổ số">tỉnh</a> <img alt=" ">'
        "<input placeholder='Tìm kiếm' aria-label=ô></p>"
    )
    document = read(source, "html")
    assert document.text == 'Xem  của tỉnh \n\nMô tả\nTên\nảnh "đẹp"\nxổ số\nTìm kiếm\nô'
    assert quotes(document, "attribute") == [
        ("Mô tả", "Mô tả"),
        ("Tên", "Tên"),
        ("ảnh &quot;đẹp&quot;", 'ảnh "đẹp"'),
        ("xổ số", "xổ số"),
        ("Tìm kiếm", "Tìm kiếm"),
        ("ô", "ô"),
    ]


@pytest.mark.parametrize(
    ("style", "technique"),
    [
        ("display:none", "display:none"),
        ("color:red; DISPLAY : None !important", "display:none"),
        ("display:/**/none", "display:none"),
        ("visibility:hidden", "visibility:hidden"),
        ("opacity:0", "opacity:0"),
        ("opacity:.0", "opacity:0"),
        ("font-size:0", "font-size:0"),
        ("font-size:1px", "font-size:0"),
        ("text-indent:-9999px", "text-indent"),
        ("text-indent:-99em", "text-indent"),
        ("position:absolute;left:-9999px", "off-screen"),
        ("position:fixed;top:-100em", "off-screen"),
        ("height:0;overflow:hidden", "zero-size"),
        ("overflow:auto;width:1px;height:1px", "zero-size"),
        ("position:absolute;clip:rect(0 0 0 0)", "clip"),
        ("clip:rect(1px, 1px, 1px, 1px)", "clip"),
        ("clip-path:inset(50%)", "clip"),
        ("clip-path:circle(0)", "clip"),
        ("clip-path:polygon(0 0, 0 0, 0 0)", "clip"),
        ("content-visibility:hidden", "content-visibility:hidden"),
        ("filter:blur(2px) opacity(0%)", "filter:opacity(0)"),
        ("font:0/0 a", "font-size:0"),
        ("line-height:0;overflow:hidden", "line-height:0"),
        ("text-indent:1000px", "text-indent"),
        ("letter-spacing:-20px", "letter-spacing"),
        ("margin-left:-9999px", "off-screen"),
        ("margin:0 0 0 -2000px", "off-screen"),
        ("position:absolute;right:-4000px", "off-screen"),
        ("position:absolute;inset:-9999px auto auto 0", "off-screen"),
        ("position:absolute;left:9999px", "off-screen"),
        ("max-height:0;overflow:hidden", "zero-size"),
        ("transform:scale(0)", "transform"),
        ("transform:scale(1, 0) rotate(3deg)", "transform"),
        ("transform:translateX(-9999px)", "transform"),
        ("transform:rotateY(90deg)", "transform"),
        ("scale:0", "transform"),
        ("color:transparent", "colour"),
        ("color:rgba(0, 0, 0, 0)", "colour"),
        ("color:#12345600", "colour"),
        ("-webkit-text-fill-color:transparent", "colour"),
        ("color:#fff;background:white", "colour"),
        ("color:red;background-color:red", "colour"),
        ("position:relative;z-index:-1", "z-index"),
        ("", ""),
        ("color:#fff;background:#000", ""),
        ("color:rgba(0,0,0,.8)", ""),
        ("background:white", ""),
        ("font:12px/1.5 Arial", ""),
        ("font:400 10px/20px Arial", ""),
        ("line-height:0", ""),
        ("letter-spacing:-1px", ""),
        ("margin-left:-15px", ""),
        ("transform:scale(1.05)", ""),
        ("transform:translate(-50%, -50%)", ""),
        ("transform:rotate(90deg)", ""),
        ("filter:opacity(.9)", ""),
        ("z-index:-1", ""),
        ("clip-path:circle(40%)", ""),
        ("max-height:0", ""),
        ("display:block", ""),
        ("display:none;display:block", ""),
        ("opacity:.95", ""),
        ("font-size:10px", ""),
        ("font-size:0.9em", ""),
        ("text-indent:-20px", ""),
        ("left:-9999px", ""),
        ("position:absolute;left:-50%", ""),
        ("overflow:hidden", ""),
        ("height:1px", ""),
        ("clip:rect(0, 100px, 20px, 0)", ""),
        ("clip:auto", ""),
        ("background:url(display:none)", ""),
        ("content:'x';;:;a", ""),
    ],
)
def test_hiding_is_read_from_declarations(style: str, technique: str) -> None:
    assert hiding_technique(style) == technique
    assert element(f'<div style="{style}">chữ</div>', "div").hidden == technique


def test_other_ways_of_hiding() -> None:
    assert element("<div hidden>x</div>", "div").hidden == "hidden"
    assert element("<noscript>x</noscript>", "noscript").hidden == "noscript"
    assert element("<marquee width=0 height='0'>x</marquee>", "marquee").hidden == "zero-size"
    assert element("<marquee width=100>x</marquee>", "marquee").hidden == ""
    assert element("<time style='display&#58;none'>x</time>", "time").hidden == "display:none"


def test_a_hidden_block_of_links_is_one_element_with_its_links_inside() -> None:
    links = '<a href="http://x.vn">xsmb</a>, <a href="http://y.vn">kèo</a>'
    hidden = f'<div style="position:absolute;left:-2000px">{links}</div>'
    document = read(f"<p>Hội nghị</p>{hidden}<p>kết thúc.</p>", "html")
    assert document.text == "Hội nghị\nxsmb, kèo\nkết thúc.\n"
    found = [(e.name, e.href, e.hidden) for e in document.elements]
    assert found == [
        ("p", "", ""),
        ("div", "", "off-screen"),
        ("a", "http://x.vn", ""),
        ("a", "http://y.vn", ""),
        ("p", "", ""),
    ]
    assert quotes(document, "div") == [(hidden, "xsmb, kèo")]


@pytest.mark.parametrize(
    ("source", "name", "technique"),
    [
        ("<p>a</p><!-- <a href='//x.bet'>kèo</a> | <a href='//y.bet'>xổ số</a> -->", "comment", "comment"),
        (
            '<p>a</p><script>document.write(\'<a href="//x.bet">kèo</a> <a href="//y.bet">xổ số</a>\')</script>',
            "script",
            "document.write",
        ),
    ],
)
def test_links_that_only_machines_see(source: str, name: str, technique: str) -> None:
    document = read(source, "html")
    assert document.text == "a\n\nkèo\nxổ số"
    assert [(e.name, e.href, e.hidden) for e in document.elements] == [
        ("p", "", ""),
        (name, "", technique),
        ("a", "//x.bet", ""),
        ("a", "//y.bet", ""),
    ]
    assert quotes(document, name) == [(source.removeprefix("<p>a</p>"), "kèo\nxổ số")]
    assert document.targets == {"//x.bet", "//y.bet"}


@pytest.mark.parametrize(
    "source",
    ["<!-- <b>kèo</b> -->", "<script>var a = '<a href=x>kèo</a>';</script>", "<!-- <a name=x>kèo</a> -->"],
)
def test_other_comments_and_scripts_say_nothing(source: str) -> None:
    assert read(source, "html").text == ""


def test_strings_of_json_ld() -> None:
    source = (
        '<script type="application/ld+json">{"@type": "Article", "headline": "Tr\\u1ea1m \\"A\\"\\/B \\ud83d\\ude00", '
        '"url": "https://x.vn", "description": " "}</script><script>{"name": "không"}</script>'
    )
    document = read(source, "html")
    assert document.text == 'Trạm "A"/B \ud83d\ude00'
    assert quotes(document, "attribute") == [
        ('Tr\\u1ea1m \\"A\\"\\/B \\ud83d\\ude00', 'Trạm "A"/B \ud83d\ude00'),
    ]


@pytest.mark.parametrize(
    ("head", "host"),
    [
        ('<link rel="canonical" href="https://www.bao.vn/tin">', "www.bao.vn"),
        ("<meta property=og:url content=https://BAO.vn/>", "bao.vn"),
        ("<base href='//bao.vn/'>", "bao.vn"),
        (
            '<link rel=stylesheet href="https://cdn.vn/a.css"><meta property="og:image" content="https://cdn.vn/a.jpg">',
            "",
        ),
        ('<link rel="canonical" href="http://[::1">', ""),
    ],
)
def test_the_host_that_a_page_names(head: str, host: str) -> None:
    assert read(f"<head>{head}</head><p>a", "html").host == host


# --- Properties ------------------------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
HTML_PIECES = re.split(
    r"[ \n]+",
    """<p> </p> <div> </div> <b> </b> <i> </i> <a\thref="x&amp;y"> </a> <a\thref=' <ul> </ul> <li> </li> <dl> <dt> <dd>
    <table> </table> <tr> </tr> <td> </td> <tbody> <h1> </h2> <br> </br> <hr> <img\talt="&#233;&copy"> <p\ttitle=é>
    <span\thidden> </span> <div\tstyle="display:none"> <template> </template> <title> </title> <textarea> </textarea>
    <script> </script> <style> <noscript> </noscript> <svg> </svg> <x/> <marquee> </marquee> <select> <option> </select>
    <body> </body> </html> <!-- --> <! <? </ < / > = " ' & &amp; &amp &notit; &NotEqualTilde; &#128; &#x1; &#xD800 a
    é 新 . ;""",
)
MARKDOWN_PIECES = [
    *("# ", "## ", "- ", "* ", "1. ", "> ", "    ", "\t", "---", "***", "```", "~~~", "`", "``", "[", "![", "]"),
    *("](x)", "](<y z>)", '](x "t")', "](", "(", ")", "<http://x>", "<", ">", "\\", "\n", "\n\n", "\r\n", "a", "é"),
    *("---\na: b\n", "+++\n", " ", "|", "|-|-|\n", "**", "_", "~~", "[a]: z\n", "[a]", "[a][]", "  \n", "\\\n", "==="),
    *("<div hidden>", "</div>", "<b>", "</b>", "<!-- <a href='//x'>y</a> -->", "<script>", "&amp;", "&copy", "- - "),
]


def soup(pieces: list[str]) -> st.SearchStrategy[str]:
    """Strings of markup in any order, with any characters between."""
    return st.lists(st.one_of(st.sampled_from([*pieces, " ", "\n"]), ANY_TEXT), max_size=25).map("".join)


def check_intervals(document: Document) -> None:
    """Intervals lie in the source, grow until attribute values follow, and spell their characters."""
    assert document.starts is not None
    assert document.ends is not None
    starts, ends = document.starts, document.ends
    assert starts.dtype == ends.dtype == np.int64
    assert len(starts) == len(ends) == len(document.text)
    assert np.all(starts >= 0)
    assert np.all(starts <= ends)
    assert np.all(ends <= len(document.source))
    back = {int(i) + 1 for i in np.flatnonzero((np.diff(starts) < 0) | (np.diff(ends) < 0))}
    values = [e.text_start for e in document.elements if e.name in ("attribute", "comment")]
    assert back <= {min(values, default=0) - 1}
    intervals: dict[tuple[int, int], str] = {}
    for character, start, end in zip(document.text, starts.tolist(), ends.tolist(), strict=True):
        intervals[start, end] = intervals.get((start, end), "") + character
    for (start, end), characters in intervals.items():
        spelt = document.source[start:end]
        if start == end:
            assert not characters.strip("\n")
        elif document.format == "html" and re.match("</?br", spelt, re.I):
            assert characters == "\n"
        elif document.format == "html":
            assert characters in (unescaped(spelt), re.sub(r"[\n\r\f]", " ", spelt))
        elif re.fullmatch(r"\\?(?:\r\n?|\n|\f)[ \t>]*", spelt):  # with what the next line of a paragraph begins with
            assert characters in (" ", "\n", spelt)
        else:
            assert characters in (spelt, unescaped(spelt), spelt.removeprefix("\\"))


def unescaped(spelt: str) -> str:
    """A reference as browsers read it; ``html.unescape`` leaves out what is no character to print."""
    digits = spelt[2:].rstrip(";")
    return html.unescape(spelt) or chr(int("0" + digits, 16 if digits[0] in "xX" else 10))


def check_elements(document: Document) -> None:
    """Elements are in order, in range, and one within the other or side by side."""
    open_ends = [len(document.source)]
    previous = -1
    for found in document.elements:
        assert previous <= found.start < found.end
        assert 0 <= found.text_start <= found.text_end <= len(document.text)
        while open_ends[-1] <= found.start and len(open_ends) > 1:
            open_ends.pop()
        assert found.end <= open_ends[-1]
        open_ends.append(found.end)
        previous = found.start
    for start, end in document.protected:
        assert 0 <= start <= end <= len(document.text)


@settings(max_examples=300, deadline=None)
@given(st.one_of(ANY_TEXT, soup(HTML_PIECES)))
def test_html_properties(source: str) -> None:
    document = read(source, "html")
    check_intervals(document)
    check_elements(document)
    body_end = min((e.text_start - 1 for e in document.elements if e.name == "attribute"), default=None)
    synthetic = np.flatnonzero(document.starts == document.ends)
    assert 0 not in synthetic
    assert np.all(np.diff(synthetic[synthetic < (body_end or len(document.text))]) > 1)


@settings(max_examples=300, deadline=None)
@given(st.one_of(ANY_TEXT, soup(MARKDOWN_PIECES)))
def test_markdown_properties(source: str) -> None:
    document = read(source, "markdown")
    check_intervals(document)
    check_elements(document)


@settings(max_examples=300, deadline=None)
@given(st.one_of(ANY_TEXT, soup(HTML_PIECES), soup(MARKDOWN_PIECES)))
def test_any_string_is_read(source: str) -> None:
    document = read(source)
    assert document.source == source
    assert document.format == detect_format(source)


# --- Adversaries -----------------------------------------------------------------------------------------------------

MANY = 100_000


@pytest.mark.parametrize("format", ["html", "markdown", "auto"])
@pytest.mark.parametrize(
    "source",
    [
        "<a " * MANY,
        '<a ="' * MANY,
        "<a b='" * MANY,
        "<a" + " " * MANY,
        "<" * MANY,
        "</" * MANY,
        "<!--" * MANY,
        "<!--" + "-" * MANY,
        "<title>" * MANY,
        "<svg><![CDATA[a]]>" * MANY,
        "<svg><![CDATA[" * MANY,
        "<plaintext>" * MANY,
        "<script><!--<script>" * MANY,
        "<div>" * MANY + "x" + "</div>" * MANY,
        "<b><p>" * MANY + "</b>" * MANY,
        "<b><table><td>" + "<i>" * MANY + "</b>" * MANY,
        "<table><tr><td>" * MANY,
        "<a href=x>" * MANY,
        "<p>" * MANY,
        "<a " + " ".join(f"a{i}" for i in range(MANY)) + ">",
        "&" * MANY,
        "&amp;" * MANY,
        "<p>&#" + "1" * MANY + ";&#x" + "f" * MANY,
        '<p style="width:' + "1" * MANY + 'x">',
        '<p style="' + "/*" * MANY + '">',
        '<p style="' + ";:" * MANY + '">',
        '<p style="clip:rect(' + "0," * MANY + '">',
        "[" * MANY,
        "![" * MANY + "](x)" * MANY,
        "](" * MANY,
        "[x](y " * MANY,
        '[x](y "' * MANY,
        "[x](<" * MANY,
        "`" * MANY,
        "` `` ``` " * MANY,
        "> " * MANY,
        "- " * MANY,
        "# \n" * MANY,
        "- x\n" * MANY,
        "* *" * MANY + "x",
        "```\n" * MANY,
        "~" * MANY,
        "---\na: b\n" * MANY,
        "\\" * MANY,
        "\r" * MANY,
        "x" * MANY,
        "*a " * MANY,
        "a*" * MANY,
        "*_a " * MANY,
        "**a_" * MANY,
        "[a]" * MANY + "\n\n[a]: x",
        "[a][" * MANY + "\n\n[a]: x",
        "[a]: x\n" * MANY,
        "[a]: x '\n" * MANY,
        "[a" * MANY + "]" * MANY + "\n\n[a]: x",
        "x <!--" * MANY,
        "x <?" * MANY,
        "- - " * MANY + "x",
        "- " * MANY + "x" + "\n\n" * MANY + "x",
        "> - " * MANY + "x" + "\n>" * MANY,
        "1. " * MANY + "x\n" * MANY,
        "a|" * MANY + "\n" + "-|" * MANY,
        "a|b\n-|-\n" + "|\n" * MANY,
        "a|b\n" * MANY,
        "# a" + " " * MANY + "x",
        "a  \n" * MANY,
        "![a](/x " * MANY,
        "[a](b(c(" * MANY,
        "> a\n" * MANY,
    ],
    ids=lambda source: ascii(source[:24]),
)
def test_adversaries_finish(source: str, format: str) -> None:
    assert read(source, format).source == source
