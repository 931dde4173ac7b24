"""Records that could not be read, and complaints: of those that could not be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cleaner.archive.ledger import Ledger
from cleaner.archive.ledger.spelling import spelled
from cleaner.archive.records import Bad


def add(ledger: Ledger, container: int | None, bad: Iterable[Bad]) -> None:
    """Put records into the quarantine."""
    _add(ledger, container, bad, "quarantine")


def complain(ledger: Ledger, container: int, bad: Iterable[Bad]) -> None:
    """Say what could not be taken back, for as long as the ledger is open."""
    _add(ledger, container, bad, "complaint")


def each(ledger: Ledger, table: str = "quarantine") -> Iterator[tuple[str, str, int, str, bytes]]:
    """Source of the container, record, offset, cause and data of every record that could not be read.

    Args:
        ledger: what is asked.
        table: ``complaint`` for those that could not be taken back.
    """
    yield from ledger.rows(
        f"SELECT coalesce(source, ''), record, offset, cause, data FROM {table}"
        f" LEFT JOIN container ON container.id = container ORDER BY {table}.rowid"
    )


def forget_bad(ledger: Ledger) -> None:
    """Forget what lies in folders and is no container."""
    with ledger.writing() as base:
        base.execute("DELETE FROM quarantine WHERE container IS NULL")


def _add(ledger: Ledger, container: int | None, bad: Iterable[Bad], table: str) -> None:
    with ledger.writing() as base:
        base.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)",
            ((container, spelled(b.record), b.offset, spelled(b.cause), b.data) for b in bad),
        )
