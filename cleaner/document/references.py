"""Character references (``&amp;``, ``&#225;``) as the HTML standard decodes them, errors included."""

from __future__ import annotations

import functools
import html
import re
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#(?:[0-9]++|[xX][0-9a-fA-F]++);?|[a-zA-Z][a-zA-Z0-9]*+;?)")
_LONGEST_BARE_NAME = 6
"""Length of the longest name that needs no semicolon (``&Aacute``)."""
_LONGEST_NUMBER = 4000
"""Digits that are turned into a number; longer ones are beyond Unicode in any case."""
_LONG = 40
"""Characters from which a reference is too odd to be remembered."""
_GOES_ON = re.compile("[=a-zA-Z0-9]")


def in_text(source: str, start: int, end: int) -> tuple[int, str] | None:
    """Where the character reference at ``start`` ends, and the characters that it stands for; ``None``: it is none."""
    return _reference_at(source, start, end, False)


def in_attribute(source: str, start: int, end: int) -> tuple[int, str] | None:
    """The same within an attribute, where a name without its semicolon is none before letters or ``=``."""
    return _reference_at(source, start, end, True)


def decoded(source: str, start: int, end: int) -> str:
    """The value of an attribute, references decoded."""
    pieces: list[str] = []
    at = source.find("&", start, end)
    while at >= 0:
        found = in_attribute(source, at, end)
        if found:
            pieces += source[start:at], found[1]
            start = found[0]
        at = source.find("&", found[0] if found else at + 1, end)
    return "".join(pieces) + source[start:end]


def _reference_at(source: str, start: int, end: int, is_value: bool) -> tuple[int, str] | None:
    found = _REFERENCE.match(source, start, end)
    if not found:
        return None
    length, characters = _decode(found[0]) if found.end() - start < _LONG else _decode.__wrapped__(found[0])
    last = start + length
    if not length or (is_value and source[last - 1] != ";" and _GOES_ON.match(source, last, end)):
        return None
    return last, characters


@functools.lru_cache(maxsize=1024)
def _decode(reference: str) -> tuple[int, str]:
    """How much of what looks like a reference is one, and the characters that it stands for."""
    if reference[1] == "#":
        return len(reference), _numbered(reference) if len(reference) < _LONGEST_NUMBER else "\ufffd"
    name = _name(reference[1:])
    return (1 + len(name), html5[name]) if name else (0, "")


def _numbered(reference: str) -> str:
    """The character of a number, even one that ``html.unescape`` leaves out because it is none to print."""
    digits = reference[2:].rstrip(";")
    return html.unescape(reference) or chr(int("0" + digits, 16 if digits[0] in "xX" else 10))


def _name(text: str) -> str:
    """The longest name of a character reference that ``text`` begins with."""
    if text in html5:
        return text
    names = (text[:length] for length in range(_LONGEST_BARE_NAME, 1, -1))
    return next((name for name in names if name in html5), "")
