"""Two systems on the same documents, compared by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.training.compare import CHANGES, MARGINS, Change, change, differences, is_worse
from cleaner.training.metrics import MEASURES, Record, Score, Treatment, figures, score
from cleaner.training.spans import Interval

CLEAN = "Trạm y tế khám cho 40 trẻ."
INFECTED = "Trạm y tế nổ hũ khám cho 40 trẻ."
DOCUMENTS = {
    "infected": Record(INFECTED, CLEAN, spans=((10, 15),)),
    "clean": Record(CLEAN, CLEAN),
    "hard": Record(CLEAN, CLEAN, topics=("loans",)),
}
CUTS: dict[str, list[Interval]] = {
    "right": [(10, 16)],
    "nothing": [],
    "partial": [(10, 12)],
    "too long": [(8, 16)],
    "false cut": [(0, 4)],
}


def judged(kind: str, outcome: str) -> Score:
    record = DOCUMENTS[kind]
    return score(record, Treatment.of_cuts(record.source, CUTS[outcome]))


def many(kind: str, **outcomes: int) -> list[Score]:
    """As many documents of each outcome; ``harmed`` stands for a false cut."""
    names = {"harmed": "false cut"}
    return [judged(kind, names.get(outcome, outcome)) for outcome, n in outcomes.items() for _ in range(n)]


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("infected", "nothing", "right", "newly restored"),
        ("infected", "partial", "right", "newly restored"),
        ("infected", "too long", "right", "newly restored"),
        ("infected", "right", "partial", "newly lost"),
        ("infected", "right", "too long", "newly harmed"),
        ("infected", "nothing", "false cut", "newly harmed"),
        ("infected", "false cut", "partial", "no longer harmed"),
        ("infected", "nothing", "partial", None),
        ("infected", "too long", "false cut", None),
        ("infected", "right", "right", None),
        ("clean", "nothing", "false cut", "newly harmed"),
        ("hard", "false cut", "nothing", "no longer harmed"),
        ("hard", "false cut", "false cut", None),
    ],
)
def test_what_became_of_a_document(kind: str, old: str, new: str, expected: Change | None) -> None:
    assert change(judged(kind, old), judged(kind, new)) == expected


@given(st.sampled_from(sorted(DOCUMENTS)), *[st.sampled_from(sorted(CUTS))] * 2)
def test_what_was_lost_one_way_is_won_the_other(kind: str, old: str, new: str) -> None:
    there, back = change(judged(kind, old), judged(kind, new)), change(judged(kind, new), judged(kind, old))
    assert (there is None) == (back is None)
    if there and back:
        assert (CHANGES.index(there) < 2) != (CHANGES.index(back) < 2)


def test_differences() -> None:
    old, new = many("infected", right=3, nothing=1), many("infected", right=4)
    found = differences(old, new)
    assert list(found) == [measure.name for measure in MEASURES]
    exact = found["exact"]
    assert (exact.old, exact.new, exact.gain) == (figures(old)["exact"], figures(new)["exact"], 0.25)
    assert exact.to_dict()["gain"] == 0.25
    assert found["hard_untouched"].gain is None
    assert found["hard_untouched"].to_dict()["high"] is None


def test_intervals_are_paired() -> None:
    """What both get wrong widens the interval of each, but not that of the difference."""
    old = many("infected", right=50, nothing=50)
    assert (differences(old, old)["exact"].low, differences(old, old)["exact"].high) == (0, 0)
    gained = differences(old, many("infected", right=60, nothing=40))["exact"]
    half = 1.96 * (0.1 * 0.9 / 100) ** 0.5
    assert gained.low == pytest.approx(0.1 - half, abs=0.015)
    assert gained.high == pytest.approx(0.1 + half, abs=0.015)


def test_differences_of_nothing() -> None:
    assert all(difference.gain is None for difference in differences([], []).values())
    assert is_worse([], []) == ()


def test_only_the_same_documents_are_compared() -> None:
    with pytest.raises(ValueError, match="different documents"):
        differences(many("clean", nothing=2), many("clean", nothing=1))
    with pytest.raises(ValueError, match="different documents"):
        is_worse(many("clean", nothing=1), many("hard", nothing=1))


@pytest.mark.parametrize(
    ("kind", "old", "new", "reason"),
    [
        ("clean", {"nothing": 40}, {"nothing": 39, "harmed": 1}, "clean untouched falls from 1.000 to 0.975, by more"),
        ("hard", {"nothing": 100}, {"nothing": 99, "harmed": 1}, "hard negatives untouched falls from 1.000 to 0.990"),
        ("infected", {"right": 50}, {"right": 49, "nothing": 1}, "exact restoration falls from 1.000 to 0.980, by"),
    ],
)
def test_a_fall_beyond_the_margin_is_worse(kind: str, old: dict[str, int], new: dict[str, int], reason: str) -> None:
    found = is_worse(many(kind, **old), many(kind, **new))
    assert found[0].startswith(reason)
    assert is_worse(many(kind, **new), many(kind, **old)) == ()


def test_a_small_fall_that_is_certain_is_worse() -> None:
    [reason] = is_worse(many("clean", nothing=2000), many("clean", nothing=1992, harmed=8))
    assert reason.startswith("clean untouched falls from 1.000 to 0.996, and 95 % of resamples have it fall by 0.0")
    assert MARGINS["clean_untouched"] > 8 / 2000


def test_a_small_fall_that_may_be_chance_is_let_pass() -> None:
    assert is_worse(many("clean", nothing=2000), many("clean", nothing=1999, harmed=1)) == ()


def test_gains_do_not_make_up_for_harm() -> None:
    old = many("infected", nothing=50) + many("clean", nothing=50)
    new = many("infected", right=50) + many("clean", nothing=48, harmed=2)
    assert [reason.partition(" falls")[0] for reason in is_worse(old, new)] == ["clean untouched"]
