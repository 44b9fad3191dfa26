"""Finds limits on weights that contradict each other whatever the assets and the date.

The assets of a date are not known yet: any asset may be missing, and any number of assets that no limit names may be
there. Assets are therefore pooled. The members of a group with limits are one pool, all others another one, and each
pool has a long weight l, a short weight s and numbers of long and short positions. If even these cannot satisfy the
limits (a small linear program), no assets can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array

_SLACK = 1e-7
_LONG, _SHORT, _LONGS, _SHORTS = range(4)  # parts of a pool: weights, then numbers of positions
_PARTS, _COUNT = 4, _LONGS - _LONG
_UNBOUNDED = 3  # a status of scipy's milp
_FREE = (-np.inf, np.inf)

Ends = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Pool:
    """Bounds of the assets of one group, or of all assets without limits on their group.

    Attributes
    ----------
    name : str
        Of the group's limit, e.g. "group_limits['tech']"; "" for the others.
    between : (least, most)
        Of the pool's net weight.
    lower, upper : (n,) arrays
        Of the assets that the user named.
    more : (lower, upper), optional
        Bounds of any number of further assets; None for a group, whose members are all named.
    """

    name: str
    between: Ends
    lower: Array
    upper: Array
    more: Ends | None = None

    def largest_sum(self, most: float) -> float:
        """The largest sum of `most` long positions."""
        other = 0.0 if self.more is None else max(self.more[1], 0.0)
        named = -np.sort(-self.upper[self.upper > other])[: int(min(most, len(self.upper)))]
        rest = most - len(named)
        return float(named.sum() + (rest * other if rest and other else 0.0))

    def positions(self) -> int:
        """The smallest number of long positions that the least net weight of the pool requires."""
        sums = np.cumsum(-np.sort(-np.maximum(self.upper, 0.0)))
        needed = int(np.count_nonzero(sums < self.between[0] - _SLACK)) + 1
        return needed if self.between[0] > _SLACK else 0

    def mirrored(self) -> "Pool":
        """The pool with long and short exchanged."""
        more = None if self.more is None else (-self.more[1], -self.more[0])
        between = (-self.between[1], -self.between[0])
        return replace(self, between=between, lower=-self.upper, upper=-self.lower, more=more)

    def largest(self) -> float:
        """The largest long position."""
        return float(max(np.max(self.upper, initial=0.0), 0.0 if self.more is None else self.more[1], 0.0))

    def needed(self, together: bool) -> tuple[float, int]:
        """Long weight and positions that lower bounds require: of one asset, or of all named assets `together`."""
        positive = self.lower[self.lower > 0.0]
        if together:
            return float(positive.sum()), len(positive)
        return float(positive.max(initial=0.0)), int(len(positive) > 0)


@dataclass(frozen=True, eq=False)
class Given:
    """The limits to check, in numbers; infinite without a limit."""

    pools: Sequence[Pool]
    net: Ends
    gross: float
    max_holdings: float
    volume_share: float

    @property
    def highest_lower(self) -> float:
        """The lower bound of every asset without its own; at least one asset is there."""
        return self._common[0]

    @property
    def lowest_upper(self) -> float:
        """The upper bound of every asset without its own."""
        return self._common[1]

    @property
    def bounds_exclude_zero(self) -> bool:
        """Whether the own bounds of several assets exclude 0."""
        return sum(int(((pool.lower > 0.0) | (pool.upper < 0.0)).sum()) for pool in self.pools) > 1

    @property
    def size(self) -> float:
        """More than any position has to be where bounds are infinite."""
        ends = [*self.net, self.gross, *self._common, *(end for pool in self.pools for end in pool.between)]
        known = np.abs([*ends, *(bound for pool in self.pools for bound in (*pool.lower, *pool.upper))])
        return 1.0 + float(known[np.isfinite(known)].sum())

    @property
    def _common(self) -> Ends:
        more = self.pools[-1].more
        return (0.0, 0.0) if more is None else more


def pools_of(
    lower: Any, upper: Any, groups: "pd.Series[Any] | None", group_limits: Mapping[str, Any] | None
) -> list[Pool]:
    """Group the assets that bounds and groups name."""
    bounds = [numbers_by_asset(lower, 0.0), numbers_by_asset(upper, 1.0)]
    limited = {} if groups is None or not group_limits else dict(group_limits)
    member = pd.Series(dtype=object) if groups is None else groups[groups.isin(list(limited))]
    pools = []
    for group, between in limited.items():
        names = member.index[(member == group).to_numpy()]
        low, high = (np.array([named.get(name, other) for name in names], dtype=float) for named, other in bounds)
        pools.append(Pool(f"group_limits[{group!r}]", ends_of(between), low, high))
    free = [name for name in dict.fromkeys([*bounds[0][0], *bounds[1][0]]) if name not in member.index]
    low, high = (np.array([named.get(name, other) for name in free], dtype=float) for named, other in bounds)
    return [*pools, Pool("", _FREE, low, high, (bounds[0][1], bounds[1][1]))]


def contradictory(given: Given, *, together: bool = False) -> tuple[list[str], Ends]:
    """Return the names of limits that contradict each other, a smallest such set, and the net weights without `net`.

    With `together`, all assets with positive lower or negative upper bounds are there on one date; else at least one
    of each pool is. No names: the limits do not contradict each other.
    """
    names = ["gross", *(pool.name for pool in given.pools if pool.name), "volume_share", "lower", "max_holdings"]
    names += ["upper", "net"]
    kept = set(names)
    if _can_hold(given, kept, together):
        return [], _FREE
    for name in names:
        if not _can_hold(given, kept - {name}, together):
            kept -= {name}
    if "net" not in kept:
        return sorted(kept, key=names.index), _FREE
    others = set(names) - {"net"}  # within all of them if they can hold, so that the net weight advised is possible
    within = _net_range(given, others if _can_hold(given, others, together) else kept - {"net"}, together)
    return sorted(kept, key=names.index), within


def numbers_by_asset(given: Any, other: float) -> tuple[dict[Any, float], float]:
    """The numbers of named assets, and the number of all others."""
    if isinstance(given, Mapping | pd.Series):
        return {name: float(value) for name, value in given.items()}, other
    return {}, float(given)


def ends_of(between: Any) -> Ends:
    """Least and most; infinite without a limit."""
    least, most = between
    return -np.inf if least is None else float(least), np.inf if most is None else float(most)


def _can_hold(given: Given, kept: set[str], together: bool) -> bool:
    return _solved(given, kept, together, 0.0) is not None


def _net_range(given: Given, kept: set[str], together: bool) -> Ends:
    """The lowest and the highest net weight within the limits that are kept."""
    lowest, highest = (_solved(given, kept, together, sign) for sign in (1.0, -1.0))
    return (-np.inf if lowest is None else lowest), (np.inf if highest is None else highest)


def _solved(given: Given, kept: set[str], together: bool, sign: float) -> float | None:
    """The net weight of a solution with the lowest net (sign 1), the highest (-1) or any (0); None without one."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    program = _Program(given, kept, together)
    rows, least, most = (np.array(part) for part in zip(*program.rows, strict=True))
    net = np.tile([1.0, -1.0, 0.0, 0.0], len(given.pools))
    within = LinearConstraint(rows, least - _SLACK, most + _SLACK)
    found = milp(sign * net, constraints=within, bounds=Bounds(program.low, program.high))
    if found.status == _UNBOUNDED:
        return -sign * np.inf
    return None if found.x is None else float(net @ found.x)


class _Program:
    """Rows (coefficients, least, most) and bounds of the variables: the four parts of each pool."""

    def __init__(self, given: Given, kept: set[str], together: bool) -> None:
        self.kept, self.width = kept, _PARTS * len(given.pools)
        self.most_held = given.max_holdings if "max_holdings" in kept else np.inf
        self.rows: list[tuple[Array, float, float]] = []
        self.low, self.high = np.zeros(self.width), np.full(self.width, np.inf)
        every = range(len(given.pools))
        self._add({_LONG: 1.0, _SHORT: -1.0}, given.net if "net" in kept else _FREE, every)
        self._add({_LONG: 1.0, _SHORT: 1.0}, (0.0, given.gross if "gross" in kept else np.inf), every)
        self._add({_LONGS: 1.0, _SHORTS: 1.0}, (0.0, self.most_held), every)
        for place, pool in enumerate(given.pools):
            if pool.name in kept:
                self._add({_LONG: 1.0, _SHORT: -1.0}, pool.between, [place])
        mirrored = [pool.mirrored() for pool in given.pools]
        self._add_side(_LONG, "upper", "lower", given.pools, given.highest_lower, given.size, together)
        self._add_side(_SHORT, "lower", "upper", mirrored, -given.lowest_upper, given.size, together)
        if "volume_share" in kept and given.volume_share == 0.0:
            self.high[_LONG::_PARTS] = self.high[_SHORT::_PARTS] = 0.0
            self.low[:] = 0.0

    def _add_side(
        self, side: int, most: str, least: str, pools: Sequence[Pool], needed: float, size: float, together: bool
    ) -> None:
        """Bounds on the long side; on the short side, with mirrored pools, `lower` is the largest size."""
        every = range(len(pools))
        if most in self.kept:
            self._add({side: 1.0}, (0.0, _all(pools).largest_sum(self.most_held)), every)
        if least in self.kept:
            self._add({side: 1.0}, (max(needed, 0.0), np.inf), every)
        for place, pool in enumerate(pools):
            at = _PARTS * place + side
            largest = pool.largest() if most in self.kept else np.inf
            self._add({side: 1.0, side + _COUNT: -min(largest, size)}, (-np.inf, 0.0), [place])
            if most in self.kept:
                self.high[at] = pool.largest_sum(self.most_held)
                self.low[at + _COUNT] = pool.positions() if pool.name in self.kept else 0
            if least in self.kept:
                self.low[at], count = pool.needed(together)
                self.low[at + _COUNT] = max(count, self.low[at + _COUNT])
                self.high[at] = max(self.low[at], self.high[at])

    def _add(self, parts: Mapping[int, float], between: Ends, places: Sequence[int]) -> None:
        row = np.zeros(self.width)
        for part, value in parts.items():
            row[[_PARTS * place + part for place in places]] = value
        self.rows.append((row, *between))


def _all(pools: Sequence[Pool]) -> Pool:
    lower, upper = (np.concatenate([getattr(pool, name) for pool in pools]) for name in ("lower", "upper"))
    return Pool("", _FREE, lower, upper, pools[-1].more)
