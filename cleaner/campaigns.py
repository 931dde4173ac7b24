"""Campaigns: what recurs across unrelated documents of an archive, as evidence in each of them."""

from __future__ import annotations

import functools
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cleaner.document.targets import host_of, site_of
from cleaner.folding import Folded, fold
from cleaner.intervals import Intervals
from cleaner.model.classifier import Scored
from cleaner.model.clean_text import CleanText
from cleaner.model.features import span_hashes
from cleaner.model.pieces import BATCH
from cleaner.rules.lexicon import Lexicon, Term, compile_terms
from cleaner.tokens import DIGIT, LETTER, SPACED, Tokens, tokenize, vietnamese_letters
from cleaner.types import Document, Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = 0.1
"""Score from which what the model sees where a campaign is says something of its boundaries."""
SEEN = 0.5
"""Score from which the boundaries that the model sees count."""
_MOST = 6.0
"""Log-odds that a campaign adds or takes away at most."""
_BETWEEN = 24
"""Characters between two finds of a campaign, at most a word or two, that are part of it."""
_LONG = 12
"""Characters from which what a campaign says may touch other letters."""
_AROUND = 80
"""Characters beside a find in which more of it is looked for."""
_VIETNAMESE = 25
"""One letter in so many that only Vietnamese has makes a text Vietnamese."""
_MORE = 4
"""Words beside a find that may be more of it."""
_NUMBER = re.compile(r"no\. (\d+), “")
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Campaign:
    """Something that recurs across unrelated documents."""

    kind: str
    """``phrase``, ``brand``, ``anchor``, ``target`` or ``contact``."""
    texts: tuple[str, ...]
    """What recurs, in its spellings, the usual one first: words, a name, the words of a link, a site, a contact."""
    documents: int
    """How many documents it was found in."""
    score: float
    """How sure it is that it was injected, 0..1; 1 when a person accepted it, 0 when one rejected it."""
    number: int = 0
    """What users call it; 0 when it has none."""


class Found(NamedTuple):
    """A campaign in a text."""

    start: int
    end: int
    campaign: Campaign


class Campaigns:
    """Campaigns, ready to be found in any case and disguise."""

    def __init__(self, campaigns: Iterable[Campaign], clean: CleanText) -> None:
        """``clean`` tells which words are none of clean text."""
        self._clean = clean
        self._by_text: dict[str, Campaign] = {}
        self._by_site: dict[str, Campaign] = {}
        for campaign in campaigns:
            known = self._by_site if campaign.kind == "target" else self._by_text
            for text in campaign.texts:
                known.setdefault(fold(text).text().strip(), campaign)
        terms = [Term(text, "campaign", "other", 1.0, len(text) >= _LONG, "") for text in self._by_text if text]
        self._lexicon = Lexicon(*compile_terms(terms)) if terms else None

    def find(self, texts: Sequence[str]) -> list[list[Found]]:
        """The campaigns in each text, in order and disjoint; finds of one that are near each other are one."""
        found: list[list[Found]] = [[] for _ in texts]
        first = size = 0
        for number, text in enumerate(texts if self._lexicon else ()):
            size += len(text)
            if size >= BATCH or number + 1 == len(texts):
                self._find(texts[first : number + 1], found[first : number + 1])
                first, size = number + 1, 0
        return found

    def _find(self, texts: Sequence[str], found: Sequence[list[Found]]) -> None:
        """Add what is in each of some texts, which are looked at together."""
        assert self._lexicon
        starts = list(accumulate((len(text) + len(_GAP) for text in texts[:-1]), initial=0))
        folded = fold(_GAP.join(texts))
        for hit in self._lexicon.find(folded):
            at, stop = int(folded.starts[hit.start]), int(folded.ends[hit.end - 1])
            number = bisect_right(starts, at) - 1
            text, some, offset = texts[number], found[number], starts[number]
            campaign = self._by_text[hit.term.text]
            start, end = self._grown(text, at - offset, stop - offset, campaign)
            if some and some[-1].campaign is campaign and _are_near(text[some[-1].end : start]):
                some[-1] = Found(some[-1].start, max(end, some[-1].end), campaign)
            elif not some or some[-1].end <= start:
                some.append(Found(start, end, campaign))

    def _grown(self, text: str, start: int, end: int, campaign: Campaign) -> tuple[int, int]:
        """A find with more of the campaign beside it, which varies."""
        offset = max(0, start - _AROUND)
        folded = fold(text[offset : end + _AROUND])
        tokens = tokenize(folded)
        places, stops = folded.starts[tokens.starts] + offset, folded.ends[tokens.ends - 1] + offset
        first, last = int(np.searchsorted(stops, start, side="right")), int(np.searchsorted(places, end))
        joins = (tokens.gaps == SPACED)[1:]
        more = self._is_more(folded, tokens, first, last, campaign)
        down = _steps(more[:first][::-1], joins[:first][::-1])
        up = _steps(more[last:], joins[last - 1 :])
        return min(start, int(places[first - down])), max(end, int(stops[last + up - 1]))

    def _is_more(self, folded: Folded, tokens: Tokens, first: int, last: int, campaign: Campaign) -> list[bool]:
        """Which tokens beside a find may be part of it: rare words of the campaign, and what is no word of the text.

        Vietnamese has so few syllables that what clean text never showed is none.
        """
        words = (tokens.kinds >= LETTER) & (tokens.kinds != DIGIT)
        foreign = words & (self._clean.rarity(span_hashes(folded.codes, tokens.starts, tokens.ends)) == 0)
        if foreign[first:last].sum() < words[first:last].sum():
            return [False] * len(tokens)
        own = _words_of(campaign)
        beside = np.r_[folded.codes[: tokens.starts[first]], folded.codes[tokens.ends[last - 1] :]]
        if vietnamese_letters(beside).sum() * _VIETNAMESE > (beside >= ord("a")).sum():
            raised = folded.original[tokens.starts] != folded.codes[tokens.starts]
            foreign &= ~raised
            return [bool(is_foreign) for is_foreign in foreign]
        bare = (folded.bare[a:b] for a, b in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True))
        return [is_foreign and word in own for word, is_foreign in zip(bare, foreign.tolist(), strict=True)]

    def weight(self, href: str) -> float:
        """How sure it is that a link target was injected, 0..1; 0 when nothing is known."""
        site = site_of(host_of(href) or "")
        return self._by_site[site].score if site in self._by_site else 0.0


@functools.lru_cache(maxsize=256)
def _words_of(campaign: Campaign) -> frozenset[str]:
    return frozenset(word for text in campaign.texts for word in fold(text).bare.split())


def _steps(more: Sequence[bool], joins: NDArray[np.bool_]) -> int:
    """How many tokens from here on are more, each with nothing but a space before it."""
    both = (is_more and join for is_more, join in zip(more, joins.tolist(), strict=False))
    return sum(1 for _ in takewhile(bool, islice(both, _MORE)))


def _are_near(between: str) -> bool:
    return len(between) <= _BETWEEN and "\n" not in between and between.count(" ") <= 2


def with_campaigns(document: Document, scored: Sequence[Scored], found: Sequence[Found]) -> list[Scored]:
    """The spans of a document, those with a campaign in them surer, and one for each campaign that is in none.

    Where a person rejected the campaign, they are less sure.
    """
    protected = Intervals(document.protected)
    spans = list(scored)
    for one in found:
        if protected.overlap(one.start, one.end):
            continue
        first = bisect_right(spans, one.start, key=attrgetter("end"))
        last = bisect_left(spans, one.end, key=attrgetter("start"), lo=first)
        spans[first:last] = _joined(one, spans[first:last])
    return spans


def _joined(found: Found, about: Sequence[Scored]) -> list[Scored]:
    """The spans that a campaign touches, with its evidence."""
    campaign = found.campaign
    adds = min(_MOST, max(-_MOST, _log_odds(campaign.score)))
    if not campaign.score:
        return [_with(s, s.start, s.end, adds, campaign) for s in about]
    if not about:
        alone = Scored(found.start, found.end, campaign.score, "other", {}, {})
        return [_told(alone, adds, campaign)]
    if adds <= 0:
        return list(about)
    best = max(about, key=lambda s: s.score)
    if best.score < SEEN:
        return [_with(best, found.start, found.end, adds, campaign)]
    start, end = min(found.start, about[0].start), max(found.end, about[-1].end)
    return [_with(best, start, end, adds, campaign)]


def _with(s: Scored, start: int, end: int, adds: float, campaign: Campaign) -> Scored:
    """A span with other boundaries, and a campaign in it."""
    score = 1 / (1 + math.exp(-_log_odds(s.score) - adds))
    return _told(replace(s, start=start, end=end, score=max(score, campaign.score)), adds, campaign)


def _told(s: Scored, adds: float, campaign: Campaign) -> Scored:
    """A span that says what a campaign added to its score."""
    total = s.contributions.get("campaign", 0.0) + adds
    names = dict.fromkeys((*s.named.get("campaign", ()), _says(campaign)))
    return replace(
        s,
        contributions={**s.contributions, "campaign": total},
        named={**s.named, "campaign": tuple(names)[:5]},
    )


def _log_odds(score: float) -> float:
    return math.log(max(score, 1e-6) / max(1 - score, 1e-6))


def _says(campaign: Campaign) -> str:
    number = f"no. {campaign.number}, " if campaign.number else ""
    told = f"found in {campaign.documents} unrelated documents" if campaign.score else "which a person rejected"
    return f"{number}“{campaign.texts[0]}”, {told}"


def numbers_of(finding: Finding) -> list[int]:
    """The numbers of the campaigns that a finding was made for, the first one first."""
    told = (reason.text for reason in finding.reasons if reason.code == "campaign" and reason.contribution > 0)
    return [int(number) for text in told for number in _NUMBER.findall(text)]
