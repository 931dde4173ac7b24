"""What a span promotes: the lexicon's categories and the votes of its words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.model.features import Columns
    from cleaner.model.segments import Tagged


def category_of(tagged: Tagged, first: int, last: int, table: NDArray[np.int8]) -> str:
    """The category of the tokens ``[first, last)``; ``table`` are the votes of words, shape (2 ** bits, category)."""
    votes = category_votes(table, tagged.seen, first, last)
    view, (start, end) = tagged.passages.batch.view, tagged.place(first, last)
    after = bisect_right(view.hits, start, key=lambda h: h.end)
    for hit in view.hits[after : bisect_left(view.hits, end, key=lambda h: h.start)]:
        votes[CATEGORIES.index(hit.term.category)] += 2 * hit.term.weight
    for shape in view.shapes:
        if shape.category != "other" and start <= shape.start < end:
            votes[CATEGORIES.index(shape.category)] += shape.weight
    return CATEGORIES[int(votes.argmax())]


def category_votes(table: NDArray[np.int8], seen: Columns, first: int, last: int) -> NDArray[np.float64]:
    """Mean vote of a span's words for each category."""
    bits = int(table.shape[0]).bit_length() - 1
    return np.asarray(table[category_features(seen, first, last, bits)].mean(axis=0, dtype=np.float64) / 16)


def category_features(seen: Columns, first: int, last: int, bits: int) -> NDArray[np.int64]:
    """Hashed words and pairs of words of a span."""
    bare = seen.bare[first:last]
    pairs = bare[:-1] * np.uint64(3) + bare[1:]
    return (np.concatenate([bare, pairs]) >> np.uint64(64 - bits)).astype(np.int64)
