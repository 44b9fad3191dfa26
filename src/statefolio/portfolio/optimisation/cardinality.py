"""Limits the number of holdings: branch and bound over which assets to hold (Bertsimas and Shioda 2009)."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult, failed

WORK = 40_000
"""Limit on solves times assets; a count, not a time, so that the same problem always has the same answer."""

_LEAST, _MOST = 12, 400
_HELD = 1e-8
_TIE = 1e-9

Mask = NDArray[np.bool_]
Best = Callable[[Limits], ProgramResult]


@dataclass(order=True)
class _Node:
    """Assets that are excluded, assets that are reserved a place, and a bound on all selections below."""

    bound: float
    order: int
    excluded: Mask = field(compare=False)
    kept: Mask = field(compare=False)
    outcome: ProgramResult = field(compare=False)


class _Search:
    """The best result found so far, and the limit on solves."""

    def __init__(self, limits: Limits, best: Best) -> None:
        self.limits, self.best = limits, best
        self.found, self.excluded = failed(len(limits.lower), ""), np.zeros(len(limits.lower), dtype=bool)
        self.left = int(np.clip(WORK // max(len(limits.lower), 1), _LEAST, _MOST))
        self.solves = 0

    def solve(self, excluded: Mask) -> ProgramResult:
        """Solve without some assets; a result with few enough holdings may become the best found."""
        self.solves += 1
        outcome = self.best(without(self.limits, excluded))
        if outcome.converged and _held(outcome).sum() <= self.limits.max_holdings and outcome.value < self.found.value:
            self.found, self.excluded = outcome, excluded | ~_held(outcome)
        return outcome

    def worse(self, bound: float) -> bool:
        """Return whether no selection below a bound can be better than the best found."""
        return bool(np.isfinite(self.found.value)) and bound >= self.found.value - _TIE * (1.0 + abs(self.found.value))


def limit_holdings(limits: Limits, best: Best, relaxed: ProgramResult) -> tuple[ProgramResult, Limits]:
    """Return the best result with at most `max_holdings` assets, and the limits that exclude the others.

    A first answer drops the smallest positions, half of the surplus at a time. Then a search follows: the bound of a
    set of selections is the problem solved with all undecided assets allowed; the undecided asset with the largest
    weight is held in one branch and excluded in the other. The result is exact if the search ends within `WORK`; if
    not, its reason says so.

    Parameters
    ----------
    limits : Limits
    best : callable
        Maps limits to a `ProgramResult`.
    relaxed : ProgramResult
        The result of `best` for `limits`, with too many holdings.
    """
    must = (limits.lower > 0.0) | (limits.upper < 0.0)
    most = limits.max_holdings
    if must.sum() > most:
        reason = f"max_holdings={most} is missed by {must.sum() - most}: so many more assets have bounds that exclude 0"
        return failed(len(must), reason), limits
    search = _Search(limits, best)
    _drop(search, relaxed, must)
    proven = _branch(search, relaxed, must)
    if not search.found.converged:
        return failed(len(must), _none_found(search, proven)), limits
    reason = "" if proven else f"max_holdings: the best found in {search.solves} solves, not proven to be the optimum"
    weights = np.where(_held(search.found), search.found.weights, 0.0)
    return replace(search.found, weights=weights, reason=reason), without(limits, search.excluded)


def without(limits: Limits, excluded: Mask) -> Limits:
    """The same limits, with no weight in some assets."""
    return replace(limits, lower=np.where(excluded, 0.0, limits.lower), upper=np.where(excluded, 0.0, limits.upper))


def _drop(search: _Search, outcome: ProgramResult, must: Mask) -> None:
    excluded = np.zeros(len(must), dtype=bool)
    while outcome.converged and (surplus := int(_held(outcome).sum()) - search.limits.max_holdings) > 0:
        size = np.where(must, np.inf, np.abs(outcome.weights))
        held = np.flatnonzero(_held(outcome))
        smallest = held[np.argsort(size[held], kind="stable")[: -(-surplus // 2)]]
        excluded = excluded | ~_held(outcome) & ~must
        excluded[smallest] = True
        outcome = search.solve(excluded)


def _branch(search: _Search, relaxed: ProgramResult, must: Mask) -> bool:
    """Search on; return whether all selections were visited or bounded."""
    order = count()
    waiting = [_Node(relaxed.value, next(order), np.zeros(len(must), dtype=bool), must, relaxed)]
    while waiting:
        node = heapq.heappop(waiting)
        if search.worse(node.bound) or _held(node.outcome).sum() <= search.limits.max_holdings:
            continue  # the search recorded the latter when it solved it
        if search.solves >= search.left:
            return False
        size = np.where(node.kept | node.excluded, -1.0, np.abs(node.outcome.weights))
        pick = int(np.argmax(size))
        kept, excluded = node.kept.copy(), node.excluded.copy()
        kept[pick], excluded[pick] = True, True
        children = [(excluded, node.kept, search.solve(excluded))]
        if kept.sum() < search.limits.max_holdings:
            children.append((node.excluded, kept, node.outcome))
        else:
            search.solve(~kept)
        for out, within, outcome in children:
            if outcome.converged:
                heapq.heappush(waiting, _Node(outcome.value, next(order), out, within, outcome))
    return True


def _held(outcome: ProgramResult) -> Mask:
    found: Mask = np.abs(outcome.weights) > _HELD
    return found


def _none_found(search: _Search, proven: bool) -> str:
    most = search.limits.max_holdings
    if proven:
        return f"max_holdings={most}: no selection of so many assets satisfies the other constraints"
    solves = search.solves
    return f"max_holdings={most}: no selection of so many assets was found to satisfy the others in {solves} solves"
