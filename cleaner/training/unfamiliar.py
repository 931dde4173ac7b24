"""Texts as if clean text of their kind had hardly been counted (domain randomisation, Tobin et al. 2017).

The hosts of the samples come from the sources that were counted; an article of another hand is less like them, and a
tagger that has seen none such takes its rare words for a part of the injection beside them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cleaner.model.features import Columns
from cleaner.model.passages import Passages

UNFAMILIAR, STRANGEST = 0.35, 0.6
"""Share of the passages, and the largest share of the words of one, that are made unfamiliar."""


def unfamiliar(seen: Columns, passages: Passages, rng: np.random.Generator) -> Columns:
    """What is seen of ``passages``, in some of them with rarer words and unknown steps between them."""
    size = len(passages.first)
    share = np.where(rng.random(size) < UNFAMILIAR, rng.uniform(0, STRANGEST, size), 0)[passages.owner]
    pairs, triples, words = rng.random((3, share.size)) < share
    return replace(
        seen,
        fluency=np.where(pairs, np.uint8(0), seen.fluency),
        triple=np.where(pairs | triples, np.uint8(0), seen.triple),
        rarity=seen.rarity - (words & (seen.rarity > 0)).astype(np.uint8),
    )
