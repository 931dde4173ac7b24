"""A container made of another one, or of itself, and the edits of the ledger: what writing and restoring share."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO, Any, cast

from cleaner.archive.formats import table_module_of
from cleaner.archive.ledger import Ledger, containers, edits
from cleaner.archive.ledger.containers import Container
from cleaner.archive.packing import blocks, pack
from cleaner.archive.records import ArchiveError, Change, Layout
from cleaner.archive.splice import MismatchError, Splice, spliced
from cleaner.archive.stores import Digesting, reading, writing

IN_MEMORY = 1 << 24
"""Bytes beyond which a part of a container is kept in a file."""
CHANGED = "changed since"
Write = Callable[[bytes], object]
Make = Callable[[Ledger, Container, IO[bytes], Write], None]
"""Reads a container and writes what takes its place."""


def replace(
    ledger: Ledger, container: Container, source: str, target: str, make: Make, expected: str | None = None
) -> None:
    """Make ``target`` of ``source`` at once, after it is written down what it will be.

    Raises:
        ArchiveError: the source is not what is expected, by its digest, or by what is to be replaced in it.
    """
    changed = f"{source}: {CHANGED} it was {'written' if container.state == 'written' else 'searched'}"
    before, after = hashlib.sha256(), hashlib.sha256()
    with reading(source) as stream, writing(target, source) as put:

        def write(data: bytes) -> None:
            after.update(data)
            put(data)

        with ledger.writing():
            try:
                make(ledger, container, cast("IO[bytes]", Digesting(stream, before)), write)
            except MismatchError as error:
                raise ArchiveError(f"{changed} ({error})") from None
            if expected not in (None, before.hexdigest()):
                raise ArchiveError(changed)
            if source != target or before.digest() != after.digest():
                containers.promise(ledger, container.id, before.hexdigest(), after.hexdigest())


def digest_of_container(name: str) -> str | None:
    """SHA-256 of a container, in hexadecimal digits; ``None`` where it cannot be read."""
    try:
        with reading(name) as stream:
            return hashlib.file_digest(cast("Any", stream), "sha256").hexdigest()
    except ArchiveError:
        return None


def packed(content: IO[bytes], start: int, splices: Iterable[Splice], packing: str, write: Write) -> int:
    """Write content with its splices as one member; how many bytes it takes."""
    with SpooledTemporaryFile(IN_MEMORY) as changed, SpooledTemporaryFile(IN_MEMORY) as made:
        spliced(content, splices, changed.write, start)
        changed.seek(0)
        length = pack(cast("IO[bytes]", changed), cast("IO[bytes]", made), packing)
        made.seek(0)
        for block in blocks(cast("IO[bytes]", made)):
            write(block)
    return length


def copy(stream: IO[bytes], size: int, write: Write) -> None:
    """Copy so many bytes."""
    while size > 0 and (block := stream.read(min(size, io.DEFAULT_BUFFER_SIZE * 16))):
        write(block)
        size -= len(block)


def rewritten(ledger: Ledger, container: Container, original: IO[bytes], state: str, write: Write) -> int:
    """Write the original with the changes of one state; how many bytes it takes."""
    changes = list(changes_of(ledger, container, state))
    with TemporaryDirectory(prefix="cleaner-") as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        with source.open("wb") as file:
            for block in blocks(original):
                file.write(block)
        made = source
        if changes:
            module = table_module_of(container.format)
            refused = list(module.rewrite(str(source), str(target), container.layout or Layout(), changes))
            if refused:
                raise MismatchError(refused[0].offset)
            made = target
        with made.open("rb") as file:
            for block in blocks(file):
                write(block)
        return made.stat().st_size


def update(ledger: Ledger, container: Container, source: str, state: str) -> None:
    """Change the rows of a table; those that somebody changed since are refused."""
    refusal = container.kept if state == "undoing" else "refused"
    changes = changes_of(ledger, container, state)
    module = table_module_of(container.format)
    for refused in module.rewrite(source, container.target, container.layout or Layout(), changes):
        edits.refuse(ledger, container.id, state, refusal, refused.offset, refused.key, refused.cause)


def changes_of(ledger: Ledger, container: Container, state: str) -> Iterator[Change]:
    """What the edits in a state come to in rows, in the order of the rows; those being undone are left out.

    Where edits are undone in a table that is half written, the others are those that it is going to have.
    """
    states = ["cut", "found", "undoing"] if state == "undoing" else [state]
    for document in edits.documents(ledger, container.id, states):
        patches = [patch for patch, now in document.patches if now != "undoing"]
        done = [patch for patch, _ in document.patches] if state == "undoing" else []
        if patches != done:
            yield Change(document.offset, document.key, document.name, patches, done, document.digest_before)
