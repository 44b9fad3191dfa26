"""Scores many portfolios by a performance measure; higher scores are better."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._renamed import renamed
from statefolio.backtest.periods import read_periods
from statefolio.backtest.return_series import varies
from statefolio.exceptions import InputError

Criterion: TypeAlias = "str | Callable[[pd.Series[float]], float]"


@renamed("periods_a_year", "periods_per_year")
def score(
    returns: pd.DataFrame, measure: Criterion = "sharpe", periods_per_year: float | None = None
) -> "pd.Series[float]":
    """Score portfolios by a measure, the higher the better.

    Parameters
    ----------
    returns : DataFrame (T dates, N portfolios)
        Without NaN; in excess of cash for Sharpe and Sortino ratios of excess returns.
    measure : str or callable
        "sharpe", "sortino", "calmar", "drawdown" (the deepest, a negative number), "return" (compounded, per year),
        "volatility" (negative), as `measures` defines them; or a function of a Series of returns.
    periods_per_year : float, optional
        Default: from the dates.

    Returns
    -------
    Series by portfolio
        NaN where the measure is not defined, e.g. the Sharpe ratio of cash.

    Raises
    ------
    InputError
        If the measure is unknown.
    """
    if callable(measure):
        return returns.apply(measure).astype(np.float64)
    if measure not in CRITERIA:
        raise InputError(
            f"measure must be one of {listed(CRITERIA, most=len(CRITERIA))}, or a function of a Series, got "
            f"{shown(measure)}. Pass e.g. measure='sharpe'."
        )
    year = read_periods(periods_per_year, returns.index)
    return pd.Series(CRITERIA[measure](returns.to_numpy(dtype=np.float64), year), index=returns.columns)


def criterion_name(measure: Criterion) -> str:
    """Return the name of a measure."""
    return measure if isinstance(measure, str) else getattr(measure, "__name__", type(measure).__name__)


def sharpe(r: Array, year: float) -> Array:
    """Return the mean over the standard deviation (T - 1), times the square root of the dates per year."""
    spread = r.std(axis=0, ddof=1) if len(r) > 1 else np.zeros(r.shape[1])
    return _divide(r.mean(axis=0), spread, varies(r), np.sqrt(year))


def _sortino(r: Array, year: float) -> Array:
    downside = np.sqrt((np.minimum(r, 0.0) ** 2).mean(axis=0))
    return _divide(r.mean(axis=0), downside, downside > 0.0, np.sqrt(year))


def _calmar(r: Array, year: float) -> Array:
    depth = -_drawdown(r, year)
    return _divide(_return(r, year), depth, depth > 0.0)


def _drawdown(r: Array, year: float) -> Array:  # noqa: ARG001 - every criterion takes both
    value = np.cumprod(1.0 + r, axis=0)
    lowest: Array = (value / np.maximum(np.maximum.accumulate(value, axis=0), 1.0) - 1.0).min(axis=0)
    return np.minimum(lowest, 0.0)


def _return(r: Array, year: float) -> Array:
    grown: Array = np.maximum(1.0 + r, 0.0).prod(axis=0) ** (year / len(r)) - 1.0
    return grown


def _volatility(r: Array, year: float) -> Array:
    spread: Array = -r.std(axis=0, ddof=1) * np.sqrt(year) if len(r) > 1 else np.full(r.shape[1], np.nan)
    return spread


def _divide(above: Array, below: Array, defined: Any, factor: float = 1.0) -> Array:
    found = np.full(above.shape, np.nan)
    np.divide(above * factor, below, out=found, where=defined)
    return found


CRITERIA: dict[str, Callable[[Array, float], Array]] = {
    "sharpe": sharpe,
    "sortino": _sortino,
    "calmar": _calmar,
    "drawdown": _drawdown,
    "return": _return,
    "volatility": _volatility,
}
