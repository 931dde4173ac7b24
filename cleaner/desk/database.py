"""The database: an SQLite file, or a server by its address; transactions for reading and for writing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import exc
from sqlalchemy.orm import Session

from cleaner.desk.errors import DeskError, InvalidError, SettingsError, StorageFullError, UnavailableError
from cleaner.files import make_folder
from cleaner.visible import visible

PATIENCE = 5.0
"""Seconds to wait for another writer."""
_SQLITE_FULL = 13
_SQLITE_BROKEN = (11, 26)
"""The file is damaged, or no database."""
_POSTGRES_FULL = ("53100",)


class Database:
    """Where the desk keeps everything.

    Args:
        url: as SQLAlchemy spells it: ``sqlite:///desk.db``, ``postgresql+psycopg://editor@host/desk``.
        patience: seconds to wait for another writer before :class:`~cleaner.desk.errors.UnavailableError`.
        announces: whether changes of articles are to be told to a webhook (``session.info["announces"]``).

    Raises:
        SettingsError: the address makes no sense, or its driver is not installed.
        OutputError: the folder of the file cannot be made.
    """

    def __init__(self, url: str, patience: float = PATIENCE, announces: bool = False) -> None:
        self._info = {"announces": announces}
        self._patience = patience
        self.engine = _engine(url, patience)
        self._writes = self.engine.execution_options(writes=True)
        self._one_writer = threading.Lock() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads, of one moment.

        Raises:
            InvalidError: it is asked for what cannot stand in it.
            UnavailableError: the database is locked or gone.
        """
        with _translating(self), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is there as a whole when the block ends, on disk, or not at all.

        Raises:
            UnavailableError: another writer held the database too long, or it is gone.
            StorageFullError: the disk is full.
        """
        with (
            self._turn(),
            _translating(self),
            Session(self._writes, expire_on_commit=False, info=self._info) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Threads of one process stand in line; SQLite would have them look again and again."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=self._patience):
            raise UnavailableError("the database is busy; nothing was written")
        try:
            yield
        finally:
            self._one_writer.release()

    def migrate(self) -> None:
        """Bring the tables to the form that this version needs.

        Raises:
            UnavailableError: the database cannot be reached.
            SettingsError: the database belongs to a newer version.
        """
        known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
        if unknown := set(self._revisions()) - known:
            raise SettingsError(f"the database was made by a newer version of cleaner ({', '.join(sorted(unknown))})")
        with _translating(self), self._writes.begin() as connection:
            command.upgrade(_alembic(connection), "head")

    def is_current(self) -> bool:
        """Whether the tables have the form that this version needs."""
        return set(self._revisions()) == set(ScriptDirectory.from_config(_alembic()).get_heads())

    def _revisions(self) -> tuple[str, ...]:
        with _translating(self), self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_heads()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _engine(url: str, patience: float) -> sql.Engine:
    try:
        address = sql.make_url(url)
        if address.get_backend_name() == "sqlite":
            return _sqlite(address, patience)
        return sql.create_engine(address, pool_pre_ping=True, pool_timeout=patience, hide_parameters=True)
    except exc.ArgumentError as error:
        raise SettingsError(f"the database's address makes no sense: {visible(str(error), keep='')}") from None
    except ModuleNotFoundError as error:
        raise SettingsError(f"the database's driver is not installed: pip install {error.name}") from None


def _sqlite(address: sql.URL, patience: float) -> sql.Engine:
    if not address.database or address.database == ":memory:":
        raise SettingsError("the desk needs a database that lasts: sqlite:///FILE")
    make_folder(Path(address.database).parent)
    engine = sql.create_engine(
        address, connect_args={"timeout": patience}, pool_timeout=patience, hide_parameters=True, pool_size=20
    )

    @sql.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says so
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")

    @sql.event.listens_for(engine, "begin")
    def begin(connection: sql.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _translating(database: Database) -> Iterator[None]:
    """Let the errors of a driver be those of the desk."""
    try:
        yield
    except exc.TimeoutError as error:
        raise UnavailableError("the database is busy; nothing was written") from error
    except exc.DBAPIError as error:
        if (told := _told(error)) is None:
            raise
        raise told from error


def _told(error: exc.DBAPIError) -> DeskError | None:
    """What an error of a driver means to a user; ``None``: it is a mistake of ours."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error.orig, "sqlstate", None) or ""
    if isinstance(error, exc.DataError):
        return InvalidError("there is a character or a number that the database cannot take")
    if code == _SQLITE_FULL or state in _POSTGRES_FULL:
        return StorageFullError("the disk is full; nothing was written")
    if isinstance(error, (exc.OperationalError, exc.InterfaceError, exc.InternalError)) or code in _SQLITE_BROKEN:
        why = visible(str(error.orig).partition("\n")[0], keep="")
        return UnavailableError(f"the database cannot be used ({why}); nothing was written")
    return None


def _alembic(connection: sql.Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
