"""Parquet files: records are rows, texts are cells of columns of strings.

Row groups are written anew with the schema, the metadata, the codecs and the sizes that they had, but not byte by byte:
how pages are cut and packed is up to the writer.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate, groupby, product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.archive.cells import ROWS, by_record, changed, choose_cells, piece_of, texts
from cleaner.archive.records import ArchiveError, Change, Layout, Piece, Refused, Wanted
from cleaner.archive.stores import reading, writing

__all__ = ["layout", "pieces", "rewrite", "texts"]

_SAMPLE = 100
_BUFFER = 1 << 20


def layout(name: str, wanted: Wanted) -> Layout:
    """Where the texts of the file at ``name`` stand, from its first rows.

    Raises:
        ArchiveError: it cannot be read, it has no column of text, or a wanted column is not there.
    """
    with _opened(name) as file:
        schema = file.schema_arrow
        plain = [c for c in schema if not pa.types.is_nested(c.type) and schema.names.count(c.name) == 1]
        samples = _samples(file, [column.name for column in plain])
    columns = {column.name: str(column.type) for column in schema}
    return choose_cells(name, columns, {column.name for column in plain if _is_text(column.type)}, samples, wanted)


def pieces(name: str, layout: Layout, size: int, start: int = 0, mark: str = "") -> Iterator[Piece]:
    """Rows from number ``start`` on, about ``size`` bytes of them at a time, as Arrow streams.

    Raises:
        ArchiveError: the file is damaged.
    """
    about = (layout.id_field, layout.date_field, layout.link_field)
    columns = sorted({*about, *layout.fields} - {""})
    with _opened(name) as file:
        end = 0
        for number in range(file.num_row_groups):
            at, end = end, end + file.metadata.row_group(number).num_rows
            if end <= start:
                continue
            rows = _rows_in(size, file.metadata.row_group(number), columns)
            for batch in file.iter_batches(rows, row_groups=[number], columns=columns, use_threads=False):
                before = max(0, start - at)
                if before < batch.num_rows:
                    kept = batch.slice(before)
                    said = [_said(kept.column(column)) if column else None for column in about]
                    yield piece_of(at + before, [*said, None], [_bytes(kept.column(c)) for c in layout.fields])
                at += batch.num_rows


def rewrite(name: str, target: str, layout: Layout, changes: Iterable[Change]) -> Iterator[Refused]:
    """Make ``target`` of the file at ``name``, which may be the same, with these changes, in the order of the rows.

    One row group is in memory at a time. The target is replaced at once, when the last refused record was taken.

    Raises:
        ArchiveError: the file is damaged, or its schema cannot be written as it is.
        OutputError: the target cannot be written.
    """
    with _opened(name) as file, writing(target) as write, _writer(name, file, write) as writer:
        ends = list(accumulate(file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)))
        groups = groupby(by_record(changes), key=lambda record: bisect_right(ends, record[0].offset))
        group = next(groups, None)
        for number, end in enumerate(ends):
            rows = file.read_row_group(number, use_threads=False)
            if group and group[0] == number:
                rows, refused = _changed(rows, end - rows.num_rows, group[1])
                yield from refused
                group = next(groups, None)
            writer.write_table(rows, row_group_size=max(1, rows.num_rows))
        if group:
            yield from (Refused(record[0].offset, record[0].key, "no such row any more") for record in group[1])


@contextmanager
def _opened(name: str) -> Iterator[pq.ParquetFile]:
    with reading(name) as stream:
        try:
            with pq.ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            raise ArchiveError(f"{name}: cannot be read as Parquet ({str(error).splitlines()[0]})") from None


def _samples(file: pq.ParquetFile, columns: list[str]) -> Mapping[str, list[str]]:
    """The first values of columns, as texts."""
    rows = next(file.iter_batches(_SAMPLE, columns=columns, use_threads=False), None)
    if rows is None:
        return {column: [] for column in columns}
    return {column: [_shown(value) for value in _said(rows.column(column)).to_pylist()] for column in columns}


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _bytes(column: pa.Array) -> pa.Array:
    return column.cast(pa.large_string()).cast(pa.large_binary())


def _said(column: pa.Array) -> pa.Array:
    """A column of which values are shown: texts as bytes, times as texts."""
    if _is_text(column.type):
        return _bytes(column)
    return column.cast(pa.string()) if pa.types.is_temporal(column.type) else column


def _rows_in(size: int, group: pq.RowGroupMetaData, columns: list[str]) -> int:
    """How many rows have about ``size`` bytes in these columns."""
    chunks = [group.column(number) for number in range(group.num_columns)]
    taken = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in columns)
    return int(min(ROWS, max(1, size * group.num_rows // max(1, taken))))


def _changed(rows: pa.Table, first: int, records: Iterable[list[Change]]) -> tuple[pa.Table, list[Refused]]:
    """A row group, whose first row is number ``first``, with the changes of its records."""
    cells: dict[str, dict[int, str]] = {}
    refused: list[Refused] = []
    for record in records:
        row = record[0].offset - first
        try:
            held = [changed(_cell(rows, change.name, row), change) for change in record]
        except ArchiveError as error:
            refused.append(Refused(record[0].offset, record[0].key, str(error)))
            continue
        for change, text in zip(record, held, strict=True):
            cells.setdefault(change.name, {})[row] = text
    for name, new in cells.items():
        number = rows.schema.get_field_index(name)
        rows = rows.set_column(number, rows.schema.field(number), _replaced(rows.column(number), new))
    return rows, refused


def _cell(rows: pa.Table, name: str, row: int) -> object:
    try:
        return rows.column(name)[row].as_py()
    except (KeyError, UnicodeDecodeError):
        return None


def _replaced(column: pa.ChunkedArray, texts: Mapping[int, str]) -> pa.ChunkedArray:
    """A column with other texts in some of its rows, which are in order."""
    mask = np.zeros(len(column), bool)
    mask[list(texts)] = True
    plain = column.cast(pa.large_string())
    new = pa.array(list(texts.values()), pa.large_string())
    return pc.replace_with_mask(plain, pa.array(mask), new).cast(column.type)


@contextmanager
def _writer(name: str, file: pq.ParquetFile, write: Callable[[bytes], object]) -> Iterator[pq.ParquetWriter]:
    options = _options(name, file)
    with pq.ParquetWriter(_Output(write), file.schema_arrow, **options) as writer:
        writer.add_key_value_metadata(file.metadata.metadata or {})
        yield writer


def _options(name: str, file: pq.ParquetFile) -> dict[str, Any]:
    """What makes a writer write as the file was written: those options that give its schema back.

    Raises:
        ArchiveError: none do.
    """
    metadata = file.metadata
    first = metadata.row_group(0) if metadata.num_row_groups else None
    chunks = [first.column(number) for number in range(first.num_columns)] if first else []
    codecs = {chunk.path_in_schema: chunk.compression.replace("UNCOMPRESSED", "NONE") for chunk in chunks}
    same = {
        "compression": codecs or "snappy",
        "use_dictionary": [chunk.path_in_schema for chunk in chunks if chunk.has_dictionary_page],
        "write_statistics": [chunk.path_in_schema for chunk in chunks if chunk.is_stats_set],
        "write_page_index": any(chunk.has_column_index for chunk in chunks),
        "store_schema": False,  # it is among the metadata, as it was
    }
    found: dict[str, Any] = {}
    for version, times, lists in product((metadata.format_version, "2.6"), (False, True), (True, False)):
        options = same | {
            "version": version,
            "use_deprecated_int96_timestamps": times,
            "use_compliant_nested_type": lists,
        }
        probe = _probe(file, options)
        if probe.schema_arrow.equals(file.schema_arrow, check_metadata=True):
            if probe.schema.equals(file.schema):
                return options
            found = found or options
    if not found:
        raise ArchiveError(f"{name}: types of its columns cannot be written as they are")
    return found


def _probe(file: pq.ParquetFile, options: Mapping[str, Any]) -> pq.ParquetFile:
    """An empty file with the schema of ``file``, written with options."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, file.schema_arrow, **options) as writer:
        writer.add_key_value_metadata(file.metadata.metadata or {})
    return pq.ParquetFile(pa.BufferReader(sink.getvalue()))


class _Output(io.RawIOBase):
    """A file that Arrow writes to."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        super().__init__()
        self._write = write
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        self._write(bytes(data))
        self._at += len(data)
        return len(data)
