"""Simulates an account with given weights, without calling a policy."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import row_from, rows_through
from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show, shown
from statefolio._options import Number, check
from statefolio._plausible.weights import are_percent
from statefolio._renamed import renamed
from statefolio.backtest.account import NO_ORDER, Account
from statefolio.backtest.account_arrays import Orders
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.decisions import MAXIMUM_LEVERAGE
from statefolio.backtest.events import warn_of_missing_returns
from statefolio.backtest.market import Market
from statefolio.backtest.market_tables import Table
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.run_settings import RULES, make_settings
from statefolio.exceptions import InputError, UnknownNameError

_SUM_TOLERANCE = 1e-6


@renamed("periods_a_year", "periods_per_year")
def simulate(
    weights: Any,
    market: Market,
    *,
    start: Any = None,
    end: Any = None,
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    lag: int = 1,
    periods_per_year: float | None = None,
    expected_sum: float | None = None,
    name: str = "weights",
    flows: Any = None,
) -> BacktestResult:
    """Simulate an account with given weights.

    Weights of a date are decided at its close and traded `lag` dates later, at the previous close. On dates without
    weights nothing is traded and the weights drift.

    Parameters
    ----------
    weights : DataFrame (decision date x asset)
        Shares of the value. An asset without a column gets none; the rest up to one is cash.
    market : Market
    start, end : date, optional
        First decision and last date. Default: the first row of `weights` and the market's last date.
    costs : TradingCosts, optional
        Default: no costs.
    capital : float, default 1,000,000
        In currency.
    lag : int, default 1
        Number of dates from a decision to the first return it earns.
    periods_per_year : float, optional
        Number of dates per year, for annual fees and measures. Default: from the market's dates, as in `measures`.
    expected_sum : float, optional
        Raise if the weights of a date do not sum to this, within 1e-6.
    name : str
        Name of the result.
    flows : Series by date, optional
        Deposits (above zero) and withdrawals (below zero) in currency, as in `run_backtests`.

    Returns
    -------
    BacktestResult

    Raises
    ------
    InputError, UnknownNameError, DataTypeError
        If weights are NaN, name assets or dates that the market lacks, or do not have the expected sum.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:250, :3]
    >>> best = returns.rolling(20).mean().iloc[19::20].idxmax(axis=1)  # the best asset of the last 20 dates
    >>> weights = pd.get_dummies(best, dtype=float).reindex(columns=returns.columns, fill_value=0.0)
    >>> result = sf.backtest.simulate(weights, sf.Market(returns), costs=sf.TradingCosts(0.001))
    >>> print(f"{result.value.iloc[-1]:,.0f}, turnover {result.turnover.sum():.1f}")
    1,221,073, turnover 17.0
    """
    check("market", market, RULES["market"])
    table = _read_weights(weights, market, start, end, expected_sum)
    settings = make_settings(market, table.dates[0], end, costs, capital, lag, periods_per_year, flows)
    rows = market.dates.get_indexer(table.dates)
    due = np.full(settings.stop, NO_ORDER)
    trades = rows + lag
    due[trades[trades < settings.stop]] = np.flatnonzero(trades < settings.stop)
    account = Account(name, settings, Orders(due, table.values), list(rows))
    account.settle(settings.stop - 1, settings.market_arrays(), settings.terms())
    result = account.result(settings)
    warn_of_missing_returns({name: result.events})
    return result


def _read_weights(weights: Any, market: Market, start: Any, end: Any, expected_sum: float | None) -> Table:
    """Validate the weights of decisions from `start` to `end` and put them in the market's order (D, N)."""
    values, dates, names = read_values(weights, "weights")
    _check_labels(dates, names, market)
    first = row_from(dates, start, "start")
    stop = rows_through(dates, end, "end")
    values, dates = values[first:stop], dates[first:stop]
    if len(dates) == 0:
        raise InputError(
            f"weights must have a date from start to end, got none from {shown(start)} to {shown(end)}. Check start "
            "and end."
        )
    if np.isnan(values.min()):
        missing = np.isnan(values)
        row, place = np.argwhere(missing)[0]
        raise InputError(
            f"weights must be known for every asset and date, got {int(missing.sum())} NaN (first: {names[place]!r} on "
            f"{show(dates[row])}). Use weights.fillna(0.0) if NaN means none."
        )
    gross = np.abs(values).sum(axis=1)
    if not (gross <= MAXIMUM_LEVERAGE).all():
        row = int(np.argmax(gross))
        raise InputError(
            f"weights must not exceed {MAXIMUM_LEVERAGE:g} times the value in total, got {gross[row]:.3g} times the "
            f"value on {show(dates[row])}. Pass shares of the value, not amounts of currency."
        )
    percent = are_percent(values)
    if percent.any():
        row = int(np.argmax(percent))
        raise InputError(
            f"weights must be shares of the value, got the sum {values[row].sum():.4g} on {show(dates[row])}: percent, "
            "it seems. Use weights / 100."
        )
    if expected_sum is not None:
        _check_sums(values, dates, expected_sum)
    if names.equals(market.assets):
        return Table(values, dates, names)
    aligned = np.zeros((len(dates), len(market.assets)))
    aligned[:, market.assets.get_indexer(names)] = values
    return Table(aligned, dates, market.assets)


def _check_labels(dates: pd.DatetimeIndex, names: pd.Index, market: Market) -> None:
    unknown = names[:0] if names.equals(market.assets) else names[~names.isin(market.assets)]
    if len(unknown):
        raise UnknownNameError(
            f"weights must name assets of the market, got {listed(list(unknown))}. Drop them with "
            "weights[market.assets.intersection(weights.columns)]."
        )
    strange = dates[market.dates.get_indexer(dates) < 0]
    if len(strange):
        raise InputError(
            f"weights must have dates of the market, got {len(strange)} others (first: {show(strange[0])}). Use "
            "weights.reindex(market.dates, method='ffill') or drop them."
        )


def _check_sums(values: Any, dates: pd.DatetimeIndex, expected_sum: float) -> None:
    check("expected_sum", expected_sum, Number(example=1.0))
    sums = values.sum(axis=1)
    off = ~(np.abs(sums - expected_sum) <= _SUM_TOLERANCE)
    if off.any():
        raise InputError(
            f"weights must sum to {expected_sum:g} on every date, got {int(off.sum())} dates with other sums (first: "
            f"{sums[off][0]:.8g} on {show(dates[off][0])}). Divide them by their sum, or change expected_sum."
        )
