"""Packed members as they were before they were packed anew: packing the same bytes again may give others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cleaner.archive.ledger import Ledger


class Member(NamedTuple):
    """A packed member that was packed anew."""

    id: int
    content_start: int
    """In the unpacked source."""
    content_length: int
    start: int
    """In the packed source."""
    length: int
    target_length: int


def keep(
    ledger: Ledger, container: int, place: tuple[int, int, int, int], target_length: int, data: Iterable[bytes]
) -> None:
    """Keep a packed member as it was.

    Args:
        ledger: where it is kept.
        container: its number.
        place: where the member's content begins in the unpacked source and its length, then both of the member in
            the packed source.
        target_length: bytes of the member as it was packed anew.
        data: the member.
    """
    with ledger.writing() as base:
        row = base.execute(
            "INSERT INTO member (container, content_start, content_length, start, length, target_length)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (container, *place, target_length),
        )
        base.executemany("INSERT INTO member_data VALUES (?, ?)", ((row.lastrowid, part) for part in data))


def each(ledger: Ledger, container: int) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """The members of a container that were packed anew, in order, each with its bytes as they were."""
    for row in ledger.rows(
        "SELECT id, content_start, content_length, start, length, target_length FROM member WHERE container = ?"
        " ORDER BY start",
        container,
    ):
        data = ledger.rows("SELECT data FROM member_data WHERE member = ? ORDER BY rowid", row[0])
        yield Member(*row), (part for (part,) in data)


def promise(ledger: Ledger, member: int, length: int) -> None:
    """Write down how long a member of the target is going to be."""
    with ledger.writing() as base:
        base.execute("UPDATE member SET next_length = ? WHERE id = ?", (length, member))


def forget(ledger: Ledger, container: int) -> None:
    """Forget the members of a container, which are what they were again."""
    with ledger.writing() as base:
        base.execute(
            "DELETE FROM member_data WHERE member IN (SELECT id FROM member WHERE container = ?)", (container,)
        )
        base.execute("DELETE FROM member WHERE container = ?", (container,))
