"""What there is to train on: a folder of collected data, single files, or the project's own fixtures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from cleaner.document import read
from cleaner.engine import Cleaner
from cleaner.structure import CERTAIN
from cleaner.training.corpus import Article, BadRecord, Corpus, CorpusError, read_articles, read_jsonl
from cleaner.training.material import template_languages
from cleaner.training.recipe import Recipe
from cleaner.types import CATEGORIES, Result

PHRASES = "spam_phrases.jsonl"
FIXTURES = Path(__file__).parents[2] / "fixtures"
ORDINARY = "ordinary"
SMALL = Recipe(
    workers=1,
    bits=16,
    word_bits=16,
    pair_bits=18,
    width=32,
    layers=5,
    batch=16,
    topic_bits=14,
    screen_samples=16_000,
    tagger_samples=16_000,
    more_samples=14_000,
    page_samples=1_000,
    segment_samples=3_000,
    choice_samples=1_500,
    calibration_samples=500,
    rounds=60,
    hope=0.0,
)
"""Enough for the few articles of the fixtures: a model for tests, in a minute or two."""


def read_data_folder(path: Path) -> Corpus:
    """The corpus of a folder: ``clean_<lang>.jsonl.gz``, ``hard_<lang>.jsonl.gz`` and ``spam_phrases.jsonl``.

    Raises:
        CorpusError: the folder holds no such file, or one of them cannot be read.
    """
    names = [path / f"{kind}_{lang}.jsonl.gz" for lang in template_languages() for kind in ("clean", "hard")]
    found = [name for name in names if name.exists()]
    if not found:
        raise CorpusError(f"{path}: no data here (clean_<lang>.jsonl.gz is missing)")
    return read_files(found, [path / PHRASES])


def read_files(articles: Iterable[Path], phrases: Iterable[Path]) -> Corpus:
    """The corpus of single files of articles and of spam phrases; what cannot be used is in ``bad``.

    Raises:
        CorpusError: a file cannot be read.
    """
    good: list[Article] = []
    spam: list[Mapping[str, Any]] = []
    bad: list[BadRecord] = []
    seen: dict[str, str] = {}
    for read_article in chain.from_iterable(map(read_articles, articles)):
        article = read_article if isinstance(read_article, BadRecord) else _usable(read_article, seen)
        if isinstance(article, BadRecord):
            bad.append(article)
        else:
            good.append(article)
    for place, record in chain.from_iterable(map(read_jsonl, phrases)):
        phrase = record if isinstance(record, BadRecord) else _usable_phrase(record, place)
        if isinstance(phrase, BadRecord):
            bad.append(phrase)
        else:
            spam.append(phrase)
    return Corpus(good, spam, bad)


def without_infected(corpus: Corpus, advance: Callable[[], object] = lambda: None) -> Corpus:
    """The corpus without the articles in which the model that is built in is certain of an injection.

    Args:
        corpus: articles of which it is not known that they are honest.
        advance: called after each article.
    """
    good: list[Article] = []
    bad = list(corpus.bad)
    results = Cleaner().clean_many((article.text for article in corpus.articles), "text")
    for article, result in zip(corpus.articles, results, strict=True):
        if quote := _certain(result):
            bad.append(BadRecord(article.place, f"looks infected: “{quote}”"))
        else:
            good.append(article)
        advance()
    return replace(corpus, articles=good, bad=bad)


def read_fixtures(path: Path = FIXTURES) -> Corpus:
    """The corpus of the project's own articles: the honest ones, and the infected ones as they were before.

    Raises:
        CorpusError: the folder is not there (an installed package has none), or a record cannot be used.
    """
    files = sorted((path / "articles").glob("*.jsonl"))
    if not files:
        raise CorpusError(f"{path}: no fixtures here: train from a source tree, or name --data or --corpus")
    return Corpus([_fixture(*record) for file in files for record in read_jsonl(file)])


def _fixture(place: str, record: Mapping[str, Any] | BadRecord) -> Article:
    """What readers see of a fixture, spam taken out."""
    if isinstance(record, BadRecord):
        raise CorpusError(str(record))
    try:
        honest = record["clean"] if "spam" in record else record["text"]
        topic = record.get("topic", ORDINARY)
        return Article(
            id=record["id"],
            lang=record["lang"],
            source="fixtures",
            text=read(honest, record["format"]).text,
            topics=() if topic == ORDINARY else (topic,),
            place=place,
        )
    except KeyError as error:
        raise CorpusError(f"{place}: no {error}") from None


def _usable(article: Article, seen: dict[str, str]) -> Article | BadRecord:
    """The article, or why it cannot be used; ``seen`` holds the texts before it, and where they were."""
    if article.lang not in _languages():
        return BadRecord(article.place, f"unknown 'lang' {article.lang!r}")
    first = seen.setdefault(" ".join(article.text.split()).casefold(), article.place)
    return article if first == article.place else BadRecord(article.place, f"the same text as {first}")


def _usable_phrase(phrase: Mapping[str, Any], place: str) -> Mapping[str, Any] | BadRecord:
    missing = [key for key in ("phrase", "lang", "category", "kind") if not isinstance(phrase.get(key), str)]
    if missing:
        return BadRecord(place, f"no {missing[0]!r}")
    if phrase["category"] not in CATEGORIES:
        return BadRecord(place, f"unknown 'category' {phrase['category']!r}")
    return phrase


def _certain(result: Result) -> str:
    return next((found.quote for found in result.findings if found.action == "strip" and found.score >= CERTAIN), "")


@functools.cache
def _languages() -> frozenset[str]:
    return frozenset(template_languages())
