"""Builds mimicking portfolios: portfolios of traded assets that follow factors that are not traded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import show, span
from statefolio._arrays.types import Array
from statefolio._options import Number, Whole, check
from statefolio._plausible.reading import read_returns
from statefolio.exceptions import InputError
from statefolio.factors.factor_returns import FactorReturns
from statefolio.factors.showing import ShownMimicking

_WEAK = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class MimickingPortfolios(ShownMimicking):
    """Portfolios that follow factors, with their weights and R-squared.

    Attributes
    ----------
    factors : FactorReturns
        Out-of-sample returns of the portfolios, kind "observed", under the names of the factors.
    weights : Dataset (date, asset, factor)
        Variable "weight": the weight for the return of that date, known the date before.
    r_squared : DataFrame (date, factor)
        Share of the factor's variance that the base assets explained in the data of each estimate.
    """

    factors: FactorReturns
    weights: xr.Dataset
    r_squared: pd.DataFrame


def mimicking_portfolios(
    factors: FactorReturns | Any,
    base: Any,
    *,
    window: int | None = None,
    minimum: int = 252,
    every: int = 21,
    ridge: float = 0.0,
    unit_exposure: bool = True,
) -> MimickingPortfolios:
    """Regress factors on base assets with data before each date, and hold the fitted portfolio on that date.

    Parameters
    ----------
    factors : FactorReturns or DataFrame (dates, K)
        Factors that are not traded, e.g. from `surprise_factors`. Dates on which a factor is NaN (no news, with
        `quiet=nan`) have a portfolio return but no part in the estimates.
    base : DataFrame (T dates, N assets)
        Returns of traded assets, in decimals. An asset joins when it has `minimum` returns with the factor, and leaves
        at the first estimate that has seen none of its returns for `every` dates.
    window : int, optional
        Number of last dates that an estimate uses (rolling). Default: all of the past (expanding).
    minimum : int
        Dates with the factor and every asset in use before the first estimate.
    every : int
        Dates from one estimate to the next.
    ridge : float
        Shrinkage: each asset's variance is increased by this share.
    unit_exposure : bool
        Scale weights so that the portfolio's slope on the factor is 1 in the data of the estimate; otherwise it is the
        fitted value itself, on which the factor has slope 1.

    Returns
    -------
    MimickingPortfolios
        NaN before the first estimate, and where an asset with weight has no return. `notes` gives each median R-squared
        and marks it as weak below 0.05: a weak factor's portfolio of unit exposure is large and mostly noise.

    Raises
    ------
    InputError
        No date in common, a factor without an estimate, options out of range.

    Notes
    -----
    y = a + b'x + e before t, b = (S_xx + ridge diag S_xx)^-1 S_xy; weights are b, or b var(y) / b'S_xy with unit
    exposure: the maximum-correlation portfolio of Breeden, Gibbons and Litzenberger (1989); b itself is the economic
    tracking portfolio of Lamont (2001), Journal of Financial Economics 61, and of Balduzzi and Robotti (2008), Journal
    of Business & Economic Statistics 26, who compare the two ways of forming mimicking portfolios.

    Examples
    --------
    The "value" factor of the demo, followed by three stocks and estimated again every year:

    >>> import statefolio as sf
    >>> from statefolio.factors import mimicking_portfolios
    >>> demo = sf.load_demo()
    >>> result = mimicking_portfolios(demo.factors[["value"]], demo.returns[["AAPL", "JPM", "XOM"]], every=252)
    >>> result.weights["weight"].sel(date="2022-12-28", factor="value").round(1).to_series().to_dict()
    {'AAPL': -0.4, 'JPM': 0.4, 'XOM': 0.2}
    >>> result.factors.notes
    ("'value': a portfolio from 2015-01-05 on, median R-squared 0.053.",)
    """
    _check_options(window, minimum, every, ridge)
    targets = factors.returns if isinstance(factors, FactorReturns) else factors
    y, factor_dates, names = read_values(targets, "factors")
    x, dates, assets = read_returns(base, "base", assets=False)
    rows = factor_dates.get_indexer(dates)
    if (rows < 0).all():
        raise InputError(
            f"factors and base must have dates in common, got {span(factor_dates)} and {span(dates)}. Check both."
        )
    y = np.where((rows >= 0)[:, None], y[np.maximum(rows, 0)], np.nan)
    weights, r_squared = np.full((len(dates), len(assets), len(names)), np.nan), np.full(y.shape, np.nan)
    notes = []
    for k, name in enumerate(names):
        _walk(y[:, k], x, weights[:, :, k], r_squared[:, k], (window, minimum, every, ridge, unit_exposure))
        held = ~np.isnan(r_squared[:, k])
        if not held.any():
            raise InputError(
                f"factor {name!r} must have {minimum} dates with base assets before the last date, got "
                f"{int((~np.isnan(y[:, k])).sum())} dates. Pass more history, or a smaller minimum."
            )
        median = float(np.median(r_squared[held, k]))
        weak = ", weak" if median < _WEAK else ""
        notes.append(f"{name!r}: a portfolio from {show(dates[held][0])} on, median R-squared {median:.3f}{weak}.")
    earned = np.einsum("tn,tnk->tk", np.nan_to_num(x), np.nan_to_num(weights))
    lost = np.isnan(x)[:, :, None] & (np.nan_to_num(weights) != 0.0)
    earned[np.isnan(r_squared) | lost.any(axis=1)] = np.nan
    returns = FactorReturns(pd.DataFrame(earned, dates, names), pd.Series("observed", names), None, tuple(notes))
    coordinates = {"date": dates, "asset": assets.rename("asset"), "factor": names.rename("factor")}
    dataset = xr.Dataset({"weight": (("date", "asset", "factor"), weights)}, coordinates)
    return MimickingPortfolios(returns, dataset, pd.DataFrame(r_squared, dates, names))


def _walk(
    y: Array, x: Array, weights: Array, r_squared: Array, options: tuple[int | None, int, int, float, bool]
) -> None:
    """Fill the weights (T, N) and R-squared (T,) of one factor, date by date."""
    window, minimum, every, ridge, unit = options
    dates_since = every
    for t in range(1, len(y)):
        if dates_since >= every:
            start = 0 if window is None else max(0, t - window)
            alive = ~np.isnan(x[max(0, t - every) : t]).all(axis=0)
            found = _project(y[start:t], np.where(alive, x[start:t], np.nan), minimum, ridge, unit)
            if found is not None:
                weights[t], r_squared[t] = found
                dates_since = 1
                continue
        weights[t], r_squared[t] = weights[t - 1], r_squared[t - 1]
        dates_since += 1


def _project(y: Array, x: Array, minimum: int, ridge: float, unit: bool) -> tuple[Array, float] | None:
    known = ~np.isnan(y)
    used: npt.NDArray[np.bool_] = (~np.isnan(x[known])).sum(axis=0) >= minimum
    rows = known & ~np.isnan(x[:, used]).any(axis=1)
    if not used.any() or rows.sum() < max(minimum, used.sum() + 2):
        return None
    Y, X = y[rows] - y[rows].mean(), x[np.ix_(rows, used)]
    X = X - X.mean(axis=0)
    if not Y.any():
        return None
    spread = np.sqrt((X * X).sum(axis=0))
    left, right = (X, Y) if ridge == 0.0 else (np.vstack([X, np.diag(np.sqrt(ridge) * spread)]), np.r_[Y, 0.0 * spread])
    b = np.linalg.lstsq(left, right, rcond=None)[0]
    fitted = X @ b
    explained = 1.0 - float(((Y - fitted) ** 2).sum() / (Y @ Y))
    if unit:
        covariance = float(fitted @ Y)
        if covariance <= np.finfo(np.float64).eps * float(Y @ Y):
            return None
        b = b * (Y @ Y) / covariance
    weights = np.zeros(x.shape[1])
    weights[used] = b
    return weights, explained


def _check_options(window: Any, minimum: Any, every: Any, ridge: Any) -> None:
    check("minimum", minimum, Whole(at_least=3, example=252))
    check("every", every, Whole(at_least=1, example=21))
    check("window", window, Whole(at_least=minimum) | None)
    check("ridge", ridge, Number(at_least=0.0))
