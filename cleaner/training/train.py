"""Train a model: count, fit the tagger, fit the segment decision on texts it never saw, calibrate.

At the end the tagger goes on to learn from the texts of the segment decision, too (stacked generalisation, Wolpert
1992): the decision has learnt what the tagger's opinion of unknown wording is worth, and needs those texts no more. Its
last lesson holds more of what stands around an article on a page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.classifier import Weights
from cleaner.model.clean_text import CleanText
from cleaner.model.store import save
from cleaner.model.trees import Trees
from cleaner.rules import RuleSet, compile_rules
from cleaner.training.checkpoint import Checkpoint, Position
from cleaner.training.corpus import Article, Corpus
from cleaner.training.decision import categories_of, with_decision, with_level
from cleaner.training.fit_tagger import ScreenTrainer, TaggerTrainer
from cleaner.training.knowledge import learn
from cleaner.training.lessons import Lesson, hosts_of, taught
from cleaner.training.recipe import AGAIN, FIRST_LOOK, KEPT, LAST, LAST_LESSON, LESSON, TRACE, Recipe, Report
from cleaner.training.splits import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEPT_EVERY = 10
"""Rounds of a lesson between two states that are kept."""


def train(
    corpus: Corpus,
    folder: Path,
    recipe: Recipe,
    report: Report = lambda stage, done: None,
    unfinished: Path | None = None,
) -> dict[str, Any]:
    """Train on ``corpus`` and write the model to ``folder``; returns what the manifest says of it.

    Deterministic: the same corpus, recipe and versions give the same arrays, also when the run was stopped and went on
    from what it had kept in the folder ``unfinished``.

    Raises:
        ValueError: the corpus holds too little to learn from.
        CorpusError: what was kept is of another run.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return _Run(corpus, recipe, report, unfinished).train(folder)


class _Run:
    """One training, from its corpus to the folder of the model."""

    def __init__(self, corpus: Corpus, recipe: Recipe, report: Report, unfinished: Path | None) -> None:
        self._corpus, self._recipe, self._report = corpus, recipe, report
        self._parts = _parts(corpus)
        self._compiled = compile_rules()
        self._rules = RuleSet.from_compiled(self._compiled)
        self._checkpoint = Checkpoint(unfinished, _task(corpus, recipe, self._compiled))
        self._tagger = TaggerTrainer(recipe.bits, recipe.width, recipe.layers, seed=recipe.seed)
        self._screen = ScreenTrainer(seed=recipe.seed)
        self._before = self._tagger.weights()
        """The tagger at the beginning of the lesson."""

    def train(self, folder: Path) -> dict[str, Any]:
        """Train, and write the model to ``folder``."""
        recipe, parts = self._recipe, self._parts
        position = self._restored()
        self._report("reading", 0)
        clean = learn(
            parts.get("counts") or parts["tagger"],
            [article for article in parts["tagger"] if article.topics],
            recipe.word_bits,
            recipe.pair_bits,
            recipe.topic_bits,
        )
        lessons = (
            Lesson(recipe.screen_samples, recipe.seed + 19, FIRST_LOOK, 1.0, 1.0),
            Lesson(recipe.tagger_samples, recipe.seed, LESSON, 1.0, TRACE),
            Lesson(recipe.more_samples, recipe.seed + 5, LESSON, AGAIN, TRACE),
            Lesson(recipe.page_samples, recipe.seed + 12, LAST_LESSON, LAST, TRACE),
        )
        for number, lesson in enumerate(lessons[:2]):
            self._teach(number, lesson, parts["tagger"], "tagger", clean, position)
        weights = self._checkpoint.restore_weights()
        if weights is None:
            weights = self._decided(clean)
            self._checkpoint.save_weights(weights, self._compiled)
        for number, lesson in enumerate(lessons[2:], 2):
            self._teach(number, lesson, [*parts["tagger"], *parts["segments"]], "both", clean, position)
        self._tagger.average(self._before, KEPT)
        weights = replace(
            weights, tagger=self._tagger.finished(), transitions=self._tagger.transitions, hope=recipe.hope
        )
        about = {
            "trained_on": _summary(parts),
            "recipe": {name: getattr(recipe, name) for name in Recipe.__dataclass_fields__},
        }
        save(folder, weights, self._compiled, about)
        return about

    def _teach(
        self,
        number: int,
        lesson: Lesson,
        articles: Sequence[Article],
        side: str,
        clean: CleanText,
        position: Position,
    ) -> None:
        """One lesson, the first one of the first look, the others of the tagger; what is done of it is passed over."""
        if number < position.lesson:
            return
        if not position.rounds or number > position.lesson:
            self._before = self._tagger.weights()
        done = position.rounds if number == position.lesson else 0
        hosts = hosts_of(self._corpus, articles, side)
        learner, name = (
            (self._tagger, f"tagger, lesson {number}") if number else (self._screen, "lesson of the first look")
        )
        for share, rounds, batches in taught(lesson, hosts, self._rules, clean, self._recipe, done):
            errors = [learner.step(batch, lesson.rate(share)) for batch in batches]
            self._report(f"{name} (error {np.mean(errors):.4f})", share)
            if rounds % KEPT_EVERY == 0:
                self._keep(Position(number, rounds))
        self._keep(Position(number + 1))

    def _decided(self, clean: CleanText) -> Weights:
        """All that is fitted but for the tagger, which has had its first lesson."""
        corpus, parts, rules, recipe, report = self._corpus, self._parts, self._rules, self._recipe, self._report
        nothing = no_trees()
        weights = Weights(
            tagger=self._tagger.finished(),
            transitions=self._tagger.transitions,
            clean=clean,
            worth=nothing,
            bounds=nothing,
            screen=self._screen.finished(),
            hope=0.0,  # every text with any hope at all is something to learn from
            categories=categories_of(corpus, parts["tagger"], rules, clean, recipe),
            slope=1.0,
            intercept=0.0,
        )
        weights = with_level(corpus, parts["segments"], weights, rules, recipe, report)
        return with_decision(corpus, parts, weights, rules, recipe, report)

    def _keep(self, position: Position) -> None:
        states = {"tagger": self._tagger.state(), "screen": self._screen.state(), "before": self._before}
        arrays = {f"{owner}.{name}": array for owner, state in states.items() for name, array in state.items()}
        self._checkpoint.save(position, arrays)

    def _restored(self) -> Position:
        """The position of the run that is gone on with, its state restored; the beginning when there is none."""
        kept = self._checkpoint.restore()
        if kept is None:
            return Position()
        position, arrays = kept
        states: dict[str, dict[str, NDArray[Any]]] = {}
        for path, array in arrays.items():
            owner, _, name = path.partition(".")
            states.setdefault(owner, {})[name] = array
        self._tagger.restore(states["tagger"])
        self._screen.restore(states["screen"])
        self._before = states["before"]
        return position


def _parts(corpus: Corpus) -> dict[str, list[Article]]:
    parts: dict[str, list[Article]] = {}
    for article in corpus.articles:
        parts.setdefault(part_of(article), []).append(article)
    if not parts.get("tagger") or not parts.get("segments"):
        raise ValueError("the corpus holds too few articles to train on")
    return parts


def _task(corpus: Corpus, recipe: Recipe, rules: dict[str, Any]) -> str:
    """A digest of all that a run depends on."""
    digest = hashlib.sha256(repr(replace(recipe, workers=1)).encode())
    digest.update(json.dumps([rules, list(corpus.phrases)], sort_keys=True).encode())
    for article in corpus.articles:
        digest.update(f"{article.lang}\0{article.id}\0{article.topics}\0{article.text}\0".encode("utf-8", "replace"))
    return digest.hexdigest()


def no_trees() -> Trees:
    """Trees that say nothing."""
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
