"""Honest articles and spam material → samples, made by several processes while the tagger learns from the last ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from cleaner.model.clean_text import CleanText
from cleaner.rules import RuleSet
from cleaner.training import examples
from cleaner.training.corpus import Article, Corpus
from cleaner.training.examples import Hosts, Mix
from cleaner.training.fit_tagger import Sequence as TaggerSequence
from cleaner.training.material import load_material
from cleaner.training.recipe import Recipe

PIECE, AT_ONCE = 1600, 4
"""Samples that a process makes in one go, and pieces of which the texts are mixed."""
HOSTS = 800
"""Articles that a piece is made from."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the tagger, or the first look, learns from between two looks at how it does."""

    samples: int
    seed: int
    mix: Mix
    first: float
    last: float
    """Shares of the learning rate at its beginning and its end."""

    def rate(self, done: float) -> float:
        """The share of the learning rate when so much of it is done."""
        return self.first - (self.first - self.last) * done


def hosts_of(corpus: Corpus, articles: Sequence[Article], side: str) -> dict[str, Hosts]:
    """The articles by language, each with the spam material of one side."""
    languages = sorted({article.lang for article in articles})
    material = {lang: load_material(lang, corpus.phrases, side) for lang in languages}
    return {
        lang: Hosts(
            material[lang],
            tuple(
                material[other] for other in ("en", "zh", "id", "ru", "th", "vi") if other in material and other != lang
            ),
            tuple(a.text for a in articles if a.lang == lang and not a.topics),
            tuple(a.text for a in articles if a.lang == lang and a.topics),
        )
        for lang in languages
    }


def shares(hosts: dict[str, Hosts], vietnamese: float) -> dict[str, float]:
    """How the samples are shared among the languages."""
    others = [lang for lang in hosts if lang != "vi"]
    if not others or "vi" not in hosts:
        return {lang: 1 / len(hosts) for lang in hosts}
    return {"vi": vietnamese} | {lang: (1 - vietnamese) / len(others) for lang in others}


def pieces_of(
    hosts: dict[str, Hosts], recipe: Recipe, total: int, piece: int, seed: int
) -> list[tuple[Hosts, int, int]]:
    """(hosts, samples, seed) of each piece of work, languages mixed."""
    tasks = []
    for lang, part in shares(hosts, recipe.vietnamese).items():
        wanted = int(total * part)
        for number, begin in enumerate(range(0, wanted, piece)):
            tasks.append((hosts[lang], min(piece, wanted - begin), seed * 1_000_003 + hash_of(lang) + number))
    random.Random(seed).shuffle(tasks)
    return tasks


def hash_of(name: str) -> int:
    """A small stable number for a name."""
    return int.from_bytes(name.encode(), "big") % 99_991 * 10_007


def parallel(recipe: Recipe) -> Any:
    """Joblib's processes, whose results come in the order of the tasks."""
    from joblib import Parallel

    return Parallel(n_jobs=recipe.workers, return_as="generator", batch_size=1)


def taught(
    lesson: Lesson, hosts: dict[str, Hosts], rules: RuleSet, clean: CleanText, recipe: Recipe, done: int = 0
) -> Iterator[tuple[float, int, list[list[TaggerSequence]]]]:
    """Batches of samples, each time with the share and the number of the rounds that will then be done.

    Args:
        lesson: what they are made from.
        hosts: the articles and the material, by language.
        rules: the rule set.
        clean: what is known of clean text.
        recipe: the sizes of the run.
        done: rounds that an earlier run has done.
    """
    from joblib import delayed

    pieces = pieces_of(hosts, recipe, lesson.samples, PIECE, lesson.seed)
    rounds = -(-len(pieces) // AT_ONCE)
    made = parallel(recipe)(
        delayed(examples.tagger_sequences)(
            sampled(host, seed, HOSTS), lesson.mix, size, seed, rules, clean, recipe.bits
        )
        for host, size, seed in pieces[done * AT_ONCE :]
    )
    for number in range(done, rounds):
        pool = [sequence for sequences in islice(made, AT_ONCE) for sequence in sequences]
        order = random.Random(f"{recipe.seed} {lesson.seed} {number}")
        yield (number + 1) / rounds, number + 1, _batches(pool, recipe.batch, order)


def sampled(hosts: Hosts, seed: int, most: int = 300) -> Hosts:
    """A random part of the hosts, small enough to send to a worker."""
    rng = random.Random(seed)
    clean = rng.sample(hosts.clean, min(most, len(hosts.clean)))
    hard = rng.sample(hosts.hard, min(most, len(hosts.hard)))
    return replace(hosts, clean=tuple(clean), hard=tuple(hard))


def _batches(pool: list[TaggerSequence], size: int, rng: random.Random) -> list[list[TaggerSequence]]:
    pool = sorted(pool, key=lambda s: len(s.features))
    batches = [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(batches)
    return batches
