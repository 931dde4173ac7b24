"""Intervals that many questions are asked about."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Intervals:
    """Half-open intervals, in any order; they may overlap. Each question costs a binary search."""

    def __init__(self, intervals: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(intervals)
        self._starts = [start for start, _ in ordered]
        self._reached = list(accumulate((end for _, end in ordered), max))

    def overlap(self, start: int, end: int) -> bool:
        """Whether one of them overlaps ``[start, end)``."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._reached[before - 1] > start

    def hold(self, start: int, end: int) -> bool:
        """Whether the whole of ``[start, end)`` lies in one of them."""
        before = bisect_right(self._starts, start)
        return before > 0 and self._reached[before - 1] >= end
