"""Where containers are kept: local files, and remote stores by their addresses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from cleaner.archive.records import ArchiveError
from cleaner.files import cause, make_folder, replacing


def is_remote(name: str) -> bool:
    """Whether a name is an address rather than a path."""
    return "://" in name


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """A container's bytes.

    Raises:
        ArchiveError: it cannot be opened.
    """
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(_remote(name, "rb") if is_remote(name) else Path(name).open("rb"))  # noqa: SIM115
        except OSError as error:
            raise ArchiveError(f"{name}: {cause(error)}") from None
        yield cast("BinaryIO", stream)


@contextmanager
def writing(name: str) -> Iterator[Callable[[bytes], object]]:
    """Write what takes the place of a container at once when the block ends, and leaves no trace when it fails.

    Raises:
        OutputError: it cannot be written.
        ArchiveError: the same, of a remote one.
    """
    if not is_remote(name):
        make_folder(Path(name).parent)
        with replacing(Path(name)) as write:
            yield write
        return
    try:
        stream = _remote(name, "wb")
        try:
            yield stream.write
        except BaseException:
            if hasattr(stream, "discard"):
                stream.discard()
            raise
        stream.close()
    except OSError as error:
        raise ArchiveError(f"{name}: cannot be written: {cause(error)}") from None


def size_of(name: str) -> int:
    """Bytes of a local container; 0 for a remote one, which is not asked."""
    return 0 if is_remote(name) else os.path.getsize(name)


def _remote(name: str, mode: str) -> Any:
    try:
        import fsspec
    except ModuleNotFoundError:
        raise ArchiveError(f"{name}: remote stores need fsspec: pip install 'cleaner[remote]'") from None
    try:
        filesystem, path = fsspec.core.url_to_fs(name)
        return filesystem.open(path, mode)
    except (ImportError, ValueError) as error:
        raise ArchiveError(f"{name}: {error}") from None
