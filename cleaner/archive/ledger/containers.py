"""The containers of the archive: how far each of them is, and what it is going to be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from cleaner.archive.ledger import Ledger, edits
from cleaner.archive.ledger.spelling import encoded, spelled_json
from cleaner.archive.records import Layout


@dataclass(frozen=True, slots=True)
class Container:
    """A file or a table, and how far it is."""

    id: int
    source: str
    target: str
    format: str
    packing: str
    size: int
    layout: Layout | None
    searched: int
    mark: str
    """:attr:`Piece.mark` of the last piece that was searched."""
    state: str
    digest_before: str | None
    digest_after: str | None
    """Empty once records were restored in what somebody had edited: where the others stand is not known any more."""
    digest_next: str | None
    """What it is going to be: written down before it is replaced."""

    @property
    def kept(self) -> str:
        """The state of edits that cannot be taken back; which of a half-written table are cut is not known."""
        return "found" if self.state == "writing" else "cut"


def add(ledger: Ledger, containers: Iterable[tuple[str, str, str, str, int]]) -> None:
    """Write down containers: source, target, format, packing and size of each; those that are known stay."""
    with ledger.writing() as base:
        base.executemany(
            "INSERT INTO container (source, target, format, packing, size)"
            " VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?)"
            " ON CONFLICT (source) DO UPDATE SET target = excluded.target,"
            " size = iif(state = 'new', excluded.size, size) WHERE state NOT IN ('writing', 'written')",
            ((encoded(source), encoded(target), *rest) for source, target, *rest in containers),
        )


def each(ledger: Ledger, where: str = "1") -> Iterator[Container]:
    """The containers for which a condition holds, in the order in which they came; they may change meanwhile."""
    last = 0
    while rows := list(
        ledger.rows(
            "SELECT id, source, target, format, packing, size, layout, searched, mark, state, digest_before,"
            f" digest_after, digest_next FROM container WHERE id > ? AND ({where}) ORDER BY id LIMIT 1000",
            last,
        )
    ):
        for number, source, target, format, packing, size, layout, *rest in rows:
            kept = _layout(layout) if layout else None
            yield Container(number, source, target, format, packing, size, kept, *rest)
        last = rows[-1][0]


def size(ledger: Ledger, where: str = "1") -> int:
    """Bytes of the containers for which a condition holds."""
    return int(next(ledger.rows(f"SELECT coalesce(sum(size), 0) FROM container WHERE {where}"))[0])


def set_layout(ledger: Ledger, container: int, layout: Layout) -> None:
    """Write down how a container is read."""
    with ledger.writing() as base:
        base.execute("UPDATE container SET layout = ? WHERE id = ?", (spelled_json(asdict(layout)), container))


def set_state(ledger: Ledger, container: int, state: str) -> None:
    """Write down how far a container is."""
    with ledger.writing() as base:
        base.execute("UPDATE container SET state = ? WHERE id = ?", (state, container))


def set_edited(ledger: Ledger, container: int) -> None:
    """Records of a container are about to be restored that stand elsewhere than they were written."""
    with ledger.writing() as base:
        base.execute("UPDATE container SET digest_after = '' WHERE id = ?", (container,))


def promise(ledger: Ledger, container: int, before: str, after: str) -> None:
    """Write down what a container was and is going to be, before it is."""
    with ledger.writing() as base:
        base.execute(
            "UPDATE container SET digest_before = coalesce(digest_before, ?), digest_next = ?,"
            " state = iif(state = 'searched', 'writing', state) WHERE id = ?",
            (before, after, container),
        )


def keep_promise(ledger: Ledger, container: int, old: str, new: str, state: str) -> None:
    """A container is what it was going to be, in this state; its edits in the state ``old`` are in ``new``."""
    with ledger.writing() as base:
        base.execute(
            "UPDATE container SET state = ?, digest_next = NULL,"
            " digest_after = iif(digest_after = '', '', coalesce(digest_next, digest_after)) WHERE id = ?",
            (state, container),
        )
        base.execute(
            "UPDATE member SET target_length = next_length, next_length = NULL"
            " WHERE container = ? AND next_length IS NOT NULL",
            (container,),
        )
        edits.set_container(ledger, container, old, new)


def break_promise(ledger: Ledger, container: int) -> None:
    """A container is still what it was."""
    with ledger.writing() as base:
        base.execute(
            "UPDATE container SET digest_next = NULL, state = iif(state = 'writing', 'searched', state) WHERE id = ?",
            (container,),
        )
        base.execute("UPDATE member SET next_length = NULL WHERE container = ?", (container,))


def _layout(text: str) -> Layout:
    values = json.loads(text)
    return Layout(**values | {"fields": tuple(values["fields"])})
