"""The chain of labels: probabilities and best paths of a linear-chain CRF (Lafferty et al. 2001).

Labels are BIOES: outside, or the begin, inside, end or single token of a span, so that one span is
one decision. All sequences of a batch are padded to one length and worked on together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

OUTSIDE, BEGIN, INSIDE, END, SINGLE = range(5)
LABELS = 5
FOLLOWS = np.array(
    [
        [1, 1, 0, 0, 1],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 0],
        [1, 1, 0, 0, 1],
        [1, 1, 0, 0, 1],
    ],
    dtype=bool,
)
"""``FOLLOWS[a, b]``: label b may stand right after label a."""
STARTS = np.array([1, 1, 0, 0, 1], dtype=bool)
ENDS = np.array([1, 0, 0, 1, 1], dtype=bool)


def marginals(
    emissions: Floats, lengths: NDArray[np.int64], transitions: Floats, expect: Floats | None = None
) -> Floats:
    """Probability of each label at each token (forward-backward algorithm).

    Args:
        emissions: scores of shape (batch, longest, LABELS).
        lengths: number of real tokens of each sequence, at least 1.
        transitions: scores of shape (LABELS, LABELS).
        expect: an array of shape (LABELS, LABELS) to which the expected number of each pair of
            neighbouring labels is added (for training); ``None`` saves that work.

    Returns:
        An array of shape (batch, longest, LABELS), zero beyond each length.
    """
    steps = np.where(FOLLOWS, np.exp(transitions.astype(np.float64)), 0)
    order, alive = _by_length(lengths, emissions.shape[1])
    local = emissions[order].transpose(1, 2, 0).astype(np.float64)
    local = np.exp(local - local.max(axis=1, keepdims=True))
    forward, backward = np.zeros_like(local), np.zeros_like(local)
    forward[0] = local[0] * STARTS[:, None]
    for t in range(1, len(alive)):
        n = alive[t]
        current = np.multiply(steps.T @ forward[t - 1, :, :n], local[t, :, :n], out=forward[t, :, :n])
        if t % _RESCALED == 0:
            current /= np.add.reduce(current, axis=0)
    backward[:] = ENDS[:, None]
    for t in range(len(alive) - 2, -1, -1):
        n = alive[t + 1]
        current = np.matmul(steps, local[t + 1, :, :n] * backward[t + 1, :, :n], out=backward[t, :, :n])
        if t % _RESCALED == 0:
            current /= np.add.reduce(current, axis=0)
    if expect is not None:
        expect += _expected_pairs(forward, local * backward, steps, lengths[order])
    both = forward * backward
    both /= np.maximum(both.sum(axis=1, keepdims=True), _TINY)
    found = np.zeros_like(emissions)
    found[order] = both.transpose(2, 0, 1)
    found[np.arange(emissions.shape[1])[None, :] >= lengths[:, None]] = 0
    return found


def _expected_pairs(forward: Doubles, ahead: Doubles, steps: Doubles, lengths: NDArray[np.int64]) -> Floats:
    """Expected number of each pair of neighbouring labels; ``ahead`` is what speaks for each label from it on."""
    before, after = forward[:-1].transpose(0, 2, 1), ahead[1:].transpose(0, 2, 1)
    real = np.arange(1, len(forward))[:, None] < lengths
    before, after = before[real], after[real]
    total = np.einsum("ni,ni->n", before @ steps, after)
    return np.asarray(steps * ((before / np.maximum(total, _TINY)[:, None]).T @ after), dtype=np.float32)


def best_spans(emissions: Floats, lengths: NDArray[np.int64], transitions: Floats) -> list[list[tuple[int, int]]]:
    """Spans ``[first, last + 1)`` on the best path of each sequence (Viterbi 1967)."""
    steps = np.where(FOLLOWS, transitions, _NEVER).astype(np.float32)
    order, alive = _by_length(lengths, emissions.shape[1])
    score = emissions[order].transpose(1, 2, 0).copy()
    score[0] += np.where(STARTS, 0, _NEVER)[:, None]
    for t in range(1, len(alive)):
        n = alive[t]
        score[t, :, :n] += np.maximum.reduce(score[t - 1, :, None, :n] + steps[:, :, None], axis=0)
    path = np.zeros((len(alive), len(order)), dtype=np.int8)
    final = np.where(ENDS, 0, _NEVER).astype(np.float32)[:, None]
    ahead = np.zeros(len(order), dtype=np.int64)
    reached = 0
    for t in range(len(alive) - 1, -1, -1):
        n = alive[t]
        ahead[:reached] = (score[t, :, :reached] + steps[:, ahead[:reached]]).argmax(axis=0)
        ahead[reached:n] = (score[t, :, reached:n] + final).argmax(axis=0)
        path[t, :n] = ahead[:n]
        reached = n
    found: list[list[tuple[int, int]]] = [[]] * len(order)
    for row, number in enumerate(order.tolist()):
        found[number] = _spans(path[: lengths[number], row])
    return found


def _by_length(lengths: NDArray[np.int64], longest: int) -> tuple[NDArray[np.int64], list[int]]:
    """The sequences, longest first, and how many of them have more than t tokens, for each t."""
    order = np.argsort(-lengths, kind="stable")
    return order, np.searchsorted(-lengths[order], -np.arange(longest)).tolist()


_TINY, _NEVER = 1e-300, np.float32(-1e9)
_RESCALED = 8
"""Tokens after which the running products are scaled anew; double precision bears far more."""


def labels_of(spans: list[tuple[int, int]], size: int) -> NDArray[np.int8]:
    """The labels of ``size`` tokens with these spans."""
    labels = np.zeros(size, dtype=np.int8)
    for first, end in spans:
        if end - first == 1:
            labels[first] = SINGLE
        else:
            labels[first], labels[end - 1] = BEGIN, END
            labels[first + 1 : end - 1] = INSIDE
    return labels


def _spans(labels: NDArray[np.int8]) -> list[tuple[int, int]]:
    begins = np.flatnonzero((labels == BEGIN) | (labels == SINGLE))
    ends = np.flatnonzero((labels == END) | (labels == SINGLE)) + 1
    return [(int(a), int(b)) for a, b in zip(begins, ends, strict=True)]
