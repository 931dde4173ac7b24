"""What recurs in an archive → campaigns: recurrence × dispersion × promotion.

Much recurs honestly. Bylines, agency tags, menus and notices stand at the same place or on lines of their own; names
and formulae recur where a subject does; idioms are made of everybody's words. A campaign stands anywhere, in documents
that have nothing else in common, and promotes something: by a link, a brand, a contact, by words of the lexicon; or it
is at least foreign to its documents, whose sentences read on without it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import fmean

from cleaner.archive.frequencies import LEAST
from cleaner.archive.survey import SAMPLE, Candidate, Gathered, Occurrence
from cleaner.campaigns import Campaign
from cleaner.evidence import view
from cleaner.folding import fold
from cleaner.model.classifier import Classifier
from cleaner.model.features import span_hashes
from cleaner.rules.lexicon import STRENGTHS
from cleaner.rules.markup import UNKNOWN_LINK
from cleaner.rules.shapes import find_phones
from cleaner.tokens import DIGIT, LETTER, THAI_BASE, UNIT, kind_of, tokenize
from cleaner.types import Document

_MANY = 3.0
"""Documents that make a campaign likely."""
PROPOSED = 0.25
"""Score from which a campaign is shown to a person."""
EXAMPLES = 5
"""Places of a campaign that are shown."""
_RELATED = (2.5, 6.0)
"""How many times as much as usual documents may have in common, and from which they are about one subject."""
_ALIKE = 0.5
"""Share of their telling words from which two documents are versions of one."""
_VARIETY = (0.3, 0.8)
"""Share of the neighbours that differ up to which a place is always the same, and from which it is any."""
_OWN_LINE = 0.8
"""Share of a line from which it is nothing else."""
_INTRUDES = 0.97
"""What it tells that words are foreign and that the text reads on without them."""
_ON = 0.5
"""Share of the places that have to read on."""
_STRANGE = 2.6
"""Foreign words that a phrase needs for them to tell anything."""
_HIDES = 0.9
"""What it tells that readers do not see it."""
_DOUBTED = 0.05
"""Score of the classifier from which it counts."""
_CONTEXTS = 4
"""Places of a candidate that the classifier looks at."""
_SPELLINGS, _PARTS = 16, 32
"""Spellings of a campaign that are looked for, and parts of them."""
_END = re.compile(r"[.!?…。！？]['\"”’)\]]*\s*\Z")
_LISTED, _LIST = re.compile(r"[|:;/•·>»«–—*(\[{\"'“”‘’„「『-]\s*\Z"), re.compile(r"\s*[|;/•·>»*)\]}\"'“”’」』]")
_RAISED = 0.5
"""Share of words with capitals up to which a phrase is no name."""
_PLAIN = (0.3, 0.7)
"""Share of the places without capitals up to which a phrase is a name, and from which it is none."""
_REACHED = 0.3
"""What a contact tells: editors have some, too."""
_QUANTITY = re.compile(r"\d+[a-z]{1,3}")


@dataclass(frozen=True, slots=True)
class Judged:
    """A campaign, and why it is one."""

    campaign: Campaign
    dispersion: float
    """How little its documents and places have in common, 0..1."""
    promotion: float
    """How much speaks for promotion, 0..1."""
    examples: tuple[tuple[str, str], ...]
    """What users call some of the documents, and the text around it there."""

    @property
    def key(self) -> str:
        """What is looked for, one spelling a line."""
        return "\n".join(self.campaign.texts)


def judge(gathered: Gathered, classifier: Classifier) -> list[Judged]:
    """The campaigns of an archive that are worth showing, the surest first."""
    usual = _in_common([about for _, about in gathered.background])
    groups = [(group, _dispersion(group, usual)) for group in _groups(gathered.bounded().candidates.values())]
    dispersed = [(group, dispersion) for group, dispersion in groups if dispersion >= PROPOSED]
    seen = _of_model([group for group, _ in dispersed], classifier)
    judged = [_judged(*one, by_model, classifier) for one, by_model in zip(dispersed, seen, strict=True)]
    found = [one for one in judged if one.campaign.score >= PROPOSED]
    return sorted(found, key=lambda one: (-one.campaign.score, -one.campaign.documents, one.key))


# --- near-duplicates


@dataclass(frozen=True, slots=True)
class _Group:
    """Candidates that are one but for small variations, the most frequent first."""

    members: tuple[Candidate, ...]
    sample: tuple[Occurrence, ...]
    """Of all of them, one for each document."""

    @property
    def kind(self) -> str:
        return self.members[0].kind

    @property
    def documents(self) -> float:
        """About how many documents hold one of them, copies counted once.

        Of bottom-k samples (Bar-Yossef et al. 2002).
        """
        if len(self.sample) < SAMPLE:
            return len(self.sample)
        return (SAMPLE - 1) / ((self.sample[-1].document + 1) / 2**64)


def _groups(candidates: Iterable[Candidate]) -> Iterator[_Group]:
    """Phrases of foreign words that share two words are one, each of the others is one by itself."""
    foreign: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.documents, -c.foreign, c.kind, c.key)):
        if candidate.kind == "phrase" and candidate.foreign:
            foreign.append(candidate)
        elif candidate.documents >= LEAST:
            yield _Group((candidate,), candidate.sample)
    heads: dict[tuple[str, str], int] = {}
    members: defaultdict[int, list[Candidate]] = defaultdict(list)
    for number, candidate in enumerate(foreign):
        pairs = set(pairwise(_words(candidate.sample[0].text)))
        known = [heads[pair] for pair in pairs if pair in heads]
        head = min(known) if known else number
        if not known or 2 * len(known) >= len(pairs):
            members[head].append(candidate)
            for pair in pairs:
                heads.setdefault(pair, head)
    for some in members.values():
        sample = _lowest(one for candidate in some for one in candidate.sample)
        if len(sample) >= LEAST:
            yield _Group(tuple(some), sample)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text).bare)


def _lowest(sample: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    by_document: dict[int, Occurrence] = {}
    for one in sorted(sample, key=lambda one: (one.document, -len(one.text), one)):
        by_document.setdefault(one.document, one)
    return tuple(sorted(by_document.values())[:SAMPLE])


# --- what speaks for a campaign


def _judged(group: _Group, dispersion: float, by_model: float, classifier: Classifier) -> Judged:
    recurrence = 1 - math.exp(-group.documents / _MANY)
    promotion = _promotion(group, by_model, classifier)
    score = round(recurrence * dispersion * promotion, 4)
    examples = tuple((one.record, one.before + one.text + one.behind) for one in group.sample[:EXAMPLES])
    campaign = Campaign(group.kind, _spellings(group, classifier), round(group.documents), score)
    return Judged(campaign, round(dispersion, 4), round(promotion, 4), examples)


def _dispersion(group: _Group, usual: float) -> float:
    """How little documents and places have in common."""
    sample = _unlike(group.sample)
    if len(sample) < LEAST:
        return 0.0
    related = _in_common([one.about for one in sample]) / max(usual, 0.01)
    unrelated = 1 - _between(related, *_RELATED)
    alone = fmean(one.covers >= _OWN_LINE for one in sample)
    edge = fmean(one.is_edge for one in sample)
    return unrelated * _variety(group) * (1 - alone) * min(1.0, 2 * (1 - edge))


def _unlike(sample: Sequence[Occurrence]) -> list[Occurrence]:
    """One of each article that was published in versions."""
    found: list[Occurrence] = []
    for one in sample:
        about = set(one.about)
        if all(len(about & set(other.about)) <= _ALIKE * len(about) or not about for other in found):
            found.append(one)
    return found


def _in_common(sketches: Sequence[Collection[int]]) -> float:
    """Share of their telling words that two of these documents have in common, versions of one article aside."""
    sets = [frozenset(sketch) for sketch in sketches]
    shares = [len(a & b) / max(len(a), len(b), 1) for a, b in combinations(sets, 2)]
    return fmean(share for share in shares if share <= _ALIKE) if any(s <= _ALIKE for s in shares) else 0.0


def _variety(group: _Group) -> float:
    """How different the words are that stand before it, and behind; at the edges of lines none do."""
    sides = []
    for side in ("left", "right"):
        found = []
        for sample in (group.sample, *(member.sample for member in group.members if len(member.sample) >= LEAST)):
            own = [getattr(one, side) for one in sample]
            inner = [word for word in own if word]
            if 2 * len(inner) >= len(own):
                found.append(len(set(inner)) / len(inner))
        if found:
            sides.append(max(found))
    return _between(min(sides), *_VARIETY) if sides else 0.0


def _between(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _promotion(group: _Group, by_model: float, classifier: Classifier) -> float:
    """How much speaks for promotion: each kind of evidence for itself."""
    doubts = [
        1 - fmean(one.link for one in group.sample),
        1 - _HIDES * fmean(one.is_hidden for one in group.sample),
        1 - _of_rules(group.sample[0].text, group.kind, classifier),
        1 - _intrusion(group, classifier),
        1 - by_model,
    ]
    return 1 - math.prod(doubts)


def _of_rules(text: str, kind: str, classifier: Classifier) -> float:
    seen = view(text, classifier.rules)
    weights = [hit.weight for hit in seen.hits if hit.weight > STRENGTHS["weak"]]
    weights += [s.weight for s in seen.shapes if s.weight > UNKNOWN_LINK and not _QUANTITY.fullmatch(s.detail)]
    if kind == "contact" or find_phones(seen.folded.bare):
        weights.append(_REACHED)
    return 1 - math.prod(1 - weight for weight in weights)


def _intrusion(group: _Group, classifier: Classifier) -> float:
    """How much words that occur nowhere else stand where nothing is missing without them."""
    often = [member for member in group.members if member.documents >= LEAST]
    if max((_strangeness(member, classifier) for member in often or group.members[:1]), default=0.0) < _STRANGE:
        return 0.0
    plain = [one for one in group.sample if one.raised <= _RAISED]
    small = len(plain) / sum(not one.text.isupper() or one.raised <= _RAISED for one in group.sample) if plain else 0.0
    entire = [one for one in plain if not _goes_on(one, classifier)]
    told = entire if len(entire) >= LEAST else plain
    fits = [_is_between_sentences(one) if _END.search(one.before) else one.reads_on for one in told]
    fits = [fit and not _is_listed(one) for fit, one in zip(fits, told, strict=True)]
    return _INTRUDES * _between(small, *_PLAIN) * _between(fmean(fits), 0, _ON) if fits else 0.0


def _strangeness(candidate: Candidate, classifier: Classifier) -> float:
    """The number of different foreign words; those count half that clean text holds, or no more of the text around."""
    if not candidate.foreign:
        return 0.0
    text = candidate.sample[0].text
    words = set(text.casefold().split())
    number = candidate.foreign if kind_of(text[0]) in (UNIT, THAI_BASE) else min(candidate.foreign, len(words))
    new = _share_of_new(text, classifier)
    around = _share_of_new(" ".join(one.before + "\n" + one.behind for one in candidate.sample), classifier)
    return number * (1 + max(0.0, new - around)) / 2


def _share_of_new(text: str, classifier: Classifier) -> float:
    """Share of the words of a text that clean text does not hold."""
    new = [is_new for _, is_new in _words_of(text, classifier)]
    return fmean(new) if new else 0.0


def _words_of(text: str, classifier: Classifier) -> list[tuple[str, bool]]:
    """The words of a text, and whether clean text does not hold them."""
    folded = fold(text)
    tokens = tokenize(folded)
    keys = span_hashes(folded.codes, tokens.starts, tokens.ends)
    new = classifier.weights.clean.rarity(keys) == 0
    places = zip(tokens.starts.tolist(), tokens.ends.tolist(), tokens.kinds.tolist(), new.tolist(), strict=True)
    return [(folded.text(a, b), is_new) for a, b, kind, is_new in places if kind >= LETTER and kind != DIGIT]


def _goes_on(one: Occurrence, classifier: Classifier) -> bool:
    """Whether a word beside it that clean text does not hold either is more of it: an ending that varies."""
    beside = []
    if one.left:
        beside += _words_of(one.before.rpartition("\n")[2], classifier)[-1:]
    if one.right:
        beside += _words_of(one.behind.partition("\n")[0], classifier)[:1]
    return any(is_new for _, is_new in beside)


def _is_between_sentences(one: Occurrence) -> bool:
    """Whether it is a sentence among others in a paragraph."""
    return bool(one.left and one.right)


def _is_listed(one: Occurrence) -> bool:
    """Whether it is an entry of a list, a quotation, or a gloss in parentheses."""
    return _LISTED.search(one.before) is not None or _LIST.match(one.behind) is not None


def _of_model(groups: Sequence[_Group], classifier: Classifier) -> list[float]:
    """How sure the classifier is of each, where it sees some of its places; of targets it says nothing."""
    shown = [() if group.kind == "target" else group.sample[:_CONTEXTS] for group in groups]
    sources = [one.before + one.text + one.behind for some in shown for one in some]
    found = iter(classifier.find([Document(source, "text", source) for source in sources], floor=_DOUBTED))
    scores = []
    for some in shown:
        own = [0.0]
        for one, spans in zip(some, found, strict=False):
            start, end = len(one.before), len(one.before) + len(one.text)
            own.append(max((s.score for s in spans if s.start < end and start < s.end), default=0.0))
        scores.append(sum(own) / max(1, len(some)))
    return scores


def _spellings(group: _Group, classifier: Classifier) -> tuple[str, ...]:
    """What to look for: the spellings of all members, the most frequent first, and parts that exist nowhere else."""
    found: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for member in (m for m in group.members if m is group.members[0] or m.documents > 1):
        for one in member.sample:
            if group.kind == "target":
                found[one.site] += 1
            elif one.is_whole:
                found[" ".join(fold(one.text).text().split())] += 1
        if member.foreign:
            words = pairwise(_words_of(member.sample[0].text, classifier))
            parts.update({f"{one} {other}": member.documents for (one, new), (other, also) in words if new and also})
    ordered = [text for text, _ in sorted(found.items(), key=_by_number)][:_SPELLINGS]
    ordered += [text for text, _ in sorted(parts.items(), key=_by_number) if text not in found][:_PARTS]
    return tuple(text for text in ordered if text)


def _by_number(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
