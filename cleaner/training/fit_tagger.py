"""Fit the tagger: a linear-chain CRF over hashed features, AdaGrad (Duchi et al. 2011), numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.model.chain import LABELS, labels_of, marginals
from cleaner.model.features import LEXICAL, RULES
from cleaner.model.screen import ScreenWeights

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """One training text: feature numbers of its tokens and where the injections stand."""

    features: NDArray[np.int32]
    """Shape (token, WIDTH)."""
    spans: tuple[tuple[int, int], ...]
    """Token intervals."""
    screen: NDArray[np.int32]
    """Feature numbers of the first look, shape (token, SCREEN_WIDTH)."""


WORDLESS, RULELESS = 0.25, 0.25
"""Shares of the texts in which the tagger sees no words, and nothing that the rules found."""


class TaggerTrainer:
    """Weights under training."""

    def __init__(self, bits: int, rate: float = 0.25, seed: int = 0) -> None:
        self.weights = np.zeros((1 << bits, LABELS), dtype=np.float32)
        self.transitions = np.zeros((LABELS, LABELS), dtype=np.float32)
        self.rate = rate
        self._rng = np.random.default_rng(seed)
        self._squares = np.full((1 << bits, LABELS), 0.1, dtype=np.float32)
        self._transition_squares = np.full((LABELS, LABELS), 1.0, dtype=np.float32)

    def step(self, batch: list[Sequence], decay: float = 1.0) -> float:
        """One update; returns the mean share of wrong label mass per token (a running health figure)."""
        batch = [self._thinned(sequence) for sequence in batch]
        lengths = np.array([len(s.features) for s in batch], dtype=np.int64)
        longest = int(lengths.max())
        emissions = np.zeros((len(batch), longest, LABELS), dtype=np.float32)
        gold = np.zeros_like(emissions)
        gold_pairs = np.zeros((LABELS, LABELS), dtype=np.float32)
        for row, sequence in enumerate(batch):
            size = len(sequence.features)
            emissions[row, :size] = self.weights[sequence.features].sum(axis=1)
            labels = labels_of(list(sequence.spans), size)
            gold[row, np.arange(size), labels] = 1
            np.add.at(gold_pairs, (labels[:-1], labels[1:]), 1)
        pairs = np.zeros((LABELS, LABELS), dtype=np.float32)
        expected = marginals(emissions, lengths, self.transitions, pairs)
        gradient = expected - gold
        self._update(batch, lengths, gradient, decay)
        change = (pairs - gold_pairs) / len(batch)
        self._transition_squares += change**2
        self.transitions -= self.rate * decay * change / np.sqrt(self._transition_squares)
        return float(np.abs(gradient).sum() / 2 / lengths.sum())

    def _thinned(self, sequence: Sequence) -> Sequence:
        """In some texts the words are hidden, in some the rules, so that each learns to speak alone."""
        roll = self._rng.random()
        if roll > WORDLESS + RULELESS:
            return sequence
        features = sequence.features.copy()
        features[:, LEXICAL if roll < WORDLESS else RULES] = 0
        return Sequence(features, sequence.spans, sequence.screen)

    def _update(
        self, batch: list[Sequence], lengths: NDArray[np.int64], gradient: NDArray[np.float32], decay: float
    ) -> None:
        features = np.concatenate([s.features for s in batch])
        flat = np.concatenate([gradient[row, :size] for row, size in enumerate(lengths)])
        moving = np.abs(flat).max(axis=1) > 1e-3
        features, flat = features[moving], flat[moving]
        if not features.size:
            return
        touched, place = np.unique(features.ravel(), return_inverse=True)
        width = features.shape[1]
        sums = np.stack(
            [
                np.bincount(place, weights=np.repeat(flat[:, label], width), minlength=touched.size)
                for label in range(LABELS)
            ],
            axis=1,
        ).astype(np.float32)
        self._squares[touched] += sums**2
        self.weights[touched] -= self.rate * decay * sums / np.sqrt(self._squares[touched])


class ScreenTrainer:
    """Weights of the first look: logistic regression token by token, AdaGrad."""

    def __init__(self, bits: int, rate: float = 0.1) -> None:
        self.weights = np.zeros(1 << bits, dtype=np.float32)
        self.rate = rate
        self._squares = np.full(1 << bits, 0.1, dtype=np.float32)

    def step(self, batch: list[Sequence]) -> None:
        """One update."""
        features = np.concatenate([s.screen for s in batch])
        target = np.concatenate([labels_of(list(s.spans), len(s.screen)) > 0 for s in batch])
        guess = 1 / (1 + np.exp(-self.weights[features].sum(axis=1)))
        width = features.shape[1]
        change = np.bincount(features.ravel(), np.repeat(guess - target, width), self.weights.size).astype(np.float32)
        self._squares += change**2
        self.weights -= self.rate * change / np.sqrt(self._squares)

    def finished(self, level: float = 0.0) -> ScreenWeights:
        """The weights as the run time wants them."""
        table, scale = quantize(self.weights)
        return ScreenWeights(table, scale, level)


def quantize(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Weights in one byte each, and the size of a step."""
    peak = float(np.percentile(np.abs(weights[weights != 0]), 99.95)) if weights.any() else 1.0
    scale = max(peak, 1e-6) / 127
    return np.clip(np.round(weights / scale), -127, 127).astype(np.int8), scale
