"""Containers → what is found in them, in the ledger: by several processes, a piece at a time, in order."""

from __future__ import annotations

import hashlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, cast

from cleaner.archive.engines import Engine
from cleaner.archive.findings import Found, Portion, Settings, search
from cleaner.archive.formats import TABLES, module_of, table_module_of
from cleaner.archive.ledger import Ledger, campaigns, containers, quarantine, searched
from cleaner.archive.ledger.containers import Container
from cleaner.archive.packing import unpacked
from cleaner.archive.records import ArchiveError, Bad, Layout, Piece, Wanted
from cleaner.archive.stores import Digesting, reading
from cleaner.files import cause

PIECE = 1 << 21
"""Bytes of a container that are read and searched together."""
HEAD = 1 << 20
"""Bytes from which it is told where the texts of a container stand."""
MANY = 1000
"""Containers that are searched together at most."""


def read_layouts(ledger: Ledger, wanted: Wanted) -> Iterator[tuple[Container, Layout]]:
    """Find out how each new container is read, and write it down; those that cannot be read are refused.

    Raises:
        ArchiveError: a table that was named cannot be read as the user said.
    """
    for container in containers.each(ledger, "state = 'new'"):
        if container.layout is None and container.format:
            try:
                layout = _layout(container, wanted)
            except ArchiveError as error:
                if container.format == "tables":
                    raise
                refuse(ledger, container, str(error))
            else:
                containers.set_layout(ledger, container.id, layout)
                yield container, layout


def refuse(ledger: Ledger, container: Container, cause: str) -> None:
    """A container that cannot be read goes to the quarantine as a whole; a run that is gone on with tries it again."""
    cause = cause.removeprefix(container.source).lstrip(": ")
    searched.forget(ledger, container.id)
    quarantine.add(ledger, container.id, [Bad("", 0, cause)])
    containers.set_state(ledger, container.id, "refused")


def search_all(
    ledger: Ledger,
    settings: Settings,
    engine: Engine,
    told: Callable[[Sequence[Found]], object] = lambda found: None,
) -> None:
    """Search what is not searched yet; every piece is written down when it and those before it are.

    Args:
        ledger: with containers and their layouts.
        settings: what to search with.
        engine: what the searching is done by.
        told: called with what came of some pieces, for a progress bar.

    Raises:
        ArchiveError: nothing can be written down, or a worker was killed.
    """
    failed: deque[tuple[Container, str]] = deque()
    with ledger.again() as reader:
        settings = replace(settings, campaigns=tuple(campaigns.each(ledger)))
        for found in engine(search, batches(portions(reader, failed)), settings):
            searched.add(ledger, found)
            told(found)
    for container, why in failed:
        refuse(ledger, container, why)


def portions(ledger: Ledger, failed: deque[tuple[Container, str]]) -> Iterator[Portion]:
    """What is to be searched, container by container; those that cannot be read are put into ``failed``."""
    for container in containers.each(ledger, "state = 'new'"):
        if not container.format or container.layout is None:
            continue
        try:
            yield from _portions(container, container.layout)
        except (ArchiveError, OSError) as error:
            failed.append((container, cause(error) if isinstance(error, OSError) else str(error)))


def _portions(container: Container, layout: Layout) -> Iterator[Portion]:
    last: Piece | None = None
    digest = hashlib.sha256()
    for piece in _pieces(container, layout, digest):
        if last is not None:
            yield Portion(container.id, container.format, layout, last, False)
        last = piece
    last = last or Piece(container.searched, container.searched, b"", container.mark)
    yield Portion(
        container.id, container.format, layout, last, True, "" if container.format == "tables" else digest.hexdigest()
    )


def _pieces(container: Container, layout: Layout, digest: Any) -> Iterator[Piece]:
    """The pieces of a container that are not searched yet; all bytes of a file are digested."""
    start = container.searched
    if container.format in TABLES:
        yield from table_module_of(container.format).pieces(container.source, layout, PIECE, start, container.mark)
    if container.format == "tables":
        return
    with reading(container.source) as stream:
        digesting = cast("BinaryIO", Digesting(stream, digest))
        if container.format not in TABLES:
            with unpacked(digesting, container.packing) as content:
                _skip(content, start)
                yield from module_of(container.format).pieces(content, layout, PIECE, start)
        _skip(digesting, sys.maxsize)


def _layout(container: Container, wanted: Wanted) -> Layout:
    if container.format in TABLES:
        return table_module_of(container.format).layout(container.source, wanted)
    head = b""
    if container.format != "articles":
        with reading(container.source) as stream, unpacked(stream, container.packing) as content:
            head = _head(content)
    return module_of(container.format).layout(container.source, head, wanted)


def _skip(content: BinaryIO, size: int) -> None:
    while size > 0 and (data := content.read(min(size, HEAD))):
        size -= len(data)


def _head(content: BinaryIO) -> bytes:
    """The first bytes; packed streams give fewer at a time than they are asked for."""
    parts = [content.read(HEAD)]
    while parts[-1] and sum(map(len, parts)) < HEAD:
        parts.append(content.read(HEAD - sum(map(len, parts))))
    return b"".join(parts)


def batches(some: Iterable[Portion]) -> Iterator[Sequence[Portion]]:
    """Small portions together, so that workers have something to do."""
    batch: list[Portion] = []
    size = 0
    for portion in some:
        batch.append(portion)
        size += len(portion.piece.data)
        if size >= PIECE or len(batch) >= MANY:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
