"""What people decided on articles → a model whose scores agree with them more.

Some hundred decisions are few, and they are about what was doubtful, not about what the model is sure of. Therefore the
curve that makes probabilities of scores is only bent, and only as far as the decisions outweigh what was known before;
where there are more of them, small trees are added to those of the model, if they prove themselves on decisions that
they did not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.document import read
from cleaner.edit import place_of
from cleaner.model.classifier import Classifier, Weights
from cleaner.model.segments import FEATURES
from cleaner.model.trees import Trees
from cleaner.training.fit_segments import not_above
from cleaner.training.metrics import Record
from cleaner.training.spans import Interval, intersection, solid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FLOOR = 0.02
"""Score from which a span of an article that a person saw counts as judged."""
SLOPE, INTERCEPT = 0.15, 0.3
"""Standard deviations of what decisions may do to the curve: how far it is thought to be off beforehand."""
MANY, MANY_OF_A_KIND = 200, 50
"""Judged spans, and of them right and wrong ones, from which on trees are added."""
ROUNDS, RATE, DEPTH, LEAF, SHRINKAGE = 40, 0.1, 3, 15, 10.0
"""Of the added trees: number, learning rate, depth, fewest spans of a leaf, and spans' worth of doubt in each leaf."""
STEPS = 25
"""Of Newton's method; it needs a handful."""
FOLDS = 5
BATCH = 100
"""Documents that are looked at together."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """An article that people decided on."""

    record: Record
    """The article as it came and as it was published."""
    about: tuple[Interval, ...] | None
    """The spans of the source that were decided on; ``None``: a person saw all of it."""
    group: int
    """Articles of a group have a campaign in common: what is learnt from one tells of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Spans that the model takes for candidates, and what they turned out to be."""

    rows: NDArray[np.float32]
    """Shape (span, feature)."""
    right: NDArray[np.bool_]
    """Whether cutting it is right."""
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.right)

    def of(self, wanted: NDArray[np.bool_]) -> Judged:
        """Some of them."""
        return Judged(self.rows[wanted], self.right[wanted], self.groups[wanted])

    @property
    def fewer(self) -> int:
        """How many there are of the kind, right or wrong, of which there are fewer."""
        return int(min(self.right.sum(), (~self.right).sum()))


def judged(classifier: Classifier, lessons: Sequence[Lesson], advance: Callable[[int], object]) -> Judged:
    """The candidates in articles that people decided on.

    Args:
        classifier: whose candidates they are.
        lessons: the articles.
        advance: called with the number of articles done, now and then.
    """
    found = list(_judged(classifier, lessons, advance))
    rows = [row for row, _, _ in found]
    return Judged(
        np.array(rows, dtype=np.float32).reshape(-1, len(FEATURES)),
        np.array([right for _, right, _ in found], dtype=bool),
        np.array([group for _, _, group in found], dtype=np.int64),
    )


def _judged(
    classifier: Classifier, lessons: Sequence[Lesson], advance: Callable[[int], object]
) -> Iterator[tuple[NDArray[np.float32], bool, int]]:
    for begin in range(0, len(lessons), BATCH):
        some = lessons[begin : begin + BATCH]
        documents = [read(lesson.record.source, lesson.record.format) for lesson in some]
        for candidate in classifier.candidates(documents, FLOOR):
            lesson = some[candidate.document]
            span = place_of(documents[candidate.document], candidate.start, candidate.end)
            if lesson.about is None or intersection([span], lesson.about):
                yield candidate.row, is_worth(lesson.record, span), lesson.group
        advance(begin + len(some))


def is_worth(record: Record, span: Interval) -> bool:
    """Whether cutting a span removes half of what it touches of the injections or more, and hardly anything else."""
    inside = solid(record.source, intersection([span], record.spans))
    touched = solid(record.source, [own for own in record.spans if own[0] < span[1] and span[0] < own[1]])
    return inside > 0 and inside >= 0.9 * solid(record.source, [span]) and 2 * inside >= touched


def log_odds(weights: Weights, rows: NDArray[np.float32]) -> Floats:
    """The calibrated scores of candidates, as log-odds."""
    return weights.slope * weights.worth.score(rows) + weights.intercept


def losses(weights: Weights, spans: Judged) -> Floats:
    """How much each judged span speaks against the scores: minus the logarithm of the probability of what it was."""
    odds = log_odds(weights, spans.rows)
    return np.asarray(np.logaddexp(0, odds) - spans.right * odds)


def taught(weights: Weights, spans: Judged) -> tuple[Weights, int]:
    """The weights that agree with ``spans`` more, and how many trees were added to them; deterministic."""
    bent = recalibrated(weights, spans)
    if len(spans) < MANY or spans.fewer < MANY_OF_A_KIND or not _trees_help(weights, spans):
        return bent, 0
    return grown(bent, spans), ROUNDS


def recalibrated(weights: Weights, spans: Judged) -> Weights:
    """The weights with another slope and intercept (Platt 1999), which have to be paid for (maximum a posteriori)."""
    odds = log_odds(weights, spans.rows)
    sides = np.stack([odds, np.ones(len(odds))], axis=1)
    before, doubt = np.array([1.0, 0.0]), np.diag([1 / SLOPE**2, 1 / INTERCEPT**2])
    curve = before
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-np.clip(sides @ curve, -40, 40)))
        downhill = sides.T @ (probability - spans.right) + doubt @ (curve - before)
        bend = (sides.T * (probability * (1 - probability))) @ sides + doubt
        curve = curve - np.linalg.solve(bend, downhill)
    slope, shift = curve.tolist()
    return replace(weights, slope=slope * weights.slope, intercept=slope * weights.intercept + shift)


def grown(weights: Weights, spans: Judged) -> Weights:
    """The weights with more trees, each fitted to what is left of the mistakes (Friedman 2001)."""
    from sklearn.tree import DecisionTreeRegressor

    odds, right = log_odds(weights, spans.rows), spans.right.astype(np.float64)
    added = []
    for round in range(ROUNDS):
        probability = 1 / (1 + np.exp(-odds))
        rest, weight = right - probability, probability * (1 - probability)
        tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=LEAF, max_features=0.5, random_state=round).fit(
            spans.rows, rest
        )
        paths = np.asarray(tree.decision_path(spans.rows).todense(), dtype=np.float64)
        values = RATE * (rest @ paths) / (weight @ paths + SHRINKAGE)
        odds += values[tree.apply(spans.rows)]
        added.append((tree.tree_, values / weights.slope))
    return replace(weights, worth=_with(weights.worth, added))


def _trees_help(weights: Weights, spans: Judged) -> bool:
    """Whether trees that were grown on some of the groups do better on the others than the curve alone, beyond doubt.

    Beyond doubt is what lies more than its standard error below 0.
    """
    names = np.unique(spans.groups)
    folds = np.random.default_rng(0).permutation(len(names)) % FOLDS
    fold = folds[np.searchsorted(names, spans.groups)]
    gains = np.zeros(len(spans))
    for number in range(FOLDS):
        held, rest = spans.of(fold == number), spans.of(fold != number)
        if len(held) and rest.fewer:
            bent = recalibrated(weights, rest)
            gains[fold == number] = losses(bent, held) - losses(grown(bent, rest), held)
    by_group = np.bincount(np.searchsorted(names, spans.groups), gains)
    return bool(by_group.sum() > np.sqrt(np.sum(by_group**2)))


def _with(trees: Trees, added: Sequence[tuple[Any, Floats]]) -> Trees:
    """A sum of trees with more of them: scikit-learn's, each with the values of its nodes."""
    size = max(trees.feature.shape[1], *(tree.node_count for tree, _ in added))
    columns = {
        "feature": np.zeros((len(added), size), dtype=np.int16),
        "threshold": np.zeros((len(added), size), dtype=np.float32),
        "left": np.tile(np.arange(size, dtype=np.int16), (len(added), 1)),
        "right": np.tile(np.arange(size, dtype=np.int16), (len(added), 1)),
        "value": np.zeros((len(added), size), dtype=np.float32),
    }
    for row, (tree, values) in enumerate(added):
        inner = np.flatnonzero(tree.children_left >= 0)
        columns["feature"][row, inner] = tree.feature[inner]
        columns["threshold"][row, inner] = not_above(tree.threshold[inner])
        columns["left"][row, inner] = tree.children_left[inner]
        columns["right"][row, inner] = tree.children_right[inner]
        columns["value"][row, : tree.node_count] = values
    joined = {name: np.concatenate([_widened(trees, name, size), more]) for name, more in columns.items()}
    return Trees(**joined, base=trees.base, depth=max(trees.depth, DEPTH))


def _widened(trees: Trees, name: str, size: int) -> NDArray[Any]:
    """A column of trees with room for so many nodes; none of them leads to those that are new."""
    column: NDArray[Any] = getattr(trees, name)
    return np.pad(column, ((0, 0), (0, size - column.shape[1])))
