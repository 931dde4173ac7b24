"""Policies: what they refuse, and what holds for a category."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from cleaner import Policy, PolicyError
from cleaner.types import Thresholds

INVISIBLE = [
    *("\u200b", "\ufeff", "\u00ad", "\u0301", "\ufe0f", "\u200d", "\u2060", "\u3164", "\u115f", "\U000e0041"),
    " \u200b \u200b ",
]
BAD = [
    ({"strip": 1.5}, "strip"),
    ({"strip": -0.1}, "strip"),
    ({"flag": "high"}, "flag"),
    ({"flag": float("nan")}, "flag"),
    ({"max_removed": True}, "max_removed"),
    ({"allow": "one phrase"}, "allow"),
    ({"allow": [""]}, "allow"),
    ({"deny": [7]}, "deny"),
    *(({"deny": ["fb88", term]}, "deny") for term in INVISIBLE),
    ({"allow": ["a\nb"]}, "allow"),
    ({"allow": ["a\u2028b"]}, "allow"),
    ({"categories": ["lottery"]}, "categories"),
    ({"categories": {"lotery": 0.5}}, "lotery"),
    ({"categories": {"lottery": 2}}, "categories.lottery"),
    ({"categories": {"lottery": (0.5, 0.4, 0.3)}}, "categories.lottery"),
]


@pytest.mark.parametrize(("values", "named"), BAD)
def test_refuses_nonsense_by_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises(PolicyError, match=named):
        Policy(**values)


@pytest.mark.parametrize("term", ["lô\u200bto", " fb88\n", "e\u0301", "$", "博"])
def test_takes_a_term_of_which_something_is_left(term: str) -> None:
    assert Policy(allow=[term], deny=(term,)).deny == (term,)  # type: ignore[arg-type]


def test_refuses_unknown_keys_of_a_file() -> None:
    with pytest.raises(PolicyError, match="treshold"):
        Policy.from_mapping({"treshold": 0.5})


def test_a_category_has_its_own_thresholds() -> None:
    policy = Policy(strip=0.9, flag=0.4, categories={"lottery": 0.8, "seo": (0.99, 0.7)})
    assert policy.thresholds("adult") == Thresholds(0.9, 0.4)
    assert policy.thresholds("lottery") == Thresholds(0.8, 0.4)
    assert policy.thresholds("seo") == Thresholds(0.99, 0.7)


def test_a_table_may_name_one_of_two_thresholds() -> None:
    policy = Policy.from_mapping({"flag": 0.3, "categories": {"seo": {"strip": 0.95}, "loan": {"flag": 0.2}}})
    assert policy.thresholds("seo") == Thresholds(0.95, 0.3)
    assert policy.thresholds("loan") == Thresholds(Policy().strip, 0.2)


def test_a_policy_comes_back_from_its_table_and_from_a_pickle() -> None:
    policy = Policy(strip=0.8, categories={"seo": (0.9, 0.5), "loan": 0.7}, allow=("Vietlott",), deny=("fb88",))
    assert Policy.from_mapping(policy.to_dict()) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_a_policy_cannot_be_changed() -> None:
    policy = Policy(categories={"seo": 0.9})
    with pytest.raises(AttributeError):
        policy.strip = 0.1  # type: ignore[misc]
    with pytest.raises(TypeError):
        policy.categories["seo"] = 0.1  # type: ignore[index]
