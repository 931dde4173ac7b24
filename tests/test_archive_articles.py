"""Files that are an article each."""

from __future__ import annotations

import codecs
import unicodedata

import pytest
from archived import cut, edits_of, read, removal, texts
from hypothesis import given
from hypothesis import strategies as st

from cleaner.archive.formats import articles
from cleaner.archive.records import ArchiveError, Bad, Wanted
from cleaner.edit import apply
from cleaner.types import Edit

HONEST = "Chợ nổi Cái Răng họp từ bốn giờ sáng, ghe xuồng chở đầy trái cây; khách nên đi sớm."
SPAM = " Nhà cái XO88 tặng 100k."


@pytest.mark.parametrize(
    ("name", "wanted", "format"),
    [
        ("bao/cho-noi.txt", "auto", "auto"),
        ("bao/cho-noi.HTML", "auto", "html"),
        ("bao/cho-noi.htm.gz", "auto", "html"),
        ("bao/cho-noi.xhtml", "auto", "html"),
        ("bao/cho-noi.md", "auto", "markdown"),
        ("bao/cho-noi.markdown.zst", "auto", "markdown"),
        ("bao/cho-noi.md", "text", "text"),
        ("bao/cho-noi.txt", "html", "html"),
    ],
)
def test_reads_by_the_ending_unless_told(name: str, wanted: str, format: str) -> None:
    (text,) = texts(read(articles, HONEST.encode(), Wanted(format=wanted), name))
    assert (text.record, text.name, text.text, text.offset, text.format) == (name, "", HONEST, 0, format)


def test_there_is_nothing_in_an_empty_file() -> None:
    assert read(articles, b"") == []


@pytest.mark.parametrize(
    ("honest", "encoding", "spelled"),
    [
        (HONEST, "utf-8", HONEST.encode()),
        (HONEST, "utf-8", codecs.BOM_UTF8 + HONEST.encode()),
        (HONEST, "utf-16-le", codecs.BOM_UTF16_LE + HONEST.encode("utf-16-le")),
        (HONEST, "utf-16-be", codecs.BOM_UTF16_BE + HONEST.encode("utf-16-be")),
        (HONEST, "utf-32-le", codecs.BOM_UTF32_LE + HONEST.encode("utf-32-le")),
        ("Tàu chạy lúc 6 giờ.\r\nVé đặt trước.\r", "utf-8", "Tàu chạy lúc 6 giờ.\r\nVé đặt trước.\r".encode()),
        ("“Café” était fermé à midi.", "cp1252", "“Café” était fermé à midi.".encode("cp1252")),
        ("<meta charset=gb18030>新闻:龘𠮷。", "gb18030", "<meta charset=gb18030>新闻:龘𠮷。".encode("gb18030")),
        ("<meta charset=big5>新聞報導。", "big5hkscs", "<meta charset=big5>新聞報導。".encode("big5")),
        ("<meta charset=Shift_JIS>①新聞ソ能。", "cp932", "<meta charset=Shift_JIS>①新聞ソ能。".encode("cp932")),
        ("<meta charset=euc-jp>新聞。", "euc_jp", "<meta charset=euc-jp>新聞。".encode("euc_jp")),
        ("<meta charset=euc-kr>새 소식.", "cp949", "<meta charset=euc-kr>새 소식.".encode("cp949")),
        ("<meta charset=iso-2022-jp>新聞と Web。", "iso2022_jp", None),
    ],
)
def test_cuts_in_every_encoding(honest: str, encoding: str, spelled: bytes | None) -> None:
    bom = (spelled or b"")[: len(spelled or b"") - len(honest.encode(encoding))]
    infected = honest[:-1] + " XO88 bonus" + honest[-1:]
    data = bom + infected.encode(encoding)
    (text,) = texts(read(articles, data))
    assert text.text == infected
    assert text.whole == (encoding == "iso2022_jp")
    assert cut(data, [(text, [removal(infected, " XO88 bonus")])]) == bom + honest.encode(encoding)
    assert text.patches([]) == []


def test_cuts_vietnamese_in_windows_1258() -> None:
    marks = "\u0300\u0301\u0303\u0309\u0323"
    spelled = ""
    for letter in HONEST + SPAM:
        parts = unicodedata.normalize("NFD", letter)
        tones = "".join(mark for mark in parts if mark in marks)
        spelled += unicodedata.normalize("NFC", "".join(p for p in parts if p not in marks)) + tones
    data = spelled.encode("cp1258")
    (text,) = texts(read(articles, data))
    spam = text.text[text.text.index(" Nha") :]
    assert unicodedata.normalize("NFC", spam) == SPAM
    assert cut(data, [(text, [removal(text.text, spam)])]) == data[: -len(spam)]


def test_an_encoding_that_cannot_spell_the_seam_refuses_it() -> None:
    (text,) = texts(read(articles, "Café fermé… merci à tous".encode("cp1252")))
    with pytest.raises(ArchiveError, match=r"cp1252 cannot spell '\\u1ea1'"):
        text.patches([Edit(0, 4, "ạ")])
    (text,) = texts(read(articles, "<meta charset=iso-2022-jp>新聞".encode("iso2022_jp")))
    with pytest.raises(ArchiveError, match=r"iso2022_jp cannot spell '\\u1ea1'"):
        text.patches([Edit(0, 4, "ạ")])


def test_what_one_code_spells_is_not_parted() -> None:
    source = "<meta charset=big5>粵語 Ê̄ 拼音。"
    data = source.encode("big5hkscs")
    (text,) = texts(read(articles, data))
    assert text.text == source
    after = source.index("\u0304")
    with pytest.raises(ArchiveError):
        text.patches([Edit(after, after + 1, "")])
    with pytest.raises(ArchiveError):
        text.patches([Edit(after - 1, after, "")])
    assert cut(data, [(text, [Edit(after - 1, after + 1, "")])]) == source.replace("Ê̄", "").encode("big5hkscs")


def test_what_is_no_text_is_told() -> None:
    data = b"%PDF-1.7\n" + bytes(range(256)) * 400
    assert read(articles, data, name="tap-chi.txt") == [
        Bad("tap-chi.txt", 0, "binary data (PDF document), not a text", data[: 1 << 16])
    ]


def test_what_is_too_long_for_an_article_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "LONGEST", 1 << 20)
    data = b"Tin " * (1 << 20)
    assert read(articles, data, name="nhat-ky.txt") == [Bad("nhat-ky.txt", 0, "longer than 1 MiB", data[: 1 << 16])]


@given(st.data())
def test_a_file_cut_and_read_again_is_the_edited_text(data: st.DataObject) -> None:
    encoding, bom = data.draw(
        st.sampled_from([("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-be", codecs.BOM_UTF16_BE)])
    )
    source = data.draw(st.text(st.sampled_from('tinạ\u0323漢😀 "\r\n<'), min_size=1, max_size=40))
    file = bom + source.encode(encoding)
    (text,) = texts(read(articles, file, size=7))
    edits = data.draw(edits_of(source))
    after = cut(file, [(text, edits)])
    assert after == bom + apply(source, edits).encode(encoding)
    assert [patch for edit in edits for patch in text.patches([edit])] == text.patches(edits)
