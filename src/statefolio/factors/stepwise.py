"""Exposures that stand until they are estimated again, read as an array by date without making it."""

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
class Step:
    """Loadings in use from one row on.

    Attributes
    ----------
    row : int
        The first row of the dates held on which they are used.
    places : (M,) int array
        Which assets have any.
    exposures : (M, K) array
    """

    row: int
    places: Any
    exposures: Array


class _Steps(BackendArray):
    """Dates x assets x factors; only the dates asked for are made."""

    def __init__(self, steps: tuple[Step, ...], shape: tuple[int, int, int]) -> None:
        self.steps, self.shape, self.dtype = steps, shape, np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._part)

    def _part(self, key: tuple[Any, ...]) -> Any:
        dates = np.atleast_1d(np.arange(self.shape[0])[key[0]])
        made = np.full((len(dates), *self.shape[1:]), np.nan)
        which = np.searchsorted([step.row for step in self.steps], dates, side="right") - 1
        for place, step in enumerate(self.steps):
            rows = np.flatnonzero(which == place)
            if len(rows):
                made[rows[:, None], step.places[None, :]] = step.exposures
        return made[0][key[1:]] if isinstance(key[0], int | np.integer) else made[(slice(None), *key[1:])]


def stepwise_exposures(steps: tuple[Step, ...], dates: pd.Index, assets: pd.Index, factors: pd.Index) -> xr.Dataset:
    """Dataset of "exposure" (date, asset, factor), NaN where an asset had none."""
    shape = (len(dates), len(assets), len(factors))
    variable = xr.Variable(DIMS, indexing.LazilyIndexedArray(_Steps(steps, shape)))
    return xr.Dataset({EXPOSURE: variable}, {"date": dates, "asset": assets, "factor": factors})
