"""What there is to train on: a folder of collected data, single files, or the project's own fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cleaner.document import read
from cleaner.training.corpus import Article, CorpusError, read_articles, read_jsonl
from cleaner.training.material import read_phrases, template_languages
from cleaner.training.train import Corpus, Recipe
from cleaner.types import CATEGORIES

PHRASES = "spam_phrases.jsonl"
FIXTURES = Path(__file__).parents[2] / "fixtures"
ORDINARY = "ordinary"
SMALL = Recipe(
    workers=1,
    bits=16,
    word_bits=16,
    pair_bits=18,
    width=32,
    batch=16,
    topic_bits=14,
    tagger_samples=16_000,
    more_samples=14_000,
    page_samples=1_000,
    segment_samples=1_500,
    calibration_samples=500,
    rounds=60,
    hope=0.0,
)
"""Enough for the few articles of the fixtures: a model for tests, in a minute or two."""


def read_data_folder(path: Path) -> Corpus:
    """The corpus of a folder: ``clean_<lang>.jsonl.gz``, ``hard_<lang>.jsonl.gz`` and ``spam_phrases.jsonl``.

    Raises:
        CorpusError: the folder holds no such file, or one of them cannot be used.
    """
    names = [path / f"{kind}_{lang}.jsonl.gz" for lang in template_languages() for kind in ("clean", "hard")]
    found = [name for name in names if name.exists()]
    if not found:
        raise CorpusError(f"{path}: no data here (clean_<lang>.jsonl.gz is missing)")
    return read_files(found, [path / PHRASES])


def read_files(articles: Iterable[Path], phrases: Iterable[Path]) -> Corpus:
    """The corpus of single files of articles and of spam phrases.

    Raises:
        CorpusError: a file cannot be used; the message names it.
    """
    return Corpus(
        [article for path in articles for article in _usable(path)],
        [phrase for path in phrases for phrase in _usable_phrases(path)],
    )


def read_fixtures(path: Path = FIXTURES) -> Corpus:
    """The corpus of the project's own articles: the honest ones, and the infected ones as they were before.

    Raises:
        CorpusError: the folder is not there (an installed package has none), or a file cannot be used.
    """
    files = sorted((path / "articles").glob("*.jsonl"))
    if not files:
        raise CorpusError(f"{path}: no fixtures here: train from a source tree, or name --data or --corpus")
    return Corpus([_article(file, record) for file in files for _, record in read_jsonl(file)])


def _article(path: Path, record: dict[str, Any]) -> Article:
    """What readers see of a fixture, spam taken out."""
    try:
        honest = record["clean"] if "spam" in record else record["text"]
        topic = record.get("topic", ORDINARY)
        return Article(
            id=record["id"],
            lang=record["lang"],
            source="fixtures",
            text=read(honest, record["format"]).text,
            topics=() if topic == ORDINARY else (topic,),
        )
    except KeyError as error:
        raise CorpusError(f"{path}: record {record.get('id')!r} has no {error}") from None


def _usable(path: Path) -> Iterator[Article]:
    """The articles of a file, all in languages for which there are templates."""
    languages = template_languages()
    for article in read_articles(path):
        if article.lang not in languages:
            raise CorpusError(f"{path}: article {article.id!r} has an unknown 'lang': {article.lang!r}")
        yield article


def _usable_phrases(path: Path) -> Iterator[dict[str, Any]]:
    for number, record in enumerate(read_phrases(path), 1):
        for key in ("phrase", "lang", "category", "kind"):
            if not isinstance(record.get(key), str):
                raise CorpusError(f"{path}: record {number} has no {key!r}")
        if record["category"] not in CATEGORIES:
            raise CorpusError(f"{path}: record {number} has an unknown 'category': {record['category']!r}")
        yield record
