"""What came of searching the containers: it is written down, and forgotten where they are searched again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict

from cleaner.archive.findings import Found, FoundDocument
from cleaner.archive.ledger import Ledger, quarantine
from cleaner.archive.ledger.spelling import spelled, spelled_json
from cleaner.campaigns import numbers_of

_KNOWN = (
    "container = ? AND key <> '' AND id NOT IN"
    " (SELECT min(id) FROM document WHERE container = ? AND key <> '' GROUP BY key, name)"
)
"""The documents of a table that was searched again of which the ledger tells more than once."""


def add(ledger: Ledger, found: Iterable[Found]) -> None:
    """Write down what came of some portions."""
    with ledger.writing() as base:
        for portion in found:
            quarantine.add(ledger, portion.container, portion.bad)
            base.execute(
                "UPDATE container SET searched = ?, mark = ?, records = records + ?, characters = characters + ?,"
                " state = iif(?, 'searched', state), digest_before = coalesce(nullif(?, ''), digest_before)"
                " WHERE id = ?",
                (
                    portion.end,
                    portion.mark,
                    portion.records,
                    portion.characters,
                    portion.is_last,
                    portion.digest,
                    portion.container,
                ),
            )
            for document in portion.documents:
                _add_document(base, portion.container, document)
            if portion.is_last and portion.mark:
                _forget(base, _KNOWN, portion.container, portion.container)


def forget(ledger: Ledger, container: int) -> None:
    """Forget what was found in a container and not cut, and what could not be read."""
    with ledger.writing() as base:
        _forget(base, "container = ?", container)
        base.execute("DELETE FROM quarantine WHERE container = ?", (container,))


def search_again(ledger: Ledger, where: str) -> None:
    """The containers for which a condition holds are as if nobody had looked into them; what was cut stays cut."""
    with ledger.writing() as base:
        base.execute(f"CREATE TEMP TABLE again AS SELECT id FROM container WHERE {where}")
        _forget(base, "container IN again")
        base.execute("DELETE FROM quarantine WHERE container IN again")
        base.execute(
            "UPDATE container SET state = 'new', searched = 0, mark = '', records = 0, characters = 0,"
            " layout = iif(EXISTS (SELECT 1 FROM document WHERE container = container.id), layout, NULL)"
            " WHERE id IN again"
        )
        base.execute("DROP TABLE again")


def _forget(base: sqlite3.Connection, where: str, *values: object) -> None:
    documents = (
        f"SELECT id FROM document WHERE {where} AND NOT EXISTS"
        " (SELECT 1 FROM edit WHERE edit.document = document.id AND state IN ('cut', 'undoing', 'undone'))"
    )
    for table in ("patch", "edit", "finding"):
        base.execute(f"DELETE FROM {table} WHERE document IN ({documents})", values)
    base.execute(f"DELETE FROM document WHERE id IN ({documents})", values)


def _add_document(base: sqlite3.Connection, container: int, found: FoundDocument) -> None:
    row = base.execute(
        "INSERT INTO document (container, offset, record, name, key, format, date, link, whole, verdict,"
        " digest_before, digest_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            container,
            found.offset,
            spelled(found.record),
            found.name,
            found.key,
            found.format,
            spelled(found.date),
            spelled(found.link),
            bool(found.patches),
            found.verdict,
            found.digest_before,
            found.digest_after,
        ),
    )
    document = row.lastrowid
    findings = [
        base.execute(
            "INSERT INTO finding (document, start, end, quote, category, score, action, reasons, campaign)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document,
                f.start,
                f.end,
                spelled(f.quote),
                f.category,
                f.score,
                f.action,
                spelled_json([asdict(reason) for reason in f.reasons]),
                next(iter(numbers_of(f)), None),
            ),
        ).lastrowid
        for f in found.findings
    ]
    for edit in found.edits:
        (start, end, replacement), about = edit.edit, edit.finding
        row = base.execute(
            "INSERT INTO edit (document, finding, start, end, removed, replacement, left, right)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document,
                None if about is None else findings[about],
                start,
                end,
                spelled(edit.removed),
                replacement,
                spelled(edit.left),
                spelled(edit.right),
            ),
        )
        base.executemany(
            "INSERT INTO patch VALUES (?, ?, ?, ?, ?)", ((document, row.lastrowid, *patch) for patch in edit.patches)
        )
    base.executemany("INSERT INTO patch VALUES (?, NULL, ?, ?, ?)", ((document, *patch) for patch in found.patches))
