"""HTML → document: a lexer that accounts for every character, and one stack of open elements.

Tags, attributes and character references are read as the HTML standard says, errors included;
the tree is simpler than the standard's: elements end where the standard ends them, but nothing
is moved or repeated. All of it takes time linear in the source, whatever the source holds.
"""

from __future__ import annotations

import functools
import html
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.entities import html5
from itertools import starmap
from operator import attrgetter
from typing import Any

from cleaner.document.text import VisibleText
from cleaner.types import Document, Element

Interval = tuple[int, int]
Attributes = dict[str, Interval]
"""Lower-case names and the source intervals of the values, quotes not included."""

# --- Lexer -----------------------------------------------------------------------------------------------------------

_S = r" \t\n\f\r"
_NAME = rf"[^{_S}/>][^{_S}/>=]*+"
_EQUALS = rf"[{_S}]*+=[{_S}]*+"
_UNQUOTED = rf"""[^{_S}>"'][^{_S}>]*+"""

_ATTRIBUTE = re.compile(rf"""({_NAME})(?:{_EQUALS}(?:"([^"]*+)"?+|'([^']*+)'?+|({_UNQUOTED}))?+)?+""")
_MARKUP = re.compile(
    rf"""
    <(?:(/?)([a-zA-Z][^{_S}/>]*+)                                                   # 1, 2: a tag…
        ((?:[{_S}/]++|{_NAME}(?:{_EQUALS}(?:"[^"]*+"?+|'[^']*+'?+|{_UNQUOTED})?+)?+)*+)  # 3: …with attributes
        (>?)                                                                        # 4: …empty: the source ends in it
      | !--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>)?)                                 # a comment
      | (?:[!?]|/(?!\Z))[^>]*+>?                                                    # what counts as a comment
    )""",
    re.X,
)
_TELLING = frozenset("alt aria-label content height hidden href name placeholder property style title width".split())
"""Attributes that are shown, that hide their element, or that say what the others mean."""
_SCRIPT_MARK = re.compile(rf"<!(?=--)|-->|</?script(?=[{_S}/>])", re.A | re.I)


def _attributes(source: str, start: int, end: int) -> Attributes:
    """The telling attributes between the name and the end of a tag; of equal names the first one counts."""
    found: Attributes = {}
    for attribute in _ATTRIBUTE.finditer(source, start, end):
        name = attribute[1].lower()
        if name in _TELLING and name not in found:
            value = attribute.lastindex or 1
            found[name] = attribute.span(value) if value > 1 else (end, end)
    return found


def _may_tell(attributes: str) -> bool:
    """Whether the lower-case attributes may hold one that is shown or that hides the element (the cheap look)."""
    return (
        "style" in attributes
        or "hidden" in attributes
        or "title" in attributes
        or "alt" in attributes
        or "aria-label" in attributes
        or "placeholder" in attributes
    )


def _raw_end(source: str, start: int, name: str) -> int:
    """Where an element ends whose content is not markup and starts at ``start``."""
    if name == "script":
        return _script_end(source, start)
    end_tag = re.compile(rf"</{name}(?=[{_S}/>])", re.A | re.I).search(source, start)
    return end_tag.start() if end_tag else len(source)


def _script_end(source: str, start: int) -> int:
    """Where a script ends: at the first ``</script`` that does not close a ``<script`` within ``<!--``."""
    in_comment = in_inner_script = False
    for mark in _SCRIPT_MARK.finditer(source, start):
        match mark[0][:3].lower():
            case "<!":
                in_comment = True
            case "-->":
                in_comment = in_inner_script = False
            case "</s" if not in_inner_script:
                return mark.start()
            case "</s":
                in_inner_script = False
            case _:
                in_inner_script = in_comment
    return len(source)


# --- Character references --------------------------------------------------------------------------------------------

_REFERENCE = re.compile(r"&(?:#(?:[0-9]++|[xX][0-9a-fA-F]++);?|[a-zA-Z][a-zA-Z0-9]*+;?)")
_LONGEST_BARE_NAME = 6
"""Length of the longest name that needs no semicolon (``&Aacute``)."""
_LONGEST_NUMBER = 4000
"""Digits that are turned into a number; longer ones are beyond Unicode in any case."""


def _references(source: str, start: int, end: int, in_attribute: bool = False) -> Iterator[tuple[int, int, str]]:
    """The character references in an interval: start, end, and the characters that each stands for."""
    for found in _REFERENCE.finditer(source, start, end):
        first, reference = found.start(), found[0]
        if reference[1] == "#":
            number = html.unescape(reference) if len(reference) < _LONGEST_NUMBER else "\ufffd"
            yield first, found.end(), number
            continue
        name = _reference_name(reference[1:])
        last = first + 1 + len(name)
        goes_on = in_attribute and not name.endswith(";") and last < end and re.match("[=a-zA-Z0-9]", source[last])
        if name and not goes_on:
            yield first, last, html5[name]


def _reference_name(text: str) -> str:
    """The longest name of a character reference that ``text`` begins with."""
    if text in html5:
        return text
    names = (text[:length] for length in range(_LONGEST_BARE_NAME, 1, -1))
    return next((name for name in names if name in html5), "")


# --- Hiding ----------------------------------------------------------------------------------------------------------

_LENGTH = re.compile(r"([+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++))([a-z]*+|%)")
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "cm": 38.0, "mm": 3.8}
_PIXELS |= {"in": 96.0, "%": 5.0, "vw": 10.0, "vh": 8.0}
_CSS_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?")
_CLIPPED = re.compile(
    r"""
    rect\((?:[\s,]*+[01](?:px)?(?![\w.%]))++\s*+\)
    | inset\(\s*+(?:[5-9][0-9]|[1-9][0-9]{2,})(?:\.[0-9]*+)?%.*+
    | circle\(\s*+0.*+
    """,
    re.X | re.S,
)
_FAR = -500.0
"""Pixels from which a text is out of sight."""


def hiding_technique(style: str) -> str:
    """How the declarations of a ``style`` attribute hide the element; empty when they do not."""
    css = _declarations(style)
    if css["display"] == "none":
        return "display:none"
    if css["visibility"] in ("hidden", "collapse"):
        return "visibility:hidden"
    if _pixels(css["opacity"]) <= 0.01:
        return "opacity:0"
    if _pixels(css["font-size"]) <= 1:
        return "font-size:0"
    if _pixels(css["text-indent"]) <= _FAR:
        return "text-indent"
    if css["position"] not in ("", "static") and any(
        _pixels(css[side]) <= _FAR for side in ("left", "top", "right", "bottom")
    ):
        return "off-screen"
    if any(css[name] not in ("", "visible") for name in ("overflow", "overflow-x", "overflow-y")) and any(
        _pixels(css[name]) <= 1 for name in ("width", "height", "max-width", "max-height")
    ):
        return "zero-size"
    if _CLIPPED.fullmatch(css["clip"]) or _CLIPPED.fullmatch(css["clip-path"]):
        return "clip"
    return ""


def _declarations(style: str) -> defaultdict[str, str]:
    """Properties and values in lower case, empty where not given; the last declaration of a property counts."""
    css: defaultdict[str, str] = defaultdict(str)
    for declaration in _CSS_COMMENT.sub(" ", style).lower().split(";"):
        name, _, value = declaration.partition(":")
        css[name.strip()] = value.partition("!")[0].strip()
    return css


def _pixels(length: str) -> float:
    """A CSS length in pixels, relative ones by rule of thumb; NaN, which no comparison holds for, if it is none."""
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _PIXELS.get(found[2], math.nan) if found else math.nan


# --- Open elements ---------------------------------------------------------------------------------------------------


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_BLOCK = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main marquee menu nav noscript ol optgroup "
    "option p pre search section select summary table tbody td tfoot th thead title tr ul xmp"
)
"""Elements that stand on lines of their own."""
_CLOSES_P = _BLOCK - _names(
    "body caption head html legend marquee noscript optgroup option select tbody td tfoot th thead title tr"
)
"""Elements that end an open paragraph."""
_CHILDLESS = _names(
    "area base basefont bgsound body br col embed frame head hr html img input link meta param source track wbr"
)
"""Elements without content, and those whose content is the page."""
_RECORDED = _names(
    "article aside b blockquote center dd div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 i li marquee ol p "
    "section small span strong td th u ul"
)
"""Elements that a cut may leave empty."""

_GROUP = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5"), "h6"),
    **dict.fromkeys(("tfoot", "thead"), "tbody"),
    "dt": "dd",
    "th": "td",
}
"""Elements that close each other, named by one of them."""
_CLOSES = {
    "a": ("a",),
    "dd": ("dd",),
    "h6": ("h6",),
    "li": ("li",),
    "optgroup": ("option", "optgroup"),
    "option": ("option",),
    "tbody": ("caption", "td", "tr", "tbody"),
    "td": ("td",),
    "tr": ("caption", "td", "tr"),
}
"""Groups that the start tag of a group closes."""
_REACH = {
    **dict.fromkeys(("caption", "table", "tbody", "td", "tr"), "table"),
    **dict.fromkeys(("dd", "li"), "list"),
}
"""The kind of bar beyond which a tag of the group closes nothing; ``scope`` for the others."""
_BARS = {
    **dict.fromkeys(_BLOCK, ("block",)),
    **dict.fromkeys(("dir", "dl", "menu", "ol", "select", "ul"), ("block", "list")),
    **dict.fromkeys(("button", "caption", "marquee", "object", "td"), ("block", "list", "scope")),
    **dict.fromkeys(("table", "template"), ("block", "list", "scope", "table")),
}
"""The kinds of bar that an open element of the group is."""


_UNSEEN = _names("iframe noembed noframes script style")
"""Elements whose content is neither markup nor shown."""
_RAW = _UNSEEN | frozenset(("textarea", "title", "xmp"))
"""Elements whose content is not markup."""


@dataclass(frozen=True, slots=True)
class _Tag:
    """What the name of a tag says."""

    name: str
    """In lower case."""
    group: str
    closes: tuple[str, ...]
    """Groups that a start tag closes."""
    reach: str
    """The kind of bar beyond which an end tag closes nothing."""
    bars: tuple[str, ...]
    is_block: bool
    is_childless: bool
    is_unseen: bool
    is_raw: bool
    is_recorded: bool
    hidden: str
    """The technique that hides every such element."""


@functools.lru_cache(maxsize=4096)
def _tag(name: str) -> _Tag:
    name = name.lower()
    group = _GROUP.get(name, name)
    return _Tag(
        name,
        group,
        (("p",) if name in _CLOSES_P else ()) + _CLOSES.get(group, ()),
        _REACH.get(group, "scope"),
        _BARS.get(group, ()),
        name in _BLOCK,
        name in _CHILDLESS,
        name in _UNSEEN,
        name in _RAW,
        name in _RECORDED,
        name if name == "noscript" else "",
    )


class _OpenElements:
    """The stack of open elements, and all that are recorded, in order of their start."""

    def __init__(self, text: VisibleText) -> None:
        self._text = text
        self._stack: list[tuple[_Tag, list[Any] | None]] = []
        self._recorded: list[list[Any]] = []
        self._depths: defaultdict[str, list[int]] = defaultdict(list)
        self._bars: dict[str, list[int]] = {kind: [-1] for kind in ("block", "list", "scope", "table")}
        self._overdue: set[int] = set()

    def depths(self, group: str) -> Sequence[int]:
        """How deep the open elements of the group lie; stays up to date."""
        return self._depths[group]

    def elements(self) -> Iterator[Element]:
        """The recorded elements; all must have ended."""
        return starmap(Element, self._recorded)

    def push(self, tag: _Tag, element: list[Any] | None) -> None:
        """Open an element; ``element``, if it is recorded, are the fields of its :class:`Element` but for the ends."""
        depth = len(self._stack)
        self._stack.append((tag, element))
        self._depths[tag.group].append(depth)
        for kind in tag.bars:
            self._bars[kind].append(depth)
        if element:
            self._recorded.append(element)

    def close_for(self, tag: _Tag, at: int) -> None:
        """End the elements that a start tag ends."""
        for group in tag.closes:
            if self._depths[group]:
                self.close(_tag(group), at, at)

    def close(self, tag: _Tag, start: int, end: int) -> None:
        """End the innermost element of the group within reach at ``end``, and what it still contains at ``start``.

        An inline element that contains open blocks ends with them.
        """
        if self._stack and self._stack[-1][0].group == tag.group:
            self._pop(end)
        else:
            depths = self._depths[tag.group]
            if not depths or depths[-1] < self._bars[tag.reach][-1]:
                return
            depth = depths[-1]
            if not tag.bars and depth < self._bars["block"][-1]:
                self._overdue.add(depth)
                return
            self._pop_to(depth + 1, start)
            self._pop(end)
        while self._overdue and len(self._stack) - 1 in self._overdue:
            self._pop(end)

    def close_all(self, at: int) -> None:
        """End every element."""
        self._pop_to(0, at)

    def _pop_to(self, depth: int, end: int) -> None:
        while len(self._stack) > depth:
            self._pop(end)

    def _pop(self, end: int) -> None:
        tag, element = self._stack.pop()
        self._depths[tag.group].pop()
        for kind in tag.bars:
            self._bars[kind].pop()
        if self._overdue:
            self._overdue.discard(len(self._stack))
        if element:
            element[1], element[3] = end, self._text.length


# --- Reader ----------------------------------------------------------------------------------------------------------

_SEEN_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder")
_TELLING_TAGS = _names("a marquee meta")
"""Tags of which attributes are read that say nothing elsewhere."""
_SEEN_META = _names(
    "description keywords og:title og:description og:site_name og:image:alt "
    "twitter:title twitter:description twitter:image:alt"
)


def read_html(source: str) -> Document:
    """The text of an HTML page, hidden text included, and the elements that hold it.

    White space stays as it is. Blocks stand on lines of their own: their line breaks map to an empty
    interval, a ``<br>`` maps to its tag. The values of attributes that people get to see follow after
    a blank line, one a line, in the order of the source: only there do offsets go back.
    ``Element.hidden`` is set on the element that hides, not on those within it.
    """
    return _Reader(source).read()


class _Reader:
    """One pass over the markup of a page."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._text = VisibleText(source)
        self._open = _OpenElements(self._text)
        self._templates = self._open.depths("template")
        self._drawings = self._open.depths("svg")
        self._seen_values: list[Interval] = []
        self._values: list[Element] = []

    def read(self) -> Document:
        source = self._source
        position = 0
        while position < len(source):
            position = self._read_from(position)
        self._open.close_all(len(source))
        self._show_values()
        elements = sorted([*self._open.elements(), *self._values], key=attrgetter("start"))
        return Document(source, "html", *self._text.build(), tuple(elements))

    def _read_from(self, position: int) -> int:
        """Read up to the end of an element whose content is no markup, or of the source; the position reached."""
        for markup in _MARKUP.finditer(self._source, position):
            start, end = markup.span()
            if position < start:
                self._show(position, start)
            position = end
            slash, name, attributes, is_complete = markup.groups()
            if not is_complete:
                continue
            if slash:
                self._end_tag(_tag(name), start, end)
                continue
            tag = _tag(name)
            found: Attributes = {}
            if attributes and (tag.name in _TELLING_TAGS or _may_tell(attributes.lower())):
                found = _attributes(self._source, *markup.span(3))
            position = self._start_tag(tag, found, start, end)
            if position > end:
                return position
        self._show(position, len(self._source))
        return len(self._source)

    def _start_tag(self, tag: _Tag, attributes: Attributes, start: int, end: int) -> int:
        """Take in a start tag; the position where reading goes on."""
        if tag.closes:
            self._open.close_for(tag, start)
        is_shown = not self._templates
        if tag.is_block and is_shown:
            self._text.break_line(start)
        if attributes and is_shown:
            self._note_values(tag.name, attributes)
        if tag.is_childless:
            if tag.name == "br":
                self._break(start, end)
            return end
        if self._drawings and self._source[end - 2] == "/":
            return end
        if tag.is_unseen:
            return _raw_end(self._source, end, tag.name)
        self._open.push(tag, self._element(tag, attributes, start) if is_shown else None)
        if not tag.is_raw:
            return end
        raw_end = _raw_end(self._source, end, tag.name)
        self._show(end, raw_end)
        return raw_end

    def _element(self, tag: _Tag, attributes: Attributes, start: int) -> list[Any] | None:
        """The fields of the element that begins, if it is to be recorded."""
        href, hidden = "", tag.hidden
        if attributes:
            if tag.name == "a" and "href" in attributes:
                href = self._value(attributes, "href").strip(" \t\n\f\r")
            hidden = self._hidden(tag, attributes)
        if tag.is_recorded or href or hidden:
            length = self._text.length
            return [start, start, length, length, tag.name, href, hidden]
        return None

    def _hidden(self, tag: _Tag, attributes: Attributes) -> str:
        """The technique that hides an element."""
        if "hidden" in attributes:
            return "hidden"
        if "style" in attributes and (technique := hiding_technique(self._value(attributes, "style"))):
            return technique
        if tag.name == "marquee" and any(_pixels(self._value(attributes, side)) <= 1 for side in ("width", "height")):
            return "zero-size"
        return tag.hidden

    def _value(self, attributes: Attributes, name: str) -> str:
        """The value of an attribute, references decoded; empty when there is none."""
        if name not in attributes:
            return ""
        start, end = attributes[name]
        if self._source.find("&", start, end) < 0:
            return self._source[start:end]
        pieces: list[str] = []
        for first, last, characters in _references(self._source, start, end, in_attribute=True):
            pieces += self._source[start:first], characters
            start = last
        return "".join(pieces) + self._source[start:end]

    def _end_tag(self, tag: _Tag, start: int, end: int) -> None:
        if not tag.is_childless:
            self._open.close(tag, start, end)
        elif tag.name == "br":
            self._break(start, end)
        elif tag.name in ("body", "html"):
            self._open.close_all(start)
        if tag.is_block and not self._templates:
            self._text.break_line(end)

    def _show(self, start: int, end: int, in_attribute: bool = False) -> None:
        """Append a stretch of text, references decoded."""
        if start == end or self._templates:
            return
        if self._source.find("&", start, end) >= 0:
            for first, last, characters in _references(self._source, start, end, in_attribute):
                self._text.copy(start, first)
                self._text.place(characters, first, last)
                start = last
        self._text.copy(start, end)

    def _break(self, start: int, end: int) -> None:
        """Append the line break that a ``<br>`` is."""
        if not self._templates:
            self._text.place("\n", start, end)

    def _note_values(self, name: str, attributes: Attributes) -> None:
        """Keep the attribute values that people see."""
        if name == "meta":
            self._note_meta(attributes)
        for attribute in _SEEN_ATTRIBUTES:
            if attribute in attributes:
                self._seen_values.append(attributes[attribute])

    def _note_meta(self, attributes: Attributes) -> None:
        keys = (attributes[key] for key in ("name", "property") if key in attributes)
        if "content" in attributes and any(self._source[a:b].strip().lower() in _SEEN_META for a, b in keys):
            self._seen_values.append(attributes["content"])

    def _show_values(self) -> None:
        """Append the attribute values after a blank line, each as a line and an element."""
        values = sorted((a, b) for a, b in self._seen_values if self._source[a:b].strip())
        if values:
            self._text.break_line(len(self._source))
        for start, end in values:
            if self._text.length:
                self._text.place("\n", start, start)
            text_start = self._text.length
            self._show(start, end, in_attribute=True)
            self._values.append(Element(start, end, text_start, self._text.length, "attribute"))
