"""Runs over archives: what they write, what they leave, how they go on, and how all of it is taken back."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner, Result
from conftest import HONEST_SEED, INFECTED_SEED, ROOT

from cleaner.archive.ledger import Ledger, containers, runs
from cleaner.cli import main
from cleaner.engine import clean

INFECTED, HONEST = INFECTED_SEED.read_text("utf-8"), HONEST_SEED.read_text("utf-8")
CLEANED = clean(INFECTED).text
PAGE = """<!DOCTYPE html><html><head><title>Trạm y tế xã</title></head>
<body><p>Trạm y tế tiêm phòng sởi sáng thứ Năm.</p>
<div style="display:none"><a href="https://nhacai88.bet/">nhà cái uy tín</a> <a href="https://nhacai88.bet/xs">xổ số
trực tuyến</a></div></body></html>
"""
CLEAN_PAGE = clean(PAGE, "html").text


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="cleaner")


def batch(*arguments: str | Path) -> Result:
    return run("batch", "--jobs", "1", *arguments)


def lines(records: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(
        json.dumps({"id": name, "body": text}, ensure_ascii=bool(number % 2)).encode() + b"\n"
        for number, (name, text) in enumerate(records)
    )


def some_records(count: int) -> list[tuple[str, str]]:
    return [(f"tin-{n}", INFECTED if n % 5 == 2 else HONEST) for n in range(count)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Path:
    """A folder of articles, a page, a picture and an export."""
    site = folder / "site"
    (site / "2024" / "tháng 5").mkdir(parents=True)
    (site / "2024" / "tháng 5" / "bài.txt").write_text(INFECTED, "utf-8")
    (site / "2024" / "sạch.txt").write_text(HONEST, "utf-8")
    (site / "trang.html").write_text(PAGE, "utf-8")
    (site / "ảnh.jpg").write_bytes(b"\xff\xd8\xff\xe0 picture")
    (site / "posts.jsonl").write_bytes(lines(some_records(10)))
    return site


def tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_mirrors_a_folder_and_restores_it(site: Path) -> None:
    source = tree(site)
    result = batch(site, "--out", "out")
    assert result.exit_code == 0, result.output
    out = tree(Path("out"))
    assert out.keys() == source.keys()
    assert out["2024/tháng 5/bài.txt"].decode() == CLEANED
    assert out["trang.html"].decode() == CLEAN_PAGE != PAGE
    assert out["posts.jsonl"] == lines((name, clean(text).text) for name, text in some_records(10))
    for name in ("2024/sạch.txt", "ảnh.jpg"):
        assert out[name] == source[name]
    assert tree(site) == source
    result = run("restore", "out.ledger")
    assert result.exit_code == 0, result.output
    assert tree(Path("out")) == source


def test_a_mirror_has_the_modes_of_the_files_and_the_empty_folders(site: Path) -> None:
    modes = {"2024/tháng 5/bài.txt": 0o600, "2024/sạch.txt": 0o640, "ảnh.jpg": 0o444, "posts.jsonl": 0o666}
    for name, mode in modes.items():
        (site / name).chmod(mode)
    (site / "2024" / "trống").mkdir()
    assert batch(site, "--out", "out").exit_code == 0
    made = {name: stat.S_IMODE(Path("out", name).stat().st_mode) for name in modes}
    assert made == modes | {"ảnh.jpg": 0o644}  # or it could not be written again
    assert list(Path("out/2024/trống").iterdir()) == []
    assert run("restore", "out.ledger").exit_code == 0
    assert stat.S_IMODE(Path("out/2024/tháng 5/bài.txt").stat().st_mode) == 0o600
    assert batch(site, "--in-place").exit_code == 0


def test_nothing_is_written_by_a_dry_run_which_resume_writes(site: Path) -> None:
    before = tree(site)
    result = batch(site, "--out", "out", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "would be cut" in result.output
    assert "[- xổ số trực tuyến minh ngọc" in result.output or "[-xổ số trực tuyến minh ngọc" in result.output
    assert tree(site) == before
    assert not Path("out").exists()
    assert batch(site, "--out", "out", "--resume").exit_code == 0
    assert tree(Path("out"))["2024/tháng 5/bài.txt"].decode() == CLEANED


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "1 record; in 1 of them 1 finding would be cut, 0 to look at"),
        (2, "2 records; in 2 of them 2 findings would be cut, 0 to look at"),
    ],
)
def test_the_summary_counts_in_grammar(folder: Path, count: int, told: str) -> None:
    for number in range(count):
        (folder / "site").mkdir(exist_ok=True)
        (folder / "site" / f"bài-{number}.txt").write_text(INFECTED, "utf-8")
    result = batch("site", "--out", "out", "--dry-run")
    assert told in " ".join(result.output.split())


def test_in_place_and_back(site: Path) -> None:
    source = tree(site)
    picture = (site / "ảnh.jpg").stat()
    assert batch(site, "--in-place").exit_code == 0
    changed = tree(site)
    assert {name for name in source if source[name] != changed[name]} == {
        "2024/tháng 5/bài.txt",
        "trang.html",
        "posts.jsonl",
    }
    assert (site / "ảnh.jpg").stat().st_mtime_ns == picture.st_mtime_ns
    assert run("restore", "site.ledger").exit_code == 0
    assert tree(site) == source


@pytest.mark.parametrize("name", ["site", "site/", "./site", "site//.", "."])
def test_a_folder_is_one_however_it_is_spelled(site: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name == ".":
        monkeypatch.chdir(site)
    honest, ledger = Path(name, "2024", "sạch.txt"), site.with_name("l")
    before = honest.stat()
    assert batch(name, "--in-place", "--ledger", ledger).exit_code == 0
    assert honest.stat().st_ino == before.st_ino
    with closing(Ledger(ledger)) as book:
        named = {container.source: container.target for container in containers.each(book)}
    assert named == {str(Path(name, file)): str(Path(name, file)) for file in tree(Path(name))}


PACKED = {
    "one member": lambda data: gzip.compress(data),
    "a member a line": lambda data: b"".join(gzip.compress(line, 9) for line in data.splitlines(keepends=True)),
    "members across lines": lambda data: b"".join(gzip.compress(data[i : i + 700]) for i in range(0, len(data), 700)),
    "zeros behind": lambda data: gzip.compress(data, 1) + bytes(512),
    "zstd": lambda data: zstandard.compress(data),
    "zstd frames": lambda data: b"".join(zstandard.compress(line, 19) for line in data.splitlines(keepends=True)),
}


@pytest.mark.parametrize("packing", PACKED)
def test_packed_files(folder: Path, packing: str) -> None:
    data = lines(some_records(12))
    name = "posts.jsonl.zst" if packing.startswith("zstd") else "posts.jsonl.gz"
    Path(name).write_bytes(PACKED[packing](data))
    assert batch(name, "--out", "out/").exit_code == 0
    made = Path("out", name).read_bytes()
    assert unpacked(made) == lines((name, clean(text).text) for name, text in some_records(12))
    assert run("restore", "out.ledger", "--document", "tin-7").exit_code == 0
    assert unpacked(Path("out", name).read_bytes()) == lines(
        (name, text if name == "tin-7" else clean(text).text) for name, text in some_records(12)
    )
    assert run("restore", "out.ledger").exit_code == 0
    assert Path("out", name).read_bytes() == Path(name).read_bytes()


def unpacked(data: bytes) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()


def test_members_without_cuts_stay_as_they_are(folder: Path) -> None:
    members = [gzip.compress(line, 9) for line in lines(some_records(5)).splitlines(keepends=True)]
    Path("posts.jsonl.gz").write_bytes(b"".join(members))
    assert batch("posts.jsonl.gz", "--out", "out/").exit_code == 0
    made = Path("out/posts.jsonl.gz").read_bytes()
    assert made.startswith(b"".join(members[:2]))
    assert made.endswith(b"".join(members[3:]))


def test_chosen_cuts_are_taken_back(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(10)))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    assert "nothing to take back" in run("restore", "out.jsonl.ledger", "--rule", "hidden").output
    assert "nothing to take back" in run("restore", "out.jsonl.ledger", "--until", "2020-01-01T00:00:00Z").output
    assert "1 cut taken back" in run("restore", "out.jsonl.ledger", "--document", "tin-2").output
    after = [json.loads(line)["body"] for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert (after[2], after[7]) == (INFECTED, CLEANED)
    assert "1 cut taken back" in run("restore", "out.jsonl.ledger", "--rule", "phrase").output
    assert Path("out.jsonl").read_bytes() == Path("posts.jsonl").read_bytes()


def test_what_was_changed_since_is_refused(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(10)))
    assert batch("posts.jsonl", "--out", "out.jsonl").exit_code == 0
    written = Path("out.jsonl").read_bytes().splitlines(keepends=True)
    new = '{"id": "mới", "body": "Một bài viết mới đăng sáng nay."}\n'.encode()
    changed = json.dumps({"id": "tin-2", "body": CLEANED.replace("tại", "ở")}).encode() + b"\n"
    Path("out.jsonl").write_bytes(b"".join([new, *written[:2], changed, *written[3:]]))
    result = run("restore", "out.jsonl.ledger")
    assert result.exit_code == 3
    assert "1 could not be taken back" in result.output
    original = Path("posts.jsonl").read_bytes().splitlines(keepends=True)
    assert Path("out.jsonl").read_bytes() == b"".join([new, *original[:2], changed, *original[3:]])
    assert "tin-2" in Path("out.jsonl.ledger.quarantine.jsonl").read_text("utf-8")


def test_campaigns_that_are_not_there_are_told(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(2)))
    assert batch("posts.jsonl", "--dry-run").exit_code == 0
    told = run("campaigns", "list", "posts.jsonl.ledger", "--json")
    assert (told.exit_code, told.stdout, told.stderr) == (0, "", "there are no campaigns\n")
    for command in ("show", "accept"):
        told = run("campaigns", command, "posts.jsonl.ledger", "99")
        assert (told.exit_code, told.output) == (2, "cleaner: posts.jsonl.ledger: there is no campaign 99\n")


def test_bad_records_go_to_the_quarantine_and_stay(folder: Path) -> None:
    data = lines(some_records(4)) + b'{"id": "hong", "body": \n' + b'{"id": "x\xff"}\n' + lines(some_records(3))
    Path("posts.jsonl").write_bytes(data)
    result = batch("posts.jsonl", "--out", "out.jsonl")
    assert result.exit_code == 3
    assert b'{"id": "hong", "body": \n' + b'{"id": "x\xff"}\n' in Path("out.jsonl").read_bytes()
    told = [json.loads(line) for line in Path("out.jsonl.ledger.quarantine.jsonl").read_text("utf-8").splitlines()]
    assert [t["source"] for t in told] == ["posts.jsonl"] * 2
    assert all(t["cause"] for t in told)
    assert run("restore", "out.jsonl.ledger").exit_code == 0
    assert Path("out.jsonl").read_bytes() == data


def test_containers_that_cannot_be_read_are_copied(folder: Path) -> None:
    whole = gzip.compress(lines(some_records(300)))
    Path("in").mkdir()
    Path("in/cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    Path("in/no.csv").write_bytes(b"id,number\n1,2\n")
    Path("in/good.txt").write_text(INFECTED, "utf-8")
    Path("in/loop").symlink_to("..", target_is_directory=True)
    Path("in/lost").symlink_to("nowhere")
    result = batch("in", "--out", "out")
    assert result.exit_code == 3
    quarantine = Path("out.ledger.quarantine.jsonl").read_text("utf-8")
    for told in ("cut.jsonl.gz", "no.csv", "a link that leads back to where it lies", "a link to nothing"):
        assert told in quarantine
    for name in ("cut.jsonl.gz", "no.csv"):
        assert Path("out", name).read_bytes() == Path("in", name).read_bytes()
    assert Path("out/good.txt").read_text("utf-8") == CLEANED


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["posts.jsonl"], "name where to write"),
        (["posts.jsonl", "--out", "a", "--in-place"], "choose one of --out and --in-place"),
        (["nowhere.jsonl", "--out", "a"], "nowhere.jsonl: no such file"),
        (["notes.doc", "--out", "a"], "of no format that is known by its ending"),
        (["posts.jsonl", "notes.doc", "--in-place"], "name the ledger"),
        (["posts.jsonl", "other/posts.jsonl", "--out", "a/", "--ledger", "l"], "would both become"),
        (["posts.jsonl", "--out", "a", "--ledger", "posts.jsonl"], "exists already"),
        (["posts.jsonl", "--out", "a", "--resume", "--ledger", "posts.jsonl"], "not a"),
        (["posts.jsonl", "--out", "a", "--resume"], "no such ledger"),
        (["sqlite:///site.db", "--in-place", "--ledger", "l"], "name the table, too"),
        (["postgresql://me:secret@host/news#posts", "--in-place", "--ledger", "l"], "would keep the password"),
        (["posts.jsonl", "--out", "a", "--field", "text"], "text"),
    ],
)
def test_mistakes_are_told_in_a_line(folder: Path, arguments: list[str], told: str) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(2)))
    Path("other").mkdir()
    Path("other/posts.jsonl").write_bytes(lines(some_records(2)))
    Path("notes.doc").write_bytes(b"notes")
    result = batch(*arguments)
    assert result.exit_code in (2, 3)
    assert told in result.output or told in "".join(p.read_text("utf-8") for p in folder.glob("*.quarantine.jsonl"))
    assert "Traceback" not in result.output


def test_going_on_with_other_settings_is_refused(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(2)))
    assert batch("posts.jsonl", "--out", "out.jsonl", "--dry-run").exit_code == 0
    Path("policy.toml").write_text("strip = 0.9\n")
    result = batch("posts.jsonl", "--out", "out.jsonl", "--resume", "--policy", "policy.toml")
    assert result.exit_code == 2
    assert "the ledger of a run with another policy" in result.output


def test_what_was_taken_back_is_not_told_as_cut(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(10)))
    command = ["posts.jsonl", "--out", "out.jsonl"]
    assert "in 2 of them 2 findings cut" in batch(*command).output
    assert run("restore", "out.jsonl.ledger", "--document", "tin-2").exit_code == 0
    assert "in 2 of them 1 finding cut" in batch(*command, "--resume").output


def test_fields_of_one_record_are_told_as_one(folder: Path) -> None:
    Path("posts.jsonl").write_text(json.dumps({"title": INFECTED, "body": INFECTED}) + "\n")
    told = batch("posts.jsonl", "--out", "out.jsonl", "--field", "title", "--field", "body").output
    assert "1 record; in 1 of them 2 findings cut" in " ".join(told.split())


def test_a_source_that_changed_since_it_was_searched_is_refused(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(10)))
    assert batch("posts.jsonl", "--out", "out.jsonl", "--dry-run").exit_code == 0
    Path("posts.jsonl").write_bytes(lines([("tin-mới", HONEST), *some_records(10)]))
    result = batch("posts.jsonl", "--out", "out.jsonl", "--resume")
    assert result.exit_code == 3
    assert "changed since it was searched" in Path("out.jsonl.ledger.quarantine.jsonl").read_text("utf-8")
    assert not Path("out.jsonl").exists()


def test_workers_find_what_one_process_finds(site: Path) -> None:
    assert batch(site, "--out", "one").exit_code == 0
    assert run("batch", "--jobs", "2", site, "--out", "two").exit_code == 0
    assert tree(Path("one")) == tree(Path("two"))
    assert told_by(Path("one.ledger")) == told_by(Path("two.ledger"))


def told_by(ledger: Path) -> list[tuple[object, ...]]:
    base = sqlite3.connect(ledger)
    try:
        return base.execute(
            "SELECT source, document.offset, record, verdict, document.digest_after, start, edit.end, removed,"
            " edit.state FROM edit JOIN document ON document.id = document JOIN container ON container.id = container"
            " ORDER BY source, document.offset, start"
        ).fetchall()
    finally:
        base.close()


@pytest.mark.parametrize("where", [["--out", "out.jsonl"], ["--in-place"]])
def test_a_killed_run_is_gone_on_with(folder: Path, where: list[str]) -> None:
    data = lines(some_records(1200))
    Path("undisturbed.jsonl").write_bytes(data)
    assert batch("undisturbed.jsonl", "--in-place").exit_code == 0
    wanted = Path("undisturbed.jsonl").read_bytes()
    Path("posts.jsonl").write_bytes(data)
    command = [sys.executable, "-m", "cleaner", "batch", "posts.jsonl", *where, "--ledger", "l", "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    chance = random.Random(7)
    for _ in range(4):
        resume = ["--resume"] if Path("l").exists() else []
        process = subprocess.Popen([*command, *resume], env=environment, stdout=subprocess.DEVNULL, stderr=-3)
        time.sleep(chance.uniform(0.4, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = subprocess.run([*command, "--resume"] if Path("l").exists() else command, env=environment, check=False)
    assert finished.returncode == 0
    target = Path("posts.jsonl" if "--in-place" in where else "out.jsonl")
    assert target.read_bytes() == wanted
    assert run("restore", "l").exit_code == 0
    assert target.read_bytes() == data


STARTING = """
import os, sys
if any("popen_loky" in word for word in sys.orig_argv):
    os.write(os.open("started", os.O_WRONLY), b".")
    os.read(os.open("go on", os.O_RDONLY), 1)
"""


def test_an_interrupted_run_with_workers_says_so_and_nothing_more(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(10)))
    Path("site").mkdir()
    Path("site/sitecustomize.py").write_text(STARTING)
    for pipe in ("started", "go on"):
        os.mkfifo(pipe)
    started, go_on = (os.open(pipe, os.O_RDWR) for pipe in ("started", "go on"))
    command = [sys.executable, "-m", "cleaner", "batch", "posts.jsonl", "--out", "out.jsonl", "--no-campaigns"]
    with subprocess.Popen(
        [*command, "--jobs", "2", "--field", "body"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(("site", str(ROOT)))},
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        os.read(started, 1)  # waits for a worker
        os.killpg(process.pid, signal.SIGINT)
        os.write(go_on, b"..")
        told = process.communicate()[1].decode()
    os.close(started)
    os.close(go_on)
    assert told == "cleaner: what is done is kept in out.jsonl.ledger: go on with --resume\ncleaner: interrupted\n"
    assert process.returncode == 130


def test_a_full_disk_is_told_and_gone_on_with(folder: Path) -> None:
    data = lines(some_records(400))
    Path("posts.jsonl").write_bytes(data)
    limited = (
        "import resource, sys; from cleaner.cli import main; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(data) // 2}, {len(data) // 2})); main(sys.argv[1:])"
    )
    arguments = ["batch", "posts.jsonl", "--out", "out/posts.jsonl", "--ledger", "l", "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    failed = subprocess.run(
        [sys.executable, "-c", limited, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert "go on with --resume" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not list(Path("out").glob("*"))
    assert run(*arguments, "--resume").exit_code == 0
    assert len(Path("out/posts.jsonl").read_bytes().splitlines()) == 400


def test_a_ledger_is_there_as_a_whole_or_not_at_all(folder: Path) -> None:
    limited = (
        "import resource, sys; from cleaner.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)); main(sys.argv[1:])"
    )
    Path("posts.jsonl").write_bytes(lines(some_records(3)))
    arguments = ["batch", "posts.jsonl", "--out", "out.jsonl", "--ledger", "l", "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    failed = subprocess.run(
        [sys.executable, "-c", limited, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert (failed.returncode, failed.stderr) == (2, "cleaner: l: cannot be written: file too large\n")
    assert [path.name for path in folder.iterdir()] == ["posts.jsonl"]
    assert run(*arguments).exit_code == 0


def test_a_run_that_was_stopped_before_it_wrote_down_anything_is_gone_on_with(folder: Path) -> None:
    Path("posts.jsonl").write_bytes(lines(some_records(3)))
    Ledger.make(Path("l")).close()
    assert batch("posts.jsonl", "--out", "out.jsonl", "--ledger", "l", "--resume").exit_code == 0
    assert json.loads(Path("out.jsonl").read_bytes().splitlines()[2])["body"] == CLEANED


def test_a_file_that_may_not_be_changed_does_not_keep_others_from_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("site").mkdir()
    for name in "abc":
        Path("site", f"{name}.txt").write_text(INFECTED, "utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, _: Path(path).name != "b.txt")
        for resume in ([], ["--resume"]):
            result = batch("site", "--in-place", *resume)
            assert result.exit_code == 3
            assert "site/b.txt: cannot be written: permission denied" in result.output
            assert "1 could not be read or written" in result.output
            assert [Path("site", f"{name}.txt").read_text("utf-8") == CLEANED for name in "abc"] == [True, False, True]
    assert batch("site", "--in-place", "--resume").exit_code == 0
    assert Path("site/b.txt").read_text("utf-8") == CLEANED
    assert run("restore", "site.ledger").exit_code == 0
    assert set(tree(Path("site")).values()) == {INFECTED.encode()}


def test_names_that_are_not_utf_8(folder: Path) -> None:
    site, name = Path("site"), os.fsdecode(b"caf\xe9")
    (site / name).mkdir(parents=True)
    (site / name / f"{name}.txt").write_text(INFECTED, "utf-8")
    (site / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines(some_records(3))))
    (site / f"{name}.jsonl").write_bytes(b'{"id": \n')
    source = tree(site)
    result = batch(site, "--out", "out", "--report", "run.html")
    assert result.exit_code == 3, result.output
    assert r"site/caf\udce9.jsonl: no line" in result.output
    assert Path("out", name, f"{name}.txt").read_text("utf-8") == CLEANED
    assert batch(site, "--out", "out", "--resume", "--report", "run.json").exit_code == 3
    assert run("restore", "out.ledger", "--document", f"site/{name}/{name}.txt").exit_code == 0
    assert Path("out", name, f"{name}.txt").read_text("utf-8") == INFECTED
    assert run("restore", "out.ledger").exit_code == 0
    assert tree(Path("out")) == source
    assert batch(site / name / f"{name}.txt", "--out", f"{name}.txt").exit_code == 0
    assert Path(f"{name}.txt").read_text("utf-8") == CLEANED


def test_a_run_that_fails_before_it_begins_leaves_no_ledger(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", interrupted)
    assert batch(site, "--out", "out").exit_code == 130
    assert [path.name for path in Path().iterdir()] == ["site"]


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


# Two runs at once


@pytest.fixture
def waiting(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that has begun, and waits for its source to be written."""
    os.mkfifo("posts.jsonl")
    command = [sys.executable, "-m", "cleaner", "batch", "posts.jsonl", "--out", "out.jsonl", "--ledger", "l"]
    with subprocess.Popen([*command, "--jobs", "1"], env=os.environ | {"PYTHONPATH": str(ROOT)}) as process:
        with open("posts.jsonl", "wb"):  # waits until the run reads
            yield process
        process.kill()


def test_a_ledger_is_of_one_run_at_a_time(waiting: subprocess.Popen[bytes]) -> None:
    for command in (
        ["batch", "posts.jsonl", "--out", "out.jsonl", "--ledger", "l", "--resume"],
        ["batch", "other.jsonl", "--out", "out.jsonl", "--ledger", "l"],
        ["restore", "l"],
        ["campaigns", "reject", "l", "1"],
    ):
        result = run(*command)
        assert (result.exit_code, result.output) == (2, "cleaner: l: in use by another run\n")
    assert run("report", "l").exit_code == 0


def test_a_run_that_was_killed_keeps_nobody_off_its_ledger(waiting: subprocess.Popen[bytes]) -> None:
    waiting.kill()
    waiting.wait()
    Path("posts.jsonl").unlink()
    Path("posts.jsonl").write_bytes(lines(some_records(3)))
    result = batch("posts.jsonl", "--out", "out.jsonl", "--ledger", "l", "--resume")
    assert result.exit_code == 0, result.output
    assert json.loads(Path("out.jsonl").read_bytes().splitlines()[2])["body"] == CLEANED
    assert not Path("l.lock").exists()


def test_who_reads_a_ledger_takes_nothing_from_who_writes_it(folder: Path) -> None:
    reading = [sys.executable, "-m", "cleaner", "report", "l"]
    with closing(Ledger.make(Path("l"))) as book:
        runs.begin(book, "batch", {})
        with book.again() as reader:
            assert runs.has_begun(reader, "batch")
        subprocess.run(reading, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, check=True)
        runs.begin(book, "surveyed", {})
        with closing(Ledger(Path("l"))) as other:
            assert runs.has_begun(other, "surveyed")
