"""What an unfinished run has reached, kept so that an equal run can go on from there."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.classifier import Weights
from cleaner.model.store import load, read_manifest, save
from cleaner.training.corpus import CorpusError
from cleaner.types import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARRAYS, _DECIDED = "arrays.npz", "decided"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run has come."""

    lesson: int = 0
    """Lessons that are done."""
    rounds: int = 0
    """Rounds of the next one that are done."""


class Checkpoint:
    """A folder that holds the state of a run; ``None`` in its place keeps nothing.

    Arrays are written to one file, which takes the place of the last one at once; nothing in it can run code.
    """

    def __init__(self, folder: Path | None, task: str) -> None:
        """Keep in ``folder`` what a run on ``task`` reaches; equal tasks are the same run."""
        self._folder = folder
        self._task = task

    def save(self, position: Position, arrays: dict[str, Any]) -> None:
        """Keep a position and the arrays that go on from there."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        about = json.dumps({"task": self._task, "lesson": position.lesson, "rounds": position.rounds})
        new = self._folder / f"new-{_ARRAYS}"
        with new.open("wb") as file:
            np.savez(file, about=np.array(about), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._folder / _ARRAYS)

    def restore(self) -> tuple[Position, dict[str, NDArray[Any]]] | None:
        """The position and the arrays that were kept last; ``None`` when there are none.

        Raises:
            CorpusError: they are of another run, or cannot be read.
        """
        path = self._folder / _ARRAYS if self._folder else None
        if path is None or not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            about = json.loads(str(arrays.pop("about")))
            position = Position(int(about["lesson"]), int(about["rounds"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}: the unfinished run cannot be read ({error})") from None
        if about.get("task") != self._task:
            raise CorpusError(f"{path.parent}: the unfinished run had other articles, another recipe or other rules")
        return position, arrays

    def save_weights(self, weights: Weights, rules: dict[str, Any]) -> None:
        """Keep what is fitted for good."""
        if self._folder:
            save(self._folder / _DECIDED, weights, rules, {"task": self._task})

    def restore_weights(self) -> Weights | None:
        """What was fitted for good; ``None`` when the run did not come so far."""
        if self._folder is None:
            return None
        try:
            if read_manifest(self._folder / _DECIDED).get("task") != self._task:
                return None
            return load(self._folder / _DECIDED).classifier.weights
        except ModelError:
            return None
