"""WARC 1.0 and 1.1: pages and texts among the responses, resources and conversions; all other records stay.

Of a record that is changed, lengths and digests are made right for what it holds then, so that its patches hold only
together. Where a digest was wrong before, the record is damaged, or was digested in a way of its own: it is left alone.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import BinaryIO, NamedTuple

from fastwarc.warc import HeaderMap

from cleaner.archive.fields import text_patches
from cleaner.archive.packing import BLOCK
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch, Piece, Text, Wanted, applied, unnamed
from cleaner.document.encoding import Decoded, decode, encode
from cleaner.edit import apply
from cleaner.types import Edit, SourceError

LARGEST = 1 << 26
"""Bytes of a record, and of what is packed in it, beyond which it is left alone and not kept in memory."""
_HEAD = 1 << 16
"""Bytes of headers at most, and of a record for the quarantine."""
_TYPES = frozenset({"response", "resource", "conversion"})
_FORMATS = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text", "text/markdown": "markdown"}
_MARK, _END = b"WARC/1.", b"\r\n\r\n"
_BEGIN = re.compile(rb"(?m)^WARC/1\.")
_LENGTH = re.compile(rb"\nContent-Length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r\n", re.I)
_TYPE = re.compile(rb"\nWARC-Type[ \t]*:", re.I)
_FIELD = r"(?i)\n%s[ \t]*:[ \t]*([^\r\n]*?)[ \t]*(?=\r?\n)"
_BREAKS = re.compile(rb"[\r\n]*+")
_HTTP_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*+(?:;[^\r\n]*+)?\r\n")
_CHARSET = re.compile(r"""\bcharset\s*+=\s*+["']?([\w.:-]++)""", re.I | re.A)
_ALGORITHMS = frozenset({"md5", "sha1", "sha256", "sha384", "sha512"})
_SPELLINGS: tuple[Callable[[bytes], str], ...] = (
    lambda digest: base64.b32encode(digest).decode(),
    lambda digest: base64.b32encode(digest).decode().lower(),
    lambda digest: base64.b32encode(digest).decode().rstrip("="),
    lambda digest: digest.hex(),
    lambda digest: digest.hex().upper(),
    lambda digest: base64.b64encode(digest).decode(),
)


class _Extent(NamedTuple):
    """Where a record stands in some bytes, or what is none; all empty where there are only line breaks left."""

    start: int
    block: int
    """Where its headers end; where it has none, its beginning."""
    claimed: int
    """Where its block ends, as its headers say."""
    end: int
    """Where the next one begins."""
    cause: str = ""
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class _Body:
    """What a block holds behind the headers of HTTP, if there are any."""

    sent: bytes
    """As it stands there."""
    entity: bytes
    """Without chunks."""
    content: bytes
    """Unpacked."""
    pack: Callable[[bytes], bytes] | None
    tail: bytes | None
    """The last chunk and what follows it; ``None``: it is not chunked."""

    def spelled(self, content: bytes) -> _Body:
        """Another content, packed and chunked alike; in one chunk."""
        entity = self.pack(content) if self.pack else content
        sent = entity
        if self.tail is not None:
            sent = (b"%x\r\n%b\r\n" % (len(entity), entity) if entity else b"") + self.tail
        return _Body(sent, entity, content, self.pack, self.tail)


def layout(name: str, head: bytes, wanted: Wanted) -> Layout:
    """Nothing but the format of the texts; see :class:`~cleaner.archive.records.ByteFormat`."""
    if not _BEGIN.search(head):
        raise ArchiveError(f"{name}: there is no record of WARC 1.0 or 1.1")
    if wanted.fields or wanted.id_field:
        raise ArchiveError(f"{name}: there is no field {(*wanted.fields, wanted.id_field)[0]!r}, for WARC has none")
    return Layout(details={"format": wanted.format})


def pieces(stream: BinaryIO, layout: Layout, size: int, start: int = 0) -> Iterator[Piece]:
    """Whole records; see :class:`~cleaner.archive.records.ByteFormat`.

    Of a record beyond :data:`LARGEST` the piece, which it has to itself, holds only the beginning.
    """
    data, at, is_all = b"", 0, False
    while True:
        extent = _extent(data, at, is_all or len(data) - at > 2 * LARGEST)
        is_large = extent is not None and extent.claimed - extent.start > LARGEST
        if at and (at >= size or is_large or (is_all and at == len(data))):
            yield Piece(start, start + at, data[:at])
            start, data, at = start + at, data[at:], 0
        elif extent is not None and is_large:
            end = extent.claimed
            if end > len(data):
                end = len(data) + _skip(stream, end - len(data))
            yield Piece(start, start + end, data[: extent.start + _HEAD][:end])
            start, data = start + end, data[end:]
        elif extent is not None and extent.end > at:
            at = extent.end
        elif is_all:
            return
        else:
            block = stream.read(max(BLOCK, len(data)))
            data, is_all = data + block, not block


def texts(piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
    """The texts of the records; see :class:`~cleaner.archive.records.ByteFormat`."""
    at = 0
    while extent := _extent(piece.data, at, True):
        if extent.end == at:
            return
        at = extent.end
        record, offset = piece.data[extent.start : extent.end], piece.offset + extent.start
        name = unnamed(offset)
        try:
            headers = _headers(record[: extent.block - extent.start])
            name = _link(headers) or headers.get("WARC-Record-ID") or name
            if extent.cause:
                raise ArchiveError(extent.cause)
            if piece.end < piece.offset + extent.claimed:
                raise ArchiveError(_cut_off(extent, piece.end - piece.offset))
            if text := _read(record, extent, headers, name, offset, layout):
                yield text
        except (ArchiveError, SourceError) as error:
            yield Bad(name, offset, str(error), record[:_HEAD])


# Records


def _extent(data: bytes, at: int, is_all: bool) -> _Extent | None:
    """The record at ``at``, behind line breaks; ``None``: more than ``data`` is needed to tell."""
    start = _behind_breaks(data, at)
    if start == len(data):
        return _Extent(start, start, start, start) if is_all else None
    head = _head(data, start, is_all)
    if head is None:
        return None
    block, length = head
    if not block:
        end = _next(data, start + 1, is_all)
        return None if end < 0 else _Extent(start, start, start, end, "byte 0 of the record: no record begins here")
    claimed = block + length
    if claimed - start > LARGEST:
        return _Extent(start, block, claimed, len(data))
    if claimed <= len(data):
        after = _behind_breaks(data, claimed)
        begins = data[after : after + len(_MARK)]
        if not is_all and _MARK.startswith(begins) and begins != _MARK:
            return None
        if not begins or begins == _MARK or data.startswith(_END, claimed):
            return _Extent(start, block, claimed, after)
    elif not is_all:
        return None
    end = _next(data, block, is_all)
    if end < 0:
        return None
    extent = _Extent(start, block, claimed, end)
    cause = f"byte {claimed - start} of the record: no record follows where its Content-Length of {length} bytes ends"
    return extent._replace(cause=cause if claimed <= end else _cut_off(extent, end))


def _cut_off(extent: _Extent, end: int) -> str:
    return f"its Content-Length is {extent.claimed - extent.block} bytes, but it ends after {end - extent.block}"


def _head(data: bytes, start: int, is_all: bool) -> tuple[int, int] | None:
    """Where the headers of a record end and how long its block is; zeros: there are none; ``None``: more is needed."""
    begins = data[start : start + len(_MARK)]
    if begins != _MARK:
        return None if not is_all and _MARK.startswith(begins) else (0, 0)
    end = data.find(_END, start, start + _HEAD) + 4
    if end < 4:
        return None if not is_all and len(data) - start < _HEAD else (0, 0)
    length = _LENGTH.search(data, start, end)
    return (end, int(length[1])) if length and _TYPE.search(data, start, end) else (0, 0)


def _next(data: bytes, at: int, is_all: bool) -> int:
    """Where the next line is from which a record begins, else the end; -1: more is needed."""
    while (end := data.find(_END, at)) >= 0:
        begin = data.rfind(b"\n" + _MARK, max(at - 1, end - _HEAD), end) + 1
        head = _head(data, begin, is_all) if begin else None
        if head and head[0]:
            return begin
        at = end + 1
    return len(data) if is_all else -1


def _behind_breaks(data: bytes, at: int) -> int:
    found = _BREAKS.match(data, at)
    return found.end() if found else at


def _skip(stream: BinaryIO, size: int) -> int:
    """Read over some bytes; how many there were."""
    left = size
    while left and (block := stream.read(min(left, BLOCK))):
        left -= len(block)
    return size - left


def _headers(head: bytes) -> HeaderMap:
    headers = HeaderMap()
    if head:
        headers.parse(io.BytesIO(re.sub(rb"\r?\n", b"\r\n", head)))
    return headers


def _link(headers: HeaderMap) -> str:
    return (headers.get("WARC-Target-URI") or "").strip("<>")


def _type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _read(record: bytes, extent: _Extent, headers: HeaderMap, name: str, offset: int, layout: Layout) -> Text | None:
    """The text of a record; ``None``: it holds none."""
    if (headers.get("WARC-Type") or "").lower() not in _TYPES:
        return None
    begin = extent.block - extent.start
    block, type, head, http = (
        record[begin : extent.claimed - extent.start],
        headers.get("Content-Type") or "",
        b"",
        None,
    )
    if _type(type) == "application/http":
        found = _HTTP_END.search(block)
        if not found:
            raise ArchiveError(f"byte {begin} of the record: the headers of HTTP do not end")
        head = block[: found.end()]
        http = _headers(head)
        type = http.get("Content-Type") or headers.get("WARC-Identified-Payload-Type") or ""
    format = _FORMATS.get(_type(type))
    if not format:
        return None
    if extent.claimed - extent.start > LARGEST:
        raise ArchiveError(f"larger than {LARGEST >> 20} MiB: left alone")
    if headers.get("WARC-Segment-Number"):
        raise ArchiveError("a segment of a record: left alone")
    body = _body(block[len(head) :], http)
    charset = _CHARSET.search(type)
    decoded = _decoded(body.content, charset[1] if charset else "")
    if not decoded.text.strip():
        return None
    patches = partial(_patches, record[:begin], head, body, decoded)
    told = layout.details["format"]
    format = format if told == "auto" else told
    return Text(name, "", decoded.text, offset, patches, format, headers.get("WARC-Date") or "", _link(headers), True)


# Bodies


def _body(sent: bytes, http: HeaderMap | None) -> _Body:
    """What was sent, unpacked. Headers stay when crawlers unpack what they keep: the bytes have to bear them out.

    Raises:
        ArchiveError: it is damaged, packed in a way that is not known, or too large.
    """
    entity, tail = sent, None
    pack: Callable[[bytes], bytes] | None = None
    transfer, coding = ((http.get(f"{name}-Encoding") if http else "") or "" for name in ("Transfer", "Content"))
    if "chunked" in transfer.lower() and _CHUNK.match(sent):
        entity, tail = _without_chunks(sent)
    content = entity
    coding = coding.strip().lower().removeprefix("x-")
    if coding == "gzip":
        if entity.startswith(b"\x1f\x8b"):
            content, pack = _inflated(entity, 31), partial(_deflated, bits=31)
    elif coding == "deflate" and entity:
        bits = 15 if entity[0] & 15 == 8 and int.from_bytes(entity[:2]) % 31 == 0 else -15
        content, pack = _inflated(entity, bits), partial(_deflated, bits=bits)
    elif coding == "br" and entity:
        content, pack = _without_brotli(entity)
    elif coding not in ("", "identity"):
        raise ArchiveError(f"Content-Encoding {coding!r} is not known: left alone")
    return _Body(sent, entity, content, pack, tail)


def _without_chunks(sent: bytes) -> tuple[bytes, bytes]:
    """What chunks hold, and the last chunk with what follows it."""
    parts: list[bytes] = []
    at = 0
    while found := _CHUNK.match(sent, at):
        size, begin = int(found[1], 16), found.end()
        if not size:
            return b"".join(parts), sent[at:]
        if sent[begin + size : begin + size + 2] != b"\r\n":
            break
        parts.append(sent[begin : begin + size])
        at = begin + size + 2
    raise ArchiveError(f"byte {at} of the body: its chunks are damaged or cut off")


def _inflated(entity: bytes, bits: int) -> bytes:
    unpacker = zlib.decompressobj(bits)
    try:
        content = unpacker.decompress(entity, LARGEST)
    except zlib.error as error:
        raise ArchiveError(f"the body cannot be unpacked ({error})") from None
    _check_unpacked(len(content), unpacker.eof, unpacker.unused_data)
    return content


def _deflated(content: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(content) + packer.flush()


def _without_brotli(entity: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    try:
        brotli = import_module("brotli")
    except ModuleNotFoundError:
        raise ArchiveError("Content-Encoding br needs brotli: pip install brotli") from None
    unpacker = brotli.Decompressor()
    try:
        content = unpacker.process(entity, output_buffer_limit=LARGEST)
    except brotli.error as error:
        raise ArchiveError(f"the body cannot be unpacked ({error})") from None
    _check_unpacked(len(content), unpacker.is_finished(), b"")
    return content, brotli.compress


def _check_unpacked(size: int, is_ended: bool, rest: bytes) -> None:
    if size > LARGEST or (size == LARGEST and not is_ended):
        raise ArchiveError(f"the body unpacks to more than {LARGEST} bytes: left alone")
    if not is_ended:
        raise ArchiveError("the body is cut off")
    if rest:
        raise ArchiveError("the body holds more than what is packed in it")


def _decoded(content: bytes, charset: str) -> Decoded:
    """The text of a body, whose charset counts as if the body declared it first.

    Raises:
        SourceError: the body is binary.
    """
    decoded = decode(content)
    if not charset or decoded.bom:
        return decoded
    declared = f'<meta charset="{charset}">'
    decoded = decode(declared.encode() + content)
    return Decoded(decoded.text[len(declared) :], decoded.encoding)


# Patches


def _patches(warc: bytes, head: bytes, body: _Body, decoded: Decoded, edits: Sequence[Edit]) -> list[Patch]:
    """Patches of a record whose headers are ``warc``, and those of HTTP ``head``."""
    if not edits:
        return []
    try:
        content = encode(apply(decoded.text, edits), decoded)
    except SourceError as error:
        raise ArchiveError(str(error)) from None
    new = body.spelled(content)
    changes = [Patch(0, body.sent, new.sent)]
    if body.content is body.sent:
        with suppress(ArchiveError):
            singly = text_patches(decoded.text, edits, decoded.encoding, len(decoded.bom))
            changes = singly if applied(body.content, singly) == content else changes
    lengths = _fields(head, "Content-Length", partial(_length, len(body.sent), len(new.sent)))
    changes = [*lengths, *_moved(changes, len(head))]
    block = head + body.sent
    changed = applied(block, changes)
    payloads = [(body.sent, new.sent), (body.entity, new.entity), (body.content, new.content)]
    fields = [
        *_fields(warc, "Content-Length", partial(_length, len(block), len(changed))),
        *_fields(warc, "WARC-Block-Digest", partial(_digest, [(block, changed)])),
        *_fields(warc, "WARC-Payload-Digest", partial(_digest, payloads)),
    ]
    return [*sorted(fields), *_moved(changes, len(warc))]


def _moved(patches: Sequence[Patch], by: int) -> list[Patch]:
    return [patch._replace(start=patch.start + by) for patch in patches]


def _fields(head: bytes, name: str, change: Callable[[str], str]) -> list[Patch]:
    """Patches of the values of a header."""
    found = re.finditer((_FIELD % name).encode(), head)
    patches = [Patch(f.start(1), f[1], change(f[1].decode("latin-1")).encode("latin-1")) for f in found]
    return [patch for patch in patches if patch.old != patch.new]


def _length(old: int, new: int, value: str) -> str:
    """A length; one that was not that of what is there (but of what was sent, say) stays."""
    return str(new) if (value.lstrip("0") or "0") == str(old) else value


def _digest(changes: Sequence[tuple[bytes, bytes]], value: str) -> str:
    """The digest of what one of these becomes, which it was that of.

    Raises:
        ArchiveError: it was that of none.
    """
    label, _, spelled = value.partition(":")
    algorithm = label.lower().replace("-", "")
    if algorithm not in _ALGORITHMS:
        raise ArchiveError(f"digests of the kind {label!r} are not known: left alone")
    for old, new in changes:
        digest = hashlib.new(algorithm, old).digest()
        for spelling in _SPELLINGS:
            if spelling(digest) == spelled:
                return f"{label}:{spelling(hashlib.new(algorithm, new).digest())}"
    raise ArchiveError(f"{value} is not the digest of what the record holds: left alone")
