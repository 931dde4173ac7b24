"""``cleaner token``: who may use the desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from getpass import getuser
from typing import TYPE_CHECKING

import click

from cleaner.cli.serve import database_option, require_desk
from cleaner.cli.show import standard_error, standard_output
from cleaner.files import label

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

EXAMPLES = """\b
Examples:
  cleaner token add cms --scope submit
  cleaner token add lan --scope review --days 90
  cleaner token add chief --scope submit --scope review --scope admin
  cleaner token list
  cleaner token revoke cms

\b
Scopes: submit (hand articles in), review (see and decide them), admin (policy, models, audit log).
"""


@click.group(epilog=EXAMPLES)
def token() -> None:
    """Say who may use the desk: programs send a token, people log in with one.

    A token is shown once; the database keeps only its digest. What is done with it bears its name.
    """


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="submit, review or admin (repeatable).")
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it is good; otherwise until it is revoked.")
@database_option
def add(name: str, scopes: tuple[str, ...], days: int | None, database: str) -> None:
    """Make a token and print it."""
    with _writing(database) as session:
        from cleaner.desk import tokens

        life = timedelta(days=days) if days else None
        made, secret = tokens.add(session, name, scopes, getuser(), life)
    standard_error().print(f"{made.name} ({made.scopes}): keep it safe, it is not shown again")
    click.echo(secret)


@token.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that expired or were revoked.")
@database_option
def list_(everything: bool, database: str) -> None:
    """List the tokens: names, scopes, and until when they are good."""
    with _writing(database) as session:
        from cleaner.desk import tokens

        found = tokens.tokens(session, everything)
    screen = standard_output()
    for one in found:
        until = f"until {one.expires:%Y-%m-%d %H:%M} UTC" if one.expires else "until revoked"
        state = f"revoked {one.revoked:%Y-%m-%d %H:%M} UTC" if one.revoked else until
        screen.print(f"{label(one.name):<24} {one.scopes:<20} made {one.created:%Y-%m-%d}  {state}")
    if not found:
        standard_error().print("no token yet: cleaner token add")


@token.command()
@click.argument("name")
@database_option
def revoke(name: str, database: str) -> None:
    """Let a token be good no more, and log out who came in with it."""
    with _writing(database) as session:
        from cleaner.desk import tokens

        closed = tokens.revoke(session, name, getuser())
    sessions = f", and {closed} sessions closed" if closed else ""
    standard_error().print(f"{label(name)} revoked{sessions}")


@contextmanager
def _writing(address: str) -> Iterator[Session]:
    """A transaction on the desk's database, in the form that this version needs."""
    require_desk()
    from cleaner.desk.database import Database

    with closing(Database(address)) as database:
        database.migrate()
        with database.write() as session:
            yield session
