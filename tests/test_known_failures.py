"""Documents that the built-in model still gets wrong; one that it gets right belongs to the fixtures that it must."""

from __future__ import annotations

import json

import pytest
from conftest import FIXTURES, ROOT

from cleaner import Cleaner, Policy
from cleaner.training.evaluate import Evaluation, assisted_policy, evaluate, read_records
from cleaner.training.metrics import Record

FILE = FIXTURES / "known_failures.jsonl"
ENTRIES = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    found = list(read_records(FILE))
    records = [record for record in found if isinstance(record, Record)]
    assert len(records) == len(found)
    policy = Policy()
    return evaluate(records, Cleaner(policy=policy), Cleaner(policy=assisted_policy(policy)))


def test_what_is_known_to_fail_still_fails(evaluation: Evaluation) -> None:
    failing = {mistake.id for mistake in evaluation.mistakes}
    right = [f"{entry['id']}: {entry['why']}" for entry in ENTRIES if entry["id"] not in failing]
    assert not right, "\n".join(
        [f"right now; move them from {FILE.relative_to(ROOT)} to fixtures/articles (see fixtures/README.md):", *right]
    )


def test_every_entry_was_judged(evaluation: Evaluation) -> None:
    assert [str(bad) for bad in evaluation.quarantined] == []
    assert len(evaluation.scores) == len(ENTRIES) == len({entry["id"] for entry in ENTRIES})


def test_every_entry_says_why_it_is_there_and_is_no_fixture_yet() -> None:
    fixtures = "".join(file.read_text("utf-8") for file in (FIXTURES / "articles").glob("*.jsonl"))
    for entry in ENTRIES:
        assert entry["why"].strip(), entry["id"]
        assert json.dumps(entry["text"], ensure_ascii=False) not in fixtures, entry["id"]
        for span in entry.get("spam", ()):
            assert entry["text"][span["start"] : span["end"]].strip(), entry["id"]
