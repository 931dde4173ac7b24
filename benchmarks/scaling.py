"""How fast a large archive is cleaned, by one worker and by two, and how much memory that takes.

One file of JSON lines, articles of about 3 KB, every fiftieth infected, is cleaned by the command with a worker and
with two. Time is that on the wall from the start of the command to its end; memory is the largest sum of what its
processes hold, in which pages that they share count for each of them.

Exit status: 0 when both make the same, 1 when not, 2 when one fails.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

import articles
import click
import psutil
from material import ONE_INFECTED_IN, ROOT, articles_of
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

MB = 1_000_000
SIZE = 3000
"""Bytes of an article, about."""
WORKERS = (1, 2)
WORD = re.compile(r"\S+\s*+|\s+")
"""With the spaces behind it."""
PAUSE = 0.1
"""Seconds between two looks at the memory."""


class BenchmarkError(click.ClickException):
    """The command fails."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Run:
    """How an archive was cleaned."""

    workers: int
    articles: int
    megabytes: float
    seconds: float
    memory: float
    """MB, at most."""

    @property
    def rate(self) -> float:
        """MB a second."""
        return self.megabytes / self.seconds


def texts(count: int, data: Path | None) -> Iterator[str]:
    """Articles of ordinary data, or of the project's own prose; some are infected."""
    if not data:
        yield from ("\n\n".join(article.paragraphs) for article in articles.articles(count, SIZE))
        return
    honest = _of_size(_endless(sorted(data.glob(f"clean_{articles.MAIN}.jsonl*"))))
    infected = cycle([article.paragraphs[0] for article in articles.articles(100, 1, one_in=1)])
    for number, text in enumerate(islice(honest, count)):
        yield f"{text}\n{next(infected)}" if number % ONE_INFECTED_IN == ONE_INFECTED_IN // 2 else text


def _endless(files: Sequence[Path]) -> Iterator[str]:
    """The articles of some files, over and over.

    Raises:
        BenchmarkError: there are none.
    """
    if not files:
        raise BenchmarkError(f"there is no clean_{articles.MAIN}.jsonl.gz")
    while True:
        for file in files:
            yield from articles_of(file)


def _of_size(texts: Iterable[str]) -> Iterator[str]:
    """Articles of about the size, of the words of texts one behind the other."""
    words: list[str] = []
    size = 0
    for text in texts:
        for word in WORD.findall(f"{text}\n"):
            words.append(word)
            size += len(word.encode())
            if size >= SIZE:
                yield "".join(words)
                words, size = [], 0


def measure(folder: Path, count: int, workers: int) -> Run:
    """Clean ``posts.jsonl`` in a folder."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "cleaner", "batch", "posts.jsonl", "--out", f"{workers}.jsonl", "--jobs", str(workers)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    memory = 0
    while process.poll() is None:
        memory = max(memory, _memory(process.pid))
        time.sleep(PAUSE)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise BenchmarkError((process.stderr.read() if process.stderr else "").strip()[-300:])
    return Run(workers, count, (folder / "posts.jsonl").stat().st_size / MB, seconds, memory / MB)


def _memory(number: int) -> int:
    """Bytes that a process and those below it hold."""
    held = 0
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(number)
        for process in (first, *first.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                held += process.memory_info().rss
    return held


def show(console: Console, runs: Sequence[Run]) -> None:
    """Print the table."""
    table = Table("workers", "articles", "MB", "seconds", "articles/s", "MB/s", "MB of memory", box=SIMPLE_HEAD)
    for column in table.columns:
        column.justify = "right"
    for run in runs:
        cells = (f"{run.megabytes:.1f}", f"{run.seconds:.1f}", f"{run.articles / run.seconds:.0f}", f"{run.rate:.2f}")
        table.add_row(str(run.workers), str(run.articles), *cells, f"{run.memory:.0f}")
    console.print(table)
    console.print(f"{runs[-1].workers} workers are {runs[0].seconds / runs[-1].seconds:.2f} × as fast as one")


@click.command()
@click.option("--articles", "count", type=click.IntRange(1), default=100_000, show_default=True)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder that `cleaner train` reads; the project's own prose, shuffled, takes its place.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, count: int, data: Path | None, json_file: Path | None) -> None:
    """Clean an archive with one worker and with two."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "posts.jsonl").open("w", encoding="utf-8") as file:
            for number, text in enumerate(texts(count, data)):
                file.write(json.dumps({"id": f"tin-{number}", "body": text}, ensure_ascii=False) + "\n")
        runs = [measure(folder, count, workers) for workers in WORKERS]
        made = {(folder / f"{workers}.jsonl").read_bytes() for workers in WORKERS}
        is_cleaned = made != {(folder / "posts.jsonl").read_bytes()}
    show(Console(), runs)
    passed = len(made) == 1 and is_cleaned
    if not passed:
        click.echo("what they make is not the same" if len(made) > 1 else "nothing is cut")
    if json_file:
        figures = {"runs": [{**asdict(run), "mb_per_second": run.rate} for run in runs], "passed": passed}
        json_file.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    ctx.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
