"""Adapt a model to a site without labels: what is common in its documents is learnt, what is suspected there is not.

Documents are counted, not occurrences: a word, or a step of three words, that stands in many of them belongs to the
site, be it a name, a term or a line around its articles. The archive may be infected in part. What scores but a little
in any document, or what a rule recognises, is suspected; what is suspected in many of the documents that it stands in
is not learnt, however often it recurs, and a campaign of which nothing is ever suspected was not found before either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from cleaner.model.classifier import Classifier, Scored, Weights, spans_in_tokens
from cleaner.model.clean_text import raised
from cleaner.model.features import SHAPES_OF, shift, triple_key
from cleaner.model.pieces import pieces_of
from cleaner.rules.markup import link_weights
from cleaner.structure import judge_markup
from cleaner.training.knowledge import classes_of
from cleaner.types import Document, Policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

SUSPECT = 0.05
"""Score from which the words of a span are suspected."""
LEAST = 3
"""Documents that something must stand in to be learnt."""
TRUST = 4
"""Documents in which it is not suspected, for each one in which it is, from which it is learnt."""
BATCH = 64
"""Documents that are judged together."""


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """A model that knows a site."""

    weights: Weights
    documents: int
    """Those that were learnt from."""
    infected: int
    """Those in which something was found, and which were not."""
    words: int
    """The words that are known as more common than before, or at all."""
    steps: int
    """The same of steps of three words."""


def adapt(
    classifier: Classifier, documents: Iterable[Document], advance: Callable[[], object] = lambda: None
) -> Adapted:
    """Learn what is common in the documents of a site; the same documents always teach the same.

    A document that comes again counts once. One in which something is found that would be shown to an editor teaches
    nothing but what is suspected in it.

    Args:
        classifier: what is adapted; it stays as it is.
        documents: the archive; it may be infected in part.
        advance: called after each document.

    Raises:
        ValueError: no document can be learnt from.
    """
    words, steps = _Tally(), _Tally()
    learnt = infected = 0
    rest = iter(_distinct(documents, advance))
    while some := list(islice(rest, BATCH)):
        for document, scored in zip(some, classifier.find(some, SUSPECT), strict=True):
            found = _judged(classifier, document, scored)
            is_infected = any(s.score >= Policy().flag for s in found)
            infected += is_infected
            learnt += not is_infected
            word, step, suspected = _tokens(classifier, document, [(s.start, s.end) for s in found])
            words.add(word, suspected, not is_infected)
            steps.add(step, suspected | shift(suspected, -1) | shift(suspected, -2), not is_infected)
    if not learnt:
        raise ValueError("there is no document in which nothing is found")
    clean = classifier.weights.clean
    new = replace(clean, words=raised(clean.words, *words.known()), pairs=raised(clean.pairs, *steps.known()))
    return Adapted(
        replace(classifier.weights, clean=new),
        learnt,
        infected,
        int((new.words != clean.words).sum()),
        int((new.pairs != clean.pairs).sum()),
    )


def _distinct(documents: Iterable[Document], advance: Callable[[], object]) -> Iterator[Document]:
    """The documents, of those that read alike the first."""
    seen: set[bytes] = set()
    for document in documents:
        digest = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).digest()
        if digest not in seen:
            seen.add(digest)
            yield document
        advance()


def _judged(classifier: Classifier, document: Document, scored: list[Scored]) -> list[Scored]:
    """The spans of a document, its markup considered."""
    if document.format == "text":
        return scored
    rules = classifier.rules
    return judge_markup(document, scored, rules, link_weights(document, rules.known))


def _tokens(
    classifier: Classifier, document: Document, spans: Sequence[tuple[int, int]]
) -> tuple[Hashes, Hashes, NDArray[np.bool_]]:
    """Of each token of a document: the key of the word, that of the step to it, and whether the word is suspected."""
    found: list[tuple[Hashes, Hashes, NDArray[np.bool_]]] = []
    for piece in pieces_of([document]):
        batch = classifier.look([piece.text])
        seen = batch.glance
        suspected = (seen.lexicon > 0) | ((seen.mark > 0) & (seen.mark != SHAPES_OF["honest-domain"]))
        begin, size = piece.offset, len(piece.text)
        inside = [(max(a - begin, 0), min(b - begin, size)) for a, b in spans if a < begin + size and b > begin]
        for first, last in spans_in_tokens(batch, 0, inside):
            suspected[first:last] = True
        own = slice(int(batch.first[0]), int(batch.last[0]))
        step = triple_key(shift(seen.word, -2), shift(seen.word, -1), seen.word)
        found.append((seen.word[own], step[own], suspected[own]))
    word, step, suspected = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return word, step, suspected


@dataclass(frozen=True, slots=True)
class _Tally:
    """The keys of each document: those that may be learnt, and those that are suspected."""

    trusted: list[Hashes] = field(default_factory=list)
    suspected: list[Hashes] = field(default_factory=list)

    def add(self, keys: Hashes, suspected: NDArray[np.bool_], is_trusted: bool) -> None:
        if is_trusted:
            self.trusted.append(np.unique(keys[~suspected]))
        self.suspected.append(np.unique(keys[suspected]))

    def known(self) -> tuple[Hashes, NDArray[np.uint8]]:
        """The keys that stand in enough documents and are suspected in few of them, and their classes."""
        keys, documents = np.unique(np.concatenate(self.trusted), return_counts=True)
        doubtful, doubts = np.unique(np.concatenate(self.suspected), return_counts=True)
        _, here, there = np.intersect1d(keys, doubtful, assume_unique=True, return_indices=True)
        known = documents >= LEAST
        known[here] &= documents[here] >= TRUST * doubts[there]
        return keys[known], classes_of(documents[known])
