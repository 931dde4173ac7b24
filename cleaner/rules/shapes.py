"""What spam is known by without knowing its words: brand-like tokens, domains, hashtags, contacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.folding import Folded
from cleaner.tokens import LETTER, Tokens, kind_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BRAND = re.compile(
    r"(?P<name>[a-z]{2,12})(?P<number>\d{1,4})(?P<tail>[a-z]{0,5})"
    r"|(?P<number2>\d{1,4})(?P<name2>[a-z]{2,10})(?P<tail2>\d{0,4})"
    r"|(?P<stem>[a-z]{1,10}(?:bet|win|club|casino|vip|slot))"
)
_LUCKY = re.compile(r"^(?:\d?(\d)\1|6[68]\d?|7[789]\d?|8[689]\d?|9[789]\d?|789|247|123|365)$")
_SUFFIXES = ("bet", "win", "vip", "club", "play", "game", "slot", "casino", "fun", "pro", "app", "live", "no1", "pg")
_DOMAIN = re.compile(
    r"(?:[a-z]{3,6}://)?(?P<host>(?:[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,62}[a-z0-9])?[.。．])+"
    r"(?P<tld>[a-z]{2,12}))(?![a-z0-9@])(?:[:/?#][^\s<>\"'”’)\]]*)?"
)
_HASHTAG = re.compile(r"[#＃]\w{3,}")
_PHONE = re.compile(r"(?<!\d)(?:\+?84|0)(?:[ .\-]?\d){8,10}(?!\d)")


@dataclass(frozen=True, slots=True)
class Shape:
    """Something found by its form; offsets index the folded text."""

    start: int
    end: int
    kind: str
    """``brand``, ``domain``, ``honest-domain``, ``hashtag`` or ``phone``."""
    weight: float
    category: str
    detail: str


@dataclass(frozen=True, slots=True)
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


def find_shapes(folded: Folded, tokens: Tokens, known: Known) -> Iterator[Shape]:
    """Brand-like tokens, domains, hashtags and telephone numbers, each kind from left to right."""
    yield from _domains(folded, known)
    yield from _brands(folded, tokens, known)
    codes = folded.bare_codes
    if (codes == ord("#")).any():
        for match in _HASHTAG.finditer(folded.text()):
            yield Shape(match.start(), match.end(), "hashtag", 0.5, "other", match.group())


def find_phones(folded: Folded) -> Iterator[Shape]:
    """Telephone numbers as written in contact blocks."""
    for match in _PHONE.finditer(folded.bare):
        yield Shape(match.start(), match.end(), "phone", 0.3, "other", match.group())


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
    last = tokens.ends - 1
    stem = np.zeros(len(tokens), dtype=bool)
    for ending in ("bet", "vip", "win", "club", "slot", "sino"):
        stem |= _ends_with(codes, last, ending)
    stem &= tokens.ends - tokens.starts > 4
    digits = np.flatnonzero((codes >= 48) & (codes <= 57))
    stem[np.searchsorted(tokens.starts, digits, side="right") - 1] = True
    glued_before = tokens.gaps == 0
    chosen = np.flatnonzero(stem & (tokens.ends - tokens.starts > 2))
    for i, start, end in zip(*(a.tolist() for a in (chosen, tokens.starts[chosen], tokens.ends[chosen])), strict=True):
        word = folded.bare[start:end]
        if word.isdigit():
            continue
        weight = brand_weight(word, known)
        if weight > 0:
            if glued_before[i] and start and chr(codes[start - 1]) in "-/.@#_":
                weight *= 0.5
            yield Shape(start, end, "brand", weight, _category_of(word, known), word)


def _ends_with(codes: NDArray[np.uint32], last: NDArray[np.int64], word: str) -> NDArray[np.bool_]:
    found = np.ones(last.size, dtype=bool)
    for back, letter in enumerate(reversed(word)):
        found &= codes[np.maximum(last - back, 0)] == ord(letter)
    return found


def _domains(folded: Folded, known: Known) -> Iterator[Shape]:
    codes = folded.bare_codes
    if codes.size < 4:
        return
    dots = np.flatnonzero((codes[1:-2] == ord(".")) | (codes[1:-2] == 0x3002) | (codes[1:-2] == 0xFF0E)) + 1
    before = kind_table().take(codes[dots - 1], mode="clip")
    inner = dots[_is_latin(codes[dots + 1]) & _is_latin(codes[dots + 2]) & (before >= LETTER)]
    done = 0
    for dot in inner:
        if dot < done:
            continue
        begin = max(done, int(dot) - 70)
        window = folded.bare[begin : int(dot) + 120]
        for match in _DOMAIN.finditer(window):
            if match.start("host") <= dot - begin < match.end("host"):
                shape = judge_host(match["host"], known)
                if shape is not None:
                    kind, weight, category = shape
                    yield Shape(begin + match.start(), begin + match.end(), kind, weight, category, match["host"])
                    done = begin + match.end()
                break


def _is_latin(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return (codes >= 97) & (codes <= 122)


def judge_host(host: str, known: Known) -> tuple[str, float, str] | None:
    """Kind, weight and category of a folded host name; ``None`` if it is none."""
    labels = host.replace("。", ".").replace("．", ".").strip(".").split(".")
    if len(labels) < 2 or (labels[-1] not in known.common and labels[-1] not in known.spam):
        return None
    dotted = "." + ".".join(labels)
    named = labels[-1] not in known.spam and (
        ".".join(labels[-2:]) in known.labels or not known.labels.isdisjoint(labels[:-1])
    )
    if named or any(dotted.endswith("." + suffix) for suffix in known.suffixes):
        return "honest-domain", 0.0, "other"
    name = max(labels[:-1], key=len)
    weight, category = 0.3, "other"
    if labels[-1] in known.spam:
        weight += 0.3
    for stem, of in known.stems:
        if stem in name:
            weight, category = weight + 0.35, of
            break
    weight += 0.35 * max((brand_weight(part, known) for part in re.split("[-_]", name)), default=0.0)
    return "domain", min(weight, 1.0), category if category != "other" or weight < 0.6 else "gambling"


def _category_of(word: str, known: Known) -> str:
    for stem, category in known.stems:
        if stem in word:
            return category
    return "gambling"
