"""What the names of HTML tags say: which stand on lines of their own, hide their content, or end one another."""

from __future__ import annotations

import functools
from dataclasses import dataclass


def names(listed: str) -> frozenset[str]:
    """Names parted by white space."""
    return frozenset(listed.split())


BLOCK = names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main marquee menu nav noscript ol optgroup "
    "option p plaintext pre search section select summary table tbody td tfoot th thead title tr ul xmp"
)
"""Elements that stand on lines of their own."""
_CLOSES_P = BLOCK - names(
    "body caption head html legend marquee noscript optgroup option select tbody td tfoot th thead title tr"
)
"""Elements that end an open paragraph."""
_CHILDLESS = names(
    "area base basefont bgsound body br col embed frame head hr html img input link meta param source track wbr"
)
"""Elements without content, and those whose content is the page."""
_RECORDED = names(
    "article aside b blockquote center cite dd div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 i li marquee ol "
    "p q section small span strong td th u ul"
)
"""Elements that a cut may leave empty."""
_GROUP = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5"), "h6"),
    **dict.fromkeys(("tfoot", "thead"), "tbody"),
    "dt": "dd",
    "math": "svg",
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
    **dict.fromkeys(BLOCK, ("block",)),
    **dict.fromkeys(("dir", "dl", "menu", "ol", "select", "ul"), ("block", "list")),
    **dict.fromkeys(("button", "caption", "marquee", "object", "td"), ("block", "list", "scope")),
    **dict.fromkeys(("table", "template"), ("block", "list", "scope", "table")),
}
"""The kinds of bar that an open element of the group is."""
_UNSEEN = names("iframe noembed noframes script style")
"""Elements whose content is neither markup nor shown."""
_RAW = _UNSEEN | names("plaintext textarea title xmp")
"""Elements whose content is not markup."""

_VERBATIM = names("listing plaintext pre xmp")
"""Blocks in which line breaks of the source are shown."""

NOTHING, BREAK, BLOCK_START, BLOCK_END, VERBATIM_START, VERBATIM_END, TEMPLATE_START, TEMPLATE_END = range(8)
"""What a tag does to the text: a line break that stands for it, one before or after it, or hiding what follows."""


@dataclass(slots=True)
class Tag:
    """What the name of a tag says; not to be changed, for all tags of the name share it."""

    name: str
    """In lower case; empty for a comment."""
    is_start: bool
    effect: int
    """One of :data:`NOTHING`, :data:`BREAK`…"""
    group: str
    closes: tuple[str, ...]
    """Groups that a start tag closes."""
    reach: str
    """The kind of bar beyond which an end tag closes nothing."""
    bars: tuple[str, ...]
    is_childless: bool
    is_unseen: bool
    is_special: bool
    """A start tag behind which no markup is read, or a tag of a drawing, within which it is."""
    is_recorded: bool
    is_about_page: bool
    hidden: str
    """The technique that hides every such element."""


@functools.lru_cache(maxsize=4096)
def tag_of(spelled: str) -> Tag:
    """What the name of a tag says; with a slash before it, that of an end tag; empty for a comment."""
    is_start = bool(spelled) and not spelled.startswith("/")
    name = spelled.removeprefix("/").lower()
    group = _GROUP.get(name, name)
    return Tag(
        name=name,
        is_start=is_start,
        effect=_effect(name, is_start),
        group=group,
        closes=(("p",) if name in _CLOSES_P else ()) + _CLOSES.get(group, ()),
        reach=_REACH.get(group, "scope"),
        bars=_BARS.get(group, ()),
        is_childless=name in _CHILDLESS,
        is_unseen=name in _UNSEEN,
        is_special=group == "svg" or (is_start and name in _RAW),
        is_recorded=name in _RECORDED,
        is_about_page=name in ("base", "link", "meta"),
        hidden=name if name == "noscript" else "",
    )


def _effect(name: str, is_start: bool) -> int:
    if name == "br":
        return BREAK
    if name == "template":
        return TEMPLATE_START if is_start else TEMPLATE_END
    if name in _VERBATIM:
        return VERBATIM_START if is_start else VERBATIM_END
    if name in BLOCK:
        return BLOCK_START if is_start else BLOCK_END
    return NOTHING
