"""How long the command takes from its start to its end, beside an interpreter that only imports what it needs.

Exit status: 0 within the limit, 1 above it (or a heavy module is imported), 2 a command failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
SEED = "fixtures/seeds/003_72eb07f55c0dc79f.txt"
HEAVY = frozenset(("lightgbm", "sklearn", "scipy", "pandas"))
"""Packages that cleaning needs nothing of."""
LIMIT = 2.5
"""The command may take so many times what the reference takes."""
PYTHON, REFERENCE, IMPORT, COMMAND = "python", "import numpy, click", "import cleaner", "cleaner clean"
WATCHED = (IMPORT, COMMAND)
"""What must import nothing heavy."""


class BenchmarkError(click.ClickException):
    """A command that was to be timed failed."""

    exit_code = 2


def arguments(model: Path | None) -> dict[str, list[str]]:
    """What each timed process is called with, after the interpreter."""
    options = ["--model", str(model.resolve())] if model else []
    return {
        PYTHON: ["-c", "pass"],
        REFERENCE: ["-c", "import numpy, click"],
        IMPORT: ["-c", "import cleaner"],
        COMMAND: ["-m", "cleaner", "clean", *options, SEED],
    }


def run(args: list[str]) -> str:
    """Run the interpreter in the project's folder, standard output thrown away; returns standard error.

    Bytecode is kept, as it is of an installed package.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, *args],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"python {' '.join(args)}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stderr


def times_of(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Wall time of each run in milliseconds; the commands take turns, after one unmeasured turn."""
    for args in commands.values():
        run(args)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, args in commands.items():
            start = time.perf_counter()
            run(args)
            times[name].append(1000 * (time.perf_counter() - start))
    return times


def heavy_imports(args: list[str]) -> list[str]:
    """The heavy modules that a process imports, as ``-X importtime`` tells them."""
    log = run(["-X", "importtime", *args])
    modules = {line.rpartition("|")[2].strip() for line in log.splitlines() if line.startswith("import time:")}
    if len(modules) < 2:
        raise BenchmarkError("-X importtime told nothing")
    return sorted(module for module in modules if module.partition(".")[0] in HEAVY)


def show(times: dict[str, list[float]], heavy: dict[str, list[str]], ratio: float) -> None:
    """Print the table and the verdict."""
    reference = median(times[REFERENCE])
    table = Table("process", "runs", "median ms", "fastest ms", "× reference", "heavy imports", box=SIMPLE_HEAD)
    for column in table.columns[:5]:
        column.no_wrap = True
    for column in table.columns[1:5]:
        column.justify = "right"
    for name, found in times.items():
        imports = (", ".join(heavy[name]) or "none") if name in heavy else ""
        middle = median(found)
        cells = (str(len(found)), f"{middle:.1f}", f"{min(found):.1f}", f"{middle / reference:.2f}", imports)
        table.add_row(name, *cells)
    console = Console()
    console.print(table)
    verdict = "within" if ratio <= LIMIT else "above"
    console.print(f"{COMMAND}: {ratio:.2f} × the reference ({REFERENCE}), {verdict} the limit of {LIMIT}")


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of the built-in.")
@click.option("--runs", type=click.IntRange(1), default=15, show_default=True, help="Measured runs of each process.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, model: Path | None, runs: int, json_file: Path | None) -> None:
    """Time whole processes: Python alone, the reference, the import, and the command on a short article."""
    commands = arguments(model)
    times = times_of(commands, runs)
    heavy = {name: heavy_imports(commands[name]) for name in WATCHED}
    ratio = median(times[COMMAND]) / median(times[REFERENCE])
    show(times, heavy, ratio)
    passed = ratio <= LIMIT and not any(heavy.values())
    if json_file:
        figures = {
            "median_ms": {name: median(found) for name, found in times.items()},
            "fastest_ms": {name: min(found) for name, found in times.items()},
            "runs": runs,
            "ratio": ratio,
            "limit": LIMIT,
            "heavy_imports": heavy,
            "passed": passed,
        }
        json_file.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    ctx.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
