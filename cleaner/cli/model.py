"""``cleaner model``: what a model is made of, whether it is still what it was, and what it does better than another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.diff import diff
from cleaner.cli.inputs import FILE
from cleaner.cli.show import Screen, standard_output
from cleaner.cli.tables import add_row, new_list, new_table, print_table
from cleaner.files import label

if TYPE_CHECKING:
    from rich.table import Table

MEASURES = ("articles", "delicate", "characters")
LEFT_OUT = {"trained_on", "files", "features", "labels", "categories"}
"""Shown in tables of their own, or of interest to the program only."""
EXAMPLES = """\b
Examples:
  cleaner model show
  cleaner model show models/mine
  cleaner model verify models/mine
  cleaner model diff --new models/mine dev.jsonl
"""
SHOW_EXAMPLES = """\b
Examples:
  cleaner model show
  cleaner model show models/mine
"""
VERIFY_EXAMPLES = """\b
Examples:
  cleaner model verify
  cleaner model verify models/mine

\b
Exit status: 0 complete and unaltered, 2 not so.
"""

folder_argument = click.argument("folder", metavar="[DIR]", required=False, type=FILE)


@click.group(epilog=EXAMPLES)
def model() -> None:
    """Look at a model, verify it, or compare it with another; without DIR the one that is built in."""


model.add_command(diff)


@model.command(epilog=SHOW_EXAMPLES)
@folder_argument
def show(folder: Path | None) -> None:
    """Print what a model was trained on, how, and how well it does."""
    from cleaner.model.store import read_manifest

    folder = folder or _default_folder()
    manifest = read_manifest(folder)
    screen = standard_output()
    screen.print((label(str(folder)), "bold"), "\n")
    _print_table(screen, new_table("trained on", *MEASURES), _trained_on(manifest.get("trained_on", {})))
    _print_table(screen, new_list("about"), _flat({k: v for k, v in manifest.items() if k not in LEFT_OUT}))
    _print_table(screen, new_table("file", "bytes", "sha256"), _files(folder, manifest["files"]))


@model.command(epilog=VERIFY_EXAMPLES)
@folder_argument
def verify(folder: Path | None) -> None:
    """Load a model and compare each file with the manifest."""
    from cleaner.model.store import load

    folder = folder or _default_folder()
    files = load(folder).manifest["files"]
    standard_output().print(f"{label(str(folder))}: complete and unaltered ({len(files)} files)")


def _default_folder() -> Path:
    from cleaner.model.store import default_folder

    return default_folder()


def _trained_on(parts: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[tuple[str, ...]]:
    """Articles and characters by language, those of all stages but not those held out."""
    sums: dict[str, list[int]] = {}
    for part, languages in parts.items():
        for lang, cell in languages.items() if not part.startswith("dev") else ():
            held = sums.setdefault(lang, [0] * len(MEASURES))
            sums[lang] = [total + cell[name] for total, name in zip(held, MEASURES, strict=True)]
    for lang, totals in sorted(sums.items(), key=lambda item: -item[1][-1]):
        yield (lang, *(f"{total:,}" for total in totals))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested tables as dotted names."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", f"{value:.6g}" if isinstance(value, float) else str(value)


def _files(folder: Path, digests: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, digest in digests.items():
        yield name, f"{(folder / name).stat().st_size:,}", digest


def _print_table(screen: Screen, table: Table, rows: Iterable[Sequence[str]]) -> None:
    """Nothing when there are no rows."""
    for row in rows:
        add_row(table, *row)
    if table.row_count:
        print_table(screen, table)
