"""Fit the tagger (a convolution under a linear-chain CRF) and the first look; numpy and scipy only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.chain import LABELS, labels_of, marginals
from cleaner.model.features import LEXICAL, RULES
from cleaner.model.network import DILATIONS, Network, convolved, laid_out, summed
from cleaner.model.screen import SCREEN_SIZE, WORDS, ScreenWeights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """One training text: feature numbers of its tokens and where the injections stand."""

    features: NDArray[np.int32]
    """Shape (token, WIDTH)."""
    spans: tuple[tuple[int, int], ...]
    """Token intervals."""
    screen: NDArray[np.int32]
    """Feature numbers of the first look, shape (SCREEN_WIDTH, token)."""
    is_graft: bool = False
    """Whether the spans are honest words, which only do not belong there."""


WORDLESS, RULELESS = 0.15, 0.15
"""Shares of the texts in which the tagger sees no words, and nothing that the rules found."""
UNKNOWN = 0.08
"""Share of the words that it does not see, one by one."""
UNHEARD = 0.15
"""Share of the injections none of whose words it sees: it has to tell them by rules, shape and surroundings. The first
look does not see as many, and the same share of all words."""
MISPLACED = 0.5
"""Weight of the words that do not belong where they stand, against the labels."""
RUNS = 1 / 50
"""Runs of honest words for each token that it does not see either."""
MISSED = 2.0
"""Weight of a token of an injection at the first look, against an honest one: nobody finds what it passes over."""


_LEARNT = ("embeddings", "kernels", "biases", "output", "transitions")
_MOMENTS = ("mean", "square")


class TaggerTrainer:
    """Weights under training: the likelihood of a linear-chain CRF over the network's scores, Adam (Kingma & Ba 2015).

    Embeddings move only when a text holds their feature.
    """

    def __init__(self, bits: int, width: int, layers: int, rate: float = 2e-3, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self.embeddings = self._random((1 << bits, width), 0.02)
        self.kernels = self._random((layers, 3, width, width), np.sqrt(0.5 / (3 * width)))
        self.biases = np.zeros((layers, width), dtype=np.float32)
        self.output = np.zeros((width + 1, LABELS + 1), dtype=np.float32)
        self.transitions = np.zeros((LABELS, LABELS), dtype=np.float32)
        self.rate = rate
        self._moments = {name: (np.zeros_like(own), np.zeros_like(own)) for name, own in self.weights().items()}
        self._steps = 0

    def _random(self, shape: tuple[int, ...], size: float) -> Floats:
        return (self._rng.standard_normal(shape, dtype=np.float32) * np.float32(size)).astype(np.float32)

    def step(self, batch: list[Sequence], decay: float = 1.0) -> float:
        """One update; returns the mean share of wrong label mass per token (a running health figure)."""
        lengths = np.array([len(s.features) for s in batch], dtype=np.int64)
        first = np.cumsum(lengths) - lengths
        features, texts = laid_out(np.concatenate([self._thinned(s) for s in batch]), first)
        states, active = self._forward(features, texts)
        scores = (states[-1] @ self.output[:-1] + self.output[-1])[texts]
        misplaced = np.concatenate([labels_of(list(s.spans), len(s.features)) > 0 for s in batch])
        shape = (len(batch), int(lengths.max()), LABELS)
        emissions, gold = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
        gold_pairs = np.zeros((LABELS, LABELS), dtype=np.float32)
        for row, sequence in enumerate(batch):
            size = lengths[row]
            emissions[row, :size] = scores[first[row] : first[row] + size, :LABELS]
            if sequence.is_graft:
                continue
            labels = labels_of(list(sequence.spans), int(size))
            gold[row, np.arange(size), labels] = 1
            np.add.at(gold_pairs, (labels[:-1], labels[1:]), 1)
        pairs = np.zeros((LABELS, LABELS), dtype=np.float32)
        told = np.array([not s.is_graft for s in batch])
        wrong = np.zeros_like(gold)
        if told.any():
            wrong[told] = marginals(emissions[told], lengths[told], self.transitions, pairs) - gold[told]
        slope = np.zeros((len(texts), LABELS + 1), dtype=np.float32)
        slope[texts, :LABELS] = wrong[np.arange(shape[1]) < lengths[:, None]]
        slope[texts, LABELS] = MISPLACED * (1 / (1 + np.exp(-scores[:, LABELS])) - misplaced)
        self._steps += 1
        slope /= np.float32(len(batch))
        pairs = (pairs - gold_pairs) / np.float32(len(batch))
        self._update(features, texts, states, active, slope, pairs, self.rate * decay)
        return float(np.abs(wrong).sum() / 2 / lengths.sum())

    def weights(self) -> dict[str, Floats]:
        """A copy of what is learnt so far."""
        return {name: getattr(self, name).copy() for name in _LEARNT}

    def state(self) -> dict[str, NDArray[Any]]:
        """All that training goes on from."""
        moments = {f"{kind}_{name}": own[n] for name, own in self._moments.items() for n, kind in enumerate(_MOMENTS)}
        chance = json.dumps([self._steps, self._rng.bit_generator.state])
        return {**self.weights(), **moments, "chance": np.array(chance)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on from a :meth:`state`."""
        for name in _LEARNT:
            setattr(self, name, state[name])
            self._moments[name] = (state[f"{_MOMENTS[0]}_{name}"], state[f"{_MOMENTS[1]}_{name}"])
        self._steps, self._rng.bit_generator.state = json.loads(str(state["chance"]))

    def average(self, others: dict[str, Floats], share: float) -> None:
        """Go back to the mean of the weights and ``others``, which get ``share`` (WiSE-FT, Wortsman et al. 2022)."""
        for name, other in others.items():
            setattr(self, name, np.float32(1 - share) * getattr(self, name) + np.float32(share) * other)

    def finished(self) -> Network:
        """The network as the run time wants it."""
        table, scale = quantize(self.embeddings)
        return Network(table, scale, self.kernels.copy(), self.biases.copy(), self.output.copy())

    def _thinned(self, sequence: Sequence) -> NDArray[np.int32]:
        """In some texts the words are hidden, in some the rules, so that each learns to speak alone."""
        features = sequence.features.copy()
        roll = self._rng.random()
        if roll < WORDLESS + RULELESS:
            features[:, LEXICAL if roll < WORDLESS else RULES] = 0
        hidden = self._rng.random(len(features)) < UNKNOWN
        for first, end in sequence.spans:
            hidden[first:end] |= self._rng.random() < UNHEARD
        for _ in range(self._rng.poisson(RUNS * len(features))):
            begin = self._rng.integers(len(features))
            hidden[begin : begin + self._rng.integers(1, 11)] = True
        features[hidden, LEXICAL] = 0
        return features

    def _forward(self, features: NDArray[np.int32], texts: NDArray[np.bool_]) -> tuple[list[Floats], list[Floats]]:
        """The state before and after each layer, and where each layer's units are active."""
        inside = texts[:, None].astype(np.float32)
        states = [summed(self.embeddings, features) * inside]
        active = []
        for kernel, bias, dilation in zip(self.kernels, self.biases, DILATIONS, strict=False):
            sums = convolved(states[-1], kernel, dilation) + bias
            active.append((sums > 0) * inside)
            states.append(states[-1] + sums * active[-1])
        return states, active

    def _update(
        self,
        features: NDArray[np.int32],
        texts: NDArray[np.bool_],
        states: list[Floats],
        active: list[Floats],
        slope: Floats,
        pairs: Floats,
        rate: float,
    ) -> None:
        """Back-propagate ``slope``, the derivative of the loss by the scores, and move every weight."""
        kernels, biases = np.empty_like(self.kernels), np.empty_like(self.biases)
        output = np.concatenate([states[-1].T @ slope, slope.sum(axis=0)[None]])
        back = slope @ self.output[:-1].T
        for layer in range(len(self.kernels) - 1, -1, -1):
            by, before, kernel = DILATIONS[layer], states[layer], self.kernels[layer]
            sums = back * active[layer]
            kernels[layer, 0] = before[:-by].T @ sums[by:]
            kernels[layer, 1] = before.T @ sums
            kernels[layer, 2] = before[by:].T @ sums[:-by]
            biases[layer] = sums.sum(axis=0)
            back = back + sums @ kernel[1].T
            back[:-by] += sums[by:] @ kernel[0].T
            back[by:] += sums[:-by] @ kernel[2].T
        self._move("kernels", kernels, rate)
        self._move("biases", biases, rate)
        self._move("output", output, rate)
        self._move("transitions", pairs, rate)
        self._move_embeddings(features, back * texts[:, None], rate)

    def _move(self, name: str, slope: Floats, rate: float, rows: NDArray[np.int32] | slice = slice(None)) -> None:
        mean, square = self._moments[name]
        mean[rows] = 0.9 * mean[rows] + 0.1 * slope
        square[rows] = 0.99 * square[rows] + 0.01 * slope**2
        step = rate * np.sqrt(1 - 0.99**self._steps) / (1 - 0.9**self._steps)
        getattr(self, name)[rows] -= step * mean[rows] / (np.sqrt(square[rows]) + 1e-7)

    def _move_embeddings(self, features: NDArray[np.int32], back: Floats, rate: float) -> None:
        from scipy.sparse import csr_matrix

        moving = np.abs(back).max(axis=1) > 1e-6
        features, back = features[moving], back[moving]
        if not features.size:
            return
        touched, place = np.unique(features.ravel(), return_inverse=True)
        tokens = np.repeat(np.arange(len(features)), features.shape[1])
        holds = csr_matrix((np.ones(place.size, np.float32), (place, tokens)), shape=(touched.size, len(features)))
        self._move("embeddings", np.asarray(holds @ back, dtype=np.float32), rate, touched)


class ScreenTrainer:
    """Weights of the first look: logistic regression token by token, AdaGrad (Duchi et al. 2011)."""

    def __init__(self, rate: float = 0.1, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self.weights = np.zeros(SCREEN_SIZE + 1, dtype=np.float32)
        """Of each feature, and of one that says nothing, in the place of hidden words."""
        self.rate = rate
        self._squares = np.full(self.weights.size, 0.1, dtype=np.float32)

    def step(self, batch: list[Sequence], decay: float = 1.0) -> float:
        """One update; returns the mean error of a token (a running health figure)."""
        features = np.concatenate([self._thinned(s) for s in batch], axis=1)
        target = np.concatenate([labels_of(list(s.spans), s.screen.shape[1]) > 0 for s in batch])
        error = 1 / (1 + np.exp(-self.weights[features].sum(axis=0))) - target
        slope = np.tile(np.where(target, MISSED * error, error), len(features))
        change = np.bincount(features.ravel(), slope, self.weights.size).astype(np.float32)
        self._squares += change**2
        self.weights -= self.rate * decay * change / np.sqrt(self._squares)
        self.weights[-1] = 0
        return float(np.abs(error).mean())

    def state(self) -> dict[str, NDArray[Any]]:
        """All that training goes on from."""
        chance = np.array(json.dumps(self._rng.bit_generator.state))
        return {"weights": self.weights, "squares": self._squares, "chance": chance}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on from a :meth:`state`."""
        self.weights, self._squares = state["weights"], state["squares"]
        self._rng.bit_generator.state = json.loads(str(state["chance"]))

    def finished(self, level: float = 0.0) -> ScreenWeights:
        """The weights as the run time wants them."""
        table, scale = quantize(self.weights[:-1])
        return ScreenWeights(table, scale, level)

    def _thinned(self, sequence: Sequence) -> NDArray[np.int32]:
        """Some words are hidden, and all those of some injections: an unknown one has to be loud without them."""
        features = sequence.screen.copy()
        hidden = self._rng.random(int(features.shape[1])) < UNHEARD
        for first, end in sequence.spans:
            hidden[first:end] |= self._rng.random() < UNHEARD
        features[:WORDS, hidden] = SCREEN_SIZE
        return features


def quantize(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Weights in one byte each, and the size of a step."""
    peak = float(np.percentile(np.abs(weights[weights != 0]), 99.95)) if weights.any() else 1.0
    scale = max(peak, 1e-6) / 127
    return np.clip(np.round(weights / scale), -127, 127).astype(np.int8), scale
