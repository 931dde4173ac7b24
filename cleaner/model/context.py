"""A word against the rest of its text: how often it recurs there, and how it fits the topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import ranges
from cleaner.model.clean_text import CleanText

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.model.passages import Passages

    Hashes = NDArray[np.uint64]
    Small = NDArray[np.uint8]

APART_FROM, TOGETHER = 20, 6
"""Tokens to either side that count as near a word, and as one with it, when it is held against the rest."""
_FEW = 16
"""Texts whose words are counted together: their slots fit the processor's cache."""


def recurrence(word: Hashes, first: NDArray[np.int64], last: NDArray[np.int64]) -> Small:
    """How often the word of each token stands elsewhere in its text, at most 3.

    Words are hashed into some eight slots a token, so that now and then one is found once too often.
    """
    found = np.zeros(word.size, dtype=np.uint8)
    bits = np.ceil(np.log2(np.maximum(last - first, 2))).astype(np.int64) + 3
    edges = np.append(first, word.size)  # what stands between two texts goes with the first of them
    for begin in range(0, first.size, _FEW):
        some = slice(begin, begin + _FEW)
        tokens = slice(edges[begin], edges[min(begin + _FEW, first.size)])
        sizes = np.diff(edges[begin : begin + _FEW + 1])
        slot = (word[tokens] >> np.repeat((64 - bits[some]).astype(np.uint64), sizes)).view(np.int64)
        slot += np.repeat(np.cumsum(1 << bits[some]) - (1 << bits[some]), sizes)
        found[tokens] = np.minimum(np.bincount(slot)[slot] - 1, 3)
    return found


def topic_fit(passages: Passages, clean: CleanText) -> tuple[Small, Small]:
    """How well each word, and the words around it, fit the rest of the text; what stands near is left out of the rest.

    The angle between sums of latent semantic vectors (Deerwester et al. 1990).
    """
    vectors = clean.topics_of(passages.batch.glance.word[passages.number])
    running = np.concatenate([np.zeros_like(vectors[:1]), np.cumsum(vectors, axis=0)])
    low, high = passages.first[passages.owner], passages.last[passages.owner]
    here = np.arange(len(vectors))

    def near(reach: int) -> NDArray[np.float32]:
        return np.asarray(running[np.minimum(here + reach + 1, high)] - running[np.maximum(here - reach, low)])

    rest = topic_sums(passages, clean)[passages.owner] - near(APART_FROM)
    return _angle(vectors, rest), _angle(near(TOGETHER), rest)


def topic_sums(passages: Passages, clean: CleanText) -> NDArray[np.float32]:
    """Where the words of the whole text of each passage stand among the topics, together."""
    texts, rank = np.unique(passages.text, return_inverse=True)
    first = passages.batch.first[texts]
    sizes = passages.batch.last[texts] - first
    vectors = clean.topics_of(passages.batch.glance.word[ranges(first, sizes)])
    return np.asarray(np.add.reduceat(vectors, np.cumsum(sizes) - sizes)[rank] if sizes.size else vectors)


def _angle(some: NDArray[np.float32], others: NDArray[np.float32]) -> Small:
    """The cosine between the vectors of each row, in ten steps; 10 where one of them is nothing."""
    length = np.sqrt(np.einsum("ij,ij->i", some, some) * np.einsum("ij,ij->i", others, others))
    cosine = np.einsum("ij,ij->i", some, others) / np.maximum(length, 1e-6)
    return np.where(length > 1.0, np.clip(cosine * 8 + 3, 0, 9), 10).astype(np.uint8)
