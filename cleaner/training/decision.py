"""Fit what judges the tagger's candidates, on texts that it never saw: level, categories, trees, calibration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.classifier import Classifier, Weights
from cleaner.model.clean_text import CleanText
from cleaner.model.passages import whole
from cleaner.model.screen import loudness
from cleaner.model.segments import in_passages
from cleaner.rules import RuleSet
from cleaner.training import examples
from cleaner.training.corpus import Article, Corpus
from cleaner.training.examples import Choices, Hosts, Mix, SegmentRows
from cleaner.training.fit_segments import fit_calibration, fit_categories, fit_choice, fit_trees
from cleaner.training.lessons import hosts_of, parallel, pieces_of, sampled
from cleaner.training.recipe import Recipe, Report

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURE = 0.9
"""Mean probability from which the tagger is sure of an injection."""
LOWEST = -3.0
"""Raw score from which segments take part in the choice of boundaries and in the calibration."""


def categories_of(
    corpus: Corpus, articles: Sequence[Article], rules: RuleSet, clean: CleanText, recipe: Recipe
) -> NDArray[np.int8]:
    """Votes of words for categories, learnt from what is injected into ``articles``."""
    hosts = hosts_of(corpus, articles, "tagger")
    mix = Mix(infected=1.0, longest=300)
    found = []
    for host, size, seed in pieces_of(hosts, recipe, min(20_000, recipe.tagger_samples // 4), 500, recipe.seed + 3):
        found += examples.category_rows(
            examples.draw(sampled(host, seed), mix, size, seed), rules, clean, recipe.category_bits
        )
    return fit_categories(found, recipe.category_bits)


def with_level(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the level of the first look, which may pass over a small share of the injections."""
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    tasks = pieces_of(hosts, recipe, recipe.calibration_samples, 200, recipe.seed + 4)
    made = parallel(recipe)(
        delayed(_loudness)(sampled(host, seed, 200), size, seed, weights, rules) for host, size, seed in tasks
    )
    found: list[float] = []
    for number, part in enumerate(made, 1):
        found += part
        report("first look", number / len(tasks))
    level = float(np.quantile(found, recipe.screened_out)) if found else -np.inf
    return replace(weights, screen=replace(weights.screen, level=level))


def _loudness(hosts: Hosts, size: int, seed: int, weights: Weights, rules: RuleSet) -> list[float]:
    """Of each injection that the tagger is sure of: how loud its loudest token is at the first look."""
    classifier = Classifier(weights, rules)
    samples = examples.draw(hosts, Mix(infected=1.0, longest=1400), size, seed)
    found = []
    for some in examples.in_batches(samples):
        batch = classifier.look([sample.text for sample in some])
        loud = loudness(batch, weights.screen)
        tagged = classifier.read(whole(batch))
        true = [span for own in examples.true_spans(batch, some) for span in own]
        for (first, end), (begin, stop) in zip(in_passages(tagged.passages, true).tolist(), true, strict=True):
            if tagged.spam[first:end].mean() > SURE:
                found.append(float(loud[begin:stop].max()))
    return found


def with_decision(
    corpus: Corpus, parts: dict[str, list[Article]], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the trees that judge the tagger's candidates, and the calibration of their scores."""
    honest = [*parts.get("counts", ()), *parts["segments"]]
    found = segment_rows(corpus, parts["segments"], honest, weights, rules, recipe, report)
    worth = fit_trees(found.table, found.labels, found.weights, recipe.rounds, recipe.seed)
    weights = replace(weights, worth=worth)
    between = choices(corpus, parts["segments"], weights, rules, recipe, report)
    bounds = fit_choice(between.table, between.labels, between.options, recipe.rounds, recipe.seed)
    weights = replace(weights, bounds=bounds)
    return _calibrate(corpus, parts.get("calibration") or parts["segments"], weights, rules, recipe, report)


def segment_rows(
    corpus: Corpus,
    articles: Sequence[Article],
    honest: Sequence[Article],
    weights: Weights,
    rules: RuleSet,
    recipe: Recipe,
    report: Report,
) -> SegmentRows:
    """Rows of samples made from ``articles``, and of what looks like a candidate in the articles ``honest``.

    Raises:
        ValueError: there is no candidate to learn from.
    """
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=0.25, decorated=0.25, hard=0.45, prose=0.3)
    tasks = pieces_of(hosts, recipe, recipe.segment_samples, 200, recipe.seed + 1)
    piles = [
        (lang, texts[at : at + 200]) for lang, texts in _by_language(honest).items() for at in range(0, len(texts), 200)
    ]
    made = chain(
        (delayed(_honest_rows)(lang, texts, weights, rules) for lang, texts in piles),
        (
            delayed(_rows_of_task)(sampled(host, seed, 200), mix, size, seed, weights, rules)
            for host, size, seed in tasks
        ),
    )
    found: SegmentRows = _gathered(made, len(piles) + len(tasks), "segments", recipe, report)
    return found


def choices(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Choices:
    """The boundaries between which there is a choice where samples made from ``articles`` hold an injection.

    Raises:
        ValueError: no injection is found with its right boundaries among the options.
    """
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=1.0, prose=0.4)
    tasks = pieces_of(hosts, recipe, recipe.choice_samples, 200, recipe.seed + 6)
    made = (
        delayed(_choices_of_task)(sampled(host, seed, 200), mix, size, seed, weights, rules)
        for host, size, seed in tasks
    )
    found: Choices = _gathered(made, len(tasks), "boundaries", recipe, report)
    return found


def _gathered(made: Iterable[Any], count: int, stage: str, recipe: Recipe, report: Report) -> Any:
    """The rows of so many tasks, worked off by several processes."""
    parts = []
    for number, part in enumerate(parallel(recipe)(made), 1):
        parts += [part] if part is not None else []
        report(stage, number / count)
    if not parts:
        raise ValueError("the samples hold no candidate segment to learn from")
    return examples.joined(parts)


def _by_language(articles: Sequence[Article]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for article in articles:
        texts.setdefault(article.lang, []).append(article.text)
    return texts


def _rows_of_task(hosts: Hosts, mix: Mix, size: int, seed: int, weights: Weights, rules: RuleSet) -> SegmentRows | None:
    samples = examples.draw(hosts, mix, size, seed)
    return examples.segment_rows(Classifier(weights, rules), samples, seed)


def _choices_of_task(hosts: Hosts, mix: Mix, size: int, seed: int, weights: Weights, rules: RuleSet) -> Choices | None:
    samples = examples.draw(hosts, mix, size, seed)
    return examples.choices(Classifier(weights, rules), samples, LOWEST, seed)


def _honest_rows(lang: str, texts: Sequence[str], weights: Weights, rules: RuleSet) -> SegmentRows | None:
    return examples.honest_rows(Classifier(weights, rules), texts, lang)


def _calibrate(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the curve from raw scores to probabilities."""
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=0.3, decorated=0.1, hard=0.4)
    tasks = pieces_of(hosts, recipe, recipe.calibration_samples, 200, recipe.seed + 2)
    made = parallel(recipe)(
        delayed(_trials)(sampled(host, seed, 200), mix, size, seed, weights, rules) for host, size, seed in tasks
    )
    pairs: list[tuple[float, bool]] = []
    for number, part in enumerate(made, 1):
        pairs += part
        report("calibrating", number / len(tasks))
    slope, intercept = fit_calibration(
        np.array([raw for raw, _ in pairs]), np.array([right for _, right in pairs], dtype=bool)
    )
    return replace(weights, slope=slope, intercept=intercept)


def _trials(hosts: Hosts, mix: Mix, size: int, seed: int, weights: Weights, rules: RuleSet) -> list[tuple[float, bool]]:
    """Raw score of each segment that would be chosen, and whether cutting it is right."""
    classifier = Classifier(weights, rules)
    found = []
    for some in examples.in_batches(examples.draw(hosts, mix, size, seed)):
        batch = classifier.look([sample.text for sample in some])
        tagged = classifier.tag(batch)
        chosen = classifier.segments(tagged, LOWEST)
        true = in_passages(tagged.passages, [span for own in examples.true_spans(batch, some) for span in own])
        spans = np.array([(s.first, s.last) for s in chosen], dtype=np.int64).reshape(-1, 2)
        right = examples.are_worth(tagged, spans, true)
        found += [(segment.raw, bool(good)) for segment, good in zip(chosen, right, strict=True)]
    return found
