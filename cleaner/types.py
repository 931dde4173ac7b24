"""The vocabulary of the project: what flows from source to edits.

Every offset is a half-open interval ``[start, end)`` of Unicode code points. Offsets of
:class:`Finding` and :class:`Edit` index the *source as given*; ``Element.text_start`` and
``text_end`` index the visible text of a :class:`Document`.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from cleaner.folding import fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]

Format = Literal["auto", "text", "html", "markdown"]
Action = Literal["strip", "flag"]
Verdict = Literal["clean", "cleaned", "review", "spam"]
Category = Literal[
    "gambling",
    "lottery",
    "betting",
    "adult",
    "pharma",
    "loan",
    "essay",
    "replica",
    "crypto",
    "piracy",
    "seo",
    "other",
]

FORMATS: tuple[str, ...] = get_args(Format)
CATEGORIES: tuple[str, ...] = get_args(Category)
SCHEMA_VERSION = 1


class CleanerError(Exception):
    """Base of every error that a caller can be expected to handle."""


class PolicyError(CleanerError, ValueError):
    """A policy has a value that makes no sense; the message names the field."""


class ModelError(CleanerError):
    """A model is missing, incomplete or altered; the message names the file."""


class SourceError(CleanerError, ValueError):
    """A source cannot be read as an article; the message gives the cause."""


class Element(NamedTuple):
    """One piece of markup whose text is visible, or hidden, to a reader."""

    start: int
    """Source offset of the first character of the element, its tag included."""
    end: int
    text_start: int
    """Offset of its content in ``Document.text``."""
    text_end: int
    name: str
    """Lower-case tag name; ``attribute`` for an attribute value, ``comment`` for a comment."""
    href: str = ""
    """Link target, entities decoded; empty when the element is no link."""
    hidden: str = ""
    """The technique that hides it (``display:none``, ``off-screen``…); empty when visible."""
    hider: tuple[int, int] | None = None
    """Source interval of the style sheet or the script that hides it and does nothing else, or of the definition of
    the reference that a link of Markdown is."""


@dataclass(frozen=True, eq=False)
class Document:
    """A source and what a reader sees of it."""

    source: str
    format: str
    text: str
    """Visible text; blocks stand on lines of their own."""
    starts: Offsets | None = None
    """Source offset where each character of ``text`` starts; ``None``: ``text`` is the source."""
    ends: Offsets | None = None
    """Source offset where each character of ``text`` ends; equal to its start where the
    character (a line break between blocks) does not stand in the source."""
    outline: Callable[[], tuple[Element, ...]] = tuple
    """Makes the elements; few documents need them."""
    targets: frozenset[str] = frozenset()
    """Link targets that name a host, as they are spelled: what can be told without the elements."""
    host: str = ""
    """The host that the document says it comes from, in lower case; empty when it says nothing."""
    protected: tuple[tuple[int, int], ...] = ()
    """Intervals of ``text`` that are never touched (code blocks, front matter)."""

    @functools.cached_property
    def elements(self) -> tuple[Element, ...]:
        """In order of ``start``; an outer element comes before what it contains."""
        return self.outline()

    def elements_from(self, start: int, end: int) -> list[Element]:
        """The elements whose text begins in ``[start, end)`` of ``text``, in the order of their text."""
        begins, elements = self._by_text
        return elements[bisect_left(begins, start) : bisect_left(begins, end)]

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of a span of ``text`` in what is read, and in each attribute, comment and script behind it.

        What is neighbours in ``text`` may there be far apart in the source.
        """
        for element in self.elements_from(start + 1, end):
            if element.name in ("attribute", "comment", "script"):
                if before := self.text[start : element.text_start].rstrip():
                    yield start, start + len(before)
                start = element.text_start
        yield start, end

    @functools.cached_property
    def _by_text(self) -> tuple[list[int], list[Element]]:
        elements = sorted(self.elements, key=lambda element: element.text_start)
        return [element.text_start for element in elements], elements


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a span was found, as a user reads it."""

    code: str
    """Stable identifier of the kind of evidence, for machines."""
    text: str
    """One line of plain English."""
    contribution: float
    """What it added to the score, in log-odds; negative: it spoke against."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A span of the source that was decided on."""

    start: int
    end: int
    quote: str
    """``source[start:end]``."""
    category: str
    score: float
    """Calibrated probability in 0..1 that the span was injected."""
    reasons: tuple[Reason, ...]
    """Strongest first."""
    action: Action

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "category": self.category,
            "score": round(self.score, 4),
            "action": self.action,
            "reasons": [
                {"code": r.code, "text": r.text, "contribution": round(r.contribution, 3)} for r in self.reasons
            ],
        }


class Edit(NamedTuple):
    """``source[start:end]`` is replaced by ``replacement`` (white space or punctuation)."""

    start: int
    end: int
    replacement: str


class Thresholds(NamedTuple):
    """Scores from which a finding is cut (``strip``) or shown to a person (``flag``)."""

    strip: float
    flag: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What to act on, and from which score.

    Raises:
        PolicyError: a value is of the wrong type or out of its range.
    """

    strip: float = 0.8
    """Findings that score at least this are cut. 0..1."""
    flag: float = 0.5
    """Findings that score at least this, and less than ``strip``, are only reported. 0..1."""
    categories: Mapping[str, float | tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    """Own thresholds of a category: the strip threshold, or the pair (strip, flag)."""
    allow: tuple[str, ...] = ()
    """Phrases and domains that are never cut or flagged (case and disguise do not matter)."""
    deny: tuple[str, ...] = ()
    """Phrases and domains that are always cut."""
    max_removed: float = 0.6
    """Largest share of the visible text that may be cut; beyond it nothing is cut and the
    verdict is ``review`` or ``spam``. 0..1."""

    def __post_init__(self) -> None:
        for name in ("strip", "flag", "max_removed"):
            object.__setattr__(self, name, _share(getattr(self, name), name))
        for name in ("allow", "deny"):
            object.__setattr__(self, name, _terms(getattr(self, name), name))
        if not isinstance(self.categories, Mapping):
            raise PolicyError("policy: 'categories' must map a category to its thresholds")
        own = {name: _own_thresholds(name, value) for name, value in self.categories.items()}
        object.__setattr__(self, "categories", MappingProxyType(own))

    def thresholds(self, category: str) -> Thresholds:
        """The thresholds that hold for ``category``."""
        own = self.categories.get(category)
        if own is None:
            return Thresholds(self.strip, self.flag)
        return Thresholds(own, self.flag) if isinstance(own, float) else Thresholds(*own)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Policy:
        """A policy from a parsed TOML or JSON table; unknown keys are errors.

        A category's thresholds are a number (strip) or a table ``{strip, flag}``.
        """
        known = {f.name for f in fields(cls)}
        for key in values:
            if key not in known:
                raise PolicyError(f"policy: unknown key {key!r} (known: {', '.join(sorted(known))})")
        values = dict(values)
        base = cls(strip=values.get("strip", cls().strip), flag=values.get("flag", cls().flag))
        categories = values.get("categories", {})
        if isinstance(categories, Mapping):
            values["categories"] = {
                name: (value.get("strip", base.strip), value.get("flag", base.flag))
                if isinstance(value, Mapping)
                else value
                for name, value in categories.items()
            }
        return cls(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Policy.from_mapping, (self.to_dict(),))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; :meth:`from_mapping` reads it back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return values | {"categories": dict(self.categories), "allow": list(self.allow), "deny": list(self.deny)}


def _share(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise PolicyError(f"policy: {name!r} must be a number from 0 to 1, not {value!r}")
    return float(value)


def _terms(value: object, name: str) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (tuple, list, set, frozenset)):
        raise PolicyError(f"policy: {name!r} must be a list of phrases or domains, not {value!r}")
    for term in value:
        if not isinstance(term, str) or not is_term(term):
            raise PolicyError(f"policy: {name!r} holds {term!r}, which is no phrase or domain")
    return tuple(value)


def is_term(term: str) -> bool:
    """Whether a policy can name it: it is one line, of which something is left when disguise is undone."""
    return len(term.strip().splitlines()) == 1 and bool(fold(term).bare.strip())


def _own_thresholds(name: object, value: object) -> float | tuple[float, float]:
    if name not in CATEGORIES:
        raise PolicyError(f"policy: unknown category {name!r} (known: {', '.join(CATEGORIES)})")
    where = f"categories.{name}"
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return (_share(value[0], where), _share(value[1], where))
    return _share(value, where)


@dataclass(frozen=True, slots=True)
class Result:
    """What came in, what was found, what to publish."""

    source: str
    text: str
    """The source with ``edits`` applied."""
    verdict: Verdict
    findings: tuple[Finding, ...]
    """In source order, disjoint."""
    edits: tuple[Edit, ...]
    """In source order, disjoint; empty unless the verdict is ``cleaned``, or ``review`` with cuts."""
    format: str
    """``text``, ``html`` or ``markdown``: how the source was read."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form (see "Result as JSON" in the README); ``version`` names the schema."""
        return {
            "version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "format": self.format,
            "text": self.text,
            "findings": [finding.to_dict() for finding in self.findings],
            "edits": [list(edit) for edit in self.edits],
        }
