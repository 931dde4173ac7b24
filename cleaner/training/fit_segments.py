"""Fit the segment decision with LightGBM and scikit-learn, and turn it into plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.trees import Trees
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import lightgbm
    from numpy.typing import NDArray

SETTINGS: dict[str, Any] = {
    "learning_rate": 0.08,
    "num_leaves": 31,
    "max_depth": 7,
    "min_data_in_leaf": 30,
    "lambda_l2": 1.0,
    "feature_fraction_bynode": 0.5,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
"""Of LightGBM."""
PROBE = 2000
"""Rows on which exported trees are held against LightGBM's own."""


def fit_trees(
    table: NDArray[np.float32],
    labels: NDArray[np.bool_],
    weights: NDArray[np.float32] | None = None,
    rounds: int = 240,
    seed: int = 0,
) -> Trees:
    """Trees that tell right rows from wrong ones, in log-odds (histogram gradient boosting, Ke et al. 2017).

    Raises:
        ValueError: only one class is present, or the arrays do not give LightGBM's own scores.
    """
    import lightgbm

    if labels.all() or not labels.any():
        raise ValueError("the training data hold one class only")
    return _boosted(table, lightgbm.Dataset(table, label=labels, weight=weights), rounds, seed, objective="binary")


def fit_choice(
    table: NDArray[np.float32], labels: NDArray[np.bool_], options: NDArray[np.int64], rounds: int = 240, seed: int = 0
) -> Trees:
    """Trees that score the right one of several options highest (LambdaMART, Burges 2010).

    ``options`` are the numbers of rows that belong to each choice; they follow one another in ``table``.

    Raises:
        ValueError: there is nothing to choose, or the arrays do not give LightGBM's own scores.
    """
    import lightgbm

    if labels.all() or not labels.any():
        raise ValueError("the training data hold nothing to choose between")
    choices = lightgbm.Dataset(table, label=labels, group=options)
    return _boosted(table, choices, rounds, seed, objective="lambdarank", lambdarank_truncation_level=1)


def _boosted(
    table: NDArray[np.float32], data: lightgbm.Dataset, rounds: int, seed: int, **objective: str | int
) -> Trees:
    import lightgbm

    booster = lightgbm.train(SETTINGS | objective | {"seed": seed}, data, num_boost_round=rounds)
    trees = _as_arrays(booster)
    probe = table[:PROBE]
    if not np.allclose(trees.score(probe), booster.predict(probe, raw_score=True), atol=1e-3):
        raise ValueError("the exported trees do not give LightGBM's own scores")
    return trees


def _as_arrays(booster: lightgbm.Booster) -> Trees:
    grown = [_nodes(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    shape = (len(grown), max(map(len, grown)))
    feature = np.zeros(shape, dtype=np.int16)
    threshold = np.zeros(shape, dtype=np.float64)
    left = np.tile(np.arange(shape[1], dtype=np.int16), (len(grown), 1))
    right = left.copy()
    value = np.zeros(shape, dtype=np.float32)
    depth = 1
    for row, nodes in enumerate(grown):
        for number, node in enumerate(nodes):
            value[row, number] = node["mean"]
            if "split_feature" in node:
                feature[row, number], threshold[row, number] = node["split_feature"], node["threshold"]
                left[row, number], right[row, number] = node["left"], node["right"]
            depth = max(depth, node["depth"])
    return Trees(feature, not_above(threshold), left, right, value, 0.0, depth)


def _nodes(root: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a tree, its root first, with depths, numbers of children and the means of their rows."""
    nodes = [root | {"depth": 0}]
    for node in nodes:  # grows while it is gone through
        if "split_feature" in node:
            for side in ("left", "right"):
                node[side] = len(nodes)
                nodes.append(node[f"{side}_child"] | {"depth": node["depth"] + 1})
    for node in reversed(nodes):
        if "split_feature" in node:
            children = [nodes[node[side]] for side in ("left", "right")]
            node["rows"] = sum(child["rows"] for child in children)
            node["mean"] = sum(child["rows"] * child["mean"] for child in children) / node["rows"]
        else:
            node["rows"], node["mean"] = node.get("leaf_count", 1), node["leaf_value"]
    return nodes


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
