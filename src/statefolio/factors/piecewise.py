"""Represents exposures that stay constant between refits as an array by date, computed only when read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from statefolio._arrays.types import Array
from statefolio.factors.factor_returns import DIMS, EXPOSURE


@dataclass(frozen=True, eq=False)
class Segment:
    """Exposures in use from one row on.

    Attributes
    ----------
    row : int
        First row of the results on which they are used.
    columns : (M,) int array
        Columns of the assets that have exposures.
    exposures : (M, K) array
    """

    row: int
    columns: Any
    exposures: Array


class _PiecewiseArray(BackendArray):
    """An array (date, asset, factor) that computes only the dates that are read."""

    def __init__(self, segments: tuple[Segment, ...], shape: tuple[int, int, int]) -> None:
        self.segments, self.shape, self.dtype = segments, shape, np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._select)

    def _select(self, key: tuple[Any, ...]) -> Any:
        dates = np.atleast_1d(np.arange(self.shape[0])[key[0]])
        values = np.full((len(dates), *self.shape[1:]), np.nan)
        which = np.searchsorted([segment.row for segment in self.segments], dates, side="right") - 1
        for number, segment in enumerate(self.segments):
            rows = np.flatnonzero(which == number)
            if len(rows):
                values[rows[:, None], segment.columns[None, :]] = segment.exposures
        return values[0][key[1:]] if isinstance(key[0], int | np.integer) else values[(slice(None), *key[1:])]


def piecewise_exposures(
    segments: tuple[Segment, ...], dates: pd.Index, assets: pd.Index, factors: pd.Index
) -> xr.Dataset:
    """Return a Dataset of "exposure" (date, asset, factor), NaN where an asset has none."""
    shape = (len(dates), len(assets), len(factors))
    variable = xr.Variable(DIMS, indexing.LazilyIndexedArray(_PiecewiseArray(segments, shape)))
    return xr.Dataset({EXPOSURE: variable}, {"date": dates, "asset": assets, "factor": factors})
