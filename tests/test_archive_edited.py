"""Restoring in parts what somebody edits meanwhile: every record is what it was, or named; no other byte changes."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from test_archive_batch import CLEANED, HONEST, INFECTED, batch, run
from test_archive_undo import IN_PLACE, KEEP, SECOND, died, posts, rows


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(name: str, old: str, new: str) -> None:
    path = Path(name)
    assert old.encode() in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))


def change(statement: str) -> None:
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute(statement)


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


TWO = f"{INFECTED}\n\nLiên hệ nhà cái FB88 để nhận thưởng: https://fb88.bet/dk\n\n{HONEST}"
"""Two cuts, of which one is for a brand."""


@pytest.mark.parametrize("ids", [True, False])
def test_the_rest_of_a_document_is_restored_when_its_file_was_edited(ids: bool) -> None:
    bodies = [HONEST, TWO, TWO.replace("2019", "2020"), HONEST, TWO]
    source = posts({"id": f"tin-{n}", "body": body} if ids else {"body": body} for n, body in enumerate(bodies))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    assert "3 cuts taken back" in run("restore", "out.jsonl.ledger", "--rule", "brand").output
    new = b'{"id": "m", "body": "Tin."}\n'
    Path("out.jsonl").write_bytes(new + Path("out.jsonl").read_bytes())
    assert run("restore", "out.jsonl.ledger").exit_code == 0
    assert Path("out.jsonl").read_bytes() == new + source


# What was refused is tried again


def test_what_was_refused_is_restored_when_it_is_as_it_was_written_again() -> None:
    source = posts({"body": text} for text in (INFECTED, CLEANED))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    written = Path("out.jsonl").read_bytes()
    Path("out.jsonl").write_bytes(b"\n" + written)
    for _ in range(2):
        assert run("restore", "out.jsonl.ledger").exit_code == 3
    assert Path("out.jsonl").read_bytes() == b"\n" + written
    Path("out.jsonl").write_bytes(written)
    assert run("restore", "out.jsonl.ledger").exit_code == 0
    assert Path("out.jsonl").read_bytes() == source


@pytest.mark.parametrize("stopped", [False, True])
def test_a_row_that_was_refused_is_restored_when_it_is_as_it_was_written_again(stopped: bool) -> None:
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT)")
        base.executemany("INSERT INTO posts (body) VALUES (?)", [(INFECTED,)] * 50)
    if stopped:
        died(SECOND, *IN_PLACE)
    else:
        assert run(*IN_PLACE).exit_code == 0
    change("UPDATE posts SET body = 'Tin ' || body WHERE id IN (1, 2, 50)")
    for _ in range(2):
        assert run("restore", "l").exit_code == 3
    assert [row[1] for row in rows()].count(INFECTED) == 47
    change("UPDATE posts SET body = substr(body, 5) WHERE id IN (1, 2, 50)")
    assert run("restore", "l").exit_code == 0
    assert [row[1] for row in rows()] == [INFECTED] * 50


def test_what_an_earlier_program_refused_is_restored() -> None:
    source = posts({"id": n, "title": f"Tin {n}", "body": INFECTED if n % 2 else HONEST} for n in range(8))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    edit("out.jsonl", '"Tin 0"', '"Tin sáng nay"')
    edited = hashlib.sha256(Path("out.jsonl").read_bytes()).hexdigest()
    with closing(sqlite3.connect("out.jsonl.ledger")) as base, base:
        base.execute("UPDATE edit SET state = 'refused' WHERE id IN (SELECT max(id) FROM edit)")
        base.execute("UPDATE container SET digest_after = ?", (edited,))
    assert "4 cuts taken back" in run("restore", "out.jsonl.ledger").output
    assert Path("out.jsonl").read_bytes() == source.replace(b'"Tin 0"', '"Tin sáng nay"'.encode())
