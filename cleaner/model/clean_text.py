"""What is known of clean text: how common words and the steps between them are, and the topics they stand for.

Keys are 64-bit hashes. A table of frequencies holds one byte a slot: five bits of the key, so that what
was never counted is rarely taken for something that was, and three bits that say how common it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Small = NDArray[np.uint8]

_PRINT, _CLASS = 0xF8, 0x07
CLASSES = 6
"""Frequencies are told as classes: 0 unseen, or as good as; then 1 … 5, very frequent."""


@dataclass(frozen=True, slots=True, eq=False)
class CleanText:
    """Tables that were made from clean text; the size of each is a power of two."""

    words: Small
    """Frequencies of words."""
    pairs: Small
    """Of pairs and triples of words."""
    topics: NDArray[np.int8]
    """Shape (2 ** bits, dimension): where words stand among the topics of articles; the longer, the more telling."""

    def rarity(self, word: Hashes) -> Small:
        """How common each word is, 0 … 5."""
        return _look_up(self.words, word)

    def fluency(self, steps: Hashes) -> Small:
        """How common each pair or triple of words is, 0 … 5."""
        return _look_up(self.pairs, steps)

    def topics_of(self, word: Hashes) -> NDArray[np.float32]:
        """Where each word stands among the topics, shape (word, dimension)."""
        return self.topics.take(slots(word, len(self.topics)), axis=0).astype(np.float32)


def frequencies(keys: Hashes, classes: Small, size: int) -> Small:
    """A table of ``size`` slots that tells the class of each key; where two meet, the more common one stays."""
    return raised(np.zeros(size, dtype=np.uint8), keys, classes)


def raised(table: Small, keys: Hashes, classes: Small) -> Small:
    """``table`` with each key of at least its class; where two meet, the more common one stays."""
    order = np.argsort(classes, kind="stable")
    keys, classes = keys[order], classes[order]
    at = slots(keys, table.size)
    more = classes > (table[at] & np.uint8(_CLASS))
    new = table.copy()
    new[at[more]] = (_prints(keys) | classes)[more]
    return new


def slots(keys: Hashes, size: int) -> NDArray[np.int64]:
    """The slot of each key in a table of ``size``, a power of two."""
    return (keys >> np.uint64(65 - size.bit_length())).astype(np.int64)


def _look_up(table: Small, keys: Hashes) -> Small:
    found = table.take(slots(keys, table.size))
    return np.where((found ^ _prints(keys)) < np.uint8(_CLASS + 1), found & np.uint8(_CLASS), np.uint8(0))


def _prints(keys: Hashes) -> Small:
    return keys.astype(np.uint8) & np.uint8(_PRINT)
