"""Undoing what was stopped half way, and what somebody changed since."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import ROOT
from test_archive_batch import CLEANED, HONEST, INFECTED, batch, lines, run, some_records, tree

from cleaner.archive.formats import tables

OTHER = INFECTED.replace("xổ số trực tuyến minh ngọc", "nhà cái uy tín nhất 2024")
KEEP = "from cleaner.archive.ledger import containers; containers.keep_promise = lambda *_: os._exit(9)"
REPLACE = """
replace = os.replace
os.replace = lambda path, place: os._exit(9) if str(place).endswith("a.txt") else replace(path, place)
"""
SECOND = """
from cleaner.archive.formats import tables
updated, calls, tables._BATCH = tables._updated, [], 20
def once(*arguments):
    calls.append(1)
    return updated(*arguments) if len(calls) < 2 else os._exit(9)
tables._updated = once
"""
FIRST = SECOND.replace("< 2", "< 1")
ROWS = 50


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def died(where: str, *arguments: str) -> None:
    """Run the command in a process that ends at once, as if killed, where some statements make it."""
    program = f"import os\n{where}\nfrom cleaner.cli import main\nmain({list(arguments)!r})"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 9


def quarantined(ledger: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(f"{ledger}.quarantine.jsonl").read_text("utf-8").splitlines()]


def posts(records: Iterable[Mapping[str, object]], name: str = "posts.jsonl") -> bytes:
    data = b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)
    Path(name).write_bytes(data)
    return data


# What somebody changed since


def test_a_record_whose_other_fields_changed_is_restored_where_its_text_stands_now() -> None:
    source = posts({"id": f"tin-{n}", "views": 9, "body": INFECTED if n == 1 else HONEST} for n in range(3))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    Path("out.jsonl").write_bytes(Path("out.jsonl").read_bytes().replace(b'"views": 9', b'"views": 1000'))
    assert "1 cut taken back" in run("restore", "out.jsonl.ledger").output
    assert Path("out.jsonl").read_bytes() == source.replace(b'"views": 9', b'"views": 1000')


@pytest.mark.parametrize("ids", [["same"] * 4, [None] * 4, ["a", "b", "c", "d"]])
def test_records_are_found_again_by_what_they_are_made_of(ids: Sequence[str | None]) -> None:
    texts = [HONEST, INFECTED, INFECTED + "\nCập nhật lúc 9 giờ.", HONEST]
    source = posts({"body": text} | ({"id": name} if name else {}) for name, text in zip(ids, texts, strict=True))
    arguments = ["--id-field", "id"] if ids[0] else []
    assert batch("posts.jsonl", "--out", "out.jsonl", *arguments).exit_code == 0
    new = '{"id": "mới", "body": "Một bài viết mới đăng sáng nay."}\n'.encode()
    Path("out.jsonl").write_bytes(new + Path("out.jsonl").read_bytes())
    result = run("restore", "out.jsonl.ledger")
    assert (result.exit_code, Path("out.jsonl").read_bytes()) == (0, new + source)


def test_a_record_that_cannot_be_told_from_another_is_refused() -> None:
    posts({"body": text} for text in (INFECTED, CLEANED))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    changed = b"\n" + Path("out.jsonl").read_bytes()
    Path("out.jsonl").write_bytes(changed)
    result = run("restore", "out.jsonl.ledger")
    assert (result.exit_code, Path("out.jsonl").read_bytes()) == (3, changed)
    assert "nothing taken back" in result.output
    assert "cannot be told from others of the same text" in str(quarantined("out.jsonl.ledger"))


def test_what_is_not_there_is_told_and_restored_when_it_is() -> None:
    source = posts({"id": n, "body": INFECTED} for n in range(3))
    Path("posts.jsonl.gz").write_bytes(gzip.compress(source))
    assert batch("posts.jsonl", "posts.jsonl.gz", "--out", "out/").exit_code == 0
    Path("out").rename("away")
    result = run("restore", "out.ledger")
    assert result.exit_code == 3
    assert [line["cause"] for line in quarantined("out.ledger")] == [
        f"{Path('out', name).absolute()} is not there, or cannot be read" for name in ("posts.jsonl", "posts.jsonl.gz")
    ]
    Path("away").rename("out")
    assert "6 cuts taken back" in run("restore", "out.ledger").output
    assert Path("out/posts.jsonl").read_bytes() == source
    assert Path("out/posts.jsonl.gz").read_bytes() == Path("posts.jsonl.gz").read_bytes()


@pytest.mark.parametrize("ledger", ["posts.ledger", "other/posts.ledger"])
def test_paths_lead_from_the_folder_of_the_run(
    ledger: str, site: list[tuple[object, ...]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = posts({"id": n, "body": INFECTED} for n in range(3))
    names = ["posts.jsonl", "sqlite:///site.db#posts"]
    assert batch(*names, "--in-place", "--ledger", ledger).exit_code == 0
    Path("elsewhere/in").mkdir(parents=True)
    for name in ("posts.jsonl", "site.db", "other", "posts.ledger"):
        if Path(name).exists():
            Path(name).rename(Path("elsewhere/in", name))
    monkeypatch.chdir("elsewhere")
    result = run("restore", f"in/{ledger}")
    assert result.exit_code == 0, result.output
    assert Path.cwd() == folder / "elsewhere"
    assert (Path("in/posts.jsonl").read_bytes(), rows("in/site.db")) == (source, site)


def test_a_cell_without_quotes_is_restored_in_a_row_that_changed() -> None:
    ill = INFECTED.replace("\n", " ").replace(",", ";").replace('"', "")
    Path("posts.csv").write_text(f"id,views,body\n1,9,{ill}\n2,9,Tin ngắn về giá lúa đầu vụ hè thu.\n", "utf-8")
    source = Path("posts.csv").read_text("utf-8")
    assert batch("posts.csv", "--out", "out.csv").exit_code == 0
    cured = Path("out.csv").read_text("utf-8")
    assert cured != source
    Path("out.csv").write_text(cured.replace(",9,", ",1000,"), "utf-8")
    assert run("restore", "out.csv.ledger").exit_code == 0
    assert Path("out.csv").read_text("utf-8") == source.replace(",9,", ",1000,")


def test_a_source_that_changed_is_searched_again_by_a_run_that_is_gone_on_with() -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(4)))
    command = ["posts.jsonl", "--out", "out.jsonl"]
    assert batch(*command, "--dry-run").exit_code == 0
    Path("posts.jsonl").write_bytes(lines(some_records(8)))
    assert batch(*command, "--resume").exit_code == 3
    assert not Path("out.jsonl").exists()
    assert batch(*command, "--resume").exit_code == 0
    Path("other.jsonl").write_bytes(lines(some_records(8)))
    assert batch("other.jsonl", "--in-place").exit_code == 0
    assert Path("out.jsonl").read_bytes() == Path("other.jsonl").read_bytes()
    assert not Path("out.jsonl.ledger.quarantine.jsonl").exists()


@pytest.mark.parametrize("packing", [bytes, gzip.compress])
def test_a_source_that_changed_and_is_as_long_as_before_is_searched_again(packing: Callable[[bytes], bytes]) -> None:
    data = lines(some_records(8))
    name = "posts.jsonl" if packing is bytes else "posts.jsonl.gz"
    Path(name).write_bytes(packing(data))
    command = [name, "--in-place"]
    assert batch(*command, "--dry-run").exit_code == 0
    changed = packing(data.replace(b"tin-3", b"tin-4"))
    Path(name).write_bytes(changed)
    assert batch(*command, "--resume").exit_code == 3
    assert "changed since it was searched" in str(quarantined(f"{name}.ledger"))
    assert Path(name).read_bytes() == changed
    assert batch(*command, "--resume").exit_code == 0
    assert Path(name).read_bytes() != changed
    assert run("restore", f"{name}.ledger").exit_code == 0
    assert Path(name).read_bytes() == changed


def test_a_source_without_findings_that_changed_is_searched_again_in_place() -> None:
    Path("a.txt").write_text(HONEST, "utf-8")
    assert batch("a.txt", "--in-place", "--dry-run").exit_code == 0
    Path("a.txt").write_text(INFECTED, "utf-8")
    assert batch("a.txt", "--in-place", "--resume").exit_code == 3
    assert batch("a.txt", "--in-place", "--resume").exit_code == 0
    assert Path("a.txt").read_text("utf-8") == CLEANED


def test_what_could_not_be_read_is_tried_again() -> None:
    whole = gzip.compress(lines(some_records(300)))
    Path("posts.jsonl.gz").write_bytes(whole[:-9])
    assert batch("posts.jsonl.gz", "--out", "out.jsonl.gz").exit_code == 3
    assert Path("out.jsonl.gz").read_bytes() == whole[:-9]
    assert len(quarantined("out.jsonl.gz.ledger")) == 1
    Path("posts.jsonl.gz").write_bytes(whole)
    assert batch("posts.jsonl.gz", "--out", "out.jsonl.gz", "--resume").exit_code == 0
    made = gzip.decompress(Path("out.jsonl.gz").read_bytes())
    assert CLEANED in [json.loads(line)["body"] for line in made.splitlines()]
    assert run("restore", "out.jsonl.gz.ledger").exit_code == 0
    assert Path("out.jsonl.gz").read_bytes() == whole


# Runs that were stopped


@pytest.mark.parametrize("where", [["--out", "out"], ["--in-place"]])
@pytest.mark.parametrize("command", ["batch", "restore"])
def test_what_a_run_that_was_killed_had_half_written_is_removed(where: list[str], command: str) -> None:
    Path("site").mkdir()
    Path("site/a.txt").write_text(INFECTED, "utf-8")
    died(REPLACE, "batch", "site", *where, "--ledger", "l", "--jobs", "1")
    folder = Path("out" if "out" in where else "site")
    assert [path for path in folder.iterdir() if path.name.startswith(".cleaner-")]
    mine = folder / f".cleaner-{os.getpid()}-7"  # of a process that is there
    mine.touch()
    result = batch("site", *where, "--ledger", "l", "--resume") if command == "batch" else run("restore", "l")
    assert result.exit_code == 0, result.output
    assert {path.name for path in folder.glob(".*")} == {mine.name}
    assert "cleaner-" not in run("report", "l", "--json").output


def test_a_file_that_was_written_in_place_before_that_was_written_down_is_restored() -> None:
    Path("posts.jsonl").write_bytes(data := lines(some_records(10)))
    died(KEEP, "batch", "posts.jsonl", "--in-place", "--jobs", "1")
    assert Path("posts.jsonl").read_bytes() != data
    assert "2 cuts taken back" in run("restore", "posts.jsonl.ledger").output
    assert Path("posts.jsonl").read_bytes() == data


def test_restoring_some_and_then_more_when_the_first_time_was_stopped() -> None:
    Path("posts.jsonl").write_bytes(data := lines(some_records(10)))
    assert batch("posts.jsonl", "--in-place").exit_code == 0
    died(KEEP, "restore", "posts.jsonl.ledger", "--document", "tin-2")
    assert run("restore", "posts.jsonl.ledger").exit_code == 0
    assert Path("posts.jsonl").read_bytes() == data


@pytest.fixture
def site() -> list[tuple[object, ...]]:
    """A table, in which more is infected than is changed in one transaction."""
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT)")
        base.executemany("INSERT INTO posts (body) VALUES (?)", [(INFECTED,), (OTHER,)] * (ROWS // 2))
    return rows()


def rows(base: str = "site.db") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(base)) as connection:
        return connection.execute("SELECT * FROM posts ORDER BY id").fetchall()


IN_PLACE = ("batch", "sqlite:///site.db#posts", "--in-place", "--ledger", "l", "--jobs", "1", "--no-campaigns")


def test_a_table_that_is_half_written_is_restored(site: list[tuple[object, ...]]) -> None:
    died(SECOND, *IN_PLACE)
    half = rows()
    assert 0 < sum(a != b for a, b in zip(half, site, strict=True)) < ROWS
    assert run("restore", "l").exit_code == 0
    assert rows() == site
    assert "nothing to take back" in run("restore", "l").output


def test_cuts_of_a_table_that_were_not_made_are_not_told_as_taken_back(site: list[tuple[object, ...]]) -> None:
    died(FIRST, *IN_PLACE)
    assert rows() == site
    assert "50 cuts taken back (or not made yet: a table is half written)" in run("restore", "l").output


def test_rows_that_were_refused_are_not_told_as_cut(site: list[tuple[object, ...]]) -> None:
    assert run(*IN_PLACE, "--dry-run").exit_code == 0
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("UPDATE posts SET body = 'Tin.' WHERE id < 11")
    result = run(*IN_PLACE, "--resume")
    assert result.exit_code == 3
    assert "in 50 of them 40 findings cut" in " ".join(result.output.split())


COPY = ("batch", "sqlite:///site.db#posts", "--out", "sqlite:///out.db", "--ledger", "l", "--no-campaigns")


@pytest.mark.parametrize(("command", "base"), [(IN_PLACE, "site.db"), (COPY, "out.db")])
def test_rows_that_were_changed_before_they_were_written_are_searched_again(
    site: list[tuple[object, ...]], command: Sequence[str], base: str
) -> None:
    assert run(*command, "--dry-run").exit_code == 0
    with closing(sqlite3.connect("site.db")) as connection, connection:
        connection.execute("UPDATE posts SET body = 'Tin mới. ' || body WHERE id < 11")
    changed = rows()
    assert run(*command, "--resume").exit_code == 3
    assert [n for n, (a, b) in enumerate(zip(rows(base), changed, strict=True), 1) if a == b] == list(range(1, 11))
    assert run("restore", "l", "--document", "11", "--document", "12").exit_code == 0
    told = run(*command, "--resume")
    assert told.exit_code == 0
    assert "50 records; in 50 of them 48 findings cut" in " ".join(told.output.split())
    assert [n for n, (a, b) in enumerate(zip(rows(base), changed, strict=True), 1) if a == b] == [11, 12]
    assert not Path("l.quarantine.jsonl").exists()
    assert "48 cuts taken back" in run("restore", "l").output
    assert rows(base) == changed


def test_what_is_cut_is_restored_while_its_table_is_searched_again(site: list[tuple[object, ...]]) -> None:
    assert run(*IN_PLACE, "--dry-run").exit_code == 0
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("UPDATE posts SET body = 'Tin.' WHERE id < 11")
    changed = rows()
    assert run(*IN_PLACE, "--resume").exit_code == 3
    died("from cleaner.archive import searching; searching.search = lambda *_: os._exit(9)", *IN_PLACE, "--resume")
    assert "another destination" in run(*COPY, "--resume").output
    Path("site.db").rename("away.db")
    assert run(*IN_PLACE, "--resume").exit_code == 3
    Path("away.db").rename("site.db")
    assert "40 cuts taken back" in run("restore", "l").output
    assert rows() == changed


def test_a_table_that_is_half_written_is_restored_in_part_and_gone_on_with(site: list[tuple[object, ...]]) -> None:
    died(SECOND, *IN_PLACE)
    assert run("restore", "l", "--document", "1", "--document", "49").exit_code == 0
    assert [n for n, (a, b) in enumerate(zip(rows(), site, strict=True), 1) if a == b and n in (1, 3, 49)] == [1, 49]
    assert run(*IN_PLACE, "--resume").exit_code == 0
    assert [n for n, (a, b) in enumerate(zip(rows(), site, strict=True), 1) if a == b] == [1, 49]
    assert run("restore", "l").exit_code == 0
    assert rows() == site


def test_a_table_that_cannot_be_written_further_is_gone_on_with(
    site: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_BATCH", 20)
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON posts WHEN new.id = 45 BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    result = run(*IN_PLACE)
    assert result.exit_code == 2
    assert "no room" in result.output
    assert "go on with --resume" in result.output
    assert any(a != b for a, b in zip(rows(), site, strict=True))
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("DROP TRIGGER full")
    assert run(*IN_PLACE, "--resume").exit_code == 0
    assert not any(a == b for a, b in zip(rows(), site, strict=True))
    assert run("restore", "l").exit_code == 0
    assert rows() == site


def test_a_copy_of_a_table_that_was_made_before_that_was_written_down_is_known(site: list[tuple[object, ...]]) -> None:
    arguments = ["batch", "sqlite:///site.db#posts", "--out", "sqlite:///out.db", "--ledger", "l", "--no-campaigns"]
    died(KEEP, *arguments, "--jobs", "1")
    assert run(*arguments, "--resume").exit_code == 0
    assert not any(a == b for a, b in zip(rows("out.db"), site, strict=True))
    assert run("restore", "l").exit_code == 0
    assert rows("out.db") == rows("site.db") == site


def test_a_table_that_holds_rows_of_another_run_is_left_and_not_known_as_ours(site: list[tuple[object, ...]]) -> None:
    with closing(sqlite3.connect("out.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT)")
        base.execute("INSERT INTO posts (body) VALUES ('Tin của người khác.')")
    arguments = ["batch", "sqlite:///site.db#posts", "--out", "sqlite:///out.db", "--ledger", "l", "--jobs", "1"]
    for resume in ([], ["--resume"]):
        result = run(*arguments, "--no-campaigns", *resume)
        assert result.exit_code == 3
        assert "holds rows already" in result.output
        assert rows("out.db") == [(1, "Tin của người khác.")]
    with closing(sqlite3.connect("out.db")) as base, base:
        base.execute("DELETE FROM posts")
    assert run(*arguments, "--no-campaigns", "--resume").exit_code == 0
    assert not any(a == b for a, b in zip(rows("out.db"), site, strict=True))


# What is written never is what is read


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["site", "--out", "site"], "would be mixed with site"),
        (["site", "--out", "./site/"], "would be mixed with site"),
        (["site", "--out", "site/cleaned"], "would be mixed with site"),
        (["site", "--out", "link/cleaned"], "would be mixed with site"),
        (
            ["site", "site/a.txt", "--out", "o", "--ledger", "l"],
            "site/a.txt would become both o/site/a.txt and o/a.txt",
        ),
        (["site/2024", "--out", "site"], "would be mixed with site/2024"),
        (["site", "--out", "out", "--ledger", "site/l"], "site/l would be mixed with site"),
        (["site", "--out", "out", "--report", "site/run.html"], "site/run.html would be mixed with site"),
        (["site/a.txt", "--out", "site/a.txt", "--ledger", "l"], "would be written to itself"),
        (["site/a.txt", "--out", "link/", "--ledger", "l"], "would be written to itself"),
        (["sqlite:///s.db#posts", "--out", "sqlite:///s.db", "--ledger", "l"], "would be written to itself"),
        (["postgresql://host/db?password=x#posts", "--in-place", "--ledger", "l"], "would keep the password"),
        (["sqlite:///s.db#posts", "--out", "mysql://me:secret@host/db", "--ledger", "l"], "would keep the password"),
        (["ftp://me:secret@host/posts.jsonl", "--out", "out/", "--ledger", "l"], "would keep the password"),
        (["site", "--out", "out", "--model", "nowhere"], "no model here"),
        (["sqlite:///s.db#posts", "--in-place", "--ledger", "l"], "s.db#posts: no such file"),
        (["sqlite:///site.db#news", "--in-place", "--ledger", "l"], "site.db#news: no such table; there are posts"),
        (["sqlite:///site.db#posts", "--out", "s.db", "--ledger", "l"], "s.db: a table is written to the address of"),
        (["sqlite:///site.db#posts", "--where", "new", "--in-place", "--ledger", "l"], "no such column: new"),
    ],
)
def test_a_mistake_of_the_place_leaves_everything_as_it_was(arguments: list[str], told: str) -> None:
    Path("site/2024").mkdir(parents=True)
    Path("site/a.txt").write_text(INFECTED, "utf-8")
    Path("link").symlink_to("site", target_is_directory=True)
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT)")
    before = tree(Path())
    result = batch(*arguments)
    assert result.exit_code == 2
    assert told in result.output
    assert tree(Path()) == before


def test_links_do_not_lead_writing_elsewhere() -> None:
    for name in ("site", "out", "elsewhere"):
        Path(name).mkdir()
    Path("elsewhere/a.txt").write_text(INFECTED, "utf-8")
    Path("site/a.txt").symlink_to("../elsewhere/a.txt")
    Path("site/b.txt").write_text(INFECTED, "utf-8")
    Path("out/b.txt").symlink_to("../elsewhere/b.txt")
    assert batch("site", "--in-place").exit_code == 3
    assert Path("elsewhere/a.txt").read_text("utf-8") == INFECTED
    assert Path("site/b.txt").read_text("utf-8") == CLEANED
    assert run("restore", "site.ledger").exit_code == 0
    result = batch("site", "--out", "out")
    assert result.exit_code == 3
    assert "out/b.txt is a link" in result.output
    assert not Path("elsewhere/b.txt").exists()
    assert Path("out/a.txt").read_text("utf-8") == CLEANED


def test_links_do_not_lead_reading_to_what_is_written() -> None:
    for name in ("site", "elsewhere", "work", "books"):
        Path(name).mkdir()
    Path("elsewhere/a.txt").write_text(INFECTED, "utf-8")
    Path("site/b.jsonl").write_bytes(b"no JSON")
    for name, target in {
        "above": "..",
        "itself": "../site",
        "out": "../work/out",
        "around": "../work",
        "books": "../books",
        "quarantine.jsonl": "../books/l.quarantine.jsonl",
        "elsewhere": "../elsewhere",
    }.items():
        Path("site", name).symlink_to(target)
    for resume in ([], ["--resume"], ["--resume"]):
        assert batch("site", "--out", "work/out", "--ledger", "books/l", *resume).exit_code == 3
        assert sorted(tree(Path("work/out"))) == ["b.jsonl", "elsewhere/a.txt"]
    causes = {str(line["record"]): line["cause"] for line in quarantined("books/l") if line["record"]}
    back, written = "a link that leads back to where it lies", "a link that leads to what is written"
    assert causes == {
        "site/above": back,
        "site/itself": back,
        **{f"site/{name}": written for name in ("out", "around", "books", "quarantine.jsonl")},
    }


def test_another_destination_is_chosen_before_something_is_written_and_not_after() -> None:
    Path("a.txt").write_text(INFECTED, "utf-8")
    assert batch("a.txt", "--dry-run").exit_code == 0
    assert batch("a.txt", "--out", "b.txt", "--ledger", "a.txt.ledger", "--resume").exit_code == 0
    assert Path("b.txt").read_text("utf-8") == CLEANED
    result = batch("a.txt", "--in-place", "--resume")
    assert result.exit_code == 2
    assert "the ledger of a run with another destination" in result.output
    assert Path("a.txt").read_text("utf-8") == INFECTED


def test_a_file_that_is_no_ledger_is_not_touched() -> None:
    with closing(sqlite3.connect("site.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY)")
    before = Path("site.db").read_bytes()
    result = run("restore", "site.db")
    assert (result.exit_code, result.output) == (2, "cleaner: site.db: not a ledger\n")
    assert Path("site.db").read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are others here")
def test_a_ledger_where_nothing_can_be_written_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory() as place:
        monkeypatch.chdir(place)
        posts({"id": n, "body": INFECTED} for n in range(3))
        assert batch("posts.jsonl", "--in-place", "--ledger", "l").exit_code == 0
        Path("kept").mkdir()
        shutil.copy("l", "kept")
        commands = (["report", "l", "--json"], ["campaigns", "list", "l"])
        told = [run(*command).output for command in commands]
        monkeypatch.chdir("kept")
        for name, mode in (("l", 0o444), (".", 0o555), ("..", 0o755)):
            Path(name).chmod(mode)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            assert [run(*command).output for command in commands] == told
            refused = run("restore", "l")
            assert (refused.exit_code, "Traceback" in refused.output) == (2, False)
            assert "cannot be written: permission denied" in refused.output
        finally:
            if is_root:
                os.seteuid(0)
            Path().chmod(0o755)
            monkeypatch.chdir("..")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--since", "2020-01-01"], 1),
        (["--until", "2099-12-31"], 1),
        (["--since", "2099-01-01T00:00:00+07:00"], 0),
        (["--until", "2020-01-01"], 0),
    ],
)
def test_times(options: list[str], count: int) -> None:
    Path("a.txt").write_text(INFECTED, "utf-8")
    assert batch("a.txt", "--out", "b.txt").exit_code == 0
    told = run("restore", "b.txt.ledger", *options).output
    assert ("1 cut taken back" if count else "nothing to take back") in told


def test_days_end_and_clocks_differ() -> None:
    Path("a.txt").write_text(INFECTED, "utf-8")
    assert batch("a.txt", "--out", "b.txt").exit_code == 0
    with closing(sqlite3.connect("b.txt.ledger")) as base, base:
        base.execute("UPDATE edit SET at = '2026-05-01T20:00:00Z'")
    for options in (["--since", "2026-05-02T03:00:01+07:00"], ["--until", "2026-04-30"]):
        assert "nothing to take back" in run("restore", "b.txt.ledger", *options).output
    assert (
        "1 cut" in run("restore", "b.txt.ledger", "--since", "2026-05-02T03:00+07:00", "--until", "2026-05-01").output
    )
    assert run("restore", "b.txt.ledger", "--since", "gestern").exit_code == 2
