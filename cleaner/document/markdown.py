"""Markdown → document: read as the page that it is rendered as, each character with its place in the source."""

from __future__ import annotations

import functools
from dataclasses import replace
from operator import itemgetter

import numpy as np

from cleaner.document.blocks import Content, Definition, Leaf, Mark, blocks_of
from cleaner.document.html import document_of
from cleaner.document.inlines import Sign, as_spelled, inlines_of
from cleaner.document.layout import Reader, verbatim
from cleaner.document.lexer import Interval, Tokens, lex_into
from cleaner.document.references import in_text
from cleaner.document.tags import Tag, tag_of
from cleaner.types import Document


def read_markdown(source: str) -> Document:
    """The text of a Markdown source and the elements that hold it, raw HTML included, as of the page that it makes.

    Front matter and code are shown as they stand, and are protected. Titles of links, and what stands for an image
    of the site itself, follow behind the text. An ``img`` is an image of another host.
    """
    return _Reader(source).read()


class _Reader:
    """Makes tags of the blocks of a source and of the signs in them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = Tokens()
        self._readers: list[Reader] = [as_spelled]
        """What reads the text behind each token, and that before the first one."""
        self._done = 0
        """Where the last token ends."""
        self._shown: list[Interval] = []
        self._gaps: list[Interval] = []
        """What stands before the text in the lines of a paragraph that are not its first one."""

    def read(self) -> Document:
        blocks = blocks_of(self._source)
        for block in blocks.found:
            if isinstance(block, Mark):
                self._add(block.at, block.at, block.tag)
            else:
                self._add_leaf(block, blocks.definitions)
        self._skip_to(len(self._source))
        shown = dict.fromkeys(self._shown, as_spelled)
        document = document_of(self._source, "markdown", self._tokens, self._readers, shown)
        self._close_gaps(document)
        return document

    def _add(self, start: int, end: int, tag: str, reader: Reader = as_spelled) -> None:
        """Add a token; what lies between the last one and it is markup as well, unless it was read."""
        self._skip_to(start)
        self._put(start, end, _tag(tag), reader)

    def _skip_to(self, at: int) -> None:
        if at > self._done:
            self._put(self._done, at, _tag(""), as_spelled)

    def _put(self, start: int, end: int, tag: Tag, reader: Reader) -> None:
        self._tokens.starts.append(start)
        self._tokens.ends.append(end)
        self._tokens.tags.append(tag)
        self._readers.append(reader)
        self._done = end

    def _add_leaf(self, leaf: Leaf, definitions: dict[str, Definition]) -> None:
        if leaf.name == "html":
            self._skip_to(leaf.start)
            for line in leaf.lines:
                self._skip_to(line[0])
                self._add_html(*line, in_text)
        elif leaf.name == "pre":
            self._add(leaf.start, leaf.start, "pre")
            for start, end in leaf.lines:
                self._skip_to(start)
                self._readers[-1] = verbatim
                self._done = end
            self._add(leaf.end, leaf.end, "/pre")
        else:
            self._add_text(leaf, definitions)

    def _add_html(self, start: int, end: int, reader: Reader) -> None:
        lex_into(self._tokens, self._source, start, end)
        self._readers += [reader] * (len(self._tokens.tags) + 1 - len(self._readers))
        self._readers[-1] = reader
        self._done = end

    def _add_text(self, leaf: Leaf, definitions: dict[str, Definition]) -> None:
        content = Content(self._source, leaf.lines)
        found = inlines_of(content.text, definitions)
        self._shown += [(content.place(start), content.place_end(end)) for start, end in found.shown]
        self._add(leaf.start, leaf.start, f"{leaf.name} img" if found.holds_image else leaf.name)
        if leaf.lines:
            self._skip_to(leaf.lines[0][0])
        gaps = [Sign(end, start, "") for (_, end), (start, _) in zip(leaf.lines, leaf.lines[1:], strict=False)]
        self._gaps += [(gap.start, gap.end) for gap in gaps]
        signs = [_placed(sign, content) for sign in found.signs]
        for sign in sorted([*gaps, *signs], key=itemgetter(0)) if gaps else signs:
            self._add_sign(sign)
        self._done = leaf.lines[-1][1] if leaf.lines else self._done
        self._add(leaf.end, leaf.end, f"/{leaf.name}")

    def _add_sign(self, sign: Sign) -> None:
        if sign.start < self._done and not sign.tag:
            return  # the beginning of a line within another sign
        if sign.tag == "<":
            self._add_html(sign.start, sign.end, as_spelled)
            return
        if sign.target:
            self._tokens.targets[len(self._tokens.tags)] = sign.target
        goes_on = self._readers[-1]  # code may go over several lines
        reader = verbatim if sign.tag == "code" else as_spelled if sign.tag else goes_on
        self._put(sign.start, sign.end, _tag(sign.tag), reader)

    def _close_gaps(self, document: Document) -> None:
        """Let the line breaks within paragraphs stand for what the next line begins with, too."""
        if not self._gaps or document.starts is None or document.ends is None:
            return
        begins, stops = np.array([*self._gaps, (len(self._source) + 1, 0)], dtype=np.int64).T
        gap = np.searchsorted(begins, document.ends)
        is_break = (begins[gap] == document.ends) & (document.ends > document.starts)
        document.ends[is_break] = stops[gap[is_break]]


def _placed(sign: Sign, content: Content) -> Sign:
    """A sign of the text of a block as one of the source."""
    end = content.place(sign.end) if sign.tag == "br" and sign.end < len(content.text) else content.place_end(sign.end)
    return sign._replace(start=content.place(sign.start), end=end)


@functools.cache
def _tag(spelled: str) -> Tag:
    """The tag of a block or a sign. A block that holds an image (``p img``) is not emptied by a cut of its words."""
    name, _, image = spelled.partition(" ")
    tag = tag_of(name)
    if tag.name in ("del", "img", "table", "tr"):
        return replace(tag, is_childless=False, is_recorded=True)
    return replace(tag, is_recorded=False) if image else tag
