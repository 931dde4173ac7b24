"""CSV and its like: where cells stand, and what cutting from them leaves."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from archived import cut, edits_of, read, removal, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.archive.formats import delimited
from cleaner.archive.records import ArchiveError, Bad, Piece, Text, Wanted
from cleaner.edit import apply
from cleaner.types import Edit

HONEST = 'Hội làng Đình Bảng mở ngày rằm.\nDân làng nói "năm nay đông"; khách, phần lớn từ Hà Nội, về từ sáng.'
SPAM = ' Tải app "68 game bài" nhận 50k.'
HEADER = ["id", "title", "content", "ngay_dang", "url"]
ROW = ["12", "Hội làng, Đình Bảng", HONEST + SPAM, "2024-04-23", "https://bao.example/hoi-lang"]
SIMPLE = ["13", "Giá lúa tăng", "Giá lúa ở An Giang tăng 200 đồng một ký so với tuần trước XO88", "2024-04-24", ""]


def table(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\r\n", quoting: int = 0) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def rows_of(data: bytes, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter, strict=True))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_cuts_from_a_cell_and_leaves_the_rest_as_it_is(delimiter: str, end: str, quoting: int, encoding: str) -> None:
    data = table([HEADER, ROW, SIMPLE], delimiter, end, quoting).encode(encoding)
    title, content, _, plain = texts(read(delimited, data))
    assert (title.name, title.text, title.record) == ("title", ROW[1], "12")
    assert (content.text, content.whole) == (ROW[2], False)
    assert (content.date, content.link, content.format) == (ROW[3], ROW[4], "auto")
    assert (plain.record, plain.text, plain.link) == ("13", SIMPLE[2], "")
    assert plain.whole == (quoting == csv.QUOTE_MINIMAL)
    after = cut(data, [(content, [removal(content.text, SPAM)]), (plain, [removal(plain.text, " XO88")])])
    cleaned = [HEADER, [*ROW[:2], HONEST, *ROW[3:]], [*SIMPLE[:2], SIMPLE[2].replace(" XO88", ""), *SIMPLE[3:]]]
    assert after == table(cleaned, delimiter, end, quoting).encode(encoding)


@pytest.mark.parametrize(
    ("cell", "edit", "expected"),
    [
        ("Tin XO88 mới", Edit(3, 8, ""), "Tin mới"),
        ("Tin XO88 mới", Edit(3, 9, ", "), '"Tin, mới"'),
        ("Tin XO88 mới", Edit(3, 9, "\n"), '"Tin\nmới"'),
        ("Tin XO88 mới", Edit(3, 9, ' "'), '"Tin ""mới"'),
        ("XO88 mới", Edit(0, 4, ""), '" mới"'),
        (" XO88 mới ", Edit(1, 6, ""), " mới "),
        ("mới XO88", Edit(4, 8, ""), '"mới "'),
        ('XO88 "Màn" 27" tốt', Edit(0, 5, ""), '"""Màn"" 27"" tốt"'),
        ('Màn 27" XO88 tốt', Edit(7, 12, ""), 'Màn 27" tốt'),
        ("XO88", Edit(0, 4, ""), ""),
    ],
)
def test_a_cell_gets_quotes_when_it_needs_them(cell: str, edit: Edit, expected: str) -> None:
    data = f"id,content,x\n7,{cell},y\n".encode()
    (text,) = texts(read(delimited, data))
    assert text.text == cell
    after = cut(data, [(text, [edit])])
    assert after == f"id,content,x\n7,{expected},y\n".encode()
    assert rows_of(after)[1] == ["7", apply(cell, [edit]), "y"]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_the_only_cell_of_a_row_does_not_vanish(end: str) -> None:
    data = ("content\nTin làng, tin xóm; chợ | đò\nXO88" + end).encode()
    first, second = texts(read(delimited, data))
    assert first.text == "Tin làng, tin xóm; chợ | đò"
    assert cut(data, [(second, [Edit(0, 4, "")])]) == data.replace(b"XO88", b'""')


@pytest.mark.parametrize(
    ("encoding", "cell"),
    [
        ("cp1252", "Le café du marché rouvre à midi, dit la mairie XO88"),
        ("cp1258", "Đoa\u0300n ta\u0300u ra khơi, XO88 biê\u0309n lă\u0323ng"),
    ],
)
def test_cuts_in_other_encodings(encoding: str, cell: str) -> None:
    data = table([["id", "content"], ["1", cell]]).encode(encoding)
    (text,) = texts(read(delimited, data))
    assert text.text == cell
    assert cut(data, [(text, [removal(cell, " XO88")])]) == data.replace(b" XO88", b"")
    with pytest.raises(ArchiveError, match=f"{encoding} cannot spell"):
        text.patches([Edit(0, 2, "漢")])


@pytest.mark.parametrize(
    ("head", "damaged", "cause"),
    [
        ("id,content\n1,Café fermé à midi\n".encode("cp1252"), b"2,Ca\x81f\n", "not cp1252 (byte 4)"),
        ("id,content\n1,<meta charset=sjis>新聞\n".encode("cp932"), b"2,\x87\x90\n", "not spelled as cp932 spells it"),
    ],
)
def test_what_cannot_be_spelled_again_is_told(head: bytes, damaged: bytes, cause: str) -> None:
    layout = delimited.layout("bao", head, Wanted())
    (bad, text) = delimited.texts(Piece(90, 200, damaged + "3,Tin à midi\n".encode("cp1252")[:6] + b"\n"), layout)
    assert bad == Bad("byte 90", 90, cause, damaged)
    assert isinstance(text, Text)
    assert (text.record, text.text) == ("3", "Tin ")


def test_records_without_names_go_by_where_they_begin() -> None:
    data = b"id,content\r\n,Tin\r\n\r\n,Hai\r\n"
    assert [text.record for text in texts(read(delimited, data, Wanted(("content",), "id", "text")))] == [
        "byte 12",
        "byte 20",
    ]


def test_columns_without_names_and_of_one_name_are_left_alone() -> None:
    data = ",tag,tag,content\n0,a,b,Tin làng\n1,c,d,Tin xóm\n".encode()
    first, _ = texts(read(delimited, data))
    assert (first.record, first.name, first.date) == (f"byte {len(b',tag,tag,content') + 1}", "content", "")
    with pytest.raises(ArchiveError, match="bao: several columns are named 'tag'"):
        delimited.layout("bao", data, Wanted(("tag",)))


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (b"9,Tin,x", "3 cells instead of 2"),
        (b"9", "1 cells instead of 2"),
        (b"9,Tin \xe1\xbb m\xe1\xbb\x9bi", "not utf-8 (byte 6)"),
        (b"9,Tin\rm\xe1\xbb\x9bi", "a carriage return outside of quotes"),
        (b'9,"Tin', "the quote at byte 2 is not closed, or not at the end of its cell"),
        (b'9,"Tin" xem', "the quote at byte 2 is not closed, or not at the end of its cell"),
        (b'"9"x,"Tin"', "the quote at byte 0 is not closed, or not at the end of its cell"),
    ],
)
@pytest.mark.parametrize("size", [1, 50, 1 << 20])
def test_tells_what_cannot_be_read_and_goes_on(bad: bytes, cause: str, size: int) -> None:
    good = f'7,"{HONEST.replace(chr(34), chr(34) * 2)}"\r\n'.encode()
    data = b"id,content\r\n" + good + bad + b"\r\n" + good + good
    first, told, *others = read(delimited, data, Wanted(("content",), "id"), size=size)
    place = len(good) + 12
    assert told == Bad(f"byte {place}", place, cause, bad + b"\r\n")
    assert isinstance(first, Text)
    assert [other.text for other in others if isinstance(other, Text)] == [HONEST, HONEST]
    assert len(others) == 2


def test_an_open_quote_costs_no_more_than_it_has_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LONGEST", 200)
    lines = [f"{i},Tin số {i} của ngày\n" for i in range(60)]
    data = ("id,content\n" + "".join([*lines[:10], '10,"Tin\n', *lines[11:]])).encode()
    for size in (1, 64, 1 << 20):
        records = read(delimited, data, Wanted(("content",), "id"), size=size)
        assert [record.record for record in records if isinstance(record, Text)] == [
            str(i) for i in range(60) if i != 10
        ]
        (bad,) = [record for record in records if isinstance(record, Bad)]
        assert bad.cause.startswith("the quote at byte 3 is not closed")
    long = 'id,content\n1,"' + "Tin dài. " * 90 + '"\n2,"' + "Tin\n" * 90 + '"\n3,Ba\n'
    read_again = read(delimited, long.encode(), Wanted(("content",), "id"), size=64)
    assert [record.record for record in read_again if isinstance(record, Text)] == ["1", "3"]


def test_quotes_that_are_odd_everywhere_are_read_in_linear_time() -> None:
    lines = 50_000
    data = b"id,content\n" + b'b",b"b,"\n' * lines
    records = read(delimited, data, Wanted(("content",)), size=1 << 20)
    assert len(records) == lines
    assert all(isinstance(record, Bad) for record in records)


@pytest.mark.parametrize(
    ("data", "wanted", "message"),
    [
        ("id,body\n7,Tin\n".encode("utf-16"), Wanted(), "bao: tables in utf-16 and utf-32 are not read; convert"),
        (b"id,body\n7,\x00\x00\x00\xff\x00\n", Wanted(), r"bao: binary data \(many NUL bytes"),
        (b"PK\x03\x04\xff\xfe,\n", Wanted(), r"bao: binary data \(ZIP"),
        (b'"id,body\n7,Tin\n', Wanted(), "bao: its first record cannot be read: the quote at byte 0 is not closed"),
        (b"id,body\n7,Tin\n", Wanted(("content",)), r"bao: no field 'content' \(there are: 'id', 'body'\)"),
        (b"id,so\n7,8\n", Wanted(), "bao: no field looks like texts"),
    ],
)
def test_refuses_what_is_no_table_of_texts(data: bytes, wanted: Wanted, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        delimited.layout("bao", data, wanted)


@pytest.mark.parametrize("data", [b"", b"\r\n\n", b"\xef\xbb\xbf", b"id,content\n", b"content"])
def test_there_is_nothing_in_an_empty_table(data: bytes) -> None:
    assert read(delimited, data) == []


def test_a_damaged_record_makes_no_other_encoding() -> None:
    data = table([HEADER, ROW, ROW]).encode() + b"1,\xff,a,b,c\r\n"
    assert delimited.layout("bao", data, Wanted()).details["encoding"] == "utf-8"
    cut_short = table([HEADER, *[["1", "Tin", "Giá lúa ổn định.", "", ""]] * 3]).encode()
    for end in range(len(cut_short) - 12, len(cut_short)):
        assert delimited.layout("bao", cut_short[:end], Wanted()).details["encoding"] == "utf-8"


CELLS = st.text(st.sampled_from('aạ\u0323漢😀"",;\t|\r\n \'\\'), max_size=8)


@settings(max_examples=300)
@given(st.data())
def test_tables_cut_and_read_again_have_the_edited_cells(data: st.DataObject) -> None:
    delimiter = data.draw(st.sampled_from(",;\t|"))
    end, quoting = data.draw(
        st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)])
    )
    wide = data.draw(st.integers(2, 4))
    header = ["content", *(f"c{i}" for i in range(1, wide))]
    rows = data.draw(st.lists(st.lists(CELLS, min_size=wide, max_size=wide), max_size=5))
    file = table([header, *rows], delimiter, end, quoting).encode()
    layout = delimited.layout("bao", table([header], delimiter).encode(), Wanted(("content", "c1")))
    pieces = list(delimited.pieces(io.BytesIO(file), layout, data.draw(st.integers(1, 40))))
    assert b"".join(piece.data for piece in pieces) == file
    found = texts(record for piece in pieces for record in delimited.texts(piece, layout))
    assert [text.text for text in found] == [cell for row in rows for cell in row[:2]]
    edited = []
    for i, text in enumerate(found):
        edits = data.draw(edits_of(text.text))
        if not text.whole:
            assert [patch for edit in edits for patch in text.patches([edit])] == text.patches(edits)
        edited.append((text, edits))
        rows[i // 2][i % 2] = apply(text.text, edits)
    assert rows_of(cut(file, edited), delimiter) == [header, *rows]


@settings(max_examples=500)
@given(st.text(st.sampled_from('a,"\r\n;'), max_size=60).map(lambda rest: f"id,content\n{rest}".encode()), st.data())
def test_any_piece_of_any_table_gives_the_same_records(file: bytes, data: st.DataObject) -> None:
    layout = delimited.layout("bao", b"id,content\n", Wanted(("content",)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LONGEST", data.draw(st.integers(1, 70)))
        found = []
        for size in (1, data.draw(st.integers(1, 30)), 1000):
            pieces = list(delimited.pieces(io.BytesIO(file), layout, size))
            assert b"".join(piece.data for piece in pieces) == file
            after = pieces[0].end
            again = list(delimited.pieces(io.BytesIO(file[after:]), layout, size, after))
            pieces = [pieces[0], *again]
            found.append(
                [
                    (record.offset, record.text if isinstance(record, Text) else record)
                    for piece in pieces
                    for record in delimited.texts(piece, layout)
                ]
            )
    assert found[0] == found[1] == found[2]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(["a", ",", '"', '""', '"x,', "\n", "\r\n", ";"]), max_size=30).map("".join))
def test_what_the_library_reads_is_read_so(rest: str) -> None:
    file = f"id,content\n{rest}".encode()
    try:
        rows = [row for row in rows_of(file)[1:] if row]
    except csv.Error:
        return
    layout = delimited.layout("bao", b"id,content\n", Wanted(("content",)))
    records = [r for piece in delimited.pieces(io.BytesIO(file), layout, 8) for r in delimited.texts(piece, layout)]
    assert [record.text if isinstance(record, Text) else record.cause for record in records] == [
        row[1] if len(row) == 2 else f"{len(row)} cells instead of 2" for row in rows
    ]
