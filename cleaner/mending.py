"""What goes of a text with a span, and how the text closes over it.

A cut keeps one of the two gaps around a span, so that the sentence reads as before: the space
before a phrase stays and the phrase goes with what follows it; before punctuation and at a line's
end it is the other way round. A list item or a line that the injection filled goes whole.
"""

from __future__ import annotations

from typing import NamedTuple

from cleaner.tokens import LETTER, kind_of

_CLOSING = frozenset(",.;:!?…)]}»”’%、。，；：！？）】」』")
_OPENING = frozenset("([{«“‘（【「『")
_SENTENCE_END = frozenset(".!?…。！？:：")
_SEPARATORS = frozenset("-–—|/•·:")
_TIGHT_SEPARATORS = frozenset("_|")
"""Separators of titles, which need no space beside them."""
_WIDE_ENDS = frozenset("。！？")
"""Ends of sentences behind which no comma stands, as it does behind the stop of an abbreviation."""
_COMMAS = frozenset(",;，、")
_BULLETS = frozenset("-–•*·+●►▪")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "【": "】", "「": "」", "（": "）", "〔": "〕"}
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")
_JOINED_LINE = 50
"""A line of prose of at least this many characters that ends without a full stop was broken by the injection."""


class Cut(NamedTuple):
    """Characters ``[start, end)`` of the visible text that go, and what stands there instead."""

    start: int
    end: int
    replacement: str = ""


def mend(text: str, start: int, end: int) -> Cut:
    """The cut that removes ``text[start:end]`` and leaves its surroundings as they were."""
    start, end = _whole(text, start, end)
    left, right = skip_back(text, start), skip(text, end)
    starts_line = left == 0 or "\n" in text[left:start] or "\r" in text[left:start]
    ends_line = right == len(text) or "\n" in text[end:right] or "\r" in text[end:right]
    if starts_line:
        if ends_line:
            return _cut_lines(text, start, end, right)
        return Cut(start, _past_separator(text, right), "")
    marker = _marker_before(text, start) if ends_line else None
    if marker is not None:
        return _cut_lines(text, marker, end, right)
    if ends_line:
        return _cut_to_line_end(text, start, end, left, right)
    return _cut_inside(text, start, end, left, right)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """With invisible characters at the edges, and with brackets that hold nothing else."""
    while True:
        while start > 0 and text[start - 1] in _INVISIBLE:
            start -= 1
        while end < len(text) and text[end] in _INVISIBLE:
            end += 1
        if start > 0 and end < len(text) and _BRACKETS.get(text[start - 1]) == text[end]:
            start, end = start - 1, end + 1
        else:
            return start, end


def skip(text: str, at: int) -> int:
    """The first character from ``at`` on that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def skip_back(text: str, at: int) -> int:
    """One past the last character before ``at`` that is no white space."""
    while at > 0 and text[at - 1].isspace():
        at -= 1
    return at


def _marker_before(text: str, start: int) -> int | None:
    """Where the list marker stands that is all there is before ``start`` in its line."""
    at = _skip_blanks_back(text, start) - 1
    if at < 0 or text[at] not in _BULLETS:
        return None
    before = _skip_blanks_back(text, at)
    return at if before == 0 or text[before - 1] in "\r\n" else None


def _skip_blanks_back(text: str, at: int) -> int:
    while at > 0 and text[at - 1] in " \t\u00a0":
        at -= 1
    return at


def _cut_lines(text: str, start: int, end: int, right: int) -> Cut:
    """Whole lines go with the break after them, the last ones with the break before."""
    if right < len(text):
        indent = _skip_blanks_back(text, right)
        return Cut(start, max(end, indent), "")
    tail = text[end:]
    left = skip_back(text, start)
    if left == 0:
        return Cut(0 if not tail else start, end, "")
    if tail:
        return Cut(start, right, "") if text[left:start].strip(" \t") else Cut(left, end, "")
    return Cut(left, end, "")


def _past_separator(text: str, right: int) -> int:
    """Behind a separator (`` - ``, ``| ``, ``: ``) that divided the span from what follows it."""
    if right < len(text) and text[right] in _SEPARATORS and right + 1 < len(text) and text[right + 1].isspace():
        return skip(text, right + 1)
    if right < len(text) and text[right] in ",;:" and right + 1 < len(text) and text[right + 1].isspace():
        return skip(text, right + 1)
    return right


def _before_separator(text: str, left: int) -> int:
    """In front of a separator that divided the span from what stands before it."""
    if left > 1 and text[left - 1] in _SEPARATORS - {":"} and text[left - 2].isspace():
        return skip_back(text, left - 1)
    if left > 1 and text[left - 1] in _TIGHT_SEPARATORS:
        return skip_back(text, left - 1)
    if left > 0 and text[left - 1] in _COMMAS:
        return left - 1
    return left


def _cut_to_line_end(text: str, start: int, end: int, left: int, right: int) -> Cut:
    line_start = max(text.rfind("\n", 0, left), text.rfind("\r", 0, left)) + 1
    one_break = text[end:right].count("\n") == 1 or text[end:right].count("\r") == 1
    prose = left - line_start >= _JOINED_LINE and ". " in text[line_start:left]
    separator = _before_separator(text, left)
    unfinished = prose and text[left - 1] not in _SENTENCE_END and (separator == left or text[left - 1] in _COMMAS)
    if right < len(text) and one_break and (text[right].islower() or (unfinished and text[right].isalpha())):
        return Cut(start, right, "" if start > left or _unspaced(text, left, right) else " ")
    return Cut(separator, end, "")


def _cut_inside(text: str, start: int, end: int, left: int, right: int) -> Cut:
    before, after = text[left - 1], text[right]
    if before in _WIDE_ENDS and after in _COMMAS:
        return Cut(start, skip(text, right + 1), "")
    if after in _CLOSING:
        separator = _before_separator(text, left)
        if separator < left and (before != "," or after in _CLOSING):
            return Cut(separator, right, "")
        return Cut(left, right if right > end and after in ",.;:!?" else end, "")
    if start == left and end == right:
        if _unspaced(text, left, right) or before in _OPENING or not (before.isalnum() and after.isalnum()):
            return Cut(start, end, "")
        return Cut(start, end, " ")
    if end < right and (start > left or before in _OPENING):
        return Cut(start, right, "")
    return Cut(start, end, "")


def _unspaced(text: str, left: int, right: int) -> bool:
    """Whether the characters on either side belong to scripts written without spaces."""
    return kind_of(text[left - 1]) > LETTER + 1 or kind_of(text[right]) > LETTER + 1
