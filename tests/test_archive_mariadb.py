"""Tables of a MariaDB server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rows import SPAM, body_of, clean, cuts_of, texts_of, title_of, undone
from test_archive_batch import CLEANED, INFECTED, batch, run

from cleaner.archive.formats.tables import layout, rewrite
from cleaner.archive.records import ArchiveError, Change, Text, Wanted

pymysql = pytest.importorskip("pymysql")

OWNER = "mysql"
"""The user that Debian's package makes: the server does not run as root."""
PATIENCE = 60
"""Seconds until the server answers."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of its own, on this port of this machine alone."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    server, install = shutil.which("mariadbd", path=path), shutil.which("mariadb-install-db", path=path)
    if not server or not install:
        pytest.skip("no MariaDB here: `make mariadb` installs it")
    folder = Path(tempfile.mkdtemp(prefix="cleaner-"))
    user = []
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
        user = [f"--user={OWNER}"]
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        number = int(free.getsockname()[1])
    data = f"--datadir={folder / 'data'}"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    try:
        made = [install, "--no-defaults", data, *user, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(made, check=True, **quiet)
        options = [f"--socket={folder / 'socket'}", f"--port={number}", "--bind-address=127.0.0.1"]
        options += ["--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0"]
        process = subprocess.Popen([server, "--no-defaults", data, *user, *options], **quiet)
        try:
            _wait(process, number)
            yield number
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="root").close()
        except pymysql.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the MariaDB server does not start")


@pytest.fixture
def base(port: int) -> Iterator[Any]:
    """A connection to a database that is made for the test."""
    with closing(pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)) as connection:
        done(connection, "DROP DATABASE IF EXISTS news", "CREATE DATABASE news CHARACTER SET utf8mb4", "USE news")
        done(connection, "SET time_zone = '+00:00'")
        yield connection


def done(base: Any, *statements: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with base.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
        return list(cursor.fetchall())


def rows_of(base: Any, table: str = "posts") -> list[tuple[Any, ...]]:
    """All rows, every value as the bytes that the server spells it with."""
    names = [row[0].replace("`", "``") for row in done(base, f"SHOW COLUMNS FROM {table}")]
    return done(base, f"SELECT {', '.join(f'CAST(`{name}` AS BINARY)' for name in names)} FROM {table} ORDER BY 1")


def cleaned(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(value and value.replace(SPAM.encode(), b"") for value in row) for row in rows]


def address(port: int, table: str, database: str = "news") -> str:
    return f"mysql+pymysql://root@127.0.0.1:{port}/{database}#{table}"


def fill(base: Any, count: int) -> None:
    done(
        base,
        "CREATE TABLE posts (id INTEGER AUTO_INCREMENT PRIMARY KEY, title VARCHAR(300) NOT NULL, body MEDIUMTEXT,"
        " views INTEGER, edited TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
    )
    with base.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO posts (title, body, views, edited) VALUES (%s, %s, %s, '2024-03-01 07:30:00')",
            [(title_of(n), None if n % 50 == 3 else body_of(n), n) for n in range(count)],
        )


def test_cuts_in_place_and_back(port: int, base: Any) -> None:
    fill(base, 2000)
    name = address(port, "posts")
    found = layout(name, Wanted())
    assert (found.fields, found.id_field, found.details["key"]) == (("title", "body"), "id", ["id"])
    before = rows_of(base)
    read = [text for text in texts_of("tables", name, found) if isinstance(text, Text)]
    assert [text.offset for text in read if text.name == "title"] == list(range(2000))
    changes = cuts_of("tables", name, found)
    assert list(rewrite(name, name, found, changes)) == []
    assert rows_of(base) == cleaned(before) != before
    assert list(rewrite(name, name, found, changes)) == []
    done(base, "UPDATE posts SET body = CONCAT(body, ' Tin bổ sung.'), edited = edited WHERE id = 7")
    done(base, "DELETE FROM posts WHERE id = 14")
    refused = {one.offset + 1: one.cause for one in rewrite(name, name, found, undone(changes))}
    assert refused.keys() == {7, 14}
    assert refused[14] == "no such row any more"
    left = {b"7", b"14"}
    assert [row for row in rows_of(base) if row[0] not in left] == [row for row in before if row[0] not in left]


ALL_KINDS = """
CREATE TABLE kinds (
    n BIGINT UNSIGNED PRIMARY KEY, body TEXT NOT NULL, short CHAR(150), old TEXT CHARACTER SET latin1,
    sorted VARCHAR(100) COLLATE utf8mb4_unicode_ci UNIQUE, section ENUM('thời sự', 'kinh tế'), tags SET('a', 'b', 'c'),
    meta JSON, price DECIMAL(20, 5), share DOUBLE, part FLOAT, at DATETIME(6), stamp TIMESTAMP NULL, day DATE,
    took TIME(3), y YEAR, picture LONGBLOB, code BINARY(4), bits BIT(9), is_open BOOLEAN, empty TEXT,
    length INTEGER AS (CHAR_LENGTH(body)) STORED, KEY by_body (body(20)), FULLTEXT KEY words (body)
) DEFAULT CHARSET utf8mb4
"""
VALUES = """
INSERT INTO kinds (n, body, short, old, sorted, section, tags, meta, price, share, part, at, stamp, day, took, y,
    picture, code, bits, is_open, empty)
VALUES (%s, %s, %s, 'Caf\u00e9 cr\u00e8me', %s, 'thời sự', 'a,c', '{"b" : 1, "a":  [1.10, null]}', 12345.678, 0.1,
    0.1234567, '2024-03-01 07:30:00.123456', '2024-03-01 00:30:00', '2024-02-29', '-27:04:05.125', 2024, x'00FF27',
    x'01020304', b'101010101', TRUE, '')
"""


@pytest.fixture
def kinds(base: Any) -> Any:
    done(base, ALL_KINDS)
    for n in range(60):
        done(base, VALUES, values=(n + 2**63, body_of(n), clean(body_of(n))[:100], f"Bài {n}"))
    done(base, "INSERT INTO kinds (n, body) VALUES (0, 'Tin ngắn')")
    return base


@pytest.mark.parametrize("database", ["news", "`tin sạch`"])
def test_a_copy_has_the_same_rows_of_all_types(port: int, kinds: Any, database: str) -> None:
    done(kinds, "CREATE DATABASE IF NOT EXISTS `tin sạch`")
    name = address(port, "kinds")
    place = database.strip("`").replace(" ", "%20")
    target = address(port, "news.clean") if database == "news" else address(port, "clean", place)
    found = layout(name, Wanted(("body", "short")))
    changes = cuts_of("tables", name, found)
    assert len(changes) == 8
    before = rows_of(kinds, "kinds")
    try:
        assert list(rewrite(name, target, found, changes)) == []
        assert rows_of(kinds, f"{database}.clean") == [
            (*row[:-1], row_length(row)) for row in cleaned(rows_of(kinds, "kinds"))
        ]
        assert rows_of(kinds, "kinds") == before
        exact = "SELECT n, part + 0e0, share FROM {} ORDER BY n"
        assert done(kinds, exact.format("kinds")) == done(kinds, exact.format(f"{database}.clean"))
        assert list(rewrite(target, target, found, undone(changes))) == []
        assert rows_of(kinds, f"{database}.clean") == before
    finally:
        done(kinds, "DROP DATABASE `tin sạch`")


def row_length(row: tuple[Any, ...]) -> bytes:
    """What the database computes of a row."""
    return str(len(row[1].decode())).encode()


@pytest.mark.parametrize(
    ("columns", "key", "values"),
    [
        ("k CHAR(36)", "k", "UUID()"),
        ("k DATETIME(6)", "k", "TIMESTAMPADD(MICROSECOND, {n}, '2024-01-01')"),
        ("k DATE", "k", "DATE_SUB('2024-01-01', INTERVAL {n} DAY)"),
        ("k DECIMAL(20, 6)", "k", "({n} - 100) / 7"),
        ("k VARBINARY(16)", "k", "UNHEX(MD5({n}))"),
        ("k VARCHAR(40) COLLATE utf8mb4_unicode_ci", "k", "CONCAT(ELT({n} % 3 + 1, 'bài ', 'Bai ', 'BÃI '), {n})"),
        ("k VARCHAR(9), z SMALLINT, d DATE", "z, d, k", "{n} % 5, {n} % 3, DATE_ADD('2024-01-01', INTERVAL {n} DAY)"),
    ],
)
def test_keys_of_all_kinds(port: int, base: Any, columns: str, key: str, values: str) -> None:
    done(base, f"CREATE TABLE `Bài viết` ({columns}, `Nội dung %%(x)s` TEXT, PRIMARY KEY ({key}))")
    for n in range(300):
        spelled = values.replace("%", "%%").format(n=n)
        done(base, f"INSERT INTO `Bài viết` VALUES ({spelled}, %s)", values=(body_of(n),))
    name = address(port, "Bài%20viết")
    column = done(base, "SHOW COLUMNS FROM `Bài viết`")[-1][0]
    found = layout(name, Wanted((column,)))
    before = sorted(done(base, "SELECT * FROM `Bài viết`"))
    read = [text for text in texts_of("tables", name, found) if isinstance(text, Text)]
    assert sorted(text.text for text in read) == sorted(body_of(n) for n in range(300))
    changes = cuts_of("tables", name, found)
    assert len(changes) == 42
    assert list(rewrite(name, name, found, changes)) == []
    assert sorted(done(base, "SELECT * FROM `Bài viết`")) == [(*row[:-1], clean(row[-1])) for row in before]
    assert list(rewrite(name, name, found, undone(changes))) == []
    assert sorted(done(base, "SELECT * FROM `Bài viết`")) == before


def cut_off_all_but(base: Any) -> None:
    """End every other connection, those too that are just being closed and may be gone before their turn."""
    others = "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'"
    for (number,) in done(base, others):
        try:
            done(base, f"KILL {number}")
        except pymysql.OperationalError as error:
            if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:
                raise


def test_a_connection_that_is_lost(port: int, base: Any) -> None:
    fill(base, 3000)
    name = address(port, "posts")
    found = layout(name, Wanted())
    before = rows_of(base)
    changes = cuts_of("tables", name, found)

    def cutting_off() -> Iterator[Change]:
        for number, change in enumerate(changes):
            if number == 200:
                cut_off_all_but(base)
            yield change

    done(base, "CREATE DATABASE IF NOT EXISTS two")
    try:
        with pytest.raises(ArchiveError, match=rf"root@127\.0\.0\.1:{port}/two#posts: "):
            list(rewrite(name, address(port, "posts", "two"), found, cutting_off()))
        assert rows_of(base) == before
        assert done(base, "SHOW TABLES FROM two") == [] or done(base, "SELECT * FROM two.posts") == []
        assert list(rewrite(name, address(port, "posts", "two"), found, changes)) == []
        assert rows_of(base, "two.posts") == cleaned(before)
    finally:
        done(base, "DROP DATABASE two")


def test_what_the_server_refuses_is_told(port: int, base: Any, tmp_path: Path) -> None:
    fill(base, 100)
    name = address(port, "posts")
    found = layout(name, Wanted(("body",), where="title LIKE '1%' AND views < 50"))
    assert len(list(texts_of("tables", name, found))) == 11
    for wrong, told in (
        (address(port, "posts", "nowhere"), "Unknown database 'nowhere'"),
        (address(port, "nothing"), "#nothing: no such table; there are posts"),
        (address(1, "posts"), "127.0.0.1:1/news#posts: .*[Cc]onnect"),
    ):
        with pytest.raises(ArchiveError, match=told):
            layout(wrong, Wanted())
    with pytest.raises(ArchiveError, match=r"#posts: .*error in your SQL syntax"):
        layout(name, Wanted(where="views >"))
    with pytest.raises(ArchiveError, match="a copy needs a database of the same kind as mysql"):
        list(rewrite(name, f"sqlite:///{tmp_path / 'a.db'}#posts", found, []))
    done(base, "CREATE OR REPLACE USER reader", "GRANT SELECT ON news.* TO reader")
    reader = name.replace("root@", "reader@")
    with pytest.raises(ArchiveError, match="UPDATE command denied"):
        list(rewrite(reader, reader, found, cuts_of("tables", name, found)))
    done(base, "ALTER TABLE posts MODIFY id INTEGER, DROP PRIMARY KEY")
    with pytest.raises(ArchiveError, match="posts has no primary key: name a unique column with --id-field"):
        layout(name, Wanted())


def test_the_command_cleans_a_table_and_gives_it_back(
    port: int, base: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWS_PASSWORD", "m@t/khau")
    fill(base, 40)
    done(
        base,
        "UPDATE posts SET body = %s, edited = edited WHERE id IN (1, 11, 21, 31)",
        values=(INFECTED,),
    )
    done(base, "CREATE OR REPLACE USER editor IDENTIFIED BY 'm@t/khau'", "GRANT ALL ON news.* TO editor")
    name = address(port, "posts").replace("root@", "editor:$NEWS_PASSWORD@").replace("mysql+", "mariadb+")
    before = rows_of(base)
    result = batch(name, "--in-place", "--ledger", "l", "--field", "body", "--no-campaigns")
    assert result.exit_code == 0, result.output
    assert done(base, "SELECT body FROM posts WHERE id IN (1, 11, 21, 31)") == [(CLEANED,)] * 4
    assert [row[-1] for row in rows_of(base)] == [row[-1] for row in before]
    assert "khau" not in Path("l").read_bytes().decode("utf-8", "ignore")
    assert run("restore", "l").exit_code == 0
    assert rows_of(base) == before
    monkeypatch.delenv("NEWS_PASSWORD")
    result = batch(name, "--in-place", "--ledger", "two", "--field", "body")
    assert "there is no $NEWS_PASSWORD in the environment" in result.output
