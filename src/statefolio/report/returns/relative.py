"""Computes the measures of a tear sheet: of performance, tails, benchmark, drawdowns, and rolling ones."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.backtest.drawdowns import worst_drawdowns
from statefolio.backtest.performance import measures
from statefolio.backtest.return_series import varies

WINDOW = 126
MOST_DRAWDOWNS = 10


def all_measures(
    returns: "pd.Series[float]", benchmark: "pd.Series[float] | None", cash_rate: Any, year: float
) -> tuple["pd.Series[float]", dict[str, str]]:
    """Return the measures of a series by name, and the reasons for those that are not defined."""
    found = measures(returns, cash_rate=cash_rate, periods_per_year=year)
    reasons: dict[str, str] = dict(found.attrs["reasons"])
    values = dict(found) | tails(returns)
    if benchmark is not None:
        values |= relative(returns.loc[benchmark.index], benchmark, cash_rate, year, reasons)
    return pd.Series(values, dtype=np.float64), reasons


def tails(returns: "pd.Series[float]") -> dict[str, float]:
    """Return value at risk, tail ratio, the best and worst date, month and year."""
    from empyrical import tail_ratio, value_at_risk

    values = returns.to_numpy()
    grown = 1.0 + returns
    month, dated = (grown.groupby(pd.DatetimeIndex(returns.index).to_period(code)).prod() - 1.0 for code in ("M", "Y"))
    return {
        "value_at_risk_95": float(value_at_risk(values, 0.05)),
        "tail_ratio": float(tail_ratio(values)) if np.percentile(values, 5) != 0.0 else np.nan,
        "best_date_return": float(values.max()),
        "worst_date_return": float(values.min()),
        "best_month_return": float(month.max()),
        "worst_month_return": float(month.min()),
        "best_year_return": float(dated.max()),
        "worst_year_return": float(dated.min()),
    }


def relative(
    returns: "pd.Series[float]", benchmark: "pd.Series[float]", cash_rate: Any, year: float, reasons: dict[str, str]
) -> dict[str, float]:
    """Return the measures relative to a benchmark on the same dates."""
    from empyrical import beta

    compared = measures(returns, benchmark=benchmark, cash_rate=cash_rate, periods_per_year=year)
    names = ("active_return", "tracking_error", "information_ratio")
    found = {name: float(compared[name]) for name in names}
    reasons |= {name: why for name, why in compared.attrs["reasons"].items() if name in names}
    cash = cash_rate.reindex(returns.index) if isinstance(cash_rate, pd.Series) else cash_rate
    r, b = returns - cash, benchmark - cash
    relative_names = ("beta", "annual_alpha", "correlation", "r_squared", "up_capture", "down_capture")
    if len(r) < 2 or not bool(varies(b.to_numpy())):
        reasons |= dict.fromkeys(relative_names, "the benchmark does not vary")
        return found | dict.fromkeys(relative_names, np.nan)
    slope = float(beta(r, b))
    found |= {"beta": slope, "annual_alpha": float(r.mean() - slope * b.mean()) * year}
    alike = float(np.corrcoef(r, b)[0, 1]) if bool(varies(r.to_numpy())) else np.nan
    found |= {"correlation": alike, "r_squared": alike**2}
    for name, where in (("up_capture", benchmark > 0.0), ("down_capture", benchmark < 0.0)):
        found[name] = _capture(np.asarray(returns[where]), np.asarray(benchmark[where]), year)
    return found


def _capture(returns: Array, benchmark: Array, year: float) -> float:
    """Return the compounded annual return over that of the benchmark; NaN without dates."""
    from empyrical import annual_return

    if not len(benchmark):
        return np.nan
    earned = -1.0 if (returns <= -1.0).any() else float(annual_return(returns, annualization=year))
    return earned / float(annual_return(benchmark, annualization=year))


def drawdown_table(returns: "pd.Series[float]", most: int = MOST_DRAWDOWNS) -> pd.DataFrame:
    """Return the deepest drawdowns, the deepest first: depth, peak, trough, recovery, dates, dates to recover."""
    found = worst_drawdowns(returns, most)
    rows = [
        {
            "drawdown": each.depth,
            "peak": "start" if each.peak is None else each.peak,
            "trough": each.trough,
            "recovery": each.recovery,
            "dates": each.dates,
            "dates to recover": each.dates_to_recover,
        }
        for each in found
    ]
    columns = ["drawdown", "peak", "trough", "recovery", "dates", "dates to recover"]
    return pd.DataFrame(rows, columns=columns, index=pd.RangeIndex(1, len(rows) + 1, name="rank"), dtype=object)


def rolling_volatility(returns: "pd.Series[float]", window: int, year: float) -> "pd.Series[float]":
    """Return annualised volatilities over the last `window` dates."""
    volatility: pd.Series[float] = returns.rolling(window).std().dropna() * np.sqrt(year)
    return volatility


def rolling_beta(returns: "pd.Series[float]", benchmark: "pd.Series[float]", window: int) -> "pd.Series[float]":
    """Return betas over the last `window` dates that both have."""
    both = returns.loc[benchmark.index]
    variance = benchmark.rolling(window).var()
    return (both.rolling(window).cov(benchmark) / variance.where(variance > 0.0)).dropna()
