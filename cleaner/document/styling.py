"""What hides elements from elsewhere in a page: rules of its style sheets, and scripts that name one element."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from cleaner.document.hiding import hiding_technique
from cleaner.document.lexer import Interval, Tokens, tag_at

_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|<!--|-->")
_AT_RULE = re.compile(r"@[^{};@]*+(?:;|\{(?:[^{}]++|\{[^{}]*+\})*+\}?)")
_SELECTOR = re.compile(r"\s*+(?:(?:html|body|div)\s++)*+[a-zA-Z]*+([.#][\w-]++)\s*+")
_STATEMENT = re.compile(
    r"""document\.getElementById\(\s*+(["'])(?P<id>[^"'<>]++)\1\s*+\)\.style\.(?P<property>display|visibility)"""
    r"""\s*+=\s*+(["'])(?P<value>none|hidden)\4"""
)


@dataclass(frozen=True, slots=True)
class Hider:
    """What hides the elements of a class or an id."""

    technique: str
    place: Interval | None
    """The source interval of the style sheet or the script if it does nothing else, tags included."""


class Styling:
    """The hiders of a page, by ``.class`` and ``#id``; a rule is judged when an element asks for it."""

    def __init__(self, source: str, tokens: Tokens) -> None:
        self._source = source
        self._rules: dict[str, list[str]] = defaultdict(list)
        self._alone: dict[str, Interval] = {}
        self._known: dict[str, Hider | None] = {}
        for number in tokens.dark:
            name = tokens.tags[number].name
            place = (tokens.starts[number], tag_at(source, tokens.ends[number]))
            inside = (tag_at(source, place[0]), tokens.ends[number])
            if name == "style":
                self._read_sheet(place, source[slice(*inside)])
            elif name == "script" and source.find(".style.", *inside) >= 0:
                self._read_script(place, inside)

    def __bool__(self) -> bool:
        return bool(self._rules or self._known)

    def hider_of(self, classes: str, id: str) -> Hider | None:
        """What hides an element of these classes, parted by white space, and this id."""
        names = [f".{name}" for name in classes.split()] + ([f"#{id}"] if id else [])
        for name in names:
            if name not in self._known:
                technique = hiding_technique(";".join(self._rules[name])) if name in self._rules else ""
                self._known[name] = Hider(technique, self._alone.get(name)) if technique else None
            if hider := self._known[name]:
                return hider
        return None

    def _read_sheet(self, place: Interval, css: str) -> None:
        *rules, rest = _AT_RULE.sub(" ", _COMMENT.sub(" ", css)).split("}")
        names: list[str] = []
        for rule in rules:
            selectors, _, declarations = rule.rpartition("{")
            names = _names(selectors)
            for name in names:
                self._rules[name].append(declarations)
        if len(rules) == len(names) == 1 and not rest.strip():
            self._alone[names[0]] = place

    def _read_script(self, place: Interval, inside: Interval) -> None:
        found = list(_STATEMENT.finditer(self._source, *inside))
        is_alone = len(found) == 1 and not _STATEMENT.sub("", self._source[slice(*inside)]).strip(" \t\r\n;")
        for statement in found:
            technique = f"{statement['property']}:{statement['value']}"
            self._known[f"#{statement['id']}"] = Hider(technique, place if is_alone else None)


def _names(selectors: str) -> list[str]:
    """The classes and ids that a rule is for; empty if one of its selectors asks for more than that."""
    found = [_SELECTOR.fullmatch(selector) for selector in selectors.split(",")]
    return [match[1] for match in found if match] if all(found) else []
