"""Any source → :class:`~cleaner.types.Document`: visible text and its map back to the source."""

from __future__ import annotations

import re
from collections import Counter

from cleaner.types import FORMATS, Document, SourceError

__all__ = ["detect_format", "read"]

_FRONT_MATTER = ("---", "+++", "\ufeff---", "\ufeff+++")
_LOOK = 1 << 16
"""How many characters are looked at to tell the format."""

_PAGE = re.compile(
    r"[\s\ufeff]*+(?:<(?:\?xml[^>]*+>|!--(?:[^-]++|-(?!->))*+-->)\s*+)*+<(?:!doctype\s|html[\s>])",
    re.I,
)
_TAG = re.compile(
    r"<(/?)(a|article|aside|b|blockquote|body|br|center|code|dd|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]"
    r"|head|header|hr|i|iframe|img|input|li|link|main|marquee|meta|nav|noscript|ol|p|pre|s|script|section|small|span"
    r"|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul|video)(?:[\s/][^<>]*+)?+>",
    re.I,
)
_MARKDOWN_SIGN = re.compile(
    r"""
    ^[ ]{0,3}(?:
        (?P<title>\#[ \t]++[^\s#])
      | (?P<heading>\#{2,6}[ \t]++[^\s#])
      | (?P<fence>```[^`\n]*+$)
      | (?P<definition>\[[^\[\]\n]{1,300}+\]:[ \t]++<?https?://)
      | (?P<table>\|?(?:[ \t]*+:?-{2,}+:?[ \t]*+\|)++(?:[ \t]*+:?-{2,}+:?[ \t]*+)?$)
      )
    | (?P<link>\[[^\[\]\n]{0,300}+\]\(
        (?:https?:|mailto:|tel:|www\.|\.{0,2}/|\#|[\w-]++(?:\.[\w-]++)*?\.[a-z]{2,}+|[\w-]++/)[^\s()]*+[)\s])
    | (?<![\w*])(?P<strong>\*\*(?=\w)[^*\n]{1,80}+(?<=\S)\*\*)(?![\w*])
    """,
    re.M | re.X,
)
_MARKDOWN_MARKS = ("](", "]:", "```", "#", "**", "--|", "|--", "| --", "|:-")
_MARKDOWN_CHARACTERS = "]`#*|"
"""One of them stands in each mark; a character is looked for much faster than a string."""


def read(source: str, format: str = "auto") -> Document:
    """Read a source as ``text``, ``html`` or ``markdown``; ``auto`` tells by its looks.

    Raises:
        TypeError: the source is no ``str``; bytes are decoded by :func:`cleaner.document.encoding.decode`.
        SourceError: the format is unknown.
    """
    if not isinstance(source, str):
        raise TypeError(f"source must be str, not {type(source).__name__}")
    # The readers of markup are imported when they are needed: plain text starts faster without them.
    match detect_format(source) if format == "auto" else format:
        case "text":
            return Document(source, "text", source)
        case "html":
            from cleaner.document.html import read_html

            return read_html(source)
        case "markdown":
            from cleaner.document.markdown import read_markdown

            return read_markdown(source)
        case unknown:
            raise SourceError(f"unknown format {unknown!r} (known: {', '.join(FORMATS)})")


def detect_format(source: str) -> str:
    """``html``, ``markdown`` or ``text``, by the beginning of the source; ``text`` when in doubt."""
    head = source[:_LOOK]
    if _PAGE.match(head):
        return "html"
    if head.startswith(_FRONT_MATTER):
        from cleaner.document.blocks import front_matter_end

        if front_matter_end(head):
            return "markdown"
    signs: Counter[str | None] = Counter()
    if any(sign in head for sign in _MARKDOWN_CHARACTERS) and any(mark in head for mark in _MARKDOWN_MARKS):
        signs.update(sign.lastgroup for sign in _MARKDOWN_SIGN.finditer(head))
    tags = [(slash, name.lower()) for slash, name in _TAG.findall(head)] if "<" in head else []
    if _has_markup(tags):
        return "html" if len(tags) > 3 * signs.total() else "markdown"
    return "markdown" if _has_signs(signs) else "text"


def _has_signs(signs: Counter[str | None]) -> bool:
    """Whether the signs of Markdown are more than stray ones; lines with one ``#`` may be comments of code."""
    if signs["link"] or signs["definition"] or signs["table"] or signs["fence"] >= 2 or signs["strong"] >= 2:
        return True
    return signs["heading"] + bool(signs["title"]) >= 2


def _has_markup(tags: list[tuple[str, str]]) -> bool:
    """Whether the tags are more than a stray one: three of them, or a pair."""
    return len(tags) >= 3 or any(("", name) in tags for slash, name in tags if slash)
