"""What a back-test's returns come to: return, risk, ratios, trading.

Conventions, the same everywhere in the package:

* 252 dates a year. Returns are simple; `annual_return` compounds them, (product of 1 + r)^(252/T) - 1.
* `annual_volatility` is the standard deviation with T - 1, times the root of 252.
* `sharpe` is the mean (not compounded) of the returns in excess of cash over their standard deviation (T - 1), times
  the root of 252. `sortino` divides by the root mean square of the negative excess returns over all T dates.
* `calmar` is the compounded annual return over the depth of the deepest drawdown of compounded value.
* `cvar_95` is the mean of the worst 5 % of the returns, the last date counted in part (Rockafellar and Uryasev).
* Losses are negative: `maximum_drawdown` -0.2, `cvar_95` -0.03.
* Turnover counts what is bought and what is sold, over the value before the trade, a year.
"""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio._renamed import renamed
from statefolio.backtest.drawdowns import maximum_drawdown
from statefolio.backtest.return_series import on_dates_of, read_series, varies
from statefolio.exceptions import InputError

PERIODS = 252.0
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
    """Measures of one portfolio's returns, by empyrical and skfolio.

    Parameters
    ----------
    returns : Series by date, or a back-test's result
        Simple returns in decimals, net of costs. Of a result, `gross_returns`, `turnover`, `weights` and
        `periods_per_year` are taken where they are not given.
    benchmark : Series by date, or a back-test's result, optional
        Returns to compare with; they may have more dates.
    cash_rate : float or Series by date, default 0
        What a unit of cash earns on a date.
    gross_returns : Series, optional
        Returns with the same weights before costs and fees.
    turnover : Series, optional
        Bought and sold on a date, as a share of the value before.
    weights : DataFrame (date x asset), optional
        Shares of value held.
    periods_per_year : float, default 252

    Returns
    -------
    Series
        `dates`, `total_return`, `annual_return`, `annual_volatility`, `sharpe`, `sortino`, `calmar`,
        `maximum_drawdown`, `drawdown_dates` (from the peak until value is back there, or to the end),
        `recovery_dates` (from the trough), `cvar_95`, `hit_rate` (share of dates above the cash rate), `skewness`,
        `kurtosis` (3 for a Gaussian); with a benchmark `active_return` (mean difference, a year), `tracking_error`
        and `information_ratio`; and where known `turnover` (a year), `cost_drag` (annual return gross less net),
        `net_exposure` and `gross_exposure` (means over dates). What cannot be said is NaN, and
        ``attrs["reasons"]`` says why, by name.

    Raises
    ------
    DataTypeError, InputError
        If returns are missing on a date, or a benchmark lacks dates.
    """
    r = read_series(returns)
    if not isinstance(returns, pd.Series | pd.DataFrame):
        gross_returns = getattr(returns, "gross_returns", None) if gross_returns is None else gross_returns
        turnover = getattr(returns, "turnover", None) if turnover is None else turnover
        weights = getattr(returns, "weights", None) if weights is None else weights
        periods_per_year = getattr(returns, "periods_per_year", None) if periods_per_year is None else periods_per_year
    year = check_periods(PERIODS if periods_per_year is None else periods_per_year)
    reasons: dict[str, str] = {}
    found = _alone(r, on_dates_of(r.index, cash_rate, "cash_rate"), year, reasons)
    if benchmark is not None:
        found |= _against(r, on_dates_of(r.index, benchmark, "benchmark"), year, reasons)
    if turnover is not None:
        found["turnover"] = float(turnover.mean()) * year
    if gross_returns is not None:
        found["cost_drag"] = _compounded(read_series(gross_returns, "gross_returns"), year) - found["annual_return"]
    if weights is not None:
        weights = weights[weights.index.isin(r.index)]  # a result's first row is the start: nothing is held yet
        found["net_exposure"] = float(weights.sum(axis=1).mean())
        found["gross_exposure"] = float(weights.abs().sum(axis=1).mean())
    result = pd.Series(found, dtype=np.float64, name=getattr(returns, "name", None))
    result.attrs["reasons"] = reasons
    return result


def check_periods(periods_per_year: Any) -> float:
    """Return the number of dates a year, checked."""
    if not is_number(periods_per_year) or not 0.0 < periods_per_year < np.inf:
        raise InputError(f"periods_per_year={periods_per_year!r}; a number above zero was expected. Pass e.g. 252.")
    return float(periods_per_year)


def _alone(r: "pd.Series[float]", cash: Array, year: float, reasons: dict[str, str]) -> dict[str, float]:
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
        **_shape(np.asarray(r, dtype=np.float64), reasons),
    }
    if fall.depth < 0.0:
        found["calmar"] = found["annual_return"] / -fall.depth
    else:
        reasons["calmar"] = reasons["recovery_dates"] = "there is no drawdown"
    if fall.depth < 0.0 and fall.recovery is None:
        reasons["recovery_dates"] = "value has not come back to its peak"
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


def _shape(r: Array, reasons: dict[str, str]) -> dict[str, float]:
    from skfolio.measures import kurtosis, skew

    if len(r) > 1 and varies(r):
        return {"skewness": float(skew(r)), "kurtosis": float(kurtosis(r))}
    reasons["skewness"] = reasons["kurtosis"] = _ONE_DATE if len(r) < 2 else "returns do not vary"
    return {"skewness": np.nan, "kurtosis": np.nan}


def _against(r: "pd.Series[float]", other: Array, year: float, reasons: dict[str, str]) -> dict[str, float]:
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
    """Compounded annual return; -1 where all was lost."""
    from empyrical import annual_return

    values = r.to_numpy()
    return -1.0 if (values <= -1.0).any() else float(annual_return(values, annualization=year))
