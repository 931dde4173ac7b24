"""Restoring in parts what somebody edits meanwhile: every record is what it was, or named; no other byte changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_archive_batch import HONEST, INFECTED, batch, run
from test_archive_undo import KEEP, died, posts


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(name: str, old: str, new: str) -> None:
    path = Path(name)
    assert old.encode() in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))


def test_a_file_that_somebody_edited_is_restored_in_parts() -> None:
    source = posts({"id": n, "title": f"Tin {n}", "body": INFECTED if n % 2 else HONEST} for n in range(8))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    edit("out.jsonl", '"Tin 0"', '"Tin sáng nay"')
    for choice in (["--document", "5"], ["--document", "7"], []):
        assert run("restore", "out.jsonl.ledger", *choice).exit_code == 0
    assert Path("out.jsonl").read_bytes() == source.replace(b'"Tin 0"', '"Tin sáng nay"'.encode())


def test_a_file_of_cells_that_somebody_edited_is_restored_in_parts() -> None:
    ill = INFECTED.replace('"', "")
    rows = [f'{n},Tin {n},"{ill if n % 2 else HONEST}"\n' for n in range(8)]
    source = "id,title,body\n" + "".join(rows)
    Path("posts.csv").write_text(source, "utf-8")
    assert batch("posts.csv", "--out", "out.csv").exit_code == 0
    edit("out.csv", "Tin 0", "Tin sáng nay")
    for choice in (["--document", "5"], ["--document", "7"], []):
        assert run("restore", "out.csv.ledger", *choice).exit_code == 0
    assert Path("out.csv").read_text("utf-8") == source.replace("Tin 0", "Tin sáng nay")


def test_restoring_that_was_stopped_in_a_file_that_somebody_edited_is_gone_on_with() -> None:
    source = posts({"id": n, "title": f"Tin {n}", "body": INFECTED if n % 2 else HONEST} for n in range(8))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    edit("out.jsonl", '"Tin 0"', '"Tin sáng nay"')
    died(KEEP, "restore", "out.jsonl.ledger", "--document", "5")
    assert run("restore", "out.jsonl.ledger").exit_code == 0
    assert Path("out.jsonl").read_bytes() == source.replace(b'"Tin 0"', '"Tin sáng nay"'.encode())
