"""Texts of another hand than what was counted, to learn from."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaner.model.features import Columns, columns
from cleaner.model.passages import first_look, whole
from cleaner.model.store import default_folder, load
from cleaner.training.unfamiliar import STRANGEST, UNFAMILIAR, unfamiliar

LOOM = "Chị Sen dệt chiếu cói bên sông từ năm mười lăm tuổi, khung dệt do ông ngoại đóng bằng gỗ xoan. "
CLASSIFIER = load(default_folder()).classifier
PASSAGES = whole(first_look([LOOM * 3] * 200, CLASSIFIER.rules, CLASSIFIER.weights.clean))
SEEN = columns(PASSAGES, CLASSIFIER.weights.clean)
CHANGED = {"fluency", "triple", "rarity"}


@given(st.integers(0, 1000))
def test_words_only_become_rarer_and_nothing_else_changes(seed: int) -> None:
    made = unfamiliar(SEEN, PASSAGES, np.random.default_rng(seed))
    for name in Columns.__dataclass_fields__:
        before, after = getattr(SEEN, name), getattr(made, name)
        assert after.dtype == before.dtype
        assert np.all(after <= before) if name in CHANGED else np.array_equal(after, before)
    for name in ("fluency", "triple"):
        after = getattr(made, name)
        assert np.all((after == 0) | (after == getattr(SEEN, name)))
    assert np.max(SEEN.rarity - made.rarity) <= 1


def test_some_texts_are_touched_each_to_its_own_extent() -> None:
    made = unfamiliar(SEEN, PASSAGES, np.random.default_rng(7))
    lost = np.bincount(PASSAGES.owner, (made.fluency < SEEN.fluency) & (SEEN.fluency > 0))
    share = lost / np.bincount(PASSAGES.owner, SEEN.fluency > 0)
    assert abs(np.mean(share > 0) - UNFAMILIAR) < 0.12
    assert 0.8 * STRANGEST / 2 < share[share > 0].mean() < 1.3 * STRANGEST / 2
