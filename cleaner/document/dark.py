"""What a page holds that no reader sees but machines do: JSON-LD strings, links in comments and in scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cleaner.document.lexer import Interval, Tokens, attributes_of, tag_at
from cleaner.document.references import decoded

_STRING = re.compile(
    r'"(?:alternativeHeadline|articleBody|caption|description|headline|keywords|name|text)"\s*+:\s*+"((?:[^"\\]++|\\.)*+)"',
    re.S,
)
_LINK = re.compile(r"<a(?=[\s/])[^<>]*+>([^<>]*+)</a", re.I)
_ESCAPE = re.compile(r"\\(?:u(?P<code>[0-9a-fA-F]{4})|(?P<char>.))", re.S)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WRITES = re.compile(r"document\s*+\.\s*+write|innerHTML|insertAdjacentHTML")


@dataclass(frozen=True, slots=True)
class DarkLink:
    """A link in a comment or a script; intervals are of the source."""

    place: Interval
    words: Interval
    href: str


@dataclass(frozen=True, slots=True)
class DarkBlock:
    """A comment or a script that holds links."""

    place: Interval
    name: str
    technique: str
    links: list[DarkLink]


def json_strings(source: str, tokens: Tokens) -> Iterator[Interval]:
    """The JSON-LD strings that search engines show, quotes not included."""
    for number in tokens.dark:
        start, end = tokens.starts[number], tokens.ends[number]
        if tokens.tags[number].name == "script" and source.find("ld+json", start, tag_at(source, start)) >= 0:
            yield from (found.span(1) for found in _STRING.finditer(source, start, end) if found[1].strip())


def dark_links(source: str, tokens: Tokens) -> Iterator[DarkBlock]:
    """The comments that hold links to other hosts, and the scripts that write some."""
    for number in tokens.dark:
        start, end, name = tokens.starts[number], tokens.ends[number], tokens.tags[number].name
        if name == "style" or source.find("</a", start, end) < 0 or (name and not _WRITES.search(source, start, end)):
            continue
        links = list(_links(source, start, end))
        if links:
            place = (start, tag_at(source, end) if name else end)
            yield DarkBlock(place, name or "comment", "document.write" if name else "comment", links)


def _links(source: str, start: int, end: int) -> Iterator[DarkLink]:
    for found in _LINK.finditer(source, start, end):
        href = attributes_of(source, found.start(), found.start(1)).get("href")
        if href and found[1].strip() and source.find("//", *href) >= 0:
            yield DarkLink((found.start(), tag_at(source, found.end(1))), found.span(1), decoded(source, *href))


def escape_at(source: str, start: int, end: int) -> tuple[int, str] | None:
    """Where the escape of a JSON string at ``start`` ends, and the character that it stands for."""
    found = _ESCAPE.match(source, start, end)
    if not found:
        return None
    character = chr(int(found["code"], 16)) if found["code"] else _ESCAPED.get(found["char"], found["char"])
    return found.end(), character
