"""What training, the segment decision and the measurement are made of, and that they share none of it."""

from __future__ import annotations

import functools
import random
from itertools import combinations

import pytest

from cleaner.rules import rule_phrases
from cleaner.training.examples import Hosts, Mix, draw
from cleaner.training.material import Material, load_material, made_up_brand, template_languages

LISTS = ("keywords", "ads", "paragraphs", "tails", "credits", "borrowed", "quotes", "honest_tails", "codes", "articles")
WILD = [
    {"phrase": f"{head} {tail}", "lang": "vi", "category": "lottery", "brand": None, "kind": "keyword"}
    for head in ("soi cầu", "chốt số", "bạch thủ", "dàn đề", "kèo thơm", "nổ hũ", "bắn cá", "quay hũ")
    for tail in ("chiều nay", "đài lẻ", "miễn cược", "cô ba", "ông thầy", "hội kín")
]


@functools.cache
def material(lang: str, side: str) -> Material:
    return load_material(lang, WILD, side)


def texts(found: list[tuple[str, str]] | list[str]) -> set[str]:
    """Without categories, in lower case."""
    return {(text if isinstance(text, str) else text[0]).lower() for text in found}


@pytest.mark.parametrize("lang", template_languages())
def test_made_up_brands_are_names_of_the_language_but_on_the_side_that_is_measured(lang: str) -> None:
    rng = random.Random(4)
    made = {side: {made_up_brand(rng, lang, side) for _ in range(3000)} for side in ("dev", "segments", "tagger")}
    spoken = {side: {name for name in names if " " in name or not name.isascii()} for side, names in made.items()}
    assert all((spoken["segments"], spoken["tagger"])), "two words, letters with marks"
    if lang not in ("zh", "ko"):  # whose syllables are put together at every side
        assert not spoken["segments"] & spoken["tagger"]
        assert not spoken["dev"]


@pytest.mark.parametrize("lang", template_languages())
@pytest.mark.parametrize(("one", "other"), list(combinations(("dev", "segments", "tagger"), 2)))
def test_no_two_sides_share_a_text(lang: str, one: str, other: str) -> None:
    for name in LISTS:
        ours, theirs = (texts(getattr(material(lang, side), name)) for side in (one, other))
        assert ours, name
        assert not ours & theirs, name


@pytest.mark.parametrize("lang", template_languages())
def test_the_last_lesson_knows_what_both_stages_knew_and_nothing_of_the_measurement(lang: str) -> None:
    for name in LISTS:
        segments, tagger, both, dev = (
            texts(getattr(material(lang, side), name)) for side in ("segments", "tagger", "both", "dev")
        )
        assert both == segments | tagger, name
        assert not both & dev, name


def test_the_tagger_alone_learns_the_phrases_of_the_rules() -> None:
    phrases = texts(rule_phrases("vi"))
    segments, tagger, dev = (texts(material("vi", side).keywords) for side in ("segments", "tagger", "dev"))
    assert tagger | segments | dev >= phrases
    assert tagger & phrases == phrases - segments - dev
    assert material("vi", "tagger").common
    assert not material("vi", "dev").common


@pytest.mark.parametrize("lang", template_languages())
def test_the_prose_is_for_training_alone(lang: str) -> None:
    segments, tagger, both, dev = (material(lang, side).prose for side in ("segments", "tagger", "both", "dev"))
    assert not dev
    assert sorted(both) == sorted(segments + tagger)
    assert len(set(both)) == len(both) > 30
    assert all(len(text) > 80 and "====" not in text for text in both)


def test_some_hosts_are_of_the_prose() -> None:
    hosts = Hosts(material("vi", "tagger"), (), ("Trạm y tế xã đã mở cửa. " * 20,), ())
    mix = Mix(infected=0, decorated=0, traps=0, pages=0, unknown=0, prose=0.5, shortest=6000)
    drawn = [sample.text for sample in draw(hosts, mix, 200, 1)]
    assert 60 < sum(text in material("vi", "tagger").prose for text in drawn) < 140
