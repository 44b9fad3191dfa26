"""Joins the results of hedges that were tuned one after the other into one hedge."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._threads import get_num_threads
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.results import HedgeEstimates
from statefolio.pairs.prices import Basket
from statefolio.pairs.trading.signals import z_score

_BY_DATE = (
    "predicted",
    "predicted_variance",
    "filtered",
    "filtered_variance",
    "innovation",
    "innovation_variance",
)


class WalkForwardHedge(Hedge):
    """Results of hedges tuned one after the other: each date has the results of the hedge in use on it.

    Dates before the first hedge is in use have its in-sample results. Smoothed states are NaN, because they would use
    later dates than the hedge in use did.

    Attributes
    ----------
    z_score_ : Series by date
        Z-score of each date under the hedge in use on it.
    in_use_from_ : Timestamp
        First date on which a hedge is in use; earlier results are in sample.
    last_ : Hedge
        The last hedge, which `partial_fit` continues.
    """

    z_score_: "pd.Series[float]"
    in_use_from_: pd.Timestamp
    last_: Hedge

    def __init__(self, *, logs: bool = False) -> None:
        self.logs = logs

    def _run(self, basket: Basket) -> HedgeEstimates:
        return self.last_._run(basket)


def walk(
    hedges: Sequence[Hedge],
    basket: Basket,
    starts: Sequence[int],
    *,
    of: str = "innovation",
    lookback: int | None = None,
) -> WalkForwardHedge:
    """Run each hedge over its dates, and join the results.

    Parameters
    ----------
    hedges : sequence of Hedge
        Tuned hedges; their results are computed here.
    basket : Basket
    starts : sequence of int
        First row on which each hedge is in use, until the start of the next one or the last date.
    of, lookback
        As in `z_score`.
    """
    if not hedges[-1].learns:
        hedges, starts = hedges[-1:], starts[:1]

    def run_until(hedge: Hedge, first: int, end: int) -> "tuple[dict[str, Array], pd.Series[float]]":
        hedge.run_over(Basket(basket.values[:end], basket.dates[:end], basket.assets), smooth=False)
        found = {name: path[first:] for name, path in _estimates(hedge).items()}
        return found, z_score(hedge, of=of, lookback=lookback).iloc[first:]

    with ThreadPoolExecutor(get_num_threads()) as pool:
        found = list(pool.map(run_until, hedges, [0, *starts[1:]], [*starts[1:], len(basket.dates)]))
    parts, scores = [part for part, _ in found], [score for _, score in found]
    last = hedges[-1].estimates_
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    none = np.full(whole["filtered"].shape, np.nan)
    estimates = HedgeEstimates(
        **whole,
        smoothed=none,
        smoothed_variance=none,
        mean=last.mean,
        covariance=last.covariance,
        observation_variance=last.observation_variance,
    )
    walked = WalkForwardHedge(logs=hedges[0].logs)
    walked.assets_, walked.tuned_until_ = basket.assets, hedges[-1].tuned_until_
    walked.set_results(basket, estimates)
    walked.z_score_, walked.in_use_from_, walked.last_ = pd.concat(scores), basket.dates[starts[0]], hedges[-1]
    return walked


def _estimates(hedge: Hedge) -> dict[str, Array]:
    """Return the states of a hedge and its innovations by date."""
    return {name: getattr(hedge.estimates_, name) for name in _BY_DATE}
