"""Computes returns from prices, and aligns returns and factors on the same dates."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.cash_rates import check_cash_rate
from statefolio._arrays.other_tables import one_column
from statefolio._arrays.spacing import check_frequencies, frequency_of, shared_periods
from statefolio._arrays.text import show, shown, span
from statefolio.data.checks import checked_table
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning

_UNITS = {"weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}


def to_returns(
    prices: pd.DataFrame, risk_free: "pd.Series[float] | None" = None, *, bridge_gaps: bool = False
) -> pd.DataFrame:
    """Compute simple returns from prices, in excess of a risk-free rate where one is given.

    Parameters
    ----------
    prices : DataFrame
        One row per date, one column per asset; NaN where there is no price.
    risk_free : Series, optional
        The simple risk-free return of each date in decimals (not a yearly rate), on every date of
        `prices` but the first.
    bridge_gaps : bool
        By default a return needs prices on two successive dates, so that a missing price leaves two returns
        missing. With ``True`` the return after a gap runs from the last price before it (less the
        risk-free return compounded over the gap), and belongs to the date on which it ends.

    Returns
    -------
    DataFrame
        One row per date, without the first. Returns from or to a price that is not positive are NaN, and a
        `StatefolioWarning` gives the number of such prices.

    Raises
    ------
    InputError
        If many prices are not positive, or `risk_free` lacks dates.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["KO", "XOM"]].loc["2022-12-22":]
    >>> sf.to_returns(prices).round(4)
                    KO     XOM
    date
    2022-12-23  0.0076  0.0264
    2022-12-27  0.0061  0.0139
    2022-12-28 -0.0100 -0.0164

    Excess returns, with the simple risk-free return of each date:

    >>> import pandas as pd
    >>> risk_free = pd.Series(0.0002, index=prices.index)
    >>> sf.to_returns(prices, risk_free).round(4)
                    KO     XOM
    date
    2022-12-23  0.0074  0.0262
    2022-12-27  0.0059  0.0137
    2022-12-28 -0.0102 -0.0166
    """
    prices = checked_table(prices, "prices")
    positive = prices.mask(prices <= 0.0)
    _check_positive(prices)
    before = (positive.ffill() if bridge_gaps else positive).shift()
    returns = (positive / before - 1.0).iloc[1:]
    if bridge_gaps:
        returns.attrs["gaps_bridged"] = True  # read by Market
    if risk_free is None:
        return returns
    rate = _on_dates(risk_free, prices.index[1:])
    if not bridge_gaps:
        return returns.sub(rate, axis=0)
    return returns - _compounded_over_gaps(rate, positive)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Dates that `align` kept and dropped; ``str`` gives a summary in words.

    Attributes
    ----------
    dates : DatetimeIndex
        Dates kept.
    only_in_returns, only_in_factors : DatetimeIndex
        Dates dropped because the other table lacks them.
    incomplete_factors : DatetimeIndex
        Dates dropped because a factor is NaN on them.
    never_observed : tuple of str
        Assets without any return on the dates kept. `align` keeps them.
    redated : str
        How the dates of weekly, monthly, quarterly or yearly tables were matched where they differ, else "".

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.data import align
    >>> demo = sf.load_demo()
    >>> _, _, report = align(demo.returns.loc["2021"], demo.factors.loc["2021-07":])
    >>> print(report)
    128 dates kept, 2021-07-01 to 2021-12-31.
    124 dates dropped that only the returns have, 2021-01-04 to 2021-06-30.
    249 dates dropped that only the factors have, 2022-01-03 to 2022-12-28.
    """

    dates: pd.DatetimeIndex
    only_in_returns: pd.DatetimeIndex
    only_in_factors: pd.DatetimeIndex
    incomplete_factors: pd.DatetimeIndex
    never_observed: tuple[str, ...]
    redated: str = ""

    def __repr__(self) -> str:
        return f"<Alignment: {str(self).splitlines()[0]}>"

    def __str__(self) -> str:
        lines = [f"{len(self.dates)} dates kept, {span(self.dates)}."]
        dropped = (
            (self.only_in_returns, "that only the returns have"),
            (self.only_in_factors, "that only the factors have"),
            (self.incomplete_factors, "on which a factor is missing"),
        )
        lines += [f"{len(dates)} dates dropped {why}, {span(dates)}." for dates, why in dropped if len(dates)]
        if self.never_observed:
            names = ", ".join(self.never_observed[:5]) + ", ..." * (len(self.never_observed) > 5)
            lines.append(f"{len(self.never_observed)} assets have no return on these dates: {names}.")
        if self.redated:
            lines.append(self.redated)
        return "\n".join(lines)


def align(returns: pd.DataFrame, factors: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Alignment]:
    """Keep the dates that both returns and factors have and on which every factor is known.

    Weekly, monthly, quarterly and yearly tables are matched by week, month, quarter or year, whichever day of it they
    are dated by; the dates are then those of the returns.

    Parameters
    ----------
    returns : DataFrame
        One row per date, one column per asset; NaN where not observed.
    factors : DataFrame
        One row per date, one column per factor. The same frequency as the returns.

    Returns
    -------
    returns, factors : DataFrame
        The same tables on the same dates.
    report : Alignment
        Dates that were kept and dropped.

    Raises
    ------
    InputError
        If no date is left, or the frequencies differ: see `compound_returns`.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.data import align
    >>> demo = sf.load_demo()
    >>> returns, factors, report = align(demo.returns.loc["2021"], demo.factors.loc["2021-07":])
    >>> len(returns), len(factors), len(report.only_in_returns)
    (128, 128, 124)
    """
    returns, factors = checked_table(returns, "returns"), checked_table(factors, "factors")
    check_frequencies(pd.DatetimeIndex(returns.index), pd.DatetimeIndex(factors.index))
    factors, redated = _on_days_of(pd.DatetimeIndex(returns.index), factors)
    common = returns.index.intersection(factors.index)
    complete = factors.loc[common].notna().all(axis=1).to_numpy()
    dates = pd.DatetimeIndex(common[complete], name="date")
    if not len(dates):
        spans = [span(pd.DatetimeIndex(table.index)) for table in (returns, factors)]
        raise InputError(
            f"returns ({spans[0]}) and factors ({spans[1]}) must have dates in common on which every factor is known, "
            f"got {len(common)} dates in common and none with every factor. Check that both have the same frequency "
            "and date convention (month ends, no time of day)."
        )
    kept = returns.loc[dates]
    report = Alignment(
        dates=dates,
        only_in_returns=pd.DatetimeIndex(returns.index.difference(common)),
        only_in_factors=pd.DatetimeIndex(factors.index.difference(common)),
        incomplete_factors=pd.DatetimeIndex(common[~complete]),
        never_observed=tuple(str(name) for name in kept.columns[kept.isna().all().to_numpy()]),
        redated=redated,
    )
    return kept, factors.loc[dates], report


def _on_days_of(days: pd.DatetimeIndex, factors: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Date factors by the days of the returns in the same weeks, months, quarters or years, and say so."""
    theirs = pd.DatetimeIndex(factors.index)
    periods = shared_periods(days, theirs)
    if periods is None:
        return factors, ""
    places = periods[0].get_indexer(periods[1])
    if np.count_nonzero(places >= 0) <= len(days.intersection(theirs)):
        return factors, ""
    moved = theirs.where(places < 0, days[places])
    at = int(np.flatnonzero((places >= 0) & (moved != theirs))[0])
    note = (
        f"Dates matched by {_UNITS[frequency_of(days)]}: factors dated {show(theirs[at])} belong to the returns dated "
        f"{show(moved[at])}, and so on."
    )
    return factors.set_axis(moved.rename("date")), note


def _check_positive(prices: pd.DataFrame) -> None:
    """Warn of a few prices that are not positive; raise InputError for many, which cannot be prices."""
    bad = (prices <= 0.0).to_numpy()
    if not bad.any():
        return
    row, column = np.argwhere(bad)[0]
    first = f"{prices.columns[column]} on {show(prices.index[row])}"
    if bad.sum() > 0.1 * prices.notna().to_numpy().sum():
        raise InputError(
            f"prices must be positive, got {bad.mean():.0%} of the values at or below zero (first: {first}). "
            "These are probably returns already: use them without to_returns."
        )
    warnings.warn(
        f"prices should be positive, got {bad.sum()} values at or below zero (first: {first}). Returns from and to "
        "them are missing. Look at find_suspicious_cells(prices, kind='prices').",
        StatefolioWarning,
        stacklevel=3,
    )


def _on_dates(risk_free: Any, dates: pd.Index) -> "pd.Series[float]":
    risk_free = one_column(risk_free, "risk_free")
    if not isinstance(risk_free, pd.Series):
        raise DataTypeError(
            f"risk_free must be a Series of simple returns by date, got {shown(risk_free)}. "
            "Pass one column, e.g. risk_free=factors['RF']."
        )
    rate = checked_table(risk_free.to_frame("risk_free"), "risk_free")["risk_free"].reindex(dates)
    if rate.isna().any():
        raise InputError(
            f"risk_free must have every date of prices but the first, got no rate on {int(rate.isna().sum())} dates "
            f"(first: {show(rate.index[rate.isna()][0])}). Select the dates of prices that it has, or fill it, e.g. "
            "risk_free.reindex(prices.index).ffill()."
        )
    check_cash_rate("risk_free", rate.to_numpy(), pd.DatetimeIndex(dates))
    return rate


def _compounded_over_gaps(rate: "pd.Series[float]", positive: pd.DataFrame) -> pd.DataFrame:
    """Return the risk-free return since each asset's last price."""
    level = np.concatenate([[1.0], np.cumprod(1.0 + rate.to_numpy())])
    now = pd.DataFrame(np.where(positive.notna(), level[:, None], np.nan), positive.index, positive.columns)
    return (now / now.ffill().shift() - 1.0).iloc[1:]
