"""The first look: which texts hold anything that the classifier should read?

Four hashed features a token, one weight each, decide for many texts at once. Texts are laid end to
end with padding between them, so that a text is judged the same alone and among others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.evidence import view
from cleaner.model.features import Counts, Glance, glance, pack, pair_key
from cleaner.rules import RuleSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCREEN_WIDTH = 4
_PADDING = "\n" * 32 + ". . . .\n\n"


@dataclass(frozen=True, slots=True, eq=False)
class ScreenWeights:
    """One weight a feature, in steps of ``scale``, and the level from which a text is read."""

    table: NDArray[np.int8]
    scale: float
    level: float

    @property
    def bits(self) -> int:
        """Logarithm of the number of features."""
        return int(self.table.size).bit_length() - 1


def suspicious(texts: Sequence[str], weights: ScreenWeights, rules: RuleSet, counts: Counts) -> NDArray[np.bool_]:
    """Whether each text holds a token that reaches the level."""
    if not texts:
        return np.zeros(0, dtype=bool)
    parts = [_PADDING]
    starts = np.zeros(len(texts), dtype=np.int64)
    ends = starts.copy()
    length = len(_PADDING)
    for number, text in enumerate(texts):
        starts[number], ends[number] = length, length + len(text)
        parts += (text, _PADDING)
        length += len(text) + len(_PADDING)
    seen = view("".join(parts), rules)
    loud = np.flatnonzero(loudness(screen_features(glance(seen, counts), weights.bits), weights) >= weights.level)
    at = seen.folded.starts[seen.tokens.starts[loud]]
    owner = np.searchsorted(starts, at, side="right") - 1
    inside = (owner >= 0) & (at < ends[owner])
    found = np.zeros(len(texts), dtype=bool)
    found[owner[inside]] = True
    return found


def loudness(features: NDArray[np.int32], weights: ScreenWeights) -> NDArray[np.float32]:
    """Log-odds of each token that it is injected, helped by half of its neighbours'."""
    own = np.asarray(weights.table[features].sum(axis=1, dtype=np.int32) * weights.scale, dtype=np.float32)
    helped = own.copy()
    helped[1:] += np.maximum(own[:-1], 0) / 2
    helped[:-1] += np.maximum(own[1:], 0) / 2
    return helped


def screen_features(seen: Glance, bits: int) -> NDArray[np.int32]:
    """Feature numbers of every token, shape (token, SCREEN_WIDTH)."""
    keys = (
        seen.word,
        pair_key(seen.word),
        pack(seen.lexicon, seen.begins, seen.mark, seen.gap),
        pack(seen.fluency, seen.rarity, seen.gap, seen.mark, seen.lexicon),
    )
    features = np.empty((seen.word.size, SCREEN_WIDTH), dtype=np.int32)
    quarter = (1 << bits) // SCREEN_WIDTH
    for number, key in enumerate(keys):
        features[:, number] = (key >> np.uint64(64 - bits)).astype(np.int32) % quarter + number * quarter
    return features
