"""Holds the arrays and labels of one run of a model, and joins the labelled results of successive runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._options import Kind, check
from statefolio.exceptions import InputError

if TYPE_CHECKING:
    import xarray as xr

Values = Array | Callable[[], Array]
"""An array, or a function that computes it when it is first read."""

Forecast = tuple[Array, Array, Array]
"""Mean (N, K) and covariance (N, K, K) of the loadings on the first unseen date, and the observation variance (N,)."""

HALF_BAND = 1.959963984540054
"""Standard deviations from the middle to either end of a 95 % band."""


@dataclass(eq=False)
class RunResults:
    """Arrays that one run over T dates, N assets and K factors produces.

    Attributes
    ----------
    filtered, filtered_variance, predicted, predicted_variance : (T, N, K)
        Arrays (views of any strides), or functions without arguments that compute them on first use. Such a
        function must be picklable (``functools.partial`` of a module's function is); a view of an array that another
        result needs must be one, because a pickle would have both.
    innovation, innovation_variance : (T, N)
        NaN where there is no prediction; the innovation is NaN where there is no return either.
    forecast : mean, covariance and observation variance
        For the first date not yet seen, or a function that computes them.
    observation_variance : (T, N), optional
        The noise's part of `innovation_variance`.
    log_likelihood : (N,), optional
        Sum over these dates.
    log_density : (T, N), optional
        Log density of each return, where it is not Gaussian with `innovation_variance`.
    partly_unknown : (N,), optional
        Assets with loadings that are not identified on some date, because factors are collinear: their variances are
        infinite, and their values only serve to compute what is identified. Default: none.
    """

    filtered: Values
    filtered_variance: Values
    predicted: Values
    predicted_variance: Values
    innovation: Array
    innovation_variance: Array
    forecast: Forecast | Callable[[], Forecast]
    observation_variance: Values | None = None
    log_likelihood: Array | None = None
    log_density: Values | None = None
    partly_unknown: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Labels:
    """Names of a run's dates, assets and factors, and the attributes that all its results carry."""

    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index
    attrs: dict[str, str]


@dataclass(frozen=True, eq=False)
class ByDates:
    """A function that computes an array, all of it or by pieces of dates.

    `compute` takes the dates of each piece in order, as ranges, and gives the pieces.
    """

    compute: Callable[[list[range]], Iterator[Array]]
    dates: int

    def __call__(self) -> Array:
        """Compute the array."""
        return next(self.compute([range(self.dates)]))


def array_of(values: Values) -> Array:
    """Return the array; compute it where `values` is a function."""
    return values() if callable(values) else values


def pieces_of(values: Values, pieces: list[range]) -> Iterator[Array]:
    """Give the array by pieces of dates, computed one after the other where it is possible."""
    if isinstance(values, ByDates):
        return values.compute(pieces)
    whole = array_of(values)
    return (whole[rows.start : rows.stop] for rows in pieces)


def concat_results(results: Sequence["xr.Dataset"]) -> "xr.Dataset":
    """Join results of successive calls along their dates.

    Parameters
    ----------
    results : sequence of Dataset
        `loadings_` or `innovations_` of a `fit` and the `partial_fit` calls after it, in that order.

    Returns
    -------
    Dataset
        All dates; an asset that a part lacks is NaN there. Attributes are those of the last part.

    Raises
    ------
    InputError
        If there is nothing to join, or the dates of one part do not follow those of the part before.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.loadings import concat_results
    >>> returns, factors = sf.load_demo().returns, sf.load_demo().factors[["market"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns.loc["2020"], factors.loc["2020"])
    >>> parts = [model.loadings_]
    >>> parts.append(model.partial_fit(returns.loc["2021"], factors.loc["2021"]).loadings_)
    >>> [part.sizes["date"] for part in parts], concat_results(parts).sizes["date"]
    ([253, 252], 505)
    """
    import xarray as xr

    parts = list(results)
    for number, part in enumerate(parts):
        check(f"results[{number}]", part, Kind(xr.Dataset, "a Dataset", "model.loadings_"))
    if not parts:
        raise InputError("results must hold at least one Dataset, got an empty list. Pass e.g. [first, second].")
    for before, after in pairwise(parts):
        last, first = before.indexes["date"][-1], after.indexes["date"][0]
        if first <= last:
            raise InputError(
                f"results must be parts with later and later dates, got one that starts on {show(first)} after one "
                f"that ends on {show(last)}. Pass the parts in the order of their dates."
            )
    assets = max((part.indexes["asset"] for part in parts), key=len)
    known = set(assets)
    new = [name for part in parts for name in part.indexes["asset"] if name not in known]
    assets = assets.append(pd.Index(list(dict.fromkeys(new)))) if new else assets
    parts = [part if part.indexes["asset"].equals(assets) else part.reindex(asset=assets) for part in parts]
    return xr.concat(parts, dim="date", join="exact", combine_attrs="override").assign_attrs(parts[-1].attrs)
