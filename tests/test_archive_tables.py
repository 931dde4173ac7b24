"""Tables of databases, here of SQLite: texts are found by their keys, and nothing but them is changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import SPAM, body_of, change_of, clean, cuts_of, texts_of, title_of, undone

from cleaner.archive.formats.tables import layout, pieces, rewrite, texts
from cleaner.archive.records import ArchiveError, Bad, Change, Text, Wanted
from cleaner.types import Edit

ROWS = 1500
SCHEMA = """
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    body TEXT,
    published DATETIME,
    url TEXT UNIQUE,
    views NUMERIC DEFAULT 0,
    picture BLOB,
    misc
);
CREATE INDEX by_time ON posts (published, views);
"""


def post(number: int) -> tuple[Any, ...]:
    """A row as careless programs write it, with values that their columns do not promise."""
    return (
        number * 3,
        title_of(number),
        None if number % 10 == 3 else body_of(number),
        (f"2024-03-{number % 28 + 1:02}T07:30:00+07:00", 1_710_000_000 + number)[number % 5 == 4],
        f"https://bao.example/bai-{number}.html",
        (number, number / 7, "nhiều", None)[number % 4],
        bytes([number % 256, 0, 255]),
        (number, "chữ", b"\0", 1.5, None)[number % 5],
    )


def base_of(path: Path, rows: int = ROWS) -> str:
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(SCHEMA)
        base.executemany("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(post, range(rows)))
    return f"sqlite:///{path}#posts"


def done(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        for statement in statements:
            base.execute(statement)


def rows_of(path: Path, table: str = "posts") -> list[tuple[Any, ...]]:
    """All rows, to the last bit."""
    with closing(sqlite3.connect(path)) as base:
        base.text_factory = bytes
        names = [row[1].decode().replace('"', '""') for row in base.execute(f'PRAGMA table_info("{table}")')]
        values = ", ".join(f'typeof("{name}"), "{name}"' for name in names)
        return base.execute(f'SELECT {values} FROM "{table}" ORDER BY 2, 4').fetchall()


def cleaned(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    spam = SPAM.encode()
    return [tuple(value.replace(spam, b"") if isinstance(value, bytes) else value for value in row) for row in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "articles.db"


def test_finds_its_texts_and_what_is_told_of_them(path: Path) -> None:
    name = base_of(path)
    found = layout(name, Wanted())
    assert (found.fields, found.id_field, found.date_field, found.link_field) == (
        ("title", "body"), "id", "published", "url",
    )  # fmt: skip
    assert found.details["key"] == ["id"]
    read = [text for text in texts_of("tables", name, found) if isinstance(text, Text)]
    assert [text.text for text in read if text.name == "title"] == [title_of(n) for n in range(ROWS)]
    assert [text.text for text in read if text.name == "body"] == [body_of(n) for n in range(ROWS) if n % 10 != 3]
    last = read[-1]
    assert (last.record, last.key, last.offset) == ("4497", "[4497]", 1499)
    assert (last.date, last.link) == ("1710001499", "https://bao.example/bai-1499.html")


def test_what_comes_and_goes_meanwhile_is_neither_read_twice_nor_stops_the_reading(path: Path) -> None:
    name = base_of(path)
    found = layout(name, Wanted(("title",)))
    parts = pieces(name, found, 4000)
    first = next(parts)
    done(
        path,
        "DELETE FROM posts WHERE id IN (0, 3, 6, 4497, 3000)",
        "INSERT INTO posts (id, title) VALUES (1, 'Tin đến muộn'), (3001, 'Tin mới đăng')",
    )
    rest = list(parts)
    read = [text.record for part in [first, *rest] for text in texts(part, found)]
    expected = [str(3 * n) for n in range(ROWS)]
    expected[1000:1001] = ["3001"]
    assert read == expected[:-1]


def test_reading_goes_on_behind_the_mark_of_any_piece(path: Path) -> None:
    name = base_of(path, 300)
    found = layout(name, Wanted(("title", "body")))
    parts = list(pieces(name, found, 2000))
    assert len(parts) > 10
    for number, part in enumerate(parts[:-1]):
        assert next(pieces(name, found, 2000, part.end, part.mark)).offset == parts[number + 1].offset
        rest = [row for p in pieces(name, found, 2000, part.end, part.mark) for row in texts(p, found)]
        whole = [row for p in parts[number + 1 :] for row in texts(p, found)]
        assert [(r.record, r.offset) for r in rest] == [(r.record, r.offset) for r in whole]


def test_cuts_in_place_and_nothing_else(path: Path) -> None:
    name = base_of(path)
    before = rows_of(path)
    found = layout(name, Wanted())
    changes = cuts_of("tables", name, found)
    assert len(changes) > 200
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(path) == cleaned(before) != before
    assert list(rewrite(name, name, found, undone(changes))) == []
    assert rows_of(path) == before


def test_a_run_that_was_stopped_can_be_repeated(path: Path) -> None:
    name = base_of(path, 4000)
    before = rows_of(path)
    found = layout(name, Wanted())
    changes = cuts_of("tables", name, found)

    def stopping() -> Iterator[Change]:
        yield from changes[:400]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(rewrite(name, name, found, stopping()))
    assert rows_of(path) not in (before, cleaned(before))
    assert list(rewrite(name, name, found, changes)) == []
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(path) == cleaned(before)


def test_rows_that_were_changed_meanwhile_are_refused_and_left(path: Path) -> None:
    name = base_of(path)
    found = layout(name, Wanted())
    changes = cuts_of("tables", name, found)
    done(
        path,
        "UPDATE posts SET body = body || ' Cập nhật lúc 9 giờ.' WHERE id = 18",
        "UPDATE posts SET body = replace(body, 'Nhà cái', 'NHÀ CÁI') WHERE id = 123",
        "UPDATE posts SET title = 'Tiêu đề khác' WHERE id = 60",
        "UPDATE posts SET body = NULL WHERE id = 81",
        "UPDATE posts SET body = x'00ff' WHERE id = 102",
        "DELETE FROM posts WHERE id = 144",
    )
    before = {row[1]: row for row in rows_of(path)}
    refused = {r.key: r.cause for r in rewrite(name, name, found, changes)}
    assert refused == {
        "[18]": "body: changed since it was read",
        "[123]": "body: changed since it was read",
        "[60]": "title: changed since it was read",
        "[81]": "body: holds no text any more",
        "[102]": "body: holds no text any more",
        "[144]": "no such row any more",
    }
    after = {row[1]: row for row in rows_of(path)}
    assert SPAM.encode() in after[60][5]
    for key, row in before.items():
        assert after[key] == (row if f"[{key}]" in refused else cleaned([row])[0])
    again = {r.key for r in rewrite(name, name, found, undone(changes))}
    assert again == set(refused)
    assert {row[1]: row for row in rows_of(path)} == before


def test_a_row_that_is_changed_between_looking_and_writing_is_refused(path: Path) -> None:
    name = base_of(path, 50)
    found = layout(name, Wanted(("body",)))
    changes = cuts_of("tables", name, found)
    done(
        path,
        "CREATE TRIGGER another BEFORE UPDATE ON posts WHEN old.id = 18 BEGIN SELECT raise(IGNORE); END",
    )
    assert [(r.key, r.cause) for r in rewrite(name, name, found, changes)] == [("[18]", "changed since it was read")]


@pytest.mark.parametrize("there", ["new file", "empty table", "same file"])
def test_a_copy_has_the_rows_of_the_source_with_the_changes(path: Path, tmp_path: Path, there: str) -> None:
    name = base_of(path)
    before = rows_of(path)
    other = path if there == "same file" else tmp_path / "cleaned.db"
    target = f"sqlite:///{other}#{'clean' if there == 'same file' else 'posts'}"
    if there == "empty table":
        done(other, SCHEMA.split(";")[0])
    found = layout(name, Wanted())
    changes = cuts_of("tables", name, found)
    assert list(rewrite(name, target, found, changes)) == []
    table = target.partition("#")[2]
    assert rows_of(path) == before
    assert rows_of(other, table) == cleaned(before)
    assert layout(target, Wanted()) == found
    if there != "empty table":
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(other)) as new:
            columns = "SELECT name, iif(type = '', 'BLOB', type), dflt_value, pk FROM pragma_table_info('{}')"
            indexes = "SELECT \"unique\", partial FROM pragma_index_list('{}') ORDER BY 1"
            for query in (columns, indexes):
                assert new.execute(query.format(table)).fetchall() == old.execute(query.format("posts")).fetchall()
    with pytest.raises(ArchiveError, match="holds rows already"):
        list(rewrite(name, target, found, changes))
    assert list(rewrite(target, target, found, undone(changes))) == []
    assert rows_of(other, table) == before


def test_a_copy_that_fails_leaves_no_rows(path: Path, tmp_path: Path) -> None:
    name, target = base_of(path), f"sqlite:///{tmp_path / 'cleaned.db'}#posts"
    done(tmp_path / "cleaned.db", "CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT CHECK (id < 4000))")
    found = layout(name, Wanted())
    with pytest.raises(ArchiveError, match=r"cleaned\.db#posts: "):
        list(rewrite(name, target, found, []))
    assert rows_of(tmp_path / "cleaned.db") == []


KEYS = {
    "two columns": ("site TEXT, n INTEGER, body TEXT, PRIMARY KEY (site, n)", "'báo ' || (n % 3), n, b"),
    "three columns": (
        "a INTEGER, z REAL, c BLOB, body TEXT, PRIMARY KEY (c, a, z)",
        "n % 2, n / 4.0, CAST(x'00ff' || (n % 5) AS BLOB), b",
    ),
    "words": ("slug TEXT COLLATE NOCASE PRIMARY KEY, body TEXT", "printf('Bài %d: ''\"%%', n * 7919 % 5000), b"),
    "bytes": ("hash BLOB PRIMARY KEY, body TEXT", "randomblob(16), b"),
    "big numbers": ("n INTEGER PRIMARY KEY, body TEXT", "9007199254740993 + n * (1 - n % 2 * 2), b"),
    "any name": ('"mã ""số"" %s :x" TEXT PRIMARY KEY, body TEXT', "'k' || n, b"),
}


@pytest.mark.parametrize(("columns", "values"), KEYS.values(), ids=KEYS)
def test_keys_of_all_kinds(path: Path, columns: str, values: str) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.create_function("body_of", 1, body_of)
        base.execute(f"CREATE TABLE t ({columns}) WITHOUT ROWID")
        base.execute(
            "WITH RECURSIVE r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 699)"
            f" INSERT INTO t SELECT {values} FROM (SELECT n, body_of(n) AS b FROM r)"
        )
    name = f"sqlite:///{path}#t"
    before = rows_of(path, "t")
    found = layout(name, Wanted(("body",)))
    read = [text for text in texts_of("tables", name, found) if isinstance(text, Text)]
    assert sorted(text.text for text in read) == sorted(body_of(n) for n in range(700))
    assert len({text.key for text in read}) == 700
    changes = cuts_of("tables", name, found)
    assert len(changes) == 100
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(path, "t") == cleaned(before)


def test_a_unique_column_stands_in_for_a_key(path: Path) -> None:
    name = f"sqlite:///{path}#t"
    done(path, "CREATE TABLE t (slug TEXT NOT NULL, n INTEGER, body TEXT)")
    with pytest.raises(ArchiveError, match="t has no primary key: name a unique column with --id-field"):
        layout(name, Wanted())
    for column in ("slug", "n", "nothing"):
        with pytest.raises(ArchiveError, match=f"{column} is no column that is unique and not null"):
            layout(name, Wanted(id_field=column))
    done(path, "CREATE UNIQUE INDEX one ON t (slug) WHERE n > 5", "CREATE UNIQUE INDEX two ON t (n)")
    for column in ("slug", "n"):
        with pytest.raises(ArchiveError, match=f"{column} is no column that is unique and not null"):
            layout(name, Wanted(id_field=column))
    done(path, "CREATE UNIQUE INDEX three ON t (slug)", f"INSERT INTO t VALUES ('a', 1, '{body_of(6)}')")
    found = layout(name, Wanted(("body",), "slug"))
    changes = cuts_of("tables", name, found)
    assert [change.key for change in changes] == ['["a"]']
    assert list(rewrite(name, name, found, changes)) == []
    assert [text.text for text in texts_of("tables", name, found) if isinstance(text, Text)] == [clean(body_of(6))]


def test_rows_whose_key_is_null_are_told(path: Path) -> None:
    done(path, "CREATE TABLE t (slug TEXT PRIMARY KEY, body TEXT)", "INSERT INTO t VALUES (NULL, 'Tin'), ('a', 'Tin')")
    with pytest.raises(ArchiveError, match="rows whose key is null"):
        layout(f"sqlite:///{path}#t", Wanted(("body",)))


def test_a_condition_chooses_rows(path: Path, tmp_path: Path) -> None:
    name = base_of(path)
    done(path, "UPDATE posts SET title = 'Giá 50% :x' WHERE id = 30")
    found = layout(name, Wanted(("title",), where="title LIKE '%50% :x' OR id < 20 AND id % 2 = 1"))
    read = [text.record for text in texts_of("tables", name, found)]
    assert read == ["3", "9", "15", "30"]
    target = f"sqlite:///{tmp_path / 'b.db'}#posts"
    assert list(rewrite(name, target, found, [])) == []
    assert len(rows_of(tmp_path / "b.db")) == ROWS
    with pytest.raises(ArchiveError, match=r"articles\.db#posts: .*nothing"):
        layout(name, Wanted(where="nothing = 1"))


def test_cells_that_hold_no_text_are_told_and_stay(path: Path) -> None:
    name = base_of(path, 30)
    done(
        path,
        "UPDATE posts SET body = CAST(x'54696eff' AS TEXT) WHERE id = 18",
        "UPDATE posts SET body = x'ff' WHERE id = 21",
    )
    before = rows_of(path)
    found = layout(name, Wanted())
    bad = [record for record in texts_of("tables", name, found) if isinstance(record, Bad)]
    assert bad == [
        Bad("18", 6, "body: byte 3 is not UTF-8", b"Tin\xff"),
        Bad("21", 7, "body: byte 0 is not UTF-8", b"\xff"),
    ]
    changes = cuts_of("tables", name, found)
    assert [change.key for change in changes] == ["[60]", "[60]", "[81]"]
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(path) == cleaned(before)


def test_empty_tables(path: Path, tmp_path: Path) -> None:
    name = base_of(path, 0)
    found = layout(name, Wanted(("body",)))
    assert list(pieces(name, found, 1000)) == []
    assert list(rewrite(name, f"sqlite:///{tmp_path / 'b.db'}#posts", found, [])) == []
    assert rows_of(tmp_path / "b.db") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sqlite:///{}/none.db#posts", r"none\.db#posts: no such file"),
        ("sqlite:///{}/text.db#posts", r"text\.db#posts: file is not a database"),
        ("sqlite:///{}/articles.db#post", r"articles\.db#post: no such table; there are a, b, posts"),
        ("sqlite:///{}/articles.db", "a table is named by the address of its database"),
        ("bài viết#posts", "a table is named by the address of its database"),
        ("nosuchbase://host/db#posts", "nosuchbase://host/db#posts: no kind of database that SQLAlchemy knows"),
        ("mssql+pyodbc://u:bimat@host/db#posts", r"u:\*\*\*@host/db#posts: its driver is missing: .*'pyodbc'"),
        ("mysql+mysqldb://u:bimat@host/db#posts", "its driver is missing: pip install 'mysqlclient'"),
        ("postgresql+psycopg://u:bimat@127.0.0.1:1/db?password=bimat#t", r"u:\*\*\*@127\.0\.0\.1:1/db#t: .*refused"),
        ("mysql+pymysql://u:bimat@127.0.0.1:1/db#posts", r"u:\*\*\*@127\.0\.0\.1:1/db#posts: .*connect"),
    ],
)  # fmt: skip
def test_names_what_is_wrong_and_no_password(tmp_path: Path, name: str, message: str) -> None:
    base_of(tmp_path / "articles.db", 3)
    done(tmp_path / "articles.db", "CREATE TABLE a (x)", "CREATE TABLE b (x)")
    (tmp_path / "text.db").write_text("Không phải cơ sở dữ liệu, chỉ là một bài viết." * 50)
    with pytest.raises(ArchiveError, match=message) as caught:
        layout(name.format(tmp_path), Wanted())
    assert "bimat" not in str(caught.value)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(("views",)), ""),
        (Wanted(("picture",)), r"no column 'picture' of text \(there are: id \(INTEGER\), title \(VARCHAR\(200\)\), "),
        (Wanted(("published",)), "no column 'published' of text"),
        (Wanted(("nội dung",)), "no column 'nội dung' of text"),
        (Wanted(id_field="mã"), "no field 'mã'"),
    ],
)
def test_names_what_there_is(path: Path, wanted: Wanted, message: str) -> None:
    name = base_of(path, 50)
    if not message:
        assert layout(name, wanted).fields == ("views",)
        return
    with pytest.raises(ArchiveError, match=message):
        layout(name, wanted)


def test_a_table_without_texts(path: Path) -> None:
    done(path, "CREATE TABLE t (id INTEGER PRIMARY KEY, picture BLOB)", "INSERT INTO t VALUES (1, x'00')")
    with pytest.raises(ArchiveError, match=r"#t: no column of text \(there are: id \(INTEGER\), picture \(BLOB\)\)"):
        layout(f"sqlite:///{path}#t", Wanted())


def test_a_target_that_cannot_be_made(path: Path, tmp_path: Path) -> None:
    name = base_of(path, 3)
    with pytest.raises(ArchiveError, match=r"b\.db#posts: unable to open database file"):
        list(rewrite(name, f"sqlite:///{tmp_path}/none/b.db#posts", layout(name, Wanted(("body",))), []))


def test_names_that_need_quoting(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute('CREATE TABLE "Bài.viết #1" (id INTEGER PRIMARY KEY, "Nội ""dung"" %(x)s" TEXT, "select" TEXT)')
        base.executemany('INSERT INTO "Bài.viết #1" VALUES (?, ?, ?)', ((n, body_of(n), "x") for n in range(200)))
    name, target = f"sqlite:///{path}#Bài.viết%20%231", f'sqlite:///{tmp_path / "b.db"}#Chép "lại"'
    found = layout(name, Wanted(('Nội "dung" %(x)s',)))
    changes = cuts_of("tables", name, found)
    assert len(changes) == 28
    before = rows_of(path, "Bài.viết #1")
    assert list(rewrite(name, target, found, changes)) == []
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(path, "Bài.viết #1") == rows_of(tmp_path / "b.db", 'Chép ""lại""') == cleaned(before) != before


CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), CELLS, min_size=1, max_size=9),
    st.data(),
)
def test_what_is_edited_is_what_is_read_again(
    tmp_path: Path, cells: dict[str, str | None], data: st.DataObject
) -> None:
    path, copy = tmp_path / "a.db", tmp_path / "b.db"
    path.unlink(missing_ok=True)
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE t (k TEXT PRIMARY KEY, body TEXT)")
        base.executemany("INSERT INTO t VALUES (?, ?)", cells.items())
    name = f"sqlite:///{path}#t"
    before = rows_of(path, "t")
    found = layout(name, Wanted(("body",)))
    expected = dict(cells)
    changes: list[Change] = []
    read = [text for text in texts_of("tables", name, found, 20) if isinstance(text, Text)]
    assert len(read) == sum(cell is not None for cell in cells.values())
    for text in read:
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text.text))] * 2)))
        edit = Edit(start, end, data.draw(st.sampled_from(["", " ", "…", "\n\n"])))
        changes.append(change_of(text, edit))
        expected[json.loads(text.key)[0]] = text.text[:start] + edit.replacement + text.text[end:]
    for target, file in ((f"sqlite:///{copy}#t", copy), (name, path)):
        assert list(rewrite(name, target, found, changes)) == []
        with closing(sqlite3.connect(file)) as base:
            assert dict(base.execute("SELECT k, body FROM t")) == expected
    assert list(rewrite(name, name, found, undone(changes))) == []
    assert rows_of(path, "t") == before
