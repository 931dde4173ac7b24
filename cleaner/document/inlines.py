"""The text of a Markdown block → its signs: emphasis, links, images, code, raw HTML and hard line breaks.

A sign is named by the tag that it is rendered as. Time is linear in the text, whatever it holds.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from cleaner.document.blocks import DESTINATION, HTML_TAG, TITLE, Definition, normal_label
from cleaner.document.lexer import Interval, Target
from cleaner.document.references import in_attribute

_SIGN = re.compile(  # every alternative begins with a plain character, which makes the search fast
    rf"""
    \\(?:[!-/:-@\[-`{{-~]|(?P<hard>\r\n?|\n))
    | \n(?:(?<=[ ][ ]\n)|(?<=[ ][ ]\r\n))(?P<soft>)
    | `(?P<ticks>`{{0,8}}+)(?!`)(?:[^`]++|(?!`(?P=ticks)(?!`))`++)*+`(?P=ticks)(?!`)(?P<code>)
    | ``*+
    | \*\**+(?P<stars>)
    | __*+(?P<lines>)
    | ~~*+(?P<waves>)
    | <(?P<address>[a-zA-Z][a-zA-Z0-9+.-]{{1,31}}+:[^\s<>]*+|[\w.+-]++@[\w-]++(?:\.[\w-]++)++)>
    | {HTML_TAG.pattern}(?P<tag>)
    | <(?P<opens>!--|\?|!\[CDATA\[|![a-zA-Z])
    | !\[(?P<image>)
    | \[(?P<words>)
    | \](?P<end>)
    """,
    re.X | re.A,
)
_TAIL = re.compile(rf"\(\s*+{DESTINATION}(?:\s++{TITLE})?+\s*+\)", re.S)
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){0,999}+)\]", re.S)
_LONGEST_LABEL = 999
_CLOSES = {"!--": "-->", "?": "?>", "![CDATA[": "]]>"}
"""What ends a comment, an instruction and a section of character data; ``>`` ends a declaration."""
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_REFERENCE = re.compile(r"\\[!-/:-@\[-`{-~]|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_RAW = "<"
"""The name of a sign that is a tag of HTML, or a comment, as it stands."""


class Sign(NamedTuple):
    """Characters that stand for a tag."""

    start: int
    end: int
    tag: str
    """Its name; with a slash before it, that of an end tag; empty: for none; ``<``: they are HTML themselves."""
    target: Target | None = None
    """Where it leads, if it begins a link or an image; its definition is a place in the source."""


@dataclass(slots=True)
class Inlines:
    """What the text of a block holds."""

    signs: list[Sign] = field(default_factory=list)
    """In order, disjoint."""
    shown: list[Interval] = field(default_factory=list)
    """Titles, and what stands for images of the site itself: what people get to see besides."""
    holds_image: bool = False
    """Whether there is an image of the site itself, which no cut of words may take away."""


def inlines_of(text: str, definitions: Mapping[str, Definition]) -> Inlines:
    """The signs in the text of a block, where references have these ``definitions``."""
    return _Reader(text, definitions).read() if _SIGN.search(text) else Inlines()


def as_spelled(source: str, start: int, end: int) -> tuple[int, str] | None:
    """Where the escape or the character reference at ``start`` ends, and what it stands for; ``None``: it is none."""
    if source[start] == "\\":
        found = _ESCAPE.match(source, start, end)
        return (found.end(), found[1]) if found else None
    reference = in_attribute(source, start, end)
    return reference if reference and source[reference[0] - 1] == ";" else None


def target_of(spelled: str) -> str:
    """A link target without escapes and character references."""
    return _REFERENCE.sub(lambda found: found[0][1] if found[0][0] == "\\" else html.unescape(found[0]), spelled)


def words_of(link: str) -> Interval:
    """Where the words of a link stand in it, given as it is spelled in Markdown."""
    if not link.startswith("["):
        return 1, len(link) - 1
    at = link.find("]")
    while at >= 0:
        for tail in (_TAIL, _LABEL):
            found = tail.match(link, at + 1)
            if found and found.end() == len(link):
                return 1, at
        at = link.find("]", at + 1)
    return 1, len(link) - 1


@dataclass(slots=True)
class _Run:
    """A row of equal signs of emphasis."""

    start: int
    count: int
    """How many of them are left."""
    char: str
    opens: bool
    closes: bool
    length: int
    """How many there were."""


class _Opener(NamedTuple):
    """A bracket that may begin a link or an image."""

    start: int
    end: int
    is_image: bool
    n_runs: int
    n_signs: int


class _Reader:
    """One pass over a text, with the brackets and the signs of emphasis that are still open."""

    def __init__(self, text: str, definitions: Mapping[str, Definition]) -> None:
        self._text = text
        self._definitions = definitions
        self._found = Inlines()
        self._runs: list[_Run] = []
        self._openers: list[_Opener] = []
        self._n_dead = 0
        """How many of the first openers lie around a link, and hence begin none."""
        self._last_bracket = -1
        self._missing: set[str] = set()
        """What closes something and does not come any more."""

    def read(self) -> Inlines:
        at = 0
        while sign := _SIGN.search(self._text, at):
            at = self._read_sign(sign)
        self._pair(0)
        self._found.signs.sort(key=itemgetter(0))
        return self._found

    def _read_sign(self, sign: re.Match[str]) -> int:
        """Take in a sign; where reading goes on."""
        start, end = sign.span()
        add = self._found.signs.append
        match sign.lastgroup:
            case "hard" | "soft":
                add(Sign(start, end, "br"))
            case "code":
                size = 1 + len(sign["ticks"])
                add(Sign(start, start + size, "code"))
                add(Sign(end - size, end, "/code"))
            case "address":
                address = sign["address"]
                add(Sign(start, start + 1, "a", Target(address if ":" in address else f"mailto:{address}", None)))
                add(Sign(end - 1, end, "/a"))
            case "tag":
                add(Sign(start, end, _RAW))
            case "opens":
                return self._read_dark(start, sign["opens"])
            case "stars" | "lines" | "waves":
                self._runs.append(self._run(start, end))
            case "image" | "words":
                is_image = sign.lastgroup == "image"
                self._openers.append(_Opener(start, end, is_image, len(self._runs), len(self._found.signs)))
                self._last_bracket = start
            case "end":
                return self._close(start)
        return end

    def _read_dark(self, start: int, opens: str) -> int:
        closes = _CLOSES.get(opens, ">")
        end = -1 if closes in self._missing else self._text.find(closes, start + 1 + len(opens))
        if end < 0:
            self._missing.add(closes)
            return start + 1
        self._found.signs.append(Sign(start, end + len(closes), _RAW))
        return end + len(closes)

    # --- Links and images ---

    def _close(self, at: int) -> int:
        """End the link or image whose words end at the bracket ``at``, if they are one; where reading goes on."""
        is_innermost = bool(self._openers) and self._last_bracket == self._openers[-1].start
        self._last_bracket = at
        if not self._openers:
            return at + 1
        opener = self._openers.pop()
        is_dead = not opener.is_image and len(self._openers) < self._n_dead
        self._n_dead = min(self._n_dead, len(self._openers))
        tail = _TAIL.match(self._text, at + 1) if not is_dead else None
        if tail:
            title = next((tail.span(group) for group in ("double", "single", "round") if tail[group]), None)
            if title:
                self._found.shown.append(title)
            spelled = tail["target"] if tail["angled"] is None else tail["angled"]
            self._end(opener, at, tail.end(), Target(target_of(spelled), None))
            return tail.end()
        label = None if is_dead or not self._definitions else self._label(opener, at, is_innermost)
        definition = self._definitions.get(normal_label(label[1])) if label else None
        if not label or not definition:
            return at + 1
        self._end(opener, at, label[0], Target(target_of(definition.href), (definition.start, definition.end)))
        return label[0]

    def _label(self, opener: _Opener, at: int, is_innermost: bool) -> tuple[int, str] | None:
        """Where a reference whose words end at the bracket ``at`` ends, and the label that it names."""
        found = _LABEL.match(self._text, at + 1)
        if found and found[1].strip():
            return found.end(), found[1]
        if not is_innermost or at - opener.end > _LONGEST_LABEL:
            return None
        return found.end() if found else at + 1, self._text[opener.end : at]

    def _end(self, opener: _Opener, at: int, end: int, target: Target) -> None:
        """Add a link or an image. What stands for an image of the site itself is told apart from the text."""
        self._pair(opener.n_runs)
        found = self._found
        if opener.is_image and "//" not in target.href and not self._openers:
            del found.signs[opener.n_signs :]
            found.signs.append(Sign(opener.start, end, ""))
            found.holds_image = True
            if self._text[opener.end : at].strip():
                found.shown.append((opener.end, at))
            return
        name = "img" if opener.is_image else "a"
        if opener.is_image:
            target = target._replace(href="")
        found.signs += Sign(opener.start, opener.end, name, target), Sign(at, end, f"/{name}")
        if not opener.is_image:
            self._n_dead = len(self._openers)

    # --- Emphasis ---

    def _run(self, start: int, end: int) -> _Run:
        text, char = self._text, self._text[start]
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        faces_right = not after.isspace() and (not _is_sign(after) or before.isspace() or _is_sign(before))
        faces_left = not before.isspace() and (not _is_sign(before) or after.isspace() or _is_sign(after))
        opens, closes = faces_right, faces_left
        if char == "_":
            opens = faces_right and (not faces_left or _is_sign(before))
            closes = faces_left and (not faces_right or _is_sign(after))
        elif char == "~" and end - start != 2:
            opens = closes = False
        return _Run(start, end - start, char, opens, closes, end - start)

    def _pair(self, first: int) -> None:
        """Pair the signs of emphasis from the ``first`` run on, which then are done."""
        runs = self._runs[first:]
        del self._runs[first:]
        opened: list[_Run] = []
        below: dict[tuple[str, bool, int], int] = {}  # where the last run stands that closers of a kind do not fit
        for run in runs:
            kind = (run.char, run.opens, run.length % 3)
            while run.closes and run.count:
                number = len(opened) - 1
                lowest = below.get(kind, -1)
                while number >= 0 and opened[number].start > lowest and not _fit(opened[number], run):
                    number -= 1
                if number < 0 or opened[number].start <= lowest:
                    below[kind] = opened[-1].start if opened else -1
                    break
                del opened[number + 1 :]
                self._emphasize(opened[number], run)
                if not opened[number].count:
                    opened.pop()
            if run.count and run.opens:
                opened.append(run)

    def _emphasize(self, opener: _Run, closer: _Run) -> None:
        size = 2 if opener.count >= 2 and closer.count >= 2 else 1
        name = "del" if opener.char == "~" else "strong" if size == 2 else "em"
        opener.count -= size
        begin = opener.start + opener.count
        self._found.signs += (
            Sign(begin, begin + size, name),
            Sign(closer.start, closer.start + size, f"/{name}"),
        )
        closer.start += size
        closer.count -= size


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _fit(opener: _Run, closer: _Run) -> bool:
    """Whether two runs may begin and end an emphasis."""
    if opener.char != closer.char:
        return False
    is_odd = (opener.closes or closer.opens) and (opener.length + closer.length) % 3 == 0
    return not is_odd or (opener.length % 3 == 0 and closer.length % 3 == 0)
