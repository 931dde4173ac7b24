"""What numpy lacks, or has only at a price."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    _T = TypeVar("_T", bound=np.generic)


def distinct(values: NDArray[_T], axis: int | None = None) -> NDArray[_T]:
    """The different values in ascending order, or with ``axis`` 0 the different rows.

    ``numpy.unique`` would import ``numpy.ma`` without its indices, and with them takes three times as long.
    """
    if axis is not None:
        return np.asarray(np.unique(values, return_index=True, axis=axis)[0])
    values = np.sort(values, axis=None)
    found: NDArray[_T] = values[np.append(True, values[1:] != values[:-1])[: values.size]]
    return found


def ranges(begins: Ints, lengths: Ints) -> Ints:
    """``begins[0] … begins[0] + lengths[0] - 1, begins[1] …``."""
    done = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(begins - done, lengths))
