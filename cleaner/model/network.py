"""The tagger: a small dilated convolution over tokens, from plain arrays (Yu & Koltun 2016, Strubell et al. 2017).

Each token is the sum of the embeddings of its hashed features; each layer adds to it what it sees of
the tokens to either side, farther off with each layer; the last state gives the scores of the labels,
and one for not belonging there.
Texts are laid end to end with ``GAP`` empty rows around each, so that none sees its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DILATIONS = (1, 2, 4, 8, 1, 2, 4, 1)
"""How far to either side each layer looks, in tokens."""
REACH = sum(DILATIONS)
"""Tokens to either side that the scores of a token depend on."""
GAP = max(DILATIONS)
"""Empty rows that keep texts apart."""
BLOCK = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The learnt arrays; ``width`` numbers stand for a token."""

    embeddings: NDArray[np.int8]
    """Shape (2 ** bits, width), in steps of ``scale``."""
    scale: float
    kernels: Floats
    """Shape (layer, 3, width, width): for the token on the left, the token itself, the one on the right."""
    biases: Floats
    """Shape (layer, width)."""
    output: Floats
    """Shape (width + 1, label + 1); the last row is the bias. Behind the labels a token has a score for not belonging
    where it stands, whatever it says."""

    @property
    def bits(self) -> int:
        """Logarithm of the number of features."""
        return int(self.embeddings.shape[0]).bit_length() - 1

    def emissions(self, features: NDArray[np.int32], texts: NDArray[np.bool_]) -> Floats:
        """Scores of every row, shape (row, label + 1).

        Args:
            features: feature numbers of every row, shape (row, feature).
            texts: true where a row is a token; the others are the gaps.
        """
        parts = [self._emissions(features[part], texts[part]) for part in _blocks(texts)]
        return np.concatenate(parts) if parts else np.zeros((0, self.output.shape[1]), dtype=np.float32)

    def _emissions(self, features: NDArray[np.int32], texts: NDArray[np.bool_]) -> Floats:
        inside = texts[:, None].astype(np.float32)
        state = summed(self.embeddings, features) * (inside * np.float32(self.scale))
        for kernel, bias, dilation in zip(self.kernels, self.biases, DILATIONS, strict=False):
            state += np.maximum(convolved(state, kernel, dilation) + bias, 0) * inside
        return np.asarray(state @ self.output[:-1] + self.output[-1], dtype=np.float32)


def _blocks(texts: NDArray[np.bool_]) -> Iterator[slice]:
    """Parts of whole texts, of about ``BLOCK`` rows: few enough for the processor's cache."""
    ends = np.flatnonzero(texts[:-1] & ~texts[1:]) + 1
    begin = 0
    for end in ends[np.searchsorted(ends, np.arange(BLOCK, len(texts), BLOCK)) - 1].tolist() if ends.size else ():
        if end > begin:
            yield slice(begin, end)
            begin = end
    yield slice(begin, len(texts))


def summed(embeddings: NDArray[np.int8] | Floats, features: NDArray[np.int32]) -> Floats:
    """The sum of the embeddings of each row's features."""
    total = embeddings.take(features[:, 0], axis=0).astype(np.float32)
    for column in range(1, features.shape[1]):
        total += embeddings.take(features[:, column], axis=0)
    return total


def convolved(state: Floats, kernel: Floats, dilation: int) -> Floats:
    """Each row's neighbours at ``dilation`` to either side and itself, through ``kernel``; zero beyond the edges."""
    sums = state @ kernel[1]
    sums[dilation:] += state[:-dilation] @ kernel[0]
    sums[:-dilation] += state[dilation:] @ kernel[2]
    return np.asarray(sums, dtype=np.float32)


def laid_out(features: NDArray[np.int32], first: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Put gaps around the texts whose first rows are given: rows of features, and which of them are tokens."""
    begins = np.zeros(len(features), dtype=np.int64)
    begins[first] = GAP
    rows = np.arange(len(features)) + np.cumsum(begins)
    spread = np.zeros((len(features) + GAP * (first.size + 1), features.shape[1]), dtype=np.int32)
    inside = np.zeros(len(spread), dtype=bool)
    spread[rows], inside[rows] = features, True
    return spread, inside
