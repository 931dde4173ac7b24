"""What injections are made of: search phrases, advertising prose, brands, domains; and their honest doubles.

The templates in ``templates/<lang>.toml`` are part of the project. A file of further phrases
(JSON lines with ``phrase``, ``lang``, ``category``, ``brand``, ``kind``) may be added; its brands
are parted so that those of one side never occur on the other.
"""

from __future__ import annotations

import functools
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from cleaner.folding import bare_term
from cleaner.rules import rule_phrases
from cleaner.training.corpus import share

SIDES = {"dev": (0.0, 0.2), "segments": (0.2, 0.45), "tagger": (0.45, 1.0), "both": (0.2, 1.0)}
"""Brands and phrases are parted, as the articles are: what one stage learnt from, the next has not seen."""
UNMEASURED = {"segments": (0.0, 0.3), "tagger": (0.3, 1.0), "both": (0.0, 1.0)}
"""The sides of the templates that no measurement is made of: more of them leaves the development data as they are."""
_BEFORE = {"dev": (), "segments": ("dev",), "tagger": ("dev", "segments"), "both": ("dev",)}
"""The sides that a phrase belongs to rather than to this one, where two sources hold it."""
TAGGERS = ("tagger", "both")
"""The sides from which the tagger learns."""

COMMON = 0.4
"""Share of the tagger's phrases that are typical ones: of the rule set, or seen in the wild."""
RECOMBINED = 0.2
"""Share of the tagger's phrases that are put together from two, so that it learns no list by heart."""

NAMED = 0.3
"""Share of the made-up brands that are names in the language of their readers; no measurement is made of these."""

_NAMES = "unmeasured/names.toml"
_RULE = "\n=====\n"
"""Between two texts of a file of prose."""
_PARTS = (
    "sun go king hit fun lucky win bay sao vip zo may top big hi ae lode rik ok fa debet sky luck gem mega vua nem "
    "kubi lota vin mibet zen tot rong phat loc tai dola wave neo kim moon leo nova ace jun taki onbet vn asia star fox "
    "loto mon ngon kep ruby duc hong royal lion dra yo ku q w bk fb hb ek lk pg jun new one ga tp mu xo b ty fi five s"
).split()
_TAILS = "88 789 66 68 99 bet win club vip 8 777 365 79 86 69 33 11 888 fun play 123 247 6789 52 x no1 live".split()
_TLDS = "com com com net vip win club bet info org asia fun live app in co me top site online pro vn xyz cc tv".split()
_LEET = str.maketrans("aeioAEIOSs", "4310431055")
_HAN = "金银龙凤皇冠星河博彩乐发云海天亿万华大开新永利威尼斯人宝安太阳城鸿运财神合百盈"
_HANGUL = "여왕벌황금제왕슈퍼스타골드킹로얄메가럭키다이아월드마블레전드"


@dataclass(slots=True)
class Material:
    """The spam and honest strings of one language."""

    lang: str
    keywords: list[tuple[str, str]] = field(default_factory=list)
    """(phrase, category)."""
    common: list[tuple[str, str]] = field(default_factory=list)
    """Those of them that are typical of spam."""
    ads: list[tuple[str, str]] = field(default_factory=list)
    paragraphs: list[tuple[str, str]] = field(default_factory=list)
    tails: list[str] = field(default_factory=list)
    credits: list[str] = field(default_factory=list)
    borrowed: list[str] = field(default_factory=list)
    brands: list[str] = field(default_factory=list)
    """Brands seen in the wild; more are made up."""
    domains: list[str] = field(default_factory=list)
    hashtags: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    honest_tails: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    articles: list[str] = field(default_factory=list)
    """Whole honest texts that look dangerous, with slots for what they speak of."""
    prose: list[str] = field(default_factory=list)
    """Whole honest texts of every kind by the hands that wrote the templates, lest the classifier learn those hands."""
    side: str = "tagger"

    def keyword(self, rng: random.Random, category: str | None = None) -> tuple[str, str]:
        """A search phrase and its category; categories are drawn evenly enough that none is rare."""
        if category is None and self.common and rng.random() < COMMON:
            return rng.choice(self.common)
        if category is None and rng.random() < 0.35:
            category = rng.choice(sorted({c for _, c in self.keywords}))
        fitting = [pair for pair in self.keywords if pair[1] == category] if category else self.keywords
        text, category = rng.choice(fitting or self.keywords)
        if self.side in TAGGERS and rng.random() < RECOMBINED:
            text = _recombined(text, rng.choice([other for other, c in self.keywords if c == category]), rng)
        return text, category

    def brand(self, rng: random.Random) -> str:
        """A brand, real or made up."""
        if self.brands and rng.random() < 0.3:
            return rng.choice(self.brands)
        return made_up_brand(rng, self.lang, self.side)

    def domain(self, rng: random.Random) -> str:
        """A domain, real or made up."""
        if self.domains and rng.random() < 0.3:
            return rng.choice(self.domains)
        name = re.sub("[^a-z0-9]", "", bare_term(made_up_brand(rng, "vi", self.side).casefold())) or "win88"
        if rng.random() < 0.25:
            name = rng.choice(("link", "nhacai", "game", "the", "vn", "my", "slot", "xoso", "keo")) + name
        return f"{name}.{rng.choice(_TLDS)}"

    def fill(self, template: str, rng: random.Random) -> str:
        """A template with each of its slots filled anew."""
        makers = {
            "brand": lambda: self._cased(self.brand(rng), rng),
            "domain": lambda: self.domain(rng),
            "keyword": lambda: self.keyword(rng)[0],
            "phone": lambda: _phone(rng),
            "money": lambda: _money(rng, self.lang),
            "year": lambda: str(rng.randint(2019, 2027)),
            "n": lambda: str(rng.randint(2, 99)),
            "pct": lambda: f"{rng.choice((5, 10, 20, 30, 50, 80, 90, 97, 100, 150, 200))}",
        }
        return re.sub(r"\{(\w+)\}", lambda m: makers[m[1]]() if m[1] in makers else m[0], template)

    @staticmethod
    def _cased(brand: str, rng: random.Random) -> str:
        return rng.choice((brand, brand.upper(), brand.capitalize(), brand.capitalize()))


def _recombined(text: str, other: str, rng: random.Random) -> str:
    """The beginning of one phrase and the end of another: wording that no list holds."""
    words, others = text.split(), other.split()
    if len(words) < 2 or len(others) < 2:
        return f"{text} {other}" if rng.random() < 0.3 else text
    return " ".join(words[: rng.randint(1, len(words) - 1)] + others[rng.randint(1, len(others) - 1) :])


def made_up_brand(rng: random.Random, lang: str, side: str) -> str:
    """A brand of the usual shapes, from the parts of one side."""
    if side in UNMEASURED and lang in _templates(_NAMES) and rng.random() < NAMED:
        return _name(rng, lang if rng.random() < 0.75 else "en", side)
    if lang == "zh" and rng.random() < 0.6:
        return "".join(rng.sample(_HAN, 2)) + rng.choice(("", "", "体育", "娱乐", "国际", "棋牌", "88"))
    if lang == "ko" and rng.random() < 0.6:
        return "".join(rng.sample(_HANGUL, 2)) + rng.choice(("토토", "카지노", "벳", ""))
    parts = of_side(_PARTS, side)
    kind = rng.random()
    if kind < 0.55:
        return rng.choice(parts) + rng.choice(_TAILS)
    if kind < 0.65:
        return rng.choice(_TAILS[:4]) + rng.choice(("bet", "win", "club", "vip"))
    if kind < 0.75:
        return rng.choice(parts) + rng.choice(parts) + rng.choice(("", "", "88", "bet", "win"))
    letters = "".join(rng.choice("bcdfghjklmnpqrstvwxz" if i % 2 == 0 else "aeiouy") for i in range(rng.randint(1, 5)))
    return letters + rng.choice(
        ("bet", "win", "88", "66", "789", "vip", "club", "8", "79", "365", str(rng.randint(10, 999)))
    )


def _name(rng: random.Random, lang: str, side: str) -> str:
    """A name that speaks the language of its readers, spelled as such names are."""
    parts: dict[str, list[str]] = _templates(_NAMES)[lang]
    begin, end = rng.choice(_part(parts["begin"], UNMEASURED[side])), rng.choice(parts["end"])
    if rng.random() < 0.2:
        begin = begin.replace(" ", "")
    name = begin + end
    roll = rng.random()
    if roll < 0.2:
        return name.upper()
    if roll < 0.27:
        return name.lower()
    return name.translate(_LEET) if roll < 0.32 else name


def load_material(lang: str, phrases: Sequence[Mapping[str, Any]], side: str) -> Material:
    """The material of one language and one of the :data:`SIDES`."""
    material = Material(lang, side=side)

    def mine(text: str) -> bool:
        first, last = SIDES[side]
        return first <= share(text, "phrase") < last

    _add_templates(material, _templates(f"{lang}.toml"), SIDES[side])
    if side in UNMEASURED:
        _add_templates(material, _templates(f"unmeasured/{lang}.toml"), UNMEASURED[side])
        material.prose += _part(_prose(f"{lang}.txt"), UNMEASURED[side])
    written = len(material.keywords)
    for record in phrases:
        _add_phrase(material, record, mine)
    if side in TAGGERS:
        material.keywords += rule_phrases(lang)
        material.common += material.keywords[written:]
    elif side in UNMEASURED:
        material.common += rule_phrases(lang)
    taken = {text.lower() for other in _BEFORE[side] for text, _ in load_material(lang, phrases, other).keywords}
    for own in (material.keywords, material.common):
        own[:] = [pair for pair in own if pair[0].lower() not in taken]
    return material


def _add_templates(material: Material, data: dict[str, Any], interval: tuple[float, float]) -> None:
    """Add what lies in one interval of each list of a file of templates."""
    for name, into in (("keywords", material.keywords), ("ads", material.ads), ("paragraphs", material.paragraphs)):
        for category, found in data.get(name, {}).items():
            into += [(text, category) for text in _part(found, interval)]
    for name, key, target in (
        ("tails", "all", material.tails),
        ("credits", "all", material.credits),
        ("borrowed", "all", material.borrowed),
        ("honest", "quotes", material.quotes),
        ("honest", "tails", material.honest_tails),
        ("honest", "codes", material.codes),
        ("honest", "contexts", material.contexts),
        ("honest", "articles", material.articles),
    ):
        target += _part(data.get(name, {}).get(key, ()), interval)


def of_side(texts: Sequence[str], side: str) -> list[str]:
    """The texts of one of the :data:`SIDES`; of a short list every side gets at least one."""
    return _part(texts, SIDES[side])


def _part(texts: Sequence[str], interval: tuple[float, float]) -> list[str]:
    ordered = sorted(texts, key=lambda text: share(text, "phrase"))
    first, last = (round(edge * len(ordered)) for edge in interval)
    return ordered[first : max(last, first + 1)] or ordered[-1:]


def _add_phrase(material: Material, record: Mapping[str, Any], mine: Any) -> None:
    if record["lang"] != material.lang:
        return
    text, brand, category = str(record["phrase"]), record.get("brand"), str(record["category"])
    if not mine(f"brand:{brand}" if brand else text):
        return
    kind = record["kind"]
    if kind == "brand":
        material.brands.append(text)
    elif kind == "domain" and "." in text:
        material.domains.append(text)
    elif kind == "hashtag":
        material.hashtags.append(text)
    elif kind in ("keyword", "cta", "obfuscated") and len(text) > 2:
        material.keywords.append((text, category))


@functools.cache
def _templates(name: str) -> dict[str, Any]:
    file = files("cleaner.training") / "templates" / name
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


@functools.cache
def _prose(name: str) -> list[str]:
    file = files("cleaner.training") / "templates" / "prose" / name
    texts = file.read_text("utf-8").split(_RULE) if file.is_file() else []
    return [text.strip() for text in texts if text.strip()]


PAGES = "pages"
"""The folder of the templates for what stands around an article on a page."""


def template_languages() -> list[str]:
    """Languages that have templates, Vietnamese first."""
    found = (files("cleaner.training") / "templates").iterdir()
    names = [f.name[:-5] for f in found if f.name.endswith(".toml")]
    return sorted(names, key=lambda name: (name != "vi", name))


def _phone(rng: random.Random) -> str:
    digits = f"09{rng.randint(0, 99999999):08d}"
    return rng.choice((digits, f"{digits[:4]} {digits[4:7]} {digits[7:]}", f"{digits[:4]}.{digits[4:7]}.{digits[7:]}"))


def _money(rng: random.Random, lang: str) -> str:
    n = rng.choice((18, 50, 58, 88, 99, 100, 150, 188, 200, 333, 500, 888, 999))
    return (
        rng.choice((f"{n}K", f"{n}k", f"{n}.000 đồng", f"{n}000đ", f"{n}%"))
        if lang == "vi"
        else rng.choice((f"${n}", f"{n}", f"{n} USD"))
    )
