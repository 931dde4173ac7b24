"""The figures of an evaluation, computed by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.training.metrics import (
    KEYS,
    MEASURES,
    ErrorKind,
    Figure,
    Record,
    Score,
    Treatment,
    breakdown,
    collapse,
    error_counts,
    figures,
    is_restored,
    score,
    verdicts,
    worst_topic,
)
from cleaner.training.spans import Interval, derive_spans, difference, intersection, merged, solid
from cleaner.types import Action, Edit, Finding, Format, Result

CLEAN = "Trạm y tế khám cho 40 trẻ."
INFECTED = "Trạm y tế nổ hũ khám cho 40 trẻ."
SPAM = (10, 15)
INJECTED = Record(INFECTED, CLEAN, spans=(SPAM,), style="mid-sentence", category="gambling")
HONEST = Record(CLEAN, CLEAN)

intervals = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair))))


def cut(record: Record, *cuts: Interval) -> Score:
    return score(record, Treatment.of_cuts(record.source, cuts))


def result(source: str, findings: list[tuple[int, int, Action]], edits: list[Edit]) -> Result:
    found = tuple(Finding(a, b, source[a:b], "gambling", 0.9, (), action) for a, b, action in findings)
    text, done = "", 0
    for edit in edits:
        text += source[done : edit.start] + edit.replacement
        done = edit.end
    return Result(source, text + source[done:], "cleaned" if edits else "review", found, tuple(edits), "text")


# --- intervals


@given(intervals, intervals)
def test_intervals_are_sets_of_characters(first: list[Interval], second: list[Interval]) -> None:
    def characters(parts: list[Interval]) -> set[int]:
        return {i for start, end in parts for i in range(start, end)}

    assert characters(merged(first)) == characters(first)
    assert characters(intersection(first, second)) == characters(first) & characters(second)
    assert characters(difference(first, second)) == characters(first) - characters(second)
    for parts in (merged(first), intersection(first, second), difference(first, second)):
        assert all(start < end for start, end in parts)
        assert all(end <= start for (_, end), (start, _) in pairwise(parts))


@pytest.mark.parametrize(
    ("source", "parts", "count"),
    [
        ("a b\n\u00a0\u3000c", [(0, 7)], 3),
        ("a b", [], 0),
        ("ab cd", [(0, 1), (3, 5)], 3),
        ("\u200b\u200b", [(0, 2)], 2),
    ],
)
def test_characters_are_counted_without_white_space(source: str, parts: list[Interval], count: int) -> None:
    assert solid(source, parts) == count


# --- restoration


@pytest.mark.parametrize(
    ("text", "original", "exact", "strict"),
    [
        ("a b", "a b", True, True),
        ("a  b\n", "a b", True, False),
        ("a\n\nb", "a b", True, False),
        ("a b .", "a b.", False, False),
        ("ab", "a b", False, False),
        ("A b", "a b", False, False),
        ("e\u0301", "\u00e9", False, False),
    ],
)
def test_restoration(text: str, original: str, exact: bool, strict: bool) -> None:
    assert is_restored(text, original, strict=False) is exact
    assert is_restored(text, original, strict=True) is strict
    assert collapse(" a \n b ") == "a b"


@pytest.mark.parametrize(("format", "exact"), [("text", True), ("html", False), ("markdown", False)])
def test_white_space_counts_in_html_and_markdown(format: Format, exact: bool) -> None:
    record = Record("<p>a spam b</p>", "<p>a b</p>", format=format, spans=((5, 9),))
    judged = cut(record, (5, 9))
    assert (judged.exact, judged.strict) == (exact, False)
    assert cut(record, (5, 10)).exact


# --- one document: (true, removed, common), hit, exact, error


@pytest.mark.parametrize(
    ("cuts", "counts", "exact", "error"),
    [
        ([(10, 16)], (4, 4, 4), True, None),  # the injection and the space behind it
        ([(10, 15)], (4, 4, 4), True, None),  # two spaces are left
        ([(9, 16)], (4, 4, 4), False, "wrong mending"),
        ([(10, 12)], (4, 2, 2), False, "partial"),
        ([(8, 16)], (4, 5, 4), False, "too long"),
        ([(13, 21)], (4, 6, 2), False, "too long"),
        ([], (4, 0, 0), False, "missed"),
        ([(0, 4)], (4, 4, 0), False, "false cut"),
        ([(10, 16), (16, 21)], (4, 8, 4), False, "too long"),
        ([(10, 16), (21, 25)], (4, 7, 4), False, "false cut"),
    ],
)
def test_an_infected_document(
    cuts: list[Interval], counts: tuple[int, int, int], exact: bool, error: ErrorKind | None
) -> None:
    judged = cut(INJECTED, *cuts)
    assert (judged.true, judged.removed, judged.common) == counts
    assert (judged.exact, judged.error) == (exact, error)
    assert judged.wrong == counts[0] + counts[1] - 2 * counts[2]
    assert figures([judged])["hit"].value == float(counts[2] > 0)


def test_a_glued_injection() -> None:
    record = Record("hôm nayxsmb trực tiếp, mưa", "hôm nay, mưa", spans=((7, 21),))
    assert cut(record, (7, 21)).exact
    assert cut(record, (4, 21)).error == "too long"
    assert cut(record, (7, 11)).error == "partial"


@pytest.mark.parametrize(
    ("cuts", "untouched", "error"),
    [([], True, None), ([(0, 4)], False, "false cut"), ([(4, 5)], False, "wrong mending")],
)
def test_an_honest_document(cuts: list[Interval], untouched: bool, error: ErrorKind | None) -> None:
    judged = cut(HONEST, *cuts)
    assert (judged.untouched, judged.silent, judged.error) == (untouched, untouched, error)


def test_only_what_was_cut_counts_as_removed() -> None:
    found = result(INFECTED, [(10, 15, "strip"), (17, 21, "flag")], [Edit(9, 16, " ")])
    treatment = Treatment.of_result(found)
    assert treatment.removed == (SPAM,)
    judged = score(INJECTED, treatment, assisted=CLEAN)
    assert (judged.exact, judged.assisted, judged.untouched, judged.silent) == (True, True, False, False)


def test_findings_of_a_document_that_was_left_alone_are_no_cuts() -> None:
    treatment = Treatment.of_result(result(CLEAN, [(0, 4, "strip"), (5, 9, "flag")], []))
    assert treatment.removed == ()
    judged = score(HONEST, treatment)
    assert (judged.untouched, judged.silent, judged.verdict) == (True, False, "review")


def test_an_unwrapped_link_keeps_its_words() -> None:
    source = '<p><a href="//s.vip">xem thêm</a></p>'
    start, end = source.index("<a"), source.index("</p>")
    words = source.index("xem"), source.index("</a>")
    unwrapped = result(source, [(start, end, "strip")], [Edit(start, words[0], ""), Edit(words[1], end, "")])
    record = Record(source, "<p>xem thêm</p>", format="html", spans=((start, words[0]), (words[1], end)))
    judged = score(record, Treatment.of_result(unwrapped))
    assert (judged.exact, judged.true, judged.removed, judged.common) == (True, 21, 21, 21)


@pytest.mark.parametrize(
    ("topics", "clean", "kind"),
    [
        ((), CLEAN, "clean"),
        (("ordinary",), CLEAN, "clean"),
        (("loans",), CLEAN, "hard"),
        (("ordinary", "loans"), CLEAN, "hard"),
        (("loans",), "x", "infected"),
    ],
)
def test_kinds_of_documents(topics: tuple[str, ...], clean: str, kind: str) -> None:
    record = Record(CLEAN, clean, topics=topics)
    assert record.kind == kind
    assert set(record.labels()) <= set(KEYS)


# --- spans that are not given


@pytest.mark.parametrize(
    ("source", "clean", "expected"),
    [
        (INFECTED, CLEAN, ["nổ hũ"]),
        ("a SPAM b\nc", "a b\nc", ["SPAM"]),
        ("một hai⏎\nnhà cái\nba bốn", "một hai⏎\nba bốn", ["nhà cái"]),
        ("của Trung tâm Y tế xổ số\nđã đạt", "của Trung tâm Y tế đã đạt", ["xổ số"]),
        ("hôm nayxsmb trực tiếp, mưa", "hôm nay, mưa", ["xsmb trực tiếp"]),
        ("Trường kuwin mở cửa. Ở kuwin có 9 lớp.", "Trường mở cửa. Ở có 9 lớp.", ["kuwin", "kuwin"]),
        ("Trường kuwin mở cửa.", "Trường Lê Lợi mở cửa.", ["kuwin"]),
        ("今天澳门赌场天气很好", "今天天气很好", ["澳门赌场"]),
        ("<p>a<b>SPAM</b> c</p>", "<p>a c</p>", ["<b>SPAM</b>"]),
        ('<img title="SPAM x">', '<img title="x">', ["SPAM "]),
        ("<p>a</p><div>x</div>", "<p>a</p>", ["<div>x</div>"]),
        ("same", "same", []),
        ("a  b", "a b", []),
        ("a b", "a new b", []),
        ("SPAM", "", ["SPAM"]),
    ],
)
def test_derived_spans(source: str, clean: str, expected: list[str]) -> None:
    assert [source[start:end] for start, end in derive_spans(source, clean)] == expected


@given(st.lists(st.sampled_from(["a", "bé", "cá", "d1", ",", "\n"]), max_size=20), st.data())
def test_cutting_derived_spans_gives_the_original(words: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(words)))
    spam = data.draw(st.lists(st.sampled_from(["a", "xổ", "số", ","]), min_size=1, max_size=4))
    source, clean = " ".join([*words[:at], *spam, *words[at:]]), " ".join(words)
    text = Treatment.of_cuts(source, derive_spans(source, clean)).text
    assert text.split() == clean.split()


# --- many documents


def scores() -> list[Score]:
    """Two infected documents, restored and half found; three honest ones, one cut and one flagged."""
    second = replace(INJECTED, lang="vi", style="glued")
    hard = Record(CLEAN, CLEAN, lang="vi", topics=("loans",))
    flagged = score(hard, Treatment.of_result(result(CLEAN, [(0, 4, "flag")], [])))
    return [
        score(INJECTED, Treatment.of_cuts(INFECTED, [(10, 16)]), assisted=CLEAN),
        score(second, Treatment.of_cuts(INFECTED, [(10, 12)]), assisted=CLEAN),
        cut(HONEST),
        cut(replace(hard, lang="en"), (0, 4)),
        flagged,
    ]


def test_figures() -> None:
    found = {name: (figure.value, figure.of) for name, figure in figures(scores()).items()}
    assert found == {
        "exact": (1 / 2, 2),
        "strict": (1 / 2, 2),
        "assisted": (1.0, 2),
        "hit": (1.0, 2),
        "precision": (6 / 10, 10),
        "recall": (6 / 8, 8),
        "f1": (12 / 18, 18),
        "clean_untouched": (1.0, 1),
        "clean_silent": (1.0, 1),
        "hard_untouched": (1 / 2, 2),
        "hard_silent": (0.0, 2),
    }
    assert list(found) == [measure.name for measure in MEASURES]


def test_figures_of_nothing() -> None:
    assert set(figures([], intervals=True).values()) == {Figure(None, 0)}
    assert figures([cut(HONEST)], intervals=True)["exact"] == Figure(None, 0)


def test_breakdowns_name_only_the_documents_they_apply_to() -> None:
    assert {name: own["f1"].value for name, own in breakdown(scores(), "style").items()} == {
        "glued": 2 * 2 / (2 + 4),
        "mid-sentence": 1.0,
    }
    assert list(breakdown(scores(), "lang")) == ["und", "vi", "en"]
    assert list(breakdown(scores(), "brand")) == ["unknown"]
    assert {name: own["hard_untouched"].of for name, own in breakdown(scores(), "topic").items()} == {"loans": 2}


def test_the_worst_topic_has_enough_documents() -> None:
    topics = {"loans": [True] * 5 + [False], "odds": [True] * 9 + [False], "rare": [False] * 4}
    judged = [
        cut(Record(CLEAN, CLEAN, topics=(topic,)), *([] if untouched else [(0, 4)]))
        for topic, outcomes in topics.items()
        for untouched in outcomes
    ]
    assert worst_topic(judged) == ("loans", 5 / 6, 6)
    assert worst_topic(judged, smallest=4) == ("rare", 0.0, 4)
    assert worst_topic(judged[:3]) is None


def test_verdicts_and_errors_are_counted() -> None:
    assert verdicts(scores()) == {
        "infected": {"cleaned": 2},
        "clean": {"clean": 1},
        "hard": {"cleaned": 1, "review": 1},
    }
    counts = error_counts(scores())
    assert {kind: count for kind, count in counts.items() if count} == {"false cut": 1, "partial": 1}


# --- intervals of figures


def test_intervals_are_the_same_each_time() -> None:
    assert figures(scores(), intervals=True) == figures(scores(), intervals=True)


def test_intervals_hold_the_figure_and_narrow_with_more_documents() -> None:
    few, many = (figures(scores() * times, intervals=True)["exact"] for times in (5, 200))
    for figure in (few, many):
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= 0.5 <= figure.high
    assert many.high - many.low < (few.high - few.low) / 4  # type: ignore[operator]


def test_an_interval_agrees_with_the_normal_approximation() -> None:
    judged = [cut(INJECTED, (10, 16))] * 300 + [cut(INJECTED)] * 100
    figure = figures(judged, intervals=True)["exact"]
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert figure.low == pytest.approx(0.75 - half, abs=0.005)
    assert figure.high == pytest.approx(0.75 + half, abs=0.005)
