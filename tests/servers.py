"""Servers that tests start for themselves: PostgreSQL, and the desk."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVES = re.compile(r"serving at (\S+);.*\n.*: (\S+)\n")
OWNER = "postgres"
"""The user that Debian's package makes: the server does not run as root."""


@contextmanager
def postgres() -> Iterator[Path]:
    """A server of its own, which is reached through a socket in its folder by the user ``editor``."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    initdb = shutil.which("initdb", path=str(folders[-1])) if folders else shutil.which("initdb")
    if not initdb:
        pytest.skip("no PostgreSQL here: `make postgres` installs it")
    programs = Path(initdb).parent
    folder = Path(tempfile.mkdtemp(prefix="cleaner-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:
        as_owner = ["runuser", "-u", OWNER, "--"]
        shutil.chown(folder, OWNER)

    def run(program: str, *arguments: str) -> None:
        command = [*as_owner, str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    try:
        run("initdb", "-A", "trust", "-U", "editor", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Served:
    """``cleaner serve`` as it runs."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str
    link: str
    """Lets in once."""

    def kill(self) -> None:
        """End all its processes at once, with no time for anything."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(database: str, *options: str) -> Iterator[Served]:
    """The desk on a port of its own; it is killed in the end if it still runs."""
    command = [sys.executable, "-m", "cleaner", "serve", "--port", "0", "--database", database, *options]
    with tempfile.TemporaryDirectory(prefix="cleaner-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, stderr=file, start_new_session=True)
        while not (told := SERVES.match(log.read_text("utf-8"))):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        served = Served(process, log, *told.groups())
        try:
            yield served
        finally:
            served.kill()
