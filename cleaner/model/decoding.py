"""Which tokens may be injected, and the spans on the best paths of the chain, worked out only where there is hope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import distinct
from cleaner.model.chain import BEGIN, END, INSIDE, OUTSIDE, SINGLE, best_spans, marginals
from cleaner.model.passages import Passages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

BIASES = (-1.0, 0.0, 1.0)
"""Log-odds added to every spam label before decoding: from cautious to eager."""
QUIET = 0.0
"""Log-odds below which no eager path comes near a token, which is then left outside without decoding."""
REACH = 6
"""Tokens to either side of a louder one that are decoded with it."""
SIZES = (32, 128, 512)
"""Windows of up to so many tokens are decoded together; the last is the longest, which bounds the steps."""
_APART = -1e4
"""Added to the running sum where a passage begins: no span reaches across."""


def decode(passages: Passages, emissions: Floats, transitions: Floats) -> tuple[Floats, Ints]:
    """Probability of each label of each token, and the spans on the best paths of the chain."""
    labels = np.zeros_like(emissions)
    labels[:, OUTSIDE] = 1
    found: list[tuple[int, int]] = []
    first, end = _windows(passages, best_gain(passages, emissions, transitions, max(BIASES)))
    lengths = end - first
    shortest = 0
    for longest in SIZES:
        chosen = np.flatnonzero((lengths > shortest) & (lengths <= longest))
        shortest = longest
        if not chosen.size:
            continue
        size = lengths[chosen]
        steps = np.arange(int(size.max()))
        at = np.minimum(first[chosen][:, None] + steps, len(emissions) - 1)
        inside = steps < size[:, None]
        padded = emissions[at] * inside[:, :, None]
        labels[at[inside]] = marginals(padded, size, transitions)[inside]
        eager = np.tile(padded, (len(BIASES), 1, 1))
        eager[:, :, 1:] += np.repeat(np.array(BIASES, dtype=np.float32), chosen.size)[:, None, None]
        for number, path in enumerate(best_spans(eager, np.tile(size, len(BIASES)), transitions)):
            offset = int(first[chosen[number % chosen.size]])
            found += [(offset + a, offset + b) for a, b in path]
    return labels, unique_spans(np.array(found, dtype=np.int64).reshape(-1, 2))


def best_gain(passages: Passages, emissions: Floats, steps: Floats, bias: float = 0.0) -> Floats:
    """For each token, the score of the best span around it, alone in its passage, against no span at all.

    The score of a span falls into what its begin, its end and the running sum between them bring, so that the best
    begin before and the best end after each token are found apart.
    """
    gain = emissions[:, 1:] - emissions[:, [OUTSIDE]] + np.float32(bias)
    begin, inside, end, single = (gain[:, label - 1] for label in (BEGIN, INSIDE, END, SINGLE))
    rest = steps[OUTSIDE, OUTSIDE]
    apart = np.zeros(len(gain), dtype=np.float64)
    apart[passages.first] = _APART
    running = np.cumsum(inside + (steps[INSIDE, INSIDE] - rest) + apart)
    before = np.concatenate([[0.0], running[:-1]]) + apart
    longer = steps[BEGIN, INSIDE] + steps[INSIDE, END] - steps[INSIDE, INSIDE]
    edges = steps[OUTSIDE, BEGIN] + steps[END, OUTSIDE] + max(longer, steps[BEGIN, END]) - 3 * rest
    left = np.maximum.accumulate(begin - running)
    right = np.maximum.accumulate((end + before)[::-1])[::-1]
    alone = single + (steps[OUTSIDE, SINGLE] + steps[SINGLE, OUTSIDE] - 2 * rest)
    both = np.full(len(gain), -np.inf)
    both[:-1] = left[:-1] + right[1:]
    both[1:] = np.maximum(both[1:], both[:-1])
    return np.asarray(np.maximum(both + edges, alone), dtype=np.float32)


def _windows(passages: Passages, gain: Floats) -> tuple[Ints, Ints]:
    """Intervals around the tokens that an eager path comes near to; elsewhere nothing needs decoding."""
    near = np.flatnonzero(gain > QUIET)
    owner = passages.owner[near]
    apart = np.flatnonzero((np.diff(near) > 2 * REACH) | (np.diff(owner) > 0)) + 1
    if not near.size:
        return near, near
    first, last = np.r_[near[0], near[apart]], np.r_[near[apart - 1], near[-1]]
    own = passages.owner[first]
    first = np.maximum(first - REACH, passages.first[own])
    last = np.minimum(last + REACH + 1, passages.last[own])
    pieces = -(-(last - first) // SIZES[-1])
    piece = np.arange(int(pieces.sum())) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin = np.repeat(first, pieces) + SIZES[-1] * piece
    return begin, np.minimum(begin + SIZES[-1], np.repeat(last, pieces))


def unique_spans(spans: Ints) -> Ints:
    """The different spans in ascending order."""
    return distinct(spans, axis=0) if len(spans) else spans
