"""Honest words where they do not belong: what an injection looks like to somebody who knows none of its words.

A part of another article stands in the middle of a text. Whoever learns to tell where it begins and ends has to look at
how the text reads across it, not at what it says (compare the replaced tokens of Clark et al. 2020, ELECTRA).
"""

from __future__ import annotations

import random
import re

from cleaner.training.disguise import strip_marks
from cleaner.training.inject import UNSPACED, Sample, Span

_SENTENCE = re.compile(r"[^.!?…。！？\n]++[.!?…。！？]?")
_WORD_GAP = re.compile(r"(?<=\S) (?=\S)")
_PLACE = re.compile(r"(?<=[^\W\d_a-zA-Z])(?=[^\W\d_a-zA-Z])")
_AFTER_SENTENCE = re.compile(r"(?<=[.!?…]) (?=\S)|(?<=[。！？])(?=\S)")


def grafted(host: str, donor: str, lang: str, rng: random.Random) -> Sample:
    """``host`` with one to three parts of ``donor`` in it, which are its spans."""
    cuts: list[tuple[int, str, str]] = []
    for _ in range(rng.choices((1, 2, 3), (70, 20, 10))[0]):
        is_sentence = rng.random() < 0.3
        words = _sentence(donor, rng) if is_sentence else _phrase(donor, lang, rng)
        places = [m.end() for m in (_AFTER_SENTENCE if is_sentence else _gaps(lang)).finditer(host)]
        if words and places:
            behind = "" if lang in UNSPACED or rng.random() < 0.06 else rng.choice((" ",) * 9 + ("\n",))
            cuts.append((rng.choice(places), _styled(words, lang, rng), behind))
    parts, spans, done, length = [], [], 0, 0
    for place, words, behind in sorted({cut[0]: cut for cut in cuts}.values()):
        parts += [host[done:place], words, behind]
        start = length + place - done
        spans.append(Span(start, start + len(words), "other"))
        length, done = start + len(words) + len(behind), place
    return Sample("".join([*parts, host[done:]]), host, tuple(spans), "graft", lang)


def _gaps(lang: str) -> re.Pattern[str]:
    return _PLACE if lang in UNSPACED else _WORD_GAP


def _sentence(donor: str, rng: random.Random) -> str:
    found = [m[0].strip() for m in _SENTENCE.finditer(donor) if 20 <= len(m[0]) <= 240]
    return rng.choice(found) if found else ""


def _phrase(donor: str, lang: str, rng: random.Random) -> str:
    size = min(12, 1 + int(rng.expovariate(0.28)))
    if lang in UNSPACED:
        size = 2 * size
        begin = rng.randrange(max(1, len(donor) - size))
        return donor[begin : begin + size].strip(" \n,.;:!?。，、")
    words = donor.split()
    begin = rng.randrange(max(1, len(words) - size))
    return " ".join(words[begin : begin + size]).strip(" ,.;:!?\"'()")


def _styled(words: str, lang: str, rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.1:
        return words.upper()
    if roll < 0.25:
        return words.title()
    if roll < 0.45:
        return words[:1].lower() + words[1:]
    return strip_marks(words, rng) if lang == "vi" and roll < 0.55 else words
