"""JSON lines: where strings stand, and what cutting from them leaves."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from archived import cut, edits_of, read, removal, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.archive.formats import jsonl
from cleaner.archive.records import ArchiveError, Bad, Text, Wanted
from cleaner.edit import apply
from cleaner.types import Edit

CONTENT = Wanted(("content",))
HONEST = "Xã Phước Hải có hơn ba trăm tàu cá.\nMỗi sáng, chợ cá họp ngay trên bãi biển; khách mua tận tay ngư dân."
SPAM = ' Nhà cái XO88 tặng 100k 🎰 vào ngay "link" C:\\x88.'
RECORD = {
    "id": 1042,
    "title": "Chợ cá Phước Hải",
    "url": "https://bao.example/cho-ca.html",
    "published": "2024-03-12",
    "tags": ["cá", {"content": "không phải bài"}, [["content"]]],
    "author": {"name": "Lê Thị Hoa", "content": "phóng viên"},
    "content": HONEST + SPAM,
}


def line(record: object, **options: Any) -> bytes:
    return json.dumps(record, **options).encode()


@pytest.mark.parametrize(
    "options",
    [
        {"ensure_ascii": False},
        {"ensure_ascii": True},
        {"ensure_ascii": False, "separators": (",", ":")},
        {"ensure_ascii": False, "separators": (" ,\t", "\t : ")},
        {"ensure_ascii": False, "sort_keys": True},
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "", " \n\n \n"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
def test_cuts_from_a_line_and_leaves_the_rest_as_it_is(options: dict[str, Any], end: str, bom: bytes) -> None:
    data = bom + line(RECORD, **options) + end.encode()
    content, title = sorted(texts(read(jsonl, data)), key=lambda text: text.name)
    assert (title.name, title.text) == ("title", RECORD["title"])
    assert content.text == RECORD["content"]
    assert (content.record, content.offset, content.date) == ("1042", len(bom), "2024-03-12")
    assert (content.link, content.format, content.whole) == (RECORD["url"], "auto", False)
    after = cut(data, [(title, []), (content, [removal(content.text, SPAM)])])
    assert after == bom + line(RECORD | {"content": HONEST}, **options) + end.encode()


def test_spells_the_seam_as_the_line_is_spelled() -> None:
    record = {"content": "Chiều nay X trời mưa"}
    seam = [Edit(9, 12, '…"\n😀')]
    for in_ascii, expected in [(True, r"Chi\u1ec1u nay\u2026\"\n\ud83d\ude00tr"), (False, 'Chiều nay…\\"\\n😀tr')]:
        data = line(record, ensure_ascii=in_ascii)
        (text,) = texts(read(jsonl, data))
        assert expected.encode() in cut(data, [(text, seam)])


def test_escapes_that_need_not_be_stay() -> None:
    data = b'{"content":"\\u0054in \\/ m\\u1EDBi XO88 <\\/p>\\ud83d\\ude00 \xf0\x9f\x98\x80"}\n'
    (text,) = texts(read(jsonl, data))
    assert text.text == "Tin / mới XO88 </p>😀 😀"
    assert cut(data, [(text, [removal(text.text, " XO88")])]) == data.replace(b" XO88", b"")
    assert cut(data, [(text, [removal(text.text, "😀")])]) == data.replace(b"\\ud83d\\ude00", b"")


def test_half_an_emoji_stays_half_of_one() -> None:
    data = b'{"content":"Xem th\\u00eam \\ud83d XO88 \\ude00 \\ud83d"}'
    (text,) = texts(read(jsonl, data))
    assert text.text == "Xem thêm \ud83d XO88 \ude00 \ud83d"
    assert cut(data, [(text, [removal(text.text, "XO88 ")])]) == data.replace(b"XO88 ", b"")
    with pytest.raises(ArchiveError, match=r"halves of a surrogate pair would meet \(character 10\)"):
        text.patches([removal(text.text, " XO88 ")])


def test_nested_fields_have_dotted_names() -> None:
    record = {"_id": "a-7", "data": {"body": {"text": HONEST + SPAM}, "n": [{"body": {"text": "khác"}}]}, "text": None}
    data = line(record, ensure_ascii=False)
    (text,) = texts(read(jsonl, data, Wanted(("data.body.text", "text"), "_id", "markdown")))
    assert (text.record, text.name, text.format) == ("a-7", "data.body.text", "markdown")
    assert json.loads(cut(data, [(text, [removal(text.text, SPAM)])]))["data"]["body"]["text"] == HONEST
    assert [text.name for text in texts(read(jsonl, data))] == ["data.body.text"]
    flat = line({"data.body.text": HONEST}, ensure_ascii=False)
    assert [text.text for text in texts(read(jsonl, flat))] == [HONEST]


def test_records_without_names_go_by_where_they_begin() -> None:
    data = b'{"content":"M\xe1\xbb\x99t"}\r\n\r\n{"content":"Hai", "id": ""}\n{"content":"Ba", "id": true}\n'
    assert [text.record for text in texts(read(jsonl, data, Wanted(("content",), "id")))] == [
        "byte 0",
        "byte 23",
        "byte 51",
    ]


@pytest.mark.parametrize(
    ("bad", "record", "cause"),
    [
        (b'{"content": "Tin b\xe1\xbb m\xe1\xbb\x9bi"}', "", "not UTF-8 (byte 18)"),
        (b'{"content": "Tin', "", "not JSON: Unterminated string starting at (character 12)"),
        (b'{"content": "a\tb"}', "", "not JSON: Invalid control character at (character 14)"),
        (b'{"content": "a"} {"content": "b"}', "", "not JSON: Extra data (character 17)"),
        (b"khong phai", "", "not JSON: Expecting value (character 0)"),
        (b"\xff\xfe{\x00}\x00", "", "not UTF-8 (byte 0)"),
        (b"[" * 100_000, "", "nested too deep"),
        (b'["content", "Tin"]', "", "not a JSON object"),
        (b'"content"', "", "not a JSON object"),
        (b'{"content": "a", "id": 5, "content": "b"}', "", "the key 'content' comes twice"),
        (b'{"content": "a", "x": {"y": 1, "y": 1}}', "", "the key 'y' comes twice"),
        (b'{"id": 5}', "5", "no 'content'"),
        (b'{"id": "n\\u1ecdc", "content": ["Tin"]}', "nọc", "'content' is not a string"),
        (b'{"id": 5.5, "content": {"text": "Tin"}}', "5.5", "no 'content'"),
        (b'{"content": 17}', "", "'content' is not a string"),
    ],
)
def test_tells_what_cannot_be_read_and_goes_on(bad: bytes, record: str, cause: str) -> None:
    good = line({"id": "bai-1", "content": HONEST}, ensure_ascii=False) + b"\n"
    data = good + bad + b"\n" + good
    first, told, last = read(jsonl, data, Wanted(("content",), "id"), size=64)
    assert told == Bad(record or f"byte {len(good)}", len(good), cause, (bad + b"\n")[: 1 << 16])
    assert isinstance(first, Text)
    assert isinstance(last, Text)
    assert (first.text, last.text, last.offset) == (HONEST, HONEST, len(good + bad) + 1)


def test_there_is_nothing_to_read_in_a_null() -> None:
    good = b'{"a": {"b": "Tin"}}\n'
    for data in (b'{"id": 2, "a": {"b": null}}\n', b'{"id": 2, "a": null}\n'):
        assert read(jsonl, good + data, Wanted(("a.b",)))[1:] == []
    assert read(jsonl, good + b'{"a": {}}', Wanted(("a.b",)))[1:] == [Bad("byte 20", 20, "no 'a.b'", b'{"a": {}}')]


def test_one_of_the_wanted_fields_is_enough() -> None:
    data = b'{"title": "Tin"}\n{"title": null, "body": "Tin"}\n{"title": 5, "body": "Tin"}\n{}\n'
    records = read(jsonl, data, Wanted(("title", "body")))
    assert [(record.offset, record.name if isinstance(record, Text) else record.cause) for record in records] == [
        (0, "title"),
        (17, "body"),
        (48, "'title' is not a string"),
        (48, "body"),
        (76, "no 'title' or 'body'"),
    ]


def test_fields_of_one_name_are_not_guessed_at() -> None:
    data = b'{"a": {"text": "Tin"}, "a.text": "Tin"}\n{"a": {"text": "Tin"}, "a.text": 5}\n{"a": {"text": "Hai"}}'
    records = read(jsonl, data, Wanted(("a.text",)))
    assert [record.text if isinstance(record, Text) else record.cause for record in records] == [
        "'a.text' is the name of several fields",
        "'a.text' is not a string",
        "Hai",
    ]


@pytest.mark.parametrize(
    ("data", "wanted", "message"),
    [
        (b"tieu de,noi dung\n", Wanted(), r"bao: no line .* a JSON object \(byte 0: not JSON: Expecting value"),
        (b'\n[{"content": "Tin"}]\n', CONTENT, r"no line .* \(byte 1: not a JSON object\)"),
        (b'{"id": 7, "body": "Tin"}', CONTENT, "no field 'content' \\(there are: 'id', 'body'\\)"),
        (b'{"id": 7}\n', Wanted(), "no field looks like texts"),
        (b'{"content": "' + b"T" * (1 << 20), Wanted(), "Unterminated string"),
    ],
)
def test_refuses_what_has_no_texts(data: bytes, wanted: Wanted, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        jsonl.layout("bao", data[: 1 << 20], wanted)


@pytest.mark.parametrize("data", [b"", b"\n \r\n", codecs.BOM_UTF8])
def test_there_is_nothing_in_an_empty_file(data: bytes) -> None:
    assert read(jsonl, data) == []


def test_a_record_longer_than_its_beginning_needs_named_fields() -> None:
    long = "Ghe xuồng chở trái cây. " * 90_000
    data = line({"content": long + SPAM}, ensure_ascii=False) + b"\n" + line({"content": "Tin"})
    first, second = texts(read(jsonl, data, CONTENT, size=1 << 14))
    assert second.text == "Tin"
    after = cut(data, [(first, [removal(first.text, SPAM)])])
    assert json.loads(after.splitlines()[0])["content"] == long


NAMES = st.sampled_from(["content", "a.b", "", "a", "b", 'k"{', "tiêu đề"])
STRINGS = st.text(st.sampled_from('aạ\u0323漢😀"\\/\n\x00\ud83d\ude00{}[]:, '), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.builds(lambda record, text: record | {"content": text}, st.dictionaries(NAMES, VALUES), STRINGS)


def paired(value: Any) -> Any:
    """A value as JSON gives it back: halves of characters that meet become one."""
    return json.loads(json.dumps(value))


@settings(max_examples=300)
@given(st.data())
def test_lines_cut_and_read_again_are_the_edited_records(data: st.DataObject) -> None:
    records = data.draw(st.lists(RECORDS.map(paired), min_size=1, max_size=4))
    ends = [data.draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n"])) for _ in records]
    in_ascii = True if "\\ud" in ascii(records) else data.draw(st.booleans())
    file = b"".join(line(r, ensure_ascii=in_ascii) + end.encode() for r, end in zip(records, ends, strict=True))
    found = texts(read(jsonl, file, CONTENT, size=data.draw(st.integers(1, 60))))
    assert [text.text for text in found] == [record["content"] for record in records]
    edited = []
    expected = []
    for text, record in zip(found, records, strict=True):
        edits = data.draw(edits_of(text.text))
        try:
            alone = [patch for edit in edits for patch in text.patches([edit])]
        except ArchiveError:
            edits, alone = [], []
        assert alone == text.patches(edits)
        edited.append((text, edits))
        expected.append(record | {"content": apply(text.text, edits)})
    after = cut(file, edited)
    assert [json.loads(piece) for piece in after.split(b"\n") if piece.strip()] == expected
    assert cut(file, [(text, []) for text in found]) == file
