"""What clean text teaches before anything is infected: frequencies of words and steps, and topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cleaner.folding import fold
from cleaner.model.clean_text import CleanText, frequencies, slots
from cleaner.model.features import pair_key, shift, span_hashes, triple_key
from cleaner.tokens import LETTER, tokenize
from cleaner.training.corpus import Article

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

LEAST = (2, 2, 3)
"""Occurrences from which a word, a pair and a triple are known at all."""
FEW, MANY = 6, 0.2
"""A word says something of the topic when it stands in so many articles, but in no larger share of them."""
_CLASS_FROM = (4, 16, 64, 512)
"""Occurrences from which the classes 2 … 5 begin."""


def learn(
    counted: Sequence[Article],
    delicate: Sequence[Article],
    word_bits: int = 18,
    pair_bits: int = 21,
    topic_bits: int = 16,
    dimensions: int = 24,
) -> CleanText:
    """Count the articles ``counted``; topics are learnt from ``delicate`` ones, too."""
    found: tuple[list[Hashes], ...] = ([], [], [])
    for article in counted:
        word, _ = _words(article.text)
        keys = (word, pair_key(word), triple_key(shift(word, -2), shift(word, -1), word))
        for target, key in zip(found, keys, strict=True):
            target.append(key)
    (words, word_classes), *steps = (_known(*some) for some in zip(found, LEAST, strict=True))
    step_keys, step_classes = (np.concatenate(some) for some in zip(*steps, strict=True))
    return CleanText(
        frequencies(words, word_classes, 1 << word_bits),
        frequencies(step_keys, step_classes, 1 << pair_bits),
        _topics([*counted, *delicate], 1 << topic_bits, dimensions),
    )


def _words(text: str) -> tuple[Hashes, NDArray[np.bool_]]:
    """The hashed words of a text, and which of them are words."""
    folded = fold(text)
    tokens = tokenize(folded)
    return span_hashes(folded.codes, tokens.starts, tokens.ends), tokens.kinds >= LETTER


def _known(found: list[Hashes], least: int) -> tuple[Hashes, NDArray[np.uint8]]:
    """The keys that occur often enough, and their classes."""
    keys, times = np.unique(np.concatenate(found), return_counts=True)
    known = times >= least
    return keys[known], classes_of(times[known])


def classes_of(times: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The class of each number of occurrences."""
    return (np.searchsorted(_CLASS_FROM, times, side="right") + 1).astype(np.uint8)


def _topics(articles: Sequence[Article], size: int, dimensions: int) -> NDArray[np.int8]:
    """A vector for each slot of words, language by language; where two meet, the language with more articles stays."""
    table = np.zeros((size, dimensions), dtype=np.int8)
    texts: dict[str, list[str]] = {}
    for article in articles:
        texts.setdefault(article.lang, []).append(article.text)
    for some in sorted(texts.values(), key=len):
        vectors = _semantic_vectors(some, size, dimensions)
        known = vectors.any(axis=1)
        table[known] = np.round(vectors[known] * 127)
    return table


def _semantic_vectors(texts: Sequence[str], size: int, dimensions: int) -> NDArray[np.float64]:
    """Latent semantic analysis (Deerwester et al. 1990); as long as the word is telling, at most 1."""
    from scipy.sparse import csr_matrix
    from sklearn.preprocessing import normalize
    from sklearn.utils.extmath import randomized_svd

    vectors = np.zeros((size, dimensions))
    if len(texts) < FEW:
        return vectors
    row, column, times = (np.concatenate(some) for some in zip(*_cells(texts, size), strict=True))
    documents = np.bincount(column, minlength=size)
    telling = (documents >= FEW) & (documents <= max(FEW, MANY * len(texts)))
    weight = np.where(telling, np.log(len(texts) / np.maximum(documents, 1)), 0) / np.log(len(texts))
    cells = csr_matrix(((1 + np.log(times)) * weight[column], (row, column)), shape=(len(texts), size))
    rank = min(dimensions + 1, len(texts) - 1)
    _, strength, directions = randomized_svd(normalize(cells), rank, random_state=0)
    own = directions[1:].T * np.sqrt(strength[1:])
    vectors[:, : own.shape[1]] = normalize(own) * weight[:, None]
    return vectors


def _cells(texts: Sequence[str], size: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    for number, text in enumerate(texts):
        word, is_word = _words(text)
        column, times = np.unique(slots(word[is_word], size), return_counts=True)
        yield np.full(column.size, number), column, times
