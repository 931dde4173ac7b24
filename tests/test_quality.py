"""The quality gate: figures of the built-in model on the fixtures, none of which it was trained on.

The floors stand in ``fixtures/floors.json``; ``benchmarks/floors.py`` raises and lowers them.
"""

from __future__ import annotations

from datetime import date

import pytest
from conftest import records
from floors import digest_of_articles, measure, read_floors

FLOORS = read_floors()


@pytest.fixture(scope="module")
def measured() -> dict[str, float | None]:
    return measure()


def test_the_fixtures_are_those_that_the_floors_were_pinned_on() -> None:
    assert digest_of_articles() == FLOORS.digest, "pin the floors anew: python benchmarks/floors.py --raise"


@pytest.mark.parametrize("figure", FLOORS.floors)
def test_no_figure_falls_below_its_floor(measured: dict[str, float | None], figure: str) -> None:
    value = measured[figure]
    assert value is not None
    assert value >= FLOORS.floors[figure]


def test_harm_and_success_have_floors() -> None:
    assert {"exact", "f1", "precision", "clean_untouched", "hard_untouched"} <= set(FLOORS.floors)


def test_every_lowering_has_a_reason_and_a_date() -> None:
    for lowering in FLOORS.lowered:
        assert lowering.reason.strip()
        assert date.fromisoformat(lowering.date)
        assert lowering.new < lowering.old
        assert lowering.figure in FLOORS.floors


def test_the_fixtures_are_wide_enough() -> None:
    infected, honest = records("infected"), records("honest")
    assert min(len(infected), len(honest)) >= 120
    assert sum(record["lang"] == "vi" for record in infected + honest) >= 0.7 * len(infected + honest)
    assert len({record["domain"] for record in infected}) >= 8
    assert len({record["style"] for record in infected}) >= 30
    assert len({record["lang"] for record in infected}) == 11


def test_an_infected_article_differs_from_its_original_by_its_spans_alone() -> None:
    for record in records("infected"):
        assert record["spam"], record["id"]
        for span in record["spam"]:
            assert record["text"][span["start"] : span["end"]].strip(), record["id"]
        assert len(record["clean"]) < len(record["text"]), record["id"]
