"""Which edits are to be undone."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cleaner.archive.ledger import Ledger
from cleaner.archive.ledger.spelling import marks, spelled


@dataclass(frozen=True, slots=True)
class Choice:
    """Which edits are meant; what is empty does not choose.

    Documents are chosen by what users call their records, edits by their campaign, the code of a reason, and the time
    at which they were found (ISO 8601, from the first to the second).
    """

    documents: tuple[str, ...] = ()
    campaigns: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()
    since: str = ""
    until: str = ""


def choose(ledger: Ledger, choice: Choice) -> None:
    """The chosen edits, and those that hold only together with them, are to be undone.

    Of a table that is half written all edits count as cut.
    """
    conditions, values = _conditions(choice)
    is_cut = "(edit.state = 'cut' OR (edit.state = 'found' AND container.state = 'writing'))"
    with ledger.writing() as base:
        _take_up_refused(base)
        base.execute("CREATE TEMP TABLE chosen AS SELECT edit.id, edit.document, whole FROM edit"
                     " JOIN document ON document.id = edit.document JOIN container ON container.id = container"
                     " LEFT JOIN finding ON finding.id = edit.finding"
                     f" WHERE {is_cut} {conditions}", values)  # fmt: skip
        base.execute(
            "UPDATE edit SET state = 'undoing' WHERE id IN (SELECT id FROM chosen)"
            " OR (state = 'cut' AND document IN (SELECT document FROM chosen WHERE whole))"
        )
        base.execute("DROP TABLE chosen")


def _take_up_refused(base: sqlite3.Connection) -> None:
    """What earlier programs refused to take back in files is still cut, and somebody had edited these files."""
    refused = (
        "FROM edit JOIN document ON document.id = edit.document JOIN container ON container.id = container"
        " WHERE edit.state = 'refused' AND container.format <> 'tables'"
    )
    base.execute(f"UPDATE container SET digest_after = '' WHERE id IN (SELECT container {refused})")
    base.execute(f"UPDATE edit SET state = 'cut' WHERE id IN (SELECT edit.id {refused})")


def _conditions(choice: Choice) -> tuple[str, list[object]]:
    conditions, values = "", list[object]()
    documents = tuple(map(spelled, choice.documents))
    for column, chosen in (("document.record", documents), ("finding.campaign", choice.campaigns)):
        if chosen:
            conditions += f" AND {column} IN ({marks(chosen)})"
            values += chosen
    if choice.rules:
        of_rule = "EXISTS (SELECT 1 FROM json_each(finding.reasons) WHERE json_extract(value, '$.code') IN ({}))"
        conditions += " AND " + of_rule.format(marks(choice.rules))
        values += choice.rules
    for sign, time in ((">=", choice.since), ("<=", choice.until)):
        if time:
            conditions += f" AND edit.at {sign} ?"
            values.append(time)
    return conditions, values
