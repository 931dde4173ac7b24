"""What numpy lacks, or has only at a price."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    _T = TypeVar("_T", bound=np.generic)


def distinct(values: NDArray[_T], axis: int | None = None) -> NDArray[_T]:
    """The different values in ascending order; without its indices, ``numpy.unique`` would import ``numpy.ma``."""
    found: NDArray[_T] = np.unique(values, return_index=True, axis=axis)[0]
    return found


def ranges(begins: Ints, lengths: Ints) -> Ints:
    """``begins[0] … begins[0] + lengths[0] - 1, begins[1] …``."""
    done = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(begins - done, lengths))
