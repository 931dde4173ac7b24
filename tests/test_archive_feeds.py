"""Feeds: their texts are found where they stand, and nothing else is ever touched."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.archive.formats import feeds
from cleaner.archive.records import ArchiveError, Bad, Patch, Piece, Text, Wanted, applied
from cleaner.edit import apply
from cleaner.types import Edit

WXR = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file: <item> elements are posts. -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
<title>Báo làng</title>
<item>
  <title><![CDATA[Mùa gặt ở Mường Thanh]]></title>
  <link>https://baolang.example/mua-gat?a=1&amp;b=2</link>
  <pubDate>Tue, 03 Oct 2023 02:00:00 +0000</pubDate>
  <guid isPermaLink="false">https://baolang.example/?p=17</guid>
  <description></description>
  <content:encoded><![CDATA[<p>Lúa năm nay chín sớm.</p>\r\n<p>Xem kèo nhà cái tại đây.</p>]]></content:encoded>
  <excerpt:encoded><![CDATA[Lúa chín sớm.]]></excerpt:encoded>
  <wp:post_id>17</wp:post_id>
  <wp:post_date_gmt><![CDATA[2023-10-03 02:00:00]]></wp:post_date_gmt>
  <wp:comment><wp:comment_content><![CDATA[Bài hay quá]]></wp:comment_content></wp:comment>
</item>
<item>
  <title>Chợ nổi &amp; b&#233; Na</title>
  <wp:post_id>18</wp:post_id>
  <wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>
  <content:encoded>&lt;p&gt;Ch&#x1EE3; nổi Cái Răng.&lt;/p&gt;</content:encoded>
</item>
</channel>
</rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom">
<title>Tin biển</title>
<entry>
  <title type="text">Tàu cá về bến</title>
  <link rel="self" href="https://bien.example/1.atom"/>
  <link rel="alternate" href="https://bien.example/1?x=1&amp;y=2"/>
  <id>tag:bien.example,2024:1</id>
  <updated>2024-05-01T06:00:00+07:00</updated>
  <source><title>Nguồn khác</title></source>
  <summary>Ba mươi tàu về bến.</summary>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Cá đầy khoang, <a
    href="https://keo.example">nhà cái uy tín</a>.</p></div></content>
</entry>
<entry>
  <id>tag:bien.example,2024:2</id>
  <published>2024-05-02</published>
  <content type="html">&lt;b&gt;Gió mùa&lt;/b&gt;</content>
  <content type="image/png">iVBORw0KGgo=</content>
</entry>
</feed>
"""


def read(data: bytes, size: int = 1 << 20, wanted: Wanted | None = None) -> list[Text | Bad]:
    layout = feeds.layout("tin.xml", data, wanted or Wanted())
    return [found for piece in feeds.pieces(io.BytesIO(data), layout, size) for found in feeds.texts(piece, layout)]


def texts(data: bytes) -> list[Text]:
    found = read(data)
    assert not [bad for bad in found if isinstance(bad, Bad)]
    return [text for text in found if isinstance(text, Text)]


def rss(*items: str, head: str = "") -> bytes:
    return f"{head}<rss><channel>{''.join(items)}</channel></rss>".encode()


def cut(data: bytes, text: Text, edits: Sequence[Edit]) -> bytes:
    """The container with edits of one text applied."""
    patches = [Patch(text.offset + start, old, new) for start, old, new in text.patches(edits)]
    changed = applied(data, patches)
    shift, back = 0, []
    for patch in patches:
        back.append(Patch(patch.start + shift, patch.new, patch.old))
        shift += len(patch.new) - len(patch.old)
    assert applied(changed, back) == data
    return changed


def remove(data: bytes, text: Text, words: str, replacement: str = "") -> bytes:
    start = text.text.index(words)
    return cut(data, text, [Edit(start, start + len(words), replacement)])


def test_reads_an_export_of_wordpress() -> None:
    first, content, excerpt, title, other = texts(WXR.encode())
    assert [(t.name, t.text, t.format) for t in (first, excerpt, title, other)] == [
        ("title", "Mùa gặt ở Mường Thanh", "text"),
        ("excerpt:encoded", "Lúa chín sớm.", "html"),
        ("title", "Chợ nổi & bé Na", "text"),
        ("content:encoded", "<p>Chợ nổi Cái Răng.</p>", "html"),
    ]
    assert content.text == "<p>Lúa năm nay chín sớm.</p>\n<p>Xem kèo nhà cái tại đây.</p>"
    assert {t.offset for t in (first, content, excerpt)} == {WXR.encode().index(b"<item>\n")}
    assert (content.record, content.date, content.link) == (
        "https://baolang.example/?p=17",
        "2023-10-03 02:00:00",
        "https://baolang.example/mua-gat?a=1&b=2",
    )
    assert (title.record, title.date, title.link, title.whole) == ("18", "", "", False)


def test_reads_atom() -> None:
    title, summary, content, other = texts(ATOM.encode())
    assert (title.record, title.date) == ("tag:bien.example,2024:1", "2024-05-01T06:00:00+07:00")
    assert title.link == "https://bien.example/1?x=1&y=2"
    assert (summary.text, summary.format) == ("Ba mươi tàu về bến.", "auto")
    assert content.text.startswith('<div xmlns="http://www.w3.org/1999/xhtml"><p>Cá đầy khoang, <a\n')
    assert (content.format, content.whole) == ("html", True)
    assert (other.text, other.format, other.date) == ("<b>Gió mùa</b>", "html", "2024-05-02")


def test_reads_rss_1() -> None:
    data = (
        '<rdf:RDF xmlns:rdf="x"><channel><title>Kênh</title><items><rdf:Seq><rdf:li rdf:resource="u"/></rdf:Seq>'
        '</items></channel><item rdf:about="https://a.example/>1"><title>Tin</title><link>u</link>'
        "<dc:date>2005-01-02</dc:date></item></rdf:RDF>"
    ).encode()
    (title,) = texts(data)
    assert (title.text, title.record, title.date) == ("Tin", "u", "2005-01-02")


PREFIXED = {
    "a:entry": """<?xml version="1.0"?>
<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:media="m"><a:title>Báo Biển</a:title>
<media:entry>khác</media:entry>
<a:entry><a:id>tag:1</a:id><a:title>Bão số 4</a:title><a:link href="https://bien.example/4"/>
<a:updated>2024-09-02</a:updated><a:content type="html">Tàu về bến trước bão.</a:content></a:entry>
</a:feed>""",
    "rss:item": """<r:RDF xmlns:r="r" xmlns:rss="http://purl.org/rss/1.0/" xmlns:dc="d">
<rss:channel><rss:title>Kênh</rss:title></rss:channel>
<rss:item r:about="u"><rss:title>Bão số 4</rss:title><rss:link>tag:1</rss:link><dc:date>2024-09-02</dc:date>
<rss:description>Tàu về bến trước bão.</rss:description></rss:item></r:RDF>""",
}


@pytest.mark.parametrize("record", PREFIXED)
def test_reads_feeds_whose_elements_have_a_prefix(record: str) -> None:
    data = PREFIXED[record].encode()
    title, content = texts(data)
    assert (title.name, title.text, title.record, title.date) == ("title", "Bão số 4", "tag:1", "2024-09-02")
    assert (content.text, content.format) == ("Tàu về bến trước bão.", "html")
    assert remove(data, content, " trước bão") == data.replace(" trước bão".encode(), b"")
    prefix = record.partition(":")[0]
    for field in ("title", f"{prefix}:title"):
        assert [found.text for found in read(data, wanted=Wanted((field,))) if isinstance(found, Text)] == [title.text]


@pytest.mark.parametrize(
    ("raw", "value", "words", "replacement", "left"),
    [
        ("<![CDATA[Giá vàng hôm nay]]>", "Giá vàng hôm nay", " hôm nay", "", "<![CDATA[Giá vàng]]>"),
        ("G&#237;a v&agrave;ng", "Gía v&agrave;ng", "ía", "", "G v&agrave;ng"),
        ("a &amp;lt; b", "a &lt; b", "&lt;", "<&>", "a &lt;&amp;&gt; b"),
        ("<![CDATA[ab]]><![CDATA[cd]]>", "abcd", "bc", "-", "<![CDATA[a-]]><![CDATA[d]]>"),
        ("<![CDATA[mã ]]]]><![CDATA[> xong]]>", "mã ]]> xong", "]]>", "", "<![CDATA[mã ]]><![CDATA[ xong]]>"),
        ("x <![CDATA[y]]> z", "x y z", " y ", "", "x<![CDATA[]]>z"),
        ("một <!-- ẩn --> hai", "một  hai", "  ", " ", "một <!-- ẩn -->hai"),
        ("<![CDATA[[a]xxx]>b]]>", "[a]xxx]>b", "xxx", "", "<![CDATA[[a]]]><![CDATA[]>b]]>"),
        ("<![CDATA[[a]]xxx>b]]>", "[a]]xxx>b", "xxx", "", "<![CDATA[[a]]]]><![CDATA[>b]]>"),
        ("<![CDATA[axxx]]>", "axxx", "xxx", "]", "<![CDATA[a]]]><![CDATA[]]>"),
        ("a]]xxx>b", "a]]xxx>b", "xxx", "", "a]]<![CDATA[]]>>b"),
        ("a & xxxamp;", "a & xxxamp;", " xxx", "", "a &<![CDATA[]]>amp;"),
        ("a\r\nb\r\nc", "a\nb\nc", "b\n", "", "a\r\nc"),
        ("a\rxxx\nb", "a\nxxx\nb", "xxx", "", "a\r<![CDATA[]]>\nb"),
        ("<![CDATA[axxxb]]>", "axxxb", "xxx", "\r", "<![CDATA[a]]>&#13;<![CDATA[b]]>"),
        ("&#0; &#xD800; &#x110000; &#9999999999; &#;", "&#0; &#xD800; &#x110000; &#9999999999; &#;", " &#;", "",
         "&#0; &#xD800; &#x110000; &#9999999999;"),
        ("&#x1F33E; lúa", "🌾 lúa", "🌾 ", "", "lúa"),
    ],
)  # fmt: skip
def test_cuts_out_of_every_spelling(raw: str, value: str, words: str, replacement: str, left: str) -> None:
    data = rss(f"<item><guid>1</guid><title>{raw}</title></item>")
    (text,) = texts(data)
    assert text.text == value
    changed = remove(data, text, words, replacement)
    assert changed == rss(f"<item><guid>1</guid><title>{left}</title></item>")
    assert [t.text for t in texts(changed)] == [value.replace(words, replacement, 1)]


def test_a_replacement_that_the_encoding_lacks_becomes_a_reference() -> None:
    head = '<?xml version="1.0" encoding="windows-1251"?>'
    data = f"{head}<rss><item><title><![CDATA[Новости дня]]></title></item></rss>".encode("cp1251")
    (text,) = texts(data)
    changed = remove(data, text, " дня", "…ạ")
    assert "Новости…]]>&#7841;<![CDATA[]]>".encode("cp1251") in changed
    assert texts(changed)[0].text == "Новости…ạ"
    with pytest.raises(ArchiveError, match="XML cannot hold"):
        text.patches([Edit(0, 1, "\x00")])


def test_elements_that_are_the_text_stay_well_formed() -> None:
    data = ATOM.encode()
    content = next(t for t in texts(data) if t.whole)
    start, end = content.text.index("<a"), content.text.index("</a>")
    changed = cut(data, content, [Edit(start, content.text.index("nhà"), ""), Edit(end, end + 4, "")])
    ElementTree.fromstring(changed)
    assert "Cá đầy khoang, nhà cái uy tín.".encode() in changed
    with pytest.raises(ArchiveError, match="what is left would not be well-formed"):
        content.patches([Edit(end, end + 4, "")])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig", "cp1251", "gb18030", "cp932"])
def test_any_encoding(encoding: str) -> None:
    words = {"cp1251": "Новости дня", "gb18030": "新闻]>今天", "cp932": "ニュース[今日]"}.get(encoding, "Tin sáng 🌾")
    declared = {"cp1251": "windows-1251", "cp932": "shift_jis"}.get(encoding, encoding.removesuffix("-sig"))
    text = f'<?xml version="1.0" encoding="{declared}"?><rss><item><title>{words}</title></item>\n' * 1
    data = (text + f"<item><title><![CDATA[{words}]]></title></item></rss>").encode(encoding)
    found = texts(data)
    assert [t.text for t in found] == [words, words]
    changed = remove(data, found[1], words[3:6])
    assert [t.text for t in texts(changed)] == [words, words[:3] + words[6:]]


@pytest.mark.parametrize(
    ("item", "values"),
    [
        ("<title>Cơm & phở</title>", ["Cơm & phở"]),
        ("<title>Cà phê&nbsp;sáng</title>", ["Cà phê&nbsp;sáng"]),
        ("<title>Dấu\x0bvết\x00</title>", ["Dấu\x0bvết\x00"]),
        ("<link>https://a.example/?a=1&b=2</link><title>Tin</title>", ["Tin"]),
        ("<category a=b>x</category><title>Tin</title>", ["Tin"]),
        ("<description>Gạo <b>ngon</b> lắm</description>", ["Gạo <b>ngon</b> lắm"]),
        ("<description><![CDATA[dạy <![CDATA[ lồng]]></description>", ["dạy <![CDATA[ lồng"]),
        ("<content:encoded><![CDATA[viết </item><item> vào bài]]></content:encoded>", ["viết </item><item> vào bài"]),
        ("<title/><description>  </description>", []),
    ],
)
def test_what_is_not_quite_xml_is_read_all_the_same(item: str, values: list[str]) -> None:
    assert [t.text for t in texts(rss(f"<item>{item}</item>"))] == values


@pytest.mark.parametrize(
    ("item", "cause"),
    [
        ("<item><title>Tin", "byte 16 of the record: <item> is not closed"),
        ("<item><title>Tin</item>", "byte 6 of the record: <title> is not closed"),
        ("<item><title>Tin</title></p></item>", "byte 24 of the record: </p> closes what is not open"),
        ("<item><title>Tin <b>nóng</b></title></item>", "byte 13 of the record: <title> holds elements"),
        ("<item><title>5 < 6</title></item>", "byte 15 of the record: a bare < in <title>"),
        ("<item><title>a ]]> b</title></item>", "byte 15 of the record: ]]> outside of CDATA in <title>"),
        ("<item><description><b>a</b><![CDATA[c]]></description></item>",
         "byte 19 of the record: <description> holds elements and CDATA"),
        ("<item><title><![CDATA[Tin</title></item>", "byte 13 of the record: <![CDATA[ is not closed"),
        ("</item>", "byte 0 of the record: </item> closes what is not open"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_apart_is_told(item: str, cause: str) -> None:
    good = "<item><guid>tốt</guid><title>Bài lành</title></item>"
    before, after = rss(item).split(item.encode())
    data = before + good.encode() + item.encode() + good.encode() + after
    found = read(data)
    assert [t.text for t in found if isinstance(t, Text)] == ["Bài lành"] * 2
    (bad,) = (b for b in found if isinstance(b, Bad))
    begin = len(before) + len(good.encode())
    assert (bad.record, bad.offset) == (f"byte {begin}", begin)
    assert bad.data.startswith(item.encode())
    assert bad.cause == cause


def test_bytes_of_another_encoding_are_told() -> None:
    good = "<item><title>Trời nắng, đường xa, áo ướt, đất ẩm, mưa lũ, cỏ úa, lá rụng</title></item>".encode()
    data = rss(head='<?xml version="1.0" encoding="utf-8"?>').replace(
        b"</channel>", good + b"<item><title>caf\xe9</title></item>" + good + b"</channel>"
    )
    found = read(data)
    assert [isinstance(f, Bad) for f in found] == [False, True, False]
    assert isinstance(found[1], Bad)
    assert found[1].cause == "byte 13 of the record: <title> is not spelled in utf-8"


def test_an_export_that_was_cut_off() -> None:
    data = WXR.encode()[: WXR.encode().index(b"&lt;/p&gt;")]
    found = read(data)
    assert [t.name for t in found if isinstance(t, Text)] == ["title", "content:encoded", "excerpt:encoded"]
    assert isinstance(found[-1], Bad)
    assert found[-1].cause.endswith("<item> is not closed")


def test_text_before_the_declaration() -> None:
    data = b"<br />\n<b>Warning</b>: Cannot modify header\n" + WXR.encode()
    assert [t.text for t in texts(data)] == [t.text for t in texts(WXR.encode())]


def test_entities_are_never_expanded() -> None:
    head = '<!DOCTYPE rss [<!ENTITY a "ha ha"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    (text,) = texts(rss("<item><title>&b; &f;</title></item>", head=head))
    assert text.text == "&b; &f;"


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "no feed: the root is <urlset>"),
        (b"<!-- <rss> --><html></html>", "no feed: the root is <html>"),
        (b"chi co chu", "no feed: there is no element"),
        (b"", "no feed: there is no element"),
        (b"\x89PNG\r\n<\x00\x00\x00>", "binary data (PNG image), not a text"),
    ],
)
def test_what_is_no_feed_is_told(data: bytes, cause: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        feeds.layout("ban-do.xml", data, Wanted())
    assert str(caught.value) == f"ban-do.xml: {cause}"


def test_the_user_may_say_what_is_cleaned() -> None:
    (text, other) = read(WXR.encode(), wanted=Wanted(("title",), "wp:post_id", "markdown"))
    assert isinstance(text, Text)
    assert isinstance(other, Text)
    assert (text.name, text.record, text.format, other.record) == ("title", "17", "markdown", "18")
    with pytest.raises(ArchiveError, match="there is no <body>"):
        read(WXR.encode(), wanted=Wanted(("body",)))


@pytest.mark.parametrize("data", [WXR.encode(), ATOM.encode(), WXR.encode("utf-16"), WXR.encode()[:-200]])
@pytest.mark.parametrize("size", [1, 700, 1 << 20])
def test_pieces_are_all_bytes_and_can_be_begun_with(monkeypatch: pytest.MonkeyPatch, data: bytes, size: int) -> None:
    layout = feeds.layout("tin.xml", data, Wanted())
    whole = read(data)
    for block in (1, 37, 1 << 20):
        monkeypatch.setattr(feeds, "BLOCK", block)
        found = list(feeds.pieces(io.BytesIO(data), layout, size))
        assert b"".join(piece.data for piece in found) == data
        assert [piece.offset for piece in found] == [0, *(piece.end for piece in found)][:-1]
        assert found[-1].end == len(data)
        again = [text for piece in found for text in feeds.texts(piece, layout)]
        assert [shown(text) for text in again] == [shown(text) for text in whole]
        for piece in found:
            stream = io.BytesIO(data)
            stream.seek(piece.end)
            rest = list(feeds.pieces(stream, layout, size, piece.end))
            assert rest == [p for p in found if p.offset >= piece.end]


def test_a_section_that_is_never_closed_does_not_take_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    good = "<item><title>Bài lành</title></item>"
    data = rss(good, "<item><title><![CDATA[hỏng</title></item>\n", good * 300)
    monkeypatch.setattr(feeds, "_LONGEST", 1000)
    monkeypatch.setattr(feeds, "BLOCK", 100)
    layout = feeds.layout("tin.xml", data, Wanted())
    found = list(feeds.pieces(io.BytesIO(data), layout, 200))
    assert b"".join(piece.data for piece in found) == data
    assert max(len(piece.data) for piece in found) < 1500
    records = [record for piece in found for record in feeds.texts(piece, layout)]
    assert sum(isinstance(record, Text) for record in records) == 301
    assert sum(isinstance(record, Bad) for record in records) == 1


def shown(found: Text | Bad) -> tuple[object, ...]:
    if isinstance(found, Bad):
        return found.record, found.offset, found.cause, found.data
    return found.record, found.name, found.text, found.offset, found.format, found.date, found.link


SPELLINGS = st.sampled_from(
    ["lúa ", "chín", "]", "]]", "&gt;", "&#233;", "&amp;", "&", "amp;", "\r", "\n", "\r\n", "&#13;", "<!-- x -->",
     "<![CDATA[vàng]]>", "<![CDATA[]]>", "<![CDATA[a]]]]><![CDATA[>b]]>", "<![CDATA[<p>]\r\n]]>", "&nbsp;", "🌾", "#",
     ";"]
)  # fmt: skip
REPLACEMENTS = st.text(st.sampled_from(" .,\n\r]>&<;#…"), max_size=3)


@st.composite
def contents_and_edits(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    raw = "".join(draw(st.lists(SPELLINGS, min_size=1, max_size=12)))
    places = draw(st.lists(st.integers(0, 60), max_size=6))
    places = sorted(places[: len(places) // 2 * 2])
    return raw, [(a, b, draw(REPLACEMENTS)) for a, b in zip(places[::2], places[1::2], strict=True)]


@settings(max_examples=500)
@given(contents_and_edits(), st.booleans())
def test_edits_come_to_the_edited_text_and_nothing_else(
    spelled: tuple[str, list[tuple[int, int, str]]], together: bool
) -> None:
    raw, places = spelled
    data = rss(f"<item><guid>1</guid><title>x{raw}</title><description>khác ]]&gt;</description></item>")
    found = read(data)
    if isinstance(found[0], Bad):
        assert "]]> outside of CDATA" in found[0].cause
        return
    text = found[0]
    edits = [Edit(a, min(b, len(text.text)), new) for a, b, new in places if a < len(text.text)]
    edits = [edit for n, edit in enumerate(edits) if n == 0 or edit.start > edits[n - 1].end]
    assert text.patches([]) == []
    if together:
        changed = cut(data, text, edits)
    else:
        changed = applied(data, [
            Patch(text.offset + start, old, new) for edit in edits for start, old, new in text.patches([edit])
        ])  # fmt: skip
    again = read(changed)
    wanted = apply(text.text, edits)
    assert [t.text for t in again if isinstance(t, Text)] == [t for t in (wanted, "khác ]]>") if t.strip()]
    assert changed.startswith(data[: data.index(b"x")])
    assert changed.endswith(data[data.index(b"</title>") :])


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                "<item>",
                "</item>",
                "<item ",
                "<title>",
                "</title>",
                "<![CDATA[",
                "]]>",
                "<!--",
                "-->",
                "<?",
                "?>",
                "&lt;",
                "&",
                "tin",
                " ",
                "<p>",
                "</p>",
                "\n",
                '"',
                "<link/>",
                "<description>",
                "</description>",
                "\ud800",
            ]
        ),
        max_size=40,
    )
)
def test_anything_is_read_or_told(parts: list[str]) -> None:  # fmt: skip
    data = ("<rss>" + "".join(parts)).encode("utf-8", "surrogatepass")
    layout = feeds.layout("tin.xml", b"<rss>", Wanted())
    for found in feeds.texts(Piece(0, len(data), data), layout):
        if isinstance(found, Text):
            assert found.text.strip()
            (patch,) = found.patches([Edit(0, len(found.text), "")])[:1]
            assert data[found.offset + patch.start :].startswith(patch.old)
        else:
            assert found.cause.startswith("byte ")
            assert data[found.offset :].startswith(found.data)
