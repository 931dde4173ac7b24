"""A result → the article as an editor reads it: block by block, with what was found and what goes told apart.

Out of sight of readers are titles, attributes, comments and hidden elements: of those only the ones that something
was found in are there, each with a label that says where it stands.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cleaner.document import read
from cleaner.document.lexer import attributes_of, tag_at
from cleaner.document.targets import host_of, site_of
from cleaner.rules.markup import hidden_blocks
from cleaner.types import Document, Element, Finding, Result

if TYPE_CHECKING:
    from cleaner.types import Offsets

NEAR = 6
"""Blocks that are shown before and behind one that something was found in."""
_FEWEST = 4
"""Blocks that are worth folding."""
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BREAK = re.compile(r"\r\n|\n|\r")
_LANGUAGE = re.compile(r"<html\s[^<>]*?\blang\s*=\s*[\"']?([a-zA-Z]{2,8}(?:-[a-zA-Z0-9]{1,8})*)", re.I)
_TITLE = re.compile(r"<title(?:\s[^<>]*+)?+>([^<]*+)", re.I)
_KEY = re.compile(r'"(\w+)"\s*:\s*"\Z')
_TAG_NAME = re.compile(r"<([a-zA-Z0-9]+)")
_FAR = 5000
"""Characters before an attribute's value in which its tag is looked for."""


class Piece(NamedTuple):
    """Some characters of a block, or a remark between them."""

    text: str
    kind: Literal["text", "break", "target", "hiding", "put"]
    """A line break; the target of the link before; how what follows is hidden; what is put in the place of a cut."""
    is_cut: bool = False
    start: int = -1
    """Where it starts in the visible text; -1: it is none of it."""


class Run(NamedTuple):
    """Pieces of a block that belong to the same finding, or to none."""

    finding: int | None
    """The finding's number in the result."""
    is_first: bool
    """Whether the finding begins here."""
    pieces: list[Piece]

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it stays."""
        return all(piece.is_cut or not (piece.text.strip() or piece.kind == "break") for piece in self.pieces)


@dataclass(slots=True)
class Block:
    """A line, paragraph, heading or list item."""

    start: int
    """Where it starts in the visible text."""
    place: str = ""
    """Where it stands, if readers do not see it there; empty if they do."""
    kind: str = "p"
    """The name of an HTML element, or ``code``."""
    runs: list[Run] = field(default_factory=list)

    @property
    def is_touched(self) -> bool:
        """Whether something was found or is cut in it."""
        return any(run.finding is not None or any(piece.is_cut for piece in run.pieces) for run in self.runs)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it stays."""
        return all(run.is_gone for run in self.runs)


class Group(NamedTuple):
    """Blocks that stand together."""

    place: str
    is_far: bool
    """Whether nothing was found nearby."""
    blocks: list[Block]

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it stays."""
        return all(block.is_gone for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Article:
    """An article as an editor reads it."""

    groups: list[Group]
    language: str
    """What the page says it is written in; empty when it says nothing."""
    hosts: list[list[str]]
    """The hosts that each finding leads to."""
    document: Document


def article_of(result: Result) -> Article:
    """The article that a result is about, and what was found in it."""
    document = read(result.source, result.format)
    links = _links_in(document, result.findings)
    language = _LANGUAGE.search(result.source, 0, _FAR) if document.format == "html" else None
    return Article(
        groups=list(_grouped(_Reading(document, result, links).blocks())),
        language=language[1] if language else "",
        hosts=[_hosts(document, finding, links[number]) for number, finding in enumerate(result.findings)],
        document=document,
    )


def _links_in(document: Document, findings: Sequence[Finding]) -> defaultdict[int, list[Element]]:
    """The links that overlap each finding."""
    found = defaultdict(list)
    ends = [finding.end for finding in findings]
    for link in document.elements if findings else ():
        if link.href:
            number = bisect_right(ends, link.start)
            while number < len(findings) and findings[number].start < link.end:
                found[number].append(link)
                number += 1
    return found


def _hosts(document: Document, finding: Finding, links: Sequence[Element]) -> list[str]:
    """The hosts that a finding leads to, by its links and by the domains that its reasons name."""
    linked = [(host_of(link.href) or "").removeprefix("www.") for link in links]
    named = [r.text.partition(": ")[2].split(", ") for r in finding.reasons if r.code == "domain"]
    hosts = dict.fromkeys([*linked, *(domain.lower() for domains in named for domain in domains)])
    own = site_of(document.host)
    return [host for host in hosts if host and site_of(host) != own]


def _grouped(blocks: Sequence[Block]) -> Iterator[Group]:
    """Blocks of the same place together, and those far from every finding."""
    is_far = [True] * len(blocks)
    for number, block in enumerate(blocks):
        if block.is_touched:
            low, high = max(0, number - NEAR), min(len(blocks), number + NEAR + 1)
            is_far[low:high] = [False] * (high - low)
    for far, stretch in groupby(zip(is_far, blocks, strict=True), key=lambda pair: pair[0]):
        together = [block for _, block in stretch]
        for place, group in groupby(together, key=lambda block: block.place):
            yield Group(place, far and len(together) >= _FEWEST, list(group))


class _Place(NamedTuple):
    """An interval of the visible text that readers do not see there."""

    start: int
    end: int
    label: str


class _Reading:
    """One pass over the visible text of a document; offsets are of that text unless they are said to be others."""

    def __init__(self, document: Document, result: Result, links: dict[int, list[Element]]) -> None:
        length = len(document.text)
        self._document, self._result = document, result
        self._starts = np.arange(length) if document.starts is None else document.starts
        self._ends = self._starts + 1 if document.ends is None else document.ends
        self._finding = self._numbers([(finding.start, finding.end) for finding in result.findings])
        self._edit = self._numbers([(edit.start, edit.end) for edit in result.edits])
        self._edit_ends = [edit.end for edit in result.edits]
        self._told: set[int] = set()
        self._breaks = dict(self._find_breaks())
        self._line_starts = [0, *(end for end, stays in self._breaks.values() if stays)]
        self._find_places()
        self._remarks = self._make_remarks(links)

    def blocks(self) -> list[Block]:
        """The blocks of the article, in the order of the visible text, and the findings that are nowhere in it."""
        blocks = [Block(0)]
        skipped = 0
        for start, end in pairwise(self._points()):
            for number, piece in self._remarks.get(start, ()):
                self._add(blocks[-1], number, piece)
            if start < skipped or start == end:
                continue
            if start in self._breaks:
                skipped, ends_block = self._breaks[start]
                if ends_block:
                    blocks.append(Block(skipped))
                else:
                    self._add_text(blocks[-1], start, "", "break")
            elif not self._is_unseen(start):
                self._add_text(blocks[-1], start, self._document.text[start:end], "text")
        self._name(blocks)
        return [*filter(_has_words, blocks), *self._untold()]

    def _numbers(self, intervals: Sequence[tuple[int, int]]) -> Offsets:
        """For each character, which of the disjoint intervals of the source it lies in; -1 for none."""
        if not intervals:
            return np.full(len(self._starts), -1)
        bounds = np.array(intervals)
        numbers = np.searchsorted(bounds[:, 0], self._starts, side="right") - 1
        is_inside = (numbers >= 0) & (self._starts < bounds[numbers, 1])
        return np.where(is_inside, numbers, -1)

    def _find_breaks(self) -> Iterator[tuple[int, tuple[int, bool]]]:
        """Where each line break starts, where it ends, and whether a new block begins behind it."""
        for found in _BREAK.finditer(self._document.text):
            start, end = found.span()
            origin = int(self._starts[start])
            is_made = origin == self._ends[start]
            is_tag = self._document.format == "html" and self._document.source[origin] == "<" if not is_made else False
            yield start, (end, is_made or not (is_tag or self._edit[end - 1] >= 0))

    def _find_places(self) -> None:
        """Tell what readers do not see."""
        places = sorted(_Place(*self._solid(start, end), label) for start, end, label in self._unseen())
        self._place = np.full(len(self._starts), -1)
        for number, place in enumerate(places):
            self._place[place.start : place.end] = number
        is_touched = (self._finding >= 0) | (self._edit >= 0)
        touched = set(np.unique(self._place[is_touched]).tolist())
        self._places = {number: place for number, place in enumerate(places) if number in touched}

    def _solid(self, start: int, end: int) -> tuple[int, int]:
        """An interval without the white space at its ends."""
        words = self._document.text[start:end]
        return end - len(words.lstrip()), start + len(words.rstrip())

    def _unseen(self) -> Iterator[_Place]:
        document = self._document
        for element in document.elements:
            if element.name == "attribute" and element.text_start < element.text_end:
                yield _Place(element.text_start, element.text_end, _label(document.source, element))
        for element in hidden_blocks(document):
            yield _Place(element.text_start, element.text_end, f"hidden from readers ({element.hidden})")
        title = _TITLE.search(document.source) if document.format == "html" else None
        if title:
            within = np.flatnonzero((self._starts >= title.start(1)) & (self._ends <= title.end(1)))
            if len(within) and title[1].strip():
                yield _Place(int(within[0]), int(within[-1]) + 1, "title of the page")

    def _is_unseen(self, at: int) -> bool:
        """Whether readers do not see a character, and nothing was found around it."""
        return self._place[at] >= 0 and int(self._place[at]) not in self._places

    def _make_remarks(self, links: dict[int, list[Element]]) -> defaultdict[int, list[tuple[int, Piece]]]:
        """What is said between the characters: where links lead, what hides words, what is put in the place of cuts."""
        remarks: defaultdict[int, list[tuple[int, Piece]]] = defaultdict(list)
        for number, found in links.items():
            for link in found:
                within = self._finding[link.text_start : link.text_end]
                if (within == number).any():
                    remarks[link.text_end].append((number, Piece(link.href, "target", self._is_cut(link.start))))
        for place in self._places.values():
            if not self._fills_lines(place):
                cut = bool(self._edit[place.start] >= 0)
                remarks[place.start].append((int(self._finding[place.start]), Piece(place.label, "hiding", cut)))
        for number, at in self._seams().items():
            replacement = self._result.edits[number].replacement
            if replacement or at == len(self._edit) or self._edit[at] < 0:
                remarks[at].append((-1, Piece(replacement, "put")))
        return remarks

    def _seams(self) -> dict[int, int]:
        """Where each edit ends that cuts words, or puts something in the place of white space."""
        text, edits = self._document.text, self._result.edits
        cut = np.flatnonzero((self._edit >= 0) & (self._starts < self._ends)).tolist()
        numbers = self._edit[cut].tolist()
        return {n: at + 1 for n, at in zip(numbers, cut, strict=True) if edits[n].replacement or not text[at].isspace()}

    def _is_cut(self, at: int) -> bool:
        """Whether a character of the source is cut."""
        number = bisect_right(self._edit_ends, at)
        return number < len(self._edit_ends) and self._result.edits[number].start <= at

    def _fills_lines(self, place: _Place) -> bool:
        text = self._document.text
        line = bisect_right(self._line_starts, place.start)
        next_line = bisect_left(self._line_starts, place.end)
        before = text[self._line_starts[line - 1] : place.start]
        after = text[place.end : (self._line_starts[next_line] if next_line < len(self._line_starts) else len(text))]
        return not before.strip() and not after.strip()

    def _points(self) -> list[int]:
        """Where anything changes, in order; the end twice."""
        length = len(self._starts)
        changes = [np.flatnonzero(np.diff(numbers)) + 1 for numbers in (self._finding, self._edit, self._place)]
        breaks = [at for start, (end, _) in self._breaks.items() for at in (start, end)]
        points = {0, length, *breaks, *self._remarks, *np.concatenate(changes).tolist()}
        return [*sorted(points), length]

    def _add_text(self, block: Block, at: int, text: str, kind: Literal["text", "break"]) -> None:
        place = self._places.get(int(self._place[at]))
        if place and not _has_words(block) and self._fills_lines(place):
            block.place = place.label
        self._add(block, int(self._finding[at]), Piece(text, kind, bool(self._edit[at] >= 0), at))

    def _add(self, block: Block, number: int, piece: Piece) -> None:
        finding = number if number >= 0 else None
        if not block.runs or block.runs[-1].finding != finding:
            if not piece.text.strip():
                finding = None
            is_first = finding is not None and finding not in self._told
            block.runs.append(Run(finding, is_first, []))
            if is_first:
                self._told.add(number)
        block.runs[-1].pieces.append(piece)

    def _name(self, blocks: Sequence[Block]) -> None:
        """Give the blocks the names of the elements that begin with them, or that hold them."""
        starts = [block.start for block in blocks]
        for element in self._document.elements:
            if element.text_start < element.text_end:
                first = max(0, bisect_right(starts, element.text_start) - 1)
                if element.name in _HEADINGS or (element.name == "li" and blocks[first].kind == "p"):
                    blocks[first].kind = element.name
                elif element.name == "blockquote" and blocks[first].kind == "p":
                    blocks[first].kind = "blockquote"
        for start, end in self._document.protected:
            for block in blocks[bisect_left(starts, start) : bisect_left(starts, end)]:
                block.kind = "code"

    def _untold(self) -> Iterator[Block]:
        """The findings that no character of the visible text belongs to, as they stand in the source."""
        for number, finding in enumerate(self._result.findings):
            if number not in self._told:
                run = Run(number, True, [Piece(finding.quote, "text", self._is_cut(finding.start))])
                yield Block(len(self._starts), "markup of the source", "code", [run])


def _has_words(block: Block) -> bool:
    return any(piece.text.strip() for run in block.runs for piece in run.pieces)


def _label(source: str, value: Element) -> str:
    """Where an attribute's value, or a string of JSON-LD, stands."""
    start = source.rfind("<", max(0, value.start - _FAR), value.start)
    if start >= 0:
        attributes = attributes_of(source, start, tag_at(source, start))
        name = next((name for name, place in attributes.items() if place == (value.start, value.end)), "")
        tag = _TAG_NAME.match(source, start)
        if name and tag:
            about = next((attributes[key] for key in ("name", "property") if key in attributes), None)
            return f"{source[slice(*about)]} of the page" if about else f"{name} of <{tag[1].lower()}>"
    key = _KEY.search(source, max(0, value.start - 100), value.start)
    return f"{key[1]} in JSON-LD" if key else "attribute"
