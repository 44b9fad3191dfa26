"""Results that are read by pieces of dates, so that a file of any size is written in little memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.types import Array

CELLS = 1_000_000
"""Numbers of a variable in a piece, approximately."""

Piece = tuple[pd.DatetimeIndex, Mapping[str, Array]]
"""Dates, and the arrays (t, N, K) or (t, N) of the variables."""


@dataclass(frozen=True)
class Results:
    """Variables by date and asset, and by factor for some of them.

    Attributes
    ----------
    assets, factors : Index
    dims : mapping of str to tuple of str
        The dimensions of each variable.
    attrs : mapping
    pieces : callable
        Takes names of variables, and gives their pieces in the order of the dates.
    """

    assets: pd.Index
    factors: pd.Index
    dims: Mapping[str, tuple[str, ...]]
    attrs: Mapping[str, Any]
    pieces: Callable[[tuple[str, ...]], Iterator[Piece]]

    def of_factors(self, name: str) -> bool:
        """Tell whether a variable has one number per factor."""
        return "factor" in self.dims[name]


def results_of(dataset: xr.Dataset) -> Results:
    """Return the results in a Dataset, whose numbers are read where they are used."""

    def pieces(names: tuple[str, ...]) -> Iterator[Piece]:
        count = dataset.sizes["asset"] * dataset.sizes.get("factor", 1)
        step = max(1, CELLS // max(1, count))
        for start in range(0, dataset.sizes["date"], step):
            part = dataset[list(names)].isel(date=slice(start, start + step))
            yield pd.DatetimeIndex(part.indexes["date"]), {name: part[name].to_numpy() for name in names}

    dims = {str(name): tuple(str(dim) for dim in variable.dims) for name, variable in dataset.items()}
    factors = dataset.indexes["factor"] if "factor" in dataset.indexes else pd.Index([])
    return Results(dataset.indexes["asset"], factors, dims, dataset.attrs, pieces)


def words_of(labels: pd.Index) -> list[str]:
    """Return labels as text."""
    return [str(label) for label in labels]


def day_or_time(dates: pd.DatetimeIndex) -> np.ndarray[Any, Any]:
    """Return dates as days where they have no time, else to the microsecond."""
    return dates.to_numpy().astype("datetime64[D]" if (dates == dates.normalize()).all() else "datetime64[us]")
