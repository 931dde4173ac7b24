"""The first look: which tokens are loud enough to be looked at again? A few features a token, one weight each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.clean_text import CLASSES
from cleaner.model.features import Glance, shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.model.passages import Batch

SCREEN_WIDTH = 7
WORDS = 2
"""The first of them are of words."""
WORD_BITS, PAIR_BITS = 16, 17
"""Logarithms of the numbers of weights for words, and for words with the one before."""
DRIFT = 2.0
"""Log-odds that each token of a run is granted: a run of half-suspicious tokens is loud too."""
_FLUENCY, _RARITY, _RECURS, _GAP, _MARK, _LEXICON = CLASSES, CLASSES, 4, 4, 8, 40
"""How many values each column of a glance may have."""
_APART = -1e4


@dataclass(frozen=True, slots=True, eq=False)
class ScreenWeights:
    """One weight a feature, in steps of ``scale``, and the level from which a token is loud."""

    table: NDArray[np.int8]
    scale: float
    level: float


def loud_tokens(batch: Batch, weights: ScreenWeights) -> NDArray[np.int64]:
    """Numbers of the tokens of texts that reach the level."""
    loud = np.flatnonzero(loudness(batch, weights) >= weights.level)
    text = batch.text_of(loud)
    return loud[(text >= 0) & (loud < batch.last[text])]


def loudness(batch: Batch, weights: ScreenWeights) -> NDArray[np.float64]:
    """How much speaks for an injection in the tokens up to each (cumulative sum of log-odds, Page 1954)."""
    features = screen_features(batch.glance)
    sums = weights.table.take(features[0]).astype(np.int16)
    for column in features[1:]:
        sums += weights.table.take(column)
    steps = sums * weights.scale + DRIFT
    inside = np.zeros(steps.size + 1, dtype=np.int64)
    np.add.at(inside, batch.first, 1)
    np.add.at(inside, batch.last, -1)
    steps[inside[:-1].cumsum() == 0] = _APART
    total = steps.cumsum()
    return np.asarray(total - np.minimum.accumulate(np.concatenate([[0.0], total[:-1]])))


def screen_features(seen: Glance) -> NDArray[np.int32]:
    """Feature numbers of every token, shape (SCREEN_WIDTH, token)."""
    fluent = shift(seen.fluency, 1)
    known = (seen.lexicon > 0).view(np.uint8)
    groups = (
        _mixed((seen.lexicon, _LEXICON), (seen.begins, 2), (seen.mark, _MARK), (seen.gap, _GAP)),
        _mixed((seen.fluency, _FLUENCY), (seen.rarity, _RARITY), (seen.gap, _GAP), (seen.mark, _MARK), (known, 2)),
        _mixed(
            (seen.fluency, _FLUENCY), (seen.rarity, _RARITY), (fluent, _FLUENCY), (shift(seen.gap, 1), _GAP), (known, 2)
        ),
        _mixed(
            (shift(seen.rarity, -1), _RARITY),
            (seen.rarity, _RARITY),
            (shift(seen.rarity, 1), _RARITY),
            (seen.fluency, _FLUENCY),
            (fluent, _FLUENCY),
        ),
        _mixed(
            (seen.recurs, _RECURS), (seen.rarity, _RARITY), (seen.fluency, _FLUENCY), (shift(seen.recurs, 1), _RECURS)
        ),
    )
    features = np.empty((SCREEN_WIDTH, seen.word.size), dtype=np.int32)
    features[0] = seen.word >> np.uint64(64 - WORD_BITS)
    features[1] = (seen.pair >> np.uint64(64 - PAIR_BITS)) + np.uint64(1 << WORD_BITS)
    begin = (1 << WORD_BITS) + (1 << PAIR_BITS)
    for row, (index, size) in enumerate(groups, 2):
        np.add(index, begin, out=features[row])
        begin += size
    return features


def _mixed(*columns: tuple[NDArray[np.uint8], int]) -> tuple[NDArray[np.int32], int]:
    """Small numbers of each token as one number, and how many such numbers there are."""
    index: NDArray[Any] = columns[0][0].astype(np.int32)
    total = columns[0][1]
    for values, size in columns[1:]:
        index = index * size + values
        total *= size
    return index, total


SCREEN_SIZE = (1 << WORD_BITS) + (1 << PAIR_BITS) + _LEXICON * 2 * _MARK * _GAP + _FLUENCY * _RARITY * _GAP * _MARK * 2
SCREEN_SIZE += _FLUENCY * _RARITY * _FLUENCY * _GAP * 2 + _RARITY**3 * _FLUENCY**2 + _RECURS**2 * _RARITY * _FLUENCY
