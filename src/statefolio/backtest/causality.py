"""Checks for look-ahead: decisions must not change when the future is cut off or replaced."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_dates, row_from
from statefolio._arrays.text import show, shown, span
from statefolio._options import Whole, check, is_whole
from statefolio.backtest.calendar import decision_dates
from statefolio.backtest.decision_comparison import CARRIES_FUTURE, NOT_REPRODUCIBLE
from statefolio.backtest.decisions import clone_policy
from statefolio.backtest.future_data import find_future_data, redraw_future_data
from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.backtest.result import CausalCheck
from statefolio.backtest.run_settings import make_settings
from statefolio.backtest.walk import Walk
from statefolio.exceptions import DataTypeError, InputError, PolicyError, StatefolioError

_FAILED = pd.DataFrame()


def check_causal(
    policy_or_builder: Any, market: Market, *, cuts: int | Sequence[Any] = 10, seed: int = 0, **options: Any
) -> CausalCheck:
    """Check whether decisions use the future, by repeating the run on markets without it and with another one.

    Parameters
    ----------
    policy_or_builder : Policy, or function(Market) -> Policy or DataFrame
        A policy is run again on each market. The data that it carries (a DataFrame of signals, say) are the same in
        every run, so that a policy with data dated after its first decision can only be cleared through a function
        that makes it. Such a function is called on each market. It may also return weights (decision date x asset).
    market : Market
    cuts : int or dates, default 10
        Where the future is cut off: a number of dates spread over the run, or these dates.
    seed : int
        Seed of the replaced futures.
    **options
        start, end, rebalance, costs, capital, lag: as in `run_backtest`.

    Returns
    -------
    CausalCheck
        "looks ahead" if a decision up to a cut changes. "cannot be checked" if decisions differ between two runs on
        the same data, or the policy carries data that may contain the future.

    Raises
    ------
    DataTypeError, InputError
        If an argument cannot be used, or `cuts` leaves no date with a future.
    PolicyError
        If the policy or the function fails on the whole market.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
    >>> sf.backtest.check_causal(sf.portfolio.EqualWeight(), market, cuts=3).verdict
    'causal'

    Weights scaled by the standard deviation of the whole sample use the future:

    >>> def scaled_returns(market):
    ...     return market.returns / market.returns.std()
    >>> found = sf.backtest.check_causal(scaled_returns, market, cuts=3)
    >>> found.verdict, f"{found.first_difference:%Y-%m-%d}"
    ('looks ahead', '2014-01-03')
    """
    if isinstance(policy_or_builder, pd.DataFrame):
        detail = "it is not known what given weights were made from. Pass a function market -> weights."
        return CausalCheck("cannot be checked", None, detail, ())
    is_policy = callable(getattr(policy_or_builder, "decide", None))
    if not is_policy and not callable(policy_or_builder):
        raise DataTypeError(
            f"policy_or_builder must be a policy or a function market -> policy or weights, got "
            f"{shown(policy_or_builder)}. Pass e.g. EqualWeight()."
        )
    dates = _cut_dates(market, cuts, options)
    whole = market if options.get("end") is None else market.until(options["end"])
    options = {name: value for name, value in options.items() if name != "end"}
    if "periods_a_year" not in options:
        options["periods_per_year"] = read_periods(options.get("periods_per_year"), market.dates)
    return _Check(policy_or_builder, is_policy, whole, seed, options).verdict(dates)


class _Check:
    def __init__(self, subject: Any, is_policy: bool, market: Market, seed: int, options: dict[str, Any]) -> None:
        self._subject, self._is_policy = subject, is_policy
        self._market, self._seed, self._options = market, seed, options

    def verdict(self, cuts: tuple[pd.Timestamp, ...]) -> CausalCheck:
        full = self._decisions(self._market, cuts[-1])
        doubt = self._doubt()
        for place, cut in enumerate(cuts):
            others = (
                self._decisions(self._market.until(cut), cut),
                self._decisions(self._market.perturbed_after(cut, self._seed + place), cut, redraw=True),
            )
            changed = [date for other in others if (date := _first_difference(full, other, cut)) is not None]
            if not changed:
                continue
            if _first_difference(full, self._decisions(self._market, cut), cut) is not None:
                return CausalCheck("cannot be checked", min(changed), NOT_REPRODUCIBLE, cuts)
            detail = f"the decision of {show(min(changed))} changes with data after {show(cut)}"
            return CausalCheck("looks ahead", min(changed), f"{detail} ({doubt})" if doubt else detail, cuts)
        if doubt:
            return CausalCheck("cannot be checked", None, doubt, cuts)
        if full.loc[: cuts[-1]].empty:
            return CausalCheck("cannot be checked", None, f"no decision is made until {show(cuts[-1])}", cuts)
        detail = f"{len(full.loc[: cuts[-1]])} decisions are equal to the last bit at {len(cuts)} cuts"
        return CausalCheck("causal", None, detail, cuts)

    def _doubt(self) -> str:
        """Say which data of a policy reach beyond its first decision; empty if none, or for a function."""
        if not self._is_policy:
            return ""
        first = self._market.dates[row_from(self._market.dates, self._options.get("start"), "start")]
        future = find_future_data(self._subject, self._market, first)
        return CARRIES_FUTURE.format(future[0][0], show(first)) if future else ""

    def _decisions(self, market: Market, end: pd.Timestamp, redraw: bool = False) -> pd.DataFrame:
        """Return the decisions up to a date on a market; an empty DataFrame if that fails."""
        try:
            made = self._subject if self._is_policy else self._built(market)
            if isinstance(made, pd.DataFrame):
                return made
            policy = clone_policy(made, "policy")
            if redraw and self._is_policy:
                redraw_future_data(policy, self._market, end, np.random.default_rng(self._seed))
            walk = Walk({"policy": policy}, market, end=end, **self._options)
            while not walk.done:
                walk.step()
            return walk.decisions()["policy"]
        except StatefolioError:
            if market is self._market:
                raise
            return _FAILED

    def _built(self, market: Market) -> Any:
        try:
            return self._subject(market)
        except Exception as error:
            last = show(market.dates[-1])
            raise PolicyError(
                f"the function raised {type(error).__name__} on a market until {last}: {error}"
            ) from error


def _first_difference(full: pd.DataFrame, other: pd.DataFrame, until: pd.Timestamp) -> pd.Timestamp | None:
    """Return the first date up to `until` with different decisions, to the last bit (NaN equals NaN), or None."""
    mine, theirs = full.loc[:until], other.loc[:until] if len(other) else other
    dates = mine.index.union(theirs.index) if len(theirs) else mine.index
    one = mine.reindex(dates)
    two = theirs.reindex(index=dates, columns=one.columns)
    absent = ~(dates.isin(mine.index) & dates.isin(theirs.index))
    unequal = ~((one == two) | (one.isna() & two.isna())).to_numpy().all(axis=1) | absent
    return pd.Timestamp(dates[int(np.argmax(unequal))]) if unequal.any() else None


def _cut_dates(market: Market, cuts: int | Sequence[Any], options: dict[str, Any]) -> tuple[pd.Timestamp, ...]:
    """Return the given dates, or decision dates spread over the run without its first and its last."""
    dates = make_settings(market, options.get("start"), options.get("end"), None, 1.0, 1, 252.0).dates
    if is_whole(cuts):
        check("cuts", cuts, Whole(at_least=1, example=10))
        decides = np.flatnonzero(decision_dates(options.get("rebalance", "monthly"), dates)[:-1])
        places = np.linspace(0, len(decides) - 1, num=int(cuts) + 1).round().astype(np.int64)
        rows = decides[np.unique(places)][-int(cuts) :]
    else:
        rows = np.unique(dates.searchsorted(read_dates(cuts, "cuts"), side="right") - 1)
    rows = rows[(rows >= 0) & (rows < len(dates) - 1)]
    if len(rows) == 0:
        raise InputError(
            f"cuts must leave a date with a future, got {shown(cuts)} for a run of {span(dates)}. Pass dates before "
            "its last one."
        )
    return tuple(pd.Timestamp(dates[row]) for row in rows)
