"""HTML → document: the text between the tags, laid out in lines, with the place of each character in the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from cleaner.document.dark import dark_links, escape_at, json_strings
from cleaner.document.lexer import Attributes, Interval, Tokens, attributes_of, lex
from cleaner.document.references import decoded, in_attribute, in_text
from cleaner.document.tags import BLOCK_END, BLOCK_START, BREAK, NOTHING, TEMPLATE_END, TEMPLATE_START, names
from cleaner.document.targets import host_of
from cleaner.document.tree import elements_of
from cleaner.types import Document, Element

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.types import Offsets

Reader = Callable[[str, int, int], tuple[int, str] | None]
"""Tells where what is spelled at an offset ends, and what it stands for; ``None``: for itself."""

_SEEN_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder")
_SEEN_META = names(
    "description keywords og:title og:description og:site_name og:image:alt "
    "twitter:title twitter:description twitter:image:alt"
)
_OWN = names("canonical og:url")
_HREF = re.compile(r"""[ \t\n\f\r/"']href[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:"([^"]*+)|'([^']*+)|([^ \t\n\f\r>]++))""", re.I)
_SPACES = np.array([chr(code).isspace() for code in range(0x3002)])
"""Which code points are white space; there is none from the last one on."""


def read_html(source: str) -> Document:
    """The text of an HTML page, hidden text included, and the elements that hold it.

    White space stays as it is. Blocks stand on lines of their own: their line breaks map to an empty
    interval, a ``<br>`` maps to its tag. The values of attributes that people get to see follow after
    a blank line, one a line, in the order of the source: only there do offsets go back.
    ``Element.hidden`` is set on the element that hides, not on those within it.
    """
    tokens = lex(source)
    page = _Page(
        source,
        np.array(tokens.starts, dtype=np.int64),
        np.array(tokens.ends, dtype=np.int64),
        np.array([tag.effect for tag in tokens.tags], dtype=np.int8),
    )
    values: list[Interval] = []
    host = ""
    for number in tokens.telling:
        if not page.is_template[number]:
            attributes = attributes_of(source, tokens.starts[number], tokens.ends[number])
            name = tokens.tags[number].name
            values += _shown_values(source, name, attributes)
            host = host or _own_host(source, name, attributes)
    strings, dark = set(json_strings(source, tokens)), list(dark_links(source, tokens))
    words = [link.words for block in dark for link in block.links]
    values = sorted([*values, *strings, *words])
    layout = _lay_out(page, values, strings)

    def outline() -> tuple[Element, ...]:
        shown = dict(zip(values, layout.values, strict=True))
        elements = [
            *elements_of(source, tokens, layout.before.tolist(), layout.after.tolist()),
            *(Element(*value, *shown[value], "attribute") for value in values if value not in set(words)),
        ]
        for block in dark:
            begin, end = shown[block.links[0].words][0], shown[block.links[-1].words][1]
            elements.append(Element(*block.place, begin, end, block.name, hidden=block.technique))
            elements += [Element(*link.place, *shown[link.words], "a", link.href) for link in block.links]
        return tuple(sorted(elements, key=attrgetter("start")))

    targets = frozenset([*_targets(source, tokens), *(link.href for block in dark for link in block.links)])
    return Document(source, "html", layout.text, layout.starts, layout.ends, outline, targets, host)


class _Page:
    """The tokens of a page as arrays."""

    def __init__(self, source: str, starts: Offsets, ends: Offsets, effects: NDArray[np.int8]) -> None:
        self.source = source
        self.starts = starts
        self.ends = ends
        self.effects = effects
        self.is_template = _inside_templates(effects)
        """Whether each token and the text before it, and last of all the end, lie in a template."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """A visible text, and where tokens and attribute values stand in it."""

    text: str
    starts: Offsets
    ends: Offsets
    before: Offsets
    """Length of the text in front of the line break that each token makes; last of all that of the page."""
    after: Offsets
    """The same behind it."""
    values: list[Interval]


def _inside_templates(effects: NDArray[np.int8]) -> NDArray[np.bool_]:
    steps = (effects == TEMPLATE_START).astype(np.int64) - (effects == TEMPLATE_END)
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
        found = _HREF.search(source, tokens.starts[number], tokens.ends[number])
        if found and "//" in (target := found[found.lastindex or 0]):
            yield target if "&" not in target else decoded(source, *found.span(found.lastindex or 0))


def _lay_out(page: _Page, values: list[Interval], strings: Container[Interval]) -> _Layout:
    """Put the text between the tokens together, and then the values, with the line breaks that blocks make.

    ``strings`` are those of the values that are spelled as in JSON.
    """
    source, count = page.source, len(page.starts)
    pairs = np.array(values, dtype=np.int64).reshape(-1, 2)
    begins = np.concatenate([[0], page.ends, pairs[:, 0]])
    stops = np.concatenate([page.starts, [len(source)], pairs[:, 1]])
    lengths = stops - begins
    lengths[: count + 1][page.is_template] = 0
    edges = np.cumsum(lengths)
    starts = np.arange(edges[-1]) + np.repeat(begins - edges + lengths, lengths)
    ends = starts + 1
    codes = np.frombuffer(source.encode("utf-32-le", "surrogatepass"), dtype="<u4")[starts]
    readers = [in_text, *(escape_at if value in strings else in_attribute for value in values)]
    kept = _decode(source, codes, starts, ends, edges, stops, readers)

    makers = np.flatnonzero((page.effects != NOTHING) & ~page.is_template[:-1])
    makers = makers[page.effects[makers] < TEMPLATE_START]
    effect = page.effects[makers]
    last = [len(source)] if values else []
    offsets = np.concatenate([edges[makers], edges[count : count + 1][: len(last)], edges[count:-1]])
    origins = np.concatenate([np.where(effect == BLOCK_END, page.ends[makers], page.starts[makers]), last, pairs[:, 0]])
    origin_ends = np.concatenate(
        [np.where(effect == BLOCK_START, page.starts[makers], page.ends[makers]), last, pairs[:, 0]]
    )
    is_solid = kept & ~_SPACES[np.minimum(codes, len(_SPACES) - 1)]
    solid = np.concatenate([[0], np.cumsum(is_solid)])[offsets]
    breaks = solid > np.concatenate([[0], solid[:-1]])
    breaks[: len(makers)] |= effect == BREAK
    if values:
        breaks[len(makers) + 1 :] = True
        breaks[len(makers) + 1] = kept[: edges[count]].any() or breaks[: len(makers) + 1].any()

    length = np.concatenate([[0], np.cumsum(kept)])
    added = np.zeros(count, dtype=np.int64)
    added[makers] = breaks[: len(makers)]
    sum_added = np.concatenate([[0], np.cumsum(added)])
    before = length[edges[: count + 1]] + sum_added
    shift = np.cumsum(breaks)[len(makers) + 1 :]
    value_starts = length[edges[count:-1]] + shift
    value_ends = length[edges[count + 1 :]] + shift

    where = offsets[breaks]
    kept = np.insert(kept, where, True)
    text = np.insert(codes, where, ord("\n"))[kept].tobytes().decode("utf-32-le", "surrogatepass")
    return _Layout(
        text,
        np.insert(starts, where, origins[breaks])[kept],
        np.insert(ends, where, origin_ends[breaks])[kept],
        before,
        before[:-1] + added,
        list(zip(value_starts.tolist(), value_ends.tolist(), strict=True)),
    )


def _decode(
    source: str,
    codes: NDArray[np.uint32],
    starts: Offsets,
    ends: Offsets,
    edges: Offsets,
    stops: Offsets,
    readers: Sequence[Reader],
) -> NDArray[np.bool_]:
    """Put the characters that references and escapes stand for in the place of the first ones; which ones are kept.

    The first of the ``readers`` is that of the page, the others are those of the last pieces of the text.
    """
    found: list[tuple[int, int, int, int]] = []
    gone = np.zeros(len(codes) + 1, dtype=np.int8)
    marks = np.flatnonzero((codes == ord("&")) | (codes == ord("\\")))
    pieces = np.searchsorted(edges, marks, side="right")
    numbers = np.maximum(0, pieces - (len(edges) - len(readers)))
    done = -1
    for at, first, limit, number in zip(
        marks.tolist(), starts[marks].tolist(), stops[pieces].tolist(), numbers.tolist(), strict=True
    ):
        spelled = readers[number](source, first, limit) if at > done else None
        if spelled:
            last, characters = spelled
            found += [(at + number, first, last, ord(character)) for number, character in enumerate(characters)]
            done = at + last - first - 1
            gone[at + len(characters)] += 1
            gone[done + 1] -= 1
    if found:
        places, firsts, lasts, values = np.array(found, dtype=np.int64).T
        codes[places], starts[places], ends[places] = values, firsts, lasts
    return np.asarray(np.cumsum(gone[:-1], dtype=np.int8) == 0)
