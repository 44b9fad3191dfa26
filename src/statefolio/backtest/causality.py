"""Checks for look-ahead: decisions must not change when the future is cut off or replaced."""

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_dates, row_from
from statefolio._arrays.text import show, shown, span
from statefolio._options import Whole, check, is_whole
from statefolio.backtest.calendar import Drift, decision_dates
from statefolio.backtest.causal_check import CausalCheck
from statefolio.backtest.decision_comparison import CARRIES_FUTURE, NOT_REPRODUCIBLE
from statefolio.backtest.decisions import clone_policy
from statefolio.backtest.decisions_apart import TOLERANCE, Question, first_difference, repeat_apart, spread
from statefolio.backtest.future_data import find_future_data, redraw_future_data
from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.backtest.run_settings import make_settings
from statefolio.backtest.walk import Walk
from statefolio.backtest.watched_reads import watch
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
        What it returns must not have dates after its market; the function itself is searched as a policy is. If it has
        classes or functions of the user, the decisions are also repeated in a new Python process at up to three cuts.
    market : Market
    cuts : int or dates, default 10
        Where the future is cut off: a number of decision dates spread over the run, or these dates.
    seed : int
        Seed of the replaced futures.
    **options
        start, end, rebalance, costs, capital, lag: as in `run_backtest`.

    Returns
    -------
    CausalCheck
        "looks ahead" if a decision up to a cut changes. "cannot be checked" if decisions differ between two runs on
        the same data or in a new process that has only the history, if the policy or the function carries data that
        may contain the future, cannot be pickled, or reads a file or a connection while it decides, or if the function
        returns the same weights for any market. "causal" otherwise; `str` of the result says what was checked.

    Notes
    -----
    Not caught: unlabelled data that are not as many as the market's dates, picks written in code under no date, files
    that compiled code opens (`pandas.read_parquet`, HDF5), and class attributes that a script or notebook sets.

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
    by_drift = is_whole(cuts) and isinstance(options.get("rebalance"), Drift)
    whole = market if options.get("end") is None else market.until(options["end"])
    options = {name: value for name, value in options.items() if name != "end"}
    if "periods_a_year" not in options:
        options["periods_per_year"] = read_periods(options.get("periods_per_year"), market.dates)
    return _Check(policy_or_builder, is_policy, whole, seed, options).verdict(dates, by_drift)


class _Check:
    def __init__(self, subject: Any, is_policy: bool, market: Market, seed: int, options: dict[str, Any]) -> None:
        self._subject, self._is_policy = subject, is_policy
        self._market, self._seed, self._options = market, seed, options
        self._returned_weights = False
        self._doubts: list[str] = []

    def verdict(self, cuts: tuple[pd.Timestamp, ...], by_drift: bool = False) -> CausalCheck:
        began = perf_counter()
        full = self.decisions(self._market, cuts[-1])
        if by_drift:  # the decision dates are known only now
            cuts = _spread(full.index[full.index <= cuts[-1]], len(cuts))
        self._doubts = [one for one in (self._doubt(), self._independence(full)) if one]
        for place, cut in enumerate(cuts):
            others = (
                self.decisions(self._market.until(cut), cut),
                self.decisions(self._market.perturbed_after(cut, self._seed + place), cut, redraw=True),
            )
            doubt = self._doubts[0] if self._doubts else ""
            changed = [date for other in others if (date := first_difference(full, other, cut)) is not None]
            if not changed:
                continue
            if first_difference(full, self.decisions(self._market, cut), cut) is not None:
                return CausalCheck("cannot be checked", min(changed), NOT_REPRODUCIBLE, cuts)
            detail = f"the decision of {show(min(changed))} changes with data after {show(cut)}"
            return CausalCheck("looks ahead", min(changed), f"{detail} ({doubt})" if doubt else detail, cuts)
        if self._doubts:
            return CausalCheck("cannot be checked", None, self._doubts[0], cuts)
        if full.loc[: cuts[-1]].empty:
            return CausalCheck("cannot be checked", None, f"no decision is made until {show(cuts[-1])}", cuts)
        apart = repeat_apart(self._questions(full, cuts), perf_counter() - began)["it"]
        if apart.doubt:
            return CausalCheck("cannot be checked", None, apart.doubt, cuts)
        detail = f"{len(full.loc[: cuts[-1]])} decisions are equal to the last bit at {len(cuts)} cuts"
        return CausalCheck("causal", None, detail, cuts, apart.scope)

    def _questions(self, full: pd.DataFrame, cuts: tuple[pd.Timestamp, ...]) -> list[Question]:
        """Return the decisions to repeat in a new process."""
        settings = (self._subject, self._is_policy, self._seed, self._options)
        return [
            Question("it", cut, _decide_apart, (*settings, self._market.until(cut), cut), partial(_is_other, full, cut))
            for cut in (cuts[place] for place in spread(len(cuts)))
        ]

    def _doubt(self) -> str:
        """Say which data of a policy or function reach beyond the first decision; empty if none."""
        first = self._market.dates[row_from(self._market.dates, self._options.get("start"), "start")]
        future = find_future_data(self._subject, self._market, first)
        where = future[0][0] if future else ""
        where = where if self._is_policy else where.replace("policy", "the function", 1)
        return CARRIES_FUTURE.format(where, show(first)) if future else ""

    def _independence(self, full: pd.DataFrame) -> str:
        """Say so if a function returns the same weights for a market with other numbers; empty if not."""
        if self._is_policy or not self._returned_weights or full.empty:
            return ""
        before = self._market.dates[0] - pd.Timedelta(days=1)
        other = self.decisions(self._market.perturbed_after(before, self._seed), self._market.dates[-1])
        same = first_difference(full, other, self._market.dates[-1]) is None
        return (
            "the function returns the same weights for any market, so what they are made from is not known"
            if same
            else ""
        )

    def _note_later_dates(self, made: Any, market: Market, end: pd.Timestamp) -> None:
        """Note data in what a function returned for a market that are dated after that market."""
        future = find_future_data(made, self._market, market.dates[-1])
        if future and market.dates[-1] < self._market.dates[-1]:
            where = future[0][0].replace("policy", "what the function returns", 1)
            self._doubts.append(f"{where}, for a market until {show(end)}: its data are not those of the market")

    def decisions(self, market: Market, end: pd.Timestamp, redraw: bool = False) -> pd.DataFrame:
        """Return the decisions up to a date on a market; an empty DataFrame if that fails."""
        try:
            made = self._subject if self._is_policy else self._built(market)
            if not self._is_policy:
                self._note_later_dates(made, market, end)
            if isinstance(made, pd.DataFrame):
                self._returned_weights = True
                return made
            policy = clone_policy(made, "policy")
            if redraw:
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


def _decide_apart(
    subject: Any, is_policy: bool, seed: int, options: dict[str, Any], market: Market, end: pd.Timestamp
) -> tuple[Any, list[str]]:
    """Return the decisions until a date; text in place of them says why that failed."""
    with watch() as reads:
        try:
            return _Check(subject, is_policy, market, seed, options).decisions(market, end), reads
        except StatefolioError as error:
            return str(error), reads


def _is_other(full: pd.DataFrame, end: pd.Timestamp, other: pd.DataFrame) -> bool:
    return first_difference(full, other, end, TOLERANCE) is not None


def _spread(dates: pd.Index, count: int) -> tuple[pd.Timestamp, ...]:
    """Return up to `count` of the dates, spread over all of them."""
    places = np.unique(np.linspace(0, len(dates) - 1, num=min(count, len(dates))).round().astype(np.int64))
    return tuple(pd.Timestamp(dates[place]) for place in places) if len(dates) else ()


def _cut_dates(market: Market, cuts: int | Sequence[Any], options: dict[str, Any]) -> tuple[pd.Timestamp, ...]:
    """Return the given dates, or decision dates spread over the run without its first and its last."""
    dates = make_settings(market, options.get("start"), options.get("end"), None, 1.0, 1, 252.0).dates
    if is_whole(cuts):
        check("cuts", cuts, Whole(at_least=1, example=10))
        decides = np.flatnonzero(decision_dates(options.get("rebalance", "monthly"), dates)[:-1])
        places = np.linspace(0, max(len(decides) - 1, 0), num=int(cuts) + 1).round().astype(np.int64)
        rows = decides[np.unique(places)][-int(cuts) :] if len(decides) else decides
    else:
        rows = np.unique(dates.searchsorted(read_dates(cuts, "cuts"), side="right") - 1)
    rows = rows[(rows >= 0) & (rows < len(dates) - 1)]
    if len(rows) == 0:
        raise InputError(
            f"cuts must leave a date with a future, got {shown(cuts)} for a run of {span(dates)}. Pass dates before "
            "its last one."
        )
    return tuple(pd.Timestamp(dates[row]) for row in rows)
