"""Visible text: of a plain text, and how the readers of markup put it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleaner.types import Document

if TYPE_CHECKING:
    from cleaner.types import Offsets


def read_text(source: str) -> Document:
    """A plain text as a document: its visible text is the source itself."""
    return Document(source, "text", source)


class VisibleText:
    """The visible text of a source under construction, with the interval behind each character."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.length = 0
        """How many characters there are so far."""
        self._pieces: list[str] = []
        self._origins: list[int] = []
        self._placed: list[int] = []
        self._placed_ends: list[int] = []
        self._line_is_blank = True

    def copy(self, start: int, end: int) -> None:
        """Append ``source[start:end]`` as it stands."""
        if start < end:
            piece = self._source[start:end]
            self._pieces.append(piece)
            self._origins.append(start)
            self.length += end - start
            if self._line_is_blank and not piece.isspace():
                self._line_is_blank = False

    def place(self, characters: str, start: int, end: int) -> None:
        """Append ``characters``; each of them stands for ``source[start:end]``, which may be empty."""
        for character in characters:
            self._placed.append(self.length)
            self._placed_ends.append(end)
            self._pieces.append(character)
            self._origins.append(start)
            self.length += 1
        if characters == "\n":
            self._line_is_blank = True
        elif characters and not characters.isspace():
            self._line_is_blank = False

    def break_line(self, at: int) -> None:
        """Place a line break that is not in the source, unless only white space was added since the last one."""
        if not self._line_is_blank:
            self.place("\n", at, at)

    def build(self) -> tuple[str, Offsets, Offsets]:
        """The text, and the source offsets where each of its characters starts and ends."""
        return "".join(self._pieces), *self._intervals()

    def _intervals(self) -> tuple[Offsets, Offsets]:
        origins = np.array(self._origins, dtype=np.int64)
        lengths = np.fromiter(map(len, self._pieces), dtype=np.int64, count=len(self._pieces))
        jumps = origins.copy()
        jumps[1:] -= origins[:-1] + lengths[:-1] - 1
        # Offsets are the running sum of their steps: one within a piece, a jump where a piece begins.
        starts = np.ones(self.length, dtype=np.int64)
        starts[np.cumsum(lengths) - lengths] = jumps
        np.cumsum(starts, out=starts)
        ends = starts + 1
        ends[self._placed] = self._placed_ends
        return starts, ends
