"""Settles an account date by date: trades, costs, profit, fees and delistings, in one compiled loop.

On a date with an order, positions h (N, in currency, at the previous close) are traded to w V' where the order can be
filled. V' is the value after the trade's costs (`value_after_costs`), so that a fully invested target borrows nothing.
After the trade the positions earn h'r, interest and fees are charged, and delisted positions are closed. Orders in
whole lots or with minimum commissions (`whole_orders`), and dividends, fees and flows (`charges`) are separate steps.
"""

import numpy as np

from statefolio.backtest.account_arrays import MINIMUM
from statefolio.backtest.charges import charge, income_of
from statefolio.backtest.value_after_costs import compiled as _compiled
from statefolio.backtest.value_after_costs import total as _total
from statefolio.backtest.value_after_costs import value_after_costs
from statefolio.backtest.whole_orders import SMALLEST_ORDER, trade_whole

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

UNFILLED, DELISTED = 1, 2


@_compiled
def settle(first, last, start, market, costs, orders, state, record, rules, charges):
    """Settle rows `first` to `last` (exclusive) of the market; the record begins at row `start`.

    `rules` (`OrderArrays`) and `charges` (`ChargeArrays`) are None in a run without them, whose code is then not
    compiled.

    Returns
    -------
    int
        The row after the last settled one. It is less than `last` if the account went bankrupt.
    bool
        Whether the account went bankrupt, on the last settled row.
    """
    assets = len(state.positions)
    share, held, rate, unit_impact = np.empty(assets), np.empty(assets), np.empty(assets), np.zeros(assets)
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
            spans_gap = market.spans_gap[t % len(market.spans_gap)]
            _prepare(market.returns[t], spans_gap, target, costs.trade, state.positions, share, held, rate)
            if with_impact:
                write_unit_impact(t, market, costs, sums, share, held, rate, unit_impact)
            left = value_after_costs(before, with_impact, share, held, rate, unit_impact)
            if rules is not None:
                prices = market.prices[(t - 1) % len(market.prices)]
                left = trade_whole(
                    before, left, prices, rules, with_impact, share, held, rate, unit_impact, state.positions, ledger
                )
                invested = before - ledger[2] - ledger[3] - ledger[MINIMUM]
            else:
                _trade(left, with_impact, share, held, rate, unit_impact, state.positions, ledger)
                invested = before - ledger[2] - ledger[3]
            state.cash[0] = invested - _total(state.positions)
            _mark_unfilled(left, before, target, rate, state.positions, record.marks[row])
        _write_weights(invested, state.positions, record.weights[row])
        if charges is not None:
            dividends, rebate = market.dividends[t % len(market.dividends)], costs.rebate[t % len(costs.rebate)]
            income = income_of(state.positions, dividends, rebate)
        _earn(t, market, costs.borrow[t % len(costs.borrow)], costs.financing, state, record.marks[row], ledger)
        if charges is not None:
            charge(t, before, income, charges, state, ledger)
        value = _total(state.positions) + state.cash[0]
        ledger[0], ledger[8] = value, state.cash[0]
        if value <= 0.0 or invested <= 0.0:
            return t + 1, True
    return last, False


@_compiled
def _prepare(returns, spans_gap, target, trade, positions, share, held, rate):
    """Write each asset's target share, position and cost rate; the rate is -1 where an order cannot be filled."""
    for i in range(len(target)):
        fills = not np.isnan(returns[i]) and not spans_gap[i]
        share[i] = target[i] if fills else 0.0
        held[i] = positions[i] if fills else 0.0
        rate[i] = trade[i] if fills else -1.0


@_compiled
def write_unit_impact(t, market, costs, sums, share, held, rate, unit_impact):
    """Write the impact coefficient y sigma / sqrt(V) from the dates before t; without sigma or V there is no trade."""
    squares, returns_known, volume, volumes_known = sums[0], sums[1], sums[2], sums[3]
    sums[:] = 0.0
    for s in range(max(t - costs.window, 0), t):
        _add_known(market.returns[s], market.volumes[s], squares, returns_known, volume, volumes_known)
    for i in range(len(share)):
        unit_impact[i] = 0.0
        if returns_known[i] > 0.0 and volume[i] > 0.0:
            sigma = np.sqrt(squares[i] / returns_known[i])
            unit_impact[i] = costs.impact * sigma / np.sqrt(volume[i] / volumes_known[i])
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
def _trade(left, with_impact, share, held, rate, unit_impact, positions, ledger):
    """Fill the order, and record the value traded and its costs."""
    traded_value, cost, impact = 0.0, 0.0, 0.0
    for i in range(len(share)):
        traded = abs(share[i] * left - held[i])
        traded_value += traded
        cost += rate[i] * traded
        impact += unit_impact[i] * traded * np.sqrt(traded) if with_impact else 0.0
        positions[i] = share[i] * left if rate[i] >= 0.0 else positions[i]
    ledger[7], ledger[2], ledger[3] = traded_value, cost, impact


@_compiled
def _mark_unfilled(left, before, target, rate, positions, marks):
    for i in range(len(target)):
        if rate[i] < 0.0 and abs(target[i] * left - positions[i]) > SMALLEST_ORDER * before:
            marks[i] = UNFILLED


@_compiled
def _write_weights(invested, positions, weights):
    unit = 1.0 / invested if invested > 0.0 else 0.0
    for i in range(len(positions)):
        weights[i] = positions[i] * unit


@_compiled
def _earn(t, market, borrow, financing_rate, state, marks, ledger):
    """Add the date's profit, borrow fee, cash interest and financing fee."""
    profit, fee, unknown = 0.0, 0.0, 0
    for i in range(len(state.positions)):
        held = state.positions[i]
        missing = np.isnan(market.returns[t, i])
        gain = 0.0 if missing else held * market.returns[t, i]
        fee += borrow[i] * max(-held, 0.0)
        profit += gain
        unknown += missing
        state.unseen[i] = state.unseen[i] + 1 if missing else 0
        state.positions[i] = held + gain
    cash = state.cash[0]
    interest, financing = cash * market.cash_rate[t], financing_rate * max(-cash, 0.0)
    state.cash[0] = cash + interest - financing - fee
    if unknown > 0:
        profit += _close_delisted(t, market, state, marks)
    ledger[1], ledger[4], ledger[5], ledger[6] = profit, fee, financing, interest


@_compiled
def _close_delisted(t, market, state, marks):
    """Turn positions in delisted assets into cash, and return their profit."""
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
