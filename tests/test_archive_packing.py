"""Packed containers are taken apart exactly, and what is wrong with them is told."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.archive import packing
from cleaner.archive.packing import blocks, members, pack, unpacked
from cleaner.archive.records import ArchiveError

ARTICLE = "Phiên chợ vùng cao họp từ tinh mơ, người bán thổ cẩm ngồi kín con dốc.\n".encode()
PARTS = [ARTICLE, b"", ARTICLE * 900, b"x"]
SKIPPABLE = b"\x50\x2a\x4d\x18" + struct.pack("<I", 5) + b"muoi\n"


def packed(data: bytes, kind: str) -> bytes:
    return gzip.compress(data, mtime=0) if kind == "gzip" else zstandard.compress(data)


def taken_apart(data: bytes, kind: str) -> list[tuple[bytes, bytes]]:
    found, start, packed_start = [], 0, 0
    for member in members(io.BytesIO(data), kind):
        content, source = member.content.read(), member.packed.read()
        assert (member.start, member.length) == (start, len(content))
        assert (member.packed_start, member.packed_length) == (packed_start, len(source))
        start, packed_start = start + len(content), packed_start + len(source)
        found.append((content, source))
    return found


def read(data: bytes, kind: str) -> bytes:
    with unpacked(io.BytesIO(data), kind) as content:
        return b"".join(blocks(content))


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("parts", [[], [ARTICLE], [b""], PARTS, [ARTICLE] * 500], ids=len)
def test_members(kind: str, parts: list[bytes]) -> None:
    sources = [packed(part, kind) for part in parts]
    assert taken_apart(b"".join(sources), kind) == list(zip(parts, sources, strict=True))
    assert read(b"".join(sources), kind) == b"".join(parts)


def test_what_is_not_packed_is_given_as_it_is() -> None:
    assert read(ARTICLE, "") == ARTICLE


@pytest.mark.parametrize("zeros", [1, 512, 100_000])
def test_zeros_behind_members(zeros: int) -> None:
    data = packed(ARTICLE, "gzip") + bytes(zeros)
    found = taken_apart(data + packed(b"x", "gzip"), "gzip")
    assert found[0] == (ARTICLE, packed(ARTICLE, "gzip"))
    assert b"".join(source for content, source in found[1:-1] if not content) == bytes(zeros)
    assert found[-1] == (b"x", packed(b"x", "gzip"))
    assert read(data, "gzip") == ARTICLE


def test_frames_that_readers_skip() -> None:
    frame = packed(ARTICLE, "zstd")
    assert taken_apart(frame + SKIPPABLE + frame, "zstd") == [(ARTICLE, frame), (b"", SKIPPABLE), (ARTICLE, frame)]


def test_frames_of_several_blocks_and_checksums() -> None:
    data = zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(ARTICLE * 9999)
    assert taken_apart(data, "zstd") == [(ARTICLE * 9999, data)]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("left", [1, 3, 12, 40])
def test_truncated(kind: str, left: int) -> None:
    whole = packed(ARTICLE, kind)
    data = whole + packed(ARTICLE * 9, kind)[:left]
    cause = f"truncated {kind} member at byte {len(whole)}"
    with pytest.raises(ArchiveError) as caught:
        taken_apart(data, kind)
    assert str(caught.value) == cause
    with unpacked(io.BytesIO(data), kind) as content:
        assert content.read(len(ARTICLE)) == ARTICLE
        with pytest.raises(ArchiveError) as caught:
            content.read()
    assert str(caught.value) == cause


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("rest", [b"rac o cuoi", b"\0\0\0rac", ARTICLE])
def test_garbage_behind_the_last_member(kind: str, rest: bytes) -> None:
    data = packed(ARTICLE, kind) + rest
    for reads in taken_apart, read:
        with pytest.raises(ArchiveError, match=rf"^damaged {kind} member at byte \d+ \(.+\)$"):
            reads(data, kind)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_damaged(kind: str) -> None:
    whole = packed(ARTICLE, kind)
    data = zstandard.ZstdCompressor(write_checksum=True).compress(ARTICLE) if kind == "zstd" else whole
    damaged = whole + data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]
    for reads in taken_apart, read:
        with pytest.raises(ArchiveError, match=rf"^damaged {kind} member at byte {len(whole)} \("):
            reads(damaged, kind)
    with pytest.raises(ArchiveError, match=rf"^damaged {kind} member at byte 0 \("):
        read(ARTICLE, kind)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_large_members_are_kept_in_files(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_IN_MEMORY", 1000)
    kept: list[bool] = []
    found: list[bytes] = []
    for member in members(io.BytesIO(packed(ARTICLE * 5000, kind) + packed(b"x", kind)), kind):
        assert isinstance(member.content, tempfile.SpooledTemporaryFile)
        kept.append(not isinstance(member.content._file, io.BytesIO))
        found.append(member.content.read())
    assert kept == [True, False]
    assert found == [ARTICLE * 5000, b"x"]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_little_that_holds_much_is_unpacked_little_by_little(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_STEP", 64)
    data = packed(bytes(1 << 24), kind)
    steps = [len(step.content) for step in packing._steps(io.BytesIO(data), kind)]
    assert sum(steps) == 1 << 24
    assert max(steps) < 1 << 22


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("data", [b"", ARTICLE, ARTICLE * 50_000])
def test_packs_one_member(kind: str, data: bytes) -> None:
    target = io.BytesIO(b"truoc")
    target.seek(5)
    assert pack(io.BytesIO(data), target, kind) == len(target.getvalue()) - 5
    again = io.BytesIO(b"truoc")
    again.seek(5)
    pack(io.BytesIO(data), again, kind)
    assert again.getvalue() == target.getvalue()
    assert taken_apart(target.getvalue()[5:], kind) == [(data, target.getvalue()[5:])]


@settings(max_examples=100)
@given(
    st.sampled_from(["gzip", "zstd"]),
    st.lists(st.binary(max_size=300), max_size=8),
    st.integers(1, 400),
    st.integers(1, 400),
)
def test_members_together_are_the_file(kind: str, parts: list[bytes], block: int, step: int) -> None:
    data = b"".join(packed(part, kind) for part in parts)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packing, "BLOCK", block)
        patched.setattr(packing, "_STEP", step)
        found = taken_apart(data, kind)
        assert read(data, kind) == b"".join(parts)
    assert b"".join(source for _, source in found) == data
    assert [content for content, _ in found] == parts


@settings(max_examples=300)
@given(st.sampled_from(["gzip", "zstd"]), st.data())
def test_damage_is_told_or_does_no_harm(kind: str, draw: st.DataObject) -> None:
    data = bytearray(packed(ARTICLE, kind) + packed(ARTICLE[::-1], kind))
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] = draw.draw(st.integers(0, 255))
    ends = [end_of(reads, bytes(data), kind) for reads in (lambda *of: together(taken_apart(*of)), read)]
    assert ends[0] == ends[1]


def together(found: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(content for content, _ in found)


def end_of(reads: Callable[[bytes, str], bytes], data: bytes, kind: str) -> bytes | str:
    try:
        return reads(data, kind)
    except ArchiveError as error:
        return str(error)
