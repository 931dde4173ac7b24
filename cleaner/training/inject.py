"""Make infected articles from clean ones: every style of injection, and honest doubles in the same places.

A sample knows the text before, the text after, and the injected spans. The seams follow those seen
in the wild: the space before a phrase belongs to the host, what follows the phrase (a space, a line
break) to the injection; before punctuation and at a line's end it is the other way round.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cleaner.training.disguise import COMMON, HEAVY, Disguise, strip_marks
from cleaner.training.material import Material

UNSPACED = ("zh", "ja", "th")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+(?=\S)|(?<=[。！？])")
_WORD_GAP = re.compile(r"(?<=\S) (?=\S)")
_BEFORE_SIGN = re.compile(r"(?<=\w)(?=[,.;:!?)\n]|$)")
_COMMA = re.compile(r"(?<=, )")
_SIGNS = ",.;:!?)]}”\"'"


@dataclass(frozen=True, slots=True)
class Span:
    """An injected interval of ``Sample.text``."""

    start: int
    end: int
    category: str


@dataclass(frozen=True, slots=True)
class Sample:
    """An article as published, and as it was."""

    text: str
    clean: str
    spans: tuple[Span, ...]
    style: str
    lang: str
    disguise: str = ""


@dataclass(frozen=True, slots=True)
class _Insertion:
    position: int
    before: str
    body: str
    after: str
    category: str
    """Empty for an honest insertion, which stays in the clean text."""
    swallow: int = 0
    """Characters of the host behind the position that the spammer wrote over."""


class Injector:
    """Puts spam and honest counter-examples into articles of one language."""

    def __init__(self, material: Material, foreign: Sequence[Material], seed: int) -> None:
        self.material = material
        self.foreign = foreign
        self.rng = random.Random(seed)
        self.unspaced = material.lang in UNSPACED

    def infect(self, host: str, style: str | None = None, disguise: bool | None = None, honest: float = 0.3) -> Sample:
        """``host`` with one to six injections and, now and then, honest insertions beside them."""
        rng = self.rng
        count = rng.choices((1, 2, 3, 4, 6), (78, 12, 5, 3, 2))[0]
        chosen = style or rng.choices([name for name, _, _ in STYLES], [weight for _, weight, _ in STYLES])[0]
        named = chosen
        insertions: list[_Insertion] = []
        used = ""
        if chosen == "several":
            count, chosen = rng.randint(2, 6), "mid-sentence"
        for _ in range(count):
            make = next(make for name, _, make in STYLES if name == chosen)
            made = make(self, host)
            disguised, name = self._disguise(made, chosen, disguise)
            used = used or name
            insertions += disguised
            if named == "several" or count > 1:
                chosen = rng.choices([name for name, _, _ in STYLES], [weight for _, weight, _ in STYLES])[0]
        while rng.random() < honest:
            insertions.append(self.honest_insertion(host))
        return self._apply(host, insertions, named if count == 1 or named == "several" else "several", used)

    def decorate(self, host: str) -> Sample:
        """``host`` with honest insertions only."""
        insertions = [self.honest_insertion(host) for _ in range(self.rng.randint(1, 3))]
        return self._apply(host, insertions, "honest", "")

    # -- what is inserted ---------------------------------------------------------------------

    def phrase(self, category: str | None = None) -> tuple[str, str]:
        """A search phrase, sometimes with a brand, and its category."""
        rng, material = self.rng, self.material
        text, category = material.keyword(rng, category)
        roll = rng.random()
        gambling = category in ("gambling", "lottery", "betting")
        if gambling and roll < 0.12:
            return f"{text} {material.brand(rng)}", category
        if gambling and roll < 0.24:
            return f"{material.brand(rng)} {text}", category
        if roll < 0.28:
            return f"{text} {material.domain(rng)}", category
        return text, category

    def honest_insertion(self, host: str) -> _Insertion:
        """Something honest in a place where spam could stand."""
        rng, material = self.rng, self.material
        pool = rng.choice((material.quotes, material.honest_tails, material.codes, material.contexts))
        if pool and rng.random() < 0.75:
            text = material.fill(rng.choice(pool), rng)
            if rng.random() < 0.4:
                return self._line(host, text, "")
            return self._between_sentences(host, text, "")
        roll = rng.random()
        if roll < 0.1:
            return self._line(host, _table_line(rng), "")
        if roll < 0.2:
            return self._line(host, _campaign_tags(host, rng), "")
        if roll < 0.26:
            return self._line(host, _some_words(host, rng, 6).upper(), "")
        words = host.split()
        if self.unspaced or len(words) < 8:
            return self._between_sentences(host, "", "")
        first = rng.randrange(len(words) - 6)
        fragment = " ".join(words[first : first + rng.randint(1, 5)]).strip(_SIGNS)
        roll = rng.random()
        if roll < 0.3:
            fragment = fragment.replace(" ", "")
        elif roll < 0.5:
            fragment = f"{rng.choice(('SP', 'TK', 'BN', 'A', 'Q', 'CT', 'KH', 'NĐ', 'X'))}{rng.randint(1, 9999)}"
        elif roll < 0.75:
            fragment = rng.choice((COMMON[0], COMMON[1], COMMON[6]))(fragment, rng)
        elif roll < 0.85 and self.foreign:
            fragment = rng.choice(rng.choice(self.foreign).contexts).strip(".。")
        inserted = self._at_gap(host, fragment, "")
        return _Insertion(inserted.position, inserted.before, fragment, rng.choice((" ", " ", "\n")), "")

    # -- where it goes --------------------------------------------------------------------------

    def _at_gap(self, host: str, body: str, category: str, after: str = " ") -> _Insertion:
        if self.unspaced:
            return _Insertion(self.rng.randrange(1, max(2, len(host))), "", body, "", category)
        places = [m.end() for m in _WORD_GAP.finditer(host)]
        if not places:
            return _Insertion(len(host.rstrip()), " ", body, "", category)
        place = self.rng.choice(places)
        if host[place] in _SIGNS:
            return _Insertion(place - 1, " ", body, "", category)
        return _Insertion(place, "", body, after, category)

    def _at_pattern(self, host: str, pattern: re.Pattern[str]) -> int | None:
        places = [m.end() for m in pattern.finditer(host)]
        return self.rng.choice(places) if places else None

    def _between_sentences(self, host: str, body: str, category: str) -> _Insertion:
        place = self._at_pattern(host, _SENTENCE_END)
        if place is None or self.rng.random() < 0.15:
            return _Insertion(len(host.rstrip()), "" if self.unspaced else " ", body, "", category)
        return _Insertion(place, "", body, "" if self.unspaced else " ", category)

    def _line(self, host: str, body: str, category: str) -> _Insertion:
        breaks = [m.end() for m in re.finditer(r"\n+", host)]
        roll = self.rng.random()
        if roll < 0.3:
            return _Insertion(0, "", body, "\n", category)
        if roll < 0.65 or not breaks:
            return _Insertion(len(host.rstrip()), self.rng.choice(("\n", "\n\n")), body, "", category)
        return _Insertion(self.rng.choice(breaks), "", body, "\n", category)

    # -- putting it together ----------------------------------------------------------------------

    def _disguise(self, insertions: list[_Insertion], style: str, wanted: bool | None) -> tuple[list[_Insertion], str]:
        rng = self.rng
        if wanted is False or style in ("ad-paragraph", "hashtags", "credit"):
            return insertions, ""
        roll = rng.random()
        heavy = 0.3 if style in ("mid-sentence", "mid-break", "line", "brand", "domain") else 0.06
        disguise: Disguise
        if wanted or roll < heavy * 0.5:
            disguise = rng.choice(HEAVY)
        elif roll < heavy + 0.15 and style not in ("ad-sentence", "squashed-title"):
            disguise = rng.choice(COMMON)
        else:
            return insertions, ""
        if self.material.lang != "vi" and disguise.__name__ in ("telex", "wrong_tones"):
            return insertions, ""
        return [
            _Insertion(i.position, i.before, disguise(i.body, rng).strip(), i.after, i.category, i.swallow)
            for i in insertions
        ], disguise.__name__

    def _apply(self, host: str, insertions: list[_Insertion], style: str, disguise: str) -> Sample:
        taken: list[_Insertion] = []
        for insertion in sorted(insertions, key=lambda i: i.position):
            if not insertion.body.strip() or not 0 <= insertion.position <= len(host):
                continue
            if taken and insertion.position < taken[-1].position + taken[-1].swallow + 12:
                continue
            taken.append(insertion)
        text, clean, spans, done = "", "", [], 0
        for insertion in taken:
            kept = host[done : insertion.position]
            text, clean = text + kept, clean + kept
            done = insertion.position + insertion.swallow
            inserted = insertion.before + insertion.body + insertion.after
            if insertion.category:
                start = len(text) + len(insertion.before)
                spans.append(Span(start, start + len(insertion.body), insertion.category))
            else:
                clean += inserted
            text += inserted
        return Sample(text + host[done:], clean + host[done:], tuple(spans), style, self.material.lang, disguise)

    # -- styles -------------------------------------------------------------------------------------

    def _mid_sentence(self, host: str) -> list[_Insertion]:
        text, category = self.phrase()
        return [self._at_gap(host, text, category)]

    def _mid_break(self, host: str) -> list[_Insertion]:
        text, category = self.phrase()
        insertion = self._at_gap(host, text, category, after="\n")
        if self.rng.random() < 0.4:
            insertion = _swallowing(host, insertion, self.rng.randint(1, 3))
        return [insertion]

    def _brand(self, host: str) -> list[_Insertion]:
        rng = self.rng
        brand = self.material.brand(rng)
        if rng.random() < 0.3:
            brand = rng.choice((brand.upper(), brand.capitalize()))
        made = []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
            insertion = self._at_gap(host, brand, "gambling", after=rng.choice((" ", " ", " ", "\n")))
            if rng.random() < 0.5 and not self.unspaced:
                insertion = _swallowing(host, insertion, rng.randint(1, 3))
            if rng.random() < 0.25 and not self.unspaced:
                insertion = self._glue(host, brand, "gambling") or insertion
            made.append(insertion)
        return made

    def _squashed_title(self, host: str) -> list[_Insertion]:
        title = host.strip().split("\n")[0][:90]
        squashed = "".join(word[1:] if self.rng.random() < 0.2 else word for word in title.split())
        text, category = self.phrase(self.rng.choice(("betting", "betting", "lottery", "gambling")))
        body = squashed + text if self.rng.random() < 0.5 else squashed + " " + text
        place = host.find(",")
        if place < 0 or self.unspaced:
            return [self._at_gap(host, body, category)]
        return [_Insertion(place + 1, "", body, "", category)]

    def _chain(self, host: str) -> list[_Insertion]:
        rng = self.rng
        first, category = self.phrase()
        parts = [first] + [self.phrase(category)[0] for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.25 and self.material.borrowed:
            parts.insert(rng.randrange(len(parts) + 1), rng.choice(self.material.borrowed))
        body = rng.choice(("", " ", " ", ", ")).join(parts)
        place = rng.random()
        if place < 0.5:
            return [self._at_gap(host, body, category)]
        return [self._line(host, body, category) if place < 0.8 else self._between_sentences(host, body, category)]

    def _list(self, host: str) -> list[_Insertion]:
        rng = self.rng
        first, category = self.phrase()
        parts = [first] + [self.phrase(category if rng.random() < 0.7 else None)[0] for _ in range(rng.randint(1, 6))]
        return [self._line(host, rng.choice((" - ", " | ", ", ", " • ", " / ", "\n")).join(parts), category)]

    def _hashtags(self, host: str) -> list[_Insertion]:
        rng = self.rng
        tags = []
        category = "gambling"
        for _ in range(rng.randint(1, 6)):
            if self.material.hashtags and rng.random() < 0.3:
                tags.append(rng.choice(self.material.hashtags))
                continue
            text, category = self.phrase()
            text = re.sub(r"[^\w ]", "", text)
            plain = COMMON[3](text, rng) if rng.random() < 0.6 else text
            words = plain.split() if rng.random() < 0.7 else plain.title().split()
            tags.append("#" + rng.choice(("", "", "_")).join(words))
        body = " ".join(tags)
        return [
            self._line(host, body, category) if rng.random() < 0.7 else self._between_sentences(host, body, category)
        ]

    def _credit(self, host: str) -> list[_Insertion]:
        category = self.phrase()[1]
        return [self._line(host, self.material.fill(self.rng.choice(self.material.credits), self.rng), category)]

    def _tail(self, host: str) -> list[_Insertion]:
        rng = self.rng
        body = self.material.fill(rng.choice(self.material.tails), rng).strip(" ,")
        where = rng.random()
        if where < 0.4:
            return [self._between_sentences(host, body, "gambling")]
        return [self._at_gap(host, body, "gambling") if where < 0.7 else self._line(host, body, "gambling")]

    def _domain(self, host: str) -> list[_Insertion]:
        domain = self.material.domain(self.rng)
        if self.rng.random() < 0.3:
            domain = self.rng.choice(("https://", "http://", "www.")) + domain
        if self.rng.random() < 0.2:
            domain += self.rng.choice(("/", "/xsmb", "/no-hu", "/dang-ky", "/?ref=88"))
        return [self._at_gap(host, domain, "gambling")]

    def _ad_sentence(self, host: str) -> list[_Insertion]:
        rng = self.rng
        body, category = self._prose(self.material.ads)
        if rng.random() < 0.3:
            body += ("" if self.unspaced else " ") + self._prose(self.material.ads, category)[0]
        return [self._between_sentences(host, body, category)]

    def _ad_paragraph(self, host: str) -> list[_Insertion]:
        if self.rng.random() < 0.4:
            joint = "" if self.unspaced else " "
            first, category = self._prose(self.material.ads)
            body = joint.join(
                [first, *(self._prose(self.material.ads, category)[0] for _ in range(self.rng.randint(1, 3)))]
            )
        else:
            body, category = self._prose(self.material.paragraphs)
        return [self._line(host, body, category)]

    def _prose(self, templates: list[tuple[str, str]], category: str | None = None) -> tuple[str, str]:
        fitting = [pair for pair in templates if pair[1] == category] if category else templates
        if category is None and self.rng.random() < 0.4:
            wanted = self.rng.choice(sorted({c for _, c in templates}))
            fitting = [pair for pair in templates if pair[1] == wanted]
        template, category = self.rng.choice(fitting or templates)
        brand, domain = self.material.brand(self.rng), self.material.domain(self.rng)
        brand = self.rng.choice((brand, brand.upper(), brand.capitalize()))
        return self.material.fill(template.replace("{brand}", brand).replace("{domain}", domain), self.rng), category

    def _glued(self, host: str) -> list[_Insertion]:
        text, category = self.phrase()
        return [self._glue(host, text, category) or self._at_gap(host, text, category)]

    def _glue(self, host: str, body: str, category: str) -> _Insertion | None:
        """Glued to the word in front, to the word behind, or to both."""
        roll = self.rng.random()
        if roll < 0.65:
            place = self._at_pattern(host, re.compile(r"(?<=\w)(?=[ ,.])"))
            return None if place is None else _Insertion(place, "", body, "", category)
        place = self._at_pattern(host, re.compile(r"(?<=\w )(?=\w)"))
        return None if place is None else _Insertion(place, "", body, "", category)

    def _commad(self, host: str) -> list[_Insertion]:
        text, category = self.phrase()
        roll = self.rng.random()
        place = self._at_pattern(host, _COMMA)
        if place is None or roll < 0.35:
            sign = self._at_pattern(host, _BEFORE_SIGN)
            if sign is None:
                return [self._at_gap(host, text, category)]
            return [_Insertion(sign, self.rng.choice((" ", " ", ", ", " - ")), text, "", category)]
        return [_Insertion(place, "", text, " " if roll < 0.7 else ", ", category)]

    def _heading(self, host: str) -> list[_Insertion]:
        rng = self.rng
        text, category = self.phrase()
        line_end = host.find("\n")
        first = host[: line_end if line_end > 0 else len(host)]
        if first.isupper():
            text = text.upper()
        if line_end < 0 or rng.random() < 0.35:
            return [_Insertion(0, "", text, rng.choice((" ", " - ", ": ")), category)]
        return [_Insertion(line_end, rng.choice((" ", " - ", " | ")), text, "", category)]

    def _own_line(self, host: str) -> list[_Insertion]:
        text, category = self.phrase()
        return [self._line(host, self.rng.choice(("", "", "- ", "• ", "* ")) + text, category)]

    def _foreign_phrase(self, host: str) -> list[_Insertion]:
        if not self.foreign:
            return self._mid_sentence(host)
        text, category = self.rng.choice(self.foreign).keyword(self.rng)
        where = self.rng.random()
        if where < 0.6:
            return [self._at_gap(host, text, category)]
        return [self._between_sentences(host, text, category) if where < 0.8 else self._line(host, text, category)]

    def _borrowed(self, host: str) -> list[_Insertion]:
        rng = self.rng
        text, category = self.phrase()
        if not self.material.borrowed:
            return [self._at_gap(host, text, category)]
        parts = [text, *rng.sample(self.material.borrowed, min(2, len(self.material.borrowed)))]
        rng.shuffle(parts)
        return [self._at_gap(host, rng.choice((" ", "", ", ", " - ")).join(parts), category)]


def _some_words(text: str, rng: random.Random, most: int) -> str:
    """A few words of the text that stand together."""
    words = text.split()
    first = rng.randrange(max(1, len(words) - most))
    return " ".join(words[first : first + rng.randint(2, most)]).strip(_SIGNS + "#-–")


def _campaign_tags(text: str, rng: random.Random) -> str:
    """Hashtags as honest campaigns set them."""
    tags = []
    for _ in range(rng.randint(1, 5)):
        words = re.sub(r"[^\w ]", "", _some_words(text, rng, 4))
        words = strip_marks(words, rng) if rng.random() < 0.5 else words
        tags.append("#" + rng.choice(("", "_")).join(rng.choice((words.title(), words)).split()))
    return " ".join(tag for tag in tags if len(tag) > 2)


def _table_line(rng: random.Random) -> str:
    """A line of a table: results, prices, measures."""
    cells = [
        str(
            rng.choice(
                (
                    rng.randint(0, 99),
                    rng.randint(100, 99999),
                    f"{rng.randint(0, 9)}-{rng.randint(0, 9)}",
                    f"{rng.randint(1, 99)},{rng.randint(0, 9)}",
                )
            )
        )
        for _ in range(rng.randint(3, 24))
    ]
    return rng.choice((" ", "\t", " | ", ", ", " - ")).join(cells)


def _swallowing(host: str, insertion: _Insertion, words: int) -> _Insertion:
    """The same insertion, written over the next words of the host."""
    match = re.compile(rf"(?:[^\W\d_]+ ){{1,{words}}}(?=\w)").match(host, insertion.position)
    if match is None or insertion.before:
        return insertion
    return _Insertion(
        insertion.position, "", insertion.body, insertion.after, insertion.category, match.end() - match.start()
    )


Maker = Callable[[Injector, str], list[_Insertion]]

STYLES: tuple[tuple[str, float, Maker], ...] = (
    ("mid-sentence", 16, Injector._mid_sentence),
    ("mid-break", 9, Injector._mid_break),
    ("brand", 10, Injector._brand),
    ("squashed-title", 4, Injector._squashed_title),
    ("chain", 8, Injector._chain),
    ("list", 6, Injector._list),
    ("hashtags", 4, Injector._hashtags),
    ("credit", 2, Injector._credit),
    ("tail", 6, Injector._tail),
    ("domain", 5, Injector._domain),
    ("ad-sentence", 12, Injector._ad_sentence),
    ("ad-paragraph", 6, Injector._ad_paragraph),
    ("glued", 6, Injector._glued),
    ("commad", 6, Injector._commad),
    ("heading", 4, Injector._heading),
    ("line", 5, Injector._own_line),
    ("foreign", 4, Injector._foreign_phrase),
    ("borrowed", 3, Injector._borrowed),
    ("several", 4, Injector._mid_sentence),
)
