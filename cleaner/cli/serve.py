"""``cleaner serve``: the gate and the desk, for programs and in the browser."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from functools import partial
from getpass import getuser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.policy import load_policy
from cleaner.cli.show import standard_error
from cleaner.files import cause
from cleaner.types import CleanerError, Policy

if TYPE_CHECKING:
    from socket import socket

    from cleaner.desk.settings import Settings

DATABASE = "sqlite:///desk.db"
EXAMPLES = """\b
Examples:
  cleaner serve
  cleaner serve --port 8080 --database sqlite:////var/lib/cleaner/desk.db
  CLEANER_DATABASE='postgresql+psycopg://editor@/desk' cleaner serve --workers 2
  cleaner serve --address https://desk.example.org      # behind a proxy that speaks https
  CLEANER_WEBHOOK_SECRET=whsec_… cleaner serve --webhook https://cms.example.org/cleaned

\b
A password belongs into CLEANER_DATABASE rather than on the command line.
"""


def _env(name: str) -> str:
    return f"CLEANER_{name}"


database_option = click.option(
    "--database", default=DATABASE, envvar=_env("DATABASE"), metavar="URL", show_default=True, help="Where all is kept."
)


@click.command(epilog=EXAMPLES)
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.option("--address", default="", envvar=_env("ADDRESS"), metavar="URL", help="How browsers reach the desk.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve.")
@click.option("--model", type=FILE, metavar="FOLDER", help="Another model than the one that comes along.")
@click.option("--policy", type=FILE, metavar="FILE.toml", help="What holds until a policy is saved at the desk.")
@click.option("--models", type=FILE, default="desk-models", show_default=True, help="Folder for what is learnt.")
@click.option("--test", "tests", type=FILE, multiple=True, metavar="FILE", help="What learnt models are tested on.")
@click.option("--webhook", default="", envvar=_env("WEBHOOK"), metavar="URL", help="Where to send news of decisions.")
@click.option("--max-body", default=8, show_default=True, type=click.IntRange(1, 1024), help="Largest request, MiB.")
@click.option("--rate", default=600, show_default=True, type=click.IntRange(0), help="Requests a minute; 0: any.")
@click.option("--timeout", default=60.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for a request.")
def serve(
    database: str,
    host: str,
    port: int,
    address: str,
    workers: int,
    model: Path | None,
    policy: Path | None,
    models: Path,
    tests: tuple[Path, ...],
    webhook: str,
    max_body: int,
    rate: int,
    timeout: float,
) -> None:
    """Serve the gate and the review desk.

    Prints its address and a link that lets a browser in once, within a quarter of an hour. Programs need a token: see
    `cleaner token`. Without one, only this machine is served.
    """
    require_desk()
    from cleaner.desk.settings import Settings

    settings = Settings(
        database=database,
        host=host,
        port=port,
        address=address,
        model=model,
        policy=load_policy(policy) if policy else Policy(),
        models=models,
        tests=tests,
        webhook=webhook,
        webhook_secret=os.environ.get(_env("WEBHOOK_SECRET"), ""),
        body_bytes=max_body << 20,
        requests_per_minute=rate,
        seconds=timeout,
    )
    with _listen(settings) as listening:
        settings = replace(settings, port=listening.getsockname()[1])
        link = _prepare(settings)
        messages = standard_error()
        messages.print(f"serving at {settings.url}; stop with Ctrl+C")
        messages.print(f"enter once, within 15 minutes: {link}")
        _run(settings, listening, workers)


def require_desk() -> None:
    """Raises CleanerError: what the desk needs is not installed."""
    try:
        import fastapi  # noqa: F401
        import limits  # noqa: F401
        import standardwebhooks  # noqa: F401

        import cleaner.desk.database  # noqa: F401
    except ModuleNotFoundError as error:
        raise CleanerError(f"the desk needs {error.name}: pip install 'cleaner[desk]'") from None


def _prepare(settings: Settings) -> str:
    """Bring database and model up, and make the link that lets in.

    Raises:
        CleanerError: one of them cannot be used, or anyone could reach a desk that nobody has a token for.
    """
    from cleaner.desk import tokens
    from cleaner.desk.courier import Courier
    from cleaner.desk.service import Desk
    from cleaner.desk.trial import read_tests

    desk = Desk.of(settings)
    Courier(desk)
    if settings.tests:
        read_tests(settings.tests)
    with closing(desk.database) as database:
        database.migrate()
        desk.gate()
        with database.write() as session:
            if not settings.is_loopback and not tokens.any_good(session):
                raise CleanerError(
                    f"{settings.host} can be reached from other machines and there is no token yet: cleaner token add"
                )
            name = getuser()
            _, secret = tokens.add(session, name, tokens.SCOPES, name, tokens.TICKET_LIFE, "ticket")
    return f"{settings.url}/enter?ticket={secret}"


def _listen(settings: Settings) -> socket:
    """A socket that listens, and whose answers do not wait to be packed together (RFC 896).

    Raises:
        CleanerError: the address is taken, or none of this machine.
    """
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        why = cause(error).partition(" (")[0]
        raise CleanerError(f"cannot listen on {settings.host}:{settings.port}: {why}") from None
    # The sockets of its connections inherit it; asyncio sets it for none whose protocol number is 0, as theirs is.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _run(settings: Settings, listening: socket, workers: int) -> None:
    """Serve until told to stop."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from cleaner.desk.app import create_app

    config = uvicorn.Config(
        partial(create_app, settings),
        factory=True,
        workers=workers,
        access_log=False,
        server_header=False,
        log_config=LOGGING,
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=60,  # a busy machine starts them slowly
    )
    if workers == 1:
        uvicorn.Server(config).run([listening])
        return
    with TemporaryDirectory(prefix="cleaner-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        Multiprocess(config, [listening]).run()


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "cleaner.desk": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
