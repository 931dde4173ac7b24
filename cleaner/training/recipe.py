"""The sizes of a training run, and what its lessons are put together from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cleaner.training.examples import Mix

Report = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""
LESSON = Mix(infected=0.6, decorated=0.1, traps=0.02, prose=0.4, grafts=0.25)
"""What the tagger learns from; many texts written to mislead make it distrust what spam says most. Much honest prose by
the hands that wrote the templates keeps it from learning those hands."""
FIRST_LOOK = Mix(infected=0.5, decorated=0.05, hard=0.1, traps=0.02, prose=0.1, pages=0.1)
"""What the first look learns from: mostly articles as they come, for it takes its time with what it holds for loud."""
LAST_LESSON = replace(LESSON, pages=0.25)
TRACE, AGAIN, LAST = 0.03, 0.6, 0.2
"""Shares of the tagger's learning rate: at the end of each lesson, and at the beginning of the second and the last."""
KEPT = 0.3
"""Weight of the tagger before the last lesson in the mean of both."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes of a training run."""

    bits: int = 16
    width: int = 64
    """Numbers that stand for a token in the tagger."""
    layers: int = 8
    word_bits: int = 18
    pair_bits: int = 21
    topic_bits: int = 16
    category_bits: int = 13
    screen_samples: int = 300_000
    tagger_samples: int = 300_000
    more_samples: int = 500_000
    """What the tagger learns from afterwards: the wording and the articles of both sides."""
    page_samples: int = 170_000
    """What it learns from at last."""
    segment_samples: int = 100_000
    choice_samples: int = 40_000
    """What the boundaries of segments are learnt from."""
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
