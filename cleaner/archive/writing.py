"""Sources and the ledger → destinations."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from cleaner.archive.ledger import Ledger, containers, edits, originals
from cleaner.archive.ledger.containers import Container
from cleaner.archive.making import CHANGED, IN_MEMORY, Write, packed, replace, rewritten, update
from cleaner.archive.packing import blocks, members
from cleaner.archive.records import ArchiveError
from cleaner.archive.splice import Splices, spliced
from cleaner.archive.stores import is_remote, size_of
from cleaner.files import make_folder


def write(ledger: Ledger, container: Container) -> None:
    """Make the target of a container that was searched, or a copy of one that cannot be.

    Raises:
        ArchiveError: the source is not what was searched, or something cannot be read.
        OutputError: the target cannot be written.
    """
    _check_size(container)
    is_changed = next(edits.splices(ledger, container.id, ["found"]), None) is not None
    if is_changed or container.source != container.target:
        originals.forget(ledger, container.id)
        if container.format == "tables":
            _write_table(ledger, container)
        elif not container.format and os.path.isdir(container.source):
            make_folder(Path(container.target))
        else:
            make = _make_of(container) if is_changed else _bytes_spliced
            searched = container.digest_before if container.state == "searched" else None
            replace(ledger, container, container.source, container.target, make, searched)
    state = "refused" if container.state == "refused" else "written"
    containers.keep_promise(ledger, container.id, "found", "cut", state)


def _check_size(container: Container) -> None:
    """Whatever was added to a file would not be searched."""
    is_searched = container.state == "searched" and not is_remote(container.source)
    if is_searched and size_of(container.source) != container.size:
        raise ArchiveError(f"{container.source}: {CHANGED} it was searched (its size is another)")


def _write_table(ledger: Ledger, container: Container) -> None:
    """Change a table, or make a copy of it; what cannot be read is not copied."""
    if container.state == "refused":
        return
    from cleaner.archive.formats.tables import is_copied

    source, target = container.source, container.target
    is_begun = container.state == "writing" or edits.any_in(ledger, container.id, "cut", "undone")
    containers.set_state(ledger, container.id, "writing")
    update(ledger, container, target if is_begun and is_copied(source, target) else source, "found")


def _make_of(container: Container) -> Callable[[Ledger, Container, IO[bytes], Write], None]:
    if container.format == "parquet":
        return _rows_written
    return _members_packed if container.packing else _bytes_spliced


def _bytes_spliced(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    spliced(stream, (splice for splice, _ in edits.splices(ledger, container.id, ["found"])), write)


def _members_packed(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """Members in which nothing is changed are copied as they are; the others are kept in the ledger as they were."""
    splices = Splices(splice for splice, _ in edits.splices(ledger, container.id, ["found"]))
    for member in members(cast("Any", stream), container.packing):
        end = member.start + member.length
        if not splices.any_before(end):
            for block in blocks(member.packed):
                write(block)
            continue
        length = packed(member.content, member.start, splices.before(end), container.packing, write)
        place = (member.start, member.length, member.packed_start, member.packed_length)
        originals.keep(ledger, container.id, place, length, blocks(member.packed))


def _rows_written(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """A file of rows, which is kept in the ledger as it was: packing rows anew may give other bytes."""
    with SpooledTemporaryFile(IN_MEMORY) as original:
        for block in blocks(stream):
            original.write(block)
        size = original.tell()
        original.seek(0)
        length = rewritten(ledger, container, cast("IO[bytes]", original), "found", write)
        original.seek(0)
        originals.keep(ledger, container.id, (0, 0, 0, size), length, blocks(cast("IO[bytes]", original)))
