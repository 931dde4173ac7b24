"""The variants of the detector that the ablation compares, and what each puts in the place of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cleaner.arrays import ranges
from cleaner.folding import Folded, bare_term, encode
from cleaner.model.chain import best_spans, labels_of
from cleaner.model.classifier import Classifier, Segment
from cleaner.model.features import hashed_features
from cleaner.model.passages import Batch
from cleaner.model.segments import FEATURES, Tagged, rows
from cleaner.model.trees import Trees
from cleaner.training.fit_segments import SETTINGS, fit_choice, fit_trees
from cleaner.training.fit_tagger import TaggerTrainer
from cleaner.training.recipe import Recipe
from cleaner.training.train import no_trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

RECIPE = Recipe(
    tagger_samples=40_000,
    segment_samples=8_000,
    choice_samples=4_000,
    calibration_samples=1_500,
    rounds=100,
    batch=16,
    workers=1,
    hope=0.0,
    vietnamese=1.0,
)
"""Sizes of every variant; the tagger has one lesson, and reads every text in which its best path finds anything."""
MORE_ROUNDS = 4
"""Stumps get so many times as many rounds as trees."""

Stage = Literal["tagger", "decision", "nothing"]


@dataclass(frozen=True, slots=True)
class Variant:
    """The detector with one part changed."""

    part: str
    """Heading under which it is told."""
    name: str
    refit: Stage = "nothing"
    """From where on it is fitted anew; what comes before is that of the whole."""
    patches: tuple[tuple[str, Any], ...] = ()
    """What is replaced, by its path, and with what."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """What differs in the recipe."""


@contextmanager
def patched(variant: Variant) -> Iterator[None]:
    """The package with what the variant replaces."""
    with ExitStack() as stack:
        for path, instead in variant.patches:
            stack.enter_context(patch(path, instead))
        yield


# --- what is put in the place of a part


def token_marginals(
    emissions: Floats, lengths: NDArray[np.int64], transitions: Floats, expect: Floats | None = None
) -> Floats:
    """Probability of each label of each token by itself."""
    odds = np.exp(emissions - emissions.max(axis=2, keepdims=True))
    inside = np.arange(emissions.shape[1]) < lengths[:, None]
    return np.asarray(odds / odds.sum(axis=2, keepdims=True) * inside[:, :, None], dtype=np.float32)


def best_labels(
    emissions: Floats, lengths: NDArray[np.int64], transitions: Floats, expect: Floats | None = None
) -> Floats:
    """1 for each label on the best path (Collins 2002), in the place of its probability."""
    found = np.zeros_like(emissions)
    for row, (spans, size) in enumerate(zip(best_spans(emissions, lengths, transitions), lengths, strict=True)):
        labels = labels_of(spans, int(size))
        found[row, np.arange(size), labels] = 1
        if expect is not None:
            np.add.at(expect, (labels[:-1], labels[1:]), 1)
    return found


def moved_but_transitions(trainer: TaggerTrainer, name: str, *arguments: Any) -> None:
    """Move weights, but none between labels."""
    if name != "transitions":
        _MOVE(trainer, name, *arguments)


def hiding(columns: Sequence[int], made: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    """A function like ``made``, in whose tables some columns are zero."""

    def hidden(*arguments: Any) -> NDArray[Any]:
        table = made(*arguments)
        table[:, list(columns)] = 0
        return table

    return hidden


def fitted_without(columns: Sequence[int], fit: Callable[..., Trees], table: Floats, *arguments: Any) -> Trees:
    """Trees that see nothing of some columns."""
    table = table.copy()
    table[:, list(columns)] = 0
    return fit(table, *arguments)


def one_by_one(table: Floats, labels: NDArray[np.bool_], options: NDArray[np.int64], rounds: int, seed: int) -> Trees:
    """Trees that judge each option by itself."""
    return fit_trees(table, labels, None, rounds, seed)


class Logistic:
    """A logistic regression where trees are asked for."""

    def __init__(self, table: Floats, labels: NDArray[np.bool_], weights: Floats | None = None, *_: object) -> None:
        self._fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
        self._fitted.fit(table, labels, logisticregression__sample_weight=weights)

    @classmethod
    def of_choice(cls, table: Floats, labels: NDArray[np.bool_], *_: object) -> Logistic:
        """One that judges each option by itself."""
        return cls(table, labels)

    def score(self, table: Floats) -> NDArray[np.float64]:
        """Log-odds of each row."""
        return np.asarray(self._fitted.decision_function(table) if len(table) else np.zeros(0))

    def contributions(self, table: Floats) -> NDArray[np.float64]:
        """Nothing: reasons are not judged."""
        return np.zeros(table.shape)


def best_paths(classifier: Classifier, tagged: Tagged, lowest: float) -> list[Segment]:
    """The tagger's own spans, by what the chain says of each as a whole."""
    table = rows(tagged, tagged.spans) if len(tagged.spans) else np.zeros((0, len(FEATURES)), dtype=np.float32)
    gain = table[:, list(FEATURES).index("path")]
    taken = np.zeros(len(tagged.passages.tokens), dtype=bool)
    found: list[Segment] = []
    for number in np.argsort(-gain, kind="stable"):
        first, last = tagged.spans[number].tolist()
        if gain[number] >= lowest and not taken[first:last].any():
            taken[first:last] = True
            found.append(Segment(first, last, float(gain[number]), table[number]))
    return sorted(found, key=lambda segment: segment.first)


def as_it_is(tagged: Tagged, span: tuple[int, int]) -> list[tuple[int, int]]:
    """The boundaries of a candidate, none moved."""
    return [span]


def every_token(classifier: Classifier, batch: Batch, *_: object) -> NDArray[np.int64]:
    """All tokens, as if each text raised hope."""
    return ranges(batch.first, batch.last - batch.first)


def lower_case(text: str) -> Folded:
    """A text of which only case is undone, and marks in the view without them."""
    given = encode(text)
    plain = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    codes, edges = encode(plain).copy(), np.arange(given.size + 1, dtype=np.int64)
    bare = codes.copy()
    for code in np.unique(codes[(codes >= 0xC0) & (codes < 0x2000)]).tolist():
        if len(stripped := bare_term(chr(code))) == 1:
            bare[codes == code] = ord(stripped)
    return Folded(codes, bare, edges[:-1], edges[1:], given, np.zeros(given.size, dtype=bool))


def _nothing(*_: object) -> list[Any]:
    return []


_MOVE = TaggerTrainer._move

# --- the variants

WHOLE = Variant("The whole", "CRF, boosted trees, all evidence", "tagger")
TAGGER_FEATURES = {
    "words": (0, 1, 2),
    "characters: beginnings, ends, shape, script": (3, 4, 7, 8, 9, 11),
    "finds of the rules": (5, 6),
    "commonness in clean text (bigrams, trigrams)": (10,),
    "recurrence, topic of the rest": (12, 13, 14),
}
"""Columns of the tagger's features."""
SEGMENT_FEATURES = {
    "tagger: probabilities": "mean highest lowest left_of right_of step_in step_out opens closes",
    "tagger: score of the span as one segment (semi-Markov)": "path path_mean",
    "phrases of the lexicon": "strong medium weak hits hit_weight hits_cut hits_disguised gambling_family",
    "brands, domains, hashtags, contacts": "brand brands domain honest_domain hashtags phones calls contacts",
    "frames of reporting, quotation": "frames_inside frames_near frames_share quoted",
    "topic, span left out": "topic_fit topic_told",
    "the rest of the text: spam, phrases, recurrence": (
        "spam_elsewhere sure_elsewhere topic_elsewhere category_elsewhere recurring repeats"
    ),
    "seam: bigrams and trigrams across the cut": "seam_pair seam_left seam_right",
    "words that do not belong, whatever they say": (
        "misplaced misplaced_lowest misplaced_left misplaced_right misplaced_in misplaced_out"
    ),
    "bigrams and trigrams at its edges and inside, rarity": (
        "fluency_in fluency_out fluency_inside triple_inside rarity unseen"
    ),
    "layout, case, signs": (
        "gap_before gap_after sign_before sign_after starts_line ends_line starts_sentence ends_sentence case_before "
        "case_first case_after title_case upper_case digits signs place"
    ),
    "disguise, script": "unmarked foreign disguised vietnamese",
    "length": "tokens characters length_of_text",
}
"""Names of features of segments; links and what is hidden are left out, as the records are plain text."""


def _variants() -> Iterator[Variant]:
    fitting, model, decision = "cleaner.training.fit_tagger", "cleaner.model.classifier", "cleaner.training.decision"
    yield WHOLE
    for number in (1, 2):
        yield replace(WHOLE, name=f"the same, other random numbers ({number})", sizes={"seed": RECIPE.seed + number})
    part = "Training of the tagger"
    alone = ((f"{fitting}.marginals", token_marginals), (f"{fitting}.TaggerTrainer._move", moved_but_transitions))
    yield Variant(part, "each token by itself", "tagger", alone)
    yield Variant(part, "structured perceptron", "tagger", ((f"{fitting}.marginals", best_labels),))
    yield Variant(part, "half as wide", "tagger", sizes={"width": RECIPE.width // 2})
    yield Variant(part, "two layers", "tagger", sizes={"layers": 2})
    part = "Features of the tagger, without"
    for name, columns in TAGGER_FEATURES.items():
        hidden = (
            (f"{fitting}.TaggerTrainer._thinned", hiding(columns, TaggerTrainer._thinned)),
            (f"{model}.hashed_features", hiding(columns, hashed_features)),
        )
        yield Variant(part, name, "tagger", hidden)
    part = "Segment decision"
    nothing = ((f"{decision}.fit_trees", lambda *_: no_trees()), (f"{decision}.fit_choice", lambda *_: no_trees()))
    by_path = ((f"{model}.Classifier.segments", best_paths), *nothing)
    yield Variant(part, "none: the tagger's own spans", "decision", by_path)
    logistic = ((f"{decision}.fit_trees", Logistic), (f"{decision}.fit_choice", Logistic.of_choice))
    yield Variant(part, "logistic regression", "decision", logistic)
    stumps = (("cleaner.training.fit_segments.SETTINGS", SETTINGS | {"num_leaves": 2}),)
    yield Variant(part, "stumps", "decision", stumps, {"rounds": RECIPE.rounds * MORE_ROUNDS})
    yield Variant(part, "boundaries judged one by one", "decision", ((f"{decision}.fit_choice", one_by_one),))
    yield Variant(part, "boundaries as the candidates have them", patches=((f"{model}.variants", as_it_is),))
    part = "Evidence of the segment decision, without"
    for name, features in SEGMENT_FEATURES.items():
        columns = tuple(list(FEATURES).index(feature) for feature in features.split())
        unseen = (
            (f"{decision}.fit_trees", partial(fitted_without, columns, fit_trees)),
            (f"{decision}.fit_choice", partial(fitted_without, columns, fit_choice)),
            (f"{model}.rows", hiding(columns, rows)),
        )
        yield Variant(part, name, "decision", unseen)
    part = "Nothing fitted anew, without"
    yield Variant(part, "first look and hope", patches=((f"{model}.Classifier.hopeful", every_token),))
    yield Variant(part, "company of other finds", patches=(("cleaner.decide.in_company", lambda s, **_: list(s)),))
    yield Variant(part, "what is only shown", patches=(("cleaner.decide._is_recognised", lambda *_: True),))
    yield Variant(part, "second look at what is left", patches=(("cleaner.engine.Cleaner._settle", _nothing),))
    yield Variant(part, "disguise undone", patches=(("cleaner.evidence.fold", lower_case),))
    ruleless = (("cleaner.rules.lexicon.Lexicon.find", _nothing), ("cleaner.evidence.find_shapes", _nothing))
    yield Variant(part, "rules", patches=ruleless)


VARIANTS = {variant.name: variant for variant in _variants()}
