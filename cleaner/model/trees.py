"""Boosted trees as plain arrays: scores, and what each feature added to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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
        trees = np.arange(self.feature.shape[0])[None, :]
        node = self._descend(rows, trees, np.zeros((len(rows), trees.size), dtype=np.int16), self.depth)
        return self.base + self.value[trees, node].sum(axis=1, dtype=np.float64)

    def contributions(self, row: NDArray[np.float32]) -> Floats:
        """What each feature added to the score of one row; they and the trees' roots sum up to it.

        A split's feature is credited with the change of the mean from parent to child (Saabas 2014).
        """
        credit = np.zeros(row.size, dtype=np.float64)
        trees = np.arange(self.feature.shape[0])[None, :]
        node = np.zeros((1, trees.size), dtype=np.int16)
        for _ in range(self.depth):
            child = self._descend(row[None, :], trees, node, 1)
            np.add.at(credit, self.feature[trees, node], (self.value[trees, child] - self.value[trees, node]))
            node = child
        return credit

    def _descend(
        self, rows: NDArray[np.float32], trees: NDArray[np.int64], node: NDArray[np.int16], levels: int
    ) -> NDArray[np.int16]:
        index = np.arange(len(rows))[:, None]
        for _ in range(levels):
            goes_left = rows[index, self.feature[trees, node]] <= self.threshold[trees, node]
            node = np.where(goes_left, self.left[trees, node], self.right[trees, node])
        return node
