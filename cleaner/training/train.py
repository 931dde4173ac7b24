"""Train a model: count, fit the tagger, fit the segment decision on texts it never saw, calibrate."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.classifier import Classifier, Weights, spans_in_tokens
from cleaner.model.features import Counts
from cleaner.model.screen import loudness, screen_features
from cleaner.model.store import save
from cleaner.model.trees import Trees
from cleaner.rules import RuleSet, compile_rules
from cleaner.training import examples
from cleaner.training.corpus import Article
from cleaner.training.counting import count
from cleaner.training.examples import Hosts, Mix, SegmentRows
from cleaner.training.fit_segments import fit_calibration, fit_categories, fit_trees
from cleaner.training.fit_tagger import ScreenTrainer, TaggerTrainer, quantize
from cleaner.training.fit_tagger import Sequence as TaggerSequence
from cleaner.training.inject import Sample
from cleaner.training.material import load_material
from cleaner.training.splits import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWEST = -3.0
"""Raw score from which segments take part in the calibration."""
Report = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes of a training run."""

    bits: int = 18
    word_bits: int = 18
    pair_bits: int = 21
    category_bits: int = 13
    screen_bits: int = 18
    tagger_samples: int = 180_000
    segment_samples: int = 40_000
    calibration_samples: int = 5_000
    rounds: int = 240
    batch: int = 64
    workers: int = 2
    seed: int = 7
    screened_out: float = 0.015
    """Share of the texts with an injection that is found which the first look may pass over."""
    vietnamese: float = 0.62
    """Share of the samples in Vietnamese; the other languages share the rest."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Honest articles by part (see :mod:`cleaner.training.splits`), and spam phrases."""

    articles: Sequence[Article]
    phrases: Sequence[dict[str, Any]] = ()


def train(corpus: Corpus, folder: Path, recipe: Recipe, report: Report = lambda stage, done: None) -> dict[str, Any]:
    """Train on ``corpus`` and write the model to ``folder``; returns what the manifest says of it.

    Deterministic: the same corpus, recipe and versions give the same arrays.

    Raises:
        ValueError: the corpus holds too little to learn from.
    """
    compiled = compile_rules()
    rules = RuleSet.from_compiled(compiled)
    parts: dict[str, list[Article]] = {}
    for article in corpus.articles:
        parts.setdefault(part_of(article), []).append(article)
    if not parts.get("tagger") or not parts.get("segments"):
        raise ValueError("the corpus holds too few articles to train on")
    report("counting", 0)
    counts = count(
        (article.text for article in parts.get("counts") or parts["tagger"]), recipe.word_bits, recipe.pair_bits
    )
    tagger, screen = _fit_tagger(corpus, parts["tagger"], rules, counts, recipe, report)
    quantized, scale = quantize(tagger.weights)
    nothing = _no_trees()
    weights = Weights(
        tagger=quantized,
        scale=scale,
        transitions=tagger.transitions,
        counts=counts,
        worth=nothing,
        bounds=nothing,
        screen=screen.finished(),
        categories=_fit_categories(corpus, parts["tagger"], rules, counts, recipe),
        slope=1.0,
        intercept=0.0,
    )
    found = _segment_rows(corpus, parts["segments"], weights, rules, recipe, report)
    report("segments", 1)
    weights = replace(
        weights,
        worth=fit_trees(found.worth, found.worth_labels, found.weights, recipe.rounds, recipe.seed),
        bounds=fit_trees(found.bounds, found.bounds_labels, None, recipe.rounds, recipe.seed),
    )
    weights = _calibrate(corpus, parts.get("calibration") or parts["segments"], weights, rules, recipe, report)
    about = {
        "trained_on": _summary(parts),
        "recipe": {name: getattr(recipe, name) for name in Recipe.__dataclass_fields__},
    }
    save(folder, weights, compiled, about)
    return about


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


def _tasks(hosts: dict[str, Hosts], recipe: Recipe, total: int, chunk: int, seed: int) -> list[tuple[Hosts, int, int]]:
    """(hosts, samples, seed) of each piece of work, languages mixed."""
    tasks = []
    for lang, part in shares(hosts, recipe.vietnamese).items():
        wanted = int(total * part)
        for number, begin in enumerate(range(0, wanted, chunk)):
            tasks.append((hosts[lang], min(chunk, wanted - begin), seed * 1_000_003 + hash_of(lang) + number))
    random.Random(seed).shuffle(tasks)
    return tasks


def hash_of(name: str) -> int:
    """A small stable number for a name."""
    return int.from_bytes(name.encode(), "big") % 99_991 * 10_007


def _parallel(recipe: Recipe) -> Any:
    from joblib import Parallel

    return Parallel(n_jobs=recipe.workers, return_as="generator", batch_size=1)


def _fit_tagger(
    corpus: Corpus, articles: Sequence[Article], rules: RuleSet, counts: Counts, recipe: Recipe, report: Report
) -> tuple[TaggerTrainer, ScreenTrainer]:
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "tagger")
    mix = Mix(infected=0.5, longest=1400)
    tasks = _tasks(hosts, recipe, recipe.tagger_samples, 400, recipe.seed)
    made = _parallel(recipe)(
        delayed(examples.tagger_sequences)(
            _some(host, seed), mix, size, seed, rules, counts, recipe.bits, recipe.screen_bits
        )
        for host, size, seed in tasks
    )
    trainer, screen = TaggerTrainer(recipe.bits, seed=recipe.seed), ScreenTrainer(recipe.screen_bits)
    for number, batches in enumerate(_shuffled_batches(made, recipe)):
        done = min(1.0, 4 * (number + 1) / len(tasks))
        errors = [trainer.step(batch, 1.0 - 0.9 * done) for batch in batches]
        for batch in batches:
            screen.step(batch)
        report(f"tagger (error {np.mean(errors):.4f})", done)
    return trainer, screen


def _some(hosts: Hosts, seed: int, most: int = 300) -> Hosts:
    """A random part of the hosts, small enough to send to a worker."""
    rng = random.Random(seed)
    clean = rng.sample(hosts.clean, min(most, len(hosts.clean)))
    hard = rng.sample(hosts.hard, min(most, len(hosts.hard)))
    return replace(hosts, clean=tuple(clean), hard=tuple(hard))


def _shuffled_batches(made: Iterator[list[TaggerSequence]], recipe: Recipe) -> Iterator[list[list[TaggerSequence]]]:
    """Batches of texts of like length, from four pieces of work at a time."""
    rng = random.Random(recipe.seed)
    pool: list[TaggerSequence] = []
    for number, sequences in enumerate(made, 1):
        pool += sequences
        if number % 4 == 0:
            yield _batches(pool, recipe.batch, rng)
            pool = []
    if pool:
        yield _batches(pool, recipe.batch, rng)


def _batches(pool: list[TaggerSequence], size: int, rng: random.Random) -> list[list[TaggerSequence]]:
    pool = sorted(pool, key=lambda s: len(s.features))
    batches = [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(batches)
    return batches


def _fit_categories(
    corpus: Corpus, articles: Sequence[Article], rules: RuleSet, counts: Counts, recipe: Recipe
) -> NDArray[np.int8]:
    hosts = hosts_of(corpus, articles, "tagger")
    mix = Mix(infected=1.0, longest=300)
    found = []
    for host, size, seed in _tasks(hosts, recipe, min(20_000, recipe.tagger_samples // 4), 500, recipe.seed + 3):
        found += examples.category_rows(
            examples.draw(_some(host, seed), mix, size, seed), rules, counts, recipe.category_bits
        )
    return fit_categories(found, recipe.category_bits)


def _rows_of_task(hosts: Hosts, mix: Mix, size: int, seed: int, weights: Weights, rules: RuleSet) -> SegmentRows | None:
    samples = examples.draw(hosts, mix, size, seed)
    return examples.segment_rows(Classifier(weights, rules), samples, seed)


def _segment_rows(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> SegmentRows:
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=0.4, decorated=0.15, hard=0.4)
    tasks = _tasks(hosts, recipe, recipe.segment_samples, 200, recipe.seed + 1)
    made = _parallel(recipe)(
        delayed(_rows_of_task)(_some(host, seed, 200), mix, size, seed, weights, rules) for host, size, seed in tasks
    )
    parts: list[SegmentRows] = []
    for number, part in enumerate(made, 1):
        if part is not None:
            parts.append(part)
        report("segments", number / len(tasks))
    if not parts:
        raise ValueError("the samples hold no candidate segment to learn from")
    return SegmentRows(*(np.concatenate([getattr(p, name) for p in parts]) for name in SegmentRows.__slots__))


@dataclass(frozen=True, slots=True)
class _Trial:
    """What the model makes of one calibration text."""

    decisions: list[tuple[float, bool]]
    """Raw score of each chosen span, and whether cutting it is right."""
    loudest: float | None
    """The loudest token at the first look, when the text holds an injection that is found."""


def _trials(hosts: Hosts, mix: Mix, size: int, seed: int, weights: Weights, rules: RuleSet) -> list[_Trial]:
    classifier = Classifier(weights, rules)
    return [_trial(classifier, sample) for sample in examples.draw(hosts, mix, size, seed)]


def _trial(classifier: Classifier, sample: Sample) -> _Trial:
    tagged = classifier.tag(classifier.look(sample.text))
    if tagged is None:
        return _Trial([], None)
    true = sorted(spans_in_tokens(tagged.view, [(s.start, s.end) for s in sample.spans]))
    running = examples.true_characters(tagged, true)
    found = []
    for segment in classifier.segments(tagged, LOWEST):
        found.append((segment.raw, examples.is_worth(running, tagged, (segment.first, segment.last), true)))
    screen = classifier.weights.screen
    loud = loudness(screen_features(tagged.seen, screen.bits), screen)
    is_found = any(right and raw > 0 for raw, right in found)
    return _Trial(found, float(loud.max()) if is_found else None)


def _calibrate(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the curve from raw scores to probabilities, and with the level of the first look."""
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=0.3, decorated=0.1, hard=0.4)
    tasks = _tasks(hosts, recipe, recipe.calibration_samples, 200, recipe.seed + 2)
    made = _parallel(recipe)(
        delayed(_trials)(_some(host, seed, 200), mix, size, seed, weights, rules) for host, size, seed in tasks
    )
    trials: list[_Trial] = []
    for number, part in enumerate(made, 1):
        trials += part
        report("calibrating", number / len(tasks))
    pairs = [pair for trial in trials for pair in trial.decisions]
    levels = [trial.loudest for trial in trials if trial.loudest is not None]
    level = float(np.quantile(levels, recipe.screened_out)) if levels else -np.inf
    slope, intercept = fit_calibration(
        np.array([raw for raw, _ in pairs]), np.array([right for _, right in pairs], dtype=bool)
    )
    return replace(weights, slope=slope, intercept=intercept, screen=replace(weights.screen, level=level))


def _no_trees() -> Trees:
    shape = (1, 1)
    small = np.zeros(shape, dtype=np.int16)
    return Trees(small, np.zeros(shape, np.float32), small, small, np.zeros(shape, np.float32), 0.0, 1)


def _summary(parts: dict[str, list[Article]]) -> dict[str, Any]:
    """Articles and characters of each part, by language."""
    table: dict[str, Any] = {}
    for name, articles in sorted(parts.items()):
        for article in articles:
            cell = table.setdefault(name, {}).setdefault(article.lang, {"articles": 0, "delicate": 0, "characters": 0})
            cell["articles"] += 1
            cell["delicate"] += bool(article.topics)
            cell["characters"] += len(article.text)
    return table
