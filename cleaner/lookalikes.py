"""What honest texts have and injections look like: examples that they name or quote, codes, hashtags of one's own."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from cleaner.folding import fold
from cleaner.intervals import Intervals
from cleaner.structure import solid
from cleaner.types import Document

Span = tuple[int, int]
"""Start and end, as offsets into the visible text."""

_MENTIONING = frozenset({"em", "i", "q", "cite"})
"""Elements in which a text names words that it speaks about."""
_QUOTATION = re.compile(r'“[^“”\n]*+”|"[^"\n]*+"|«[^«»\n]*+»|„[^„“”\n]*+[“”]|「[^「」\n]*+」|『[^『』\n]*+』')
QUOTED = 0.4
"""Share of a quotation that must be spam for it to be one of spam, not of somebody's words with spam in them."""
_CODE = re.compile(r"(?<![\w-])[A-ZĐ]{1,5}-?\d{1,4}(?![\w-])")
"""Of a product, a variety, a road, a train."""
OTHERS = 2
"""Other codes in a text that speaks in codes."""
SERIES = 3
"""Codes of the same letters and different figures that are a series: trains, rooms, varieties."""
_TAG = re.compile(r"#(\w+)")
_TAGS = re.compile(r"(?:#\w+[\s,;.|]*)+")
ALIKE = 6
"""Letters in a row that a hashtag has in common with a text of its subject."""
OWN, FEWEST = 1 / 3, 2
"""Share and number of the hashtags of a row that are of the text's subject from which all are its own."""
LONG_RUN = 30
"""Characters without a space from which plain letters with many figures among them are an identifier."""
_RUN = re.compile("[!-~]+")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def lookalikes(spans: Sequence[Span], document: Document) -> Iterator[Span]:
    """Places of the visible text where what looks injected is the text's own.

    These are examples that it names or quotes, several of them; a code among other codes; hashtags on its subject.

    Args:
        spans: all that may be injected, disjoint and in order.
        document: an article.
    """
    if spans:
        yield from _named(Intervals(spans), document)
        yield from _quoted(spans, document.text)
        yield from _codes(spans, document.text)
        yield from _hashtags(spans, document.text)


def is_identifier(span: str) -> bool:
    """Whether it is a long run of plain letters, figures and signs: a key, a checksum, an encoded address."""
    return len(span) >= LONG_RUN and _RUN.fullmatch(span) is not None and sum(map(str.isdigit, span)) * 6 >= len(span)


def is_misread(span: str) -> bool:
    """Whether it is UTF-8 that somebody took for Windows-1252 (``firmÃ³``)."""
    try:
        return span.encode("cp1252").decode() != span
    except UnicodeError:
        return False


def is_address(span: str) -> bool:
    """Whether it is a web address as articles give their readers."""
    return _ADDRESS.fullmatch(span) is not None


def _named(spans: Intervals, document: Document) -> list[Span]:
    """The emphasised words that spans touch, where they are several in one line: a list of examples."""
    named = [
        (e.text_start, e.text_end)
        for e in document.elements
        if e.name in _MENTIONING and not e.hidden and spans.overlap(e.text_start, e.text_end)
    ]
    edges = [found.start() for found in re.finditer("\n", document.text)] if len(named) > 1 else []
    lines = [bisect_left(edges, start) for start, _ in named]
    in_line = Counter(lines)
    return [place for line, place in zip(lines, named, strict=True) if in_line[line] > 1]


def _quoted(spans: Sequence[Span], text: str) -> list[Span]:
    """The quotations that consist of spam, where there are several: a text that warns of such messages quotes them."""
    if len(spans) < 2:
        return []
    starts = [start for start, _ in spans]
    found = []
    for first, last in (match.span() for match in _QUOTATION.finditer(text)):
        inside = [(a, b) for a, b in spans[bisect_left(starts, first) : bisect_left(starts, last)] if b <= last]
        if inside and sum(solid(text[a:b]) for a, b in inside) >= QUOTED * solid(text[first:last]):
            found.append((first, last))
    return found if len(found) > 1 else []


def _codes(spans: Sequence[Span], text: str) -> list[Span]:
    """The spans that are a code, where the text has other codes, and those that are a table of codes and figures."""
    tables = [(start, end) for start, end in spans if _is_table(text[start:end])]
    codes = [(start, end) for start, end in spans if _CODE.fullmatch(text, start, end)]
    if not codes:
        return tables
    inside = Intervals(spans)
    others = {m[0] for m in _CODE.finditer(text) if not inside.overlap(*m.span())} - {text[a:b] for a, b in spans}
    return [*tables, *codes] if len(others) >= OTHERS else tables


def _is_table(span: str) -> bool:
    """Whether it holds a series of codes, and few words without figures."""
    series = Counter(code.rstrip("0123456789") for code in set(_CODE.findall(span)))
    words = [word for word in span.split() if any(map(str.isalnum, word))]
    with_figures = sum(any(map(str.isdigit, word)) for word in words)
    return max(series.values(), default=0) >= SERIES and 2 * with_figures >= len(words)


def _hashtags(spans: Sequence[Span], text: str) -> Iterator[Span]:
    """The spans that are hashtags on the subject of the text."""
    rows = [(start, end) for start, end in spans if _TAGS.fullmatch(text, start, end)]
    words = _letters(_TAG.sub("", text)) if rows else ""
    for start, end in rows:
        tags = _TAG.findall(text, start, end)
        if sum(_is_alike(_letters(tag), words) for tag in tags) >= max(FEWEST, OWN * len(tags)):
            yield start, end


def _is_alike(tag: str, words: str) -> bool:
    return any(tag[at : at + ALIKE] in words for at in range(len(tag) - ALIKE + 1))


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, fold(text).bare))
