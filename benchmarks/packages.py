"""Source packages that carry test data: downloaded once, checked against a digest, unpacked beside the project."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import click


class PackageError(click.ClickException):
    """A package cannot be had, or is not what it was."""

    exit_code = 2


def unpack(package: str, digest: str, folder: Path, wanted: Callable[[tarfile.TarInfo], bool], build: str = "") -> None:
    """Download the source of a package into ``folder``, unless it is there.

    Args:
        package: its name and version (``gne-0.4.3``).
        digest: SHA-256 of the archive.
        folder: where the folder of the package will stand.
        wanted: tells which members to unpack.
        build: constraint on what builds it; pip asks the package for its metadata before it hands over the archive.

    Raises:
        PackageError: the package cannot be had, or is not what was measured.
    """
    if (folder / package).is_dir():
        return
    name, _, version = package.rpartition("-")
    with tempfile.TemporaryDirectory() as place:
        constraint = Path(place, "constraint.txt")
        constraint.write_text(build + "\n", "utf-8")
        environment = os.environ | dict.fromkeys(("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"), str(constraint))
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        done = subprocess.run(
            [*command, "--dest", place, f"{name}=={version}"], capture_output=True, text=True, env=environment
        )
        archives = list(Path(place).glob("*.tar.gz"))
        if done.returncode or not archives:
            raise PackageError(f"{package} cannot be downloaded: {(done.stderr.strip() or 'nothing came')[-300:]}")
        found = hashlib.sha256(archives[0].read_bytes()).hexdigest()
        if found != digest:
            raise PackageError(f"{package} is not the one that was measured: its SHA-256 is {found}")
        with tarfile.open(archives[0]) as archive:
            archive.extractall(folder, [member for member in archive if wanted(member)], filter="data")
