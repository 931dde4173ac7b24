"""The database: its form, and what is told when it is locked, full, gone or of another version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from desks import DOUBTS, HEALTH, ROAD, asking, decided, desk_at, submitted
from fastapi.testclient import TestClient
from servers import postgres

from cleaner.desk import bulk, policies, queue
from cleaner.desk.database import Database
from cleaner.desk.decisions import Choice, decide, find
from cleaner.desk.errors import ConflictError, SettingsError, UnavailableError
from cleaner.desk.gate import Gate, Submission, submit
from cleaner.desk.queue import Filter
from cleaner.desk.service import Desk
from cleaner.desk.tables import Base, PolicyVersion
from cleaner.files import OutputError
from cleaner.types import Policy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def desk(file: Path) -> Iterator[TestClient]:
    with asking(f"sqlite:///{file}") as client:
        yield client


def database_of(client: TestClient) -> Database:
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    return desk.database


def differences(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def test_migrations_make_the_tables(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    assert not database.is_current()
    database.migrate()
    assert database.is_current()
    database.migrate()
    assert differences(database) == []
    with postgres() as folder:
        server = desk_at(f"postgresql+psycopg://editor@/postgres?host={folder}")
        assert differences(server) == []
        server.close()


def migrated_again(database: Database, since: str) -> None:
    """Let a database whose tables have their form already run through the migrations behind ``since`` once more."""
    with database.write() as session:
        session.execute(sql.text(f"UPDATE alembic_version SET version_num = '{since}'"))
    database.migrate()


def test_terms_that_stopped_the_gate_are_taken_out_of_policies(file: Path) -> None:
    database = desk_at(f"sqlite:///{file}")
    saved = Policy(allow=("Vietlott",), deny=("kubet",)).to_dict()
    with database.write() as session:
        session.add(PolicyVersion(policy=saved | {"deny": ["\u200b", "kubet", "a\nb"]}, by="Hà"))
    migrated_again(database, "0002")
    with database.read() as session:
        assert policies.current(session, Policy()) == (1, Policy.from_mapping(saved))


def test_titles_of_old_articles_are_looked_through(file: Path) -> None:
    database, gate = desk_at(f"sqlite:///{file}"), Gate()
    with database.write() as session:
        for source, title in ((ROAD, "Ổn định giá"), (HEALTH, " "), (HEALTH, "")):
            article = submit(session, Submission(source), gate.judge(source), "cms")
            article.title = title
    migrated_again(database, "0003")
    with database.read() as session:
        assert [article.title for article in queue.page(session, Filter()).articles] == ["Ổn định giá", "", ""]
        for words, count in (("on dinh GIA", 1), ("Nậm Rốm", 1), ("Mường Lay", 2)):
            assert queue.count(session, Filter(words=words)) == count, words


def test_every_commit_reaches_the_disk(file: Path) -> None:
    database = desk_at(f"sqlite:///{file}")
    with database.write() as session:
        asked = {name: session.scalar(sql.text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
        assert asked == {"journal_mode": "wal", "synchronous": 2}
        assert session.scalar(sql.text("PRAGMA foreign_keys")) == 1


def test_a_database_of_a_newer_version_is_left_alone(file: Path) -> None:
    desk_at(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as base, base:
        base.execute("UPDATE alembic_version SET version_num = '9999'")
    database = Database(f"sqlite:///{file}")
    with pytest.raises(SettingsError, match="made by a newer version of cleaner \\(9999\\)"):
        database.migrate()
    assert not database.is_current()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "the database's address makes no sense"),
        ("sqlite://", "the desk needs a database that lasts"),
        ("oracle+absent://x", "makes no sense"),
        ("postgresql+pg8000://x/y", "pip install pg8000"),
    ],
)
def test_addresses_that_make_no_sense(url: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        Database(url)


@pytest.mark.parametrize("url", ["postgresql+psycopg://editor@127.0.0.1:1/desk", "sqlite:////dev/null/desk.db"])
def test_a_database_that_is_not_there(url: str) -> None:
    with pytest.raises((UnavailableError, OutputError), match="cannot be"):
        Database(url).migrate()


def test_while_another_program_holds_the_database(file: Path) -> None:
    with asking(f"sqlite:///{file}") as desk, closing(sqlite3.connect(file, isolation_level=None)) as other:
        article = submitted(desk, HEALTH)
        sql.event.listen(database_of(desk).engine, "checkout", _impatient)
        other.execute("BEGIN EXCLUSIVE")
        body = {"version": 1, "decisions": [{"kind": "accept"}]}
        for answer in (
            desk.post("/v1/articles", json={"source": ROAD}),
            desk.post(f"/v1/articles/{article['id']}/decisions", json=body),
            desk.put("/v1/policy", json={"policy": {}, "version": 0}),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["detail"] == "the database cannot be used (database is locked); nothing was written"
        assert desk.get(f"/v1/articles/{article['id']}").json() == article
        other.execute("ROLLBACK")
        assert decided(desk, article, {"kind": "accept"})["version"] == 2
        assert len(desk.get("/v1/articles").json()["articles"]) == 1


def _impatient(connection: Any, _record: Any, _proxy: Any) -> None:
    connection.execute("PRAGMA busy_timeout = 100")


def test_when_the_disk_is_full(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    engine = database_of(desk).engine
    sql.event.listen(engine, "checkout", _full)
    refused = desk.post("/v1/articles", json={"source": ROAD * 10_000})
    assert (refused.status_code, refused.json()["title"]) == (507, "Storage full")
    assert refused.json()["detail"] == "the disk is full; nothing was written"
    sql.event.remove(engine, "checkout", _full)
    sql.event.listen(engine, "checkout", _roomy)
    assert [one["id"] for one in desk.get("/v1/articles").json()["articles"]] == [article["id"]]
    assert submitted(desk, ROAD)["state"] == "published"


def _full(connection: Any, _record: Any, _proxy: Any) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def _roomy(connection: Any, _record: Any, _proxy: Any) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def test_while_the_model_is_gone(file: Path, tmp_path: Path) -> None:
    with asking(f"sqlite:///{file}", model=tmp_path / "model") as desk:
        for answer in (desk.post("/v1/articles", json={"source": ROAD}), desk.get("/ready")):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert "no model here" in answer.json()["detail"]


def test_when_the_server_goes_away_and_comes_back() -> None:
    with postgres() as folder:
        url = f"postgresql+psycopg://editor@/postgres?host={folder}"
        with asking(url) as desk:
            article = submitted(desk, HEALTH)
            with database_of(desk).engine.connect() as connection, pytest.raises(sql.exc.OperationalError):
                connection.execute(sql.text("SELECT pg_terminate_backend(pg_backend_pid())"))
            assert desk.get(f"/v1/articles/{article['id']}").json() == article
            (folder / ".s.PGSQL.5432").rename(folder / "aside")
            database_of(desk).close()
            gone = desk.get(f"/v1/articles/{article['id']}")
            assert (gone.status_code, gone.json()["title"]) == (503, "Unavailable")
            assert desk.get("/ready").status_code == 503
            assert desk.get("/health").status_code == 200
            (folder / "aside").rename(folder / ".s.PGSQL.5432")
            assert desk.get(f"/v1/articles/{article['id']}").json() == article
            assert desk.get("/ready").status_code == 200


def test_who_waits_for_a_lock_learns_what_happened_meanwhile() -> None:
    with postgres() as folder:
        database = desk_at(f"postgresql+psycopg://editor@/postgres?host={folder}")
        gate = Gate(policy=DOUBTS)
        with database.write() as session:
            id = submit(session, Submission(HEALTH, origin="bao.example"), gate.judge(HEALTH), "cms").id
        with database.read() as session:
            seen = bulk.preview(session, Filter(origin="bao.example"), "accept").seen

        def accept_all(looked: Event) -> None:
            with database.write() as session:
                assert find(session, id).version == 1
                looked.set()
                bulk.apply(session, Filter(origin="bao.example"), "accept", seen, "minh")

        def save() -> None:
            with database.write() as session:
                policies.save(session, Policy(), 0, "minh")

        with ThreadPoolExecutor(2) as pool, database.write() as session:
            decide(session, id, 1, [Choice("reject")], "lan")
            policies.save(session, DOUBTS, 0, "lan")
            looked = Event()
            waiting = [pool.submit(accept_all, looked), pool.submit(save)]
            assert looked.wait(30)
            while session.scalar(sql.text("SELECT count(*) FROM pg_locks WHERE NOT granted")) < 2:
                assert not any(one.done() for one in waiting)
            session.commit()
            for one in waiting:
                with pytest.raises(ConflictError, match="changed since version"):
                    one.result(30)
        with database.read() as session:
            assert [d.by for d in find(session, id).decisions] == ["lan"]
            assert [version.by for version in policies.versions(session)] == ["lan"]
        database.close()
