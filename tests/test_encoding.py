"""Bytes become text and the same bytes again, whatever they are."""

from __future__ import annotations

import codecs
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.document.encoding import Decoded, decode, encode
from cleaner.types import SourceError

VIETNAMESE = "Ủy ban nhân dân tỉnh đã họp về việc phòng chống dịch; ý kiến người dân được ghi nhận."


def in_1258(text: str) -> bytes:
    """Vietnamese as windows-1258 spells it: base letters precomposed, tones combining."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    pieces = []
    for letter in text:
        marks = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tones))
        pieces.append(base + "".join(mark for mark in marks if mark in tones))
    return "".join(pieces).encode("cp1258")


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"", "utf-8", ""),
        ("Xin chào\r\nbạn\r".encode(), "utf-8", "Xin chào\r\nbạn\r"),
        (codecs.BOM_UTF8 + "bạn".encode(), "utf-8", "bạn"),
        (codecs.BOM_UTF16_LE + "bạn".encode("utf-16-le"), "utf-16-le", "bạn"),
        (codecs.BOM_UTF16_BE + "bạn".encode("utf-16-be"), "utf-16-be", "bạn"),
        (codecs.BOM_UTF32_LE + "bạn".encode("utf-32-le"), "utf-32-le", "bạn"),
        (codecs.BOM_UTF32_BE + "bạn".encode("utf-32-be"), "utf-32-be", "bạn"),
        (codecs.BOM_UTF8 * 2, "utf-8", "\ufeff"),
        ("<meta charset=gbk>新闻".encode("gbk"), "gbk", "<meta charset=gbk>新闻"),
        (
            "<META http-equiv='Content-Type' content='text/html; charset=Shift_JIS'>①新聞".encode("cp932"),
            "cp932",
            "<META http-equiv='Content-Type' content='text/html; charset=Shift_JIS'>①新聞",
        ),
        (
            '<?xml version="1.0" encoding="windows-1251"?>Новости'.encode("cp1251"),
            "cp1251",
            '<?xml version="1.0" encoding="windows-1251"?>Новости',
        ),
        (b"<meta charset='iso-8859-1'>\x93caf\xe9\x94", "cp1252", "<meta charset='iso-8859-1'>“café”"),
        ("<meta charset='iso-8859-1'>xã hội, ngờ".encode(), "utf-8", "<meta charset='iso-8859-1'>xã hội, ngờ"),
        ('<meta charset="utf-16">chào'.encode(), "utf-8", '<meta charset="utf-16">chào'),
        (b"<meta charset=no-such-thing>x", "utf-8", "<meta charset=no-such-thing>x"),
        (b"<meta charset=rot13>x", "utf-8", "<meta charset=rot13>x"),
        (b"<meta charset=unicode_escape>\\u1ea1", "utf-8", "<meta charset=unicode_escape>\\u1ea1"),
        (b"<meta charset=utf-8>caf\xe9", "cp1252", "<meta charset=utf-8>café"),
        ("Però l'età è già più lunga, lunedì può".encode("cp1252"), "cp1252", "Però l'età è già più lunga, lunedì può"),
        ("São informações que não são à venda".encode("cp1252"), "cp1252", "São informações que não são à venda"),
        (b"undefined in windows-1252: \x81\xff", "latin-1", "undefined in windows-1252: \x81ÿ"),
        (b"one NUL\x00in a text", "utf-8", "one NUL\x00in a text"),
        (b"\x00", "utf-8", "\x00"),
    ],
)
def test_decodes_and_encodes_again(data: bytes, encoding: str, text: str) -> None:
    decoded = decode(data)
    assert (decoded.encoding, decoded.text) == (encoding, text)
    assert encode(decoded.text, decoded) == data


def test_recognises_vietnamese_in_windows_1258() -> None:
    data = in_1258(VIETNAMESE)
    decoded = decode(data)
    assert decoded.encoding == "cp1258"
    assert unicodedata.normalize("NFC", decoded.text) == VIETNAMESE
    assert encode(decoded.text, decoded) == data


def test_a_byte_order_mark_before_other_bytes_counts_as_text() -> None:
    data = codecs.BOM_UTF8 + b"\xff\xfe"
    decoded = decode(data)
    assert decoded.bom == b""
    assert encode(decoded.text, decoded) == data


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG image"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"PK\x03\x04\x14\x00", "ZIP archive"),
        (b"\x1f\x8b\x08\x00", "gzip archive"),
        (b"\x7fELF\x02\x01", "ELF program"),
        (b"\xff\xd8\xff\xe0", "JPEG image"),
        ("UTF-16 without a mark".encode("utf-16-le"), "NUL"),
    ],
)
def test_refuses_binary_data(data: bytes, kind: str) -> None:
    with pytest.raises(SourceError, match=f"binary data.*{kind}"):
        decode(data)


def test_names_the_character_that_an_encoding_cannot_spell() -> None:
    with pytest.raises(SourceError, match=r"cp1252 cannot spell '\\u1ea1' \(offset 1\)"):
        encode("bạn", Decoded("", "cp1252"))
    with pytest.raises(SourceError, match="utf-8 cannot spell"):
        encode("\ud800", Decoded("", "utf-8"))


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE]
        + [f"<meta charset={name}>".encode() for name in ("gbk", "big5", "euc-kr", "iso-2022-jp", "sjis", "koi8-r")]
        + [in_1258(VIETNAMESE), VIETNAMESE.encode(), b"\r\n", b"\r", b"\x1b$B"]
    ),
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=5).map(b"".join))
def test_every_byte_string_comes_back(data: bytes) -> None:
    try:
        decoded = decode(data)
    except SourceError as error:
        assert str(error).startswith("binary data (")  # noqa: PT017
    else:
        assert encode(decoded.text, decoded) == data
