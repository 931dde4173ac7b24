"""Unseen categories: nothing of one is left where it is taken away, and what is lost is what models did."""

from __future__ import annotations

import numpy as np
import pytest
from ablation import THRESHOLDS, Outcome
from categories import LEFT_AWAY, LOSS, MEASURED, WHOLES, infected_records, namer, rows_of, without
from conftest import records

from cleaner.folding import fold
from cleaner.rules import RuleSet, compile_rules, rule_phrases
from cleaner.training.corpus import Article, Corpus
from cleaner.training.lessons import hosts_of
from cleaner.training.material import Material
from cleaner.training.splits import HELD_OUT_SOURCES
from cleaner.types import CATEGORIES

PHRASES = (
    {"phrase": "vay nóng anh Tư", "lang": "vi", "category": "loan", "brand": None, "kind": "keyword"},
    {"phrase": "anhtucredit", "lang": "vi", "category": "loan", "brand": None, "kind": "brand"},
    {"phrase": "#phimnguoilon", "lang": "vi", "category": "adult", "brand": None, "kind": "hashtag"},
)


def corpus(source: str = "here") -> Corpus:
    """Honest Vietnamese articles of the fixtures."""
    texts = [r["text"] for r in records("honest") if r["format"] == "text" and r["lang"] == "vi"]
    return Corpus([Article(str(number), "vi", source, text) for number, text in enumerate(texts[:40])], PHRASES)


def material(side: str = "tagger") -> Material:
    """What is injected into Vietnamese articles."""
    made = corpus()
    return hosts_of(made, made.articles, side)["vi"].material


def test_every_category_is_measured_or_left_away_for_a_reason() -> None:
    assert {*MEASURED, *LEFT_AWAY} == set(CATEGORIES)
    assert not {*MEASURED} & {*LEFT_AWAY}


@pytest.mark.parametrize("category", ["loan", "piracy"])
def test_nothing_of_a_category_is_injected_and_the_rest_is(category: str) -> None:
    whole = {side: material(side) for side in ("tagger", "segments")}
    names = namer(category)
    with without(category):
        some = {side: material(side) for side in whole}
    for side, made in some.items():
        texts = [*made.keywords, *made.common, *made.ads, *made.paragraphs]
        assert not [text for text, own in texts if own == category or names(text)]
        assert not [text for text in (*made.tails, *made.credits, *made.borrowed, *made.domains) if names(text)]
        for other in {*CATEGORIES} - {category, "other"}:
            kept, all_of_it = (sum(own == other for _, own in m.keywords) for m in (made, whole[side]))
            assert 0.9 * all_of_it <= kept <= all_of_it
        assert (made.articles, made.quotes, made.prose) == (whole[side].articles, whole[side].quotes, whole[side].prose)
    assert material().keywords == whole["tagger"].keywords


def test_phrases_of_the_data_folder_are_taken_away_with_their_brands() -> None:
    sides = ("dev", "segments", "tagger")
    strings = {
        side: {*(text for text, _ in m.keywords), *m.brands, *m.hashtags} for side in sides if (m := material(side))
    }
    assert {phrase["phrase"] for phrase in PHRASES} <= set.union(*strings.values())
    with without("loan"):
        left = set.union(*({*(t for t, _ in m.keywords), *m.brands, *m.hashtags} for m in map(material, sides)))
    assert left & {phrase["phrase"] for phrase in PHRASES} == {"#phimnguoilon"}


def test_the_rule_set_knows_nothing_of_a_category_and_the_rest_as_before() -> None:
    text = fold("Liên hệ vay tiền nhanh online, xem phim sex hay, đánh lô đề.")
    before = RuleSet.from_compiled(compile_rules())
    assert {hit.term.category for hit in before.phrases.find(text)} >= {"loan", "adult"}
    with without("loan"):
        rules = RuleSet.from_compiled(compile_rules())
        assert "loan" not in {category for _, category in rule_phrases("vi")}
    found = {hit.term.category for hit in rules.phrases.find(text)}
    assert "loan" not in found
    assert "adult" in found
    assert "loan" in {category for _, category in before.known.stems}
    assert "loan" not in {category for _, category in rules.known.stems}
    assert rules.context.find(text) is not None
    assert compile_rules() == before.compiled


def test_a_name_is_a_phrase_that_is_more_than_a_word_of_the_topic() -> None:
    names = namer("loan")
    assert names("Cần vay tiền nhanh online thì gọi")
    assert not names("Ngân hàng nói về kinh tế.")


def test_infected_records_hold_one_category_of_held_out_wording() -> None:
    made = [*infected_records(corpus(HELD_OUT_SOURCES[0]), "essay", 30)]
    assert len(made) == 30
    assert {span["category"] for record in made for span in record["spam"]} == {"essay"}
    assert len({record["id"] for record in made}) == 30
    assert all(record["clean"] != record["text"] for record in made)


# --- figures


def outcome(found: list[bool]) -> Outcome:
    """Infected records, of each of which all is cut or nothing is, and honest ones that are never cut."""
    cut = np.repeat(np.array(found)[:, None], len(THRESHOLDS), axis=1)
    return Outcome(
        restored=cut,
        removed=10 * cut,
        common=10 * cut,
        injected=np.full(len(found), 10),
        cut=np.zeros((40, len(THRESHOLDS)), dtype=bool),
        half=np.arange(40) % 2,
        hard=np.arange(40) >= 20,
    )


def test_what_is_lost_on_a_category_is_told_apart_from_the_others() -> None:
    of = np.array(["loan"] * 20 + ["adult"] * 20)
    all_found, no_loan = outcome([True] * 40), outcome([False] * 20 + [True] * 20)
    loan, adult = rows_of(dict.fromkeys(WHOLES, all_found) | {"loan": no_loan, "adult": no_loan}, of)
    assert (loan.category, loan.records, loan.lost) == ("loan", 20, 1.0)
    assert loan.lost > LOSS
    assert not loan.others.any()
    assert not loan.chance.any()
    assert adult.lost == 0
    assert adult.others.mean() == -1
    assert loan.to_dict()["recall"] == [1.0, 0.0, -1.0, -1.0, -1.0]


def test_the_whole_is_the_mean_of_two_and_chance_is_between_them() -> None:
    of = np.array(["loan"] * 20)
    wholes = dict(zip(WHOLES, (outcome([True] * 20), outcome([False] * 20)), strict=True))
    (row,) = rows_of(wholes | {"loan": outcome([True] * 20)}, of)
    assert row.whole["exact"].mean() == 0.5
    assert row.chance.mean() == -1
    assert row.lost == -0.5
