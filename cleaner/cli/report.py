"""``cleaner report``: what a run over an archive came to, as a page or in figures."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.inputs import FILE, refuse_overwriting
from cleaner.cli.show import Screen, json_line, standard_output
from cleaner.files import replacing
from cleaner.types import CleanerError

if TYPE_CHECKING:
    from cleaner.archive.ledger import Ledger

FEW = 10
"""Rows of each table on a terminal."""
EXAMPLES = """\b
Examples:
  cleaner report cleaned.ledger
  cleaner report cleaned.ledger --html report.html
  cleaner report cleaned.ledger --json > report.json
"""


def _check(_context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Complain of a report that cannot be written before there is something to report."""
    is_any = parameter.name == "report"
    if path and is_any and path.suffix not in (".html", ".json"):
        raise click.BadParameter("its name tells what is written: it ends in .html or .json")
    if path and not (is_any and path.suffix == ".json"):
        try:
            import jinja2  # noqa: F401
        except ModuleNotFoundError as error:
            raise CleanerError(f"--{parameter.name} needs {error.name}: pip install 'cleaner[report]'") from error
    return path


report_option = click.option(
    "--report", type=FILE, metavar="FILE", callback=_check, help="Write a report: a page (.html) or figures (.json)."
)
"""The option of commands that write a report at their end, by :func:`write_report`."""


@click.command(epilog=EXAMPLES)
@click.argument("ledger", type=FILE)
@click.option("--html", type=FILE, metavar="REPORT", callback=_check, help="Write a page that needs no network.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as one JSON object.")
def report(ledger: Path, html: Path | None, as_json: bool) -> None:
    """Tell what a run over an archive found and changed.

    LEDGER is what the run has written down. Without an option the most frequent of everything is listed.
    """
    from cleaner.archive.figures import figures
    from cleaner.archive.ledger import Ledger

    refuse_overwriting([str(ledger)], [html] if html else [])
    with closing(Ledger(ledger)) as book:
        told = figures(book)
    if html:
        _write_page(html, told)
    if as_json:
        standard_output().write(json_line(told))
    elif not html:
        _show(standard_output(), told)


def write_report(book: Ledger, path: Path) -> None:
    """Write a page or figures, as the ending of the path has it.

    Raises:
        OutputError: the file cannot be written.
    """
    from cleaner.archive.figures import figures

    told = figures(book)
    if path.suffix == ".html":
        _write_page(path, told)
    else:
        with replacing(path) as write:
            write(json_line(told))


def _write_page(path: Path, told: Mapping[str, Any]) -> None:
    from cleaner.report.archive import page

    with replacing(path) as write:
        for text in page(told):
            write(text.encode())


def _show(screen: Screen, told: Mapping[str, Any]) -> None:
    from cleaner.cli.tables import NOTHING, add_row, new_table, print_table

    totals = told["totals"]
    screen.print(
        f"{totals['records']:,} records; {totals['documents']:,} documents with findings:"
        f" {totals['strip']:,} to strip, {totals['flag']:,} to flag; {totals['quarantined']:,} in the quarantine\n"
    )
    for heading, name in (("Category", "categories"), ("Host", "hosts"), ("Campaign", "campaigns")):
        rows = told[name]["listed"][:FEW]
        table = new_table(heading, "documents", "strip", "flag")
        for row in rows:
            counts = (f"{row[count]:,}" if row[count] else NOTHING for count in ("documents", "strip", "flag"))
            add_row(table, row["text"] if "text" in row else row["name"], *counts)
        if rows:
            print_table(screen, table)
