"""What the tests of formats share: reading containers, cutting from them, and edits to do so with."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, cast

from hypothesis import strategies as st

from cleaner.archive.records import Bad, ByteFormat, Patch, Text, Wanted, applied
from cleaner.types import Edit

HEAD = 1 << 20
ANY = Wanted()
REPLACEMENTS = ("", "", " ", "\n", ", ", ". ", '"', "\\", "…", ";\t|", "'\r\n")


def read(module: object, data: bytes, wanted: Wanted = ANY, name: str = "bao", size: int = 1 << 16) -> list[Text | Bad]:
    """The records of a container; its pieces are all of it."""
    format = cast("ByteFormat", module)
    layout = format.layout(name, data[:HEAD], wanted)
    pieces = list(format.pieces(io.BytesIO(data), layout, size))
    assert b"".join(piece.data for piece in pieces) == data
    at = 0
    for piece in pieces:
        assert (piece.offset, piece.end) == (at, at + len(piece.data))
        at = piece.end
    return [record for piece in pieces for record in format.texts(piece, layout)]


def texts(records: Iterable[Text | Bad]) -> list[Text]:
    """The records that could be read; there are no others."""
    found = list(records)
    assert all(isinstance(record, Text) for record in found), found
    return cast("list[Text]", found)


def cut(data: bytes, edited: Iterable[tuple[Text, Sequence[Edit]]]) -> bytes:
    """A container with edits of its texts; taking them back gives the container."""
    patches = sorted(
        Patch(text.offset + patch.start, patch.old, patch.new)
        for text, edits in edited
        for patch in text.patches(edits)
    )
    after = applied(data, patches)
    moved = 0
    back = []
    for start, old, new in patches:
        back.append(Patch(start + moved, new, old))
        moved += len(new) - len(old)
    assert applied(after, back) == data
    return after


@st.composite
def edits_of(draw: Any, text: str, replacements: Sequence[str] = REPLACEMENTS) -> list[Edit]:
    """Some edits of a text, in order, none of which touches another."""
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return [
        Edit(start, end, draw(st.sampled_from(replacements)))
        for start, end in zip(places[::2], places[1::2], strict=False)
    ]


def removal(text: str, words: str, replacement: str = "") -> Edit:
    """The edit that cuts these words."""
    start = text.index(words)
    return Edit(start, start + len(words), replacement)
