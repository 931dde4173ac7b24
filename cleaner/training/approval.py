"""Whether a new model may take the place of an old one."""

from __future__ import annotations

from pathlib import Path

from cleaner.engine import Cleaner
from cleaner.training.compare import is_worse
from cleaner.training.corpus import BadRecord, Corpus
from cleaner.training.devset import development_records
from cleaner.training.evaluate import assisted_policy, evaluate, record_of
from cleaner.training.metrics import Score
from cleaner.types import Policy

INFECTED, HONEST = 60, 120
"""Records of a language that both are judged on; Vietnamese gets five times as many."""


def objections(old: Path, new: Path, corpus: Corpus, workers: int = 1) -> tuple[str, ...]:
    """Why ``new`` is worse than ``old`` on what training holds out of ``corpus``, in words; empty when it is not.

    Raises:
        ModelError: one of the models cannot be used.
    """
    held_out = [
        record_of(values, values["id"]) for values in development_records(corpus, infected=INFECTED, honest=HONEST)
    ]
    records = [record for record in held_out if not isinstance(record, BadRecord)]
    if not records:
        return ("nothing of the articles is held out to compare them on",)

    def scores(model: Path) -> tuple[Score, ...]:
        policy = Policy()
        cleaners = Cleaner(model, policy), Cleaner(model, assisted_policy(policy))
        return evaluate(records, *cleaners, workers=workers).scores

    return is_worse(scores(old), scores(new))
