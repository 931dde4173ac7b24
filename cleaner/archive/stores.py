"""Where containers are kept: local files, and remote stores by their addresses."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote

from cleaner.archive.records import ArchiveError
from cleaner.files import OutputError, cause, make_folder, replacing

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER = 1 << 20
_VARIABLE = re.compile(r"\A([^/]*//[^/@:]*:)(\$[^/@]+)(?=@)")
"""A password that is the name of a variable, behind the rest of an address."""


def is_remote(name: str) -> bool:
    """Whether a name is an address rather than a path."""
    return "://" in name


def from_environment(name: str) -> str:
    """What the environment holds for a password that is ``$NAME``.

    Raises:
        ArchiveError: nothing.
    """
    value = os.path.expandvars(name)
    if value == name:
        raise ArchiveError(f"there is no {name} in the environment, which is to hold a password")
    return value


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """A container's bytes. What goes wrong later, where they are read, is an ``OSError``, also of remote ones.

    Raises:
        ArchiveError: it cannot be opened.
    """
    try:
        stream = _opened(name) if is_remote(name) else Path(name).open("rb")  # noqa: SIM115
    except OSError as error:
        raise ArchiveError(f"{name}: {cause(error)}") from None
    with stream:
        yield cast("BinaryIO", stream)


@contextmanager
def writing(name: str, source: str = "") -> Iterator[Callable[[bytes], object]]:
    """Write what takes the place of a container at once when the block ends, and leaves no trace when it fails.

    A new file gets the mode of the source, if that is a file.

    Raises:
        OutputError: it cannot be written.
        ArchiveError: nothing is known that is kept at such addresses.
    """
    if is_remote(name):
        with _replacing(name) as write:
            yield write
    else:
        make_folder(Path(name).parent)
        with replacing(Path(name), None if is_remote(source) else Path(source)) as write:
            yield write


def size_of(name: str) -> int:
    """Bytes of a local container; 0 for a remote one, which is not asked.

    Raises:
        ArchiveError: it is not there.
    """
    try:
        return 0 if is_remote(name) else os.path.getsize(name)
    except OSError as error:
        raise ArchiveError(f"{name}: {cause(error)}") from None


def listed(address: str) -> Iterator[tuple[str, int]]:
    """The files below a remote folder, by name: their paths in it, and their sizes in bytes.

    Raises:
        ArchiveError: there are none, or the store does not answer.
    """
    try:
        with _told():
            filesystem, path = _store(address)
            found = filesystem.find(path, detail=True)
    except OSError as error:
        raise ArchiveError(f"{address}: {cause(error)}") from None
    if not found:
        raise ArchiveError(f"{address}: there are no files")
    for name in sorted(found):
        yield name.removeprefix(path.rstrip("/")).removeprefix("/"), int(found[name]["size"] or 0)


class Digesting:
    """A stream whose bytes are digested while they are read."""

    def __init__(self, stream: BinaryIO, digest: Any) -> None:
        self._stream, self._digest = stream, digest

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        self._digest.update(data)
        return data

    def tell(self) -> int:
        """How many bytes were read."""
        return self._stream.tell()


# Remote stores


def _store(name: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    try:
        import fsspec
    except ModuleNotFoundError:
        raise ArchiveError(f"{name}: remote stores need fsspec: pip install 'cleaner[remote]'") from None
    address = _VARIABLE.sub(lambda found: found[1] + quote(from_environment(found[2]), safe=""), name)
    try:
        filesystem, path = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise ArchiveError(f"{name}: {error}") from None
    return filesystem, path


def _opened(name: str) -> io.BufferedReader:
    with _told():
        filesystem, path = _store(name)
        return io.BufferedReader(_Reader(filesystem.open(path, "rb")), _BUFFER)


@contextmanager
def _replacing(name: str) -> Iterator[Callable[[bytes], object]]:
    """The remote counterpart of :func:`cleaner.files.replacing`, as far as the store has transactions."""
    own: BaseException | None = None
    try:
        filesystem, path = _store(name)
        with filesystem.transaction, filesystem.open(path, "wb") as stream:
            try:
                yield partial(_write, name, stream)
            except BaseException as error:
                own = error
                raise
    except Exception as error:
        if error is own or isinstance(error, ArchiveError):
            raise
        raise OutputError(name, _as_os_error(error)) from error


def _write(name: str, stream: Any, data: bytes) -> None:
    try:
        stream.write(data)
    except Exception as error:
        raise OutputError(name, _as_os_error(error)) from error


@contextmanager
def _told() -> Iterator[None]:
    """What a store complains of, as an ``OSError``."""
    try:
        yield
    except ArchiveError:
        raise
    except Exception as error:
        raise _as_os_error(error) from error


def _as_os_error(error: Exception) -> OSError:
    """Each store has errors of its own."""
    return error if isinstance(error, OSError) else OSError(str(error) or type(error).__name__)


class _Reader(io.RawIOBase):
    """A remote file."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        with _told():
            data = self._stream.read(len(target))
        target[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with _told():
            return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        self._stream.close()
        super().close()
