"""Boosted trees as plain arrays: scores, and what each feature added to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BLOCK = 256
"""Rows that go down the trees together: few enough for the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
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

    def contributions(self, row: NDArray[np.float32]) -> Floats:
        """What each feature added to the score of one row; they and the trees' roots sum up to it.

        A split's feature is credited with the change of the mean from parent to child (Saabas 2014).
        """
        credit = np.zeros(row.size, dtype=np.float64)
        feature, value = self.feature.ravel(), self.value.ravel()
        node = self._roots[None, :]
        for _ in range(self.depth):
            child = self._descend(row[None, :], node, 1)
            np.add.at(credit, feature.take(node), value.take(child) - value.take(node))
            node = child
        return credit

    @property
    def _roots(self) -> NDArray[np.intp]:
        trees, size = self.feature.shape
        return np.arange(0, trees * size, size, dtype=np.intp)

    def _descend(self, rows: NDArray[np.float32], node: NDArray[np.intp], levels: int) -> NDArray[np.intp]:
        """Follow each row from ``node`` (numbers across all trees) for some levels."""
        values = np.ascontiguousarray(rows).ravel()
        begins = (np.arange(len(rows), dtype=np.intp) * rows.shape[1])[:, None]
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        first = node - node % self.feature.shape[1]
        children = np.stack([self.right.ravel(), self.left.ravel()], axis=1).ravel()
        for _ in range(levels):
            goes_left = values.take(begins + feature.take(node)) <= threshold.take(node)
            node = first + children.take(2 * node + goes_left)
        return node
