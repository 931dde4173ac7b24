"""Parts of documents that are looked at together: long texts are cut into pieces, short ones share a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.rules.markup import hidden_blocks
from cleaner.types import Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.model.passages import Batch

    Ints = NDArray[np.int64]

BATCH = 1 << 18
"""Characters that are looked at together."""
RATION = 500
"""Loud tokens of a hidden block that are looked at again."""
FEW = 200
"""Loud tokens of a piece up to which no hidden block is thought to be full of them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text of a document, small enough to be looked at in one go."""

    document: int
    offset: int
    text: str
    near: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The tokens to read, counted from the first one of the piece."""


def pieces_of(documents: Sequence[Document]) -> list[Piece]:
    """The texts of the documents, in order, the long ones in several pieces."""
    return [
        Piece(number, offset, document.text[offset:end])
        for number, document in enumerate(documents)
        for offset, end in pairwise(block_edges(document.text))
    ]


def block_edges(text: str, size: int = 1 << 14) -> list[int]:
    """Offsets that part a long text into blocks of at most ``size`` characters, at line ends where there are any."""
    edges = [0]
    while len(text) - edges[-1] > size:
        begin, limit = edges[-1] + size // 2, edges[-1] + size
        cut = max(text.rfind("\n", begin, limit), text.rfind(". ", begin, limit))
        cut = cut if cut > 0 else text.rfind(" ", begin, limit)
        edges.append(cut + 1 if cut > 0 else limit)
    return [*edges, len(text)]


def batches(pieces: Iterable[Piece], size: int = BATCH) -> Iterator[list[Piece]]:
    """The pieces in order, about ``size`` characters at a time."""
    batch: list[Piece] = []
    total = 0
    for piece in pieces:
        batch.append(piece)
        total += len(piece.text)
        if total >= size:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


class Ration:
    """Keeps to few tokens of each hidden block: one that has many loud ones is full of spam, and the first tell."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._blocks: dict[int, tuple[Ints, Ints, Ints]] = {}

    def of(self, loud: Ints, pieces: Sequence[Piece], batch: Batch) -> Ints:
        """The loud tokens without those in a hidden block behind ``RATION`` others."""
        text = batch.text_of(loud)
        wanted = np.ones(loud.size, dtype=bool)
        for number in np.flatnonzero(np.bincount(text, minlength=len(pieces)) > FEW).tolist():
            piece, own = pieces[number], np.flatnonzero(text == number)
            starts, ends, seen = self._hidden_in(piece.document)
            at = batch.view.folded.starts[batch.view.tokens.starts[loud[own]]] - batch.starts[number] + piece.offset
            block = np.searchsorted(starts, at, side="right") - 1
            inside = (block >= 0) & (at < ends[block])
            blocks, first, counts = np.unique(block[inside], return_index=True, return_counts=True)
            rank = np.arange(inside.sum()) + np.repeat(seen[blocks] - first, counts)
            wanted[own[inside][rank >= RATION]] = False
            seen[blocks] += counts
        return loud[wanted]

    def _hidden_in(self, document: int) -> tuple[Ints, Ints, Ints]:
        """Where the hidden blocks of a document start and end, and how many loud tokens of each were seen."""
        if document not in self._blocks:
            found = sorted((block.text_start, block.text_end) for block in hidden_blocks(self._documents[document]))
            starts, ends = np.array(found or [(0, 0)], dtype=np.int64).T
            self._blocks[document] = starts, ends, np.zeros(len(starts), dtype=np.int64)
        return self._blocks[document]
