"""Markdown source → its blocks, line by line: those of CommonMark, the tables of GitHub, and front matter.

Blocks are named by the tags that they are rendered as. Time is linear in the source, whatever it holds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

from cleaner.document.lexer import Interval

_LINE = re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)")
_BLANKS = re.compile(r"[ \t]*+")
_FRONT_MATTER_START = re.compile(r"\ufeff?(?:---|\+\+\+)[ \t]*+\r?\n(?=[\w\"'-]++[ \t]*+[:=])")
_FRONT_MATTER_END = re.compile(r"^(?:---|\+\+\+|\.\.\.)[ \t]*+\r?(?:\n|\Z)", re.M)

_TELLING = frozenset(" \t\r\n#>+*_=~`<[|:-0123456789")
"""What a line begins with that may be more than a line of a paragraph."""
_FENCE = re.compile(r"(`{3,}+(?![^\r\n]*`)|~{3,}+)")
_HEADING = re.compile(r"(\#{1,6}+)(?:[ \t]++|\Z)")
_UNDERLINE = re.compile(r"(=++|-++)[ \t]*+")
_RULE = re.compile(r"([-*_])(?:[ \t]*+\1){2,}+[ \t]*+")
_SAME_SIGNS = re.compile(r"([-*_])(?:[ \t]*+\1)*+[ \t]*+")
_ITEM = re.compile(r"(?:([-+*])|([0-9]{1,9}+)([.)]))(?=[ \t]|\Z)")
_DELIMITERS = re.compile(r"\|?(?:[ \t]*+:?-++:?[ \t]*+\|)*+(?:[ \t]*+:?-++:?)?[ \t]*+")
_CELL = re.compile(r"(?:[^|\\]++|\\.?)*+", re.S)
_HTML = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=[\s>]|\Z)", re.I),
        re.compile(r"</(?:script|pre|style|textarea)>", re.I),
    ),
    (re.compile(r"<!--"), re.compile("-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![a-zA-Z]"), re.compile(">")),
    (re.compile(r"<!\[CDATA\["), re.compile("]]>")),
)
"""Blocks of HTML that end with a line in which something stands: what they begin with, and that."""
_HTML_BLOCK = re.compile(
    r"""</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div
    |dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main
    |menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title
    |tr|track|ul)(?=[\s/>]|\Z)""",
    re.I | re.X,
)
HTML_TAG = re.compile(
    r"""
    <(?:[a-zA-Z][a-zA-Z0-9-]*+
        (?:\s++[a-zA-Z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+)*+\s*+/?
      | /[a-zA-Z][a-zA-Z0-9-]*+\s*+)>
    """,
    re.X | re.A,
)
"""A whole tag of HTML, as Markdown knows it."""
_INNER = r"(?:[^\s()\\]++|\\.?|\([^\s()]*+\))*+"
DESTINATION = rf"(?:<(?P<angled>(?:[^<>\r\n\\]|\\.)*+)>|(?P<target>(?!<)(?:[^\s()\\]++|\\.?|\({_INNER}\))*+))"
TITLE = r"""(?:"(?P<double>(?:[^"\\]++|\\.)*+)"|'(?P<single>(?:[^'\\]++|\\.)*+)'|\((?P<round>(?:[^()\\]++|\\.)*+)\))"""
_DEFINITION = re.compile(
    rf"""
    \[(?P<label>(?!\^)(?:[^\[\]\\]++|\\.){{1,999}}+)\]:\s*+(?=\S){DESTINATION}
    (?:(?:[ \t]++|[ \t]*+(?:\r\n?|\n)[ \t]*+){TITLE}(?=[ \t]*+(?:[\r\n]|\Z)))?+
    [ \t]*+(?:\r\n?|\n|\Z)
    """,
    re.X | re.S,
)


class Mark(NamedTuple):
    """A tag that begins or ends a block of blocks; it takes no characters of the source."""

    at: int
    tag: str
    """Its name; with a slash before it, that of an end tag."""


@dataclass(slots=True)
class Leaf:
    """A block of text."""

    name: str
    """The tag; ``html`` for raw HTML, ``pre`` for code and front matter."""
    start: int
    end: int
    """Source offsets of the block, its signs included."""
    lines: list[Interval]
    """Source intervals of its content, without what stands before it in its lines."""


class Definition(NamedTuple):
    """What a reference stands for."""

    start: int
    end: int
    href: str
    """The target as it is spelled."""
    title: Interval | None


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a source consists of."""

    found: list[Mark | Leaf]
    """In order."""
    definitions: dict[str, Definition]
    """By normal label; of equal ones the first one counts."""


class Content:
    """The lines of a block, one behind the other, with the place of each character in the source."""

    def __init__(self, source: str, lines: list[Interval]) -> None:
        self.text = "".join(source[start:end] for start, end in lines)
        self._lines = lines
        self._offsets = [0]
        for start, end in lines:
            self._offsets.append(self._offsets[-1] + end - start)

    def place(self, at: int) -> int:
        """The source offset of a character."""
        number = bisect_left(self._offsets, at + 1) - 1 if len(self._lines) > 1 else 0
        return self._lines[number][0] + at - self._offsets[number]

    def place_end(self, at: int) -> int:
        """The source offset behind the character before ``at``."""
        return self.place(at - 1) + 1


def blocks_of(source: str) -> Blocks:
    """The blocks of a Markdown source."""
    return _Parser(source).parse()


def front_matter_end(source: str) -> int:
    """Where the front matter of ``source`` ends; 0 when there is none."""
    start = _FRONT_MATTER_START.match(source)
    end = _FRONT_MATTER_END.search(source, start.end()) if start else None
    return end.end() if end else 0


def normal_label(label: str) -> str:
    """The label of a reference as it is compared with others."""
    return " ".join(label.split()).casefold()


class _Container(NamedTuple):
    """An open quote or list item."""

    sign: str
    """``>``, a bullet, or what stands behind the number of an item."""
    width: int
    """Columns by which the lines of an item are indented; 0 for a quote."""

    @property
    def list_tag(self) -> str:
        """The tag of the list of an item."""
        return "ol" if self.sign in ".)" else "ul"


class _Parser:
    """Goes over the lines of a source with a stack of open containers and one open block of text in them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: list[Mark | Leaf] = []
        self._definitions: dict[str, Definition] = {}
        self._containers: list[_Container] = []
        self._quotes: list[int] = []
        """How deep the open quotes lie."""
        self._leaf: Leaf | None = None
        self._fence = ""
        """What the open code began with; empty when it is indented."""
        self._html_end: re.Pattern[str] | None = None
        """What ends the open HTML; ``None``: a blank line."""
        self._columns = 0
        """Of the open table."""
        self._last_line = 0
        """Where the last line of the open paragraph starts."""
        self._is_far = False
        """Whether it is indented so far that it begins nothing."""
        self._done = 0
        """Where the last content ends."""

        # The line that is read: where its text begins, ends, and ends with its line break; the column in which
        # its text begins, and the one from which the innermost container that goes on counts.
        self._at = self._stop = self._end = self._column = self._base = 0
        self._no_rule_before = 0
        """Up to there no sign begins a rule that goes to the end of the line."""
        self._empty_item = 0
        """How many containers are open up to an item that begins with an empty line; 0 when none does."""

    def parse(self) -> Blocks:
        source = self._source
        begin = front_matter_end(source)
        if begin:
            self._found.append(Leaf("pre", 0, begin, [(0, begin)]))
        for line in _LINE.finditer(source, begin):
            if line.end() > line.start():
                self._read_line(line.start(), line.end(1), line.end())
        self._close(0)
        return Blocks(self._found, self._definitions)

    def _read_line(self, start: int, stop: int, end: int) -> None:
        self._at, self._stop, self._end, self._column, self._base = start, stop, end, 0, 0
        is_plain = self._source[start] not in _TELLING and not self._containers
        if is_plain and not self._columns and not self._is_verbatim():
            self._read_text(0)
            return
        self._skip_blanks()
        depth = self._matched()
        if depth == len(self._containers) and self._is_verbatim() and self._goes_on():
            return
        if self._at == stop:
            self._read_blank(start, depth)
            return
        self._empty_item = 0
        while self._open_container(depth):
            depth = len(self._containers)
        if self._at == stop:
            self._done = stop
            self._empty_item = depth if self._containers[-1].width else 0
        elif not self._open_leaf(depth):
            self._read_text(depth)

    def _skip_blanks(self) -> None:
        begin = self._at
        found = _BLANKS.match(self._source, begin, self._stop)
        self._at = found.end() if found else begin
        if self._source.find("\t", begin, self._at) < 0:
            self._column += self._at - begin
            return
        for blank in self._source[begin : self._at]:
            self._column += 4 - self._column % 4 if blank == "\t" else 1

    def _indent(self) -> int:
        return self._column - self._base

    def _matched(self) -> int:
        """How many of the open containers go on in the line."""
        depth = 0
        while depth < len(self._containers):
            width = self._containers[depth].width
            if width and self._at == self._stop:  # an empty line: items go on, up to the next quote
                after = bisect_left(self._quotes, depth)
                return self._quotes[after] if after < len(self._quotes) else len(self._containers)
            if width and self._indent() >= width:
                self._base += width
            elif not width and self._indent() < 4 and self._source.startswith(">", self._at, self._stop):
                self._take_quote()
            else:
                return depth
            depth += 1
        return depth

    def _take_quote(self) -> None:
        self._at += 1
        self._column += 1
        self._base = self._column
        self._skip_blanks()
        if self._column > self._base:
            self._base += 1

    # --- Containers ---

    def _open_container(self, depth: int) -> bool:
        """Open a quote or a list item that begins here, if one does."""
        if self._at == self._stop or self._indent() >= 4:
            return False
        sign = self._source[self._at]
        if sign == ">":
            self._close(depth)
            self._found.append(Mark(self._at, "blockquote"))
            self._quotes.append(depth)
            self._containers.append(_Container(">", 0))
            self._take_quote()
            self._done = self._at
            return True
        if sign in "-+*0123456789":
            item = _ITEM.match(self._source, self._at, self._stop)
            if item and not self._is_rule() and self._may_begin(item, depth):
                self._open_item(item, depth)
                return True
        return False

    def _may_begin(self, item: re.Match[str], depth: int) -> bool:
        """Whether an item may begin here: within a paragraph only the first one of a list may, and no empty one."""
        if not self._in_paragraph() or depth < len(self._containers):
            return True
        is_empty = not self._source[item.end() : self._stop].strip(" \t")
        return not is_empty and item[2] in (None, "1")

    def _open_item(self, item: re.Match[str], depth: int) -> None:
        sign = item[1] or item[3]
        is_next = depth < len(self._containers) and self._containers[depth].sign == sign
        self._close(depth + is_next)
        if is_next:
            self._containers.pop()
            self._found.append(Mark(self._done, "/li"))
        outer, start = self._base, self._at
        self._at = self._done = item.end()
        self._column += item.end() - start
        behind = self._column
        self._skip_blanks()
        is_far = self._at == self._stop or self._column - behind > 4
        self._base = behind + 1 if is_far else self._column
        container = _Container(sign, self._base - outer)
        self._found += ([] if is_next else [Mark(start, container.list_tag)]) + [Mark(start, "li")]
        self._containers.append(container)

    def _close(self, depth: int) -> None:
        """Close the open block of text, and the containers beyond ``depth``."""
        self._close_leaf()
        while len(self._containers) > depth:
            container = self._containers.pop()
            if container.width:
                self._found += Mark(self._done, "/li"), Mark(self._done, f"/{container.list_tag}")
            else:
                self._quotes.pop()
                self._found.append(Mark(self._done, "/blockquote"))

    # --- Blocks of text ---

    def _in_paragraph(self) -> bool:
        return self._leaf is not None and self._leaf.name == "p"

    def _is_verbatim(self) -> bool:
        return self._leaf is not None and self._leaf.name != "p"

    def _open_leaf(self, depth: int) -> bool:
        """Read the line as the beginning of a block other than a paragraph, or as a row of a table, if it is that."""
        if self._indent() >= 4:
            return not self._in_paragraph() and self._open_code(depth)
        is_inside = depth == len(self._containers)
        match self._source[self._at]:
            case "#" if heading := _HEADING.match(self._source, self._at, self._stop):
                self._add_heading(heading, depth)
            case "`" | "~" if fence := _FENCE.match(self._source, self._at, self._stop):
                self._open_fence(fence, depth)
            case "<" if self._begins_html():
                self._open_html(depth)
            case "-" | "=" if is_inside and self._in_paragraph() and self._is_underline():
                return self._end_heading() or self._open_leaf(depth)
            case "-" | "*" | "_" if self._is_rule():
                self._close(depth)
                self._found.append(Mark(self._at, "hr"))
                self._done = self._stop
            case "|" | ":" | "-" if is_inside and self._in_paragraph() and (columns := self._delimiters()):
                return self._open_table(columns)
            case _:
                return is_inside and self._columns > 0 and self._add_row(self._at, self._stop)
        return True

    def _is_rule(self) -> bool:
        sign = self._source[self._at]
        if sign not in "-*_" or self._at < self._no_rule_before:
            return False
        if _RULE.fullmatch(self._source, self._at, self._stop):
            return True
        same = _SAME_SIGNS.match(self._source, self._at, self._stop)
        self._no_rule_before = same.end() if same else self._at
        return False

    def _is_underline(self) -> bool:
        return bool(_UNDERLINE.fullmatch(self._source, self._at, self._stop))

    def _add_heading(self, heading: re.Match[str], depth: int) -> None:
        self._close(depth)
        begin = heading.end()
        words = self._source[begin : self._stop].rstrip(" \t")
        bare = words.rstrip("#")
        if not bare or bare[-1] in " \t":
            words = bare.rstrip(" \t")
        self._found.append(Leaf(f"h{len(heading[1])}", self._at, self._stop, [(begin, begin + len(words))]))
        self._done = self._stop

    def _end_heading(self) -> bool:
        """Let the paragraph before an underline be a heading; not if nothing is left of it."""
        leaf = self._leaf
        self._close_leaf()
        if not self._found or self._found[-1] is not leaf:
            return False
        leaf.name = "h1" if self._source[self._at] == "=" else "h2"
        leaf.end = self._done = self._stop
        return True

    def _begins_html(self) -> bool:
        source, at = self._source, self._at
        self._html_end = next((end for begin, end in _HTML if begin.match(source, at, self._stop)), None)
        if self._html_end or _HTML_BLOCK.match(source, at, self._stop):
            return True
        tag = None if self._in_paragraph() else HTML_TAG.match(source, at, self._stop)
        return bool(tag and not source[tag.end() : self._stop].strip(" \t"))

    def _open_html(self, depth: int) -> None:
        self._close(depth)
        self._fence = ""
        self._leaf = Leaf("html", self._at, self._at, [])
        self._found.append(self._leaf)
        self._goes_on()

    def _open_fence(self, fence: re.Match[str], depth: int) -> None:
        self._close(depth)
        self._fence = fence[1]
        self._leaf = Leaf("pre", self._at, self._stop, [])
        self._found.append(self._leaf)
        self._done = self._stop

    def _open_code(self, depth: int) -> bool:
        self._close(depth)
        self._fence = ""
        self._leaf = Leaf("pre", self._at, self._stop, [])
        self._found.append(self._leaf)
        return self._goes_on()

    def _goes_on(self) -> bool:
        """Whether the open code or HTML goes on in the line, which is then read."""
        leaf = self._leaf
        assert leaf is not None
        source, is_blank = self._source, self._at == self._stop
        if leaf.name == "html":
            if is_blank and self._html_end is None:
                return False
            is_last = self._html_end is not None and self._html_end.search(source, self._at, self._stop)
        elif self._fence:
            mark = source[self._at : self._stop].rstrip(" \t")
            if self._indent() < 4 and mark.startswith(self._fence) and not mark.strip(self._fence[0]):
                leaf.end = self._done = self._stop
                self._close_leaf()
                return True
            is_last = None
        else:
            if not is_blank and self._indent() < 4:
                return False
            is_last = None
        self._add_verbatim(leaf)
        if is_last:
            self._close_leaf()
        return True

    def _add_verbatim(self, leaf: Leaf) -> None:
        """Add the line, with the indent that is its own."""
        own = self._indent() if leaf.name == "html" or self._fence else max(0, self._indent() - 4)
        begin = self._at
        while own > 0 and begin > 0 and self._source[begin - 1] in " \t":
            begin, own = begin - 1, own - 1
        if leaf.name == "html" and leaf.lines and not self._quotes:
            begin = leaf.lines.pop()[0]  # a tag may go over several lines
        elif leaf.lines and leaf.lines[-1][1] == begin:
            begin = leaf.lines.pop()[0]
        leaf.lines.append((begin, self._end))
        leaf.start = min(leaf.start, begin)
        if self._at < self._stop or self._fence:
            leaf.end = self._done = self._stop

    def _read_blank(self, start: int, depth: int) -> None:
        if self._leaf is None or self._leaf.name == "p" or depth < len(self._containers) or not self._fence:
            self._close_leaf()
        if self._source[start : self._stop].strip(" \t"):
            self._done = self._stop  # the sign of a quote belongs to it
        if self._empty_item:
            depth = min(depth, self._empty_item - 1)
            self._empty_item = 0
        if depth < len(self._containers):
            self._close(depth)

    def _read_text(self, depth: int) -> None:
        """Take in a line of a paragraph, which may have begun before the line left its containers."""
        if not self._in_paragraph():
            self._close(depth)
            self._leaf = Leaf("p", self._at, self._stop, [])
            self._found.append(self._leaf)
        leaf = self._leaf
        assert leaf is not None
        self._last_line, self._is_far = self._at, self._indent() >= 4
        if leaf.lines and leaf.lines[-1][1] == self._at:
            leaf.lines[-1] = (leaf.lines[-1][0], self._end)
        else:
            leaf.lines.append((self._at, self._end))
        leaf.end = self._done = self._stop

    def _close_leaf(self) -> None:
        leaf, self._leaf = self._leaf, None
        if self._columns:
            self._columns = 0
            self._found.append(Mark(self._done, "/table"))
        if leaf is None:
            return
        if leaf.name == "p" and self._source[leaf.start] == "[":
            self._take_definitions(leaf)
        self._trim(leaf)
        if leaf.name == "p" and not leaf.lines:
            self._found.pop()

    def _trim(self, leaf: Leaf) -> None:
        """Take the white space from the end of a block of text."""
        while leaf.lines:
            start, end = leaf.lines.pop()
            while end > start and self._source[end - 1] in " \t\r\n":
                end -= 1
            if end > start:
                leaf.lines.append((start, end))
                if leaf.name != "pre":
                    leaf.end = end
                return

    def _take_definitions(self, leaf: Leaf) -> None:
        """Take the definitions of references from the beginning of a paragraph."""
        content = Content(self._source, leaf.lines)
        at = 0
        while found := _DEFINITION.match(content.text, at):
            target = found["target"] if found["angled"] is None else found["angled"]
            title = next((group for group in ("double", "single", "round") if found[group]), None)
            place = title and (content.place(found.start(title)), content.place_end(found.end(title)))
            last = at = found.end()
            while content.text[last - 1] in "\r\n":
                last -= 1
            definition = Definition(content.place(found.start()), content.place_end(last), target, place or None)
            self._definitions.setdefault(normal_label(found["label"]), definition)
        if at:
            begin = content.place(at) if at < len(content.text) else leaf.lines[-1][1]
            leaf.lines = [(max(start, begin), end) for start, end in leaf.lines if end > begin]
            leaf.start = begin

    # --- Tables ---

    def _delimiters(self) -> int:
        """The number of columns, if the line is that under the header of a table and the line before it has as many."""
        source, at, stop = self._source, self._at, self._stop
        if "|" not in source[at:stop] or not _DELIMITERS.fullmatch(source, at, stop):
            return 0
        header = (self._last_line, self._done)
        if "|" not in source[slice(*header)] or self._is_far:
            return 0
        columns = len(self._cells(at, stop))
        return columns if len(self._cells(*header)) == columns else 0

    def _open_table(self, columns: int) -> bool:
        leaf = self._leaf
        assert leaf is not None
        header, stop = self._last_line, self._done
        leaf.lines = [(start, min(end, header)) for start, end in leaf.lines if start < header]
        self._close_leaf()
        self._found.append(Mark(header, "table"))
        self._columns = columns
        self._add_row(header, stop)
        self._done = self._stop
        return True

    def _add_row(self, start: int, stop: int) -> bool:
        self._found.append(Mark(start, "tr"))
        cells = self._cells(start, stop)[: self._columns]
        self._found += [Leaf("td", begin, end, [(begin, end)]) for begin, end in cells]
        self._found.append(Mark(stop, "/tr"))
        self._done = stop
        return True

    def _cells(self, start: int, stop: int) -> list[Interval]:
        """The cells of a line, without the white space around them."""
        stop -= len(self._source[start:stop]) - len(self._source[start:stop].rstrip(" \t"))
        start += self._source.startswith("|", start)
        cells: list[Interval] = []
        while start < stop:
            found = _CELL.match(self._source, start, stop)
            end = found.end() if found else stop
            inside = self._source[start:end]
            begin = start + len(inside) - len(inside.lstrip(" \t"))
            cells.append((begin, max(begin, start + len(inside.rstrip(" \t")))))
            start = end + 1
        return cells
