"""``cleaner restore``: take back what a run over an archive cut."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.batch import EXIT_QUARANTINED, quarantined_at
from cleaner.cli.inputs import FILE
from cleaner.cli.meter import Meter
from cleaner.cli.show import standard_error
from cleaner.files import label, replacing

EXAMPLES = """\b
Examples:
  cleaner restore cleaned.ledger
  cleaner restore cleaned.ledger --document https://example.org/post/17
  cleaner restore cleaned.ledger --rule phrase --since 2026-05-01T00:00:00Z
  cleaner restore cleaned.ledger --campaign 3

\b
Exit status: 0 done, 2 an error (the same command goes on), 3 done, but some documents were changed since.
"""


@click.command(epilog=EXAMPLES)
@click.argument("ledger", type=FILE)
@click.option("--document", "documents", multiple=True, metavar="ID", help="Only this record (repeatable).")
@click.option("--campaign", "campaigns", type=int, multiple=True, metavar="N", help="Only cuts of this campaign.")
@click.option("--rule", "rules", multiple=True, metavar="CODE", help="Only cuts with a reason of this code.")
@click.option("--since", default="", metavar="TIME", help="Only cuts found at this time (ISO 8601, UTC) or later.")
@click.option("--until", default="", metavar="TIME", help="Only cuts found at this time or earlier.")
@click.pass_context
def restore(
    ctx: click.Context,
    ledger: Path,
    documents: tuple[str, ...],
    campaigns: tuple[int, ...],
    rules: tuple[str, ...],
    since: str,
    until: str,
) -> None:
    """Take back what was cut, where it was written; byte for byte.

    Without an option all of it is taken back. A document that was changed since is left as it is, and named.
    """
    from cleaner.archive.batch import quarantine_lines, restore_all
    from cleaner.archive.ledger import Choice, Ledger

    messages = standard_error()
    book = Ledger(ledger)
    before = book.count("quarantine")
    with Meter(messages, "restoring", book.size(), 0) as meter:
        chosen = restore_all(
            book,
            Choice(documents, campaigns, rules, since, until),
            lambda container: meter.advance(container.size),
        )
    refused = book.count("quarantine") - before
    if refused:
        with replacing(quarantined_at(ledger)) as write:
            for line in quarantine_lines(book):
                write(line)
        messages.complain(f"{refused:,} changed since and left as they are: see {label(str(quarantined_at(ledger)))}")
    cuts = "1 cut" if chosen == 1 else f"{chosen:,} cuts"
    messages.print(f"{cuts} taken back" if chosen else "nothing to take back")
    book.close()
    ctx.exit(EXIT_QUARANTINED if refused else 0)
