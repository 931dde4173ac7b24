"""Records that are rows and texts that are cells: pieces of rows, their texts, and what changes make of a cell."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby

import pyarrow as pa

from cleaner.archive.fields import KEPT, cell_patches, choose
from cleaner.archive.records import ArchiveError, Bad, Change, Layout, Patch, Piece, Text, Wanted, applied
from cleaner.archive.splice import Splice, inverse

ROWS = 1000
"""Rows of a piece at most, however short they are."""
_ABOUT = 4
"""Columns of a piece before the texts: what records are called, their dates, links and keys."""


def choose_cells(
    name: str, columns: Mapping[str, str], texts: Collection[str], samples: Mapping[str, Sequence[str]], wanted: Wanted
) -> Layout:
    """Which columns are cleaned.

    Args:
        name: of the container, for messages.
        columns: all columns, with their types.
        texts: those that hold texts.
        samples: some values of columns, as they are spelled.
        wanted: what the user said.

    Raises:
        ArchiveError: there is no column of text, or a wanted one is none.
    """
    there = ", ".join(f"{column} ({kind})" for column, kind in columns.items()) or "none"
    for field in wanted.fields:
        if field not in texts:
            raise ArchiveError(f"{name}: no column {field!r} of text (there are: {there})")
    layout = choose(name, samples, wanted) if texts else Layout()
    layout = replace(layout, fields=tuple(field for field in layout.fields if field in texts))
    if not layout.fields:
        raise ArchiveError(f"{name}: no column of text (there are: {there})")
    return layout


def piece_of(offset: int, about: Sequence[pa.Array | None], texts: Sequence[pa.Array], mark: str = "") -> Piece:
    """Rows from number ``offset`` on.

    Args:
        offset: number of the first row.
        about: what the records are called, their dates, links and keys; ``None`` where nothing tells them.
        texts: the bytes of the fields to clean, in the order of the layout.
        mark: what reading goes on from behind the piece.
    """
    rows = len(texts[0])
    columns = [pa.nulls(rows) if column is None else column for column in about] + list(texts)
    batch = pa.RecordBatch.from_arrays(columns, names=[str(number) for number in range(len(columns))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return Piece(offset, offset + rows, sink.getvalue().to_pybytes(), mark)


def texts(piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
    """The texts of a piece, in order; cells that are null have none."""
    if not piece.data:
        return
    with pa.ipc.open_stream(piece.data) as stream:
        columns = [column.to_pylist() for column in stream.read_all().columns]
    for offset, row in enumerate(zip(*columns, strict=True), piece.offset):
        record, date, link, key = map(_said, row[:_ABOUT])
        record = record or str(offset + 1)
        for name, cell in zip(layout.fields, row[_ABOUT:], strict=True):
            if cell is None:
                continue
            try:
                text = cell.decode()
            except UnicodeDecodeError as error:
                yield Bad(record, offset, f"{name}: byte {error.start} is not UTF-8", cell[:KEPT])
            else:
                patches = partial(cell_patches, text)
                yield Text(record, name, text, offset, patches, layout.details["format"], date, link, key=key)


def by_record(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """The changes of each record."""
    return (list(of_one) for _, of_one in groupby(changes, key=lambda change: (change.offset, change.key)))


def changed(cell: object, change: Change) -> str:
    """What a cell is to hold; what it holds, if it was changed already.

    Raises:
        ArchiveError: it does not hold what was read.
    """
    if not isinstance(cell, str):
        raise ArchiveError(f"{change.name}: holds no text any more")
    for patches in (change.done, change.patches, ()):
        with suppress(ArchiveError, UnicodeError):
            read = _without(cell.encode(), patches)
            if hashlib.sha256(read).hexdigest() == change.digest:
                return applied(read, change.patches).decode()
    raise ArchiveError(f"{change.name}: changed since it was read")


def _without(data: bytes, patches: Sequence[Patch]) -> bytes:
    """``data`` before patches were applied."""
    return applied(data, (Patch(*splice) for splice in inverse((Splice(*patch), True) for patch in patches)))


def _said(value: object) -> str:
    """A value as users read it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return "" if value is None else str(value)
