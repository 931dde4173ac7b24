"""A PostgreSQL server that tests start for themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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
