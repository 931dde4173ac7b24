"""How the floors of the quality gate are raised and lowered."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from floors import FILE, SLACK, Floors, Refused, digest_of_articles, main, read_floors, write_floors

FLOORS = Floors("0" * 64, {"exact": 0.66, "clean_untouched": 1.0})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "floors.json"
    write_floors(FLOORS, path)
    return path


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--file", str(file), *arguments])


def test_raising_leaves_a_slack_and_lowers_nothing() -> None:
    raised = FLOORS.raised({"exact": 0.75, "clean_untouched": 1.0}, "1" * 64)
    assert raised == Floors("1" * 64, {"exact": 0.73, "clean_untouched": 1.0})
    assert FLOORS.raised({"exact": 0.66 + SLACK / 2, "clean_untouched": 1.0}, "").floors == FLOORS.floors
    assert FLOORS.raised({"exact": 0.6999, "clean_untouched": 1.0}, "").floors["exact"] == 0.67


@pytest.mark.parametrize("measured", [{"exact": 0.65, "clean_untouched": 1.0}, {"exact": 0.7, "clean_untouched": None}])
def test_nothing_is_raised_while_a_figure_is_below_its_floor(measured: dict[str, float | None]) -> None:
    with pytest.raises(Refused, match=r"below its floor: (exact|clean_untouched) "):
        FLOORS.raised(measured, "")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lowered = FLOORS.with_lower("exact", 0.6, "longer articles")
    write_floors(lowered, tmp_path / "floors.json")
    assert read_floors(tmp_path / "floors.json") == lowered


def test_lowering_keeps_reason_and_date(file: Path) -> None:
    assert run(file, "--lower", "exact", "0.6", "--reason", "bài khó hơn").exit_code == 0
    values = json.loads(file.read_text("utf-8"))
    [lowering] = values["lowered"]
    assert date.fromisoformat(lowering.pop("date"))
    assert lowering == {"figure": "exact", "old": 0.66, "new": 0.6, "reason": "bài khó hơn"}
    assert values["floors"] == {"exact": 0.6, "clean_untouched": 1.0}
    assert values["digest"] == FLOORS.digest


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--lower", "exact", "0.6"), "for a reason only"),
        (("--lower", "exact", "0.6", "--reason", " "), "for a reason only"),
        (("--lower", "exact", "0.66", "--reason", "a"), "is not between 0 and the floor of exact, 0.66"),
        (("--lower", "exact", "nan", "--reason", "a"), "is not between"),
        (("--lower", "colour", "0.6", "--reason", "a"), "no floor has the name 'colour' (known: exact,"),
        (("--raise", "--lower", "exact", "0.6", "--reason", "a"), "not both"),
        (("--raise", "--reason", "a"), "belongs to --lower"),
    ],
)
def test_what_is_refused_changes_nothing(file: Path, arguments: tuple[str, ...], hint: str) -> None:
    before = file.read_bytes()
    result = run(file, *arguments)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert file.read_bytes() == before


def test_the_floors_of_today_may_be_raised_by_the_command(tmp_path: Path) -> None:
    today, file = read_floors(FILE), tmp_path / "floors.json"
    write_floors(Floors("0" * 64, {"precision": 0.5, "clean_untouched": today.floors["clean_untouched"]}), file)
    result = run(file, "--raise")
    assert result.exit_code == 0, result.output
    raised = read_floors(file)
    assert raised.digest == digest_of_articles()
    assert 0.5 < raised.floors["precision"] <= 1 - SLACK
    assert raised.floors["clean_untouched"] == today.floors["clean_untouched"]
