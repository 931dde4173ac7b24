"""The edits of the documents, the patches that they come to in the containers, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cleaner.archive.ledger import Ledger
from cleaner.archive.ledger.spelling import marks
from cleaner.archive.records import Patch
from cleaner.archive.splice import Splice
from cleaner.types import Edit

_PATCH = "patch.start, old, new"
_STATE = "coalesce(edit.state, (SELECT min(state) FROM edit WHERE edit.document = document.id))"
"""The state of a patch; those that hold only together share that of their document."""


class Document(NamedTuple):
    """A document with some of its patches, and the state of each."""

    id: int
    offset: int
    record: str
    name: str
    key: str
    digest_before: str
    digest_after: str
    """Of the text once all its edits are applied."""
    patches: Sequence[tuple[Patch, str]]


def splices(ledger: Ledger, container: int, states: Sequence[str]) -> Iterator[tuple[Splice, str]]:
    """The patches of the edits in these states, at their places in the container, in order, with the state."""
    for offset, *patch, state in ledger.rows(
        f"SELECT offset, {_PATCH}, {_STATE} AS now FROM document JOIN patch ON patch.document = document.id"
        f" LEFT JOIN edit ON edit.id = patch.edit WHERE container = ? AND now IN ({marks(states)})"
        " ORDER BY offset + patch.start, patch.rowid",
        container,
        *states,
    ):
        start, old, new = patch
        yield Splice(offset + start, old, new), state


def documents(ledger: Ledger, container: int, states: Sequence[str]) -> Iterator[Document]:
    """The documents with edits in these states, in the order of their records."""
    for row in ledger.rows(
        "SELECT id, offset, record, name, key, digest_before, digest_after FROM document WHERE container = ? AND"
        f" EXISTS (SELECT 1 FROM edit WHERE edit.document = document.id AND state IN ({marks(states)}))"
        " ORDER BY offset, id",
        container,
        *states,
    ):
        patches = ledger.rows(
            f"SELECT {_PATCH}, {_STATE} AS now FROM patch LEFT JOIN edit ON edit.id = patch.edit"
            " JOIN document ON document.id = patch.document"
            f" WHERE patch.document = ? AND now IN ({marks(states)}) ORDER BY patch.start, patch.rowid",
            row[0],
            *states,
        )
        number, offset, record, name, key, before, after = row
        placed = [(Patch(*patch), state) for *patch, state in patches]
        yield Document(number, offset, record, name, key, before, after, placed)


def each(ledger: Ledger, document: int, states: Sequence[str]) -> Iterator[tuple[Edit, str, str]]:
    """The edits of a document in these states, in order: what was done, what it removed, and the state."""
    for start, end, replacement, removed, state in ledger.rows(
        "SELECT start, end, replacement, removed, state FROM edit WHERE document = ?"
        f" AND state IN ({marks(states)}) ORDER BY start, id",
        document,
        *states,
    ):
        yield Edit(start, end, replacement), removed, state


def any_in(ledger: Ledger, container: int, *states: str) -> bool:
    """Whether a container has edits in one of these states."""
    of_them = f"container = ? AND state IN ({marks(states)})"
    return ledger.count("edit JOIN document ON document.id = document", of_them, container, *states) > 0


def set_container(ledger: Ledger, container: int, old: str, new: str) -> None:
    """All edits of a container that are in one state are in another one now."""
    with ledger.writing() as base:
        base.execute(
            "UPDATE edit SET state = ? WHERE state = ? AND document IN (SELECT id FROM document WHERE container = ?)",
            (new, old, container),
        )


def set_documents(ledger: Ledger, documents: Iterable[int], old: str, new: str) -> None:
    """The edits of some documents that are in one state are in another one now."""
    with ledger.writing() as base:
        base.executemany(
            "UPDATE edit SET state = ? WHERE state = ? AND document = ?",
            ((new, old, document) for document in documents),
        )


def refuse(ledger: Ledger, container: int, old: str, new: str, offset: int, key: str, cause: str) -> None:
    """The edits of a record in one state are in another one, for a cause that is told."""
    table = "quarantine" if new == "refused" else "complaint"
    with ledger.writing() as base:
        of_record = "container = ? AND offset = ? AND key = ?"
        base.execute(
            f"UPDATE edit SET state = ? WHERE state = ? AND document IN (SELECT id FROM document WHERE {of_record})",
            (new, old, container, offset, key),
        )
        base.execute(
            f"INSERT INTO {table} SELECT container, record, offset, ?, x'' FROM document WHERE {of_record} LIMIT 1",
            (cause, container, offset, key),
        )
