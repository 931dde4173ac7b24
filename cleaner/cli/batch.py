"""``cleaner batch``: whole archives, in the formats that they are kept in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.inputs import FILE, PLACE, read_policy, refuse_overwriting
from cleaner.cli.meter import Meter
from cleaner.cli.report import report_option, write_report
from cleaner.cli.show import Screen, json_line, standard_error, standard_output
from cleaner.files import label, replacing
from cleaner.types import FORMATS, CleanerError

if TYPE_CHECKING:
    from cleaner.archive.ledger import Ledger

SAMPLES = 5
"""Edits that a dry run shows."""
_EDITED = (
    "EXISTS (SELECT 1 FROM edit WHERE edit.document = finding.document AND edit.state = ?"
    " AND edit.start <= finding.end AND finding.start <= edit.end)"
)
"""Whether what is to be done for a finding is in a state."""
EXIT_QUARANTINED = 3
EXAMPLES = """\b
Examples:
  cleaner batch articles/ --dry-run
  cleaner batch articles/ --out cleaned/
  cleaner batch articles/ --out cleaned/ --resume
  cleaner batch posts.jsonl.gz export.csv --field body --out records/
  cleaner batch crawl.warc.gz --out cleaned.warc.gz --jobs 8 --report crawl.html
  cleaner batch wordpress.xml --in-place --ledger wordpress.ledger
  cleaner batch s3://crawl/2024/ --out s3://cleaned/2024/ --ledger crawl.ledger
  cleaner batch "sqlite:///site.db#posts" --where "status = 'publish'" --in-place --ledger site.ledger
  cleaner restore cleaned.ledger

\b
Formats, by the ending:
  .txt .html .md   articles; folders are mirrored, and what is no article is copied
  .jsonl .csv .tsv .parquet   records; the fields are guessed and shown, or named by --field and --id-field
  .xml .rss .atom  feeds and WordPress exports
  .warc            web archives
  URL#table        tables of SQLite, PostgreSQL, MySQL…
  Each file may be packed (.gz, .zst).

\b
Exit status: 0 done, 2 an error (what is done is kept: --resume), 3 done, but some records cannot be read or written.
"""


@click.command(epilog=EXAMPLES)
@click.argument("sources", metavar="SRC...", type=PLACE, nargs=-1, required=True)
@click.option("-o", "--out", type=PLACE, metavar="DST", help="Write to this file, folder (end it with /) or address.")
@click.option("--in-place", is_flag=True, help="Change the sources themselves.")
@click.option("--dry-run", is_flag=True, help="Look, show what would change, and write nothing but the ledger.")
@click.option("--ledger", type=FILE, metavar="FILE", help="Where every edit is written down [default: DST.ledger].")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped, or write what a dry run found.")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="Field of the records to clean (repeatable).")
@click.option("--id-field", default="", metavar="NAME", help="Field that records are called by.")
@click.option("--where", default="", metavar="SQL", help="Only rows of a table for which this holds.")
@click.option("--format", type=click.Choice(FORMATS), default="auto", help="How to read the texts.")
@click.option(
    "--campaigns/--no-campaigns", default=True, help="Look first for what recurs across unrelated documents [default]."
)
@click.option("--policy", type=FILE, metavar="FILE", help="Thresholds, allow and deny lists (TOML).")
@click.option("--model", type=FILE, metavar="DIR", help="Use this model instead of the one that is built in.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count(), show_default="cores", help="Processes.")
@click.option("--engine", type=click.Choice(("local", "dask")), default="local", help="What runs the processes.")
@click.option("--scheduler", default="", metavar="URL", help="Address of the Dask scheduler (tcp://…).")
@report_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.pass_context
def batch(
    ctx: click.Context,
    sources: tuple[str, ...],
    out: str | None,
    in_place: bool,
    dry_run: bool,
    ledger: Path | None,
    resume: bool,
    fields: tuple[str, ...],
    id_field: str,
    where: str,
    format: str,
    campaigns: bool,
    policy: Path | None,
    model: Path | None,
    jobs: int,
    engine: str,
    scheduler: str,
    report: Path | None,
    as_json: bool,
) -> None:
    """Clean whole archives, and keep a ledger of every edit, with which all of it can be taken back.

    SRC are files, folders, or addresses of remote files, remote folders (with / at the end) and tables. Only what is
    cut changes; every other byte stays as it is.
    """
    if not (out or in_place or dry_run):
        raise click.UsageError("name where to write (--out DST), or choose --in-place or --dry-run")
    if out and in_place:
        raise click.UsageError("choose one of --out and --in-place")
    if (engine == "dask") != bool(scheduler):
        raise click.UsageError("--engine dask and --scheduler URL belong together")
    from cleaner.archive import engines
    from cleaner.archive.batch import Run, list_sources, opened, read_all_layouts, write_all
    from cleaner.archive.ledger import alone, containers
    from cleaner.archive.records import Wanted
    from cleaner.archive.searching import search_all
    from cleaner.archive.sources import is_table, refuse_within
    from cleaner.archive.surveying import find_campaigns

    wanted = Wanted(fields, id_field, format, where)
    run = Run(sources, out or "", in_place, wanted, campaigns, model, read_policy(policy))
    workers = engines.dask(scheduler) if scheduler else engines.local(jobs)
    path = ledger or _beside(sources, out)
    refuse_overwriting([*sources, out or "", str(path)], [report] if report else [])
    if where and not any(map(is_table, sources)):
        raise click.UsageError("--where chooses rows of tables; there are none among the sources")
    refuse_within(str(report or ""), sources)
    messages = standard_error()
    ctx.with_resource(alone(path))
    book = opened(run, path, resume)
    try:
        list_sources(book, run)
        guessed = read_all_layouts(book, run.wanted)
    except BaseException:
        book.close()
        if not resume:
            path.unlink()
        raise
    for container, layout in guessed:
        messages.print(f"{label(container.source)}: {_told(layout.fields, layout.id_field)}")
    try:
        if campaigns:
            with Meter(messages, "surveying", 2 * containers.size(book), 0) as meter:
                find_campaigns(book, run.settings, workers, meter.advance)
        size, done = containers.size(book), containers.size(book, "state <> 'new'")
        with Meter(messages, "searching", size, done) as meter:
            search_all(book, run.settings, workers, meter.found)
        if not dry_run:
            with Meter(messages, "writing", containers.size(book), 0) as meter:
                write_all(book, lambda container: meter.advance(container.size))
    except (KeyboardInterrupt, CleanerError, OSError):
        messages.complain(f"what is done is kept in {label(str(path))}: go on with --resume")
        raise
    quarantined = write_quarantine(book)
    if report:
        write_report(book, report)
    if as_json:
        standard_output().write(json_line({"ledger": str(path), **summary(book)}))
    else:
        _show_summary(standard_output(), book, dry_run)
    if quarantined:
        tell_quarantined(messages, book, "could not be read or written")
    messages.print(f"the ledger is {label(str(path))}")
    book.close()
    ctx.exit(EXIT_QUARANTINED if quarantined else 0)


def _beside(sources: Sequence[str], out: str | None) -> Path:
    """Where the ledger of a run is, unless the user names a place."""
    place = out or (sources[0] if len(sources) == 1 else "")
    if not place or "://" in place:
        raise click.UsageError("name the ledger (--ledger FILE)")
    return Path(place.rstrip("/" + os.sep) + ".ledger")


def write_quarantine(book: Ledger) -> int:
    """Write the file of the records that could not be read or taken back, beside the ledger; how many they are."""
    from cleaner.archive.batch import quarantine_lines, quarantine_of

    count = book.count("quarantine") + book.count("complaint")
    if count:
        with replacing(quarantine_of(book)) as write:
            for line in quarantine_lines(book):
                write(line)
    else:
        quarantine_of(book).unlink(missing_ok=True)
    return count


def tell_quarantined(screen: Screen, book: Ledger, what: str, table: str = "quarantine") -> None:
    """Complain of the records of a quarantine: the first of them one by one, then all."""
    from cleaner.archive.batch import quarantine_of
    from cleaner.archive.ledger import quarantine

    for source, record, _, cause, _ in islice(quarantine.each(book, table), SAMPLES):
        screen.complain(label(": ".join(filter(None, (source, record if record != source else "", cause)))))
    screen.complain(f"{book.count(table):,} {what}: see {label(str(quarantine_of(book)))}")


def _told(fields: Sequence[str], id_field: str) -> str:
    named = ", ".join(repr(name) for name in fields)
    called = f", records called by {id_field!r}" if id_field else ", records called by their place"
    return f"cleaning {named}{called} (guessed; --field and --id-field tell better)"


def summary(book: Ledger) -> dict[str, object]:
    """What a run came to, JSON-ready."""
    records, characters, containers = next(
        book.rows("SELECT coalesce(sum(records), 0), coalesce(sum(characters), 0), count(*) FROM container")
    )
    return {
        "containers": containers,
        "records": records,
        "characters": characters,
        "documents": book.count("document"),
        "verdicts": dict(book.rows("SELECT verdict, count(*) FROM document GROUP BY verdict")),
        "findings": dict(book.rows("SELECT action, count(*) FROM finding GROUP BY action")),
        "categories": dict(book.rows("SELECT category, count(*) FROM finding GROUP BY category")),
        "edits": dict(book.rows("SELECT state, count(*) FROM edit GROUP BY state")),
        "quarantined": book.count("quarantine"),
    }


def _show_summary(screen: Screen, book: Ledger, dry_run: bool) -> None:
    records = next(book.rows("SELECT coalesce(sum(records), 0) FROM container"))[0]
    infected = book.count("(SELECT DISTINCT container, offset, key FROM document)")
    cut = book.count("finding", f"action = 'strip' AND {_EDITED}", "found" if dry_run else "cut")
    flagged = book.count("finding", "action = 'flag'")
    would = "would be " if dry_run else ""
    counted = f"{records:,} {'record' if records == 1 else 'records'}; in {infected:,} of them {cut:,}"
    screen.print(f"{counted} {'finding' if cut == 1 else 'findings'} {would}cut, {flagged:,} to look at")
    if not dry_run:
        return
    for record, source, left, removed, replacement, right in book.rows(
        "SELECT record, source, left, removed, replacement, right FROM edit JOIN document ON document.id = document"
        " JOIN container ON container.id = container ORDER BY edit.id LIMIT ?",
        SAMPLES,
    ):
        screen.print("\n", (label(record or source), "bold"))
        gone, put = f"[-{_line(removed)}-]", f"{{+{_line(replacement)}+}}" if replacement else ""
        screen.print("  …", _line(left), (gone, "bold red"), (put, "bold green"), _line(right), "…")


def _line(text: str) -> str:
    return " ".join(text.split("\n"))
