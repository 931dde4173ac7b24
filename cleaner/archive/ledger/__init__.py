"""The ledger: what was read, found, changed and refused, in one SQLite file (schema in ``schema.sql``).

Every call that writes is one transaction, on the disk when it returns: whatever stops a run, the ledger tells what was
done, and the next run goes on from there. One run writes at a time (:func:`alone`), while any number read.

Here is the file; each subject that it tells of (runs, containers, edits…) is a module of functions that take it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from copy import copy
from importlib.resources import files
from pathlib import Path
from typing import Any

from cleaner.archive.ledger.spelling import decoded
from cleaner.archive.records import ArchiveError
from cleaner.files import OutputError, cause, make_folder, replacing

VERSION = 1
_APPLICATION = 0x636C6E72
"""Tells our files from other databases."""


class Ledger:
    """An open ledger.

    Raises:
        ArchiveError: there is no ledger at the path, it is no ledger, or one of a later version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ArchiveError(f"{path}: no such ledger")
        self.path = path
        self.beside = path.resolve().parent
        """The folder that the ledger lies in, from wherever it is asked for."""
        self.address = f"{path.resolve().as_uri()}?mode=ro"
        """Where SQLite finds the ledger to read."""
        _check(path)
        try:
            self._base = self._opened()
        except sqlite3.Error as error:
            raise ArchiveError(f"{path}: {error}") from None

    def _opened(self) -> sqlite3.Connection:
        """The ledger to write; to read where nothing can be written beside it, which SQLite has to be told."""
        try:
            return _connected(str(self.path))
        except sqlite3.OperationalError:
            if Path(f"{self.path}-wal").exists():
                raise
            self.address += "&immutable=1"
            return _connected(self.address, is_read=True)

    @classmethod
    def make(cls, path: Path) -> Ledger:
        """A new ledger at ``path``, which is there as a whole or not at all.

        Raises:
            ArchiveError: there is something already.
            OutputError: nothing can be written.
        """
        if path.exists():
            raise ArchiveError(f"{path}: exists already (go on with it, --resume, or remove it)")
        schema = files("cleaner.archive.ledger").joinpath("schema.sql").read_text("utf-8")
        make_folder(path.parent)
        with closing(sqlite3.connect(":memory:")) as base, replacing(path) as write:
            base.executescript(f"{schema}; PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};")
            write(base.serialize())
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def again(self) -> Iterator[Ledger]:
        """The ledger opened once more, for another thread to read."""
        ledger = copy(self)  # unchecked: whoever closes the file that SQLite has open loses the locks of SQLite
        ledger._base = _connected(str(self.path))
        try:
            yield ledger
        finally:
            ledger.close()

    def rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows that a query gives."""
        return iter(self._base.execute(query, values))

    def count(self, of: str, where: str = "1", *values: object) -> int:
        """How many rows of a table there are."""
        return int(next(self.rows(f"SELECT count(*) FROM {of} WHERE {where}", *values))[0])

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All that is written in the block is one transaction: on the disk as a whole when it ends, or not at all.

        A block within another one is a part of that one.

        Raises:
            ArchiveError: the disk is full, say.
        """
        if self._base.in_transaction:
            yield self._base
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            yield self._base
            self._base.execute("COMMIT")
        except BaseException as error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise ArchiveError(f"{self.path}: {error}") from None
            raise


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other runs from writing to the ledger at ``path`` in the block, or until this process ends in any way.

    Raises:
        ArchiveError: another run writes to it.
        OutputError: there is no place for the file of the lock.
    """
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError:
        raise ArchiveError("archives need filelock: pip install 'cleaner[archive]'") from None
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ArchiveError(f"{path}: in use by another run") from None
    except OSError as error:
        raise OutputError(lock.lock_file, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def _check(path: Path) -> None:
    """Raise an error for a file that is no ledger, which is not touched: SQLite writes into what it opens."""
    try:
        with path.open("rb") as file:
            head = file.read(72)
    except OSError as error:
        raise ArchiveError(f"{path}: {cause(error)}") from None
    version, application = int.from_bytes(head[60:64]), int.from_bytes(head[68:72])
    if application != _APPLICATION:
        raise ArchiveError(f"{path}: not a ledger")
    if version != VERSION:
        raise ArchiveError(f"{path}: a ledger of version {version}; this program knows version {VERSION}")


def _connected(name: str, is_read: bool = False) -> sqlite3.Connection:
    base = sqlite3.connect(name, uri=is_read, timeout=60, isolation_level=None, check_same_thread=False)
    base.text_factory = decoded
    if not is_read:
        base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.execute("PRAGMA foreign_keys = ON")
    base.execute("CREATE TEMP TABLE complaint AS SELECT * FROM quarantine WHERE 0")
    return base
