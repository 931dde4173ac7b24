"""Bytes → text and back, without losing a byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cleaner.types import SourceError

_BOMS = (  # UTF-32 before UTF-16: the mark of the one begins with the mark of the other
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_MAGIC = (
    (b"\x89PNG\r\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"%PDF-", "PDF document"),
    (b"PK\x03\x04", "ZIP archive or office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old office document"),
    (b"\x1f\x8b\x08", "gzip archive"),
    (b"\xfd7zXZ\x00", "xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"\x7fELF", "ELF program"),
    (b"SQLite format 3\x00", "SQLite database"),
)

_DECLARED = re.compile(
    rb"""\A\s*+<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]+)|<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)""", re.I
)
_DECLARED_WITHIN = 1024

_CHARSETS = re.compile(
    "utf-8|cp(?:866|874|932|949|125[0-8])|iso8859-(?:[2-8]|1[03456])|koi8-[ru]|mac-(?:roman|cyrillic)"
    "|gbk|gb18030|big5hkscs|euc_jp|iso2022_jp"
)
"""Codecs a document may declare, by the canonical names of the standard library."""

_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
}
"""Declared charsets that browsers read as a larger one, or that the declaration itself disproves."""

_VIETNAMESE_LETTERS = re.compile("[ăđơưĂĐƠƯ]")
_TONE = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_TONE_ON_VOWEL = re.compile("[aăâeêioôơuưyAĂÂEÊIOÔƠUƯY][\u0300\u0301\u0303\u0309\u0323]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and what is needed to spell it as before."""

    text: str
    encoding: str
    """Name of the codec, in the spelling of the standard library."""
    bom: bytes = b""
    """The byte order mark that stood before the text and is no part of it."""


def decode(data: bytes) -> Decoded:
    """The text of ``data``: by its byte order mark, declared charset, UTF-8, windows-1258 or windows-1252.

    A codec counts only if it spells the text exactly as it stood, so ``encode(d.text, d) == data``
    holds for every result ``d``. Line ends are not touched.

    Raises:
        SourceError: the data are binary; the message names the kind where it is known.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom) and (decoded := _decoded(data, encoding, bom)):
            return decoded
    _refuse_binary(data)
    return next(decoded for encoding in _candidates(data) if (decoded := _decoded(data, encoding)))


def encode(text: str, like: Decoded) -> bytes:
    """``text`` in the encoding of ``like``, after the same byte order mark.

    Raises:
        SourceError: the text has a character that the encoding cannot spell.
    """
    try:
        return like.bom + text.encode(like.encoding)
    except UnicodeEncodeError as error:
        character = ascii(text[error.start])
        raise SourceError(f"{like.encoding} cannot spell {character} (offset {error.start})") from error


def _decoded(data: bytes, encoding: str, bom: bytes = b"") -> Decoded | None:
    """``data`` read with ``encoding``; ``None`` when that fails or would not give the same bytes back."""
    try:
        text = data[len(bom) :].decode(encoding)
        return Decoded(text, encoding, bom) if bom + text.encode(encoding) == data else None
    except UnicodeError:
        return None


def _candidates(data: bytes) -> Iterator[str]:
    """Codecs to try in turn; the last one reads everything."""
    if declared := _declared(data):
        yield declared
    yield "utf-8"
    yield "cp1258" if _is_vietnamese(data) else "cp1252"
    yield "latin-1"


def _declared(data: bytes) -> str:
    """The codec for the charset that the document declares; empty when there is none that we read."""
    if not (found := _DECLARED.search(data[:_DECLARED_WITHIN])):
        return ""
    label = (found[1] or found[2]).decode("ascii").lower().removeprefix("x-")
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    name = _READ_AS.get(name, name)
    return name if _CHARSETS.fullmatch(name) else ""


def _is_vietnamese(data: bytes) -> bool:
    """Whether windows-1258 gives a text with Vietnamese letters and tone marks that stand on vowels."""
    try:
        text = data.decode("cp1258")
    except UnicodeDecodeError:
        return False
    tones = len(_TONE.findall(text))
    on_vowels = len(_TONE_ON_VOWEL.findall(text))
    return tones > 0 and on_vowels >= 0.95 * tones and bool(_VIETNAMESE_LETTERS.search(text))


def _refuse_binary(data: bytes) -> None:
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            raise SourceError(f"binary data ({kind}), not a text")
    sample = data[:8192]
    nuls = sample.count(0)
    if nuls > 1 and nuls * 10 > len(sample):
        raise SourceError("binary data (many NUL bytes; a UTF-16 text needs a byte order mark)")
