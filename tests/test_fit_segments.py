"""Trees: what is fitted is what the arrays say, and a choice is learnt as a choice."""

from __future__ import annotations

import numpy as np
import pytest

from cleaner.model.trees import Trees
from cleaner.training.fit_segments import fit_choice, fit_trees

ROWS = np.random.default_rng(11).standard_normal((3000, 4)).astype(np.float32)
OPTIONS = np.full(300, 10)


def choice(trees: Trees, table: np.ndarray) -> np.ndarray:
    """The option of each choice that scores highest."""
    return np.asarray(trees.score(table).reshape(300, 10).argmax(axis=1))


def best_of_each(worth: np.ndarray) -> np.ndarray:
    """Labels that are true of the best option of each choice."""
    return np.asarray((worth.reshape(300, 10) == worth.reshape(300, 10).max(axis=1, keepdims=True)).ravel())


def test_right_rows_score_above_wrong_ones() -> None:
    table = ROWS.round()
    right = table[:, 1] > 0
    scores = fit_trees(table, right, rounds=30).score(table)
    assert scores[right].min() > 0 > scores[~right].max()


def test_heavier_mistakes_lower_the_scores() -> None:
    right = ROWS[:, 1] + np.random.default_rng(3).standard_normal(3000) > 0
    weights = np.where(right, 1.0, 5.0).astype(np.float32)
    even, wary = fit_trees(ROWS, right, None, 30), fit_trees(ROWS, right, weights, 30)
    assert (wary.score(ROWS) < even.score(ROWS)).mean() > 0.95


def test_what_each_feature_added_sums_up_to_the_score() -> None:
    trees = fit_trees(ROWS, ROWS[:, 0] * ROWS[:, 2] > 0, rounds=20)
    added = trees.contributions(ROWS)
    assert np.allclose(trees.value[:, 0].sum() + added.sum(axis=1), trees.score(ROWS), atol=1e-4)
    assert np.abs(added[:, [0, 2]]).sum() > 10 * np.abs(added[:, [1, 3]]).sum()


def test_an_option_is_learnt_by_what_it_is_to_its_rivals() -> None:
    """How good one is by itself says little here, for all the options of a choice are good, or bad."""
    worth = ROWS[:, 1] + np.repeat(np.random.default_rng(5).standard_normal(300) * 2, 10)
    right = best_of_each(worth)
    table = worth[:, None].astype(np.float32)
    together, one_by_one = fit_choice(table, right, OPTIONS, 60), fit_trees(table, right, None, 60)
    hits = [right[np.arange(300) * 10 + choice(trees, table)].mean() for trees in (together, one_by_one)]
    assert hits[0] > 0.9 > 0.7 > hits[1]


def test_fitting_twice_gives_the_same_trees() -> None:
    right = best_of_each(ROWS[:, 0])
    for one, again in (
        (fit_trees(ROWS, right, None, 10, seed=4), fit_trees(ROWS, right, None, 10, seed=4)),
        (fit_choice(ROWS, right, OPTIONS, 10, seed=4), fit_choice(ROWS, right, OPTIONS, 10, seed=4)),
    ):
        assert one.score(ROWS).tolist() == again.score(ROWS).tolist()


@pytest.mark.parametrize("label", [False, True])
def test_of_one_class_nothing_is_learnt(label: bool) -> None:
    labels = np.full(3000, label)
    with pytest.raises(ValueError, match="one class only"):
        fit_trees(ROWS, labels)
    with pytest.raises(ValueError, match="nothing to choose"):
        fit_choice(ROWS, labels, OPTIONS)
