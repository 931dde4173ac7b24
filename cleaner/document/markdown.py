"""Markdown → document: the source without link targets and without the markers that lines begin with.

Blocks are told apart line by line, links and code spans within a paragraph. Emphasis marks, tables,
reference links and raw HTML stay in the visible text as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cleaner.document.text import VisibleText
from cleaner.types import Document, Element

if TYPE_CHECKING:
    from cleaner.types import Offsets

Interval = tuple[int, int]

_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n|\Z)")
_FRONT_MATTER_START = re.compile(r"\ufeff?(?:---|\+\+\+)[ \t]*+\r?\n(?=[\w\"'-]++[ \t]*+[:=])")
_FRONT_MATTER_END = re.compile(r"^(?:---|\+\+\+|\.\.\.)[ \t]*+\r?(?:\n|\Z)", re.M)
_FENCE = re.compile(r"[ \t]*+(`{3,}+(?![^\r\n]*`)|~{3,}+)")
_INDENTED = re.compile(r" {4}| {0,3}\t")
_RULE = re.compile(r"[ \t]*+([-*_])(?:[ \t]*+\1){2,}+[ \t]*+[\r\n]*+")
_MARKERS = re.compile(
    r"((?:[ \t]*+(?:>|[-*+](?=[ \t])|[0-9]{1,9}+[.)](?=[ \t])))*+(?:[ \t]*+\#{1,6}+(?=[ \t]))?+)[ \t]*+"
)
_INLINE = re.compile(  # every alternative begins with a plain character, which makes the search fast
    r"""
    \\[!-/:-@\[-`{-~]
    | `(?P<ticks>`{0,2}+)(?!`)(?:[^`\r\n]++|(?!`(?P=ticks)(?!`))`++)*+`(?P=ticks)(?!`)(?P<code>)
    | ``*+
    | <(?P<address>[a-zA-Z][a-zA-Z0-9+.-]{1,31}+:[^\s<>]*+|[\w.+-]++@[\w-]++(?:\.[\w-]++)++)>
    | !\[(?P<image>)
    | \[(?P<words>)
    | \](?P<end>)(?:\([ \t]*+
        (?:<(?P<angled>[^<>\r\n]*+)>|(?P<target>(?:[^\s()<\\]++|\\.|\([^\s()]*+\))*+))
        (?:[ \t]++(?:"[^"\r\n]*+"|'[^'\r\n]*+'|\([^()\r\n]*+\)))?+[ \t]*+\))?+
    """,
    re.X,
)
"""Escaped characters, code spans, addresses in angle brackets, and what begins and ends links and images."""
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def read_markdown(source: str) -> Document:
    """The text of a Markdown source; links, headings, list items and quotes are its elements.

    Front matter, code blocks and code spans are protected.
    """
    return _Reader(source).read()


def front_matter_end(source: str) -> int:
    """Where the front matter of ``source`` ends; 0 when there is none."""
    start = _FRONT_MATTER_START.match(source)
    end = _FRONT_MATTER_END.search(source, start.end()) if start else None
    return end.end() if end else 0


class _Reader:
    """One pass over the lines of a source; all intervals it keeps are of the source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._dropped: list[Interval] = []
        self._protected: list[Interval] = []
        self._elements: list[tuple[int, int, str, str]] = []
        self._brackets: list[re.Match[str]] = []
        self._block: tuple[str, int] | None = None
        self._paragraph_end = 0
        self._fence = ""
        self._fence_start = 0
        self._after_blank = True
        self._in_list = False

    def read(self) -> Document:
        source = self._source
        if start := front_matter_end(source):
            self._protected.append((0, start))
        for line in _LINE.finditer(source, start):
            self._read_line(*line.span())
        if self._fence:
            self._protected.append((self._fence_start, len(source)))
        self._end_paragraph()
        return self._document()

    def _document(self) -> Document:
        kept = VisibleText(self._source)
        position = 0
        for start, end in sorted(self._dropped):
            kept.copy(position, start)
            position = end
        kept.copy(position, len(self._source))
        visible, starts, ends = kept.build()
        elements = sorted(self._elements, key=lambda element: (element[0], -element[1]))
        shown = _shown(starts, [(start, end) for start, end, _, _ in elements])
        found = tuple(
            Element(a, b, *text, name, href) for (a, b, name, href), text in zip(elements, shown, strict=True)
        )
        return Document(
            self._source,
            "markdown",
            visible,
            starts,
            ends,
            lambda: found,
            frozenset(element.href for element in found if "//" in element.href),
            protected=tuple(_shown(starts, self._protected)),
        )

    def _read_line(self, start: int, end: int) -> None:
        source = self._source
        if self._fence:
            self._read_fenced(start, end)
        elif start == end or source[start:end].isspace():
            self._end_paragraph()
            self._after_blank = True
        elif fence := _FENCE.match(source, start, end):
            self._end_paragraph()
            self._fence, self._fence_start = fence[1], start
        elif self._after_blank and not self._in_list and _INDENTED.match(source, start, end):
            self._protected.append((start, end))
        elif _RULE.fullmatch(source, start, end):
            self._end_paragraph()
        else:
            self._read_text(start, end)

    def _read_fenced(self, start: int, end: int) -> None:
        line = self._source[start:end].strip()
        if line.startswith(self._fence) and not line.strip(self._fence[0]):
            self._protected.append((self._fence_start, end))
            self._fence = ""
            self._after_blank = True

    def _read_text(self, start: int, end: int) -> None:
        """Take in a line of a paragraph, heading, list item or quote."""
        source = self._source
        markers = _MARKERS.match(source, start, end)
        if markers and markers[1]:
            self._end_paragraph()
            self._dropped.append(markers.span())
            self._block = (_block_name(markers[1]), start)
            self._in_list = self._block[0] == "li" or (self._in_list and source[start] in " \t")
            start = markers.end()
        elif self._after_blank and source[start] not in " \t":
            self._in_list = False
        self._after_blank = False
        for token in _INLINE.finditer(source, start, end):
            self._read_token(token)
        self._paragraph_end = start + len(source[start:end].rstrip("\r\n"))
        if self._block and self._block[0] not in ("li", "blockquote"):
            self._end_paragraph()

    def _read_token(self, token: re.Match[str]) -> None:
        start, end = token.span()
        match token.lastgroup:
            case "code":
                self._protected.append((start, end))
            case "address" as group:
                address = token[group]
                self._dropped += (start, start + 1), (end - 1, end)
                self._elements.append((start, end, "a", address if ":" in address else f"mailto:{address}"))
            case "image" | "words":
                self._brackets.append(token)
            case "end" if self._brackets:
                self._brackets.pop()
            case "angled" | "target" as group if self._brackets:
                self._end_link(self._brackets.pop(), token, token[group])

    def _end_link(self, opened: re.Match[str], closed: re.Match[str], target: str) -> None:
        self._dropped += opened.span(), closed.span()
        is_link = opened.lastgroup == "words"
        name, href = ("a", _ESCAPED.sub(r"\1", target)) if is_link else ("img", "")
        self._elements.append((opened.start(), closed.end(), name, href))

    def _end_paragraph(self) -> None:
        self._brackets.clear()
        if self._block:
            name, start = self._block
            self._elements.append((start, self._paragraph_end, name, ""))
            self._block = None


def _shown(starts: Offsets, intervals: list[Interval]) -> list[Interval]:
    """Intervals of the source as intervals of the visible text, whose characters start at ``starts``."""
    bounds = np.array(intervals, dtype=np.int64).reshape(-1, 2)
    return [(start, end) for start, end in np.searchsorted(starts, bounds).tolist()]


def _block_name(markers: str) -> str:
    """The HTML name of the block that a line with these markers begins."""
    level = len(markers) - len(markers.rstrip("#"))
    if level:
        return f"h{level}"
    return "blockquote" if markers.endswith(">") else "li"
