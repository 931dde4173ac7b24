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
    longest = emissions.shape[1]
    steps = np.where(FOLLOWS, np.exp(transitions), 0).astype(np.float32)
    back_steps = np.ascontiguousarray(steps.T)
    local = np.exp(emissions - emissions.max(axis=2, keepdims=True)).transpose(1, 0, 2).copy()
    forward = np.empty_like(local)
    backward = np.empty_like(local)
    current = local[0] * STARTS
    forward[0] = current / current.sum(axis=1, keepdims=True)
    for t in range(1, longest):
        current = (forward[t - 1] @ steps) * local[t]
        forward[t] = current / np.maximum(current.sum(axis=1, keepdims=True), 1e-30)
    last = lengths - 1
    final = np.broadcast_to((ENDS / ENDS.sum()).astype(np.float32), current.shape)
    ahead = np.zeros_like(current)
    for t in range(longest - 1, -1, -1):
        ahead = np.where((last == t)[:, None], final, ahead)
        backward[t] = ahead
        if t:
            weighted = local[t] * ahead
            if expect is not None:
                joint = forward[t - 1][:, :, None] * steps[None] * weighted[:, None, :]
                total = joint.sum(axis=(1, 2), keepdims=True)
                alive = (t <= last)[:, None, None] & (total > 0)
                expect += np.where(alive, joint / np.maximum(total, 1e-30), 0).sum(axis=0)
            ahead = weighted @ back_steps
            ahead /= np.maximum(ahead.sum(axis=1, keepdims=True), 1e-30)
    both = (forward * backward).transpose(1, 0, 2)
    both /= np.maximum(both.sum(axis=2, keepdims=True), 1e-30)
    both[np.arange(longest)[None, :] >= lengths[:, None]] = 0
    return np.ascontiguousarray(both)


def best_spans(emissions: Floats, lengths: NDArray[np.int64], transitions: Floats) -> list[list[tuple[int, int]]]:
    """Spans ``[first, last + 1)`` on the best path of each sequence (Viterbi 1967)."""
    batch, longest, _ = emissions.shape
    steps = np.where(FOLLOWS, transitions, -1e9).astype(np.float32)
    score = emissions[:, 0] + np.where(STARTS, 0, -1e9).astype(np.float32)
    back = np.zeros((batch, longest, LABELS), dtype=np.int8)
    final = np.zeros((batch, LABELS), dtype=np.float32)
    last = lengths - 1
    for t in range(longest):
        if t:
            options = score[:, :, None] + steps[None]
            back[:, t] = options.argmax(axis=1)
            score = options.max(axis=1) + emissions[:, t]
        final[last == t] = score[last == t]
    label = (final + np.where(ENDS, 0, -1e9)).argmax(axis=1)
    path = np.zeros((batch, longest), dtype=np.int8)
    for t in range(longest - 1, -1, -1):
        path[:, t] = np.where(t <= last, label, OUTSIDE)
        label = np.where(t <= last, back[np.arange(batch), t, label], label)
    return [_spans(row[:length]) for row, length in zip(path, lengths, strict=True)]


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
