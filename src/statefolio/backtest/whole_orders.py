"""Trades orders in whole lots, of a least size, with a minimum commission, in compiled code.

An order is placed if it has a lot and the least size of its asset, or closes a position, at the value after the costs
of all orders without minimum commissions. V' is then solved for with the orders placed and their commissions

    max(commission_i |d_i|, minimum_i)

Those at their minimum are found by iteration: V' falls from step to step, as in Newton's method for a maximum of lines.
Positions are rounded towards zero to whole lots, so that rounding borrows nothing; a position is closed whole.
"""

import numpy as np

from statefolio.backtest.account_arrays import MINIMUM, UNTRADED
from statefolio.backtest.value_after_costs import MAXIMUM_STEPS, compiled, value_after_costs

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

SMALLEST_ORDER = 1e-12
"""Share of the value below which an order is rounding."""

_PART_OF_A_LOT = 1e-6
"""A position is whole if it is this close to a lot."""


@compiled
def whole_order(wanted, held, unit):
    """Return the order, in currency, that moves a position towards a wanted one by whole lots worth `unit` each."""
    if wanted == 0.0 or unit == 0.0:
        return wanted - held
    lots = (wanted - held) / unit
    lots = np.floor(lots + _PART_OF_A_LOT) if wanted > 0.0 else np.ceil(lots - _PART_OF_A_LOT)
    return lots * unit


@compiled
def trade_whole(before, left, prices, terms, with_impact, share, held, rate, unit_impact, positions, ledger):
    """Fill orders in whole lots, record their value and costs, and return V'.

    `left` is V' without minimum commissions and rounding; `prices` (N,) are those of the trade, empty without lots.
    """
    assets = len(share)
    orders = np.empty(assets)
    moved, kept, linear = np.empty(assets), np.empty(assets), rate.copy()
    _write_orders(before, left, prices, terms, share, held, rate, orders)
    for i in range(assets):
        moved[i] = share[i] if orders[i] != 0.0 else 0.0
        kept[i] = held[i] if orders[i] != 0.0 else 0.0
    after = _value_after_minimum(before, left, terms, with_impact, moved, kept, rate, linear, unit_impact)
    _write_orders(before, after, prices, terms, moved, kept, rate, orders)
    sums = np.zeros(5)
    for i in range(assets):
        amount = abs(orders[i])
        sums[0] += amount
        sums[1] += rate[i] * amount
        sums[2] += unit_impact[i] * amount * np.sqrt(amount) if with_impact else 0.0
        sums[3] += max(terms.minimum[i] - terms.commission[i] * amount, 0.0) if amount > 0.0 else 0.0
        sums[4] += abs(share[i] * after - held[i] - orders[i])
        if orders[i] != 0.0:
            positions[i] = 0.0 if orders[i] == -held[i] else held[i] + orders[i]
    ledger[7], ledger[2], ledger[3], ledger[MINIMUM], ledger[UNTRADED] = sums
    return after


@compiled
def _write_orders(before, left, prices, terms, share, held, rate, orders):
    """Write the orders, in currency, that are placed at a value after costs; 0 for the others."""
    for i in range(len(share)):
        wanted = share[i] * left
        unit = terms.lot[i] * prices[i] if terms.lot[i] > 0.0 else 0.0
        order = whole_order(wanted, held[i], unit) if rate[i] >= 0.0 else 0.0
        large = abs(order) >= terms.least[i] or wanted == 0.0
        orders[i] = order if large and abs(order) > SMALLEST_ORDER * before else 0.0


@compiled
def _value_after_minimum(before, left, terms, with_impact, share, held, rate, linear, unit_impact):
    """Solve for V' with the orders placed: those at their minimum commission pay it whatever their value."""
    at_minimum = np.zeros(len(share), dtype=np.bool_)
    for step in range(MAXIMUM_STEPS):
        fixed, changed = 0.0, step == 0
        for i in range(len(share)):
            amount = abs(share[i] * left - held[i])
            binds = amount > 0.0 and terms.commission[i] * amount < terms.minimum[i]
            changed |= binds != at_minimum[i]
            at_minimum[i] = binds
            linear[i] = rate[i] - terms.commission[i] if binds else rate[i]
            fixed += terms.minimum[i] if binds else 0.0
        if not changed:
            break
        left = value_after_costs(before - fixed, with_impact, share, held, linear, unit_impact)
    return left
