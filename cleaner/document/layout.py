"""Pieces of a source → visible text: copied, decoded, and parted by line breaks, with the place of each character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.types import Offsets

Reader = Callable[[str, int, int], tuple[int, str] | None]
"""Tells where what is spelled at an offset ends, and what it stands for; ``None``: for itself."""


def verbatim(source: str, start: int, end: int) -> None:
    """The reader of code, in which everything stands for itself."""


_SPACES = np.array([chr(code).isspace() for code in range(0x3002)])
"""Which code points are white space; there is none from the last one on."""


@dataclass(frozen=True, slots=True, eq=False)
class Breaks:
    """Line breaks, in order, that stand behind pieces of the text."""

    pieces: Offsets
    """The number of the piece before each."""
    origins: Offsets
    """The interval of the source that each stands for, which may be empty."""
    origin_ends: Offsets
    always: NDArray[np.bool_]
    """Whether it stands there in any case; others need something other than white space since the last one."""


class Layout:
    """The visible text that pieces of a source make, one after the other.

    Args:
        source: the source.
        begins, stops: its pieces.
        in_lines: the pieces in which the line breaks of the source are shown; in others they are spaces.
        readers: what reads the references in each piece.
        breaks: the line breaks between the pieces.
    """

    def __init__(
        self,
        source: str,
        begins: Offsets,
        stops: Offsets,
        in_lines: NDArray[np.bool_],
        readers: Sequence[Reader],
        breaks: Breaks,
    ) -> None:
        lengths = stops - begins
        self._edges = np.concatenate([[0], np.cumsum(lengths)])
        starts = np.arange(self._edges[-1]) + np.repeat(begins - self._edges[:-1], lengths)
        ends = starts + 1
        codes = np.frombuffer(source.encode("utf-32-le", "surrogatepass"), dtype="<u4")[starts]
        ends_line = (codes == ord("\n")) | (codes == ord("\r")) | (codes == ord("\f"))
        codes[ends_line & ~np.repeat(in_lines, lengths)] = ord(" ")
        kept = self._decode(source, codes, starts, ends, stops, readers)

        is_solid = kept & ~_SPACES[np.minimum(codes, len(_SPACES) - 1)]
        solid = np.concatenate([[0], np.cumsum(is_solid)])[self._edges[breaks.pieces + 1]]
        self.made = breaks.always | (solid > np.concatenate([[0], solid[:-1]]))
        """Which of the line breaks there are."""
        self._kept = np.concatenate([[0], np.cumsum(kept)])
        self._broken = np.bincount(breaks.pieces[self.made], minlength=len(lengths))

        where = self._edges[breaks.pieces[self.made] + 1]
        order = np.insert(np.arange(len(codes)), where, len(codes) + np.arange(len(where)))
        order = order[np.concatenate([kept, np.ones(len(where), dtype=bool)])[order]]
        newlines = np.full(len(where), ord("\n"), dtype=codes.dtype)
        codes = np.concatenate([codes, newlines]).take(order)
        self.text = codes.tobytes().decode("utf-32-le", "surrogatepass")
        self.starts: Offsets = np.concatenate([starts, breaks.origins[self.made]]).take(order)
        """Source offset where each character starts."""
        self.ends: Offsets = np.concatenate([ends, breaks.origin_ends[self.made]]).take(order)
        """Source offset where each character ends."""

    def piece_starts(self) -> Offsets:
        """Where each piece starts in the text."""
        return np.asarray(self._kept[self._edges[:-1]] + np.cumsum(self._broken) - self._broken)

    def piece_ends(self) -> Offsets:
        """Where each piece ends in the text, the line breaks behind it left out."""
        return np.asarray(self._kept[self._edges[1:]] + np.cumsum(self._broken) - self._broken)

    def _decode(
        self,
        source: str,
        codes: NDArray[np.uint32],
        starts: Offsets,
        ends: Offsets,
        stops: Offsets,
        readers: Sequence[Reader],
    ) -> NDArray[np.bool_]:
        """Put what references and escapes stand for in the place of their first characters; which ones are kept."""
        found: list[tuple[int, int, int, int]] = []
        gone = np.zeros(len(codes) + 1, dtype=np.int8)
        marks = np.flatnonzero((codes == ord("&")) | (codes == ord("\\")))
        pieces = np.searchsorted(self._edges, marks, side="right") - 1
        done = -1
        for at, first, limit, piece in zip(
            marks.tolist(), starts[marks].tolist(), stops[pieces].tolist(), pieces.tolist(), strict=True
        ):
            spelled = readers[piece](source, first, limit) if at > done else None
            if spelled:
                last, characters = spelled
                found += [(at + number, first, last, ord(character)) for number, character in enumerate(characters)]
                done = at + last - first - 1
                gone[at + len(characters)] += 1
                gone[done + 1] -= 1
        if found:
            places, firsts, lasts, values = np.array(found, dtype=np.int64).T
            codes[places], starts[places], ends[places] = values, firsts, lasts
        return np.asarray(np.cumsum(gone[:-1], dtype=np.int8) == 0)
