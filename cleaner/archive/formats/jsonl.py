"""JSON lines: an object a line, in UTF-8."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from io import BytesIO
from typing import Any, BinaryIO

from cleaner.archive.fields import KEPT, choose, cut_pieces
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch, Piece, Text, Wanted, unnamed
from cleaner.types import Edit

_SAMPLE = 100
"""Values of a field from which it is told what it holds."""
_DEEPEST = 8
"""Objects within one another in which fields are looked for."""
_TOKEN = re.compile(rb'("(?:[^"\\]++|\\.)*+")(\s*+:)?|[{}\[\]]', re.S)
"""A string, with the colon that makes it a key, or the beginning or end of an object or array."""
_CHARACTER = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\\][\x80-\xbf]*+", re.S)
"""What spells one character of a string."""
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def layout(name: str, head: bytes, wanted: Wanted) -> Layout:
    """Which fields are cleaned.

    Raises:
        ArchiveError: no line is a JSON object, a wanted field is not there, or none looks as if it held texts.
    """
    samples: dict[str, list[str]] = {}
    cause = ""
    for offset, line in _lines(head, 0):
        try:
            record = _parsed(line)
        except ValueError as error:
            cause = cause or f"{unnamed(offset)}: {error}"
            continue
        for field, value in _fields(record):
            values = samples.setdefault(field, [])
            if len(values) < _SAMPLE and _word(value):
                values.append(_word(value))
    if not samples and (not cause or (wanted.fields and b"\n" not in head)):
        return Layout(wanted.fields, wanted.id_field, details={"format": wanted.format})
    if not samples:
        raise ArchiveError(f"{name}: no line at its beginning is a JSON object ({cause})")
    return choose(name, samples, wanted)


def pieces(stream: BinaryIO, layout: Layout, size: int, start: int = 0) -> Iterator[Piece]:
    """Whole lines."""
    return cut_pieces(stream, size, start, lambda data: data.rfind(b"\n") + 1)


def texts(piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
    """The texts of each line."""
    for offset, line in _lines(piece.data, piece.offset):
        try:
            record = dict(_fields(_parsed(line)))
        except ValueError as error:
            yield Bad(unnamed(offset), offset, str(error), line[:KEPT])
        else:
            yield from _texts(line, offset, record, layout)


def _lines(data: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, and where they begin in the container."""
    for line in BytesIO(data):
        mark = len(BOM_UTF8) if offset == 0 and line.startswith(BOM_UTF8) else 0
        if line[mark:].strip():
            yield offset + mark, line[mark:]
        offset += len(line)


def _texts(line: bytes, offset: int, record: Mapping[str, Any], layout: Layout) -> Iterator[Text | Bad]:
    name = _word(record.get(layout.id_field)) or unnamed(offset)
    places = _places(line, layout.fields)
    if not any(_is_there(record, field) for field in layout.fields):
        yield Bad(name, offset, f"no {' or '.join(map(repr, layout.fields)) or 'field'}", line[:KEPT])
    for field in layout.fields:
        value = record.get(field)
        if value is None:
            continue
        start, end = places.get(field, (0, 0))
        if not isinstance(value, str):
            yield Bad(name, offset, f"{field!r} is not a string", line[:KEPT])
        elif not end or json.loads(line[start:end].decode()) != value:
            yield Bad(name, offset, f"{field!r} is the name of several fields", line[:KEPT])
        else:
            yield Text(
                name,
                field,
                value,
                offset,
                partial(_patches, line, start + 1, end - 1, value),
                layout.details["format"],
                _word(record.get(layout.date_field)),
                _word(record.get(layout.link_field)),
            )


def _is_there(record: Mapping[str, Any], field: str) -> bool:
    """Whether a record has a field, or nothing (null) in its place or in that of an object around it."""
    return field in record or any(value is None and field.startswith(f"{name}.") for name, value in record.items())


def _parsed(line: bytes) -> dict[str, Any]:
    """The object of a line.

    Raises:
        ValueError: it is none; the message gives the cause.
    """
    try:
        record = json.loads(line.decode().rstrip("\r\n"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (character {error.pos})") from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    return record


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"the key {Counter(key for key, _ in pairs).most_common(1)[0][0]!r} comes twice")
    return found


def _fields(record: Mapping[str, Any], above: str = "", deepest: int = _DEEPEST) -> Iterator[tuple[str, Any]]:
    """The values of an object and of those in it, with their dotted names; what has no name is left out."""
    for key, value in record.items():
        if isinstance(value, dict) and deepest:
            yield from _fields(value, f"{above}{key}.", deepest - 1)
        elif above + key:
            yield above + key, value


def _places(line: bytes, fields: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Where the strings of these fields stand, quotes included; (0, 0) where several bear the name."""
    places: dict[str, tuple[int, int]] = {}
    above: list[str | None] = []  # what names begin with in the objects around; None where no field can be
    name: str | None = ""  # of the next value
    for token in _TOKEN.finditer(line):
        string, colon = token.groups()
        if colon:
            name = None if above[-1] is None else above[-1] + json.loads(string.decode())
        elif string:
            if name is not None and name in fields:
                places[name] = (0, 0) if name in places else token.span(1)
        elif token[0] == b"{":
            inner = f"{name}." if above else ""
            can_be = name is not None and any(field.startswith(inner) for field in fields)
            above.append(inner if can_be else None)
        elif token[0] == b"[":
            above.append(None)
            name = None
        else:
            above.pop()
            name = None
    return places


def _patches(line: bytes, start: int, end: int, text: str, edits: Sequence[Edit]) -> list[Patch]:
    """What edits of the string within ``line[start:end]`` come to.

    Raises:
        ArchiveError: halves of a character would meet that are none in the text.
    """
    for edit in edits:
        if _PAIR.search(text[max(0, edit.start - 1) : edit.start] + edit.replacement + text[edit.end : edit.end + 1]):
            raise ArchiveError(f"halves of a surrogate pair would meet (character {edit.start})")
    starts = _starts(line, start, end)
    return [
        Patch(starts[edit.start], line[starts[edit.start] : starts[edit.end]], _spelled(edit.replacement, line))
        for edit in edits
    ]


@lru_cache(maxsize=1)
def _starts(line: bytes, start: int, end: int) -> list[int]:
    """Where each character of a string begins, and where the last one ends."""
    return [character.start() for character in _CHARACTER.finditer(line, start, end)] + [end]


def _spelled(text: str, line: bytes) -> bytes:
    """A text as a part of a string: like the line in ASCII, or in UTF-8 but for halves of characters."""
    in_ascii = line.isascii() or any("\ud800" <= character <= "\udfff" for character in text)
    return json.dumps(text, ensure_ascii=in_ascii)[1:-1].encode()


def _word(value: object) -> str:
    """A string or a number as a word; empty for other values."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
