"""Containers → what is found in them, in the ledger: by several processes, a piece at a time, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, cast

from cleaner.archive.findings import Found, Portion, Settings, search
from cleaner.archive.formats import TABLES, module_of, table_module_of
from cleaner.archive.ledger import Container, Ledger
from cleaner.archive.packing import unpacked
from cleaner.archive.records import ArchiveError, Bad, Layout, Piece, Wanted
from cleaner.archive.stores import reading

PIECE = 1 << 21
"""Bytes of a container that are read and searched together."""
HEAD = 1 << 20
"""Bytes from which it is told where the texts of a container stand."""


def read_layouts(ledger: Ledger, wanted: Wanted) -> Iterator[tuple[Container, Layout]]:
    """Find out how each new container is read, and write it down; those that cannot be read are refused."""
    for container in ledger.containers("new"):
        if container.layout is None and container.format:
            try:
                layout = _layout(container, wanted)
            except ArchiveError as error:
                refuse(ledger, container, str(error))
            else:
                ledger.set_layout(container.id, layout)
                yield container, layout


def refuse(ledger: Ledger, container: Container, cause: str) -> None:
    """A container that cannot be read goes to the quarantine as a whole; it is copied as it is."""
    cause = cause.removeprefix(f"{container.source}: ")
    ledger.add_bad(container.id, [Bad("", 0, cause)])
    ledger.forget(container.id)
    ledger.set_state([container.id], "refused")


def search_all(
    ledger: Ledger,
    settings: Settings,
    jobs: int,
    told: Callable[[Sequence[Found]], object] = lambda found: None,
) -> None:
    """Search what is not searched yet; every piece is written down when it and those before it are.

    Args:
        ledger: with containers and their layouts.
        settings: what to search with.
        jobs: worker processes; 1: none but this.
        told: called with what came of some pieces, for a progress bar.

    Raises:
        ArchiveError: nothing can be written down, or a worker was killed.
    """
    failed: deque[tuple[Container, str]] = deque()
    with ledger.again() as reader:
        batches = _batches(_portions(reader, failed))
        for found in run(search, batches, settings, jobs):
            ledger.add(found)
            told(found)
    for container, cause in failed:
        refuse(ledger, container, cause)


def run[T](
    work: Callable[[Sequence[Portion], Settings], T], batches: Iterator[Sequence[Portion]], settings: Settings, jobs: int
) -> Iterator[T]:
    """What ``work`` makes of each batch, in order; few of them are in memory at a time."""
    raise NotImplementedError
