"""The account, settled date by date: the one compiled loop of the back-test.

On a date with an order, positions h (N, currency, at the former close) are traded to w V' where the order can be
filled; V' is the value that is left after the trade's costs, so a fully invested target borrows nothing:

    V' + C(V') = V      C(V') = sum_i c_i |d_i| + y sigma_i |d_i|^(3/2) / V_i^(1/2)      d_i = w_i V' - h_i

C is convex in V' and C(V) >= 0, so Newton's method from V' = V falls to the root from the right. There is none above 0
where selling everything costs more than there is: V' is then 0, and the account is bankrupt. The date then earns
h'r, pays what is borrowed and lent, closes what is delisted; what is left is the value at the close.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from statefolio._arrays.types import Array

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

UNFILLED, DELISTED = 1, 2
_MOST_STEPS = 60
_CLOSE = 1e-14
_SMALL_ORDER = 1e-12

_compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract"})


class MarketArrays(NamedTuple):
    """T dates, N assets; `volumes` is (0, N) where there are none."""

    returns: Array
    cash_rate: Array
    volumes: Array
    last_dates: "np.typing.NDArray[np.int64]"
    delisting_return: Array
    delisted_after: int


class CostArrays(NamedTuple):
    """Rates a unit of value traded (N,), and fees a date: borrow (N,), financing."""

    trade: Array
    impact: float
    window: int
    borrow: Array
    financing: float


class Orders(NamedTuple):
    """Which row of `targets` (D, N) is traded on each date (T,), -1 for none."""

    due: "np.typing.NDArray[np.int64]"
    targets: Array


class State(NamedTuple):
    """Positions (N,) and cash (1,) in currency; dates since a return was seen of each position (N,)."""

    positions: Array
    cash: Array
    unseen: "np.typing.NDArray[np.int64]"


class Record(NamedTuple):
    """What a run writes, from the row of its first decision on: ledger (T', 9), weights and marks (T', N)."""

    ledger: Array
    weights: Array
    marks: "np.typing.NDArray[np.uint8]"


@_compiled
def settle(first, last, start, market, costs, orders, state, record):
    """Settle rows `first` to `last` (exclusive) of the market; the record begins at row `start`.

    Returns
    -------
    int
        The row after the last one settled: less than `last` where the account went bankrupt, on the row before it.
    bool
        Whether it went bankrupt.
    """
    assets = len(state.positions)
    share, held, rate, depth = np.empty(assets), np.empty(assets), np.empty(assets), np.zeros(assets)
    sums = np.empty((4, assets))
    with_impact = costs.impact > 0.0
    for t in range(first, last):
        row = t - start
        before = _total(state.positions) + state.cash[0]
        invested = before
        ledger = record.ledger[row]
        ledger[:] = 0.0
        if orders.due[t] >= 0:
            target = orders.targets[orders.due[t]]
            _prepare(market.returns[t], target, costs.trade, state.positions, share, held, rate)
            if with_impact:
                _measure_depth(t, market, costs, sums, share, held, rate, depth)
            left = _left_after_costs(before, with_impact, share, held, rate, depth)
            _trade(left, with_impact, share, held, rate, depth, state.positions, ledger)
            invested = before - ledger[2] - ledger[3]
            state.cash[0] = invested - _total(state.positions)
            _mark_unfilled(left, before, target, rate, state.positions, record.marks[row])
        _write_weights(invested, state.positions, record.weights[row])
        _earn(t, market, costs, state, record.marks[row], ledger)
        value = _total(state.positions) + state.cash[0]
        ledger[0], ledger[8] = value, state.cash[0]
        if value <= 0.0 or invested <= 0.0:
            return t + 1, True
    return last, False


@_compiled
def _total(values):
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total


@_compiled
def _prepare(returns, target, trade, positions, share, held, rate):
    """What is wanted and held of each asset, and what trading it costs; rate is -1 where an order is not filled."""
    for i in range(len(target)):
        fills = not np.isnan(returns[i])
        share[i] = target[i] if fills else 0.0
        held[i] = positions[i] if fills else 0.0
        rate[i] = trade[i] if fills else -1.0


@_compiled
def _measure_depth(t, market, costs, sums, share, held, rate, depth):
    """Impact of a unit of currency: y sigma / sqrt(V), from the dates before t; what is not known is not traded."""
    squares, returns_known, volume, volumes_known = sums[0], sums[1], sums[2], sums[3]
    sums[:] = 0.0
    for s in range(max(t - costs.window, 0), t):
        _add_known(market.returns[s], market.volumes[s], squares, returns_known, volume, volumes_known)
    for i in range(len(share)):
        depth[i] = 0.0
        if returns_known[i] > 0.0 and volume[i] > 0.0:
            sigma = np.sqrt(squares[i] / returns_known[i])
            depth[i] = costs.impact * sigma / np.sqrt(volume[i] / volumes_known[i])
        else:
            share[i], held[i], rate[i] = 0.0, 0.0, -1.0


@_compiled
def _add_known(returns, volumes, squares, returns_known, volume, volumes_known):
    for i in range(len(returns)):
        known = not np.isnan(returns[i])
        squares[i] += returns[i] ** 2 if known else 0.0
        returns_known[i] += 1.0 if known else 0.0
    for i in range(len(volumes)):
        known = not np.isnan(volumes[i])
        volume[i] += volumes[i] if known else 0.0
        volumes_known[i] += 1.0 if known else 0.0


@_compiled
def _left_after_costs(value, with_impact, share, held, rate, depth):
    """The value V' that is left when the trade to w V' is paid for."""
    left = value
    for _ in range(_MOST_STEPS):
        cost, slope = 0.0, 0.0
        for i in range(len(share)):
            traded = share[i] * left - held[i]
            sign = 1.0 if traded > 0.0 else -1.0
            cost += rate[i] * sign * traded
            slope += rate[i] * sign * share[i]
        if with_impact:
            for i in range(len(share)):
                traded = share[i] * left - held[i]
                root = np.sqrt(abs(traded))
                cost += depth[i] * root * abs(traded)
                slope += 1.5 * depth[i] * root * (share[i] if traded > 0.0 else -share[i])
        step = (left + cost - value) / (1.0 + slope)
        if abs(step) <= _CLOSE * value:
            break
        left -= step
        if not left > 0.0:
            return 0.0
    return left


@_compiled
def _trade(left, with_impact, share, held, rate, depth, positions, ledger):
    """Fill the order, and book what was traded and what it cost."""
    traded_value, cost, impact = 0.0, 0.0, 0.0
    for i in range(len(share)):
        traded = abs(share[i] * left - held[i])
        traded_value += traded
        cost += rate[i] * traded
        impact += depth[i] * traded * np.sqrt(traded) if with_impact else 0.0
        positions[i] = share[i] * left if rate[i] >= 0.0 else positions[i]
    ledger[7], ledger[2], ledger[3] = traded_value, cost, impact


@_compiled
def _mark_unfilled(left, before, target, rate, positions, marks):
    for i in range(len(target)):
        if rate[i] < 0.0 and abs(target[i] * left - positions[i]) > _SMALL_ORDER * before:
            marks[i] = UNFILLED


@_compiled
def _write_weights(invested, positions, weights):
    unit = 1.0 / invested if invested > 0.0 else 0.0
    for i in range(len(positions)):
        weights[i] = positions[i] * unit


@_compiled
def _earn(t, market, costs, state, marks, ledger):
    """Profit of the date, borrow fee, interest and financing of cash."""
    profit, fee, unknown = 0.0, 0.0, 0
    for i in range(len(state.positions)):
        held = state.positions[i]
        missing = np.isnan(market.returns[t, i])
        gain = 0.0 if missing else held * market.returns[t, i]
        fee += costs.borrow[i] * max(-held, 0.0)
        profit += gain
        unknown += missing
        state.unseen[i] = state.unseen[i] + 1 if missing else 0
        state.positions[i] = held + gain
    cash = state.cash[0]
    interest, financing = cash * market.cash_rate[t], costs.financing * max(-cash, 0.0)
    state.cash[0] = cash + interest - financing - fee
    if unknown > 0:
        profit += _close_delisted(t, market, state, marks)
    ledger[1], ledger[4], ledger[5], ledger[6] = profit, fee, financing, interest


@_compiled
def _close_delisted(t, market, state, marks):
    """Turn positions in assets that have left into cash; returns what they earned."""
    profit = 0.0
    for i in range(len(state.positions)):
        gone = state.unseen[i] >= market.delisted_after or 0 <= market.last_dates[i] < t
        if state.positions[i] != 0.0 and state.unseen[i] > 0 and gone:
            gain = state.positions[i] * market.delisting_return[i]
            state.cash[0] += state.positions[i] + gain
            state.positions[i] = 0.0
            profit += gain
            marks[i] = DELISTED
    return profit
