"""Small trades are not made: positions within the no-trade band are kept, and the others solved for again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program import Outcome

_NOT_APPLIED = "no_trade_band: the other constraints cannot hold with any of the positions in it kept"


def keep_small_trades(limits: Limits, best: Callable[[Limits], Outcome], outcome: Outcome, band: float) -> Outcome:
    """Return the best outcome that leaves positions alone whose wanted trade is smaller than a band.

    The others are solved for again, within all limits, until none of theirs is that small either. Where that cannot
    be, the half of the kept positions with the largest wanted trades is released, and the half of the rest, and so on.

    Parameters
    ----------
    limits : Limits
    best : callable
        Limits to an `Outcome`.
    outcome : Outcome
        What `best` finds for `limits`.
    band : float
        Share of the value.
    """
    can_stay = (limits.previous >= limits.lower) & (limits.previous <= limits.upper)
    wanted = np.abs(outcome.weights - limits.previous)
    kept = can_stay & (wanted < band)
    moved = kept & (wanted > 0.0)
    while kept.any():
        again = best(_fixed(limits, kept))
        if again.converged:
            more = can_stay & (np.abs(again.weights - limits.previous) < band) & ~kept
            moved = more & (again.weights != limits.previous)
            outcome = replace(again, weights=np.where(kept, limits.previous, again.weights), reason=outcome.reason)
            if not moved.any():
                return outcome
            wanted, kept = np.abs(again.weights - limits.previous), kept | more
            continue
        if not (again.infeasible and moved.any()):
            break
        largest = np.flatnonzero(moved)[np.argsort(-wanted[moved], kind="stable")]
        released = largest[: -(-len(largest) // 2)]
        kept[released] = moved[released] = can_stay[released] = False
    if kept.any():
        return replace(outcome, reason=outcome.reason or _NOT_APPLIED)
    return outcome


def _fixed(limits: Limits, kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Limits:
    return replace(
        limits,
        lower=np.where(kept, limits.previous, limits.lower),
        upper=np.where(kept, limits.previous, limits.upper),
    )
