"""Tags → document: the text between them, laid out in lines, with the place of each character in the source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from cleaner.document.dark import dark_links, escape_at, json_strings
from cleaner.document.layout import Breaks, Layout, Reader, verbatim
from cleaner.document.lexer import Attributes, Interval, Tokens, attributes_of, lex
from cleaner.document.references import decoded, in_attribute, in_text
from cleaner.document.tags import (
    BLOCK_END,
    BLOCK_START,
    BREAK,
    NOTHING,
    TEMPLATE_END,
    TEMPLATE_START,
    VERBATIM_END,
    VERBATIM_START,
    names,
)
from cleaner.document.targets import host_of
from cleaner.document.tree import elements_of
from cleaner.types import Document, Element

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SEEN_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder")
_SEEN_META = names(
    "description keywords og:title og:description og:site_name og:image:alt "
    "twitter:title twitter:description twitter:image:alt"
)
_OWN = names("canonical og:url")
_TARGET = re.compile(
    r"""[ \t\n\f\r/"'](?:href|src)[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:"([^"]*+)|'([^']*+)|([^ \t\n\f\r>]++))""", re.I
)


def read_html(source: str) -> Document:
    """The text of an HTML page, hidden text included, and the elements that hold it.

    White space stays, but line breaks of the source are spaces, save in ``<pre>``. Blocks stand on lines of
    their own: their line breaks map to an empty interval, a ``<br>`` maps to its tag. What else people get to
    see follows after a blank line, one a line, in the order of the source: values of attributes, JSON-LD strings,
    links in comments and scripts. Only there do offsets go back.
    ``Element.hidden`` is set on the element that hides, not on those within it.
    """
    tokens = lex(source)
    return document_of(source, "html", tokens, [in_text] * (len(tokens.tags) + 1), {})


def document_of(
    source: str, format: str, tokens: Tokens, readers: Sequence[Reader], shown: Mapping[Interval, Reader]
) -> Document:
    """What a reader sees of a source with these tags, as :func:`read_html` tells.

    Args:
        source: what the offsets index.
        format: its format.
        tokens: its tags and comments.
        readers: what reads the references in the text before each token, and in that behind the last one;
            text that is read verbatim is protected.
        shown: intervals that people get to see besides, within tokens, and what reads them.
    """
    effects = np.array([tag.effect for tag in tokens.tags], dtype=np.int8)
    in_template = _inside(effects, TEMPLATE_START, TEMPLATE_END)
    shown = dict(shown)
    host = ""
    for number in tokens.telling:
        if not in_template[number]:
            attributes = attributes_of(source, tokens.starts[number], tokens.ends[number])
            name = tokens.tags[number].name
            shown |= dict.fromkeys(_shown_values(source, name, attributes), in_attribute)
            host = host or _own_host(source, name, attributes)
    dark = list(dark_links(source, tokens))
    words = {link.words for block in dark for link in block.links}
    shown |= dict.fromkeys(words, in_attribute) | dict.fromkeys(json_strings(source, tokens), escape_at)
    values = sorted(shown)
    readers = [*readers, *(shown[value] for value in values)]
    layout = _lay_out(source, tokens, effects, in_template, values, readers)

    def outline() -> tuple[Element, ...]:
        starts, ends = layout.piece_starts().tolist(), layout.piece_ends().tolist()
        first = len(tokens.tags) + 1
        placed = dict(zip(values, zip(starts[first:], ends[first:], strict=True), strict=True))
        elements = [
            *elements_of(source, tokens, before=ends, after=starts[1:]),
            *(Element(*value, *placed[value], "attribute") for value in values if value not in words),
        ]
        for block in dark:
            begin, end = placed[block.links[0].words][0], placed[block.links[-1].words][1]
            elements.append(Element(*block.place, begin, end, block.name, hidden=block.technique))
            elements += [Element(*link.place, *placed[link.words], "a", link.href) for link in block.links]
        return tuple(sorted(elements, key=attrgetter("start")))

    targets = frozenset([*_targets(source, tokens), *(link.href for block in dark for link in block.links)])
    protected = _protected(layout, readers)
    return Document(source, format, layout.text, layout.starts, layout.ends, outline, targets, host, protected)


def _protected(layout: Layout, readers: Sequence[Reader]) -> tuple[Interval, ...]:
    """The text of the pieces that are read verbatim; those that touch are one."""
    numbers = [number for number, reader in enumerate(readers) if reader is verbatim]
    if not numbers:
        return ()
    starts, ends = layout.piece_starts()[numbers], layout.piece_ends()[numbers]
    apart = np.flatnonzero(starts[1:] > ends[:-1])
    return tuple(zip(starts[[0, *(apart + 1)]].tolist(), ends[[*apart, -1]].tolist(), strict=True))


def _inside(effects: NDArray[np.int8], start: int, end: int) -> NDArray[np.bool_]:
    """Whether each token and the text before it, and last of all the end, lie within tags of such effects."""
    steps = (effects == start).astype(np.int64) - (effects == end)
    depth = np.concatenate([[0], np.cumsum(steps)])
    return np.asarray(depth > np.minimum(np.minimum.accumulate(depth), 0))


def _shown_values(source: str, name: str, attributes: Attributes) -> list[Interval]:
    """The attribute values of a tag that people get to see."""
    seen = [attributes[attribute] for attribute in _SEEN_ATTRIBUTES if attribute in attributes]
    if name == "meta" and "content" in attributes and not _SEEN_META.isdisjoint(_keys(source, attributes)):
        seen.append(attributes["content"])
    return [(start, end) for start, end in seen if start < end and not source[start:end].isspace()]


def _own_host(source: str, name: str, attributes: Attributes) -> str:
    """The host that a page says it comes from, if the tag says that."""
    says_so = name == "base" or (name in ("link", "meta") and not _OWN.isdisjoint(_keys(source, attributes)))
    target = attributes.get("href") or attributes.get("content") if says_so else None
    return host_of(decoded(source, *target)) or "" if target else ""


def _keys(source: str, attributes: Attributes) -> list[str]:
    """What a tag of the head is about."""
    intervals = (attributes[key] for key in ("name", "property", "rel") if key in attributes)
    return [source[start:end].strip().lower() for start, end in intervals]


def _targets(source: str, tokens: Tokens) -> Iterator[str]:
    """The link targets that name a host."""
    for number in tokens.links:
        found = _TARGET.search(source, tokens.starts[number], tokens.ends[number])
        if found and "//" in (target := found[found.lastindex or 0]):
            yield target if "&" not in target else decoded(source, *found.span(found.lastindex or 0))
    yield from (target.href for target in tokens.targets.values() if "//" in target.href)


def _lay_out(
    source: str,
    tokens: Tokens,
    effects: NDArray[np.int8],
    in_template: NDArray[np.bool_],
    values: list[Interval],
    readers: Sequence[Reader],
) -> Layout:
    """The text between the tokens, and then the values, with the line breaks that blocks make."""
    count = len(effects)
    starts, ends = np.array(tokens.starts, dtype=np.int64), np.array(tokens.ends, dtype=np.int64)
    pairs = np.array(values, dtype=np.int64).reshape(-1, 2)
    begins = np.concatenate([[0], ends, pairs[:, 0]])
    stops = np.concatenate([starts, [len(source)], pairs[:, 1]])
    stops[: count + 1][in_template] = begins[: count + 1][in_template]

    makers = np.flatnonzero((effects != NOTHING) & (effects < TEMPLATE_START) & ~in_template[:-1])
    effect = effects[makers]
    is_start = (effect == BLOCK_START) | (effect == VERBATIM_START)
    is_end = (effect == BLOCK_END) | (effect == VERBATIM_END)
    behind = np.array([len(source)] if values else [], dtype=np.int64)  # the page ends its last line
    is_shown = (stops > begins)[: count + 1].any() or (effect == BREAK).any()
    of_values = [False, is_shown, *[True] * (len(values) - 1)] if values else []
    breaks = Breaks(
        np.concatenate([makers, np.full(len(behind), count), count + np.arange(len(values))]),
        np.concatenate([np.where(is_end, ends[makers], starts[makers]), behind, pairs[:, 0]]),
        np.concatenate([np.where(is_start, starts[makers], ends[makers]), behind, pairs[:, 0]]),
        np.concatenate([effect == BREAK, np.array(of_values, dtype=bool)]),
    )
    in_lines = np.concatenate([_inside(effects, VERBATIM_START, VERBATIM_END), np.zeros(len(values), dtype=bool)])
    return Layout(source, begins, stops, in_lines, readers, breaks)
