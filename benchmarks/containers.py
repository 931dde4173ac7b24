"""Archives of made-up articles in every format, with its awkward spellings, and readers of them that are not ours.

Every character of a text is spelled by itself, in a way that the number of its record tells. So an archive made of
cleaned records is, byte for byte, what cleaning has to make of the archive of the records as they were.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import html
import io
import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from articles import Article
from fastwarc.warc import ArchiveIterator

SPAM = "xổ số trực tuyến minh ngọc, soi cầu bạch thủ lô đề miền bắc"
"""What stands in fields that are not cleaned, and so has to stay."""
HIDDEN = '<div style="display:none"><a href="https://nhacai88.bet/?a=1&amp;b=2">nhà cái uy tín</a></div>'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
FRAME = 1 << 16
"""Bytes of a frame of zstd."""
GROUP = 1000
"""Rows of a row group of Parquet."""
CRLF = "\r\n"


@dataclass(frozen=True, slots=True)
class Record:
    """An article as an archive holds it."""

    number: int
    title: str
    title_format: str
    """As which it is cleaned; empty where it is not."""
    body: str
    body_format: str
    is_bare: bool
    """Whether its texts, as they were, can stand in a cell without quotes."""
    is_infected: bool

    @property
    def id(self) -> str:
        """What it is called."""
        return f"tin-{self.number}"

    @property
    def texts(self) -> Sequence[str]:
        """What readers find of it."""
        body = _canonical(self.body) if self.body.startswith(DIV) else self.body
        return (self.title, body) if self.title_format else (body,)

    @property
    def link(self) -> str:
        """Where it was published."""
        return f"https://bao.example/{self.number}?a=1&b=2"

    @property
    def date(self) -> str:
        """When it was published."""
        return f"2024-05-{self.number % 28 + 1:02}T06:30:00+07:00"


class Entry(NamedTuple):
    """What a reader finds of a record."""

    texts: Sequence[str]
    """Those that are cleaned."""
    rest: object = None
    """All other values."""
    raw: bytes = b""
    """Its bytes, where those of a record in which nothing is cut have to stay."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A format, as the benchmark makes and reads it."""

    name: str
    file: str
    view: Callable[[Article], Record]
    make: Callable[[Path, Sequence[Record]], None]
    read: Callable[[Path], list[Entry]]
    """All entries, in order; values that belong to no record come as an entry without texts."""
    content: Callable[[Path], bytes] | None = None
    """The bytes that have to be those of the archive made of cleaned records; ``None`` where they may be others."""


# Articles as records


def mixed(article: Article) -> Record:
    """Plain text, or every third time HTML, of which the format says nothing."""
    if article.number % 3 or article.is_plain:
        return _record(article, "\n\n".join(article.paragraphs), "auto", "auto")
    return _record(article, _fragment(article), "auto", "auto")


def fragment(article: Article) -> Record:
    """HTML, as blogs keep it."""
    return _record(article, _fragment(article), "text", "html")


def entry(article: Article) -> Record:
    """HTML, every fourth time as elements."""
    record = fragment(article)
    return replace(record, body=f"{DIV}{record.body}</div>") if article.number % 4 == 3 else record


def page(article: Article) -> Record:
    """A page, or every sixth time its text."""
    if article.number % 6 == 5:
        return _record(article, "\n\n".join([article.title, *article.paragraphs]), "", "text")
    title = html.escape(article.title)
    head = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{title}</title></head>'
    body = f"<body>\n<h1>{title}</h1>\n{_fragment(article)}\n</body></html>\n"
    return _record(article, head + body, "", "html")


def file(article: Article) -> Record:
    """A file of plain text, HTML or Markdown."""
    if article.number % 3 == 0:
        return replace(page(article), body_format="html")
    if article.number % 3 == 1:
        return _record(article, "\n\n".join([f"# {article.title}", *article.paragraphs]) + "\n", "", "markdown")
    text = "\n\n".join([article.title, *article.paragraphs])
    return _record(article, text.replace("\n", CRLF) if article.number % 2 else text, "", "auto")


def _record(article: Article, body: str, title_format: str, body_format: str) -> Record:
    is_bare = not any(sign in article.title + body for sign in '",;\t\r\n|')
    return Record(article.number, article.title, title_format, body, body_format, is_bare, article.is_infected)


def _fragment(article: Article) -> str:
    paragraphs = [f"<p>{html.escape(paragraph)}</p>" for paragraph in article.paragraphs]
    if article.is_infected and article.number % 4 < 2:
        paragraphs.insert(1, HIDDEN)
    return "\n".join(paragraphs)


# Folders


def _path(record: Record) -> str:
    ending = {"html": ".html", "markdown": ".md"}.get(record.body_format, ".txt")
    return f"{record.number % 7}/bài {record.number:06}{ending}"


def _encoding(name: str) -> str:
    return ("utf-8", "utf-8-sig", "utf-16", "utf-8", "utf-8")[int(name.split()[-1].split(".")[0]) % 5]


def make_folder(path: Path, records: Sequence[Record]) -> None:
    for record in records:
        name = path / _path(record)
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_bytes(record.body.encode(_encoding(name.name)))
    (path / "ảnh.jpg").write_bytes(b"\xff\xd8\xff\xe0" + SPAM.encode())


def read_folder(path: Path) -> list[Entry]:
    def read(name: Path) -> Entry:
        data, place = name.read_bytes(), str(name.relative_to(path))
        return Entry((), place, data) if name.suffix == ".jpg" else Entry((data.decode(_encoding(name.name)),), place)

    return [read(name) for name in _files(path)]


def folder_content(path: Path) -> bytes:
    return b"\0".join(str(name.relative_to(path)).encode() + b"\0" + name.read_bytes() for name in _files(path))


def _files(path: Path) -> list[Path]:
    return sorted((name for name in path.rglob("*") if name.is_file()), key=lambda name: (name.stem, name.suffix))


# JSON lines


def make_jsonl(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(b"".join(map(json_line, records)))


def json_line(record: Record) -> bytes:
    """A record as a line, in one of four spellings."""
    style = record.number % 4
    title, body, spam = (_in_json(text, style) for text in (record.title, record.body, SPAM))
    about = f'"id": "{record.id}","url":"{record.link}", "published" : "{record.date}"'
    rest = f'"tags":["{spam}", null,[]],"note": {{"text": "{spam}", "n": 1.50E+2}}'
    line = f'{{{about}, "title": "{title}",{rest}, "body":\t"{body}" }}' + (CRLF if style == 3 else "\n")
    return line.encode()


def _in_json(text: str, style: int) -> str:
    if style == 0:
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if style == 1:
        return json.dumps(text)[1:-1]
    if style == 2:
        return re.sub(r"\\u....", lambda found: found[0].upper().replace("\\U", "\\u"), _in_json(text, 1)).replace(
            "/", "\\/"
        )
    return re.sub("[aeiouAEIOU<>&']", lambda found: f"\\u{ord(found[0]):04x}", _in_json(text, 0))


def read_jsonl(path: Path) -> list[Entry]:
    return json_entries(path.read_bytes())


def json_entries(data: bytes) -> list[Entry]:
    """The entries of JSON lines."""
    found = []
    for line in data.splitlines(keepends=True):
        record = json.loads(line)
        found.append(Entry((record.pop("title"), record.pop("body")), json.dumps(record)))
    return found


def make_gzip(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(gzip.compress(b"".join(map(json_line, records)), 6))


def make_zstd(path: Path, records: Sequence[Record]) -> None:
    data = b"".join(map(json_line, records))
    path.write_bytes(b"".join(zstandard.compress(data[at : at + FRAME]) for at in range(0, len(data), FRAME)))


def gzip_content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def zstd_content(path: Path) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True).read()


# Tables as text


def make_csv(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + _delimited(records, ",", CRLF))


def make_tsv(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(_delimited(records, "\t", "\n"))


def _delimited(records: Sequence[Record], delimiter: str, line_end: str) -> bytes:
    lines = [["id", "url", "published", '"title"', "note", "body"]]
    for record in records:
        title, body = (text if record.is_bare else _quoted(text) for text in (record.title, record.body))
        lines.append([record.id, _quoted(record.link), record.date, title, _quoted(f'"{SPAM}"'), body])
    return "".join(delimiter.join(cells) + line_end for cells in lines).encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def read_csv(path: Path) -> list[Entry]:
    return _rows(path, ",")


def read_tsv(path: Path) -> list[Entry]:
    return _rows(path, "\t")


def _rows(path: Path, delimiter: str) -> list[Entry]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, delimiter=delimiter, strict=True)
        return [Entry((row.pop("title"), row.pop("body")), row) for row in rows]


# Feeds


def make_wxr(path: Path, records: Sequence[Record]) -> None:
    names = ("content", "http://purl.org/rss/1.0/modules/content/"), ("wp", "http://wordpress.org/export/1.2/")
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in names)
    head = f'<?xml version="1.0" encoding="UTF-8" ?>\n<!-- <item> -->\n<rss version="2.0" {spaces}>\n<channel>\n'
    head += f"<title>{SPAM}</title>\n"
    path.write_text(head + "".join(map(_post, records)) + "</channel>\n</rss>\n", "utf-8", newline="")


def _post(record: Record) -> str:
    title, body = (_in_xml(text, record.number + shift) for text, shift in ((record.title, 0), (record.body, 1)))
    return (
        f"<item>\n\t<title>{title}</title>\n\t<link>{html.escape(record.link)}</link>\n"
        f'\t<guid isPermaLink="false">{record.id}</guid>\n\t<content:encoded>{body}</content:encoded>\n'
        f"\t<wp:post_date_gmt><![CDATA[{record.date[:10]} 00:00:00]]></wp:post_date_gmt>\n"
        f"\t<wp:comment><wp:comment_content><![CDATA[{SPAM}]]></wp:comment_content></wp:comment>\n</item>\n"
    )


def make_rss(path: Path, records: Sequence[Record]) -> None:
    items = "".join(
        f"<item><title>{_in_xml(record.title, record.number + 1)}</title><guid>{record.id}</guid><category>{SPAM}"
        f"</category><pubDate>Tue, 03 Oct 2023 02:00:00 +0000</pubDate><description>"
        f"{_in_xml(record.body, record.number + 2)}</description></item>"
        for record in records
    )
    path.write_text(f"<rss version='2.0'><channel><title>Tin</title>{items}</channel></rss>", "utf-8", newline="")


def make_atom(path: Path, records: Sequence[Record]) -> None:
    entries = "".join(map(_entry, records))
    head = '<?xml version="1.0" encoding="utf-16"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
    path.write_bytes(f"{head}<subtitle>{SPAM}</subtitle>\n{entries}</feed>".encode("utf-16"))


def _entry(record: Record) -> str:
    is_markup = record.body.startswith(DIV)
    body = record.body if is_markup else _in_xml(record.body, record.number + 3)
    return (
        f"<entry>\n<title type='text'>{_in_xml(record.title, record.number)}</title>"
        f"<link rel='alternate' href={quoteattr(record.link)}/><id>{record.id}</id><updated>{record.date}</updated>\n"
        f"<author><name>{SPAM}</name></author><content type='{'xhtml' if is_markup else 'html'}'>{body}</content>"
        "\n</entry>\n"
    )


def _in_xml(text: str, style: int) -> str:
    """A text in one of five spellings."""
    style %= 5
    if style == 0:
        return f"<![CDATA[{text}]]>"
    if style == 1:
        return f"<![CDATA[{text.replace(chr(10), CRLF)}]]>"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if style == 2:
        return escaped
    if style == 3:
        return re.sub("[^\0-\x7f]", lambda found: f"&#{ord(found[0])};", escaped.replace('"', "&quot;"))
    return re.sub("[^\0-\x7f]", lambda found: f"&#x{ord(found[0]):X};", escaped.replace("'", "&apos;"))


def read_wxr(path: Path) -> list[Entry]:
    return _elements(path, "item", ("title", "{http://purl.org/rss/1.0/modules/content/}encoded"))


def read_rss(path: Path) -> list[Entry]:
    return _elements(path, "item", ("title", "description"))


def read_atom(path: Path) -> list[Entry]:
    space = "{http://www.w3.org/2005/Atom}"
    return _elements(path, f"{space}entry", (f"{space}title", f"{space}content"))


def _elements(path: Path, name: str, cleaned: Sequence[str]) -> list[Entry]:
    root = ElementTree.fromstring(path.read_bytes())
    found = []
    for parent in list(root.iter()):
        for element in parent.findall(name):
            texts = [_inner(child) for child in element if child.tag in cleaned]
            rest = [_inner(child) for child in element if child.tag not in cleaned]
            found.append(Entry(tuple(texts), rest))
            parent.remove(element)
    return [*found, Entry((), ElementTree.tostring(root))]


def _inner(element: ElementTree.Element) -> str:
    """What an element holds: its text, or where it has elements, these as they are spelled anew."""
    if not len(element):
        return element.text or ""
    return _canonical(ElementTree.tostring(element[0], "unicode"))


def _canonical(markup: str) -> str:
    return ElementTree.canonicalize(markup, rewrite_prefixes=True)


# Archives of the web


def make_warc(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(b"".join(_responses(records)))


def make_warc_gz(path: Path, records: Sequence[Record]) -> None:
    path.write_bytes(b"".join(gzip.compress(record, 9) for record in _responses(records)))


def _responses(records: Sequence[Record]) -> Iterator[bytes]:
    yield _warc("warcinfo", "application/warc-fields", "", b"software: tay\r\n")
    for record in records:
        if record.number % 5 == 0:
            request = f"GET /{record.number}?q={SPAM} HTTP/1.1\r\nHost: bao.example\r\n\r\n".encode()
            yield _warc("request", "application/http; msgtype=request", record.link, request)
        if record.number % 9 == 0:
            yield _http(record.link, "image/png", b"\x89PNG\r\n\x1a\n" + SPAM.encode(), 0)
        if record.body_format == "text":
            yield _warc("conversion", "text/plain", record.link, record.body.encode())
        else:
            yield _http(record.link, "text/html; charset=utf-8", record.body.encode(), record.number % 5)


def _http(link: str, mime: str, content: bytes, style: int) -> bytes:
    """A response: as it is, chunked, packed, both, or packed otherwise."""
    coding = {2: "gzip", 3: "gzip", 4: "deflate"}.get(style, "")
    packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    entity = packer.compress(content) + packer.flush() if coding else content
    headers = [
        "HTTP/1.1 200 OK",
        "Server: tay",
        f"Content-Type: {mime}",
        *([f"Content-Encoding: {coding}"] * bool(coding)),
    ]
    if style in (1, 3):
        sent = b"".join(
            b"%x\r\n%b\r\n" % (len(part), part) for part in (entity[at : at + 333] for at in range(0, len(entity), 333))
        )
        sent += b"0\r\n\r\n"
        headers.append("Transfer-Encoding: chunked")
    else:
        sent = entity
        headers.append(f"Content-Length: {len(sent)}")
    head = CRLF.join([*headers, "", ""]).encode()
    return _warc("response", "application/http; msgtype=response", link, head + sent, sent)


def _warc(kind: str, mime: str, link: str, block: bytes, payload: bytes | None = None) -> bytes:
    digests = {"Block": block} | ({"Payload": payload} if payload is not None else {})
    headers = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{hashlib.md5(block).hexdigest() if kind == 'request' else link or kind}>",
        "WARC-Date: 2024-03-05T08:00:00Z",
        *([f"WARC-Target-URI: {link}"] * bool(link)),
        *(f"WARC-{name}-Digest: {_digest(data)}" for name, data in digests.items()),
        f"Content-Type: {mime}",
        f"Content-Length: {len(block)}",
    ]
    return CRLF.join([*headers, "", ""]).encode() + block + b"\r\n\r\n"


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def read_warc(path: Path) -> list[Entry]:
    """Records, each with what is wrong with its lengths and digests."""
    data = path.read_bytes()
    read = []
    for record in ArchiveIterator(io.BytesIO(data), parse_http=False):
        read.append((record.stream_pos, list(record.headers), record.reader.read()))
    ends = [start for start, *_ in read[1:]] + [len(data)]
    return [_response(headers, block, data[start:end]) for (start, headers, block), end in zip(read, ends, strict=True)]


def _response(headers: Sequence[tuple[str, str]], block: bytes, raw: bytes) -> Entry:
    told = dict(headers)
    faults = [name for name, value in headers if name == "WARC-Block-Digest" and value != _digest(block)]
    rest: list[object] = [faults, [(name, _constant(name, value)) for name, value in headers]]
    if told["WARC-Type"] == "conversion":
        return Entry((block.decode(),), rest, raw)
    if told["WARC-Type"] != "response":
        return Entry((), [*rest, block], raw)
    head, _, sent = block.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    http = BytesParser().parsebytes(fields)
    faults += [name for name, right in (("WARC-Payload-Digest", _digest(sent)),) if told[name] != right]
    faults += [f"HTTP {name}" for name, value in http.items() if name == "Content-Length" and int(value) != len(sent)]
    rest += [status, [(name, _constant(name, value)) for name, value in http.items()]]
    if http["Content-Type"] == "image/png":
        return Entry((), [*rest, sent], raw)
    return Entry((_content(sent, http).decode(),), rest, raw)


def _constant(name: str, value: str) -> str:
    return "" if name == "Content-Length" or name.endswith("-Digest") else value


def _content(sent: bytes, http: Message) -> bytes:
    if http["Transfer-Encoding"] == "chunked":
        stream, parts = io.BytesIO(sent), list[bytes]()
        while size := int(stream.readline(), 16):
            parts.append(stream.read(size))
            stream.readline()
        sent = b"".join(parts)
    return zlib.decompress(sent, 47) if http["Content-Encoding"] else sent


# Tables


def make_parquet(path: Path, records: Sequence[Record]) -> None:
    columns: dict[str, Any] = {
        "id": pa.array([record.id for record in records]),
        "url": pa.array([record.link for record in records]).dictionary_encode(),
        "published": pa.array([record.number * 10**9 for record in records], pa.timestamp("us", "Asia/Ho_Chi_Minh")),
        "title": pa.array([record.title for record in records]),
        "body": pa.array([record.body for record in records], pa.large_string()),
        "views": pa.array([None if record.number % 3 else record.number for record in records], pa.int32()),
        "tags": pa.array([[SPAM, None] if record.number % 2 else None for record in records]),
        "place": pa.array([{"x": 0.1 * record.number, "name": SPAM} for record in records]),
        "photo": pa.array([SPAM.encode() for _ in records]),
    }
    table = pa.table(columns).replace_schema_metadata({"made by": "hand", "note": SPAM})
    pq.write_table(table, path, row_group_size=GROUP, compression={**dict.fromkeys(columns, "zstd"), "id": "NONE"})


def read_parquet(path: Path) -> list[Entry]:
    table, metadata = pq.read_table(path), pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [(group.num_rows, [group.column(n).compression for n in range(group.num_columns)]) for group in groups]
    about = (
        str(metadata.schema).partition("\n")[2],
        table.schema.to_string(show_schema_metadata=True),
        metadata.metadata,
        chunks,
    )
    return [
        *(Entry((row.pop("title"), row.pop("body")), row) for row in table.to_pylist()),
        Entry((), about),
    ]


def make_sqlite(path: Path, records: Sequence[Record]) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(
            "CREATE TABLE posts (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, published TEXT, title TEXT NOT NULL,"
            " body TEXT, note TEXT, price REAL, photo BLOB, kind)"
        )
        base.execute("CREATE TABLE comments (id INTEGER PRIMARY KEY, body TEXT)")
        base.executemany(
            "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (3 * r.number, r.id, r.date, r.title, r.body, SPAM, r.number / 7, SPAM.encode(), (None, 7, b"7")[i % 3])
                for i, r in enumerate(records)
            ),
        )
        base.executemany("INSERT INTO comments (body) VALUES (?)", ((SPAM,) for _ in records))


def read_sqlite(path: Path) -> list[Entry]:
    with closing(sqlite3.connect(path)) as base:
        rows = base.execute("SELECT title, body, id, slug, published, note, price, photo, kind FROM posts ORDER BY id")
        found = [Entry(row[:2], row[2:]) for row in rows]
        others = (
            base.execute("SELECT * FROM comments").fetchall(),
            base.execute("SELECT * FROM sqlite_schema").fetchall(),
        )
        return [*found, Entry((), others)]


KINDS = (
    Kind("articles", "site", file, make_folder, read_folder, folder_content),
    Kind("JSONL", "posts.jsonl", mixed, make_jsonl, read_jsonl, Path.read_bytes),
    Kind("JSONL, gzip", "posts.jsonl.gz", mixed, make_gzip, lambda p: json_entries(gzip_content(p)), gzip_content),
    Kind("JSONL, zstd", "posts.jsonl.zst", mixed, make_zstd, lambda p: json_entries(zstd_content(p)), zstd_content),
    Kind("CSV", "posts.csv", mixed, make_csv, read_csv, Path.read_bytes),
    Kind("TSV", "posts.tsv", mixed, make_tsv, read_tsv, Path.read_bytes),
    Kind("Parquet", "posts.parquet", mixed, make_parquet, read_parquet),
    Kind("WARC", "crawl.warc", page, make_warc, read_warc),
    Kind("WARC, gzip", "crawl.warc.gz", page, make_warc_gz, read_warc),
    Kind("WXR", "wordpress.xml", fragment, make_wxr, read_wxr, Path.read_bytes),
    Kind("RSS", "feed.rss", fragment, make_rss, read_rss, Path.read_bytes),
    Kind("Atom", "feed.atom", entry, make_atom, read_atom, Path.read_bytes),
    Kind("SQLite", "site.db", mixed, make_sqlite, read_sqlite),
)
