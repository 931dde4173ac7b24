"""WARC: pages are changed in whatever they are packed, and what is told of them stays true."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.archive.formats import warc
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch, Text, Wanted, applied
from cleaner.edit import apply
from cleaner.types import Edit

PAGE = "<html><body><p>Trường làng mở lại thư viện.</p><p>Soi cầu bạch thủ hôm nay.</p></body></html>"
SPAM = "<p>Soi cầu bạch thủ hôm nay.</p>"
AUTO = Layout(details={"format": "auto"})
URI = "https://truong.example/thu-vien"


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def record(
    block: bytes, kind: str = "response", mime: str = "application/http; msgtype=response", **fields: str
) -> bytes:
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:7d1c>",
        "WARC-Date": "2024-03-05T08:00:00Z",
        "WARC-Target-URI": URI,
        "Content-Type": mime,
        **{name.replace("_", "-"): value for name, value in fields.items()},
        "Content-Length": str(len(block)),
    }
    return (
        b"WARC/1.0\r\n"
        + "".join(f"{n}: {v}\r\n" for n, v in headers.items() if v).encode()
        + b"\r\n"
        + block
        + b"\r\n\r\n"
    )


def http(body: bytes, *headers: str, mime: str = "text/html; charset=utf-8") -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {mime}", *headers, "", ""]).encode() + body


def page(body: bytes | None = None, *headers: str, mime: str = "text/html; charset=utf-8") -> bytes:
    body = PAGE.encode() if body is None else body
    block = http(body, f"Content-Length: {len(body)}", *headers, mime=mime)
    return record(block, WARC_Block_Digest=sha1(block), WARC_Payload_Digest=sha1(body))


REQUEST = record(b"GET / HTTP/1.1\r\nHost: truong.example\r\n\r\n", "request", "application/http; msgtype=request")
INFO = record(b"software: tay\r\n", "warcinfo", "application/warc-fields")
IMAGE = record(http(b"\x89PNG\r\n\x1a\n", mime="image/png"))


def read(data: bytes, size: int = 1 << 20, layout: Layout = AUTO) -> list[Text | Bad]:
    return [found for piece in warc.pieces(io.BytesIO(data), layout, size) for found in warc.texts(piece, layout)]


def only(data: bytes) -> Text:
    (text,) = read(data)
    assert isinstance(text, Text)
    return text


def told(data: bytes) -> str:
    (bad,) = read(data)
    assert isinstance(bad, Bad)
    return bad.cause


def removed(text: Text, words: str = SPAM, replacement: str = "") -> list[Patch]:
    start = text.text.index(words)
    patches = text.patches([Edit(start, start + len(words), replacement)])
    assert text.whole
    return [patch._replace(start=patch.start + text.offset) for patch in patches]


def inverse(patches: list[Patch]) -> list[Patch]:
    found, shift = [], 0
    for patch in patches:
        found.append(Patch(patch.start + shift, patch.new, patch.old))
        shift += len(patch.new) - len(patch.old)
    return found


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%X;a=b\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nX-End: 1\r\n\r\n"


def squeezed(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


def test_reads_pages_and_what_is_known_of_them() -> None:
    data = INFO + REQUEST + page() + IMAGE
    text = only(data)
    assert (text.text, text.format, text.name, text.record) == (PAGE, "html", "", URI)
    assert (text.link, text.date, text.offset) == (URI, "2024-03-05T08:00:00Z", len(INFO + REQUEST))
    assert text.patches([]) == []


@pytest.mark.parametrize(
    ("kind", "mime", "format"),
    [
        ("resource", "text/plain", "text"),
        ("resource", "Text/Markdown; charset=utf-8", "markdown"),
        ("resource", "application/xhtml+xml", "html"),
        ("conversion", "text/plain", "text"),
        ("resource", "text/css", ""),
        ("metadata", "text/plain", ""),
        ("revisit", "text/html", ""),
        ("response", "text/dns", ""),
    ],
)
def test_which_records_are_texts(kind: str, mime: str, format: str) -> None:
    found = read(record("Thơ ca dân gian".encode(), kind, mime, WARC_Target_URI=f"<{URI}>"))
    assert [(f.format, f.link) for f in found if isinstance(f, Text)] == ([(format, URI)] if format else [])
    assert not [f for f in found if isinstance(f, Bad)]


def test_the_user_may_say_how_texts_are_read() -> None:
    layout = warc.layout("a.warc", page(), Wanted(format="text"))
    assert [f.format for f in read(page(), layout=layout) if isinstance(f, Text)] == ["text"]


def test_lengths_and_digests_are_made_right() -> None:
    data = INFO + page() + IMAGE
    changed = applied(data, removed(only(data)))
    assert changed == INFO + page(PAGE.replace(SPAM, "").encode()) + IMAGE
    for found in ArchiveIterator(io.BytesIO(changed), parse_http=False, verify_digests=False):
        assert found.verify_block_digest() or not found.headers.get("WARC-Block-Digest")
    assert applied(changed, inverse(removed(only(data)))) == data


PACKED: list[tuple[tuple[str, ...], Callable[[bytes], bytes], Callable[[bytes], bytes]]] = [
    (("Content-Encoding: gzip",), gzip.compress, gzip.decompress),
    (("Content-Encoding: x-gzip",), gzip.compress, gzip.decompress),
    (("Content-Encoding: deflate",), zlib.compress, zlib.decompress),
    (("Content-Encoding: deflate",), lambda b: squeezed(b, -15), lambda b: zlib.decompress(b, -15)),
    (("Content-Encoding: br",), brotli.compress, brotli.decompress),
    (("Content-Encoding: identity",), bytes, bytes),
    (("Content-Encoding: gzip", "X-Was: stored unpacked"), bytes, bytes),
    (("Transfer-Encoding: chunked", "X-Was: stored without chunks"), bytes, bytes),
]


@pytest.mark.parametrize(("headers", "pack", "unpack"), PACKED)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_packed_bodies(
    headers: tuple[str, ...], pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes], is_chunked: bool
) -> None:
    if is_chunked:
        headers = (*headers[:1], "Transfer-Encoding: chunked")
    body = chunked(pack(PAGE.encode())) if is_chunked else pack(PAGE.encode())
    data = REQUEST + page(body, *headers) + IMAGE
    text = only(data)
    assert text.text == PAGE
    changed = applied(data, removed(text))
    assert only(changed).text == PAGE.replace(SPAM, "")
    assert changed.startswith(REQUEST)
    assert changed.endswith(IMAGE)
    assert applied(changed, inverse(removed(text))) == data
    sent = changed[len(REQUEST) : -len(IMAGE)].partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2][:-4]
    assert changed == REQUEST + page(sent, *headers) + IMAGE
    if is_chunked:
        size, _, rest = sent.partition(b"\r\n")
        assert rest[int(size, 16) :] == b"\r\n0\r\nX-End: 1\r\n\r\n"
        sent = rest[: int(size, 16)]
    assert unpack(sent) == PAGE.replace(SPAM, "").encode()


@pytest.mark.parametrize(
    ("spell", "of"),
    [
        (lambda d: "sha1:" + hashlib.sha1(d).hexdigest(), "body"),
        (lambda d: "SHA-256:" + hashlib.sha256(d).hexdigest().upper(), "body"),
        (lambda d: "sha256:" + base64.b32encode(hashlib.sha256(d).digest()).decode(), "entity"),
        (lambda d: "sha256:" + base64.b32encode(hashlib.sha256(d).digest()).decode().rstrip("="), "entity"),
        (lambda d: "md5:" + hashlib.md5(d).hexdigest(), "content"),
        (lambda d: "sha512:" + base64.b64encode(hashlib.sha512(d).digest()).decode(), "content"),
    ],
)
def test_digests_of_any_spelling_and_of_whatever_was_digested(spell: Callable[[bytes], str], of: str) -> None:
    def made(text: str) -> bytes:
        content = text.encode()
        entity = squeezed(content, 31)
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(entity), entity)
        block = http(body, "Content-Encoding: gzip", "Transfer-Encoding: chunked")
        digested = {"body": body, "entity": entity, "content": content}[of]
        return record(block, WARC_Payload_Digest=spell(digested), WARC_Block_Digest=spell(block))

    data = made(PAGE)
    assert applied(data, removed(only(data))) == made(PAGE.replace(SPAM, ""))


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("WARC_Block_Digest", sha1(b"khac"), f"{sha1(b'khac')} is not the digest of what the record holds: left alone"),
        ("WARC_Payload_Digest", sha1(b""), f"{sha1(b'')} is not the digest of what the record holds: left alone"),
        ("WARC_Payload_Digest", "crc32:77", "digests of the kind 'crc32' are not known: left alone"),
    ],
)
def test_a_record_whose_digest_was_wrong_is_left_alone(name: str, value: str, cause: str) -> None:
    text = only(record(http(PAGE.encode()), **{name: value}))
    with pytest.raises(ArchiveError) as caught:
        removed(text)
    assert str(caught.value) == cause


def test_a_length_of_http_that_was_of_something_else_stays() -> None:
    data = record(http(PAGE.encode(), "Content-Length: 31"))
    assert applied(data, removed(only(data))) == record(http(PAGE.replace(SPAM, "").encode(), "Content-Length: 31"))


@pytest.mark.parametrize(
    ("mime", "encoding", "words"),
    [
        ("text/html; charset=windows-1251", "cp1251", "Новости"),
        ("text/html; charset='Shift_JIS'", "cp932", "新聞①"),
        ("text/html; charset=utf-8", "utf-16", "Tin biển"),
        ("text/html; charset=nonsense", "utf-8", "Tin biển"),
        ("text/html; charset=windows-1251", "utf-8-sig", "Tin biển"),
        ("text/html", "utf-8", "Tin biển"),
        ("text/html; charset=iso-2022-jp", "iso2022_jp", "新聞、本日"),
    ],
)
def test_charsets(mime: str, encoding: str, words: str) -> None:
    def made(text: str) -> bytes:
        return page(text.encode(encoding), mime=mime)

    source = f"<p>{words}</p><p>{words[1:]} xxx</p>"
    data = made(source)
    text = only(data)
    assert text.text == source
    assert applied(data, removed(text, f"{words[2:]} xxx", ".")) == made(source.replace(f"{words[2:]} xxx", "."))


def test_a_charset_that_lacks_a_replacement() -> None:
    text = only(page("Новости дня".encode("cp1251"), mime="text/html; charset=windows-1251"))
    with pytest.raises(ArchiveError, match="cp1251 cannot spell"):
        text.patches([Edit(0, 1, "ạ")])


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (page(gzip.compress(PAGE.encode())[:-9], "Content-Encoding: gzip"), "the body is cut off"),
        (page(gzip.compress(PAGE.encode())[:10] + b"\xff" * 30, "Content-Encoding: gzip"),
         "the body cannot be unpacked (Error -3 while decompressing data: invalid block type)"),
        (page(gzip.compress(PAGE.encode()) + b"x", "Content-Encoding: gzip"),
         "the body holds more than what is packed in it"),
        (page(brotli.compress(PAGE.encode())[:-3], "Content-Encoding: br"), "the body is cut off"),
        (page(PAGE.encode(), "Content-Encoding: compress"), "Content-Encoding 'compress' is not known: left alone"),
        (page(chunked(PAGE.encode())[:50], "Transfer-Encoding: chunked"),
         "byte 48 of the body: its chunks are damaged or cut off"),
        (page(b"\x89PNG\r\n\x1a\n"), "binary data (PNG image), not a text"),
        (record(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"),
         "byte 219 of the record: the headers of HTTP do not end"),
        (record(http(PAGE.encode()), WARC_Segment_Number="1"), "a segment of a record: left alone"),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_read_are_told(data: bytes, cause: str) -> None:
    assert told(INFO + data + IMAGE) == cause


def test_what_unpacks_to_too_much_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "LARGEST", 5000)
    for headers, pack, _ in PACKED[:5]:
        assert told(page(pack(b"lua " * 2000), *headers)) == "the body unpacks to more than 5000 bytes: left alone"


def test_records_that_are_too_large_are_left_alone_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "LARGEST", 1 << 20)
    monkeypatch.setattr(warc, "BLOCK", 1 << 12)
    film = record(http(b"\0" * (3 << 20), mime="video/mp4"))
    novel = record(http(b"lua " * (1 << 20)))
    data = page() + film + page() + novel + page()
    pieces = list(warc.pieces(io.BytesIO(data), AUTO, 1 << 12))
    assert [pieces[0].offset, *(piece.end for piece in pieces)] == [*(piece.offset for piece in pieces), len(data)]
    assert sum(len(piece.data) for piece in pieces) < 1 << 18
    found = [record for piece in pieces for record in warc.texts(piece, AUTO)]
    assert [f.cause for f in found if isinstance(f, Bad)] == ["larger than 1 MiB: left alone"]
    assert [f.offset for f in found] == [0, len(page() + film), len(page() + film + page()), len(data) - len(page())]
    (end,) = read(film[: -(1 << 20)])
    assert isinstance(end, Bad)
    assert end.cause == "its Content-Length is 3145772 bytes, but it ends after 2097200"


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (page().replace(b"\r\nContent-Length: 4", b"\r\nContent-Length: 3"),
         "byte {} of the record: no record follows where its Content-Length of 3"),
        (page().replace(b"\r\nContent-Length: ", b"\r\nContent-Length: 9", 1), "its Content-Length is 9"),
        (b"rac\r\nrac\r\n", "byte 0 of the record: no record begins here"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\nrac\r\n", "byte 0 of the record: no record begins here"),
        (b"WARC/0.18 9 text/html\r\n\r\n", "byte 0 of the record: no record begins here"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_goes_on_behind_what_is_broken(broken: bytes, cause: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "BLOCK", 100)
    if b"text/html; charset" in broken:
        broken = broken.replace(SPAM.encode(), b"\nWARC/1.0 tin\n" + SPAM.encode() * 12)
    data = INFO + page() + broken + page() + IMAGE
    before, bad, after = read(data, size)
    assert isinstance(bad, Bad)
    assert bad.cause.startswith(cause.partition("{}")[0])
    assert bad.offset == len(INFO + page())
    assert broken.startswith(bad.data.rstrip())
    for text, offset in (before, len(INFO)), (after, len(data) - len(page() + IMAGE)):
        assert isinstance(text, Text)
        assert (text.text, text.offset) == (PAGE, offset)


def test_a_last_record_that_is_cut_off() -> None:
    data = page() + page()[:-100]
    text, bad = read(data)
    assert isinstance(text, Text)
    assert isinstance(bad, Bad)
    assert bad.record == URI
    assert bad.offset == len(page())
    assert bad.cause.startswith("its Content-Length is ")
    assert bad.data == page()[:-100]


def test_stray_line_breaks_and_none() -> None:
    data = b"\r\n\n" + page() + b"\r\n\r\n\r\n" + INFO[:-4] + b"\n" + page() + b"\n\n"
    texts = read(data)
    assert [t.offset for t in texts] == [3, len(data) - len(page()) - 2]
    assert applied(data, removed(texts[1])) if isinstance(texts[1], Text) else False


@pytest.mark.parametrize("head", [b"", b"chi co chu", b"WARC/0.18 9 text/html\r\n\r\n"])
def test_what_is_no_warc_is_told(head: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"thu\.warc: there is no record of WARC 1\.0 or 1\.1"):
        warc.layout("thu.warc", head, Wanted())
    with pytest.raises(ArchiveError, match="there is no field 'body'"):
        warc.layout("thu.warc", page(), Wanted(("body",)))


RECORDS = st.sampled_from(
    [
        INFO,
        REQUEST,
        page(),
        IMAGE,
        b"\r\n",
        b"rac",
        page()[:-80],
        page().replace(b"\r\nContent-Length: ", b"\r\nContent-Length: 1", 1),
        page().replace(b"\r\nContent-Length: 1", b"\r\nContent-Length: ", 1),
        page(gzip.compress(PAGE.encode(), mtime=0), "Content-Encoding: gzip"),
        b"WARC/1.0\r\n",
        b"WARC/1.",
        b"\nWARC/1.1\r\n\r\n",
    ]
)


@settings(max_examples=300)
@given(st.lists(RECORDS, max_size=7), st.integers(1, 2000), st.integers(1, 600))
def test_pieces_are_all_bytes_however_they_come(parts: list[bytes], size: int, block: int) -> None:
    data = b"".join(parts)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(warc, "BLOCK", block)
        pieces = list(warc.pieces(io.BytesIO(data), AUTO, size))
    assert b"".join(piece.data for piece in pieces) == data
    assert [piece.end - piece.offset for piece in pieces] == [len(piece.data) for piece in pieces]
    found = [record for piece in pieces for record in warc.texts(piece, AUTO)]
    assert [shown(f) for f in found] == [shown(f) for f in read(data)]
    for piece in pieces:
        stream = io.BytesIO(data)
        stream.seek(piece.end)
        rest = [f for p in warc.pieces(stream, AUTO, size, piece.end) for f in warc.texts(p, AUTO)]
        assert [shown(f) for f in rest] == [shown(f) for f in found if f.offset >= piece.end]


def shown(found: Text | Bad) -> tuple[object, ...]:
    if isinstance(found, Bad):
        return found.record, found.offset, found.cause, found.data
    return found.record, found.text, found.offset


@st.composite
def edits(draw: st.DrawFn) -> list[Edit]:
    places = sorted(draw(st.lists(st.integers(0, len(PAGE)), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return [Edit(a, b, draw(st.sampled_from(["", " ", "…", ".\n"]))) for a, b in pairs]


@settings(max_examples=200)
@given(edits(), st.sampled_from(PACKED), st.sampled_from(["utf-8", "utf-16"]))
def test_edits_come_to_the_edited_text_and_nothing_else(
    edits: list[Edit],
    packed: tuple[tuple[str, ...], Callable[[bytes], bytes], Callable[[bytes], bytes]],
    encoding: str,
) -> None:
    headers, pack, _ = packed
    data = INFO + page(pack(PAGE.encode(encoding)), *headers) + IMAGE
    text = only(data)
    patches = [patch._replace(start=patch.start + text.offset) for patch in text.patches(edits)]
    changed = applied(data, patches)
    assert applied(changed, inverse(patches)) == data
    wanted = apply(PAGE, edits)
    assert [f.text for f in read(changed) if isinstance(f, Text)] == [wanted] * bool(wanted.strip())
    assert not [f for f in read(changed) if isinstance(f, Bad)]
    assert changed.startswith(INFO)
    assert changed.endswith(IMAGE)
