"""Disguises that spammers put their phrases in."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

_HOMOGLYPHS = str.maketrans("aceiopxyhkmABCEHKMOPTX", "асеіорхуһкмАВСЕНКМОРТХ")
_LEET = str.maketrans("oaeis", "04315")
_STYLES = (0x1D400, 0x1D434, 0x1D468, 0x1D5A0, 0x1D5D4, 0x1D608, 0x1D670, 0x1D4D0)
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TELEX = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}
_EMOJI = ["⭐️", "🎰", "✅", "👉", "🔥", "💰", "🎁", "⚽", "▶️", "💎", "🏆"]


def strip_marks(text: str, rng: random.Random) -> str:
    """``nhà cái`` → ``nha cai``."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return plain.replace("đ", "d").replace("Đ", "D")


def some_marks(text: str, rng: random.Random) -> str:
    """Marks missing from some of the words."""
    return " ".join(strip_marks(word, rng) if rng.random() < 0.5 else word for word in text.split(" "))


def wrong_tones(text: str, rng: random.Random) -> str:
    """Other tone marks in some of the words."""
    changed = []
    for word in text.split(" "):
        letters = unicodedata.normalize("NFD", word)
        if rng.random() < 0.6:
            letters = "".join(rng.choice(_TONES) if c in _TONES else c for c in letters)
        changed.append(unicodedata.normalize("NFC", letters))
    return " ".join(changed)


def telex(text: str, rng: random.Random) -> str:
    """Vietnamese typed without an input method: ``xổ số`` → ``xoor soos``."""
    words = []
    for word in text.split(" "):
        letters, tone = "", ""
        for char in unicodedata.normalize("NFD", word.replace("đ", "dd").replace("Đ", "DD")):
            if char in _TELEX:
                tone = _TELEX[char]
            elif char == "\u0302":
                letters += letters[-1:]
            elif char in "\u0306\u031b":
                letters += "w"
            else:
                letters += char
        words.append(letters + tone)
    return " ".join(words)


def leet(text: str, rng: random.Random) -> str:
    """Digits for letters."""
    plain = strip_marks(text, rng)
    return "".join(c.translate(_LEET) if rng.random() < 0.5 else c for c in plain)


def homoglyphs(text: str, rng: random.Random) -> str:
    """Cyrillic letters that look Latin."""
    return "".join(c.translate(_HOMOGLYPHS) if rng.random() < 0.6 else c for c in text)


def fullwidth(text: str, rng: random.Random) -> str:
    """Fullwidth Latin letters and digits."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in strip_marks(text, rng))


def styled(text: str, rng: random.Random) -> str:
    """Mathematical alphabets."""
    base = rng.choice(_STYLES)
    out = []
    for c in strip_marks(text, rng):
        if "A" <= c <= "Z":
            out.append(chr(base + ord(c) - 65))
        elif "a" <= c <= "z":
            out.append(chr(base + 26 + ord(c) - 97))
        elif "0" <= c <= "9":
            out.append(chr(0x1D7CE + ord(c) - 48))
        else:
            out.append(c)
    return "".join(out)


def zero_width(text: str, rng: random.Random) -> str:
    """Invisible characters between letters."""
    invisible = rng.choice("\u200b\u200c\u2060\ufeff")
    return text[:1] + "".join((invisible if rng.random() < 0.5 else "") + c for c in text[1:])


def spaced(text: str, rng: random.Random) -> str:
    """``n h à c á i``."""
    return " ".join(text.replace(" ", ""))


def hyphenated(text: str, rng: random.Random) -> str:
    """``n-h-à-c-á-i``, or dots."""
    return rng.choice("-.").join(text.replace(" ", ""))


def decomposed(text: str, rng: random.Random) -> str:
    """Letters and marks as separate characters (NFD)."""
    return unicodedata.normalize("NFD", text)


def emoji(text: str, rng: random.Random) -> str:
    """Attention marks around, sometimes between the words."""
    mark = rng.choice(_EMOJI)
    return f"{mark} {text} {mark}" if rng.random() < 0.5 else f"{mark * rng.randint(1, 3)} {text}"


def brackets(text: str, rng: random.Random) -> str:
    """``【…】`` and the like."""
    return rng.choice(("【{}】", "[{}]", "({})", "〔{}〕", "▷{}◁", "「{}」")).format(text)


def upper(text: str, rng: random.Random) -> str:
    """All capitals."""
    return text.upper()


def title(text: str, rng: random.Random) -> str:
    """Title case."""
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


Disguise = Callable[[str, random.Random], str]

COMMON: tuple[Disguise, ...] = (upper, title, title, strip_marks, strip_marks, some_marks, brackets, emoji)
HEAVY: tuple[Disguise, ...] = (
    wrong_tones,
    telex,
    leet,
    homoglyphs,
    fullwidth,
    styled,
    zero_width,
    spaced,
    hyphenated,
    decomposed,
)
