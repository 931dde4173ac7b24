"""Spans of characters as sets, and those by which an infected document differs from its original.

Spans are half-open intervals of Unicode code points of the source; characters are counted without white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile

Interval = tuple[int, int]

_UNSPACED = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff"
_LINES = re.compile(r"[^\n]+")
WORDS = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")
"""Words, single letters of scripts written without spaces, single signs."""
_UNITS = re.compile(rf"</?[A-Za-z][^<>]*>|{WORDS.pattern}")
"""The same, and tags."""


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same characters as disjoint intervals in order; the empty ones are left out."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def intersection(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """The characters in both, as disjoint intervals in order."""
    left, right = merged(first), merged(second)
    found = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def difference(first: Sequence[Interval], second: Iterable[Interval]) -> list[Interval]:
    """The characters of ``first`` that are not in ``second``, as disjoint intervals in order."""
    stop = max((end for _, end in first), default=0)
    gaps, position = [], 0
    for start, end in merged(second):
        gaps.append((position, start))
        position = end
    return intersection(first, [*gaps, (position, max(position, stop))])


def solid(source: str, intervals: Iterable[Interval]) -> int:
    """How many characters of disjoint ``intervals`` are no white space."""
    return sum(len("".join(source[start:end].split())) for start, end in intervals)


def derive_spans(source: str, clean: str) -> tuple[Interval, ...]:
    """What ``source`` has and ``clean`` has not, found line by line, then word by word.

    Of a word that changed, what lies between the letters that both have at either end.
    """
    return tuple(merged(_deleted(source, clean, (_LINES, _UNITS))))


def _deleted(source: str, clean: str, units: Sequence[re.Pattern[str]]) -> Iterator[Interval]:
    if not units:
        first, last = _common_ends(source, clean)
        yield first, len(source) - last
        return
    old, new = ([match.span() for match in units[0].finditer(text)] for text in (source, clean))
    old_units, new_units = [source[a:b] for a, b in old], [clean[a:b] for a, b in new]
    first, last = _common_ends(old_units, new_units)
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    old_units, new_units = old_units[first : len(old_units) - last], new_units[first : len(new_units) - last]
    for change, i, i_end, j, j_end in SequenceMatcher(None, old_units, new_units, autojunk=False).get_opcodes():
        if change == "delete":
            yield old[i][0], old[i_end - 1][1]
        elif change == "replace":
            start, end = old[i][0], old[i_end - 1][1]
            instead = clean[new[j][0] : new[j_end - 1][1]]
            yield from ((start + a, start + b) for a, b in _deleted(source[start:end], instead, units[1:]))


def _common_ends(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """How many items are the same at the beginning and, of the others, at the end."""
    head = sum(1 for _ in takewhile(_is_pair, zip(first, second, strict=False)))
    rest = min(len(first), len(second)) - head
    tail = sum(1 for _ in takewhile(_is_pair, zip(reversed(first), reversed(second), strict=False)))
    return head, min(tail, rest)


def _is_pair(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
