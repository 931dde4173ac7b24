"""Decided spans → edits of the source: the characters, the elements that they fill, and the seam around them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import numpy as np

from cleaner.document.lexer import tag_at
from cleaner.intervals import Intervals
from cleaner.mending import Cut, mend, skip, skip_back
from cleaner.types import Document, Edit, Element

_BLOCKS = frozenset(
    """
address article aside blockquote center dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6
header li main marquee nav noscript ol p pre section table tbody td tfoot th thead tr ul
""".split()
)


_CRUMBS = " \t\r\n\u00a0.,;:!?…。，！？*_-–—|·•\"'“”‘’()[]"
"""What is left of a block when all its words are gone."""
_MARKER = 200
"""Characters in which a comment beside a block must begin or end."""
_COMMENT_BEFORE = re.compile(r"<!--((?:(?!-->).)*)-->\s*\Z", re.S)
_COMMENT_AFTER = re.compile(r"\s*<!--((?:(?!-->).)*)-->", re.S)
_NEWLINE = re.compile(r"[ \t]*+\r?\n")
_OPENS = re.compile(r"<(p|li|div|span|center|figure|section|h[1-6]|b|i|u|em|strong|font)(?:\s[^<>]*)?>\s*\Z", re.I)
_CLOSES = re.compile(r"\s*</(\w+)\s*>")
"""Tags of elements that are as good as not there when they hold nothing."""
_NEEDLESS = re.compile(r"""\s++(?:title|aria-label)\s*+=\s*+(["']?)\Z""", re.I)
"""Attributes that are as good as not there when they are empty."""
_TITLE = re.compile(r"""(?<=[^\s=:])\s++["'(]\Z""")
"""What stands before the title of a link of Markdown."""
_PLAIN = (" \t", re.compile(r"\n[ \t]*+\r?\n\Z"), _NEWLINE)
_QUOTED = (" \t>", re.compile(r"\n[ \t>]*+\r?\n\Z"), re.compile(r"[ \t>]*+\r?\n"))
"""What may stand before a block in its line, an empty line before it, and one behind it; also in quotes of Markdown."""


def place_of(document: Document, start: int, end: int) -> tuple[int, int]:
    """Where a span of the visible text stands in the source, with the elements that it fills."""
    pieces = _pieces(document, start, end)
    return pieces[0][0], pieces[-1][1]


def edits_of(document: Document, spans: Iterable[tuple[int, int]]) -> list[Edit]:
    """Edits of the source, in order and disjoint, that cut these spans of the visible text.

    Spans with nothing but white space between them are cut as one.
    """
    together: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if together and not document.text[together[-1][1] : start].strip():
            together[-1] = (together[-1][0], max(end, together[-1][1]))
        else:
            together.append((start, end))
    apart = _breaks_between_blocks(document) if together else ()
    parts = [part for span in together for part in _by_attribute(document, *span)]
    return merged([edit for part in parts for edit in _edits_of_one(document, apart, *part)])


def _by_attribute(document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a span in each of the attributes that it runs through, for nothing is mended across two."""
    for element in document.elements_from(start, end):
        if element.name == "attribute" and start < element.text_start:
            if start < (before := skip_back(document.text, element.text_start)):
                yield start, before
            start = element.text_start
    yield start, end


def _breaks_between_blocks(document: Document) -> Sequence[int]:
    """Where line breaks stand in the text of a page that are not in its source."""
    if document.starts is None:
        return ()
    places: list[int] = np.flatnonzero(document.starts == document.ends).tolist()
    return places


def unwrap_edits(document: Document, link: Element) -> list[Edit]:
    """Edits of the source that remove the tags of a link, and leave its words."""
    first, last = inside(document.source, link)
    return [edit for edit in (Edit(link.start, first, ""), Edit(last, link.end, "")) if edit.start < edit.end]


def inside(source: str, element: Element) -> tuple[int, int]:
    """Where what an element holds stands in the source, between its tags or brackets."""
    from cleaner.document.inlines import words_of

    first = tag_at(source, element.start)
    if element.href and first in (element.start, element.end):  # ``[…](…)``, or ``<https://…>``, which is no tag
        begin, end = words_of(source[element.start : element.end])
        return element.start + begin, element.start + end
    closing = source.rfind("</", first, element.end)
    return first, closing if closing >= 0 and tag_at(source, closing) == element.end else element.end


def element_edits(document: Document, element: Element) -> list[Edit]:
    """Edits of the source that remove an element without words, and those that hold nothing else."""
    source = document.source
    first, last = element.start, element.end
    while (
        (before := _OPENS.search(source, max(0, first - _MARKER), first))
        and (after := _CLOSES.match(source, last))
        and before[1].lower() == after[1].lower()
    ):
        first, last = before.start(), after.end()
    if first and source[first - 1] == " " and source.startswith(" ", last):
        last += 1
    return _block_of_markup(document, first, last)


def hider_edits(document: Document, edits: Sequence[Edit]) -> list[Edit]:
    """Edits of the source that remove what did nothing but hide elements, or tell where links lead, that are gone."""
    hidden: dict[tuple[int, int], list[Element]] = {}
    for element in document.elements if edits else ():
        if element.hider:
            hidden.setdefault(element.hider, []).append(element)
    gone = Intervals((edit.start, edit.end) for edit in edits)
    whole = [place for place, held in hidden.items() if all(gone.hold(e.start, e.start + 1) for e in held)]
    begins, ends = {edit.end: edit.start for edit in edits}, {edit.start: edit.end for edit in edits}
    found = []
    for first, last in whole:
        first, last = begins.get(first, first), ends.get(last, last)
        found += _block_of_markup(document, first, last)
    return found


def _edits_of_one(document: Document, apart: Sequence[int], start: int, end: int) -> list[Edit]:
    """Edits of the source that cut a span of the visible text: of the span itself, and of the seam beside it."""
    start, end = _with_crumbs(document, start, end)
    first, last = place_of(document, start, end)
    if _fills_block(document, start, end):
        return _block_of_markup(document, first, last)
    if attribute := _emptied_attribute(document, start, end):
        return [attribute]
    edits = [Edit(a, b, "") for a, b in _pieces(document, start, end)]
    cut = _mended(document, apart, start, end)
    around = _pieces(document, cut.start, cut.end)
    for a, b in reversed(around):
        if a < first <= b:
            edits.append(Edit(a, first, ""))
            first = a
    for a, b in around:
        if a <= last < b:
            edits.append(Edit(last, b, ""))
            last = b
    edits.sort()
    if cut.replacement:
        edits[-1] = edits[-1]._replace(replacement=cut.replacement)
    return edits


def _emptied_attribute(document: Document, start: int, end: int) -> Edit | None:
    """The whole of an attribute that says no more than the span, and that nobody misses."""
    for value in (e for e in _filled(document, start, end) if e.name == "attribute"):
        name = _NEEDLESS.search(document.source, max(0, value.start - _MARKER), value.start)
        if name:
            return Edit(name.start(), value.end + document.source.startswith(name[1], value.end) * len(name[1]), "")
        title = _TITLE.search(document.source, max(0, value.start - _MARKER), value.start)
        if title and document.format == "markdown":
            return Edit(title.start(), value.end + 1, "")
    return None


def _with_crumbs(document: Document, start: int, end: int) -> tuple[int, int]:
    """With the punctuation that would be all that a block element still holds."""
    for element in reversed(document.elements_from(0, start + 1)):
        if element.name in _BLOCKS and end <= element.text_end:
            rest = document.text[element.text_start : start] + document.text[end : element.text_end]
            return (start, end) if rest.strip(_CRUMBS) else (element.text_start, element.text_end)
    return start, end


def _mended(document: Document, apart: Sequence[int], start: int, end: int) -> Cut:
    """The cut of a span; on a page nothing is mended beyond the block that the span stands in.

    ``apart`` are the places of the line breaks between blocks.
    """
    text, ends = document.text, document.ends
    if ends is None:
        return mend(text, start, end)
    before, after = bisect_left(apart, start), bisect_left(apart, end)
    begin = apart[before - 1] + 1 if before else 0
    stop = apart[after] if after < len(apart) else len(text)
    cut = mend(text[begin:stop], start - begin, end - begin)
    cut = Cut(cut.start + begin, cut.end + begin, cut.replacement)
    left, right = max(begin, skip_back(text, start)), min(stop, skip(text, end))
    is_line = (left == begin or "\n" in text[left:start]) and (right == stop or "\n" in text[end:right])
    first, last = place_of(document, start, end)
    last = max(last, int(ends[cut.end - 1]))
    if is_line and cut.end < stop and document.source[:first].endswith("\n") and document.source.startswith("\n", last):
        return cut._replace(end=cut.end + 1)  # it had a line of the source to itself
    return cut


def _fills_block(document: Document, start: int, end: int) -> bool:
    """Whether the span is all that a block of the markup holds, or a comment or a script."""
    return any(e.name in _BLOCKS or e.name in ("comment", "script") for e in _filled(document, start, end))


def _filled(document: Document, start: int, end: int) -> list[Element]:
    """The elements that hold text of the span, and besides it nothing but white space."""
    begin, stop = skip_back(document.text, start), skip(document.text, end)
    return [e for e in document.elements_from(begin, end) if start < e.text_end <= stop]


def _block_of_markup(document: Document, first: int, last: int) -> list[Edit]:
    """A block goes with the pair of comments around it, and with the line break if it had its lines to itself."""
    source = document.source
    is_markdown = document.format == "markdown"
    margin, blank_line, newlines = _QUOTED if is_markdown else _PLAIN
    before = _COMMENT_BEFORE.search(source, max(0, first - _MARKER), first)
    after = _COMMENT_AFTER.match(source, last, last + _MARKER)
    if before and after and _marks(before[1]) == _marks(after[1]):
        first, last = before.start(), after.end()
    line = first
    while line > 0 and source[line - 1] in margin:
        line -= 1
    newline = _NEWLINE.match(source, last)
    if newline and (line == 0 or source[line - 1] == "\n"):
        first, last = line, newline.end()
        blank = blank_line.search(source, max(0, first - _MARKER), first)
        after = newlines.match(source, last)
        if blank and (after or last == len(source)):
            first = blank.start() + 1  # of the two empty lines around it one is left
        elif after and first == 0:
            last = after.end()
    elif is_markdown and last == len(source):
        first = skip_back(source, line)
    return [Edit(first, last, "")]


def _marks(comment: str) -> list[str]:
    """What a comment at the beginning or the end of a block names."""
    words = re.findall(r"[\w:-]+", comment.lower().partition("{")[0])
    return [word for word in words if word not in ("start", "begin", "end", "stop")]


def _pieces(document: Document, start: int, end: int) -> list[tuple[int, int]]:
    """The source intervals of visible characters, elements that they fill included; in order, disjoint."""
    if document.starts is None or document.ends is None:
        return [(start, end)]
    intervals = [(int(a), int(b)) for a, b in _runs(document.starts[start:end], document.ends[start:end])]
    intervals += [(e.start, e.end) for e in _filled(document, start, end) if e.name != "attribute"]
    return _union(intervals) or [(int(document.starts[start]), int(document.ends[end - 1]))]


def _runs(starts: np.ndarray, ends: np.ndarray) -> list[tuple[int, int]]:
    breaks = np.flatnonzero(starts[1:] != ends[:-1]) + 1
    begins = np.concatenate([[0], breaks])
    stops = np.concatenate([breaks, [starts.size]])
    return [(int(starts[a]), int(ends[b - 1])) for a, b in zip(begins, stops, strict=True)]


def _union(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def merged(edits: list[Edit]) -> list[Edit]:
    """In order and disjoint; where two overlap (a shared seam) the later one keeps the rest."""
    merged: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        start = max(edit.start, merged[-1].end) if merged else edit.start
        if start < edit.end or (edit.replacement and start == edit.end):
            merged.append(Edit(start, edit.end, edit.replacement))
    return merged


def apply(source: str, edits: Iterable[Edit]) -> str:
    """``source`` with ``edits`` (in order, disjoint) carried out."""
    parts: list[str] = []
    done = 0
    for edit in edits:
        parts += (source[done : edit.start], edit.replacement)
        done = edit.end
    return "".join((*parts, source[done:]))


def compose(first: list[Edit], second: list[Edit]) -> list[Edit]:
    """One list of edits of the source for ``first`` and then ``second``, which index the text that ``first`` gives.

    Edits that only take away and touch one another become one: the seam of the second cut may lie behind the first.
    """
    places = Places(first)
    moved = [Edit(places.of(edit.start, True), places.of(edit.end, False), edit.replacement) for edit in second]
    swallowed = Intervals((m.start, m.end) for m in moved)
    kept = [e for e in first if not swallowed.hold(e.start, e.end)]
    whole: list[Edit] = []
    for edit in merged(kept + [m for m in moved if m.start <= m.end]):
        if whole and whole[-1].end == edit.start and not whole[-1].replacement and not edit.replacement:
            edit = Edit(whole.pop().start, edit.end, "")
        whole.append(edit)
    return whole


class Places:
    """Where the offsets of an edited text stand in its source."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._shifts = list(accumulate((e.end - e.start - len(e.replacement) for e in edits), initial=0))
        """What the edits before each one took away."""
        self._begins = [edit.start - shift for edit, shift in zip(edits, self._shifts, strict=False)]

    def of(self, offset: int, is_start: bool) -> int:
        """The place of an offset; beside a cut, on the side of what is kept."""
        before = (bisect_right if is_start else bisect_left)(self._begins, offset)
        if before:
            edit, end = self._edits[before - 1], self._begins[before - 1] + len(self._edits[before - 1].replacement)
            if offset < end or (offset == end and not is_start):
                return edit.start if is_start else edit.end
        return offset + self._shifts[before]
