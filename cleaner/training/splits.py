"""Which article may be used for what: stable, by source and by document.

Whole sources are held out for measuring (``HELD_OUT_SOURCES``); of the others a part of the
documents is. What is left is parted again, so that no stage learns from the texts that the stage
before it was fitted on.
"""

from __future__ import annotations

from cleaner.training.corpus import Article, share

HELD_OUT_SOURCES = (
    "demdecuong/vihealthbert",
    "nishkalavallabhi/OneStopEnglishCorpus",
    "GSA/digitalgov.gov",
)
DEV_SHARE = 0.12

PARTS = (("counts", 0.42), ("tagger", 0.72), ("segments", 0.94), ("calibration", 1.0))
HARD_PARTS = (("counts", 0.0), ("tagger", 0.42), ("segments", 0.9), ("calibration", 1.0))


def part_of(article: Article) -> str:
    """``dev-source``, ``dev``, ``counts``, ``tagger``, ``segments`` or ``calibration``."""
    if article.source in HELD_OUT_SOURCES:
        return "dev-source"
    key = f"{article.lang}/{article.id}"
    if share(key, "dev") < DEV_SHARE:
        return "dev"
    parts = HARD_PARTS if article.topics else PARTS
    place = share(key, "part")
    return next(name for name, up_to in parts if place < up_to)
