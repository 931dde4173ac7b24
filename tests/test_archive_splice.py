"""Splices change what they say and nothing else, taken at once or part by part, and can be taken back."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.archive.splice import MismatchError, Splice, Splices, inverse, spliced


@st.composite
def splices_of(draw: st.DrawFn, data: bytes) -> list[Splice]:
    edges = sorted(draw(st.lists(st.integers(0, len(data)), unique=True, max_size=8)))
    return [
        Splice(start, data[start:end], draw(st.binary(max_size=4)))
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    ]


def result(data: bytes, splices: list[Splice]) -> bytes:
    written = io.BytesIO()
    spliced(io.BytesIO(data), splices, written.write)
    return written.getvalue()


def expected(data: bytes, splices: list[Splice]) -> bytes:
    for start, old, new in reversed(splices):
        data = data[:start] + new + data[start + len(old) :]
    return data


@given(st.data(), st.binary(max_size=40))
def test_splices_change_what_they_say(draw: st.DataObject, data: bytes) -> None:
    splices = draw.draw(splices_of(data))
    assert result(data, splices) == expected(data, splices)


@given(st.data(), st.binary(max_size=40))
def test_some_splices_are_taken_back(draw: st.DataObject, data: bytes) -> None:
    splices = draw.draw(splices_of(data))
    undone = [draw.draw(st.booleans()) for _ in splices]
    back = list(inverse(zip(splices, undone, strict=True)))
    kept = [splice for splice, is_undone in zip(splices, undone, strict=True) if not is_undone]
    assert result(result(data, splices), back) == expected(data, kept)


@given(st.data(), st.binary(max_size=40))
def test_splices_are_parted_where_a_stream_is(draw: st.DataObject, data: bytes) -> None:
    splices = draw.draw(splices_of(data))
    edges = [0, *sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=5))), len(data)]
    queue = Splices(splices)
    parts = []
    for start, end in pairwise(edges):
        written = io.BytesIO()
        spliced(io.BytesIO(data[start:end]), queue.before(end), written.write, start)
        parts.append(written.getvalue())
    assert b"".join(parts) == expected(data, splices)
    assert not queue.any_before(len(data))


@pytest.mark.parametrize("splice", [Splice(3, b"xy", b""), Splice(9, b"h", b""), Splice(7, b"hi", b"")])
def test_what_is_not_there_is_not_replaced(splice: Splice) -> None:
    with pytest.raises(MismatchError, match="does not hold what is to be replaced"):
        result(b"abcdefgh", [splice])
