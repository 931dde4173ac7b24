"""Development data: infected, clean and delicate records from held-out articles, brands and phrases."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from cleaner.training.corpus import Article, Corpus
from cleaner.training.examples import Mix, crop
from cleaner.training.inject import Injector, Sample
from cleaner.training.lessons import hash_of, hosts_of
from cleaner.training.splits import part_of

DEV_PARTS = ("dev", "dev-source")
TRAPS = 4
"""How often each honest text of the templates that looks dangerous is filled."""
TRAP_SOURCE = "cleaner/templates"


def development_records(
    corpus: Corpus, infected: int = 400, honest: int = 600, seed: int = 1, parts: Sequence[str] = DEV_PARTS
) -> Iterator[dict[str, Any]]:
    """For each language: ``infected`` infected records, and at most ``honest`` clean and ``honest`` delicate ones.

    Vietnamese gets five times as many. Articles come from the held-out parts, brands and phrases from
    the held-out side of the material.
    """
    held_out = [article for article in corpus.articles if part_of(article) in parts]
    for lang, hosts in hosts_of(corpus, held_out, "dev").items():
        rng = random.Random(seed + hash_of(lang))
        injector = Injector(hosts.material, hosts.foreign, seed)
        articles = [a for a in held_out if a.lang == lang]
        rng.shuffle(articles)
        clean = [a for a in articles if not a.topics]
        delicate = [a for a in articles if a.topics]
        factor = 5 if lang == "vi" else 1
        for number in range(infected * factor):
            pool = delicate if delicate and rng.random() < 0.08 else clean or delicate
            article = rng.choice(pool)
            sample = injector.infect(crop(article.text, rng, Mix(longest=5000)), honest=0.1)
            yield _infected(sample, f"{lang}-inf-{number:05}", article)
        if "dev" in parts:
            traps = [hosts.material.fill(text, rng) for text in hosts.material.articles for _ in range(TRAPS)]
            delicate = [*_as_articles(traps, lang), *delicate]
        for kind, chosen in (("clean", clean), ("hard", delicate)):
            for number, article in enumerate(chosen[: honest * factor]):
                yield _honest(article, f"{lang}-{kind}-{number:05}")


def _as_articles(traps: Sequence[str], lang: str) -> list[Article]:
    return [Article(f"trap-{n}", lang, TRAP_SOURCE, text, ("trap",)) for n, text in enumerate(traps)]


def _infected(sample: Sample, name: str, article: Article) -> dict[str, Any]:
    return {
        "id": name,
        "lang": article.lang,
        "format": "text",
        "split": part_of(article),
        "source": article.source,
        "style": sample.style,
        "disguise": sample.disguise,
        "obfuscated": sample.disguise not in ("", "upper", "title", "brackets", "emoji"),
        "known_brand": False,
        "text": sample.text,
        "clean": sample.clean,
        "spam": [{"start": s.start, "end": s.end, "category": s.category} for s in sample.spans],
    }


def _honest(article: Article, name: str) -> dict[str, Any]:
    record = {
        "id": name,
        "lang": article.lang,
        "format": "text",
        "split": "dev" if article.source == TRAP_SOURCE else part_of(article),
        "source": article.source,
        "text": article.text,
    }
    return record | ({"topics": list(article.topics)} if article.topics else {})
