"""From prices to returns, and returns and factors on the same dates."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.text import show, span
from statefolio.data.checks import checked_table
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning


def to_returns(
    prices: pd.DataFrame, risk_free: "pd.Series[float] | None" = None, *, bridge_gaps: bool = False
) -> pd.DataFrame:
    """Turn prices into simple returns, in excess of a risk-free rate where one is given.

    Parameters
    ----------
    prices : DataFrame
        A row a date, a column an asset; NaN where there is no price.
    risk_free : Series, optional
        The simple risk-free return of each date in decimals (not a yearly rate), on every date of
        `prices` but the first.
    bridge_gaps : bool
        By default a return needs a price on two dates in succession, and a missing price costs two
        returns. With ``True`` the return after a gap runs from the last price before it (less the
        risk-free return compounded over the gap), and belongs to the date on which it ends.

    Returns
    -------
    DataFrame
        A row for each date but the first. Returns from or to a price that is not positive are NaN, and a
        `StatefolioWarning` says how many such prices there are.
    """
    prices = checked_table(prices, "prices")
    positive = prices.mask(prices <= 0.0)
    _judge_nonpositive(prices)
    before = (positive.ffill() if bridge_gaps else positive).shift()
    returns = (positive / before - 1.0).iloc[1:]
    if risk_free is None:
        return returns
    rate = _on_dates(risk_free, prices.index[1:])
    if not bridge_gaps:
        return returns.sub(rate, axis=0)
    return returns - _compounded_over_gaps(rate, positive)


@dataclass(frozen=True, slots=True)
class Alignment:
    """What `align` kept and dropped; ``str`` tells it in words.

    Attributes
    ----------
    dates : DatetimeIndex
        The dates kept.
    only_in_returns, only_in_factors : DatetimeIndex
        The dates dropped because the other table lacks them.
    incomplete_factors : DatetimeIndex
        The dates dropped because a factor is NaN on them.
    never_observed : tuple of str
        The assets without any return on the dates kept. They are kept.
    """

    dates: pd.DatetimeIndex
    only_in_returns: pd.DatetimeIndex
    only_in_factors: pd.DatetimeIndex
    incomplete_factors: pd.DatetimeIndex
    never_observed: tuple[str, ...]

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
        return "\n".join(lines)


def align(returns: pd.DataFrame, factors: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Alignment]:
    """Cut returns and factors to the dates that both have and on which every factor is known.

    Parameters
    ----------
    returns : DataFrame
        A row a date, a column an asset; NaN where not observed.
    factors : DataFrame
        A row a date, a column a factor.

    Returns
    -------
    returns, factors : DataFrame
        The same tables on the same dates.
    report : Alignment
        What was dropped.
    """
    returns, factors = checked_table(returns, "returns"), checked_table(factors, "factors")
    common = returns.index.intersection(factors.index)
    complete = factors.loc[common].notna().all(axis=1).to_numpy()
    dates = pd.DatetimeIndex(common[complete], name="date")
    if not len(dates):
        spans = [span(pd.DatetimeIndex(table.index)) for table in (returns, factors)]
        raise InputError(
            f"returns ({spans[0]}) and factors ({spans[1]}) have {len(common)} dates in common and none with "
            "every factor known. Common dates were expected: check that both are of one frequency and dated "
            "alike (month ends, no time of day)."
        )
    kept = returns.loc[dates]
    report = Alignment(
        dates=dates,
        only_in_returns=pd.DatetimeIndex(returns.index.difference(common)),
        only_in_factors=pd.DatetimeIndex(factors.index.difference(common)),
        incomplete_factors=pd.DatetimeIndex(common[~complete]),
        never_observed=tuple(str(name) for name in kept.columns[kept.isna().all().to_numpy()]),
    )
    return kept, factors.loc[dates], report


def _judge_nonpositive(prices: pd.DataFrame) -> None:
    """Warn of a few prices that are not positive; many are no prices."""
    bad = (prices <= 0.0).to_numpy()
    if not bad.any():
        return
    row, column = np.argwhere(bad)[0]
    first = f"{prices.columns[column]} on {show(prices.index[row])}"
    if bad.sum() > 0.1 * prices.notna().to_numpy().sum():
        raise InputError(
            f"prices has {bad.mean():.0%} of its values at or below zero (first: {first}). Prices were "
            "expected: these are probably returns already, use them as they are."
        )
    warnings.warn(
        f"prices has {bad.sum()} values at or below zero (first: {first}). Positive prices were expected; "
        "the returns that touch them are NaN. See find_suspicious_cells(prices, kind='prices').",
        StatefolioWarning,
        stacklevel=3,
    )


def _on_dates(risk_free: "pd.Series[float]", dates: pd.Index) -> "pd.Series[float]":
    if not isinstance(risk_free, pd.Series):
        raise DataTypeError(
            f"risk_free is a {type(risk_free).__name__}. A pandas Series of simple returns by date was "
            "expected: pick the column, e.g. factors['RF']."
        )
    rate = checked_table(risk_free.to_frame("risk_free"), "risk_free")["risk_free"].reindex(dates)
    if rate.isna().any():
        raise InputError(
            f"risk_free lacks {int(rate.isna().sum())} dates of prices (first: "
            f"{show(rate.index[rate.isna()][0])}). A rate on every date was expected: cut prices to its "
            "dates or fill it knowingly, e.g. risk_free.reindex(prices.index).ffill()."
        )
    return rate


def _compounded_over_gaps(rate: "pd.Series[float]", positive: pd.DataFrame) -> pd.DataFrame:
    """Return what the risk-free rate earned since each asset's last price."""
    level = np.concatenate([[1.0], np.cumprod(1.0 + rate.to_numpy())])
    now = pd.DataFrame(np.where(positive.notna(), level[:, None], np.nan), positive.index, positive.columns)
    return (now / now.ffill().shift() - 1.0).iloc[1:]
