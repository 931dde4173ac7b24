"""Fit the segment decision with scikit-learn and turn it into plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.trees import Trees
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def fit_trees(
    table: NDArray[np.float32],
    labels: NDArray[np.bool_],
    weights: NDArray[np.float32] | None = None,
    rounds: int = 240,
    seed: int = 0,
) -> Trees:
    """Histogram gradient boosting (Ke et al. 2017, as in scikit-learn) as arrays.

    Raises:
        ValueError: only one class is present, or the arrays do not give the estimator's own scores.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    if labels.all() or not labels.any():
        raise ValueError("the training data hold one class only")
    estimator = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.08,
        max_leaf_nodes=31,
        max_depth=7,
        min_samples_leaf=30,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )
    estimator.fit(table, labels, sample_weight=weights)
    trees = _as_arrays(estimator)
    probe = table[: min(len(table), 2000)]
    if not np.allclose(trees.score(probe), estimator.decision_function(probe), atol=1e-3):
        raise ValueError("the exported trees do not give the estimator's own scores")
    return trees


def _as_arrays(estimator: Any) -> Trees:
    grown = [stage[0].nodes for stage in estimator._predictors]
    size = max(len(nodes) for nodes in grown)
    shape = (len(grown), size)
    feature = np.zeros(shape, dtype=np.int16)
    threshold = np.zeros(shape, dtype=np.float32)
    left = np.tile(np.arange(size, dtype=np.int16), (len(grown), 1))
    right = left.copy()
    value = np.zeros(shape, dtype=np.float32)
    depth = 1
    for row, nodes in enumerate(grown):
        count = len(nodes)
        inner = ~nodes["is_leaf"].astype(bool)
        depth = max(depth, int(nodes["depth"].max()))
        mean = nodes["value"].astype(np.float64).copy()
        for node in np.flatnonzero(inner)[::-1]:
            a, b = nodes["left"][node], nodes["right"][node]
            mean[node] = np.average([mean[a], mean[b]], weights=[nodes["count"][a], nodes["count"][b]])
        value[row, :count] = mean
        feature[row, :count][inner] = nodes["feature_idx"][inner]
        threshold[row, :count][inner] = not_above(nodes["num_threshold"][inner])
        left[row, :count][inner] = nodes["left"][inner]
        right[row, :count][inner] = nodes["right"][inner]
    base = float(np.ravel(estimator._baseline_prediction)[0])
    return Trees(feature, threshold, left, right, value, base, depth)


def not_above(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest 32-bit numbers that are not above ``values``: no row of 32-bit numbers changes sides."""
    small = values.astype(np.float32)
    return np.asarray(np.where(small > values, np.nextafter(small, np.float32(-np.inf)), small), dtype=np.float32)


def fit_calibration(raw: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept of the logistic curve from raw scores to probabilities (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    if labels.all() or not labels.any():
        return 1.0, 0.0
    curve = LogisticRegression(C=1e3).fit(raw[:, None], labels)
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


def fit_categories(found: Iterable[tuple[NDArray[np.int64], int]], bits: int) -> NDArray[np.int8]:
    """Votes of words for categories: log ratios of smoothed counts, in sixteenths."""
    counts = np.zeros((1 << bits, len(CATEGORIES)))
    for features, category in found:
        counts[np.unique(features), category] += 1
    total = counts.sum(axis=0) + 1.0
    rate = (counts + 0.1) / total
    votes = np.log(rate / rate.mean(axis=1, keepdims=True))
    votes[counts.sum(axis=1) == 0] = 0
    return np.asarray(np.clip(np.round(votes * 16), -127, 127), dtype=np.int8)
