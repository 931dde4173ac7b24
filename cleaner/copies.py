"""Copies of what is injected: the same name elsewhere in a text that was tampered with."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cleaner.folding import fold
from cleaner.model.classifier import Scored
from cleaner.rules.lexicon import Lexicon, Term, compile_terms

SHORT, LONG = 4, 40
"""Characters of a name: from the first number on it is found in the middle of a word, too; none is longer than the
second."""
_NAMES = frozenset({"brand", "domain"})


def with_copies(scored: Sequence[Scored], certain: Iterable[Scored], text: str) -> list[Scored]:
    """The spans and the copies of names among the ``certain`` ones, disjoint and in text order.

    Who injects a name does it more than once. A copy is as certain as the best of its like; what is found of it only in
    part becomes the whole, and a longer span that holds it becomes as certain, but loses what is glued to the name.

    Args:
        scored: disjoint spans of ``text``, in order.
        certain: those of them that are certainly injected.
        text: what they index.
    """
    named = [(name, s) for s in sorted(certain, key=lambda s: s.score) if (name := _name(s, text))]
    mistaken = _mistaken(Counter(name for name, _ in named))
    best = {name: s for name, s in named if name not in mistaken}
    if not best:
        return list(scored)
    together = list(scored)
    for start, end, name in _places(text, list(best)):
        first = bisect_right(together, start, key=lambda s: s.end)
        touched = together[first : bisect_left(together, end, key=lambda s: s.start)]
        score = best[name].score
        told = {"copy": math.log(score / max(1 - score, 1e-9))}
        if len(touched) == 1 and touched[0].start <= start and end <= touched[0].end:
            own = touched[0]
            is_surer = own.score >= score
            together[first] = replace(
                own,
                start=start if _is_glued(text, start) else own.start,
                end=end if _is_glued(text, end) else own.end,
                score=own.score if is_surer else score,
                contributions=own.contributions if is_surer else told,
            )
        elif all(start <= s.start and s.end <= end and not s.element for s in touched):
            copy = replace(best[name], start=start, end=end, contributions=told, element=None, unwrap=False)
            together[first : first + len(touched)] = [copy]
    return together


def _name(s: Scored, text: str) -> str:
    """The one word that a span is, folded, if it looks like a brand or a domain, or is in no clean text and no lexicon.

    Empty when it is none.
    """
    if s.end - s.start > LONG or (_NAMES.isdisjoint(s.named) and ("phrase" in s.named or not s.is_unheard)):
        return ""
    words = fold(text[s.start : s.end]).text().split()
    return words[0] if len(words) == 1 else ""


def _mistaken(names: Counter[str]) -> set[str]:
    """Those of ``names`` that are no names of their own: of two in one another the one that was found less often.

    Something is glued to the longer one, or the shorter one was torn off it; when in doubt the former.
    """
    found = set()
    for name, times in names.items():
        size = len(name)
        for part in {name[i:j] for i in range(size) for j in range(i + 1, size + 1)} - {name}:
            if part in names:
                found.add(name if names[part] >= times else part)
    return found


def _is_glued(text: str, at: int) -> bool:
    """Whether the characters before and behind an offset are of one word, in a script that has words apart."""
    return all(c.isdigit() or c.lower() != c.upper() for c in text[max(0, at - 1) : at + 1])


def _places(text: str, names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Offsets of each of the names in ``text``."""
    terms = [Term(name, "copy", "other", 1.0, len(name) >= SHORT, "") for name in names]
    folded = fold(text)
    for hit in Lexicon(*compile_terms(terms)).find(folded):
        yield int(folded.starts[hit.start]), int(folded.ends[hit.end - 1]), hit.term.text
