"""HTML → document: a lexer that accounts for every character, and one stack of open elements.

Tags, attributes and character references are read as the HTML standard says, errors included;
the tree is simpler than the standard's: elements end where the standard ends them, but nothing
is moved or repeated. All of it takes time linear in the source, whatever the source holds.
"""

from __future__ import annotations

import html
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html.entities import html5
from typing import NamedTuple

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
_SCRIPT_MARK = re.compile(rf"<!(?=--)|-->|</?script(?=[{_S}/>])", re.A | re.I)


def _attributes(source: str, start: int, end: int) -> Attributes:
    """The attributes between the name and the end of a tag; of equal names the first one counts."""
    found: Attributes = {}
    if start == end:
        return found
    for attribute in _ATTRIBUTE.finditer(source, start, end):
        value = attribute.lastindex or 1
        found.setdefault(attribute[1].lower(), attribute.span(value) if value > 1 else (end, end))
    return found


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


class _Open(NamedTuple):
    """A start tag whose element has not ended."""

    name: str
    group: str
    start: int
    text_start: int
    href: str
    hidden: str
    recorded: bool


class _OpenElements:
    """The stack of open elements, which hands out the elements that have ended."""

    def __init__(self, text: VisibleText) -> None:
        self.ended: list[Element] = []
        self._text = text
        self._stack: list[_Open] = []
        self._depths: defaultdict[str, list[int]] = defaultdict(list)
        self._bars: dict[str, list[int]] = {kind: [-1] for kind in ("block", "list", "scope", "table")}
        self._overdue: set[int] = set()

    def depths(self, group: str) -> Sequence[int]:
        """How deep the open elements of the group lie; stays up to date."""
        return self._depths[group]

    def push(self, element: _Open) -> None:
        """Open an element."""
        depth = len(self._stack)
        self._stack.append(element)
        self._depths[element.group].append(depth)
        for kind in _BARS.get(element.group, ()):
            self._bars[kind].append(depth)

    def close(self, group: str, start: int, end: int) -> None:
        """End the innermost element of the group within reach at ``end``, and what it still contains at ``start``.

        An inline element that contains open blocks ends with them.
        """
        depths = self._depths[group]
        if not depths or depths[-1] < self._bars[_REACH.get(group, "scope")][-1]:
            return
        depth = depths[-1]
        if group not in _BARS and depth < self._bars["block"][-1]:
            self._overdue.add(depth)
            return
        self._pop_to(depth + 1, start)
        self._pop_to(depth, end)
        while len(self._stack) - 1 in self._overdue:
            self._pop_to(len(self._stack) - 1, end)

    def close_all(self, at: int) -> None:
        """End every element."""
        self._pop_to(0, at)

    def _pop_to(self, depth: int, end: int) -> None:
        while len(self._stack) > depth:
            name, group, start, text_start, href, hidden, recorded = self._stack.pop()
            self._overdue.discard(len(self._stack))
            self._depths[group].pop()
            for kind in _BARS.get(group, ()):
                self._bars[kind].pop()
            if recorded:
                self.ended.append(Element(start, end, text_start, self._text.length, name, href, hidden))


# --- Reader ----------------------------------------------------------------------------------------------------------

_UNSEEN = _names("iframe noembed noframes script style")
"""Elements whose content is neither markup nor shown."""
_RAW = _UNSEEN | frozenset(("textarea", "title", "xmp"))
"""Elements whose content is not markup."""
_SEEN_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder")
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

    def read(self) -> Document:
        source = self._source
        position = 0
        while markup := _MARKUP.search(source, position):
            self._show(position, markup.start())
            position = markup.end()
            slash, name, is_complete = markup.group(1, 2, 4)
            if not is_complete:
                continue
            if slash:
                self._end_tag(name.lower(), *markup.span())
            else:
                position = self._start_tag(name.lower(), _attributes(source, *markup.span(3)), *markup.span())
        self._show(position, len(source))
        self._open.close_all(len(source))
        self._show_values()
        elements = sorted(self._open.ended, key=lambda element: element.start)
        return Document(source, "html", *self._text.build(), tuple(elements))

    def _start_tag(self, name: str, attributes: Attributes, start: int, end: int) -> int:
        """Take in a start tag; the position where reading goes on."""
        if name in _CLOSES_P:
            self._open.close("p", start, start)
        group = _GROUP.get(name, name)
        for closed in _CLOSES.get(group, ()):
            self._open.close(closed, start, start)
        if name in _BLOCK and not self._templates:
            self._text.break_line(start)
        if attributes and not self._templates:
            self._note_values(name, attributes)
        if name == "br":
            self._break(start, end)
        if name in _CHILDLESS or (self._drawings and self._source[end - 2] == "/"):
            return end
        if name in _UNSEEN:
            return _raw_end(self._source, end, name)
        self._open.push(self._opened(name, group, attributes, start))
        if name not in _RAW:
            return end
        raw_end = _raw_end(self._source, end, name)
        self._show(end, raw_end)
        return raw_end

    def _opened(self, name: str, group: str, attributes: Attributes, start: int) -> _Open:
        href = self._value(attributes, "href").strip(" \t\n\f\r") if name == "a" else ""
        hidden = self._hidden(name, attributes)
        recorded = bool(name in _RECORDED or href or hidden) and not self._templates
        return _Open(name, group, start, self._text.length, href, hidden, recorded)

    def _hidden(self, name: str, attributes: Attributes) -> str:
        """The technique that hides an element."""
        if "hidden" in attributes:
            return "hidden"
        if "style" in attributes and (technique := hiding_technique(self._value(attributes, "style"))):
            return technique
        if name == "noscript":
            return "noscript"
        if name == "marquee" and any(_pixels(self._value(attributes, side)) <= 1 for side in ("width", "height")):
            return "zero-size"
        return ""

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

    def _end_tag(self, name: str, start: int, end: int) -> None:
        if name == "br":
            self._break(start, end)
        elif name in ("body", "html"):
            self._open.close_all(start)
        else:
            self._open.close(_GROUP.get(name, name), start, end)
        if name in _BLOCK and not self._templates:
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
            self._open.ended.append(Element(start, end, text_start, self._text.length, "attribute"))
