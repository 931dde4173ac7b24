"""The desk as it runs, in processes of its own; tests and benchmarks start it here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cleaner.desk import tokens
from cleaner.desk.database import Database

SERVES = re.compile(r"serving at (\S+);.*\n.*: (\S+)\n")


@dataclass(frozen=True)
class Served:
    """A server as it runs."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str
    link: str = ""
    """Lets a browser in once."""

    def kill(self) -> None:
        """End all its processes at once, with no time for anything."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(database: str, *options: str) -> Iterator[Served]:
    """``cleaner serve`` on a port of its own; it is killed in the end if it still runs."""
    command = [sys.executable, "-m", "cleaner", "serve", "--port", "0", "--database", database, *options]
    with running(command) as (process, log):
        while not (told := SERVES.match(log.read_text("utf-8"))):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        served = Served(process, log, *told.groups())
        try:
            yield served
        finally:
            served.kill()


@contextmanager
def running(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process in a group of its own, and what it writes to standard error."""
    with tempfile.TemporaryDirectory(prefix="cleaner-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, stderr=file, start_new_session=True)
        yield process, log


def token_for(url: str, *scopes: str, name: str = "lan") -> str:
    """A token of somebody's, for a database that is made when it is not there."""
    database = Database(url)
    database.migrate()
    with database.write() as session:
        _, secret = tokens.add(session, name, scopes or tokens.SCOPES, "test")
    database.close()
    return secret
