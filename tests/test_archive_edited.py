"""Restoring in parts what somebody edits meanwhile: every record is what it was, or named; no other byte changes."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_archive_batch import CLEANED, HONEST, INFECTED, batch, run
from test_archive_undo import IN_PLACE, KEEP, SECOND, died, posts, quarantined, rows

from cleaner.engine import clean


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
    assert len(quarantined("out.jsonl.ledger")) == 1
    Path("out.jsonl").write_bytes(written)
    assert run("restore", "out.jsonl.ledger").exit_code == 0
    assert not Path("out.jsonl.ledger.quarantine.jsonl").exists()
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
    assert {line["cause"] for line in quarantined("l")} == {"body: changed since it was read"}
    assert len(quarantined("l")) == 3
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


def test_what_could_not_be_taken_back_could_be_read() -> None:
    posts([{"id": "a", "body": INFECTED}], "a.jsonl")
    assert batch("a.jsonl", "--in-place").exit_code == 0
    edit("a.jsonl", "Than", "THAN")
    assert run("restore", "a.jsonl.ledger").exit_code == 3
    assert len(quarantined("a.jsonl.ledger")) == 1
    assert batch("a.jsonl", "--in-place", "--resume").exit_code == 0
    assert not Path("a.jsonl.ledger.quarantine.jsonl").exists()


# Any sequence


RECORDS = [{"id": f"tin-{n}", "title": "Tin", "body": f"{n}. {TWO if n % 2 else HONEST}"} for n in range(6)]
CHOICES = [["--rule", "brand"], ["--rule", "phrase"], *(["--document", f"tin-{n}"] for n in (1, 3, 5)), []]
STEPS = st.tuples(st.sampled_from(["title", "body", "revert", "new", "lose"]), st.integers(0, 5))


@pytest.fixture(params=["tin.jsonl", "vô danh.jsonl", "tin.csv"])
def written(request: pytest.FixtureRequest) -> Mapping[str, bytes]:
    """What a run wrote, with its ledger, by the names of the files."""
    name = request.param
    Path(name).write_bytes(spelled(name, RECORDS))
    assert batch(name, "--in-place", "--ledger", "l").exit_code == 0
    assert [row["body"] for row in read(name)] == [clean(row["body"]).text for row in RECORDS]
    return {name: Path(name).read_bytes(), "l": Path("l").read_bytes()}


def spelled(name: str, records: Iterable[Mapping[str, str]]) -> bytes:
    if name.endswith(".jsonl"):
        kept = [{key: row[key] for key in row if key != "id" or name == "tin.jsonl"} for row in records]
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in kept)
    sheet = StringIO()
    writer = csv.DictWriter(sheet, ["id", "title", "body"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return sheet.getvalue().encode()


def read(name: str) -> list[dict[str, str]]:
    text = Path(name).read_text("utf-8")
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(StringIO(text)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS | st.sampled_from(CHOICES), max_size=9))
@example(steps=[("title", 0), CHOICES[2], CHOICES[3]])
@example(steps=[CHOICES[0], ("body", 1), [], ("revert", 1), ("new", 0)])
@example(steps=[("lose", 2), CHOICES[1], ("title", 4), CHOICES[0]])
def test_every_record_is_restored_or_named_whatever_happens_meanwhile(
    written: Mapping[str, bytes], steps: Sequence[tuple[str, int] | list[str]]
) -> None:
    for name, data in written.items():
        Path(name).write_bytes(data)
    name = next(iter(written))
    before: dict[str, str] = {}
    known = [row["id"] for row in RECORDS]
    for step in [*steps, []]:
        records = [{"id": one} | row for one, row in zip(known, read(name), strict=True)]
        if isinstance(step, list):
            result = run("restore", "l", *([] if "--document" in step and name.startswith("vô") else step))
            now = [{"id": one} | row for one, row in zip(known, read(name), strict=True)]
            touched = [(row, new) for row, new in zip(records, now, strict=True) if row != new]
            assert all(row | {"body": ""} == new | {"body": ""} and row["id"] not in before for row, new in touched)
            continue
        what, number = step
        row = records[number % len(records)]
        if what == "title":
            row["title"] += " mới"
        elif what == "body" and row["id"] not in before:
            before[row["id"]] = row["body"]
            row["body"] = "Sửa: " + row["body"]
        elif what == "revert" and row["id"] in before:
            row["body"] = before.pop(row["id"])
        elif what == "new":
            records.insert(number, {"id": "mới", "title": "Mới", "body": f"Tin thứ {len(records)}."})
        elif what == "lose" and len(records) > 1:
            records.remove(row)
        known = [row["id"] for row in records]
        Path(name).write_bytes(spelled(name, records))
    sources = {row["id"]: row["body"] for row in RECORDS}
    assert Path(name).read_bytes() == spelled(
        name,
        [row | {"body": row["body"] if row["id"] in before else sources.get(row["id"], row["body"])} for row in now],
    )
    with closing(sqlite3.connect("l")) as base:
        left = set(
            base.execute("SELECT record FROM document WHERE id IN (SELECT document FROM edit WHERE state = 'cut')")
        )
    assert result.exit_code == 3 * bool(left)
    assert not left or left <= {(line["record"],) for line in quarantined("l")}
