"""Boosted trees as plain arrays: scores, and what each feature added to them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BLOCK = 256
"""Rows that go down the trees together: few enough for the processor's cache."""


@dataclass(frozen=True, eq=False)
class Trees:
    """A sum of regression trees; node 0 of each tree is its root, a leaf is its own child."""

    feature: NDArray[np.int16]
    """Shape (tree, node): the feature asked at a node."""
    threshold: NDArray[np.float32]
    """Rows with ``value <= threshold`` go left."""
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    value: NDArray[np.float32]
    """Mean of the training rows at each node, inner nodes included, in log-odds."""
    base: float
    depth: int

    def score(self, rows: NDArray[np.float32]) -> Floats:
        """Log-odds of each row; shape (row,)."""
        scores = np.empty(len(rows), dtype=np.float64)
        for begin in range(0, len(rows), BLOCK):
            block = rows[begin : begin + BLOCK]
            node = self._descend(block, np.tile(self._roots, (len(block), 1)), self.depth)
            scores[begin : begin + BLOCK] = self.value.ravel().take(node).sum(axis=1, dtype=np.float64)
        return self.base + scores

    def contributions(self, rows: NDArray[np.float32]) -> Floats:
        """What each feature added to the score of each row, shape (row, feature).

        They and the means of the trees' roots sum up to the score. A split's feature is credited with the change of
        the mean from parent to child (Saabas 2014).
        """
        credit = np.zeros(rows.shape, dtype=np.float64)
        value = self.value.ravel()
        for begin in range(0, len(rows), BLOCK):
            block = rows[begin : begin + BLOCK]
            node = np.tile(self._roots, (len(block), 1))
            own = np.arange(len(block))[:, None] * rows.shape[1]
            for _ in range(self.depth):
                child = self._descend(block, node, 1)
                gain = value.take(child) - value.take(node)
                of_block = np.bincount((own + self._features.take(node)).ravel(), gain.ravel(), block.size)
                credit[begin : begin + BLOCK] += of_block.reshape(block.shape)
                node = child
        return credit

    @functools.cached_property
    def _roots(self) -> NDArray[np.intp]:
        trees, size = self.feature.shape
        return np.arange(0, trees * size, size, dtype=np.intp)

    @functools.cached_property
    def _features(self) -> NDArray[np.intp]:
        return self.feature.ravel().astype(np.intp)

    @functools.cached_property
    def _children(self) -> NDArray[np.intp]:
        """The right and the left child of each node, numbered across all trees."""
        pairs = np.stack([self.right, self.left], axis=2) + self._roots[:, None, None]
        return np.asarray(pairs.ravel(), dtype=np.intp)

    def _descend(self, rows: NDArray[np.float32], node: NDArray[np.intp], levels: int) -> NDArray[np.intp]:
        """Follow each row from ``node`` (numbers across all trees) for some levels."""
        values, threshold = np.ascontiguousarray(rows).ravel(), self.threshold.ravel()
        begins = (np.arange(len(rows), dtype=np.intp) * rows.shape[1])[:, None]
        for _ in range(levels):
            goes_left = values.take(begins + self._features.take(node)) <= threshold.take(node)
            node = self._children.take(2 * node + goes_left)
        return node
