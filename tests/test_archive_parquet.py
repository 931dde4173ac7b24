"""Parquet files: texts are found in their columns, and all else stays what it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import SPAM, body_of, change_of, clean, cuts_of, texts_of, title_of, undone

from cleaner.archive.formats.parquet import layout, pieces, rewrite, texts
from cleaner.archive.records import ArchiveError, Bad, Change, Layout, Text, Wanted
from cleaner.types import Edit

ROWS = 250


def articles(rows: int = ROWS, kind: pa.DataType | None = None) -> pa.Table:
    """Articles as archives keep them, with columns that are nobody's business."""
    numbers = range(rows)
    began = datetime(2024, 1, 1, tzinfo=UTC)
    columns = {
        "id": pa.array([1000 + n for n in numbers]),
        "title": pa.array([title_of(n) for n in numbers]),
        "body": pa.array([None if n % 10 == 3 else body_of(n) for n in numbers]).cast(kind or pa.string()),
        "published": pa.array([began + timedelta(hours=n) for n in numbers], pa.timestamp("us", tz="UTC")),
        "url": pa.array([f"https://bao.example/bai-{n}.html" for n in numbers]),
        "tags": pa.array([["tin", None, f"số {n}"] if n % 3 else None for n in numbers]),
        "author": pa.array([{"name": "Lan", "age": n} if n % 4 else None for n in numbers]),
        "views": pa.array([n / 7 if n % 5 else None for n in numbers]),
        "picture": pa.array([bytes([n % 256, 255]) for n in numbers]),
        "section": pa.array([("thời sự", "kinh tế")[n % 2] for n in numbers]).dictionary_encode(),
    }
    table = pa.table(columns)
    field = table.schema.field("title").with_metadata({"note": "dòng đầu"})
    table = table.set_column(1, field, table.column("title"))
    return table.replace_schema_metadata({"pandas": '{"index_columns": [], "columns": []}', "nguồn": "báo"})


def written(path: Path, table: pa.Table | None = None, **options: Any) -> str:
    pq.write_table(articles() if table is None else table, path, **{"row_group_size": 100} | options)
    return str(path)


def cleaned(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return [row | {"title": clean(row["title"]), "body": row["body"] and clean(row["body"])} for row in rows]


def test_finds_its_texts_and_what_is_told_of_them(tmp_path: Path) -> None:
    name = written(tmp_path / "a.parquet")
    found = layout(name, Wanted())
    assert (found.fields, found.id_field, found.date_field, found.link_field) == (
        ("title", "body"), "id", "published", "url",
    )  # fmt: skip
    read = [text for text in texts_of("parquet", name, found) if isinstance(text, Text)]
    assert len(read) == 2 * ROWS - ROWS // 10
    first, second = read[0], read[1]
    assert (first.name, first.text, first.record, first.offset) == ("title", title_of(0), "1000", 0)
    assert (second.name, second.text, second.link) == ("body", body_of(0), "https://bao.example/bai-0.html")
    assert first.date.startswith("2024-01-01 00:00:00")
    assert [text.text for text in read if text.name == "title"] == [title_of(n) for n in range(ROWS)]
    assert {text.format for text in read} == {"auto"}


def test_pieces_go_on_from_any_row(tmp_path: Path) -> None:
    name = written(tmp_path / "a.parquet")
    found = layout(name, Wanted(("body",)))
    whole = [
        text.text for piece in pieces(name, found, 1 << 20) for text in texts(piece, found) if isinstance(text, Text)
    ]
    assert whole == [body_of(n) for n in range(ROWS) if n % 10 != 3]
    for start in (1, 99, 100, 101, 199, 249, 250, 300):
        parts = list(pieces(name, found, 3000, start))
        assert [part.offset for part in parts[:1]] == [start] * (start < ROWS)
        assert all(a.end == b.offset for a, b in pairwise(parts))
        assert sum(part.end - part.offset for part in parts) == max(0, ROWS - start)


def test_without_an_identifying_column_records_are_called_by_their_number(tmp_path: Path) -> None:
    table = pa.table({"body": [body_of(0), body_of(1)]})
    name = written(tmp_path / "a.parquet", table)
    assert [text.record for text in texts_of("parquet", name, layout(name, Wanted()))] == ["1", "2"]


KINDS = {
    "string": pa.string(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    "dictionary of large strings": pa.dictionary(pa.int16(), pa.large_string()),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_cuts_and_keeps_everything_else(tmp_path: Path, kind: pa.DataType) -> None:
    source = articles(kind=kind)
    codecs = {"body": "zstd", "title": "gzip", "tags.list.element": "none"}
    name = written(tmp_path / "a.parquet", source, compression=codecs, use_dictionary=["section", "url"])
    target = str(tmp_path / "b.parquet")
    found = layout(name, Wanted())
    changes = cuts_of("parquet", name, found)
    assert len(changes) > 40
    assert list(rewrite(name, target, found, changes)) == []
    old, new = pq.ParquetFile(name), pq.ParquetFile(target)
    assert new.schema_arrow.equals(old.schema_arrow, check_metadata=True)
    assert new.schema.equals(old.schema)
    assert new.metadata.metadata == old.metadata.metadata
    assert new.metadata.format_version == old.metadata.format_version
    assert new.num_row_groups == old.num_row_groups == 3
    for number in range(3):
        before, after = old.metadata.row_group(number), new.metadata.row_group(number)
        assert after.num_rows == before.num_rows
        for column in range(before.num_columns):
            a, b = before.column(column), after.column(column)
            assert (a.compression, a.has_dictionary_page) == (b.compression, b.has_dictionary_page)
    assert new.read().to_pylist() == cleaned(old.read())
    untouched = [column for column in source.column_names if column not in ("title", "body")]
    assert new.read(untouched).equals(old.read(untouched), check_metadata=True)
    assert list(rewrite(target, target, found, undone(changes))) == []
    assert pq.read_table(target).equals(pq.read_table(name), check_metadata=True)


@pytest.mark.parametrize(
    "options",
    [
        {"version": "1.0"},
        {"version": "2.4"},
        {"store_schema": False},
        {"store_schema": False, "use_deprecated_int96_timestamps": True},
        {"use_compliant_nested_type": False},
        {"write_statistics": False},
        {"write_page_index": True, "compression": "brotli"},
        {"compression": "lz4", "use_dictionary": False},
        {"row_group_size": 1},
        {"row_group_size": 10_000},
    ],
    ids=str,
)
def test_writes_as_the_file_was_written(tmp_path: Path, options: dict[str, Any]) -> None:
    name, target = written(tmp_path / "a.parquet", **options), str(tmp_path / "b.parquet")
    found = layout(name, Wanted())
    assert list(rewrite(name, target, found, cuts_of("parquet", name, found))) == []
    old, new = pq.ParquetFile(name), pq.ParquetFile(target)
    assert new.schema.equals(old.schema)
    assert new.schema_arrow.equals(old.schema_arrow, check_metadata=True)
    assert new.read().to_pylist() == cleaned(old.read())
    before, after = old.metadata.row_group(0), new.metadata.row_group(0)
    assert after.num_rows == before.num_rows
    for column in range(before.num_columns):
        a, b = before.column(column), after.column(column)
        assert (a.physical_type, a.compression, a.has_dictionary_page, a.is_stats_set, a.has_column_index) == (
            b.physical_type, b.compression, b.has_dictionary_page, b.is_stats_set, b.has_column_index,
        )  # fmt: skip


def test_metadata_without_types_of_arrow_are_kept(tmp_path: Path) -> None:
    table = pa.table({"body": [body_of(n) for n in range(20)]})
    with pq.ParquetWriter(tmp_path / "a.parquet", table.schema, store_schema=False) as writer:
        writer.add_key_value_metadata({"writer.model.name": "example", "ghi chú": "giữ lại"})
        writer.write_table(table)
    name, target = str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")
    found = layout(name, Wanted())
    assert list(rewrite(name, target, found, cuts_of("parquet", name, found))) == []
    assert pq.ParquetFile(target).metadata.metadata == pq.ParquetFile(name).metadata.metadata
    assert pq.read_table(target).to_pylist() == [{"body": clean(body_of(n))} for n in range(20)]


def test_cells_that_hold_something_else_are_refused_with_their_record(tmp_path: Path) -> None:
    name, target = written(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")
    found = layout(name, Wanted())
    changes = cuts_of("parquet", name, found)
    changed = {"body": {6: body_of(6) + " Tin sửa lại.", 13: None, 20: body_of(20).upper()}}
    rows = articles(240).to_pylist()
    for row, body in changed["body"].items():
        rows[row]["body"] = body
    written(tmp_path / "a.parquet", pa.Table.from_pylist(rows, articles().schema))
    refused = {(r.offset, r.cause) for r in rewrite(name, target, found, changes)}
    assert refused == {
        (6, "body: changed since it was read"),
        (20, "body: changed since it was read"),
        (244, "no such row any more"),
    }
    assert SPAM in title_of(20)
    kept = pq.read_table(target).to_pylist()
    assert [kept[row] for row in (6, 13, 20)] == [rows[row] for row in (6, 13, 20)]
    assert kept[27] == cleaned(pa.Table.from_pylist(rows))[27]


def test_a_null_in_the_place_of_a_text_is_refused(tmp_path: Path) -> None:
    name = written(tmp_path / "a.parquet", pa.table({"body": [body_of(6), None, body_of(13)]}))
    found = layout(name, Wanted())
    changes = [change._replace(offset=change.offset and 1) for change in cuts_of("parquet", name, found)]
    (refused,) = rewrite(name, name, found, changes)
    assert refused.cause == "body: holds no text any more"
    assert pq.read_table(name).to_pylist() == [{"body": clean(body_of(6))}, {"body": None}, {"body": body_of(13)}]


def test_what_is_done_already_is_right_and_without_a_digest_refused(tmp_path: Path) -> None:
    name = written(tmp_path / "a.parquet")
    found = layout(name, Wanted())
    changes = cuts_of("parquet", name, found)
    assert list(rewrite(name, name, found, changes)) == []
    once = pq.read_table(name)
    assert list(rewrite(name, name, found, changes)) == []
    assert pq.read_table(name).equals(once)
    unknown = [change._replace(digest="") for change in changes]
    records = {change.offset for change in changes}
    assert {refused.offset for refused in rewrite(name, name, found, unknown)} == records
    assert pq.read_table(name).equals(once)


@pytest.mark.parametrize(
    ("table", "wanted", "message"),
    [
        (pa.table({"id": [1], "tags": [["a"]]}), Wanted(), r"no column of text \(there are: id \(int64\), tags \(list"),
        (pa.table({"id": [1]}), Wanted(("body",)), r"no column 'body' of text \(there are: id \(int64\)\)"),
        (pa.table({"id": [1], "body": ["x"]}), Wanted(("id",)), "no column 'id' of text"),
        (pa.table({"body": ["x"]}), Wanted(("body",), "ma"), "no field 'ma'"),
        (pa.table({"n": [{"body": "x"}]}), Wanted(("n.body",)), r"no column 'n.body' of text \(there are: n \(struct<body: string>\)"),
    ],
)  # fmt: skip
def test_names_what_there_is(tmp_path: Path, table: pa.Table, wanted: Wanted, message: str) -> None:
    name = written(tmp_path / "a.parquet", table)
    with pytest.raises(ArchiveError, match=f"{name}: {message}"):
        layout(name, wanted)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"Khong phai Parquet", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_refuses_what_is_no_parquet_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match=f"{path}: cannot be read as Parquet"):
        layout(str(path), Wanted())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"b\.parquet: no such file"):
        layout(str(tmp_path / "b.parquet"), Wanted())


def test_damage_is_told_and_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    name, target = written(tmp_path / "a.parquet", compression="gzip"), tmp_path / "b.parquet"
    found = layout(name, Wanted())
    changes = cuts_of("parquet", name, found)
    column = pq.ParquetFile(name).metadata.row_group(2).column(2)
    data = bytearray(Path(name).read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start + 40 : start + 400] = bytes(360)
    Path(name).write_bytes(data)
    target.write_bytes(b"as it was")
    with pytest.raises(ArchiveError, match=f"{name}: cannot be read as Parquet"):
        list(rewrite(name, str(target), found, changes))
    assert target.read_bytes() == b"as it was"
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.parquet", "b.parquet"]
    with pytest.raises(ArchiveError, match="cannot be read as Parquet"):
        list(pieces(name, found, 1 << 20))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_never_end_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    path = Path(written(tmp_path / "a.parquet", articles(30)))
    content = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=5)):
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        found = layout(str(path), Wanted())
        read = [text for piece in pieces(str(path), found, 2000) for text in texts(piece, found)]
    except ArchiveError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
    else:
        assert all(isinstance(text, Text | Bad) for text in read)


def test_a_cell_that_is_not_utf_8_is_told_and_stays(tmp_path: Path) -> None:
    cells = [body_of(6).encode(), b"Tin \xff h\xe1\xbb\x8fng", body_of(13).encode()]
    name = written(tmp_path / "a.parquet", pa.table({"body": pa.array(cells).view(pa.string())}))
    found = layout(name, Wanted())
    read = list(texts_of("parquet", name, found))
    assert [type(record) for record in read] == [Text, Bad, Text]
    assert read[1] == Bad("2", 1, "body: byte 4 is not UTF-8", cells[1])
    assert list(rewrite(name, name, found, cuts_of("parquet", name, found))) == []
    assert pq.read_table(name).column("body").combine_chunks().cast(pa.binary()).to_pylist() == [
        clean(body_of(6)).encode(), cells[1], clean(body_of(13)).encode(),
    ]  # fmt: skip


def test_empty_tables_and_texts(tmp_path: Path) -> None:
    name = written(tmp_path / "a.parquet", articles(1).slice(0, 0))
    found = layout(name, Wanted(("body",)))
    assert list(pieces(name, found, 1000)) == []
    assert list(rewrite(name, str(tmp_path / "b.parquet"), found, [])) == []
    assert pq.read_table(tmp_path / "b.parquet").equals(pq.read_table(name), check_metadata=True)
    name = written(tmp_path / "c.parquet", pa.table({"a.b": ["", None, "một hai"]}))
    found = layout(name, Wanted(("a.b",)))
    read = [text for text in texts_of("parquet", name, found) if isinstance(text, Text)]
    assert [(text.offset, text.text) for text in read] == [(0, ""), (2, "một hai")]
    assert list(rewrite(name, name, found, [change_of(read[1], Edit(3, 7, ""))])) == []
    assert pq.read_table(name).to_pylist() == [{"a.b": ""}, {"a.b": None}, {"a.b": "một"}]


LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | LETTERS, min_size=1, max_size=12), st.integers(1, 5), st.data())
def test_what_is_edited_is_what_is_read_again(
    tmp_path: Path, cells: list[str | None], group: int, data: st.DataObject
) -> None:
    name = written(tmp_path / "a.parquet", pa.table({"body": pa.array(cells, pa.string())}), row_group_size=group)
    target = str(tmp_path / "b.parquet")
    found = Layout(("body",), details={"format": "auto"})
    expected = list(cells)
    changes: list[Change] = []
    for text in texts_of("parquet", name, found, 50):
        assert isinstance(text, Text)
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text.text))] * 2)))
        edit = Edit(start, end, data.draw(st.sampled_from(["", " ", "…", "\n\n"])))
        changes.append(change_of(text, edit))
        expected[text.offset] = text.text[:start] + edit.replacement + text.text[end:]
    assert list(rewrite(name, target, found, changes)) == []
    assert pq.read_table(target).column("body").to_pylist() == expected
    assert list(rewrite(target, target, found, undone(changes))) == []
    assert pq.read_table(target).equals(pq.read_table(name), check_metadata=True)
