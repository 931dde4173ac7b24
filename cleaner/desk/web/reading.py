"""An article as an editor reads it at the desk: what was found stands in its place, every character knows its source.

Text is shown as text. What a browser would obey instead of showing it, and what nobody sees, is spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cleaner import types
from cleaner.desk import tables
from cleaner.desk.outcome import edits_with
from cleaner.document import read
from cleaner.report.view import Piece, article_of
from cleaner.types import Result
from cleaner.visible import UNSAFE, visible

LONGEST = 300_000
"""Characters of a source up to which all of it is shown; of a longer one, what stands around findings."""
AROUND, MOST = 90, 240
"""Characters around a finding, and of it, that are shown where there is not the whole article."""
_UNSEEN = re.compile(
    f"{UNSAFE.pattern}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What is spelled out; line breaks and tabs, which do no harm, are not."""
_RANK = {"accepted": 0, "open": 1, "rejected": 2}


class Shown(NamedTuple):
    """Characters that stand together, as they are shown."""

    text: str
    start: int
    """In the source."""
    end: int
    is_spelled: bool
    """Whether the text stands for something else in the source; otherwise it is the source, to the letter."""


class Reading:
    """An article, ready to be shown.

    Args:
        article: with its findings.
        is_source: show the source with its markup, instead of what readers see.
    """

    def __init__(self, article: tables.Article, is_source: bool = False) -> None:
        spans = list(_disjoint(article.findings))
        self.findings = [finding for _, _, finding in spans]
        """Those that have a place in the text, by the numbers that the groups call them."""
        result = Result(
            source=article.source,
            text="",
            verdict="review",
            findings=tuple(_as_found(*span) for span in spans),
            edits=tuple(edits_with(article, [f for f in article.findings if f.state in ("open", "accepted")])),
            format="text" if is_source else article.format,
        )
        read = article_of(result)
        self._document = read.document
        self.language = read.language
        is_long = len(article.source) > LONGEST
        self.groups = [group for group in read.groups if not (is_long and group.is_far)]
        self.left_out = sum(len(group.blocks) for group in read.groups) - sum(len(g.blocks) for g in self.groups)
        """Lines that are not shown."""

    def shown(self, piece: Piece) -> Iterator[Shown]:
        """The characters of a piece: those that are spelled out alone, the others as far as they stand together."""
        if piece.start < 0:
            yield Shown(visible(piece.text), -1, -1, True)
            return
        begin, reached = piece.start, -1
        for at, character in enumerate(piece.text, piece.start):
            start, end = self._place(at)
            spelled = self._spelled(character, start, end)
            if begin < at and (spelled or start != reached):
                yield self._verbatim(begin, at)
                begin = at
            if spelled:
                yield Shown(spelled, start, end, True)
                begin = at + 1
            reached = end
        if begin < piece.start + len(piece.text):
            yield self._verbatim(begin, piece.start + len(piece.text))

    def _spelled(self, character: str, start: int, end: int) -> str:
        """How a character is shown that does not stand in the source like that; empty: it does."""
        if _UNSEEN.match(character) and character not in "\n\t":
            return visible(character) if UNSAFE.match(character) else f"\\u{ord(character):04x}"
        return "" if self._document.source[start:end] == character else character

    def _verbatim(self, begin: int, end: int) -> Shown:
        text = self._document.text[begin:end]
        return Shown(text, self._place(begin)[0], self._place(end - 1)[1], False)

    def _place(self, at: int) -> tuple[int, int]:
        """Where a character of the visible text stands in the source."""
        starts, ends = self._document.starts, self._document.ends
        return (at, at + 1) if starts is None or ends is None else (int(starts[at]), int(ends[at]))


class Context(NamedTuple):
    """A finding with a little of what stands around it, on one line."""

    before: str
    quote: str
    after: str


def context_of(finding: tables.Finding) -> Context:
    """A finding in its article, as it stands in the source."""
    source, start, end = finding.article.source, finding.cut_start, finding.cut_end
    before, after = source[max(0, start - AROUND) : start], source[end : end + AROUND]
    quote = source[start:end] if end - start <= MOST else f"{source[start : start + MOST]}…"
    return Context(*(visible(re.sub(r"\s+", " ", text), keep="") for text in (before, quote, after)))


def places_of(words: str, article: tables.Article) -> list[tuple[int, int]]:
    """Where words stand in an article, as spans of its source; kinds and lengths of white space do not matter."""
    pattern = re.compile(r"\s+".join(map(re.escape, words.split())))
    if not pattern.pattern:
        return []
    document = read(article.source, article.format)
    if document.starts is None or document.ends is None:
        return [found.span() for found in pattern.finditer(article.source)]
    starts, ends = document.starts, document.ends
    seen = [(int(starts[f.start()]), int(ends[f.end() - 1])) for f in pattern.finditer(document.text)]
    return seen or [found.span() for found in pattern.finditer(article.source)]


def _disjoint(findings: Sequence[tables.Finding]) -> list[tuple[int, int, tables.Finding]]:
    """Where the findings are shown: as they are cut; where two overlap, what is cut comes before what is not."""
    taken: list[tuple[int, int, tables.Finding]] = []
    for finding in sorted((f for f in findings if f.state in _RANK), key=lambda f: (_RANK[f.state], f.number)):
        free = _free(finding.cut_start, finding.cut_end, taken)
        if free:
            start, end = max(free, key=lambda span: span[1] - span[0])
            taken.append((start, end, finding))
    return sorted(taken, key=lambda span: span[0])


def _free(start: int, end: int, taken: Iterable[tuple[int, int, tables.Finding]]) -> list[tuple[int, int]]:
    """What is left of a span."""
    left = [(start, end)]
    for other_start, other_end, _ in taken:
        left = [
            (low, high)
            for s, e in left
            for low, high in ((s, min(e, other_start)), (max(s, other_end), e))
            if low < high
        ]
    return left


def _as_found(start: int, end: int, finding: tables.Finding) -> types.Finding:
    return types.Finding(start, end, finding.quote, finding.category, finding.score, (), "flag")
