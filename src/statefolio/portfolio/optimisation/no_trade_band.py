"""Skips small trades: keeps positions within the no-trade band and optimises the others again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult

_NOT_APPLIED = "no_trade_band: keeping any position within the band violates another constraint"


def apply_no_trade_band(
    limits: Limits, best: Callable[[Limits], ProgramResult], outcome: ProgramResult, band: float
) -> ProgramResult:
    """Return the best result in which no trade is smaller than the band.

    Positions with smaller optimal trades are kept, and the others are optimised again within all limits, until no other
    optimal trade is that small. If no weights satisfy the limits then, the half of the kept positions with the largest
    optimal trades is released, then the half of the remaining ones, and so on.

    Parameters
    ----------
    limits : Limits
    best : callable
        Maps limits to a `ProgramResult`.
    outcome : ProgramResult
        The result of `best` for `limits`.
    band : float
        As a share of the portfolio's value.
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
