"""Packed containers: reading them, and packing anew only the members in which something is changed.

A gzip file is one member or many (one for every record of a WARC); a zstd file is one frame or many.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from cleaner.archive.records import ArchiveError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 20
_STEP = 1 << 13
"""Packed bytes that are unpacked together: they may hold a thousand times as many."""
_IN_MEMORY = 1 << 24
"""Bytes of a member beyond which it is kept in a file."""
_GZIP = 31
"""What tells zlib that a stream has the header and the checksum of gzip."""


@dataclass(frozen=True, slots=True)
class Member:
    """A part of a packed container that can be unpacked alone."""

    start: int
    """Where its content begins in the unpacked container."""
    length: int
    packed_start: int
    packed_length: int
    content: IO[bytes]
    packed: IO[bytes]
    """Both stand at their beginning, and are gone when the next member is asked for."""


@contextmanager
def unpacked(stream: BinaryIO, packing: str) -> Iterator[BinaryIO]:
    """The content of a packed stream.

    Raises:
        ArchiveError: it is truncated or damaged; raised where it is read.
    """
    yield io.BufferedReader(_Content(_steps(stream, packing)), BLOCK) if packing else stream


def members(stream: BinaryIO, packing: str) -> Generator[Member, None, None]:
    """The members of a packed stream, in order. Zeros behind one, as on tapes, come as members without content.

    Raises:
        ArchiveError: it is truncated or damaged.
    """
    start = packed_start = 0
    steps = _steps(stream, packing)
    for first in steps:
        with SpooledTemporaryFile(_IN_MEMORY) as content, SpooledTemporaryFile(_IN_MEMORY) as packed:
            for step in chain([first], steps):
                packed.write(step.packed)
                content.write(step.content)
                if step.is_last:
                    break
            length, packed_length = content.tell(), packed.tell()
            content.seek(0)
            packed.seek(0)
            yield Member(
                start, length, packed_start, packed_length, cast("IO[bytes]", content), cast("IO[bytes]", packed)
            )
        start += length
        packed_start += packed_length


def pack(content: IO[bytes], target: IO[bytes], packing: str) -> int:
    """Write ``content`` as one member; how many bytes it takes."""
    packer = _packer(packing)
    before = target.tell()
    while block := content.read(BLOCK):
        target.write(packer.compress(block))
    target.write(packer.flush())
    return target.tell() - before


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """What is left of a stream."""
    while block := stream.read(BLOCK):
        yield block


class _Step(NamedTuple):
    packed: bytes
    content: bytes
    is_last: bool
    """Whether a member ends here."""


class _Content(io.RawIOBase):
    """What steps give, as a stream."""

    def __init__(self, steps: Iterator[_Step]) -> None:
        self._steps = steps
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._left and (step := next(self._steps, None)):
            self._left = memoryview(step.content)
        target = memoryview(buffer)
        size = min(len(target), len(self._left))
        target[:size], self._left = self._left[:size], self._left[size:]
        return size


def _steps(stream: BinaryIO, packing: str) -> Iterator[_Step]:
    """All bytes of a packed stream, in order, and what they hold."""
    start = at = 0
    unpacker = None
    while data := stream.read(BLOCK):
        left = memoryview(data)
        while left:
            part = left[:_STEP]
            zeros = len(part) - len(bytes(part).lstrip(b"\0")) if packing == "gzip" and at and not unpacker else 0
            if zeros:
                step = _Step(bytes(part[:zeros]), b"", True)
            else:
                if not unpacker:
                    start, unpacker = at, _unpacker(packing)
                content = _decompressed(unpacker, part, packing, start)
                used = len(part) - len(unpacker.unused_data)
                step = _Step(bytes(part[:used]), content, unpacker.eof)
                unpacker = None if step.is_last else unpacker
            yield step
            at, left = at + len(step.packed), left[len(step.packed) :]
    if unpacker:
        raise ArchiveError(f"truncated {packing} member at byte {start}")


def _decompressed(unpacker: Any, data: memoryview, packing: str, start: int) -> bytes:
    try:
        content: bytes = unpacker.decompress(data)
    except Exception as error:
        if type(error).__name__ not in ("error", "ZstdError"):
            raise
        raise ArchiveError(f"damaged {packing} member at byte {start} ({error})") from None
    return content


def _unpacker(packing: str) -> Any:
    if packing == "gzip":
        return zlib.decompressobj(_GZIP)
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


def _packer(packing: str) -> Any:
    if packing == "gzip":
        return zlib.compressobj(wbits=_GZIP)
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compressobj()
