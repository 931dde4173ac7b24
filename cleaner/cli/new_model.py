"""What commands that make a model share: they replace a folder at once, and only on request."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cleaner.files import make_folder
from cleaner.types import CleanerError


def require_training() -> None:
    """Raises CleanerError: what training needs is not installed."""
    try:
        import lightgbm  # noqa: F401
        import scipy  # noqa: F401
        import sklearn  # noqa: F401
    except ModuleNotFoundError as error:
        raise CleanerError(f"training needs {error.name}: pip install 'cleaner[train]'") from None


def refuse_replacing(out: Path, may_replace: bool) -> None:
    """A model is replaced only on request, and something else never.

    Raises:
        click.UsageError: ``out`` is there already.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "manifest.json").is_file():
        raise click.UsageError(f"{str(out)!r} is something else than a model")
    if not may_replace:
        raise click.UsageError(f"{str(out)!r} holds a model already (--replace replaces it)")


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """A folder to write into that takes the place of ``out`` at the end, and leaves no trace when it fails."""
    out = Path(os.path.realpath(out))
    make_folder(out.parent)
    workshop = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield workshop / "new"
        if out.exists():
            out.rename(workshop / "old")
        (workshop / "new").rename(out)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
