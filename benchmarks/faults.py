"""Whether runs that are killed come to the same, once they are gone on with, as a run that is left alone.

The command is killed (SIGKILL, with its workers) at moments by chance: anywhere in the run, while the ledger is made,
and from the time on when all is searched and writing begins; restoring, from the time on when edits are being taken
back. Then it is called again, to its end. The archive and the ledger (but for times and runs) have to be the same.

Exit status: 0 when they always are, 1 when not.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import articles
import click
from material import ROOT, ordinary
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

ONE_INFECTED_IN = 8
"""So many that there is something to write."""
LEDGER = "ledger"
TABLES = (
    "container",
    "document",
    "finding",
    "edit",
    "patch",
    "member",
    "member_data",
    "quarantine",
    "campaign",
    "campaign_example",
)
TIMES = frozenset({"at"})
PAUSE = 0.001
LONGEST = 600
SHOWN = 5
Records = Sequence[tuple[str, str]]


class BenchmarkError(click.ClickException):
    """An undisturbed run fails, so that there is nothing to compare with."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Task:
    """A command that is killed."""

    name: str
    make: Callable[[Path, Records], None]
    """Makes the archive, in a folder."""
    read: Callable[[Path], object]
    """All that is in the target."""
    batch: Sequence[str]
    """Arguments of `cleaner batch`."""
    is_restored: bool = False
    """Whether the run is done already, and the restoring of it is killed."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When a process is killed: between what begins and what is over."""

    name: str
    is_begun: Callable[[Path], bool] = lambda folder: True
    is_over: Callable[[Path], bool] = lambda folder: False


def _ledger_is(query: str) -> Callable[[Path], bool]:
    def is_so(folder: Path) -> bool:
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{folder / LEDGER}?mode=ro", uri=True)) as base:
            return bool(base.execute(f"SELECT EXISTS ({query})").fetchone()[0])
        return False

    return is_so


ANYWHERE = Moments("anywhere")
MAKING = Moments("at first", lambda folder: (folder / LEDGER).exists(), _ledger_is("SELECT 1 FROM container"))
WRITING = Moments(
    "writing",
    _ledger_is("SELECT 1 FROM container WHERE state IN ('searched', 'writing')"),
    _ledger_is("SELECT 1 FROM container WHERE state = 'written'"),
)
UNDOING = Moments(
    "restoring",
    _ledger_is("SELECT 1 FROM edit WHERE state = 'undoing'"),
    _ledger_is("SELECT 1 FROM edit WHERE state = 'undone'"),
)


def some_records(count: int) -> Records:
    """Names and texts, the same for the same number."""
    honest = cycle(ordinary())
    infected = articles.articles(count // ONE_INFECTED_IN + 1, size=200, one_in=1)
    return [
        (f"tin-{number}", next(honest) if number % ONE_INFECTED_IN else "\n\n".join(next(infected).paragraphs))
        for number in range(count)
    ]


def _make_jsonl(folder: Path, records: Records) -> None:
    lines = (json.dumps({"id": name, "body": text}, ensure_ascii=False) + "\n" for name, text in records)
    (folder / "posts.jsonl").write_text("".join(lines), "utf-8")


def _make_sqlite(folder: Path, records: Records) -> None:
    with closing(sqlite3.connect(folder / "site.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, name TEXT, body TEXT)")
        base.executemany("INSERT INTO posts (name, body) VALUES (?, ?)", records)


def _read_sqlite(folder: Path) -> object:
    with closing(sqlite3.connect(folder / "site.db")) as base:
        return base.execute("SELECT * FROM posts ORDER BY id").fetchall()


JSONL = ("posts.jsonl", "--out", "out/posts.jsonl")
SQLITE = ("sqlite:///site.db#posts", "--in-place")
TASKS = (
    Task("JSONL, --out", _make_jsonl, lambda folder: (folder / JSONL[2]).read_bytes(), JSONL),
    Task("SQLite, --in-place", _make_sqlite, _read_sqlite, SQLITE),
    Task("JSONL, restored", _make_jsonl, lambda folder: (folder / JSONL[2]).read_bytes(), JSONL, True),
    Task("SQLite, restored", _make_sqlite, _read_sqlite, SQLITE, True),
)


def start(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    """The command, as the first process of a group."""
    return subprocess.Popen(
        [sys.executable, "-m", "cleaner", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(folder: Path, arguments: Sequence[str]) -> str:
    """Run the command to its end; what it complained of if it failed."""
    process = start(folder, arguments)
    _, told = process.communicate(timeout=LONGEST)
    return f"exit status {process.returncode}: {told.strip()[-300:]}" if process.returncode else ""


def time_of(folder: Path, arguments: Sequence[str], moments: Moments) -> float:
    """Seconds from the first to the last of some moments of an undisturbed run."""
    process = start(folder, arguments)
    seconds = -_wait(process, folder, moments.is_begun) + _wait(process, folder, moments.is_over)
    _, told = process.communicate(timeout=LONGEST)
    if process.returncode:
        raise BenchmarkError(told.strip()[-300:])
    return seconds


def kill(folder: Path, arguments: Sequence[str], moments: Moments, delay: float) -> bool:
    """Start the command and kill it; whether it was still running then."""
    process = start(folder, arguments)
    begun = _wait(process, folder, moments.is_begun)
    time.sleep(max(0.0, begun + delay - time.perf_counter()))
    is_running = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return is_running


def _wait(process: subprocess.Popen[str], folder: Path, is_so: Callable[[Path], bool]) -> float:
    """The time at which something is so, or the process ended."""
    while process.poll() is None and not is_so(folder):
        time.sleep(PAUSE)
    return time.perf_counter()


def state_of(folder: Path) -> str:
    """How far a killed run was, as the ledger tells."""
    if not (folder / LEDGER).exists():
        return "no ledger"
    try:
        with closing(sqlite3.connect(folder / LEDGER)) as base:
            (undoing,) = base.execute("SELECT count(*) FROM edit WHERE state = 'undoing'").fetchone()
            row = base.execute("SELECT state, searched, digest_next FROM container").fetchone()
    except sqlite3.Error as error:
        return str(error)
    if row is None:
        return "nothing listed"
    state, searched, promised = row
    if promised or undoing:
        return "being written" if promised else "being restored"
    return f"{state}, in part" if state == "new" and searched else str(state)


def told_by(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the ledger holds, but for runs and times."""
    with closing(sqlite3.connect(folder / LEDGER)) as base:
        base.row_factory = sqlite3.Row
        return {
            table: [
                tuple(row[name] for name in row.keys() if name not in TIMES)  # noqa: SIM118
                for row in base.execute(f"SELECT * FROM {table} ORDER BY rowid")
            ]
            for table in TABLES
        }


@dataclass(frozen=True, slots=True)
class Kill:
    """What came of a run that was killed."""

    task: str
    moment: str
    state: str
    """How far it was."""
    faults: Sequence[str]
    left: int
    """Files that the killed process left behind."""


def measure(task: Task, records: Records, kills: int, place: Path) -> list[Kill]:
    """Kill a command so many times, each in a folder of its own."""
    fresh, whole = place / "fresh", place / "whole"
    fresh.mkdir(parents=True)
    task.make(fresh, records)
    arguments = ["batch", *task.batch, "--ledger", LEDGER, "--jobs"]
    if task.is_restored:
        if told := finish(fresh, [*arguments, "1"]):
            raise BenchmarkError(told)
        arguments = ["restore", LEDGER]
    every = [ANYWHERE, UNDOING] if task.is_restored else [ANYWHERE, WRITING, ANYWHERE, MAKING]
    longest = {}
    for moments in dict.fromkeys(every):
        shutil.rmtree(whole, ignore_errors=True)
        shutil.copytree(fresh, whole)
        longest[moments] = time_of(whole, arguments if task.is_restored else [*arguments, "1"], moments)
    wanted, ledger, files = task.read(whole), told_by(whole), _files(whole)
    done: list[Kill] = []
    chance = random.Random(task.name)
    for number in track(range(kills), task.name, console=Console(stderr=True)):
        moments = every[number % len(every)]
        delay = longest[moments] * (number + chance.random()) / kills
        folder = place / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(fresh, folder)
        command = arguments if task.is_restored else [*arguments, str(1 + number // len(every) % 2)]
        is_running = kill(folder, command, moments, delay)
        state = state_of(folder) if is_running else "done"
        again = [] if task.is_restored or not (folder / LEDGER).exists() else ["--resume"]
        faults = [told for told in [finish(folder, [*command, *again])] if told]
        if not faults:
            faults += ["the archive is another"] * (task.read(folder) != wanted)
            faults += [
                f"the ledger is another: {name}" for name, rows in told_by(folder).items() if rows != ledger[name]
            ]
        done.append(Kill(task.name, moments.name, state, faults, len(_files(folder) - files)))
    return done


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def show(console: Console, kills: Sequence[Kill]) -> None:
    """Print how many were killed where, and what did not come to the same."""
    table = Table(box=SIMPLE_HEAD)
    for heading in ("run", "killed", "how far it was", "times", "same", "left"):
        table.add_column(heading, justify="right" if heading in ("times", "same", "left") else "left", no_wrap=True)
    count = Counter((kill.task, kill.moment, kill.state) for kill in kills)
    for (task, moment, state), times in sorted(count.items()):
        own = [kill for kill in kills if (kill.task, kill.moment, kill.state) == (task, moment, state)]
        same, left = sum(not kill.faults for kill in own), sum(kill.left for kill in own)
        table.add_row(task, moment, state, str(times), str(same), str(left))
    console.print(table)
    console.print("left: files that killed processes left beside the target")
    for kill in [kill for kill in kills if kill.faults][:SHOWN]:
        told = "; ".join(kill.faults)
        console.print(f"{kill.task}, {kill.moment}, {kill.state}: {told}", markup=False, highlight=False)


@click.command()
@click.option("--kills", type=click.IntRange(1), default=50, show_default=True, help="Of each command.")
@click.option("--records", type=click.IntRange(1), default=6000, show_default=True, help="Of each archive.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, kills: int, records: int, json_file: Path | None) -> None:
    """Kill runs over archives, go on with them, and hold what comes of it against undisturbed runs."""
    made = some_records(records)
    with tempfile.TemporaryDirectory() as place:
        done = [kill for task in TASKS for kill in measure(task, made, kills, Path(place, task.name))]
    show(Console(), done)
    passed = not any(kill.faults for kill in done)
    if json_file:
        figures = {"kills": [asdict(kill) for kill in done], "passed": passed}
        json_file.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    ctx.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
