"""Feeds and exports of blogs: WordPress WXR, RSS and Atom. Records are items; texts are their titles and contents.

Many exports are not quite XML. What a text is, and where it stands, is told by a scanner that knows of tags, CDATA
sections and references; where an item is well-formed, expat has to read the same. No entity is ever expanded.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from cleaner.archive.fields import KEPT, joined
from cleaner.archive.packing import BLOCK
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch, Piece, Text, Wanted, unnamed
from cleaner.document.encoding import decode
from cleaner.edit import apply
from cleaner.types import Edit, SourceError

FIELDS = ("title", "description", "summary", "content:encoded", "excerpt:encoded", "content")
"""Elements of an item that are cleaned."""
_ROOTS = {"rss": "item", "RDF": "item", "channel": "item", "feed": "entry"}
"""The element that a record is, by the root of the document; prefixes of namespaces aside."""
_IDS = ("guid", "wp:post_id", "id", "atom:id", "link")
_DATES = ("wp:post_date_gmt", "pubDate", "dc:date", "published", "updated")
_LONGEST = 1 << 25
"""Characters without the end of an item after which what stands in CDATA sections and comments counts, too."""
_LONGEST_TAG = 64

_NAME = r"[A-Za-z_][\w.:-]*+"
_PREFIX = r"(?:[A-Za-z_][\w.-]*+:)?"
_ATTRIBUTES = r"""(?:[^<>"']|"[^<"]*+"|'[^<']*+')*+"""
_SECTION = r"(?P<section><!\[CDATA\[|<!--|<\?)"
_TAG = re.compile(rf"{_SECTION}|<(?P<close>/?)(?P<name>{_NAME})(?P<attributes>{_ATTRIBUTES})>")
_ROOT = re.compile(rf"<!--.*?-->|<({_NAME})", re.S)
_ATTRIBUTE = re.compile(rf"""({_NAME})\s*+=\s*+(?:"([^<"]*+)"|'([^<']*+)')""")
_PART = re.compile(
    rf"{_SECTION}|&(?:#(?:0*+(?P<decimal>\d{{1,7}})|x0*+(?P<hex>[\da-fA-F]{{1,6}}))|(?P<name>\w++));|\r\n?|[^<&\r]++|[<&]",
    re.A,
)
_LINES = re.compile(r"\r\n?|[^\r]++")
_CLOSED_BY = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "]": "&#93;"}
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CHARACTER = re.compile("[\ud800-\udfff]")
_OPEN_REFERENCE = re.compile(r"&[#\w]{0,40}\Z", re.A)
_GOES_ON = re.compile(r"[#\w;]", re.A)
_NEW_SECTION = "]]><![CDATA["
_EMPTY_SECTION = "<![CDATA[]]>"
_BY_TYPE = {
    "": "auto",
    "text": "text",
    "text/plain": "text",
    "html": "html",
    "text/html": "html",
    "text/markdown": "markdown",
}
"""Formats by the types that Atom gives contents; others are no texts."""


class _BrokenError(Exception):
    """An item cannot be read: where in it, in characters, and why."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at


class _Element(NamedTuple):
    """A child of an item; offsets are those of its content, in the item."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int
    has_markup: bool


class _Run(NamedTuple):
    """Characters of a value that stand one behind the other in the content, or one that is spelled with several."""

    value: int
    start: int
    end: int
    is_cdata: bool


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of an element as it stands in the container, and the value that it spells."""

    raw: str
    value: str
    runs: Sequence[_Run]
    encoding: str
    data: bytes
    offset: int
    """Bytes from the beginning of the record."""


def layout(name: str, head: bytes, wanted: Wanted) -> Layout:
    """Which element is a record, and the encoding; see :class:`~cleaner.archive.records.ByteFormat`."""
    try:
        encoding = _encoding(head)
    except SourceError as error:
        raise ArchiveError(f"{name}: {error}") from None
    if encoding.startswith(("utf-32", "iso2022")):
        raise ArchiveError(f"{name}: feeds in {encoding} are not read")
    text = _decoded(head, encoding)
    roots = (found[1] for found in _ROOT.finditer(text, max(0, text.find("<?xml"))))
    root = next(filter(None, roots), "")
    above, colon, kind = root.rpartition(":")
    local = _ROOTS.get(kind, "")
    if not local:
        raise ArchiveError(f"{name}: no feed: {f'the root is <{root}>' if root else 'there is no element'}")
    there = re.findall(rf"<({_PREFIX}){local}[\s>]", text)
    prefix = next((own for own in (above + colon, "", *there) if own in there), "")
    for field in filter(None, (*wanted.fields, wanted.id_field)):
        if not re.search(rf"<(?:{prefix})?{re.escape(field)}[\s>]", text):
            raise ArchiveError(f"{name}: there is no <{field}>")
    details = {"record": prefix + local, "prefix": prefix, "encoding": encoding, "format": wanted.format}
    fields = tuple(field.removeprefix(prefix) for field in wanted.fields)
    return Layout(fields, wanted.id_field.removeprefix(prefix), details=details)


def pieces(stream: BinaryIO, layout: Layout, size: int, start: int = 0) -> Iterator[Piece]:
    """Whole items; see :class:`~cleaner.archive.records.ByteFormat`."""
    encoding, record = layout.details["encoding"], layout.details["record"]
    step = re.compile(rf"{_SECTION}|</{record}\s*+>")
    decoder = codecs.getincrementaldecoder(encoding)(_errors(encoding))
    data, text, closing = b"", "", ""
    at = end = 0  # up to where the text is searched, and where its last item ends
    while block := stream.read(BLOCK):
        data += block
        text += decoder.decode(block)
        while True:
            if closing:
                place = text.find(closing, at)
                if place < 0:
                    break
                at, closing = place + len(closing), ""
            if not (found := step.search(text, at)):
                break
            at, closing = found.end(), _CLOSED_BY.get(found[0], "")
            end = end if closing else at
        at = max(at, len(text) - _LONGEST_TAG)
        if not end and len(text) > max(size, _LONGEST):
            plain = [found.end() for found in step.finditer(text) if not found["section"]]
            at = end = plain[-1] if plain else len(text)
            closing = ""
        if end and len(data) >= size:
            length = len(_encoded(text[:end], encoding))
            yield Piece(start, start + length, data[:length])
            start, data, text, at, end = start + length, data[length:], text[end:], at - end, 0
    if data:
        yield Piece(start, start + len(data), data)


def texts(piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
    """The texts of the items; see :class:`~cleaner.archive.records.ByteFormat`."""
    encoding = layout.details["encoding"]
    text = _decoded(piece.data, encoding)
    done = offset = 0
    for start, end in _items(text, layout.details["record"]):
        offset += len(_encoded(text[done:start], encoding))
        done = start
        yield from _texts(piece, layout, text[start:end], offset)


def _texts(piece: Piece, layout: Layout, item: str, offset: int, is_part: bool = False) -> Iterator[Text | Bad]:
    """What is read of an item at ``offset`` of the piece; if nothing can be, of those that it may have swallowed."""
    record, encoding = layout.details["record"], layout.details["encoding"]
    try:
        yield from _read(piece, layout, item, offset)
    except _BrokenError as error:
        swallowed = re.compile(rf"</{record}\s*+>\s*+(?=<{record}[\s>]|</{_PREFIX}(?:{'|'.join(_ROOTS)})\s*+>)")
        ends = [] if is_part else [found.end() for found in swallowed.finditer(item)]
        if ends:
            for start, end in zip([0, *ends], [*ends, len(item)], strict=True):
                if not start or item.startswith(f"<{record}", start):
                    yield from _texts(piece, layout, item[start:end], offset, True)
                offset += len(_encoded(item[start:end], encoding))
            return
        at = len(_encoded(item[: error.at], encoding))
        begin = piece.offset + offset
        data = piece.data[offset : offset + len(_encoded(item[:KEPT], encoding))][:KEPT]
        yield Bad(unnamed(begin), begin, f"byte {at} of the record: {error}", data)


def _read(piece: Piece, layout: Layout, item: str, offset: int) -> list[Text]:
    format = layout.details["format"]
    prefix = layout.details["prefix"]
    children = list(_children(item, layout.details["record"], prefix))
    contents = _contents(children, item, piece, offset, layout)
    _compare(item, children, contents, prefix)
    begin = piece.offset + offset
    record = _first(item, children, (layout.id_field,) if layout.id_field else _IDS) or unnamed(begin)
    date, link = _first(item, children, _DATES), _first(item, children, ("link",))
    found = []
    for child, content in zip(children, contents, strict=True):
        if content and content.value.strip() and (own := _format(child)):
            is_markup = child.has_markup
            patches = partial(_patches_of_markup if is_markup else _patches, content)
            own = own if is_markup or format == "auto" else format
            found.append(Text(record, child.name, content.value, begin, patches, own, date, link, is_markup))
    return found


def _format(element: _Element) -> str:
    """How a text is read; empty where it is none."""
    if element.has_markup:
        return "html"
    if element.name in ("content", "summary"):
        return _BY_TYPE.get(element.attributes.get("type", "").lower(), "")
    return {"title": "text"}.get(element.name, "html" if element.name in FIELDS else "auto")


# Items and their elements


def _items(text: str, record: str) -> Iterator[tuple[int, int]]:
    """Where items begin and end, also those that are not closed or not opened."""
    step = re.compile(rf"{_SECTION}|<(?P<close>/?){record}(?=[\s>]){_ATTRIBUTES}>")
    absent = set()
    begin, at, last = -1, 0, 0
    while found := step.search(text, at):
        at = found.end()
        if found["section"]:
            closing = _CLOSED_BY[found[0]]
            end = -1 if closing in absent else text.find(closing, at)
            if end >= 0:
                at = end + len(closing)
            elif begin < 0:
                absent.add(closing)
            else:
                break
        elif found["close"]:
            yield last if begin < 0 else begin, at
            begin, last = -1, at
        elif not found[0].endswith("/>"):
            if begin >= 0:
                yield begin, found.start()
            begin = found.start()
    if begin >= 0:
        yield begin, len(text)


def _children(item: str, record: str, prefix: str) -> Iterator[_Element]:
    """The elements of an item, named without the prefix that the item itself has."""
    opened = _TAG.match(item)
    if not opened or opened["name"] != record or opened["close"]:
        raise _BrokenError(0, f"</{record}> closes what is not open")
    if not re.search(rf"</{record}\s*+>\Z", item):
        raise _BrokenError(len(item), f"<{record}> is not closed")
    at = opened.end()
    while found := _TAG.search(item, at):
        at = found.end()
        if found["section"]:
            at = _behind(item, found)
        elif found["close"]:
            if at == len(item):
                return
            raise _BrokenError(found.start(), f"</{found['name']}> closes what is not open")
        else:
            end, after, has_markup = (at, at, False) if _is_empty(found) else _end_of(item, found)
            attributes = {name: double or single for name, double, single in _ATTRIBUTE.findall(found["attributes"])}
            has_markup = has_markup or attributes.get("type") == "xhtml"
            yield _Element(found["name"].removeprefix(prefix), attributes, at, end, has_markup)
            at = after


def _end_of(item: str, opened: re.Match[str]) -> tuple[int, int, bool]:
    """Where the content of an element ends, where the element does, and whether there are others in it."""
    name, at, depth, has_markup = opened["name"], opened.end(), 1, False
    while found := _TAG.search(item, at):
        at = found.end()
        if found["section"]:
            at = _behind(item, found)
        elif found["name"] == name and found["close"]:
            depth -= 1
            if not depth:
                return found.start(), at, has_markup
        else:
            depth += found["name"] == name and not _is_empty(found)
            has_markup = True
    raise _BrokenError(opened.start(), f"<{name}> is not closed")


def _behind(item: str, opened: re.Match[str]) -> int:
    """Where a section ends."""
    closing = _CLOSED_BY[opened[0]]
    end = item.find(closing, opened.end())
    if end < 0:
        raise _BrokenError(opened.start(), f"{opened[0]} is not closed")
    return end + len(closing)


def _is_empty(tag: re.Match[str]) -> bool:
    return tag["attributes"].endswith("/")


def _first(item: str, children: Sequence[_Element], names: Sequence[str]) -> str:
    """What the first of some elements says that says something."""
    for name in names:
        for child in children:
            if child.name == name and child.attributes.get("rel", "alternate") == "alternate":
                try:
                    value = _value(child.attributes.get("href") or item[child.start : child.end])[0].strip()
                except _BrokenError:
                    continue
                if value and not value.startswith("0000"):
                    return _NO_CHARACTER.sub("\ufffd", value)
    return ""


def _compare(item: str, children: Sequence[_Element], contents: Sequence[_Content | None], prefix: str) -> None:
    """Where an item is well-formed, expat reads the same elements and values."""
    read = _by_expat(item)
    if read is None:
        return
    if [name.removeprefix(prefix) for name, _, _ in read] != [child.name for child in children]:
        raise _BrokenError(0, "its elements are read otherwise by expat")
    at = done = 0
    for child, content, (name, value, end) in zip(children, contents, read, strict=True):
        if content is None:
            continue
        at += len(item[done : child.end].encode())
        done = child.end
        if at != end if child.has_markup else value != content.value:
            raise _BrokenError(child.start, f"<{name}> is read otherwise by expat")


def _by_expat(item: str) -> list[tuple[str, str, int]] | None:
    """Name, text and last byte of the content of each child of an element; ``None``: it is not well-formed."""
    read: list[tuple[str, str, int]] = []
    depth, name, parts = 0, "", list[str]()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def opens(element: str, attributes: object) -> None:
        nonlocal depth, name
        depth += 1
        if depth == 2:
            name = element
            parts.clear()

    def closes(element: str) -> None:
        nonlocal depth
        depth -= 1
        if depth == 1:
            read.append((name, "".join(parts), parser.CurrentByteIndex))

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = opens, closes, parts.append
    try:
        parser.Parse(item.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError:
        return None
    return read


# Values of elements


def _contents(
    children: Sequence[_Element], item: str, piece: Piece, offset: int, layout: Layout
) -> list[_Content | None]:
    """The contents of those elements that are cleaned."""
    encoding = layout.details["encoding"]
    contents: list[_Content | None] = []
    at = done = 0
    for child in children:
        if child.name not in (layout.fields or FIELDS):
            contents.append(None)
            continue
        at += len(_encoded(item[done : child.start], encoding))
        raw = item[child.start : child.end]
        spelled = _encoded(raw, encoding)
        data = piece.data[offset + at : offset + at + len(spelled)]
        if data != spelled or _NO_CHARACTER.search(raw):
            raise _BrokenError(child.start, f"<{child.name}> is not spelled in {encoding}")
        contents.append(_Content(raw, *_read_value(child, raw), encoding, data, at))
        done, at = child.end, at + len(spelled)
    return contents


def _read_value(element: _Element, raw: str) -> tuple[str, list[_Run]]:
    if element.has_markup:
        if element.name == "title" and element.attributes.get("type") != "xhtml":
            raise _BrokenError(element.start, "<title> holds elements")
        if "<![CDATA[" in raw:
            raise _BrokenError(element.start, f"<{element.name}> holds elements and CDATA")
        return raw, []
    try:
        return _value(raw)
    except _BrokenError as error:
        raise _BrokenError(element.start + error.at, f"{error} in <{element.name}>") from None


def _value(raw: str) -> tuple[str, list[_Run]]:
    """The value that a content spells. References that are none, or of unknown names, stand for themselves."""
    values: list[str] = []
    runs: list[_Run] = []
    length = at = 0

    def add(value: str, start: int, end: int, is_cdata: bool) -> None:
        nonlocal length
        runs.append(_Run(length, start, end, is_cdata))
        values.append(value)
        length += len(value)

    while found := _PART.match(raw, at):
        token = found[0]
        start, at = found.span()
        if found["section"]:
            at = _behind(raw, found)
            if token == "<![CDATA[":
                for line in _LINES.finditer(raw, start + len(token), at - len("]]>")):
                    add("\n" if line[0][0] == "\r" else line[0], *line.span(), True)
        elif token == "<":
            raise _BrokenError(start, "a bare <")
        elif "]]>" in token:
            raise _BrokenError(start + token.index("]]>"), "]]> outside of CDATA")
        else:
            add("\n" if token[0] == "\r" else _referred(found), start, at, False)
    return "".join(values), runs


def _referred(part: re.Match[str]) -> str:
    """The character that a reference stands for; what else there is stands for itself."""
    if part["name"]:
        return _REFERENCES.get(part["name"], part[0])
    if part["decimal"] or part["hex"]:
        code = int(part["decimal"]) if part["decimal"] else int(part["hex"], 16)
        if code < 0x110000 and not _NO_XML.match(chr(code)):
            return chr(code)
    return part[0]


# Patches


def _patches(content: _Content, edits: Sequence[Edit]) -> list[Patch]:
    """Patches of references, text and CDATA sections; what divides them stays."""
    changes: list[tuple[int, int, str]] = []
    for start, end, replacement in joined(edits):
        for first, last, is_cdata in _places(content, start, end):
            changes.append((first, last, _new(content, first, last, is_cdata, replacement)))
            replacement = ""
    return _spelled_out(content, changes)


def _patches_of_markup(content: _Content, edits: Sequence[Edit]) -> list[Patch]:
    """Patches of elements that are themselves the text; they have to remain elements."""
    if _is_element(content.raw) and not _is_element(apply(content.raw, edits)):
        raise ArchiveError("what is left would not be well-formed")
    return _spelled_out(content, edits)


def _spelled_out(content: _Content, changes: Sequence[tuple[int, int, str]]) -> list[Patch]:
    patches: list[Patch] = []
    done = at = 0
    for start, end, new in changes:
        at += len(_encoded(content.raw[done:start], content.encoding))
        old = content.data[at : at + len(_encoded(content.raw[start:end], content.encoding))]
        try:
            patches.append(Patch(content.offset + at, old, new.encode(content.encoding)))
        except UnicodeEncodeError as error:
            raise ArchiveError(f"{content.encoding} cannot spell {error.object[error.start]!a}") from None
        done, at = end, at + len(old)
    return patches


def _is_element(markup: str) -> bool:
    return _by_expat(f"<x>{markup}</x>") is not None


def _places(content: _Content, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Where characters of the value stand in the content: intervals of one section each, and whether it is CDATA."""
    runs = content.runs
    number = max(0, bisect_right(runs, start, key=lambda run: run.value) - 1)
    first, is_cdata = _place(content, number, start), runs[number].is_cdata
    last = first
    while number < len(runs) and (runs[number].value < end or start == end):
        run = runs[number]
        if run.start > last:
            yield first, last, is_cdata
            first, is_cdata = run.start, run.is_cdata
        last = _place(content, number, end)
        number += 1
        if start == end:
            break
    yield first, last, is_cdata


def _place(content: _Content, number: int, offset: int) -> int:
    """Where a character of a run, or of one before or behind it, stands in the content."""
    run = content.runs[number]
    after = content.runs[number + 1].value if number + 1 < len(content.runs) else len(content.value)
    return run.end if offset >= after else run.start + offset - run.value


def _new(content: _Content, start: int, end: int, is_cdata: bool, replacement: str) -> str:
    """How a replacement is spelled, so that nothing is formed of it and what stands before and behind it."""
    if found := _NO_XML.search(replacement):
        raise ArchiveError(f"XML cannot hold {found[0]!a}")
    raw = content.raw
    new = "".join(_escaped(character, is_cdata, content.encoding) for character in replacement)
    left = raw[max(0, start - 50) : start]
    right = (new or ("" if is_cdata and raw.startswith("]]>", end) else raw[end : end + 1]))[:1]
    is_formed = (left.endswith("]") and right in ("]", ">")) or (left.endswith("\r") and right == "\n")
    if not is_cdata:
        is_formed = is_formed or bool(_OPEN_REFERENCE.search(left) and _GOES_ON.match(right))
    return (_NEW_SECTION if is_cdata else _EMPTY_SECTION) + new if is_formed else new


def _escaped(character: str, is_cdata: bool, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        reference = f"&#{ord(character)};"
    else:
        reference = _ESCAPES.get(character, "") if not is_cdata or character == "\r" else ""
    if is_cdata:
        return f"]]>{reference}<![CDATA[" if reference else "]" + _NEW_SECTION if character == "]" else character
    return reference or character


# Encodings


def _encoding(head: bytes) -> str:
    """The encoding of a document; a few broken bytes do not speak against UTF-8.

    Raises:
        SourceError: the data are binary.
    """
    if head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(head[:4]).encoding
    whole = head[max(0, head.find(b"<?xml")) : head.rfind(b">") + 1]
    encoding = decode(whole).encoding
    if encoding != "utf-8":
        text = whole.decode("utf-8", "surrogateescape")
        broken = len(_NO_CHARACTER.findall(text))
        if broken * 20 < sum(character > "\x7f" for character in text):
            return "utf-8"
    return encoding


def _decoded(data: bytes, encoding: str) -> str:
    """All of ``data`` but the bytes of a character that is not complete at its end."""
    return codecs.getincrementaldecoder(encoding)(_errors(encoding)).decode(data)


def _encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding, _errors(encoding))


def _errors(encoding: str) -> str:
    """What keeps bytes that are no characters."""
    return "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
