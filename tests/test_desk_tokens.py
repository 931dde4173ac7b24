"""Who may use the desk: tokens, links that let in once, sessions; and the command that makes tokens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from desks import asking, desk_at
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from cleaner.cli import main
from cleaner.desk import tokens
from cleaner.desk.database import Database
from cleaner.desk.errors import ForbiddenError, InvalidError, NotFoundError, UnauthorizedError
from cleaner.desk.history import audit
from cleaner.desk.tables import Token, now


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'desk.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = desk_at(url)
    yield database
    database.close()


def test_a_token_is_good_until_it_is_revoked(database: Database) -> None:
    with database.write() as session:
        _, secret = tokens.add(session, "cms", ["review", "submit"], "lan")
        actor = tokens.check(session, secret)
        assert actor.name == "cms"
        assert actor.scopes == {"submit", "review"}
        actor.need("review")
        with pytest.raises(ForbiddenError, match="“admin”"):
            actor.need("admin")
        for wrong in (secret[:-1], secret + "a", secret.upper(), "", "\x00\ud800"):
            with pytest.raises(UnauthorizedError):
                tokens.check(session, wrong)
        tokens.revoke(session, "cms", "lan")
        with pytest.raises(UnauthorizedError):
            tokens.check(session, secret)
        with pytest.raises(NotFoundError):
            tokens.revoke(session, "cms", "lan")
        assert tokens.tokens(session) == []
        assert [one.name for one in tokens.tokens(session, all=True)] == ["cms"]
        assert [entry.action for entry in audit(session, "token")] == ["token.revoke", "token.add"]


def test_a_token_expires(database: Database) -> None:
    with database.write() as session:
        token, secret = tokens.add(session, "guest", ["review"], "lan", timedelta(days=1))
        assert tokens.check(session, secret).name == "guest"
        token.expires = now() - timedelta(seconds=1)
        session.flush()
        with pytest.raises(UnauthorizedError):
            tokens.check(session, secret)
        assert not tokens.any_good(session)


@pytest.mark.parametrize(
    ("name", "scopes", "life"),
    [
        ("", ["review"], None),
        ("a" * 201, ["review"], None),
        ("a\x1bb", ["review"], None),
        ("a", [], None),
        ("a", ["review", "root"], None),
        ("a", ["review"], timedelta(0)),
        ("taken", ["review"], None),
    ],
)
def test_tokens_that_make_no_sense(database: Database, name: str, scopes: list[str], life: timedelta | None) -> None:
    with database.write() as session:
        tokens.add(session, "taken", ["submit"], "lan")
        with pytest.raises(InvalidError):
            tokens.add(session, name, scopes, "lan", life)


def test_only_digests_are_kept(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        _, secret = tokens.add(session, "cms", ["submit"], "lan")
        _, ticket = tokens.add(session, "lan", tokens.SCOPES, "lan", tokens.TICKET_LIFE, "ticket")
        _, opened = tokens.open_session(session, ticket, "ticket")
    database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for one in (secret, ticket, opened):
        assert one.encode() not in kept
        assert one.partition("_")[2].encode() not in kept


def test_a_link_lets_in_once(database: Database) -> None:
    with database.write() as session:
        _, ticket = tokens.add(session, "lan", tokens.SCOPES, "lan", tokens.TICKET_LIFE, "ticket")
        with pytest.raises(UnauthorizedError):
            tokens.check(session, ticket)
        actor, secret = tokens.open_session(session, ticket, "ticket")
        assert tokens.check(session, secret, "session") == actor
        with pytest.raises(UnauthorizedError):
            tokens.open_session(session, ticket, "ticket")
        tokens.close_session(session, secret)
        with pytest.raises(UnauthorizedError):
            tokens.check(session, secret, "session")


def test_who_comes_in_lets_what_has_expired_be_forgotten(database: Database) -> None:
    with database.write() as session:
        _, secret = tokens.add(session, "lan", ["review"], "lan")
        tokens.add(session, "guest", ["review"], "lan", timedelta(days=1))
        _, ticket = tokens.add(session, "minh", ["review"], "lan", tokens.TICKET_LIFE, "ticket")
        tokens.open_session(session, ticket, "ticket")
        tokens.open_session(session, secret, "token")
        session.execute(update(Token).where(Token.expires.is_not(None)).values(expires=now() - timedelta(days=1)))
        _, later = tokens.add(session, "hoa", ["review"], "lan", tokens.TICKET_LIFE, "ticket")
        tokens.open_session(session, secret, "token")
        kept = session.execute(select(Token.kind, Token.name).order_by(Token.number)).all()
        assert list(map(tuple, kept)) == [("token", "lan"), ("token", "guest"), ("ticket", "hoa"), ("session", "lan")]
        assert tokens.check(session, later, "ticket").name == "hoa"


def test_sessions_last_no_longer_than_their_token(database: Database) -> None:
    with database.write() as session:
        token, secret = tokens.add(session, "lan", ["review"], "lan", timedelta(hours=1))
        opened, _ = tokens.open_session(session, secret, "token")
        expires = session.get_one(Token, opened.number).expires
        assert token.expires
        assert expires
        assert expires <= token.expires


def test_sessions_end_with_their_token(database: Database) -> None:
    with database.write() as session:
        _, secret = tokens.add(session, "lan", ["review"], "lan")
        _, first = tokens.open_session(session, secret, "token")
        _, second = tokens.open_session(session, secret, "token")
        assert tokens.revoke(session, "lan", "chief") == 2
        for opened in (first, second):
            with pytest.raises(UnauthorizedError):
                tokens.check(session, opened, "session")


def test_a_browser_changes_nothing_from_another_page(url: str) -> None:
    with asking(url) as desk:
        database = desk_at(url)
        with database.write() as session:
            _, ticket = tokens.add(session, "minh", tokens.SCOPES, "minh", tokens.TICKET_LIFE, "ticket")
            _, secret = tokens.open_session(session, ticket, "ticket")
        database.close()
        browser = TestClient(desk.app, str(desk.base_url), cookies={"cleaner": secret})
        assert browser.get("/v1/articles").status_code == 200
        body = {"source": "Chợ phiên họp sáng Chủ nhật."}
        for given in ({}, {"X-CSRF-Token": "guess"}, {"X-CSRF-Token": tokens.csrf_of("other")}):
            assert browser.post("/v1/articles", json=body, headers=given).status_code == 403
        own = {"X-CSRF-Token": tokens.csrf_of(secret)}
        assert browser.post("/v1/articles", json=body, headers=own).status_code == 201
        assert browser.get("/v1/decisions").json() == []
        stranger = TestClient(desk.app, str(desk.base_url), cookies={"cleaner": "desk_nonsense"})
        assert stranger.get("/v1/articles").status_code == 401


def test_the_command(url: str) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["token", *arguments, "--database", url])
        return result.exit_code, result.stdout, result.stderr

    assert run("list") == (0, "", "no token yet: cleaner token add\n")
    status, secret, told = run("add", "cms", "--scope", "submit", "--days", "30")
    assert (status, told) == (0, "cms (submit): keep it safe, it is not shown again\n")
    database = desk_at(url)
    with database.read() as session:
        assert tokens.check(session, secret.strip()).name == "cms"
        expires = session.query(Token).one().expires
    assert expires
    assert timedelta(days=29) < expires - now() < timedelta(days=30)
    database.close()
    status, listed, _ = run("list")
    assert listed.split()[:2] == ["cms", "submit"]
    assert secret.strip() not in listed
    assert run("add", "cms", "--scope", "submit")[0] == 2
    assert run("add", "lan", "--scope", "root")[2] == "cleaner: scopes are one or more of: submit, review, admin\n"
    assert run("revoke", "cms") == (0, "", "cms revoked\n")
    assert run("revoke", "cms")[2] == "cleaner: there is no good token called cms\n"
    assert "revoked" in run("list", "--all")[1]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Chợ phiên họp sáng Chủ nhật." * 50, "utf-8")
    result = CliRunner().invoke(main, ["token", "list", "--database", f"sqlite:///{file}"])
    assert result.exit_code == 2
    assert "file is not a database" in result.stderr
    with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(file)) as base:
        base.execute("SELECT * FROM token")
