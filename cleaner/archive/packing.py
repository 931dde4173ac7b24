"""Packed containers: reading them, and packing anew only the members in which something is changed.

A gzip file is one member or many (one for every record of a WARC); a zstd file is one frame or many.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from cleaner.archive.records import ArchiveError

BLOCK = 1 << 20
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
    with ExitStack() as stack:
        content: Any = stream
        if packing == "gzip":
            content = stack.enter_context(gzip.GzipFile(fileobj=stream))
        elif packing == "zstd":
            import zstandard

            content = stack.enter_context(
                zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True, closefd=False)
            )
        try:
            yield content
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ArchiveError(f"damaged {packing} data near byte {stream.tell()} ({error})") from None
        except Exception as error:
            if packing == "zstd" and type(error).__name__ == "ZstdError":
                raise ArchiveError(f"damaged zstd data near byte {stream.tell()} ({error})") from None
            raise


def members(stream: BinaryIO, packing: str) -> Generator[Member, None, None]:
    """The members of a packed stream, in order. Bytes behind the last one that are none come as one without content.

    Raises:
        ArchiveError: it is truncated or damaged.
    """
    start = packed_start = 0
    data = stream.read(BLOCK)
    while data:
        with (
            SpooledTemporaryFile(_IN_MEMORY) as content,
            SpooledTemporaryFile(_IN_MEMORY) as packed,
        ):
            unpacker = _unpacker(packing) if not _is_padding(data, packed_start) else None
            while data and unpacker and not unpacker.eof:
                try:
                    content.write(unpacker.decompress(data))
                except Exception as error:
                    if type(error).__name__ not in ("error", "ZstdError"):
                        raise
                    raise ArchiveError(f"damaged {packing} member at byte {packed_start} ({error})") from None
                rest = unpacker.unused_data
                packed.write(data[: len(data) - len(rest)])
                data = rest or stream.read(BLOCK)
            if not unpacker:
                while data:
                    packed.write(data)
                    data = stream.read(BLOCK)
            elif not unpacker.eof:
                raise ArchiveError(f"truncated {packing} member at byte {packed_start}")
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


def _is_padding(data: bytes, at: int) -> bool:
    """Whether zeros follow the last member, as on tapes."""
    return at > 0 and not data[0]


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
