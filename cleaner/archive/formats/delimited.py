"""Tables as text: CSV, TSV and their like, with a header."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import BinaryIO

from cleaner.archive.fields import KEPT, choose, cut_pieces, text_patches
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch, Piece, Text, Wanted, applied, unnamed
from cleaner.document.encoding import decode
from cleaner.edit import apply
from cleaner.types import Edit, SourceError

LONGEST = 1 << 24
"""Bytes beyond which a record of several lines is none: a quote is not closed."""
_DELIMITERS = ",;\t|"
_LARGEST = (1 << 31) - 1
"""Characters of a cell that the reader is to take: the most that it knows of everywhere."""
_SAMPLE = 100
"""Records from which delimiter and fields are told."""
_WIDE = (BOM_UTF16_LE, BOM_UTF16_BE, BOM_UTF32_BE)
"""Marks of encodings in which delimiters and line ends are not the bytes that they are in ASCII."""
_MISREAD = 0.1
"""Share of the characters beyond ASCII that may be damaged in a file of UTF-8."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How a delimiter tells records and cells apart."""

    record: re.Pattern[bytes]
    """A record, with its line end."""
    broken: re.Pattern[bytes]
    """Of a record that is none, all up to where a quote is not closed, or something else than a cell's end follows."""
    cell: re.Pattern[str]
    """A cell (group 1), with the delimiter before it."""


@cache
def _patterns(delimiter: str) -> _Patterns:
    d = re.escape(delimiter)
    quoted = '"(?:[^"]++|"")*+"'
    cell = rf'(?:{quoted}(?=[{d}\n]|\r\n|\Z)|(?!")[^{d}\n]*+)'
    return _Patterns(
        re.compile(rf"{cell}(?:{d}{cell})*+(?:\r?\n|\Z)".encode()),
        re.compile(rf'(?:{cell}{d})*+("(?:[^"]++|"")*+)'.encode()),
        re.compile(rf"(?:\A|{d})({quoted}|[^{d}\r\n]*+)"),
    )


def layout(name: str, head: bytes, wanted: Wanted) -> Layout:
    """Encoding, delimiter and header, and which columns are cleaned.

    Raises:
        ArchiveError: it is no such table, a wanted column is not there, or none looks as if it held texts.
    """
    if not head.removeprefix(BOM_UTF8).strip():
        details = {"format": wanted.format, "encoding": "utf-8", "delimiter": ",", "header": []}
        return Layout(wanted.fields, wanted.id_field, details=details)
    encoding = _encoding(name, head)
    tables = {delimiter: list(islice(_rows(head, encoding, delimiter), _SAMPLE)) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda delimiter: _regularity(tables[delimiter]))
    header, *rows = tables[delimiter]
    if not header:
        raise ArchiveError(f"{name}: its first record cannot be read: {_fault(head, delimiter)}")
    columns = [cell.strip() for cell in header]
    rows = [row for row in rows if len(row) == len(columns)]
    samples = {column: [row[i] for row in rows if row[i].strip()] for i, column in enumerate(columns) if column}
    chosen = choose(name, samples, wanted)
    for field in chosen.fields:
        if columns.count(field) > 1:
            raise ArchiveError(f"{name}: several columns are named {field!r}")
    return replace(chosen, details=chosen.details | {"encoding": encoding, "delimiter": delimiter, "header": columns})


def pieces(stream: BinaryIO, layout: Layout, size: int, start: int = 0) -> Iterator[Piece]:
    """Whole records; the first piece holds the header."""
    delimiter = layout.details["delimiter"]

    def cut(data: bytes) -> int:
        end = 0
        for part in _parts(data, delimiter, is_whole=False):
            end = part[-1][1]
        return end

    return cut_pieces(stream, size, start, cut)


def texts(piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
    """The texts of each record but the header."""
    is_header = piece.offset == 0
    for start, end in _records(piece.data, layout.details["delimiter"]):
        if piece.data[start:end].strip(b"\r\n"):
            if not is_header:
                yield from _texts(piece.data[start:end], piece.offset + start, layout)
            is_header = False


def _texts(record: bytes, offset: int, layout: Layout) -> Iterator[Text | Bad]:
    encoding, delimiter, header = (layout.details[name] for name in ("encoding", "delimiter", "header"))
    try:
        text = _decoded(record, encoding)
        cells = _cells(text, delimiter)
        if cells is None:
            raise ValueError(_fault(record, delimiter))
        if len(cells) != len(header):
            raise ValueError(f"{len(cells)} cells instead of {len(header)}")
        spans = [found.span(1) for found in _patterns(delimiter).cell.finditer(text)]
        if [_value(text[start:end]) for start, end in spans] != cells:
            raise ValueError("cells are not where they should be")
    except ValueError as error:
        yield Bad(unnamed(offset), offset, str(error), record[:KEPT])
        return
    values = {name: cell for name, cell in zip(reversed(header), reversed(cells), strict=True) if name}
    for field in layout.fields:
        start, end = spans[header.index(field)]
        is_quoted = text.startswith('"', start)
        patches = (
            partial(_quoted_patches, record, text, start, end, encoding)
            if is_quoted
            else partial(_plain_patches, record, text, start, end, encoding, delimiter)
        )
        yield Text(
            values.get(layout.id_field) or unnamed(offset),
            field,
            values[field],
            offset,
            patches,
            layout.details["format"],
            values.get(layout.date_field, ""),
            values.get(layout.link_field, ""),
            whole=not is_quoted,
        )


# Records


def _records(data: bytes, delimiter: str) -> Iterator[tuple[int, int]]:
    """Where records begin and end."""
    for part in _parts(data, delimiter, is_whole=True):
        yield from part


def _parts(data: bytes, delimiter: str, is_whole: bool) -> Iterator[list[tuple[int, int]]]:
    """Records that are found together: each alone, or where quotes are broken, every line up to where that shows.

    The line in which it shows is begun with anew, so that no line is looked at more than thrice.

    Args:
        data: begins with a record.
        delimiter: between cells.
        is_whole: whether nothing follows; else the records that might go on are left out.
    """
    patterns = _patterns(delimiter)
    at = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
    while at < len(data):
        line_end = data.find(b"\n", at) + 1
        if not line_end and not is_whole:
            return
        line_end = line_end or len(data)
        reach = max(line_end, min(len(data), at + LONGEST))
        record = patterns.record.match(data, at, reach)
        end = record.end() if record else 0
        if end and (data.startswith(b"\n", end - 1) or (end == len(data) and is_whole)):
            yield [(at, end)]
            at = end
            continue
        broken = patterns.broken.match(data, at, reach)
        shown = broken.end() if broken else reach
        if not is_whole and shown + 2 >= len(data):
            return
        end = max(data.rfind(b"\n", at, shown) + 1, line_end)
        yield list(_lines(data, at, end))
        at = end


def _lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        line_end = data.find(b"\n", start, end) + 1 or end
        yield start, line_end
        start = line_end


def _fault(record: bytes, delimiter: str) -> str:
    """Why a record is none."""
    broken = _patterns(delimiter).broken.match(record)
    if broken:
        return f"the quote at byte {broken.start(1)} is not closed, or not at the end of its cell"
    return "a carriage return outside of quotes"


# Cells


def _decoded(record: bytes, encoding: str) -> str:
    """The text of a record.

    Raises:
        ValueError: it is not in this encoding, or would not be spelled so again.
    """
    try:
        text = record.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"not {encoding} (byte {error.start})") from None
    if text.encode(encoding) != record:
        raise ValueError(f"not spelled as {encoding} spells it")
    return text


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The values of a record; ``None`` when it is none."""
    csv.field_size_limit(_LARGEST)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _value(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _quoted_patches(
    record: bytes, text: str, start: int, end: int, encoding: str, edits: Sequence[Edit]
) -> list[Patch]:
    """What edits of the cell ``text[start:end]`` come to, which has quotes."""
    value = _value(text[start:end])

    def place(offset: int) -> int:
        return start + 1 + offset + value.count('"', 0, offset)

    moved = [Edit(place(edit.start), place(edit.end), edit.replacement.replace('"', '""')) for edit in edits]
    return _checked(record, text_patches(text, moved, encoding))


def _plain_patches(
    record: bytes, text: str, start: int, end: int, encoding: str, delimiter: str, edits: Sequence[Edit]
) -> list[Patch]:
    """What edits of the cell ``text[start:end]`` come to, which has no quotes and gets some if it needs them."""
    value = text[start:end]
    after = apply(value, edits)
    moved = [Edit(start + edit.start, start + edit.end, edit.replacement) for edit in edits]
    if _needs_quotes(value, after, delimiter) or (not after and text.strip("\r\n") == value):
        moved = [Edit(start, end, _quoted(after))]
    return _checked(record, text_patches(text, moved, encoding))


def _needs_quotes(before: str, after: str, delimiter: str) -> bool:
    """Whether a cell that had no quotes has to get them: for what it did not hold, or not at its ends."""
    return (
        after.startswith('"')
        or any(sign in after and sign not in before for sign in (delimiter, '"', "\r", "\n"))
        or (before == before.strip() and after != after.strip())
    )


def _checked(record: bytes, patches: list[Patch]) -> list[Patch]:
    applied(record, patches)
    return patches


# The beginning of the file


def _encoding(name: str, head: bytes) -> str:
    """The encoding of a table; some damaged records do not make another one of UTF-8."""
    if head.startswith(_WIDE):
        raise ArchiveError(f"{name}: tables in utf-16 and utf-32 are not read; convert it to utf-8")
    head = head[: head.rfind(b"\n") + 1] or head
    text = head.decode("utf-8", "replace")
    if text.count("\ufffd") <= _MISREAD * sum(map(len, re.findall("[^\0-\x7f]+", text))) and "\0" not in text:
        return "utf-8"
    try:
        return decode(head).encoding
    except SourceError as error:
        raise ArchiveError(f"{name}: {error}") from None


def _rows(head: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """The records that are not blank; those that cannot be read are empty."""
    for start, end in _records(head, delimiter):
        if head[start:end].strip(b"\r\n"):
            yield _cells(head[start:end].decode(encoding, "replace"), delimiter) or []


def _regularity(rows: Sequence[Sequence[str]]) -> tuple[bool, float, int]:
    """How well a delimiter does: whether it makes several columns, in how many rows as many, and how many."""
    columns = len(rows[0]) if rows else 0
    return columns > 1, sum(len(row) == columns for row in rows if columns) / max(1, len(rows)), columns
