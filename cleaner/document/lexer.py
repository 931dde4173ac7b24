"""HTML source → tokens: where its tags and comments stand, as the HTML standard's tokeniser finds them.

Every character belongs to one token or to the text between two. Time is linear in the source, whatever it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from cleaner.document.tags import Tag, names, tag_of

Interval = tuple[int, int]
Attributes = dict[str, Interval]
"""Lower-case names and the source intervals of the values, quotes not included."""

_S = r" \t\n\f\r"
_NAME = rf"[^{_S}/>][^{_S}/>=]*+"
_EQUALS = rf"[{_S}]*+=[{_S}]*+"
_UNQUOTED = rf"""[^{_S}>"'][^{_S}>]*+"""

_ATTRIBUTE = re.compile(rf"""({_NAME})(?:{_EQUALS}(?:"([^"]*+)"?+|'([^']*+)'?+|({_UNQUOTED}))?+)?+""")
_MARKUP = re.compile(
    rf"""
    <(?:(/?[a-zA-Z][^{_S}/>]*+)                  # 1: a tag (2: nothing if the source ends in it)…
        (?:[{_S}/]++|{_NAME}(?:{_EQUALS}(?:"[^"]*+"?+|'[^']*+'?+|{_UNQUOTED})?+)?+)*+(>?)  # …with attributes
      | !--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>)?)                                    # a comment
      | (?:[!?]|/(?!\Z))[^>]*+>?                                                       # what counts as a comment
    )""",
    re.X,
)
_SHOWN = re.compile(rf"""(?:title|alt|label|placeholder){_EQUALS}(?:"[{_S}]*+[^{_S}"]|'[{_S}]*+[^{_S}']|[^{_S}"'>])""")
_SCRIPT_MARK = re.compile(rf"<!(?=--)|-->|</?script(?=[{_S}/>])", re.A | re.I)
_CDATA = "<![CDATA["
_TELLING = names(
    "alt aria-label class content height hidden href id name placeholder property rel src style title width"
)
"""Attributes that are shown, that hide their element, or that say what the others mean."""


class Target(NamedTuple):
    """Where a link leads that is spelled in another language."""

    href: str
    definition: Interval | None
    """Where that is told, if it is elsewhere in the source."""


@dataclass(slots=True)
class Tokens:
    """Tags and comments in order, column by column."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """Behind the token; where the content of an element is not shown (``script``), behind that content."""
    tags: list[Tag] = field(default_factory=list)
    telling: list[int] = field(default_factory=list)
    """The numbers of those start tags whose attributes may be shown, or tell what page it is."""
    hiding: list[int] = field(default_factory=list)
    """The numbers of those start tags whose attributes may hide the element."""
    links: list[int] = field(default_factory=list)
    """The numbers of the start tags of links, and of frames."""
    dark: list[int] = field(default_factory=list)
    """The numbers of comments, scripts and style sheets."""
    targets: dict[int, Target] = field(default_factory=dict)
    """Where links lead whose tokens are no tags of HTML, by their numbers."""


def lex(source: str) -> Tokens:
    """The tokens of ``source``."""
    tokens = Tokens()
    lex_into(tokens, source, 0, len(source))
    return tokens


def lex_into(tokens: Tokens, source: str, start: int, end: int) -> None:
    """Add the tokens of ``source[start:end]``."""
    known: dict[str, Tag] = {}
    drawings = 0
    while start < end:
        start, drawings = _lex_from(source, start, end, drawings, tokens, known)


def _lex_from(source: str, position: int, stop: int, drawings: int, tokens: Tokens, known: dict[str, Tag]) -> Interval:
    """Read up to an element whose content is no markup, or to the end; where reading goes on, and open drawings."""
    tags = tokens.tags
    add_start, add_end, add_tag = tokens.starts.append, tokens.ends.append, tags.append
    comment, markup = tag_of(""), None
    for markup in _MARKUP.finditer(source, position, stop):
        start, end = markup.span()
        name = markup[1]
        add_start(start)
        add_end(end)
        if name is None:
            add_tag(comment)
            if drawings and source.startswith(_CDATA, start):
                return _behind_cdata(source, start, stop, tokens), drawings
            tokens.dark.append(len(tags) - 1)
            continue
        tag = known.get(name)
        if tag is None:
            tag = known[name] = tag_of(name)
        if tag.is_start and end - start > len(name) + 2:
            _look_at(source[start:end].lower(), tag, len(tags), tokens)
        add_tag(tag)
        if tag.is_special:
            if tag.group == "svg":
                drawings = max(0, drawings + (1 if tag.is_start else -1))
            elif markup[2] and (not drawings or (tag.is_unseen and source[end - 2] != "/")):
                raw_end = _raw_end(source, end, stop, tag.name)
                if tag.is_unseen:
                    tokens.ends[-1] = raw_end
                    if tag.name in ("script", "style"):
                        tokens.dark.append(len(tags) - 1)
                return raw_end, drawings
    if markup and markup[1] and not markup[2]:
        _forget_last(tokens)
    return stop, drawings


def _behind_cdata(source: str, start: int, stop: int, tokens: Tokens) -> int:
    """Where reading goes on behind a section of text in a drawing, which is not markup; its marks are tokens."""
    tokens.ends[-1] = start + len(_CDATA)
    close = source.find("]]>", start, stop)
    if close < 0:
        return stop
    tokens.starts.append(close)
    tokens.ends.append(close + 3)
    tokens.tags.append(tag_of(""))
    return close + 3


def _forget_last(tokens: Tokens) -> None:
    """Let the last token be nothing: the source ends in it."""
    last = len(tokens.tags) - 1
    tokens.tags[last] = tag_of("")
    for numbers in (tokens.telling, tokens.hiding, tokens.links, tokens.dark):
        if numbers and numbers[-1] == last:
            numbers.pop()


def tag_at(source: str, start: int) -> int:
    """Where the tag at ``start`` ends."""
    found = _MARKUP.match(source, start)
    return found.end() if found else start


def attributes_of(source: str, start: int, end: int) -> Attributes:
    """The telling attributes of the tag ``source[start:end]``; of equal names the first one counts."""
    found: Attributes = {}
    begin = _AFTER_NAME.match(source, start, end)
    for attribute in _ATTRIBUTE.finditer(source, begin.end() if begin else end, end - 1):
        name = attribute[1].lower()
        if name in _TELLING and name not in found:
            value = attribute.lastindex or 1
            found[name] = attribute.span(value) if value > 1 else (end - 1, end - 1)
    return found


_AFTER_NAME = re.compile(rf"<[^{_S}/>]++")


def _look_at(spelled: str, tag: Tag, number: int, tokens: Tokens) -> None:
    """Note what the attributes of a start tag, spelled in lower case, may be good for."""
    if tag.name in ("a", "iframe"):
        tokens.links.append(number)
    if tag.is_about_page or (
        ("title" in spelled or "alt" in spelled or "aria-label" in spelled or "placeholder" in spelled)
        and _SHOWN.search(spelled)
    ):
        tokens.telling.append(number)
    if "style" in spelled or "hidden" in spelled or tag.name == "marquee":
        tokens.hiding.append(number)


def _raw_end(source: str, start: int, stop: int, name: str) -> int:
    """Where an element ends, at ``stop`` at the latest, whose content is not markup and starts at ``start``."""
    if name == "script":
        return _script_end(source, start, stop)
    if name == "plaintext":
        return stop
    end_tag = re.compile(rf"</{name}(?=[{_S}/>])", re.A | re.I).search(source, start, stop)
    return end_tag.start() if end_tag else stop


def _script_end(source: str, start: int, stop: int) -> int:
    """Where a script ends: at the first ``</script`` that does not close a ``<script`` within ``<!--``."""
    in_comment = in_inner_script = False
    for mark in _SCRIPT_MARK.finditer(source, start, stop):
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
    return stop
