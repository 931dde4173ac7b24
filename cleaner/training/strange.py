"""Honest text that no reader reads: machine tokens, text decoded in the wrong charset, unknown languages."""

from __future__ import annotations

import base64
import random
from urllib.parse import quote

_VOWELS, _CONSONANTS = "aeiouy", "bcdfghjklmnpqrstvwxz"
_CODES = (
    "var n{n}=document.getElementById('ad-{n}');if(n{n}){{n{n}.style.width='{m}px';}}",
    ".item-{n}{{margin:0 {n}px;color:#{m:03x}}}",
    "https://cdn{n}.example.net/img/{m}x{n}/photo_{m}.jpg?v={n}&w={m}",
    "window.dataLayer=window.dataLayer||[];gtag('config','UA-{m}{n}-{n}');",
    "[caption id=attachment_{m} align=aligncenter width={m}]",
    "<!--[if lt IE {n}]>",
    "{{{{ post.title_{n} }}}}",
)


def machine_token(text: str, rng: random.Random) -> str:
    """A token that programs leave on pages: a digest, a key, an encoded piece of ``text``, a line of code."""
    raw = rng.randbytes(rng.randint(6, 36))
    kind = rng.randrange(6)
    if kind == 0:
        return raw.hex()
    if kind == 1:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if kind == 2:
        digits = rng.randbytes(16).hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if kind == 3:
        return "q=" + quote(text[: rng.randint(8, 60)]) + f"&id={rng.randint(100, 99_999_999)}"
    if kind == 4:
        return rng.choice(_CODES).format(n=rng.randint(1, 30), m=rng.randint(100, 2000))
    return f"{rng.choice(_CONSONANTS)}{rng.choice(_CONSONANTS)}-{rng.randint(1000, 99_999)}-{raw[:2].hex().upper()}"


def misread(text: str, rng: random.Random) -> str:
    """UTF-8 that was decoded as a single-byte charset."""
    return text.encode().decode(rng.choice(("latin-1", "cp1251", "cp1252")), "replace").replace("\u0085", " ")


def unknown_language(text: str, rng: random.Random) -> str:
    """The text in an alphabet of other letters: words, sentences and punctuation of a language nobody has taught."""
    vowels, consonants = (rng.sample(letters, len(letters)) for letters in (_VOWELS, _CONSONANTS))
    plain, other = _VOWELS + _CONSONANTS, "".join(vowels) + "".join(consonants)
    return text.translate(str.maketrans(plain + plain.upper(), other + other.upper()))


def nickname(rng: random.Random) -> str:
    """The name by which a reader signs a comment: syllables, often with digits behind."""
    syllables = "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(1, 4)))
    name = syllables + rng.choice(("", "", rng.choice(_CONSONANTS), "ng", "nh", "_"))
    return rng.choice((name, name.capitalize())) + rng.choice(("", str(rng.randint(1, 9999)), str(rng.randint(1, 99))))
