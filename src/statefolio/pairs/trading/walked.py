"""One hedge through time, put together from the pieces of many: each date from the one that was in use then."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.results import HedgePaths
from statefolio.pairs.prices import Basket
from statefolio.pairs.trading.signals import z_score


class WalkedHedge(Hedge):
    """Results of hedges that followed each other; the first one's also for the dates before it was in use.

    There are no smoothed states (NaN): they would know later dates than the hedge in use did.

    Attributes
    ----------
    z_score_ : Series by date
        Each date's under the hedge in use then.
    in_use_from_ : Timestamp
        What comes before is in sample.
    last_ : Hedge
        In use at the end, and on dates that `partial_fit` adds.
    """

    last_: Hedge

    def __init__(self, *, logs: bool = False) -> None:
        self.logs = logs

    def _run(self, basket: Basket) -> HedgePaths:
        return self.last_._run(basket)


def walk(
    hedges: Sequence[Hedge],
    basket: Basket,
    starts: Sequence[int],
    *,
    of: str = "innovation",
    lookback: int | None = None,
) -> WalkedHedge:
    """Run each hedge over its dates, and put the pieces together.

    Parameters
    ----------
    hedges : sequence of Hedge
        That have learned; they are run here.
    basket : Basket
    starts : sequence of int
        The first row of each; it is in use until the next one's. The last one is until the end.
    of, lookback
        As in `z_score`.
    """
    ends = [*starts[1:], len(basket.dates)]
    parts: list[dict[str, Array]] = []
    scores: list[pd.Series[float]] = []
    for hedge, start, end in zip(hedges, starts, ends, strict=True):
        hedge.run_over(Basket(basket.values[:end], basket.dates[:end], basket.assets), smooth=False)
        first = start if parts else 0
        parts.append({name: path[first:] for name, path in _paths(hedge).items()})
        scores.append(z_score(hedge, of=of, lookback=lookback).iloc[first:])
    last = hedges[-1].next_
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    none = np.full(whole["filtered"].shape, np.nan)
    paths = HedgePaths(
        **whole,
        smoothed=none,
        smoothed_variance=none,
        mean=last["mean"].to_numpy(),
        covariance=last["covariance"].to_numpy(),
        observation_variance=float(last["observation_variance"]),
    )
    walked = WalkedHedge(logs=hedges[0].logs)
    walked.assets_, walked.tuned_until_ = basket.assets, hedges[-1].tuned_until_
    walked.hold(basket, paths)
    walked.z_score_, walked.in_use_from_, walked.last_ = pd.concat(scores), basket.dates[starts[0]], hedges[-1]
    return walked


def _paths(hedge: Hedge) -> dict[str, Array]:
    """The states of a run, the level first, and its innovations."""
    four = ("predicted", "predicted_variance", "filtered", "filtered_variance")
    states = {name: np.column_stack([hedge.level_[name], hedge.hedge_ratios_[name]]) for name in four}
    return states | {name: hedge.innovations_[name].to_numpy() for name in ("innovation", "innovation_variance")}
