"""Whether archives of every format come out cleaned to the letter, unharmed otherwise, and are restored.

Made-up records, two in a hundred of them infected, are put into an archive of each format and cleaned by the command.
What it makes is held against what `cleaner.clean` makes of each text (which knows of no campaigns), by readers that are
not ours: all values of all records, and where the format leaves no choice every byte. Then all of it is taken back.

Exit status: 0 when all is as it should be, 1 when not.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import articles
import click
from containers import KINDS, Entry, Kind, Record, folder_content
from material import ROOT, size_of
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cleaner import Cleaner

MB = 1_000_000
SHOWN = 5
"""Faults of an archive that are told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an archive."""

    format: str
    records: int
    infected: int
    cut: int
    """Records of which `cleaner.clean` cuts something."""
    exact: int
    """Records of which that, and nothing else, is cut in the archive."""
    restored: bool
    megabytes: float
    """Of the texts, in UTF-8."""
    seconds: float
    faults: Sequence[str]

    @property
    def rate(self) -> float:
        """MB a second, from the start of the command to its end."""
        return self.megabytes / self.seconds


def cleaner(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Run the command; its exit status, and what it complained of."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cleaner", *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def measure(kind: Kind, made: Sequence[articles.Article], jobs: int) -> Outcome:
    """Make an archive, clean it, and take it back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, target, wanted = (folder / place / kind.file for place in ("source", "out", "wanted"))
        records = [kind.view(article) for article in made]
        cleaned = [_cleaned(record) for record in records]
        for path, held in ((source, records), (wanted, cleaned)):
            path.parent.mkdir()
            kind.make(path, held)
        before = kind.read(source)
        faults = [] if _texts(before) == [r.texts for r in records] else ["the archive made is not what it should be"]
        is_table = kind.name == "SQLite"
        if is_table:
            target.parent.mkdir()
            shutil.copy(source, target)
            arguments = [f"sqlite:///out/{kind.file}#posts", "--in-place"]
        else:
            arguments = [f"source/{kind.file}", "--out", f"out/{kind.file}"]
        start = time.perf_counter()
        arguments += ["--ledger", "ledger", "--no-campaigns", "--jobs", str(jobs)]
        status, told = cleaner("batch", *arguments, cwd=folder)
        seconds = time.perf_counter() - start
        if status:
            faults.append(f"cleaner batch: exit status {status}: {told.strip()[-400:]}{_quarantine(folder)}")
        exact, more = _compare(before, kind.read(target), kind.read(wanted)) if target.exists() else (0, ["no target"])
        faults += more
        if kind.content and target.exists() and kind.content(target) != kind.content(wanted):
            faults.append(
                f"byte {_first_difference(kind.content(target), kind.content(wanted))} is not what it should be"
            )
        if kind.read(source) != before:
            faults.append("the source was changed")
        status, told = cleaner("restore", "ledger", cwd=folder)
        if status:
            faults.append(f"cleaner restore: exit status {status}: {told.strip()[-400:]}")
        restored = kind.read(target) == before and (is_table or _bytes(target) == _bytes(source))
        return Outcome(
            kind.name,
            len(records),
            sum(record.is_infected for record in records),
            sum(record != new for record, new in zip(records, cleaned, strict=True)),
            exact,
            restored,
            size_of([text for record in records for text in record.texts]) / MB,
            seconds,
            faults if restored else [*faults, "the source is not restored"],
        )


def _cleaned(record: Record) -> Record:
    return replace(
        record, title=_clean(record.title, record.title_format), body=_clean(record.body, record.body_format)
    )


@functools.cache
def _clean(text: str, format: str) -> str:
    return _cleaner().clean(text, format).text if format else text


@functools.cache
def _cleaner() -> Cleaner:
    return Cleaner()


def _texts(entries: Sequence[Entry]) -> list[Sequence[str]]:
    return [entry.texts for entry in entries if entry.texts]


def _compare(before: Sequence[Entry], after: Sequence[Entry], wanted: Sequence[Entry]) -> tuple[int, list[str]]:
    """How many records were changed as they should be, and what is wrong with others."""
    if len(after) != len(wanted):
        return 0, [f"{len(after)} records instead of {len(wanted)}"]
    exact, faults = 0, list[str]()
    for number, (old, new, right) in enumerate(zip(before, after, wanted, strict=True)):
        is_to_change = old.texts != right.texts
        if new.texts != right.texts:
            faults.append(f"entry {number}: holds {new.texts!r:.300}, should hold {right.texts!r:.300}")
        elif new.rest != right.rest or (not is_to_change and new.raw != old.raw):
            faults.append(f"entry {number}: more was changed than its texts")
        else:
            exact += is_to_change
    return exact, faults


def _bytes(path: Path) -> bytes:
    return folder_content(path) if path.is_dir() else path.read_bytes()


def _first_difference(one: bytes, other: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _quarantine(folder: Path) -> str:
    file = folder / "ledger.quarantine.jsonl"
    return "".join(file.read_text("utf-8").splitlines(keepends=True)[:3]) if file.exists() else ""


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the table, and what is wrong."""
    table = Table(box=SIMPLE_HEAD)
    for heading in ("format", "records", "infected", "cut", "exactly", "restored", "seconds", "MB/s"):
        table.add_column(heading, justify="left" if heading == "format" else "right", no_wrap=True)
    for one in outcomes:
        counts = (str(count) for count in (one.records, one.infected, one.cut, one.exact))
        figures = f"{one.seconds:.1f}", f"{one.rate:.2f}"
        table.add_row(one.format, *counts, "yes" if one.restored else "no", *figures)
    console.print(table)
    for one in outcomes:
        for fault in one.faults[:SHOWN]:
            console.print(f"{one.format}: {fault}", markup=False, highlight=False)


@click.command()
@click.option("--records", type=click.IntRange(1), default=10_000, show_default=True, help="Of each archive.")
@click.option("--only", multiple=True, metavar="FORMAT", help="Only this one, as the table names it (repeatable).")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes that search.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, records: int, only: Sequence[str], jobs: int, json_file: Path | None) -> None:
    """Clean and restore an archive of each format, and hold it against what should come of it."""
    made = list(articles.articles(records))
    kinds = [kind for kind in KINDS if not only or kind.name in only]
    outcomes = [measure(kind, made, jobs) for kind in track(kinds, "archives", console=Console(stderr=True))]
    show(Console(), outcomes)
    passed = all(not outcome.faults and outcome.exact == outcome.cut for outcome in outcomes)
    if json_file:
        figures = {"archives": [{**asdict(one), "mb_per_second": one.rate} for one in outcomes], "passed": passed}
        json_file.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    ctx.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
