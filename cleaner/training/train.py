"""Train a model: count, fit the tagger, fit the segment decision on texts it never saw, calibrate.

At the end the tagger goes on to learn from the texts of the segment decision, too (stacked generalisation, Wolpert
1992): the decision has learnt what the tagger's opinion of unknown wording is worth, and needs those texts no more. Its
last lesson holds more of what stands around an article on a page.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.classifier import Classifier, Weights
from cleaner.model.clean_text import CleanText
from cleaner.model.network import DILATIONS
from cleaner.model.passages import whole
from cleaner.model.screen import loudness
from cleaner.model.segments import in_passages
from cleaner.model.store import save
from cleaner.model.trees import Trees
from cleaner.rules import RuleSet, compile_rules
from cleaner.training import examples
from cleaner.training.corpus import Article
from cleaner.training.examples import Hosts, Mix, SegmentRows
from cleaner.training.fit_segments import fit_calibration, fit_categories, fit_trees
from cleaner.training.fit_tagger import ScreenTrainer, TaggerTrainer
from cleaner.training.fit_tagger import Sequence as TaggerSequence
from cleaner.training.knowledge import learn
from cleaner.training.material import load_material
from cleaner.training.splits import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURE = 0.9
"""Mean probability from which the tagger is sure of an injection."""
LOWEST = -3.0
"""Raw score from which segments take part in the calibration."""
TRACE, AGAIN, LAST = 0.03, 0.6, 0.2
"""Shares of the tagger's learning rate: at the end of each lesson, and at the beginning of the second and the last."""
KEPT = 0.3
"""Weight of the tagger before the last lesson in the mean of both."""
LESSON = Mix(infected=0.6, decorated=0.1, traps=0.02)
"""What the tagger learns from; many texts written to mislead make it distrust what spam says most."""
LAST_LESSON = replace(LESSON, pages=0.25)
Report = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes of a training run."""

    bits: int = 16
    width: int = 64
    """Numbers that stand for a token in the tagger."""
    layers: int = len(DILATIONS)
    word_bits: int = 18
    pair_bits: int = 21
    topic_bits: int = 16
    category_bits: int = 13
    tagger_samples: int = 300_000
    more_samples: int = 500_000
    """What the tagger learns from afterwards: the wording and the articles of both sides."""
    page_samples: int = 170_000
    """What it learns from at last."""
    segment_samples: int = 100_000
    calibration_samples: int = 8_000
    rounds: int = 240
    batch: int = 32
    workers: int = 2
    seed: int = 7
    screened_out: float = 0.05
    """Share of the injections that the tagger is sure of which the first look may pass over."""
    hope: float = 4.0
    """Log-odds of the best span of a passage, by the tagger, from which a text is read as a whole."""
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
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return _train(corpus, folder, recipe, report)


def _train(corpus: Corpus, folder: Path, recipe: Recipe, report: Report) -> dict[str, Any]:
    compiled = compile_rules()
    rules = RuleSet.from_compiled(compiled)
    parts = _parts(corpus)
    report("reading", 0)
    clean = learn(
        parts.get("counts") or parts["tagger"],
        [article for article in parts["tagger"] if article.topics],
        recipe.word_bits,
        recipe.pair_bits,
        recipe.topic_bits,
    )
    tagger, screen = TaggerTrainer(recipe.bits, recipe.width, recipe.layers, seed=recipe.seed), ScreenTrainer()
    hosts = hosts_of(corpus, parts["tagger"], "tagger")
    for done, batches in _lessons(hosts, recipe.tagger_samples, recipe.seed, LESSON, rules, clean, recipe):
        errors = [tagger.step(batch, 1 - (1 - TRACE) * done) for batch in batches]
        for batch in batches:
            screen.step(batch)
        report(f"tagger (error {np.mean(errors):.4f})", done)
    nothing = _no_trees()
    weights = Weights(
        tagger=tagger.finished(),
        transitions=tagger.transitions,
        clean=clean,
        worth=nothing,
        bounds=nothing,
        screen=screen.finished(),
        hope=0.0,  # every text with any hope at all is something to learn from
        categories=_fit_categories(corpus, parts["tagger"], rules, clean, recipe),
        slope=1.0,
        intercept=0.0,
    )
    weights = _set_level(corpus, parts["segments"], weights, rules, recipe, report)
    weights = _with_decision(corpus, parts, weights, rules, recipe, report)
    hosts = hosts_of(corpus, [*parts["tagger"], *parts["segments"]], "both")
    _go_on(tagger, hosts, rules, clean, recipe, report)
    weights = replace(weights, tagger=tagger.finished(), transitions=tagger.transitions, hope=recipe.hope)
    about = {
        "trained_on": _summary(parts),
        "recipe": {name: getattr(recipe, name) for name in Recipe.__dataclass_fields__},
    }
    save(folder, weights, compiled, about)
    return about


def _parts(corpus: Corpus) -> dict[str, list[Article]]:
    parts: dict[str, list[Article]] = {}
    for article in corpus.articles:
        parts.setdefault(part_of(article), []).append(article)
    if not parts.get("tagger") or not parts.get("segments"):
        raise ValueError("the corpus holds too few articles to train on")
    return parts


def _with_decision(
    corpus: Corpus, parts: dict[str, list[Article]], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the trees that judge the tagger's candidates, and the calibration of their scores."""
    honest = [*parts.get("counts", ()), *parts["segments"]]
    found = _segment_rows(corpus, parts["segments"], honest, weights, rules, recipe, report)
    report("segments", 1)
    weights = replace(
        weights,
        worth=fit_trees(found.worth, found.worth_labels, found.weights, recipe.rounds, recipe.seed),
        bounds=fit_trees(found.bounds, found.bounds_labels, None, recipe.rounds, recipe.seed),
    )
    return _calibrate(corpus, parts.get("calibration") or parts["segments"], weights, rules, recipe, report)


def _go_on(
    tagger: TaggerTrainer, hosts: dict[str, Hosts], rules: RuleSet, clean: CleanText, recipe: Recipe, report: Report
) -> None:
    """The second lesson of the tagger, and the last, which is averaged with what was before."""
    more = (recipe.more_samples, recipe.seed + 5, LESSON, AGAIN)
    last = (recipe.page_samples, recipe.seed + 12, LAST_LESSON, LAST)
    for samples, seed, mix, rate in (more, last):
        before = tagger.weights()
        for done, batches in _lessons(hosts, samples, seed, mix, rules, clean, recipe):
            errors = [tagger.step(batch, rate - (rate - TRACE) * done) for batch in batches]
            report(f"tagger, more (error {np.mean(errors):.4f})", done)
    tagger.average(before, KEPT)


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


def _lessons(
    hosts: dict[str, Hosts], samples: int, seed: int, mix: Mix, rules: RuleSet, clean: CleanText, recipe: Recipe
) -> Iterator[tuple[float, list[list[TaggerSequence]]]]:
    """Batches of samples made from ``hosts``, each time with the share of all that will then be done."""
    from joblib import delayed

    tasks = _tasks(hosts, recipe, samples, 1600, seed)
    made = _parallel(recipe)(
        delayed(examples.tagger_sequences)(_some(host, seed, 800), mix, size, seed, rules, clean, recipe.bits)
        for host, size, seed in tasks
    )
    for number, batches in enumerate(_shuffled_batches(made, recipe), 1):
        yield min(1.0, 4 * number / len(tasks)), batches


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


def _by_language(articles: Sequence[Article]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for article in articles:
        texts.setdefault(article.lang, []).append(article.text)
    return texts


def _fit_categories(
    corpus: Corpus, articles: Sequence[Article], rules: RuleSet, clean: CleanText, recipe: Recipe
) -> NDArray[np.int8]:
    hosts = hosts_of(corpus, articles, "tagger")
    mix = Mix(infected=1.0, longest=300)
    found = []
    for host, size, seed in _tasks(hosts, recipe, min(20_000, recipe.tagger_samples // 4), 500, recipe.seed + 3):
        found += examples.category_rows(
            examples.draw(_some(host, seed), mix, size, seed), rules, clean, recipe.category_bits
        )
    return fit_categories(found, recipe.category_bits)


def _rows_of_task(hosts: Hosts, mix: Mix, size: int, seed: int, weights: Weights, rules: RuleSet) -> SegmentRows | None:
    samples = examples.draw(hosts, mix, size, seed)
    return examples.segment_rows(Classifier(weights, rules), samples, seed)


def _honest_rows(lang: str, texts: Sequence[str], weights: Weights, rules: RuleSet) -> SegmentRows | None:
    return examples.honest_rows(Classifier(weights, rules), texts, lang)


def _segment_rows(
    corpus: Corpus,
    articles: Sequence[Article],
    honest: Sequence[Article],
    weights: Weights,
    rules: RuleSet,
    recipe: Recipe,
    report: Report,
) -> SegmentRows:
    """Rows of samples made from ``articles``, and of what looks like a candidate in the articles ``honest``."""
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=0.25, decorated=0.25, hard=0.45)
    tasks = _tasks(hosts, recipe, recipe.segment_samples, 200, recipe.seed + 1)
    piles = [
        (lang, texts[at : at + 200]) for lang, texts in _by_language(honest).items() for at in range(0, len(texts), 200)
    ]
    made = _parallel(recipe)(
        chain(
            (delayed(_honest_rows)(lang, texts, weights, rules) for lang, texts in piles),
            (
                delayed(_rows_of_task)(_some(host, seed, 200), mix, size, seed, weights, rules)
                for host, size, seed in tasks
            ),
        )
    )
    parts: list[SegmentRows] = []
    for number, part in enumerate(made, 1):
        if part is not None:
            parts.append(part)
        report("segments", number / (len(piles) + len(tasks)))
    if not parts:
        raise ValueError("the samples hold no candidate segment to learn from")
    return SegmentRows(*(np.concatenate([getattr(p, name) for p in parts]) for name in SegmentRows.__slots__))


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


def _set_level(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the level of the first look, which may pass over a small share of the injections."""
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    tasks = _tasks(hosts, recipe, recipe.calibration_samples, 200, recipe.seed + 4)
    made = _parallel(recipe)(
        delayed(_loudness)(_some(host, seed, 200), size, seed, weights, rules) for host, size, seed in tasks
    )
    found: list[float] = []
    for number, part in enumerate(made, 1):
        found += part
        report("first look", number / len(tasks))
    level = float(np.quantile(found, recipe.screened_out)) if found else -np.inf
    return replace(weights, screen=replace(weights.screen, level=level))


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


def _calibrate(
    corpus: Corpus, articles: Sequence[Article], weights: Weights, rules: RuleSet, recipe: Recipe, report: Report
) -> Weights:
    """The weights with the curve from raw scores to probabilities."""
    from joblib import delayed

    hosts = hosts_of(corpus, articles, "segments")
    mix = Mix(infected=0.3, decorated=0.1, hard=0.4)
    tasks = _tasks(hosts, recipe, recipe.calibration_samples, 200, recipe.seed + 2)
    made = _parallel(recipe)(
        delayed(_trials)(_some(host, seed, 200), mix, size, seed, weights, rules) for host, size, seed in tasks
    )
    pairs: list[tuple[float, bool]] = []
    for number, part in enumerate(made, 1):
        pairs += part
        report("calibrating", number / len(tasks))
    slope, intercept = fit_calibration(
        np.array([raw for raw, _ in pairs]), np.array([right for _, right in pairs], dtype=bool)
    )
    return replace(weights, slope=slope, intercept=intercept)


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
