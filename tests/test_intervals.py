"""Intervals answer as a look at each of them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cleaner.intervals import Intervals

PAIRS = st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(PAIRS, max_size=8), PAIRS)
def test_intervals_answer_for_each_of_them(intervals: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    start, end = asked
    found = Intervals(intervals)
    assert found.overlap(start, end) == any(a < end and start < b for a, b in intervals)
    assert found.hold(start, end) == any(a <= start and end <= b for a, b in intervals)
