"""How fast one core cleans plain text and HTML, beside peers on the same input in the same run.

Exit status: 0 when every limit is kept, 1 when not, 2 when it cannot be measured.
"""

from __future__ import annotations

import gc
import json
import os
import re
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click
import material
from pages import INFECTED, pages_of
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from cleaner import Cleaner

Clock = Callable[[], float]
MB = 1_000_000
TEXT_LIMIT = 8.0
"""MB of plain text a second."""
HTML_LIMIT = 4.0
"""Times the speed of trafilatura."""
LATENCY_SIZE = 3000
"""Bytes of the single articles."""
LATENCY_ARTICLES = 20
OURS, PATTERN, TRAFILATURA, SOUP = "cleaner", "re alternation", "trafilatura", "bs4 html.parser"
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class BenchmarkError(click.ClickException):
    """Something cannot be measured."""

    exit_code = 2


@dataclass(frozen=True)
class Corpus:
    """Sources of one format, and the numbers of the infected ones."""

    name: str
    sources: list[str]
    infected: set[int]

    @property
    def megabytes(self) -> float:
        """Size in UTF-8."""
        return material.size_of(self.sources) / MB

    def part(self, megabytes: float) -> Corpus:
        """The first sources of together about ``megabytes``."""
        total, number = 0.0, 0
        while number < len(self.sources) and total < megabytes * MB:
            total += material.size_of([self.sources[number]])
            number += 1
        return Corpus(self.name, self.sources[:number], {n for n in self.infected if n < number})


@dataclass(frozen=True)
class Speed:
    """How fast a program went through a corpus, in its best round."""

    corpus: str
    program: str
    sources: int
    megabytes: float
    seconds: float
    remark: str

    @property
    def rate(self) -> float:
        """MB a second."""
        return self.megabytes / self.seconds


@dataclass(frozen=True)
class Latency:
    """How long single articles take."""

    kind: str
    articles: int
    kilobytes: float
    median_ms: float
    cut: int
    """Articles from which something was cut."""


def keep_to_one_core() -> str:
    """One thread, on one core where the system can do that; to be called before numpy is imported."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if not hasattr(os, "sched_setaffinity"):
        return "one thread, not pinned"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"one thread, pinned to core {core}"


def best_of(
    rounds: int, work: dict[str, Callable[[], object]], clock: Clock, before: Callable[[], object] = gc.collect
) -> dict[str, float]:
    """The shortest time of each piece of work; they take turns. ``before`` is called before each, untimed."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, do in work.items():
            before()
            start = clock()
            do()
            times[name].append(clock() - start)
    return {name: min(found) for name, found in times.items()}


def measure_text(cleaner: Cleaner, corpus: Corpus, rounds: int, clock: Clock) -> list[Speed]:
    """Speeds on plain text; the peer gets a part, for it is slow."""
    part = corpus.part(1)
    pattern = strong_phrases()
    texts = [text.casefold() for text in part.sources]
    remark = cuts(cleaner, corpus, "text")
    seconds = best_of(
        rounds,
        {
            OURS: lambda: sum(1 for _ in cleaner.clean_many(corpus.sources, format="text")),
            PATTERN: lambda: sum(1 for text in texts for _ in pattern.finditer(text)),
        },
        clock,
    )
    return [
        Speed(corpus.name, OURS, len(corpus.sources), corpus.megabytes, seconds[OURS], remark),
        Speed(corpus.name, PATTERN, len(texts), part.megabytes, seconds[PATTERN], "finds strong phrases"),
    ]


def strong_phrases() -> re.Pattern[str]:
    """The strong phrases of the lexicon as one alternation, the longest first."""
    found: set[str] = set()
    for file in (material.ROOT / "cleaner" / "rules" / "data").glob("*.toml"):
        for group in tomllib.loads(file.read_text("utf-8")).get("phrases", ()):
            if group["strength"] == "strong":
                found.update(term.casefold() for term in group["terms"])
    return re.compile("|".join(map(re.escape, sorted(found, key=lambda text: (-len(text), text)))))


def measure_html(cleaner: Cleaner, corpus: Corpus, rounds: int, clock: Clock) -> list[Speed]:
    """Speeds on pages."""
    from bs4 import BeautifulSoup
    from trafilatura import extract
    from trafilatura.meta import reset_caches

    pages = corpus.sources
    extract(pages[0])  # it imports some of its parts late
    remarks = {
        OURS: cuts(cleaner, corpus, "html"),
        TRAFILATURA: f"{version('trafilatura')}, extract()",
        SOUP: f"{version('beautifulsoup4')}, get_text()",
    }
    seconds = best_of(
        rounds,
        {
            OURS: lambda: sum(1 for _ in cleaner.clean_many(pages, format="html")),
            TRAFILATURA: lambda: [extract(page) for page in pages],
            SOUP: lambda: [BeautifulSoup(page, "html.parser").get_text() for page in pages],
        },
        clock,
        before=reset_caches,
    )
    size = corpus.megabytes
    return [Speed(corpus.name, name, len(pages), size, seconds[name], remark) for name, remark in remarks.items()]


def real_pages(folder: Path) -> tuple[list[str], set[int]]:
    """The pages of a folder, and the numbers of those known to be infected."""
    found = pages_of(folder)
    return [page.source for page in found], {n for n, page in enumerate(found) if page.name in INFECTED}


def cuts(cleaner: Cleaner, corpus: Corpus, format: str) -> str:
    """What the cleaner does with the corpus (and the first time it runs, which is not measured)."""
    results = list(cleaner.clean_many(corpus.sources, format=format))
    changed = {number for number, result in enumerate(results) if result.edits}
    honest = len(corpus.sources) - len(corpus.infected)
    found = len(changed & corpus.infected)
    return f"cuts {found} of {len(corpus.infected)} infected, {len(changed - corpus.infected)} of {honest} honest"


def measure_latency(cleaner: Cleaner, rounds: int, clock: Clock) -> list[Latency]:
    """Time of one call on one article, after a first call."""
    kinds = {"clean": material.ordinary(), "infected": material.plain("infected")}
    found = []
    for kind, beginnings in kinds.items():
        articles = material.padded(beginnings[:LATENCY_ARTICLES], LATENCY_SIZE)
        cut = sum(bool(cleaner.clean(article, "text").edits) for article in articles)
        times = []
        for _ in range(rounds):
            for article in articles:
                start = clock()
                cleaner.clean(article, "text")
                times.append(clock() - start)
        size = material.size_of(articles) / len(articles) / 1000
        found.append(Latency(kind, len(articles), size, 1000 * median(times), cut))
    return found


def show(console: Console, speeds: list[Speed], latencies: list[Latency]) -> None:
    """Print the tables."""
    if speeds:
        table = Table("input", "program", "sources", "MB", "MB/s", "cleaner is × as fast", box=SIMPLE_HEAD)
        for column in table.columns[2:]:
            column.justify = "right"
        ours = {speed.corpus: speed.rate for speed in speeds if speed.program == OURS}
        for speed in speeds:
            ratio = "" if speed.program == OURS else f"{ours[speed.corpus] / speed.rate:.2f}"
            size, rate = f"{speed.megabytes:.2f}", f"{speed.rate:.2f}"
            table.add_row(speed.corpus, speed.program, str(speed.sources), size, rate, ratio)
        console.print(table)
    for speed in speeds:
        console.print(f"{speed.corpus}: {speed.program} {speed.remark}", highlight=False)
    if latencies:
        table = Table("one plain article", "articles", "KB, mean", "median ms", "cut", box=SIMPLE_HEAD)
        for column in table.columns[1:]:
            column.justify = "right"
        for latency in latencies:
            size, middle = f"{latency.kilobytes:.1f}", f"{latency.median_ms:.2f}"
            table.add_row(latency.kind, str(latency.articles), size, middle, str(latency.cut))
        console.print(table)


def verdicts(speeds: list[Speed]) -> dict[str, tuple[float, float]]:
    """What is limited: the measured figure and the limit."""
    rate = {(speed.corpus, speed.program): speed.rate for speed in speeds}
    found = {}
    if ("text", OURS) in rate:
        found["plain text, MB/s"] = (rate["text", OURS], TEXT_LIMIT)
    for corpus in ("made-up pages", "real pages"):
        if (corpus, OURS) in rate:
            found[f"{corpus}, × trafilatura"] = (rate[corpus, OURS] / rate[corpus, TRAFILATURA], HTML_LIMIT)
    return found


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of the built-in.")
@click.option(
    "--articles",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Honest articles (JSONL with a text each, .gz too) in place of the fixtures.",
)
@click.option(
    "--pages",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Real pages, as benchmarks/pages.py fetches them.",
)
@click.option("--only", type=click.Choice(["text", "html", "latency"]), help="Measure only this.")
@click.option("--megabytes", type=click.FloatRange(0.1), default=5.0, show_default=True, help="Of plain text.")
@click.option("--html-megabytes", type=click.FloatRange(0.1), default=3.0, show_default=True, help="Of pages.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="The best of so many counts.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", show_default=True, help="What is timed.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(
    ctx: click.Context,
    model: Path | None,
    articles: Path | None,
    pages: Path | None,
    only: str | None,
    megabytes: float,
    html_megabytes: float,
    rounds: int,
    clock: str,
    json_file: Path | None,
) -> None:
    """Time the cleaning of an archive, of pages and of single articles on one core."""
    console = Console()
    place = keep_to_one_core()
    timer = time.perf_counter if clock == "wall" else time.process_time
    from cleaner import Cleaner, CleanerError

    try:
        cleaner = Cleaner(model)
        import bs4  # noqa: F401
        import trafilatura  # noqa: F401
    except (CleanerError, ImportError) as error:
        raise BenchmarkError(str(error)) from error
    speeds: list[Speed] = []
    latencies: list[Latency] = []
    if only in (None, "text"):
        honest = cycle(material.articles_of(articles)) if articles else cycle(material.plain("honest"))
        found = material.archive(honest, material.plain("infected"), int(megabytes * MB))
        speeds += measure_text(cleaner, Corpus("text", *found), rounds, timer)
    if only in (None, "html"):
        made_up = material.pages(int(html_megabytes * MB), articles)
        speeds += measure_html(cleaner, Corpus("made-up pages", *made_up), rounds, timer)
    if pages and only in (None, "html"):
        speeds += measure_html(cleaner, Corpus("real pages", *real_pages(pages)), rounds, timer)
    if only in (None, "latency"):
        latencies = measure_latency(cleaner, rounds, timer)
    console.print(f"{place}; {clock} clock, best of {rounds}; honest texts: {articles or 'fixtures'}", markup=False)
    show(console, speeds, latencies)
    limits = verdicts(speeds)
    for name, (figure, limit) in limits.items():
        console.print(f"{name}: {figure:.2f}, {'within' if figure >= limit else 'below'} the limit of {limit:g}")
    if json_file:
        figures = {
            "clock": clock,
            "rounds": rounds,
            "speeds": [{**vars(speed), "mb_per_second": speed.rate} for speed in speeds],
            "latencies": [vars(latency) for latency in latencies],
            "limits": {name: {"figure": figure, "limit": limit} for name, (figure, limit) in limits.items()},
            "passed": all(figure >= limit for figure, limit in limits.values()),
        }
        json_file.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    ctx.exit(0 if all(figure >= limit for figure, limit in limits.values()) else 1)


if __name__ == "__main__":
    main()
