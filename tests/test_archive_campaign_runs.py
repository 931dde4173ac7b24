"""Campaigns on the command line: found in a first pass, shown, decided by a person, cut and taken back."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_archive_campaigns import ILL, articles, in_the_middle

from cleaner.cli import main

PHRASE = "zuvani kelto brisanga morlek77"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="cleaner")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], set[int]]:
    """``posts.jsonl``, in some documents of which a phrase of no language recurs: the originals, and which they are."""
    monkeypatch.chdir(tmp_path)
    rng, originals = random.Random(3), articles(5)
    ill = set(rng.sample(range(len(originals)), ILL))
    lines = [
        json.dumps({"id": f"bài-{n}", "body": in_the_middle(text, PHRASE, rng) if n in ill else text})
        for n, text in enumerate(originals)
    ]
    Path("posts.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")
    return originals, ill


def bodies(name: str) -> list[str]:
    return [json.loads(line)["body"] for line in Path(name).read_text("utf-8").splitlines()]


def listed(ledger: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("campaigns", "list", ledger, "--json").stdout.splitlines()]


def test_a_campaign_is_found_cut_shown_and_taken_back(archive: tuple[list[str], set[int]]) -> None:
    originals, _ = archive
    assert run("batch", "posts.jsonl", "--out", "without.jsonl", "--jobs", "1", "--no-campaigns").exit_code == 0
    assert listed("without.jsonl.ledger") == []
    assert run("batch", "posts.jsonl", "--out", "out.jsonl", "--jobs", "1").exit_code == 0
    cured = [sum(a == b for a, b in zip(bodies(n), originals, strict=True)) for n in ("without.jsonl", "out.jsonl")]
    assert cured[1] > cured[0]
    assert not any("zuvani" in body for body in bodies("out.jsonl"))
    campaign = next(c for c in listed("out.jsonl.ledger") if "zuvani" in str(c["texts"]))
    assert campaign["state"] == "proposed"
    assert campaign["findings"] == {"strip": ILL}
    shown = run("campaigns", "show", "out.jsonl.ledger", str(campaign["number"])).output
    assert "zuvani kelto" in shown
    assert "bài-" in shown
    assert run("restore", "out.jsonl.ledger", "--campaign", str(campaign["number"])).exit_code == 0
    assert sum("zuvani" in body for body in bodies("out.jsonl")) == ILL


def test_a_rejected_campaign_is_not_cut(archive: tuple[list[str], set[int]]) -> None:
    command = ["batch", "posts.jsonl", "--out", "out.jsonl", "--jobs", "1"]
    assert run(*command, "--dry-run").exit_code == 0
    numbers = [str(c["number"]) for c in listed("out.jsonl.ledger")]
    result = run("campaigns", "reject", "out.jsonl.ledger", *numbers)
    assert result.exit_code == 0
    assert "rejected" in result.output
    assert run(*command, "--resume").exit_code == 0
    assert sum("zuvani" in body for body in bodies("out.jsonl")) >= ILL - 1


def test_an_accepted_campaign_has_the_last_word(archive: tuple[list[str], set[int]]) -> None:
    command = ["batch", "posts.jsonl", "--out", "out.jsonl", "--jobs", "1"]
    assert run(*command, "--dry-run").exit_code == 0
    number = str(next(c["number"] for c in listed("out.jsonl.ledger") if "zuvani" in str(c["texts"])))
    assert "accepted" in run("campaigns", "accept", "out.jsonl.ledger", number).output
    assert run(*command, "--resume").exit_code == 0
    assert not any("zuvani" in body for body in bodies("out.jsonl"))


def test_a_campaign_that_is_not_there_is_told(archive: tuple[list[str], set[int]]) -> None:
    assert run("batch", "posts.jsonl", "--dry-run", "--ledger", "l", "--jobs", "1").exit_code == 0
    result = run("campaigns", "accept", "l", "99")
    assert result.exit_code == 2
    assert "there is no campaign 99" in result.output


def test_a_campaign_that_nothing_was_cut_for_is_cut_when_it_is_accepted(archive: tuple[list[str], set[int]]) -> None:
    command = ["batch", "posts.jsonl", "--out", "out.jsonl", "--jobs", "1"]
    assert run(*command, "--dry-run").exit_code == 0
    number = next(c["number"] for c in listed("out.jsonl.ledger") if "zuvani" in str(c["texts"]))
    with closing(sqlite3.connect("out.jsonl.ledger")) as base, base:  # as if it had hardly been suspected
        base.execute("UPDATE campaign SET score = 0.3 WHERE id = ?", (number,))
        base.execute("UPDATE finding SET campaign = NULL")
    result = run("campaigns", "accept", "out.jsonl.ledger", str(number))
    assert "to be searched again: 1" in result.output
    assert run(*command, "--resume").exit_code == 0
    assert not any("zuvani" in body for body in bodies("out.jsonl"))
    told = run("campaigns", "reject", "out.jsonl.ledger", str(number)).output
    assert "written already, and left as they are: 1, cleaner restore --campaign takes back" in told
