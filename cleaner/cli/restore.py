"""``cleaner restore``: take back what a run over an archive cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from cleaner.cli.batch import EXIT_QUARANTINED, tell_quarantined, write_quarantine
from cleaner.cli.inputs import FILE
from cleaner.cli.meter import Meter
from cleaner.cli.show import standard_error

EXAMPLES = """\b
Examples:
  cleaner restore cleaned.ledger
  cleaner restore cleaned.ledger --document https://example.org/post/17
  cleaner restore cleaned.ledger --rule phrase --since 2026-05-01T00:00:00Z
  cleaner restore cleaned.ledger --campaign 3

\b
Exit status: 0 done, 2 an error (the same command goes on), 3 done, but some documents are gone or were changed since.
"""


@click.command(epilog=EXAMPLES)
@click.argument("ledger", type=FILE)
@click.option("--document", "documents", multiple=True, metavar="ID", help="Only this record (repeatable).")
@click.option("--campaign", "campaigns", type=int, multiple=True, metavar="N", help="Only cuts of this campaign.")
@click.option("--rule", "rules", multiple=True, metavar="CODE", help="Only cuts with a reason of this code.")
@click.option("--since", default="", metavar="TIME", help="Only cuts found at this time (ISO 8601) or later.")
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
    from cleaner.archive.batch import restore_all
    from cleaner.archive.ledger import Ledger, alone, containers
    from cleaner.archive.ledger.choosing import Choice

    messages = standard_error()
    book = Ledger(ledger)
    ctx.with_resource(alone(ledger))
    with Meter(messages, "restoring", containers.size(book), 0) as meter:
        undone = restore_all(
            book,
            Choice(documents, campaigns, rules, _utc(since), _utc(until, is_end=True)),
            lambda container: meter.advance(container.size),
        )
    write_quarantine(book)
    refused = book.count("complaint")
    if refused:
        tell_quarantined(messages, book, "could not be taken back", "complaint")
    nothing = "nothing taken back" if refused else "nothing to take back"
    cuts = "1 cut" if undone == 1 else f"{undone:,} cuts"
    unsure = " (or not made yet: a table is half written)" if book.count("container", "state = 'writing'") else ""
    messages.print(f"{cuts} taken back{unsure}" if undone else nothing)
    if waiting := book.count("edit", "state = 'found'"):
        messages.print(f"{waiting:,} found are not written yet: cleaner batch --resume would cut them")
    book.close()
    ctx.exit(EXIT_QUARANTINED if refused else 0)


def _utc(time: str, is_end: bool = False) -> str:
    """A time as the ledger has it; of a day its beginning or end.

    Raises:
        click.BadParameter: it is none.
    """
    if not time:
        return ""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise click.BadParameter(f"{time!r} is no time as in 2026-05-01T07:30:00Z, nor a day") from None
    if is_end and len(time) == len("2026-05-01"):
        moment += timedelta(days=1, seconds=-1)
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
