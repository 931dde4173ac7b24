"""Tables of a PostgreSQL server that others read and write meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rows import SPAM, body_of, clean, cuts_of, texts_of, title_of, undone
from servers import postgres

from cleaner.archive.formats.tables import layout, rewrite
from cleaner.archive.records import ArchiveError, Change, Text, Wanted

psycopg = pytest.importorskip("psycopg")

ROWS = 20_000


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """A server of its own, which is reached through a socket in its folder."""
    with postgres() as folder:
        yield folder


@pytest.fixture
def base(server: Path) -> Iterator[Any]:
    """A connection to a database that is made for the test."""
    with psycopg.connect(f"host={server} user=editor dbname=postgres", autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS news WITH (FORCE)")
        admin.execute("CREATE DATABASE news")
        with psycopg.connect(f"host={server} user=editor dbname=news", autocommit=True) as connection:
            yield connection


def address(server: Path, table: str, database: str = "news") -> str:
    return f"postgresql+psycopg://editor@/{database}?host={server}#{table}"


def fill(base: Any, rows: int = ROWS) -> None:
    base.execute("CREATE TABLE posts (id SERIAL PRIMARY KEY, title VARCHAR(300) NOT NULL, body TEXT, views INTEGER)")
    with base.cursor() as cursor, cursor.copy("COPY posts (title, body, views) FROM STDIN") as copy:
        for n in range(rows):
            copy.write_row((title_of(n), None if n % 50 == 3 else body_of(n), n))


def rows_of(base: Any, table: str = "posts") -> list[Any]:
    """All rows, as the server spells them, in the order of their keys."""
    return [row for (row,) in base.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()]


def cleaned(rows: list[str]) -> list[str]:
    return sorted(map(clean, rows))


def test_others_read_whole_rows_and_lose_nothing_that_they_write(server: Path, base: Any) -> None:
    fill(base)
    name = address(server, "posts")
    found = layout(name, Wanted())
    assert (found.fields, found.id_field, found.details["key"]) == (("title", "body"), "id", ["id"])
    read = [text for text in texts_of("tables", name, found, 1 << 20) if isinstance(text, Text)]
    assert [text.offset for text in read if text.name == "title"] == list(range(ROWS))
    before = rows_of(base)
    changes = cuts_of("tables", name, found)
    cut = {change.offset + 1 for change in changes}
    assert len(cut) > 2800
    original = {n + 1: (title_of(n), None if n % 50 == 3 else body_of(n)) for n in range(ROWS)}
    edited, deleted, written = ({*sorted(cut)[at::50]} for at in (0, 1, 2))
    edited = {number for number in edited if original[number][1]}
    base.execute("UPDATE posts SET body = body || ' Tin bổ sung.' WHERE id = ANY(%s)", (list(edited),))
    base.execute("DELETE FROM posts WHERE id = ANY(%s)", (list(deleted),))
    is_over = Event()

    def read_on(first: int) -> set[str]:
        """Reads rows again and again; what is seen of them: old, new or anything else."""
        seen = set[str]()
        with psycopg.connect(f"host={server} user=editor dbname=news", autocommit=True) as reader:
            reader.execute("SET lock_timeout = 1")  # who has to wait fails
            while not is_over.wait(0.02) or not seen:
                first = (first + 500) % ROWS
                between = (first, first + 500)
                rows = reader.execute(
                    "SELECT id, title, body FROM posts WHERE id BETWEEN %s AND %s", between
                ).fetchall()
                for number, *texts in rows:
                    if number in cut and number not in edited | written:
                        old = list(original[number])
                        new = [text and clean(text) for text in old]
                        seen.add("old" if texts == old else "new" if texts == new else repr(texts))
        return seen

    def write_on() -> None:
        with psycopg.connect(f"host={server} user=editor dbname=news", autocommit=True) as writer:
            for number in sorted(written, reverse=True):
                writer.execute("UPDATE posts SET title = title || ' (đã duyệt)' WHERE id = %s", (number,))

    with ThreadPoolExecutor(4) as others:
        readers = [others.submit(read_on, first) for first in (0, 7000, 14_000)]
        writer = others.submit(write_on)
        try:
            refused = {refused.offset + 1: refused.cause for refused in rewrite(name, name, found, changes)}
            writer.result()
        finally:
            is_over.set()
        assert set().union(*(reader.result() for reader in readers)) <= {"old", "new"}

    assert edited | deleted <= set(refused) <= edited | deleted | written
    assert {refused[number] for number in deleted} == {"no such row any more"}
    assert all(refused[number].endswith("changed since it was read") for number in edited)
    held = {number: tuple(texts) for number, *texts in base.execute("SELECT id, title, body FROM posts")}
    for number, (title, body) in original.items():
        if number in written:
            wanted = (title, body) if number in refused else (clean(title), body and clean(body))
            assert held[number] == (wanted[0] + " (đã duyệt)", wanted[1])
        elif number not in refused:
            assert held[number] == (clean(title), body and clean(body))
    base.execute("UPDATE posts SET title = replace(title, ' (đã duyệt)', '')")
    again = {refused.offset + 1 for refused in rewrite(name, name, found, undone(changes))}
    assert edited | deleted == again
    after = rows_of(base)
    assert sorted(set(before) - set(after)) == sorted(row for row in before if int(row[1:].split(",")[0]) in again)


ALL_KINDS = """
CREATE TYPE section AS ENUM ('thời sự', 'kinh tế');
CREATE TABLE kinds (
    n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body TEXT NOT NULL, short CHAR(200), section section DEFAULT 'kinh tế', tags TEXT[], meta JSONB, raw JSON,
    code UUID UNIQUE, price NUMERIC(20, 5), share DOUBLE PRECISION, at TIMESTAMPTZ, day DATE, took INTERVAL,
    picture BYTEA, host INET, range INT4RANGE, is_open BOOLEAN, words TSVECTOR, empty TEXT,
    length INTEGER GENERATED ALWAYS AS (length(body)) STORED
);
CREATE INDEX found_by_words ON kinds USING gin (words);
INSERT INTO kinds (body, short, section, tags, meta, raw, code, price, share, at, day, took, picture, host, range,
    is_open, words, empty)
SELECT b, left(b, 150), 'thời sự', ARRAY['a', NULL, 'b"c'], '{"x": [1, null, 1.10]}', '{"b" : 1, "a":  2, "b": null}',
    gen_random_uuid(), 12345.67800, 'NaN', 'infinity', '0044-03-15 BC', '1 mon 3 days 04:05', '\\x00ff', '10.0.0.1/8',
    '[1,5)', true, to_tsvector('simple', b), ''
FROM unnest(%s::text[]) b;
INSERT INTO kinds (body, meta, raw) VALUES (%s, 'null', 'null');
INSERT INTO kinds (body) VALUES ('Tin ngắn');
"""


@pytest.fixture
def kinds(base: Any) -> Any:
    with psycopg.ClientCursor(base) as cursor:
        cursor.execute(ALL_KINDS, ([body_of(n) for n in range(300)], body_of(6)))
    return base


def test_a_copy_in_the_same_database_has_the_same_rows_of_all_types(server: Path, kinds: Any) -> None:
    kinds.execute('CREATE SCHEMA "Đã sạch"')
    before = rows_of(kinds, "kinds")
    name, target = address(server, "public.kinds"), address(server, "Đã sạch.kinds")
    found = layout(name, Wanted(("body", "short")))
    changes = cuts_of("tables", name, found)
    assert len({change.key for change in changes}) == 43
    assert list(rewrite(name, target, found, changes)) == []
    assert rows_of(kinds, "kinds") == before
    copied = rows_of(kinds, '"Đã sạch".kinds')
    assert len(copied) == len(before)
    assert [row for row in before if SPAM not in row] == [row for row in copied if row in {*before}]
    described = (
        "SELECT column_name, data_type, udt_name, character_maximum_length, numeric_precision, is_nullable,"
        " is_generated, is_identity FROM information_schema.columns WHERE table_schema = %s AND table_name = 'kinds'"
        " ORDER BY ordinal_position"
    )
    schemas = [kinds.execute(described, (schema,)).fetchall() for schema in ("public", "Đã sạch")]
    assert schemas[0] == schemas[1]
    assert list(rewrite(target, target, found, undone(changes))) == []
    assert rows_of(kinds, '"Đã sạch".kinds') == before
    with pytest.raises(ArchiveError, match=r"kinds: holds rows already"):
        list(rewrite(name, target, found, changes))


def test_a_copy_in_another_database(server: Path, kinds: Any) -> None:
    kinds.execute("CREATE DATABASE clean")
    try:
        name, target = address(server, "kinds"), address(server, "kinds", "clean")
        found = layout(name, Wanted(("body", "short")))
        changes = cuts_of("tables", name, found)
        assert list(rewrite(name, target, found, changes)) == []
        with psycopg.connect(f"host={server} user=editor dbname=clean", autocommit=True) as copy:
            before, copied = rows_of(kinds, "kinds"), rows_of(copy, "kinds")
            assert [row for row in before if SPAM not in row] == [row for row in copied if row in {*before}]
            assert list(rewrite(target, target, found, undone(changes))) == []
            assert rows_of(copy, "kinds") == before
    finally:
        kinds.execute("DROP DATABASE clean WITH (FORCE)")


def test_a_type_that_cannot_be_made_is_told(server: Path, kinds: Any) -> None:
    kinds.execute("CREATE TYPE place AS (town TEXT, street TEXT); ALTER TABLE kinds ADD place place")
    name = address(server, "kinds")
    assert layout(name, Wanted()).fields == ("body",)
    for column in ("price", "place", "meta", "section", "at"):
        with pytest.raises(ArchiveError, match=f"no column '{column}' of text"):
            layout(name, Wanted((column,)))
    found = layout(name, Wanted(("body",)))
    with pytest.raises(ArchiveError, match=r"news#clean: cannot be made like its source; make it, empty \(.*place"):
        list(rewrite(name, address(server, "clean"), found, []))
    kinds.execute("CREATE TABLE clean (LIKE kinds INCLUDING ALL); ALTER TABLE clean ALTER n SET GENERATED BY DEFAULT")
    assert list(rewrite(name, address(server, "clean"), found, [])) == []
    assert rows_of(kinds, "clean") == rows_of(kinds, "kinds")


@pytest.mark.parametrize(
    ("columns", "key", "values"),
    [
        ("k UUID", "k", "gen_random_uuid()"),
        ("k TIMESTAMPTZ", "k", "timestamptz '2024-01-01' + n * interval '1 microsecond'"),
        ("k DATE", "k", "date '2020-01-01' - n::int"),
        ("k NUMERIC", "k", "(n - 100) / 7.0"),
        ("k BYTEA", "k", "decode(md5(n::text), 'hex')"),
        ("k CHAR(12)", "k", "'bài ' || n"),
        ("k TEXT, z SMALLINT, d DATE", "z, d, k", "'a ' || n % 5, n % 3, date '2024-01-01' + n::int / 9"),
    ],
)
def test_keys_of_all_kinds(server: Path, base: Any, columns: str, key: str, values: str) -> None:
    base.execute(f'CREATE TABLE "Bài viết" ({columns}, "Nội dung %(x)s" TEXT, PRIMARY KEY ({key}))')
    with psycopg.ClientCursor(base) as cursor:
        bodies = [body_of(n) for n in range(500)]
        numbered = "unnest(%s::text[]) WITH ORDINALITY r(b, n)"
        cursor.execute(f'INSERT INTO "Bài viết" SELECT {values.replace("%", "%%")}, b FROM {numbered}', (bodies,))
    name = address(server, "Bài%20viết")
    found = layout(name, Wanted(("Nội dung %(x)s",)))
    before = rows_of(base, '"Bài viết"')
    read = [text for text in texts_of("tables", name, found) if isinstance(text, Text)]
    assert sorted(text.text for text in read) == sorted(bodies)
    changes = cuts_of("tables", name, found)
    assert len(changes) == 71
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(base, '"Bài viết"') == cleaned(before)
    base.execute("CREATE SCHEMA two")
    target = address(server, "two.Bài%20viết")
    assert list(rewrite(name, target, found, undone(changes))) == []
    assert rows_of(base, 'two."Bài viết"') == before


def test_a_connection_that_is_lost(server: Path, base: Any) -> None:
    fill(base, 6000)
    name = address(server, "posts")
    found = layout(name, Wanted())
    before = rows_of(base)
    changes = cuts_of("tables", name, found)

    def cutting_off() -> Iterator[Change]:
        for number, change in enumerate(changes):
            if number == 500:
                base.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            yield change

    base.execute("CREATE SCHEMA two")
    with pytest.raises(ArchiveError, match=r"postgresql\+psycopg://editor@/news#two\.posts: .*terminat"):
        list(rewrite(name, address(server, "two.posts"), found, cutting_off()))
    assert base.execute("SELECT to_regclass('two.posts')").fetchone() == (None,)
    assert rows_of(base) == before
    assert list(rewrite(name, name, found, cutting_off())) == []
    assert rows_of(base) == cleaned(before)


def test_what_the_server_refuses_is_told(server: Path, base: Any, tmp_path: Path) -> None:
    fill(base, 100)
    name = address(server, "posts")
    found = layout(name, Wanted(("body",)))
    with pytest.raises(ArchiveError, match=r'/nowhere#posts: .*database "nowhere" does not exist'):
        layout(address(server, "posts", "nowhere"), Wanted())
    with pytest.raises(ArchiveError, match="#nothing: no such table; there are posts"):
        layout(address(server, "nothing"), Wanted())
    with pytest.raises(ArchiveError, match=r"#posts: .*syntax error"):
        layout(name, Wanted(where="views >"))
    with pytest.raises(ArchiveError, match="a copy needs a database of the same kind as postgresql"):
        list(rewrite(name, f"sqlite:///{tmp_path / 'a.db'}#posts", found, []))
    base.execute("ALTER TABLE posts DROP CONSTRAINT posts_pkey")
    with pytest.raises(ArchiveError, match="posts has no primary key: name a unique column with --id-field"):
        layout(name, Wanted())
    base.execute("CREATE UNIQUE INDEX ON posts (lower(title), id)")
    with pytest.raises(ArchiveError, match="id is no column that is unique and not null"):
        layout(name, Wanted(id_field="id"))
    base.execute("CREATE UNIQUE INDEX ON posts (id)")
    assert layout(name, Wanted(("body",), "id")).details["key"] == ["id"]
    base.execute("CREATE ROLE reader LOGIN; GRANT SELECT ON posts TO reader")
    reader = name.replace("editor@", "reader@")
    with pytest.raises(ArchiveError, match="permission denied for table posts"):
        list(rewrite(reader, reader, found, cuts_of("tables", name, found)))
