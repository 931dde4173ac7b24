"""Tables of databases: records are rows, found by their keys; texts are cells.

A container's name is the address of the database, as SQLAlchemy spells it, with the table as fragment:
``sqlite:///articles.db#posts``, ``postgresql+psycopg://editor@host/news#public.posts``. A password that is ``$NAME`` is
taken from the environment.

Values pass through as the driver gives them, so that none is altered by what SQLAlchemy takes its type to be; those of
PostgreSQL, in its own spelling.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote
from uuid import UUID

import pyarrow as pa
import sqlalchemy as sql
from sqlalchemy import exc, types

from cleaner.archive.cells import ROWS, by_record, changed, choose_cells, piece_of, texts
from cleaner.archive.records import ArchiveError, Change, Layout, Piece, Refused, Wanted
from cleaner.archive.stores import from_environment

__all__ = ["layout", "pieces", "rewrite", "texts"]

_SAMPLE = 100
_FIRST = 64
"""Rows that are asked for at first; every page asks for at most twice as many as the one before it held."""
_BATCH = 300
"""Rows that are changed in one transaction."""
_PAGE = 1 << 20
"""Characters of the rows that are copied together."""
_SHOWN = 20
_PATIENCE = 60_000
"""Milliseconds to wait for another writer of an SQLite file."""
_DRIVERS = {"MySQLdb": "mysqlclient", "psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary"}
"""Packages of drivers whose modules are named otherwise."""
_SPELLED: Mapping[type, Callable[[Any], str]] = {
    bytes: bytes.hex,
    date: date.isoformat,
    datetime: datetime.isoformat,
    Decimal: str,
    time: time.isoformat,
    UUID: str,
}
_UNSPELLED: Mapping[str, Callable[[str], object]] = {
    "bytes": bytes.fromhex,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "Decimal": Decimal,
    "time": time.fromisoformat,
    "UUID": UUID,
}
"""Values of keys that JSON does not know, by the names of their types."""

Row = sql.RowMapping
Connect = Callable[[], AbstractContextManager[sql.Connection]]


class _Place(NamedTuple):
    """A table's name in an open database."""

    engine: sql.Engine
    table: str
    shown: str
    """What users are told: the address without the password."""


def layout(name: str, wanted: Wanted) -> Layout:
    """Where the texts of the table stand, from its first rows.

    Raises:
        ArchiveError: the database cannot be reached, the table has no key and no unique column is named instead, or a
            wanted column is not there.
    """
    with _opened(name) as place:
        table = _reflected(place.engine, place)
        key = _key(table, wanted.id_field, place.shown)
        plain = _plain(table)
        sampled = [column.name for column in table.columns if not isinstance(column.type, types.LargeBinary)]
        query = sql.select(*_read(place.engine, plain, sampled)).order_by(*_columns(plain, key)).limit(_SAMPLE)
        with place.engine.connect() as connection:
            rows = connection.execute(_where(query, wanted.where)).mappings().all()
            _refuse_without_key(connection, plain, key, place.shown)
    samples = {column: [_said(row[column]) for row in rows] for column in sampled}
    loose = rows if place.engine.dialect.name == "sqlite" else ()
    texts = {column.name for column in table.columns if _is_text(column, loose)}
    columns = {column.name: str(column.type) for column in table.columns}
    chosen = choose_cells(place.shown, columns, texts, samples, wanted)
    return replace(chosen, details=chosen.details | {"key": key, "where": wanted.where})


def pieces(name: str, layout: Layout, size: int, start: int = 0, mark: str = "") -> Iterator[Piece]:
    """Rows behind the one whose key is ``mark``, which is number ``start``, in the order of their keys.

    Every piece is read in a transaction of its own; rows that are added or removed meanwhile may be read or not.

    Raises:
        ArchiveError: the database cannot be read.
    """
    about = (layout.id_field, layout.date_field, layout.link_field)
    with _opened(name) as place:
        table = _plain(_reflected(place.engine, place))
        key = layout.details["key"]
        columns = _read(place.engine, table, filter(None, dict.fromkeys((*key, *about, *layout.fields))))
        order = _columns(table, key)
        for rows in _pages(place.engine.connect, columns, order, size, layout.details["where"], mark):
            keys = [_mark(row, order) for row in rows]
            said = [_column(row[column] for row in rows) if column else None for column in about]
            fields = [_column(row[field] for row in rows) for field in layout.fields]
            yield piece_of(start, [*said, pa.array(keys, pa.string())], fields, keys[-1])
            start += len(rows)


def rewrite(name: str, target: str, layout: Layout, changes: Iterable[Change]) -> Iterator[Refused]:
    """Change rows of a table, or of a copy of it.

    In the table itself (``target`` is ``name``), some hundred rows are changed in a transaction, each only if it still
    holds what was read; those that hold already what they are to hold are right. A copy appears at once, with all
    changes, when it is done: its table is made without foreign keys if it is not there, and must be empty if it is.

    Raises:
        ArchiveError: a database cannot be read or written, they are of different kinds, or the target holds rows.
    """
    if target != name:
        yield from _copied(name, target, layout, changes)
        return
    with _opened(name) as place:
        table = _reflected(place.engine, place)
        for records in _batches(changes):
            with place.engine.begin() as connection:
                refused = _updated(connection, table, layout, records)
            yield from refused


def is_copied(name: str, target: str) -> bool:
    """Whether a table has as many rows as another one, of which a run that was stopped began to make it.

    Raises:
        ArchiveError: a database cannot be read.
    """
    rows = []
    for address in (name, target):
        with _opened(address, is_made=True) as place, place.engine.connect() as connection:
            table = _found(connection, place.table)
            query = sql.select(sql.func.count()).select_from(_plain(table)) if table is not None else None
            rows.append(0 if query is None else connection.execute(query).scalar_one())
    return 0 < rows[0] == rows[1]


# Databases


@contextmanager
def _opened(name: str, is_made: bool = False) -> Iterator[_Place]:
    """The database of a table; an SQLite file that is not there may be made.

    Raises:
        ArchiveError: it cannot be reached; also whatever goes wrong with it in the block.
    """
    address, _, table = name.rpartition("#")
    try:
        url = sql.make_url(address)
    except exc.ArgumentError:
        raise ArchiveError("a table is named by the address of its database: sqlite:///articles.db#table") from None
    if url.password and url.password.startswith("$"):
        url = url.set(password=from_environment(str(url.password)))
    shown = f"{url.set(query={}).render_as_string(hide_password=True)}#{table}"
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
        if not is_made and not os.path.isfile(url.database):
            raise ArchiveError(f"{shown}: no such file")
        url = url.set(database=os.path.realpath(url.database))
    try:
        engine = sql.create_engine(url, pool_pre_ping=True)
    except exc.NoSuchModuleError:
        raise ArchiveError(f"{shown}: no kind of database that SQLAlchemy knows") from None
    except ImportError as error:
        driver = (error.name or "").partition(".")[0]
        package = _DRIVERS.get(driver, driver)
        raise ArchiveError(f"{shown}: its driver is missing: pip install '{package}'") from error
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _set_up_sqlite)
    try:
        yield _Place(engine, unquote(table), shown)
    except exc.SQLAlchemyError as error:
        raise ArchiveError(f"{shown}: {_cause(error)}") from None
    except UnicodeEncodeError:
        raise ArchiveError(f"{shown}: a text that is not UTF-8 cannot be given back to the database") from None
    finally:
        engine.dispose()


def _set_up_sqlite(connection: Any, record: object) -> None:
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE}")


def _cause(error: exc.SQLAlchemyError) -> str:
    """What the database said, without the statement."""
    said = str(error.orig if isinstance(error, exc.DBAPIError) else error).strip()
    return said.splitlines()[0] if said else type(error).__name__


def _reflected(base: sql.Engine | sql.Connection, place: _Place) -> sql.Table:
    """The table as the database describes it.

    Raises:
        ArchiveError: it is not there.
    """
    found = _found(base, place.table)
    if found is not None:
        return found
    names = sql.inspect(base).get_table_names()
    there = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    raise ArchiveError(f"{place.shown}: no such table; there are {there or 'none'}")


def _found(base: sql.Engine | sql.Connection, table: str) -> sql.Table | None:
    inspector = sql.inspect(base)
    schema, _, name = ("", "", table) if inspector.has_table(table) else table.rpartition(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)
        try:
            return sql.Table(name, sql.MetaData(), schema=schema or None, autoload_with=base, resolve_fks=False)
        except exc.NoSuchTableError:
            return None


def _plain(table: sql.Table) -> sql.TableClause:
    """The table with columns whose values are left to the driver."""
    return sql.table(table.name, *(sql.column(column.name) for column in table.columns), schema=table.schema)


def _columns(table: sql.TableClause, names: Iterable[str]) -> list[sql.ColumnClause[Any]]:
    return [table.c[name] for name in names]


def _read(
    base: sql.Engine | sql.Connection, table: sql.TableClause, names: Iterable[str]
) -> list[sql.ColumnElement[Any]]:
    """Columns to read: in the spelling of the server where that reads it again in the place of any type."""
    columns = _columns(table, names)
    if base.dialect.name == "postgresql":
        return [sql.cast(column, types.Text()).label(column.name) for column in columns]
    return [*columns]


def _bound(value: object) -> sql.BindParameter[Any]:
    """A value that is left to the driver."""
    return sql.bindparam(None, value, types.NullType(), unique=True)


# Keys


def _key(table: sql.Table, id_field: str, shown: str) -> list[str]:
    """Columns of the primary key, or the unique one that the user named where there is none."""
    if table.primary_key.columns:
        return [column.name for column in table.primary_key.columns]
    if not id_field:
        raise ArchiveError(f"{shown} has no primary key: name a unique column with --id-field")
    constraints = (c.columns.keys() for c in table.constraints if isinstance(c, sql.UniqueConstraint))
    indexes = (list(map(_name, i.expressions)) for i in table.indexes if i.unique and not _is_partial(i))
    if [id_field] not in (*constraints, *indexes) or table.columns[id_field].nullable:
        raise ArchiveError(f"{shown} has no primary key, and {id_field} is no column that is unique and not null")
    return [id_field]


def _name(expression: object) -> str:
    return expression.name if isinstance(expression, sql.Column) else ""


def _is_partial(index: sql.Index) -> bool:
    return any(name.endswith("_where") and value is not None for name, value in index.dialect_kwargs.items())


def _refuse_without_key(connection: sql.Connection, table: sql.TableClause, key: list[str], shown: str) -> None:
    """SQLite alone takes rows whose primary key is null."""
    if connection.dialect.name == "sqlite":
        query = sql.select(sql.literal(1)).select_from(table).where(sql.or_(*(table.c[name].is_(None) for name in key)))
        if connection.execute(query.limit(1)).first():
            raise ArchiveError(f"{shown}: rows whose key is null cannot be found again; give them one")


def _mark(row: Row, key: Sequence[sql.ColumnClause[Any]]) -> str:
    """The key of a row, as JSON."""
    return json.dumps([row[column.name] for column in key], ensure_ascii=False, default=_spelled)


def _spelled(value: object) -> Mapping[str, str]:
    spell = _SPELLED.get(type(value))
    if not spell:
        raise ArchiveError(f"keys of the type {type(value).__name__} cannot be kept")
    return {type(value).__name__: spell(value)}


def _is_row(key: Iterable[sql.ColumnClause[Any]], mark: str) -> sql.ColumnElement[bool]:
    return sql.and_(*(column == _bound(value) for column, value in zip(key, _values(mark), strict=True)))


def _is_behind(key: Sequence[sql.ColumnClause[Any]], values: Sequence[object]) -> sql.ColumnElement[bool]:
    """Whether a row comes behind a key: in words that every database has an index for."""
    first, value = key[0], values[0]
    if len(key) == 1:
        return first > _bound(value)
    return sql.and_(first >= _bound(value), sql.or_(first > _bound(value), _is_behind(key[1:], values[1:])))


def _values(mark: str) -> list[object]:
    values: list[object] = json.loads(
        mark, object_hook=lambda spelled: next(_UNSPELLED[k](v) for k, v in spelled.items())
    )
    return values


# Reading


def _pages(
    connect: Connect,
    columns: Iterable[sql.ColumnElement[Any]],
    key: Sequence[sql.ColumnClause[Any]],
    size: int,
    where: str = "",
    mark: str = "",
) -> Iterator[Sequence[Row]]:
    """Rows in the order of their keys, from behind ``mark`` on, about ``size`` characters of them at a time."""
    asked = _FIRST
    base = _where(sql.select(*columns).order_by(*key), where)
    while True:
        query = base.where(_is_behind(key, _values(mark))) if mark else base
        with connect() as connection:
            rows = _page(connection, query.limit(asked), size)
        if not rows:
            return
        yield rows
        mark = _mark(rows[-1], key)
        asked = min(ROWS, 2 * len(rows))


def _page(connection: sql.Connection, query: sql.Select[Any], size: int) -> Sequence[Row]:
    rows: list[Row] = []
    with connection.execute(query, execution_options={"yield_per": _FIRST}) as result:
        for row in result.mappings():
            rows.append(row)
            size -= sum(len(value) for value in row.values() if isinstance(value, str | bytes))
            if size <= 0:
                break
    return rows


def _where(query: sql.Select[Any], condition: str) -> sql.Select[Any]:
    return query.where(sql.literal_column(f"({condition})", types.Boolean())) if condition else query


def _is_text(column: sql.Column[Any], rows: Sequence[Row]) -> bool:
    """Whether a column holds texts, by its type; by its first values where columns of any type take them."""
    if isinstance(column.type, types.NullType | types.Numeric):
        return any(isinstance(row[column.name], str) for row in rows)
    return isinstance(column.type, types.String) and not isinstance(column.type, types.Enum)


def _column(values: Iterable[object]) -> pa.Array:
    return pa.array([None if value is None else _bytes(value) for value in values], pa.large_binary())


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def _said(value: object) -> str:
    return "" if value is None else _bytes(value).decode("utf-8", "replace")


# Writing


def _batches(changes: Iterable[Change]) -> Iterator[list[list[Change]]]:
    records = by_record(changes)
    while batch := list(islice(records, _BATCH)):
        yield batch


def _updated(
    connection: sql.Connection, table: sql.Table, layout: Layout, records: Iterable[list[Change]]
) -> list[Refused]:
    """Change some rows; those that do not hold what was read are refused."""
    plain = _plain(table)
    key, stamps = _columns(plain, layout.details["key"]), _columns(plain, _stamps(table))
    refused = []
    for record in records:
        try:
            _update(connection, plain, _is_row(key, record[0].key), record, stamps)
        except ArchiveError as error:
            refused.append(Refused(record[0].offset, record[0].key, str(error)))
    return refused


def _stamps(table: sql.Table) -> list[str]:
    """Columns that MySQL sets to the time of every change, unless they are set to what they are."""
    defaults = {column.name: getattr(column.server_default, "arg", "") for column in table.columns}
    return [name for name, default in defaults.items() if "ON UPDATE" in str(default).upper()]


def _update(
    connection: sql.Connection,
    table: sql.TableClause,
    is_row: sql.ColumnElement[bool],
    record: list[Change],
    stamps: Iterable[sql.ColumnClause[Any]],
) -> None:
    """Change a row at once, and leave its stamps.

    Raises:
        ArchiveError: it does not hold what was read.
    """
    names = [change.name for change in record]
    columns = _columns(table, names)
    row = connection.execute(sql.select(*_read(connection, table, names)).where(is_row).with_for_update()).one_or_none()
    if row is None:
        raise ArchiveError("no such row any more")
    new = [changed(cell, change) for cell, change in zip(row, record, strict=True)]
    if new == list(row):
        return
    is_as_read = [column == _bound(cell) for column, cell in zip(columns, row, strict=True)]
    values = {stamp: stamp for stamp in stamps} | {c: _bound(text) for c, text in zip(columns, new, strict=True)}
    if connection.execute(sql.update(table).where(is_row, *is_as_read).values(values)).rowcount != 1:
        raise ArchiveError("changed since it was read")


def _copied(name: str, target: str, layout: Layout, changes: Iterable[Change]) -> list[Refused]:
    """Fill a table with the rows of another one, changed, in one transaction."""
    with _opened(target, is_made=True) as place, place.engine.begin() as connection:
        original = _original(name, place)
        found = _found(connection, place.table)
        table = _made(connection, original, place) if found is None else found
        plain = _plain(table)
        if connection.execute(sql.select(sql.literal(1)).select_from(plain).limit(1)).first():
            raise ArchiveError(f"{place.shown}: holds rows already")
        for rows in _all_rows(name, layout, connection):
            connection.execute(sql.insert(plain), [dict(row) for row in rows])
        return [refused for records in _batches(changes) for refused in _updated(connection, table, layout, records)]


def _all_rows(name: str, layout: Layout, connection: sql.Connection) -> Iterator[Sequence[Row]]:
    """All rows but for what the database computes, read on ``connection`` where that is open to the same database.

    MySQL rounds numbers of single precision unless they are computed with.
    """
    with _opened(name) as place:
        original = _reflected(place.engine, place)
        table = _plain(original)
        copied = [column for column in original.columns if not column.computed]
        columns = _read(connection, table, (column.name for column in copied))
        if connection.dialect.name in ("mysql", "mariadb"):
            exact = {column.name for column in copied if isinstance(column.type, types.Float)}
            columns = [(c * sql.literal_column("1e0")).label(c.name) if c.name in exact else c for c in columns]
        is_same = place.engine.url == connection.engine.url
        connect: Connect = (lambda: nullcontext(connection)) if is_same else place.engine.connect
        yield from _pages(connect, columns, _columns(table, layout.details["key"]), _PAGE)


def _original(name: str, copy: _Place) -> sql.Table:
    """The table that is copied.

    Raises:
        ArchiveError: its database is of another kind than that of the copy.
    """
    with _opened(name) as place:
        if place.engine.dialect.name != copy.engine.dialect.name:
            raise ArchiveError(f"{copy.shown}: a copy needs a database of the same kind as {place.shown}")
        return _reflected(place.engine, place)


def _made(connection: sql.Connection, table: sql.Table, place: _Place) -> sql.Table:
    """A table made like another one: empty, without foreign keys, its constraints and indexes named anew."""
    schema, _, name = place.table.rpartition(".")
    table.schema = schema or None
    table.name = sql.quoted_name(name, None)
    table.constraints -= table.foreign_key_constraints
    for constraint in table.constraints:
        constraint.name = None
    for number, index in enumerate(sorted(table.indexes, key=lambda index: str(index.name)), 1):
        index.name = sql.quoted_name(f"{name}_{number}", None)
    for column in table.columns:
        if column.identity:
            column.identity.always = False
        if isinstance(column.type, types.NullType) and connection.dialect.name == "sqlite":
            column.type = types.BLOB()
    try:
        table.create(connection)
    except exc.SQLAlchemyError as error:
        raise ArchiveError(f"{place.shown}: cannot be made like its source; make it, empty ({_cause(error)})") from None
    return table
