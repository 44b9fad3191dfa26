"""Does a decision change when the future does? Cut it off, draw it anew, and look."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_dates, row_from
from statefolio._arrays.text import show
from statefolio._options import is_whole
from statefolio.backtest.answers import clone_policy
from statefolio.backtest.calendar import decision_dates
from statefolio.backtest.carried import carried_beyond
from statefolio.backtest.market import Market
from statefolio.backtest.replay import CARRIES, NOT_REPRODUCIBLE, perturb_carried
from statefolio.backtest.result import CausalCheck
from statefolio.backtest.terms import make_terms
from statefolio.backtest.walk import Walk
from statefolio.exceptions import DataTypeError, InputError, PolicyError, StatefolioError

_FAILED = pd.DataFrame()


def check_causal(
    policy_or_builder: Any, market: Market, *, cuts: int | Sequence[Any] = 10, seed: int = 0, **options: Any
) -> CausalCheck:
    """Compare decisions with those made on markets without their future, and with another future.

    Parameters
    ----------
    policy_or_builder : Policy, or function(Market) -> Policy or DataFrame
        A policy is run anew on each market. What it carries with it (a frame of signals, say) comes along whole, so
        one that carries data dated after its first decision is only cleared by a function that makes it: that is called
        on each market. A function may also return weights (decision date x asset).
    market : Market
    cuts : int or dates, default 10
        Where the future is cut off: so many dates, spread over the run, or these.
    seed : int
        Of the drawn futures.
    **options
        start, end, rebalance, costs, capital, lag: as in `run_backtest`.

    Returns
    -------
    CausalCheck
        "looks ahead" where a decision until a cut changes. "cannot be checked" where decisions differ between two runs
        on the same data, or the policy carries what may hold the future.
    """
    if isinstance(policy_or_builder, pd.DataFrame):
        told = "weights that are given do not say what they were made from. Pass a function market -> weights."
        return CausalCheck("cannot be checked", None, told, ())
    is_policy = callable(getattr(policy_or_builder, "decide", None))
    if not is_policy and not callable(policy_or_builder):
        raise DataTypeError(
            f"{policy_or_builder!r} is a {type(policy_or_builder).__name__}; a policy, or a function market -> "
            "policy or weights was expected."
        )
    dates = _cut_dates(market, cuts, options)
    whole = market if options.get("end") is None else market.until(options["end"])
    options = {name: given for name, given in options.items() if name != "end"}
    check = _Check(policy_or_builder, is_policy, whole, seed, options)
    return check.verdict(dates)


class _Check:
    def __init__(self, subject: Any, is_policy: bool, market: Market, seed: int, options: dict[str, Any]) -> None:
        self._subject, self._is_policy = subject, is_policy
        self._market, self._seed, self._options = market, seed, options

    def verdict(self, cuts: tuple[pd.Timestamp, ...]) -> CausalCheck:
        full = self._decisions(self._market, cuts[-1])
        carried = self._carried()
        for place, cut in enumerate(cuts):
            others = (
                self._decisions(self._market.until(cut), cut),
                self._decisions(self._market.perturbed_after(cut, self._seed + place), cut, perturb=True),
            )
            changed = [date for other in others if (date := first_difference(full, other, cut)) is not None]
            if not changed:
                continue
            if first_difference(full, self._decisions(self._market, cut), cut) is not None:
                return CausalCheck("cannot be checked", min(changed), NOT_REPRODUCIBLE, cuts)
            told = f"the decision of {show(min(changed))} changes with what comes after {show(cut)}"
            return CausalCheck("looks ahead", min(changed), f"{told}{f' ({carried})' if carried else ''}", cuts)
        if carried:
            return CausalCheck("cannot be checked", None, carried, cuts)
        if full.loc[: cuts[-1]].empty:
            return CausalCheck("cannot be checked", None, f"no decision is made until {show(cuts[-1])}", cuts)
        told = f"{len(full.loc[: cuts[-1]])} decisions are equal to the last bit at {len(cuts)} cuts"
        return CausalCheck("causal", None, told, cuts)

    def _carried(self) -> str:
        """What a policy that was passed as it is carries beyond its first decision; empty if nothing."""
        if not self._is_policy:
            return ""
        start = self._options.get("start")
        row = row_from(self._market.dates, start, "start")
        first = self._market.dates[row]
        found = carried_beyond(self._subject, first, len(self._market.dates), row + 1)
        return CARRIES.format(found[0].where, show(first)) if found else ""

    def _decisions(self, market: Market, end: pd.Timestamp, perturb: bool = False) -> pd.DataFrame:
        """Decisions until a date, made on a market; an empty frame where they cannot be made."""
        try:
            made = self._subject if self._is_policy else self._built(market)
            if isinstance(made, pd.DataFrame):
                return made
            policy = clone_policy(made, "policy")
            if perturb and self._is_policy:
                perturb_carried(policy, end, self._market, np.random.default_rng(self._seed))
            walk = Walk({"policy": policy}, market, end=end, **self._options)
            while not walk.done:
                walk.step()
            return walk.results()["policy"].decisions
        except StatefolioError:
            if market is self._market:
                raise
            return _FAILED

    def _built(self, market: Market) -> Any:
        try:
            return self._subject(market)
        except Exception as error:
            told = f"the function raised {type(error).__name__} on a market until {show(market.dates[-1])}: {error}"
            raise PolicyError(told) from error


def first_difference(full: pd.DataFrame, other: pd.DataFrame, until: pd.Timestamp) -> pd.Timestamp | None:
    """The first date until which decisions are not equal to the last bit, NaN equal to NaN; None if they are."""
    mine, theirs = full.loc[:until], other.loc[:until] if len(other) else other
    dates = mine.index.union(theirs.index) if len(theirs) else mine.index
    one = mine.reindex(dates)
    two = theirs.reindex(index=dates, columns=one.columns)
    absent = ~(dates.isin(mine.index) & dates.isin(theirs.index))
    unequal = ~((one == two) | (one.isna() & two.isna())).to_numpy().all(axis=1) | absent
    return pd.Timestamp(dates[int(np.argmax(unequal))]) if unequal.any() else None


def _cut_dates(market: Market, cuts: int | Sequence[Any], options: dict[str, Any]) -> tuple[pd.Timestamp, ...]:
    """So many decision dates spread over the run, neither its first date nor its last; or those given."""
    dates = make_terms(market, options.get("start"), options.get("end"), None, 1.0, 1, 1.0).dates
    if not is_whole(cuts):
        rows = np.unique(dates.searchsorted(read_dates(cuts, "cuts"), side="right") - 1)
    elif cuts >= 1:
        called = np.flatnonzero(decision_dates(options.get("rebalance", "monthly"), dates)[:-1])
        places = np.linspace(0, len(called) - 1, num=int(cuts) + 1).round().astype(np.int64)
        rows = called[np.unique(places)][-int(cuts) :]
    else:
        rows = np.zeros(0, dtype=np.int64)
    rows = rows[(rows >= 0) & (rows < len(dates) - 1)]
    if len(rows) == 0:
        raise InputError(f"cuts={cuts!r} leaves no date with a future; one at least was expected.")
    return tuple(pd.Timestamp(dates[row]) for row in rows)
