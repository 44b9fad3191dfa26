"""Computes performance measures: return, risk, ratios and turnover.

Conventions of the whole package:

* P, the number of dates per year, follows from the dates: 252 for business days, 365, 52, 12, 4 or 1.
* Returns are simple; `annual_return` compounds them: (product of 1 + r)^(P/T) - 1.
* `annual_volatility` is the standard deviation (with T - 1) times the square root of P.
* `sharpe` is the arithmetic mean of the returns in excess of cash over their standard deviation (with T - 1), times the
  square root of P. `sortino` divides by the root mean square of the negative excess returns over all T dates.
* `calmar` is the compounded annual return over the depth of the deepest drawdown.
* `cvar_95` is the mean of the worst 5 % of the returns; the last of them counts in part (Rockafellar and Uryasev).
* Losses are negative: `maximum_drawdown` -0.2, `cvar_95` -0.03.
* Turnover counts purchases and sales, over the value before the trade, per year.
"""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._renamed import renamed
from statefolio.backtest.drawdowns import maximum_drawdown
from statefolio.backtest.periods import read_periods
from statefolio.backtest.return_series import on_dates, read_series, varies, warn_of_returns

_ROUNDING = 1e-12
_ONE_DATE = "one date; two or more are needed"


@renamed("periods_a_year", "periods_per_year")
def measures(
    returns: Any,
    *,
    benchmark: Any = None,
    cash_rate: Any = 0.0,
    gross_returns: Any = None,
    turnover: Any = None,
    weights: pd.DataFrame | None = None,
    periods_per_year: float | None = None,
) -> "pd.Series[float]":
    """Compute performance measures of one portfolio, with empyrical and skfolio.

    Parameters
    ----------
    returns : Series by date, or a back-test's result
        Simple returns in decimals, net of costs. A result also provides `gross_returns`, `turnover`, `weights` and
        `periods_per_year`, unless they are given.
    benchmark : Series by date, or a back-test's result, optional
        Returns to compare with; they may have more dates.
    cash_rate : float or Series by date, default 0
        Return of cash on a date.
    gross_returns : Series, optional
        Returns with the same weights before costs and fees.
    turnover : Series, optional
        Purchases and sales of a date, as a share of the value before them.
    weights : DataFrame (date x asset), optional
        Held shares of the value.
    periods_per_year : float, optional
        Number of dates per year. Default: that of a result, else from the dates: 252 for business days, 365 for
        calendar days, 52, 12, 4 or 1. Other spacings warn.

    Returns
    -------
    Series
        `dates`, `total_return`, `annual_return`, `annual_volatility`, `sharpe`, `sortino`, `calmar`,
        `maximum_drawdown`, `drawdown_dates` (from the peak to the recovery, or to the end), `recovery_dates` (from the
        trough), `cvar_95`, `hit_rate` (share of dates above the cash rate), `skewness`, `kurtosis` (3 for a Gaussian).
        With a benchmark: `active_return` (mean difference per year), `tracking_error` and `information_ratio`. If
        known: `turnover` (per year), `cost_drag` (annual return before costs minus after), `net_exposure` and
        `gross_exposure` (means over dates). Undefined measures are NaN, and ``attrs["reasons"]`` names the
        reasons. ``attrs["periods_per_year"]`` is the number of dates per year that was used.

    Raises
    ------
    DataTypeError, InputError
        If returns are missing on a date, or a benchmark lacks dates.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> dates = pd.bdate_range("2024-01-01", periods=4)
    >>> found = sf.backtest.measures(pd.Series([0.01, -0.02, 0.015, 0.005], index=dates))
    >>> found[["total_return", "maximum_drawdown", "hit_rate"]].round(4)
    total_return        0.0097
    maximum_drawdown   -0.0200
    hit_rate            0.7500
    dtype: float64

    Measures that are not defined are NaN, with a reason:

    >>> found = sf.backtest.measures(pd.Series(0.001, index=dates))
    >>> found.attrs["reasons"]["sharpe"]
    'returns in excess of cash do not vary'
    """
    r = read_series(returns)
    warn_of_returns(returns, r)
    if not isinstance(returns, pd.Series | pd.DataFrame):
        gross_returns = getattr(returns, "gross_returns", None) if gross_returns is None else gross_returns
        turnover = getattr(returns, "turnover", None) if turnover is None else turnover
        weights = getattr(returns, "weights", None) if weights is None else weights
        periods_per_year = getattr(returns, "periods_per_year", None) if periods_per_year is None else periods_per_year
    year = read_periods(periods_per_year, r.index)
    reasons: dict[str, str] = {}
    found = _own_measures(r, on_dates(r.index, cash_rate, "cash_rate"), year, reasons)
    if benchmark is not None:
        found |= _relative_measures(r, on_dates(r.index, benchmark, "benchmark"), year, reasons)
    if turnover is not None:
        found["turnover"] = float(turnover.mean()) * year
    if gross_returns is not None:
        found["cost_drag"] = _compounded(read_series(gross_returns, "gross_returns"), year) - found["annual_return"]
    if weights is not None:
        weights = weights[weights.index.isin(r.index)]  # nothing is held on a result's first date
        found["net_exposure"] = float(weights.sum(axis=1).mean())
        found["gross_exposure"] = float(weights.abs().sum(axis=1).mean())
    result = pd.Series(found, dtype=np.float64, name=getattr(returns, "name", None))
    result.attrs["reasons"] = reasons
    result.attrs["periods_per_year"] = year
    return result


def _own_measures(r: "pd.Series[float]", cash: Array, year: float, reasons: dict[str, str]) -> dict[str, float]:
    from skfolio.measures import cvar

    fall = maximum_drawdown(r)
    found = {
        "dates": float(len(r)),
        "total_return": float(np.prod(1.0 + r.to_numpy()) - 1.0),
        "annual_return": _compounded(r, year),
        **_ratios(r, cash, year, reasons),
        "calmar": np.nan,
        "maximum_drawdown": fall.depth,
        "drawdown_dates": float(fall.dates),
        "recovery_dates": np.nan if fall.dates_to_recover is None else float(fall.dates_to_recover),
        "cvar_95": -float(cvar(r.to_numpy(), beta=0.95)),
        "hit_rate": float((r.to_numpy() > cash).mean()),
        **_skewness_and_kurtosis(np.asarray(r, dtype=np.float64), reasons),
    }
    if fall.depth < 0.0:
        found["calmar"] = found["annual_return"] / -fall.depth
    else:
        reasons["calmar"] = reasons["recovery_dates"] = "there is no drawdown"
    if fall.depth < 0.0 and fall.recovery is None:
        reasons["recovery_dates"] = "the value has not recovered to its peak"
    return found


def _ratios(r: "pd.Series[float]", cash: Array, year: float, reasons: dict[str, str]) -> dict[str, float]:
    from empyrical import annual_volatility, sharpe_ratio, sortino_ratio

    found = dict.fromkeys(("annual_volatility", "sharpe", "sortino"), np.nan)
    if len(r) < 2:
        reasons.update(dict.fromkeys(found, _ONE_DATE))
        return found
    excess = r.to_numpy() - cash
    scale = float(np.abs(r.to_numpy()).max() + np.abs(cash).max())
    found["annual_volatility"] = float(annual_volatility(r.to_numpy(), annualization=year))
    if varies(excess, scale):
        found["sharpe"] = float(sharpe_ratio(excess, annualization=year))
    else:
        reasons["sharpe"] = "returns in excess of cash do not vary"
    if excess.min() < -_ROUNDING * scale:
        found["sortino"] = float(sortino_ratio(excess, annualization=year))
    else:
        reasons["sortino"] = "no return is below the cash rate"
    return found


def _skewness_and_kurtosis(r: Array, reasons: dict[str, str]) -> dict[str, float]:
    from skfolio.measures import kurtosis, skew

    if len(r) > 1 and varies(r):
        return {"skewness": float(skew(r)), "kurtosis": float(kurtosis(r))}
    reasons["skewness"] = reasons["kurtosis"] = _ONE_DATE if len(r) < 2 else "returns do not vary"
    return {"skewness": np.nan, "kurtosis": np.nan}


def _relative_measures(r: "pd.Series[float]", other: Array, year: float, reasons: dict[str, str]) -> dict[str, float]:
    from empyrical import annual_volatility, excess_sharpe

    active = r.to_numpy() - other
    found = {"active_return": float(active.mean()) * year, "tracking_error": np.nan, "information_ratio": np.nan}
    if len(r) < 2:
        reasons["tracking_error"] = reasons["information_ratio"] = _ONE_DATE
        return found
    found["tracking_error"] = float(annual_volatility(active, annualization=year))
    if varies(active, np.abs(other).max()):
        found["information_ratio"] = float(excess_sharpe(r.to_numpy(), other)) * np.sqrt(year)
    else:
        reasons["information_ratio"] = "the difference from the benchmark does not vary"
    return found


def _compounded(r: "pd.Series[float]", year: float) -> float:
    """Return the compounded annual return; -1 after a total loss."""
    from empyrical import annual_return

    values = r.to_numpy()
    return -1.0 if (values <= -1.0).any() else float(annual_return(values, annualization=year))
