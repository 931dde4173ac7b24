"""What spam is known by without knowing its words: brand-like tokens, domains, hashtags, contacts."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ahocorasick_rs
import numpy as np

from cleaner.folding import Folded, look_up
from cleaner.tokens import GLUED, LETTER, Tokens, kind_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BRAND = re.compile(
    r"(?P<name>[a-z]{2,12})(?P<number>\d{1,4})(?P<tail>[a-z]{0,5})"
    r"|(?P<number2>\d{1,4})(?P<name2>[a-z]{2,10})(?P<tail2>\d{0,4})"
    r"|(?P<stem>[a-z]{1,10}(?:bet|win|club|casino|vip|slot))"
)
_LUCKY = re.compile(r"^(?:\d?(\d)\1|6[68]\d?|7[789]\d?|8[689]\d?|9[789]\d?|789|247|123|365)$")
_SUFFIXES = ("bet", "win", "vip", "club", "play", "game", "slot", "casino", "fun", "pro", "app", "live", "no1", "pg")
_RAISED = (0xB9, 0xB2, 0xB3)
"""The digits of footnotes and units, and of letters whose encoding was mistaken."""
_LETTERS = re.compile(r"[a-z]+")
_HASHTAG = re.compile(r"[#＃]\w{3,}")
_PHONE = re.compile(  # every alternative begins with a plain character, which makes the search fast
    r"(?:\+(?<!\d\+)84|8(?<!\d8)4|0(?<!\d0))(?:[ .\-]?\d){8,10}(?!\d)"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Something found by its form; offsets index the folded text."""

    start: int
    end: int
    kind: str
    """``brand``, ``domain``, ``honest-domain`` or ``hashtag``."""
    weight: float
    category: str
    detail: str


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of domains and codes (``data/domains.toml``)."""

    spam: frozenset[str]
    """Throw-away top-level domains."""
    common: frozenset[str]
    """Other top-level domains."""
    suffixes: tuple[str, ...]
    """Endings of honest hosts (``gov.vn``)."""
    labels: frozenset[str]
    """Names of honest sites."""
    stems: tuple[tuple[str, str], ...]
    """Pieces of names and the category they speak for, longest first."""
    code_names: frozenset[str]
    """Honest codes that look like brands (``covid19``)."""
    code_prefixes: frozenset[str]

    @functools.cached_property
    def _stem_finder(self) -> ahocorasick_rs.AhoCorasick:
        return ahocorasick_rs.AhoCorasick([stem for stem, _ in self.stems])

    @functools.cached_property
    def _honest_endings(self) -> tuple[str, ...]:
        return tuple("." + suffix for suffix in self.suffixes)

    def category_of(self, name: str) -> str | None:
        """The category that the longest stem in ``name`` speaks for, hyphens or not; ``None`` when there is none."""
        spellings = dict.fromkeys((name, name.replace("-", "")))
        found = [hit for text in spellings for hit in self._stem_finder.find_matches_as_indexes(text, overlapping=True)]
        return self.stems[min(found)[0]][1] if found else None

    def is_honest(self, labels: list[str]) -> bool:
        """Whether the labels of a host end as those of honest hosts do."""
        return ("." + ".".join(labels)).endswith(self._honest_endings)


def find_shapes(folded: Folded, tokens: Tokens, known: Known) -> Iterator[Shape]:
    """Domains, brand-like tokens and hashtags, each kind from left to right."""
    yield from _domains(folded, known)
    yield from _brands(folded, tokens, known)
    codes = folded.bare_codes
    if (codes == ord("#")).any():
        for match in _HASHTAG.finditer(folded.text()):
            yield Shape(match.start(), match.end(), "hashtag", 0.5, "other", match.group())


def domain_ends(folded: Folded, known: Known) -> Iterator[int]:
    """Offsets within words where a domain ends and another word goes on (``kubet.meNgày``)."""
    return (end for dot in _dots(folded) if (end := _glued_end(folded, dot, known)))


def find_phones(bare: str) -> list[tuple[int, int]]:
    """Where telephone numbers, written as in contact blocks, stand in a folded text."""
    return [found.span() for found in _PHONE.finditer(bare)]


def brand_weight(word: str, known: Known) -> float:
    """How much a bare token looks like a brand of a betting site, 0..1; 0 for known codes."""
    match = _BRAND.fullmatch(word)
    if match is None:
        return 0.0
    name = match["name"] or match["name2"] or ""
    number = match["number"] or match["number2"] or ""
    lucky = _LUCKY.match(number) is not None
    if word in known.code_names or (name in known.code_prefixes and not match["tail"] and not lucky):
        return 0.0
    if match["stem"]:
        return (0.45 if word.endswith(("win", "club")) else 0.6) if len(word) > 4 else 0.0
    weight = 0.35
    if lucky:
        weight += 0.3
    if name.endswith(_SUFFIXES) or (match["tail"] or "").startswith(_SUFFIXES):
        weight += 0.35
    if len(name) >= 4 and match["number"]:
        weight += 0.05
    if len(number) == 1 or number.startswith("0"):
        weight -= 0.1
    return min(weight, 1.0)


def _brands(folded: Folded, tokens: Tokens, known: Known) -> Iterator[Shape]:
    if not len(tokens):
        return
    codes = folded.bare_codes
    lengths = tokens.ends - tokens.starts
    chosen = np.zeros(len(tokens), dtype=bool)
    long = np.flatnonzero(lengths > 4)
    backwards = codes[tokens.ends[long] - np.arange(1, 5)[:, np.newaxis]]
    for ending in ("bet", "vip", "win", "club", "slot", "sino"):
        found = [letters == ord(letter) for letters, letter in zip(backwards, reversed(ending), strict=False)]
        chosen[long[np.logical_and.reduce(found)]] = True
    digits = np.flatnonzero((codes >= 48) & (codes <= 57))
    digits = digits[~np.isin(folded.original[digits], _RAISED)]
    n_digits = np.bincount(np.searchsorted(tokens.starts, digits, side="right") - 1, minlength=len(tokens))
    chosen |= (n_digits > 0) & (n_digits < lengths) & (lengths > 2)
    numbers = np.flatnonzero(chosen)
    for i, start, end in zip(
        numbers.tolist(), tokens.starts[numbers].tolist(), tokens.ends[numbers].tolist(), strict=True
    ):
        word = folded.bare[start:end]
        weight = brand_weight(word, known)
        if weight > 0:
            if tokens.gaps[i] == GLUED and start and chr(codes[start - 1]) in "-/.@#_":
                weight *= 0.5
            yield Shape(start, end, "brand", weight, known.category_of(word) or "gambling", word)


def _domains(folded: Folded, known: Known) -> Iterator[Shape]:
    done = 0
    for dot in _dots(folded):
        if dot < done:
            continue
        begin = max(done, dot - 70)
        begin = max(begin, folded.bare.rfind(" ", begin, dot) + 1)
        window = folded.bare[begin : _glued_end(folded, dot, known) or dot + 120]
        for match in _domain().finditer(window):
            if match.start("host") <= dot - begin < match.end("host"):
                shape = judge_host(match["host"], known)
                if shape is not None:
                    kind, weight, category = shape
                    yield Shape(begin + match.start(), begin + match.end(), kind, weight, category, match["host"])
                    done = begin + match.end()
                break


def _dots(folded: Folded) -> list[int]:
    """Where a dot stands between a word and two letters."""
    codes = folded.bare_codes
    if codes.size < 4:
        return []
    dots = np.flatnonzero((codes[1:-2] == ord(".")) | (codes[1:-2] == 0x3002) | (codes[1:-2] == 0xFF0E)) + 1
    before = look_up(kind_table(), codes[dots - 1])
    found: list[int] = dots[_is_latin(codes[dots + 1]) & _is_latin(codes[dots + 2]) & (before >= LETTER)].tolist()
    return found


def _glued_end(folded: Folded, dot: int, known: Known) -> int:
    """Where the top-level domain behind a dot ends within a word: at a digit, or where the case changes; otherwise 0.

    One of two letters, which may be a word of a program (``sys.isFile``), only behind a digit.
    """
    bare, begin = folded.bare, dot + 1
    letters = _LETTERS.match(bare, begin, begin + 13)
    if not letters:
        return 0
    is_raised = folded.original[begin : letters.end() + 1] != folded.codes[begin : letters.end() + 1]
    for size in range(letters.end() - begin, 1 if bare[dot - 1].isdigit() else 2, -1):
        tld, after = bare[begin : begin + size], bare[begin + size : begin + size + 1]
        is_changed = after.isdigit() or (after.isalpha() and (is_raised[:size] != is_raised[size]).all())
        if is_changed and (tld in known.common or tld in known.spam):
            return begin + size
    return 0


@functools.cache
def _domain() -> re.Pattern[str]:
    """A domain with what may follow it; compiled when a text may hold one, for it takes long."""
    return re.compile(
        r"(?:[a-z]{3,6}://)?(?P<host>(?:[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,62}[a-z0-9])?[.。．])+"
        r"(?P<tld>[a-z]{2,12}))(?![a-z0-9@])(?:[:/?#][^\s<>\"'”’)\]]*)?"
    )


def _is_latin(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return (codes >= 97) & (codes <= 122)


def judge_host(host: str, known: Known) -> tuple[str, float, str] | None:
    """Kind, weight and category of a folded host name; ``None`` if it is none."""
    labels = host.replace("。", ".").replace("．", ".").strip(".").split(".")
    if len(labels) < 2 or (labels[-1] not in known.common and labels[-1] not in known.spam):
        return None
    named = labels[-1] not in known.spam and (
        ".".join(labels[-2:]) in known.labels or not known.labels.isdisjoint(labels[:-1])
    )
    if named or known.is_honest(labels):
        return "honest-domain", 0.0, "other"
    name = max(labels[:-1], key=len)
    weight, category = 0.3, "other"
    if labels[-1] in known.spam:
        weight += 0.3
    if of := known.category_of(name):
        weight, category = weight + 0.35, of
    weight += 0.35 * max((brand_weight(part, known) for part in re.split("[-_]", name)), default=0.0)
    return "domain", min(weight, 1.0), category if category != "other" or weight < 0.6 else "gambling"
