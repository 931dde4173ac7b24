"""Count words, pairs and triples of clean text into the hashed tables of :class:`Counts`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from cleaner.folding import fold
from cleaner.model.features import Counts, pair_key, shift, span_hashes, triple_key
from cleaner.tokens import tokenize

if TYPE_CHECKING:
    from numpy.typing import NDArray


def count(texts: Iterable[str], word_bits: int = 18, pair_bits: int = 21) -> Counts:
    """The tables over ``texts``."""
    words = np.zeros(1 << word_bits, dtype=np.int64)
    pairs = np.zeros(1 << pair_bits, dtype=np.int64)
    for text in texts:
        folded = fold(text)
        tokens = tokenize(folded)
        word = span_hashes(folded.codes, tokens.starts, tokens.ends)
        np.add.at(words, (word >> np.uint64(64 - word_bits)).astype(np.int64), 1)
        for key in (pair_key(word), triple_key(shift(word, -2), shift(word, -1), word)):
            np.add.at(pairs, (key >> np.uint64(64 - pair_bits)).astype(np.int64), 1)
    return Counts(_rounded(words), _rounded(pairs))


def _rounded(counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """0 for none, else one more than the logarithm to base two, rounded down."""
    return np.where(counts > 0, np.floor(np.log2(np.maximum(counts, 1))) + 1, 0).astype(np.uint8)
