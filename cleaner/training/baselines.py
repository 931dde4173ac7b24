"""What a cleaner has to beat: a keyword list, and a classifier of sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import ahocorasick_rs

from cleaner.training.metrics import Record
from cleaner.training.spans import WORDS, Interval, intersection, merged, solid

Cuts = list[Interval]
"""What goes of one source, in order, disjoint."""

SEED = 3
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE_END = r"(?<=[.!?…])\s+|(?<=[。！？])|\n+"
_SEPARATORS = {
    "html": re.compile(rf"<[^>]*>|{_SENTENCE_END}"),
    "text": re.compile(_SENTENCE_END),
}
_CLOSING = ",.;:!?)\r\n<"


def keyword_terms() -> list[str]:
    """The phrases of the rule set that are strong or medium evidence, lower case."""
    from cleaner.rules import languages, rule_phrases

    return sorted({text.lower() for language in languages() for text, _ in rule_phrases(language)})


def keyword_cuts(records: Iterable[Record], terms: Sequence[str] | None = None) -> Iterator[Cuts]:
    """Cut every occurrence of a term, as whole words, in any case, with one of the gaps beside it."""
    automaton = ahocorasick_rs.AhoCorasick(keyword_terms() if terms is None else terms)
    for record in records:
        text = _lowered(record.source)
        hits = (
            (start, end)
            for _, start, end in automaton.find_matches_as_indexes(text, overlapping=True)
            if _is_edge(text, start) and _is_edge(text, end)
        )
        yield merged(_with_gap(text, start, end) for start, end in merged(hits))


def _lowered(text: str) -> str:
    """``text`` in lower case, each character in its place."""
    text = _SURROGATES.sub("?", text)
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _is_edge(text: str, at: int) -> bool:
    """Whether a word may begin or end here."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and after.isalnum()) or bool(_UNSPACED.match(before) or _UNSPACED.match(after))


def _with_gap(text: str, start: int, end: int) -> Interval:
    """A cut with the spaces that follow it or, in front of a sign or a line's end, with those before it."""
    stop = end
    while stop < len(text) and text[stop] == " ":
        stop += 1
    if stop < len(text) and text[stop] not in _CLOSING:
        return start, stop
    while start > 0 and text[start - 1] == " ":
        start -= 1
    return start, end


# --- sentences


def sentence_cuts(records: Sequence[Record], training: Sequence[Record] | None = None) -> list[Cuts]:
    """Drop the sentences that TF-IDF of one and two words and a linear support vector machine take for injected.

    Args:
        records: the documents to clean.
        training: the documents to learn from; ``None``: two halves of ``records``, each cleaned by what the other
            taught.
    """
    if training is not None:
        return _dropped(records, training)
    import numpy as np

    halves = np.random.default_rng(SEED).permutation(len(records)) % 2
    cuts: list[Cuts] = [[] for _ in records]
    for half in (0, 1):
        own = [i for i, part in enumerate(halves) if part == half]
        others = [record for record, part in zip(records, halves, strict=True) if part != half]
        for i, cut in zip(own, _dropped([records[i] for i in own], others), strict=True):
            cuts[i] = cut
    return cuts


def _dropped(records: Sequence[Record], training: Sequence[Record]) -> list[Cuts]:
    model = _trained(training)
    if model is None:
        return [[] for _ in records]
    found = [sentences(record) for record in records]
    texts = [record.source[a:b] for record, parts in zip(records, found, strict=True) for a, b in parts]
    is_spam: Iterator[bool] = iter(model.predict(texts) if texts else ())
    return [
        merged(_with_gap(record.source, *part) for part in parts if next(is_spam))
        for record, parts in zip(records, found, strict=True)
    ]


def _trained(training: Sequence[Record]) -> Any:
    """A pipeline from sentences to whether they are injected; ``None`` when all are of one kind."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    texts, labels = _labelled(training)
    if len(set(labels)) < 2:
        return None
    vectorizer = TfidfVectorizer(token_pattern=WORDS.pattern, ngram_range=(1, 2), sublinear_tf=True)
    model = make_pipeline(vectorizer, LinearSVC(class_weight="balanced", random_state=SEED))
    return model.fit(texts, labels)


def _labelled(training: Iterable[Record]) -> tuple[list[str], list[bool]]:
    """Sentences, and whether anything of them was injected."""
    texts, labels = [], []
    for record in training:
        for part in sentences(record):
            texts.append(record.source[slice(*part)])
            labels.append(solid(record.source, intersection([part], record.spans)) > 0)
    return texts, labels


def sentences(record: Record) -> list[Interval]:
    """The sentences of a source, without the white space between them; in HTML, those between tags."""
    found = []
    start = 0
    source = record.source
    for match in _SEPARATORS["html" if record.format == "html" else "text"].finditer(source):
        found.append((start, match.start()))
        start = match.end()
    found.append((start, len(source)))
    return [(a, b) for a, b in found if source[a:b].strip()]
