"""Undo disguise, with a map back: every folded character knows the interval it came from.

Two views of one length are made. In ``codes`` the letters are lower case, composed (NFC) and of
one alphabet, and keep their marks; in ``bare_codes`` the marks are stripped too (``đ`` → ``d``), so
that *xổ số*, *XO SO* and *xo so* meet. Sources: Unicode Standard Annex #15 (normal forms),
Unicode Technical Standard #39 (confusables); the look-alike table is a small selection of ours.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.uint32]
    Offsets = NDArray[np.int64]
    Mask = NDArray[np.bool_]

SIZE = 0x110000
DROP = 0
"""What the tables map a character to that folding leaves out."""

_INVISIBLE = (0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0, 0x20E3)
_INVISIBLE_RANGES = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xE0000, 0xE01EF))
_MARKS = (0x0300, 0x036F)
_FOLDED_RANGES = (
    (0x0041, 0x0590),  # Latin, Greek, Cyrillic
    (0x1D00, 0x2000),  # phonetic letters, Latin extended additional (Vietnamese), Greek extended
    (0x2070, 0x20A0),
    (0x2100, 0x2190),
    (0x2460, 0x2500),  # circled and parenthesised letters
    (0x2C60, 0x2C80),
    (0xA720, 0xA800),
    (0xFB00, 0xFB07),
    (0xFF01, 0xFFEF),  # fullwidth and halfwidth forms
    (0x1D400, 0x1D800),  # mathematical alphabets
    (0x1F100, 0x1F18A),  # squared and negative circled letters
)
_LOOKALIKES = {
    "аɑα": "a",
    "вЬьβ": "b",
    "сϲ": "c",
    "ԁ": "d",
    "еёєε": "e",
    "ɡ": "g",
    "нһη": "h",
    "іїιɩ": "i",
    "јϳ": "j",
    "кκ": "k",
    "ӏ": "l",
    "мμ": "m",
    "пν": "n",
    "оοσө": "o",
    "рρ": "p",
    "ԛ": "q",
    "гя": "r",
    "ѕ": "s",
    "тτ": "t",
    "υцս": "u",
    "ѵ": "v",
    "ѡωш": "w",
    "хχ": "x",
    "уγүў": "y",
    "ᴢ": "z",
    "з": "3",
}
_CLUSTER = re.compile("[^\u0300-\u036f][\u0300-\u036f]+")
_SPELLED = re.compile(
    r"(?<![^\W_])(?=[\d \u00a0.\-_·*|/]{0,6}[^\W\d_])"
    r"[^\W_](?P<gap>[ \u00a0.\-_·*|/])[^\W_](?:(?P=gap)[^\W_]){2,}(?![^\W_])"
)


@dataclass(frozen=True, eq=False)
class Folded:
    """Two folded views of a text and the way back."""

    codes: Codes
    """Lower case, composed, of one alphabet; marks kept."""
    bare_codes: Codes
    """The same without marks."""
    starts: Offsets
    """Offset in the given text where each folded character starts."""
    ends: Offsets
    original: Codes
    """The character as given, before folding, one for each folded character."""
    disguised: Mask
    """True where more than case was undone: styled letters, look-alikes, broken spelling."""

    @functools.cached_property
    def bare(self) -> str:
        """The view without marks, as a string."""
        return decode(self.bare_codes)

    @functools.cached_property
    def _marked(self) -> str:
        return decode(self.codes)

    def text(self, start: int = 0, end: int | None = None) -> str:
        """The view with marks, or a slice of it, as a string."""
        return self._marked[start:end]


def fold(text: str) -> Folded:
    """Fold ``text``; linear in its length, any string (NUL and lone surrogates included)."""
    given = encode(text)
    tables = _tables()
    codes = tables.fold.take(given, mode="clip")
    ends_extra = None
    if _any_between(given, *_MARKS):
        codes, ends_extra = _compose(text, codes)
    disguised = tables.disguise.take(given, mode="clip")
    _unmix_alphabets(codes, disguised)
    if _may_be_spelled(codes):
        for match in _SPELLED.finditer(text):
            codes[match.start() + 1 : match.end() : 2] = DROP
            disguised[match.start() : match.end()] = True
    kept = codes != DROP
    if ends_extra is None and kept.all():
        starts = np.arange(codes.size, dtype=np.int64)
        ends = starts + 1
        original = given
    else:
        starts = np.flatnonzero(kept)
        ends = starts + 1
        if ends_extra is not None:
            ends += ends_extra[starts]
        codes, original, disguised = codes[starts], given[starts], disguised[starts]
        disguised[1:] |= np.diff(starts) > (1 if ends_extra is None else 1 + ends_extra[starts[:-1]])
    return Folded(codes, tables.bare.take(codes, mode="clip"), starts, ends, original, disguised)


def encode(text: str) -> Codes:
    """The code points of ``text``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def decode(codes: Codes) -> str:
    """The string that has these code points."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def fold_term(term: str) -> str:
    """A term of a lexicon or policy in the form in which it is found in ``Folded.text()``."""
    return fold(unicodedata.normalize("NFC", term)).text()


def bare_term(term: str) -> str:
    """A term in the form in which it is found in ``Folded.bare``."""
    return fold(unicodedata.normalize("NFC", term)).bare


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    fold: Codes
    bare: Codes
    disguise: Mask
    latin_of: Codes
    """The Latin look-alike of a Greek or Cyrillic letter; 0 where there is none."""


@functools.cache
def _tables() -> _Tables:
    folded = np.arange(SIZE, dtype=np.uint32)
    bare = np.arange(SIZE, dtype=np.uint32)
    disguise = np.zeros(SIZE, dtype=bool)
    for first, last in _FOLDED_RANGES:
        for code in range(first, last):
            if 0x300 <= code <= 0x36F:
                continue
            char = chr(code)
            plain = unicodedata.normalize("NFKC", char).lower()
            if len(plain) != 1:
                plain = next((c for c in plain if c.isalnum()), char.lower()[0])
            folded[code] = ord(plain)
            disguise[code] = plain != char.lower()
            stripped = unicodedata.normalize("NFD", plain)[0]
            bare[code] = ord({"đ": "d", "ı": "i", "ø": "o", "ł": "l"}.get(stripped, stripped))
    for first in (0x1F150, 0x1F170):
        folded[first : first + 26] = np.arange(97, 123)
        disguise[first : first + 26] = True
    folded[0x3002] = ord("。")
    for first, last in (*_INVISIBLE_RANGES, *((code, code) for code in _INVISIBLE)):
        folded[first : last + 1] = DROP
    folded[0] = folded[0xD800:0xE000] = 0xFFFD
    folded[0x00A0] = folded[0x202F] = folded[0x3000] = ord(" ")
    latin_of = np.zeros(SIZE, dtype=np.uint32)
    for letters, latin in _LOOKALIKES.items():
        for letter in letters:
            latin_of[ord(letter)] = ord(latin)
    return _Tables(folded, bare, disguise, latin_of)


def _may_be_spelled(codes: Codes) -> bool:
    """Whether four words of one character each follow one another (the cheap look)."""
    if codes.size < 7:
        return False
    wordlike = (codes >= 97) & (codes <= 122) | (codes >= 48) & (codes <= 57) | (codes >= 0xC0)
    alone = wordlike.copy()
    alone[1:] &= ~wordlike[:-1]
    alone[:-1] &= ~wordlike[1:]
    return bool((alone[:-6] & alone[2:-4] & alone[4:-2] & alone[6:]).any())


def _any_between(codes: Codes, first: int, last: int) -> bool:
    return bool(((codes >= first) & (codes <= last)).any())


def _compose(text: str, codes: Codes) -> tuple[Codes, Offsets]:
    """Put each letter and its combining marks together; also how many marks each position ate."""
    extra = np.zeros(codes.size, dtype=np.int64)
    tables = _tables()
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        composed = unicodedata.normalize("NFC", match.group())[0]
        codes[start] = tables.fold[ord(composed)]
        codes[start + 1 : end] = DROP
        extra[start] = end - start - 1
    codes[(codes >= _MARKS[0]) & (codes <= _MARKS[1])] = DROP
    return codes, extra


def _unmix_alphabets(codes: Codes, disguised: Mask) -> None:
    """Turn look-alikes inside words of mixed alphabets into the word's own alphabet, in place."""
    foreign = (codes >= 0x370) & (codes <= 0x52F) | (codes >= 0x1D00) & (codes <= 0x1D7F)
    if not foreign.any():
        return
    latin = (codes >= 97) & (codes <= 122) | (codes >= 0xC0) & (codes <= 0x24F) | (codes >= 0x1E00) & (codes <= 0x1EFF)
    latin_of = _tables().latin_of
    letters = np.flatnonzero(foreign | latin)
    first_of_word = np.r_[True, np.diff(letters) > 1]
    word = np.cumsum(first_of_word) - 1
    n_latin = np.bincount(word, latin[letters])
    n_foreign = np.bincount(word, foreign[letters])
    n_like = np.bincount(word, latin_of[codes[letters]] > 0)
    latin_word = n_foreign == 0
    among_latin = np.r_[False, latin_word[:-1]] & np.r_[latin_word[1:], False]
    alike = n_like == n_foreign
    to_latin = alike & (n_latin > 0) & ((n_latin >= n_foreign) | among_latin)
    to_latin |= alike & (n_latin == 0) & (n_foreign > 2) & among_latin
    chosen = letters[to_latin[word] & foreign[letters]]
    codes[chosen] = latin_of[codes[chosen]]
    disguised[chosen] = True
    to_cyrillic = (n_latin > 0) & (n_foreign > n_latin) & ~to_latin
    chosen = letters[to_cyrillic[word] & latin[letters]]
    if chosen.size:
        back = _cyrillic_of()
        codes[chosen] = np.where(codes[chosen] < 128, back[np.minimum(codes[chosen], 127)], codes[chosen])
        disguised[chosen] = True


@functools.cache
def _cyrillic_of() -> Codes:
    table = np.arange(128, dtype=np.uint32)
    for latin, cyrillic in zip("abcehikmnoptxy", "авсеникмпортху", strict=True):
        table[ord(latin)] = ord(cyrillic)
    return table
