"""Files that are an article each: plain text, HTML and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from cleaner.archive.fields import KEPT, cut_pieces, spelled, text_patches
from cleaner.archive.formats import PACKINGS
from cleaner.archive.records import Bad, Layout, Patch, Piece, Text, Wanted, applied
from cleaner.document.encoding import Decoded, decode
from cleaner.edit import apply
from cleaner.types import Edit, SourceError

LONGEST = 1 << 26
"""Bytes beyond which a file is no article."""
_READ_AS = {".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown", ".markdown": "markdown"}
_STATEFUL = "iso2022_jp"
"""The one encoding in which bytes mean what those before them say."""


def layout(name: str, head: bytes, wanted: Wanted) -> Layout:
    """How the text is read: as the user says, else by the ending of the name."""
    path = PurePath(name.lower())
    ending = PurePath(path.stem).suffix if path.suffix in PACKINGS else path.suffix
    format = _READ_AS.get(ending, "auto") if wanted.format == "auto" else wanted.format
    return Layout(details={"name": name, "format": format})


def pieces(stream: BinaryIO, layout: Layout, size: int, start: int = 0) -> Iterator[Piece]:
    """The whole file; nothing of an empty one. What is too long for an article comes in several pieces."""
    return cut_pieces(stream, size, start, lambda data: len(data) if len(data) > LONGEST else 0)


def texts(piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
    """The article."""
    name, data = layout.details["name"], piece.data
    if piece.offset:
        return
    if len(data) > LONGEST:
        yield Bad(name, 0, f"longer than {LONGEST >> 20} MiB", data[:KEPT])
        return
    try:
        source = decode(data)
    except SourceError as error:
        yield Bad(name, 0, str(error), data[:KEPT])
        return
    is_stateful = source.encoding == _STATEFUL
    patches = partial(_whole_patches if is_stateful else _patches, data, source)
    yield Text(name, "", source.text, 0, patches, layout.details["format"], whole=is_stateful)


def _patches(data: bytes, source: Decoded, edits: Sequence[Edit]) -> list[Patch]:
    patches = text_patches(source.text, edits, source.encoding, len(source.bom))
    applied(data, patches)
    return patches


def _whole_patches(data: bytes, source: Decoded, edits: Sequence[Edit]) -> list[Patch]:
    return [Patch(0, data, spelled(apply(source.text, edits), source.encoding))] if edits else []
