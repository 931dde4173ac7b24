"""Tokens → elements, by one stack of open elements.

The tree is simpler than the standard's: elements end where the standard ends them, but nothing is moved or repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import Any

from cleaner.document.hiding import hiding_technique, pixels
from cleaner.document.lexer import Attributes, Interval, Tokens, attributes_of, tag_at
from cleaner.document.references import decoded
from cleaner.document.styling import Styling
from cleaner.document.tags import Tag, tag_of
from cleaner.types import Element

_TARGETS = {"a": "href", "iframe": "src"}
"""The attributes that say where a link or a frame leads."""


def elements_of(source: str, tokens: Tokens, before: Sequence[int], after: Sequence[int]) -> Iterable[Element]:
    """The elements that a cut may leave empty, links, frames, and elements that are hidden, in order of their start.

    Args:
        source: what the offsets of the tokens index.
        tokens: its tokens.
        before: length of the visible text before the line break that each token makes, and then of the page.
        after: length of the visible text behind it.
    """
    telling = {*tokens.hiding, *tokens.links}
    styling = Styling(source, tokens)
    told: dict[str, tuple[str, str, Interval | None]] = {}
    opened = OpenElements()
    templates = opened.depths("template")
    drawings = opened.depths("svg")
    for number, tag in enumerate(tokens.tags):
        if not tag.name:
            continue
        start, end = tokens.starts[number], tokens.ends[number]
        if not tag.is_start:
            if not tag.is_childless:
                opened.close(tag, start, end, before[number])
            elif tag.name in ("body", "html"):
                opened.close_all(start, before[number])
            continue
        if tag.closes:
            opened.close_for(tag, start, before[number])
        if tag.is_childless or (tag.is_unseen and tag.name != "iframe") or (drawings and source[end - 2] == "/"):
            continue
        element = None
        if not templates:
            href, hidden, hider = "", tag.hidden, None
            if number in tokens.targets:
                href, hider = tokens.targets[number]
            elif number in telling or (styling and end - start > len(tag.name) + 2):
                spelled = source[start : tag_at(source, start) if tag.is_unseen else end]
                if spelled not in told:
                    told[spelled] = _told(spelled, tag, styling)
                href, hidden, hider = told[spelled]
            if tag.is_recorded or href or hidden:
                element = [start, start, after[number], after[number], tag.name, href, hidden, hider]
        opened.push(tag, element)
    opened.close_all(len(source), before[len(tokens.tags)])
    return opened.elements()


def _told(spelled: str, tag: Tag, styling: Styling) -> tuple[str, str, Interval | None]:
    """Where an element leads by its start tag, what hides it, and where that stands if it does nothing else."""
    attributes = attributes_of(spelled, 0, len(spelled))
    target = attributes.get(_TARGETS.get(tag.name, ""))
    href = decoded(spelled, *target).strip(" \t\n\f\r") if target else ""
    if hidden := _hiding(spelled, tag, attributes):
        return href, hidden, None
    classes, id = (spelled[slice(*attributes.get(name, (0, 0)))] for name in ("class", "id"))
    hider = styling.hider_of(classes, id.strip()) if classes or id else None
    return (href, hider.technique, hider.place) if hider else (href, "", None)


def _hiding(spelled: str, tag: Tag, attributes: Attributes) -> str:
    """The technique by which a start tag hides its element; empty when it does not."""
    if "hidden" in attributes:
        return "hidden"
    if "style" in attributes and (technique := hiding_technique(decoded(spelled, *attributes["style"]))):
        return technique
    sides = [decoded(spelled, *attributes[side]) for side in ("width", "height") if side in attributes]
    if tag.name in ("iframe", "marquee") and any(pixels(side) <= 1 for side in sides):
        return "zero-size"
    return tag.hidden


class OpenElements:
    """The stack of open elements, and all that are recorded, in order of their start."""

    def __init__(self) -> None:
        self._stack: list[tuple[Tag, list[Any] | None]] = []
        self._recorded: list[list[Any]] = []
        self._depths: defaultdict[str, list[int]] = defaultdict(list)
        self._bars: dict[str, list[int]] = {kind: [-1] for kind in ("block", "list", "scope", "table")}
        self._overdue: set[int] = set()

    def depths(self, group: str) -> Sequence[int]:
        """How deep the open elements of the group lie; stays up to date."""
        return self._depths[group]

    def elements(self) -> Iterable[Element]:
        """The recorded elements; all must have ended."""
        return starmap(Element, self._recorded)

    def push(self, tag: Tag, element: list[Any] | None) -> None:
        """Open an element; ``element``, if it is recorded, are the fields of its :class:`Element` but for the ends."""
        depth = len(self._stack)
        self._stack.append((tag, element))
        self._depths[tag.group].append(depth)
        for kind in tag.bars:
            self._bars[kind].append(depth)
        if element:
            self._recorded.append(element)

    def close_for(self, tag: Tag, at: int, text_at: int) -> None:
        """End the elements that a start tag ends."""
        for group in tag.closes:
            if self._depths[group]:
                self.close(tag_of(group), at, at, text_at)

    def close(self, tag: Tag, start: int, end: int, text_end: int) -> None:
        """End the innermost element of the group within reach at ``end``, and what it still contains at ``start``.

        An inline element that contains open blocks ends with them.
        """
        if self._stack and self._stack[-1][0].group == tag.group:
            self._pop(end, text_end)
        else:
            depths = self._depths[tag.group]
            if not depths or depths[-1] < self._bars[tag.reach][-1]:
                return
            depth = depths[-1]
            if not tag.bars and depth < self._bars["block"][-1]:
                self._overdue.add(depth)
                return
            self._pop_to(depth + 1, start, text_end)
            self._pop(end, text_end)
        while self._overdue and len(self._stack) - 1 in self._overdue:
            self._pop(end, text_end)

    def close_all(self, at: int, text_at: int) -> None:
        """End every element."""
        self._pop_to(0, at, text_at)

    def _pop_to(self, depth: int, end: int, text_end: int) -> None:
        while len(self._stack) > depth:
            self._pop(end, text_end)

    def _pop(self, end: int, text_end: int) -> None:
        tag, element = self._stack.pop()
        self._depths[tag.group].pop()
        for kind in tag.bars:
            self._bars[kind].pop()
        if self._overdue:
            self._overdue.discard(len(self._stack))
        if element:
            element[1], element[3] = end, text_end
