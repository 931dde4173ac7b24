"""The ablation: what it replaces does what the table says, and thresholds and figures are what they should be."""

from __future__ import annotations

import numpy as np
import pytest
from ablation import THRESHOLDS, Outcome, figures, judge, lowest
from conftest import records
from variants import (
    SEGMENT_FEATURES,
    TAGGER_FEATURES,
    VARIANTS,
    WHOLE,
    best_labels,
    fitted_without,
    lower_case,
    patched,
)

from cleaner import Cleaner, Policy
from cleaner.folding import fold
from cleaner.model.chain import LABELS, best_spans
from cleaner.model.features import WIDTH
from cleaner.model.segments import FEATURES
from cleaner.model.store import default_folder, load
from cleaner.training.fit_segments import fit_trees
from cleaner.training.fit_tagger import Sequence, TaggerTrainer
from cleaner.training.metrics import Record
from cleaner.training.spans import derive_spans


def taught(name: str, steps: int = 4) -> TaggerTrainer:
    """A tiny tagger after a few steps, as the variant trains it."""
    rng = np.random.default_rng(3)
    batch = [
        Sequence(rng.integers(1, 256, (12, WIDTH)).astype(np.int32), ((3, 6),), np.zeros((7, 12), dtype=np.int32))
        for _ in range(4)
    ]
    with patched(VARIANTS[name]):
        trainer = TaggerTrainer(8, 8, 2)
        for _ in range(steps):
            trainer.step(batch)
    return trainer


def hidden_columns(table: np.ndarray) -> set[int]:
    return set(np.flatnonzero(~table.any(axis=0)).tolist())


def test_variants_have_names_of_their_own_and_leave_nothing_behind() -> None:
    before = TaggerTrainer._thinned, TaggerTrainer._move
    for variant in VARIANTS.values():
        with patched(variant):
            pass
    assert (TaggerTrainer._thinned, TaggerTrainer._move) == before
    changed = [variant for variant in VARIANTS.values() if variant.patches or variant.sizes]
    assert len(changed) == len(VARIANTS) - 1
    assert not WHOLE.patches


def test_token_by_token_nothing_is_learnt_of_neighbouring_labels() -> None:
    assert not taught("each token by itself").transitions.any()
    assert taught("each token by itself").output.any()
    assert taught(WHOLE.name).transitions.any()


def test_the_perceptron_sees_the_best_path_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    emissions, steps = (rng.standard_normal(shape).astype(np.float32) for shape in ((2, 5, LABELS), (LABELS, LABELS)))
    lengths, pairs = np.array([5, 3]), np.zeros((LABELS, LABELS), dtype=np.float32)
    found = best_labels(emissions, lengths, steps, pairs)
    assert found.sum(axis=2).tolist() == [[1] * 5, [1] * 3 + [0] * 2]
    assert pairs.sum() == (lengths - 1).sum()
    for row, spans in enumerate(best_spans(emissions, lengths, steps)):
        inside = [token for first, end in spans for token in range(first, end)]
        assert np.flatnonzero(found[row, :, 1:].any(axis=1)).tolist() == inside


@pytest.mark.parametrize("name", TAGGER_FEATURES)
def test_a_tagger_sees_nothing_of_what_it_is_without(name: str) -> None:
    sequence = Sequence(np.ones((9, WIDTH), dtype=np.int32), (), np.zeros((7, 9), dtype=np.int32))
    with patched(VARIANTS[name]):
        trainer = TaggerTrainer(4, 4, 1)
        always = set.intersection(*(hidden_columns(trainer._thinned(sequence)) for _ in range(30)))
    assert always == set(TAGGER_FEATURES[name])


def test_every_feature_is_in_a_group_and_no_evidence_in_two() -> None:
    assert {column for columns in TAGGER_FEATURES.values() for column in columns} == set(range(WIDTH))
    named = [feature for features in SEGMENT_FEATURES.values() for feature in features.split()]
    assert len(named) == len(set(named))
    assert set(FEATURES) - set(named) == {"link", "honest_link", "hidden"}


def test_trees_know_nothing_of_the_columns_they_are_without() -> None:
    table = np.random.default_rng(7).standard_normal((400, 3)).astype(np.float32)
    trees = fitted_without([0], fit_trees, table, table[:, 0] + table[:, 1] > 0, None, 5)
    moved = table.copy()
    moved[:, 0] += 9
    assert trees.score(table).tolist() == trees.score(moved).tolist()
    assert np.ptp(trees.score(table)) > 0


@pytest.mark.parametrize("text", ["Trạm Y tế ĐÃ mở.", "", "a\nB", "東京 Ж"])
def test_where_nothing_is_disguised_folding_is_lower_case(text: str) -> None:
    for view in (lower_case(text), fold(text)):
        assert view.text() == "".join(c.lower()[0] for c in text)
    assert lower_case(text).bare == fold(text).bare


def test_disguise_stays_where_it_is_not_undone() -> None:
    assert fold("ｃａｓｉｎｏ").text() == "casino"
    assert lower_case("ｃａｓｉｎｏ").text() == "ｃａｓｉｎｏ"


# --- judging


def outcome(restored: list[int]) -> Outcome:
    """Infected records restored up to some threshold, and honest ones cut up to some."""
    reaches = np.arange(len(THRESHOLDS))
    until = np.array(restored)[:, None]
    honest = np.r_[np.full(396, -1), 0, 1, 2, 3][:, None]
    return Outcome(
        restored=reaches <= until,
        removed=10 * (reaches <= until),
        common=10 * (reaches <= until),
        injected=np.full(len(restored), 10),
        cut=reaches <= honest,
        half=np.arange(400) % 2,
        hard=np.arange(400) >= 200,
    )


def test_the_threshold_is_the_lowest_that_does_little_harm() -> None:
    clean, hard = np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS))
    assert lowest(clean, hard) == 0
    clean[:3], hard[:5] = 0.002, 0.006
    assert lowest(clean, hard) == 5
    hard[:] = 1
    assert lowest(clean, hard) == len(THRESHOLDS) - 1


def test_figures_are_drawn_alike_for_all_that_is_compared() -> None:
    good, same, bad = (figures(outcome([reach] * 30), resamples=50) for reach in (19, 19, -1))
    assert good.exact.tolist() == same.exact.tolist() == [1.0] * 50
    assert good.hard_cut.tolist() == bad.hard_cut.tolist()
    assert bad.exact.tolist() == bad.f1.tolist() == [0.0] * 50
    assert 0 < good.hard_cut.mean() < 0.02


def test_where_more_harm_may_be_done_thresholds_are_lower() -> None:
    strict, loose = (figures(outcome([1, 2, 3] * 10), times, resamples=50) for times in (1, 4))
    assert strict.exact.mean() < loose.exact.mean()
    assert strict.hard_cut.mean() < loose.hard_cut.mean()


def test_spans_that_are_looked_for_once_are_cut_as_the_cleaner_cuts_them() -> None:
    plain = [r for kind in ("infected", "honest") for r in records(kind)[:12] if r["format"] == "text"]
    chosen = [
        Record(
            r["text"], r.get("clean", r["text"]), f"{n}-{n}", spans=derive_spans(r["text"], r.get("clean", r["text"]))
        )
        for n, r in enumerate(plain)
    ]
    made = judge(load(default_folder()).classifier.weights, chosen)
    infected = [record for record in chosen if record.kind == "infected"]
    assert made.restored.shape == (len(infected), len(THRESHOLDS))
    assert made.restored.any()
    for number in (0, len(THRESHOLDS) // 2):
        strip = float(THRESHOLDS[number])
        cleaner = Cleaner(policy=Policy(strip=strip, flag=min(Policy().flag, 0.999 * strip)))
        expected = [
            " ".join(cleaner.clean(r.source, "text").text.split()) == " ".join(r.clean.split()) for r in infected
        ]
        assert made.restored[:, number].tolist() == expected
