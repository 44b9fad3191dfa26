"""A fund kept in shares and prices, in plain Python, with the fixed point found by bisection: slow and obvious."""

import math


def run_fund(
    prices,
    targets,
    *,
    start,
    capital,
    dividends,
    cash_rate,
    commission,
    spread,
    minimum,
    lot,
    least,
    borrow,
    rebate,
    financing,
    management,
    performance,
    new_period,
    flows,
    dearest=math.inf,
):
    """Account of a fund from row `start` of `prices` (lists of one price per asset, None where there is none).

    `targets` maps the row of a trade to weights; rates are per date, `borrow` and `rebate` per date and asset;
    `dividends` are cash per share; `flows` maps a row to an amount. Returns one dict per date.
    """
    assets = range(len(prices[0]))
    last = [None for _ in assets]
    for row in range(start + 1):
        last = [last[i] if prices[row][i] is None else prices[row][i] for i in assets]
    shares, cash = [0.0 for _ in assets], capital
    mark, accrued, found = capital, 0.0, [{"value": capital, "cash": capital}]
    for t in range(start + 1, len(prices)):
        line = dict.fromkeys(("trading", "minimum", "traded", "untraded"), 0.0)
        before = cash + sum(shares[i] * (last[i] or 0.0) for i in assets)
        if new_period[t]:
            mark, accrued = max(mark, before), 0.0
        if t in targets:
            fills = [prices[t][i] is not None and prices[t - 1][i] is not None for i in assets]
            terms = commission, spread, minimum, lot, least, dearest
            cash = trade(line, before, targets[t], shares, last, fills, cash, *terms)
        short = [max(-shares[i], 0.0) * (last[i] or 0.0) for i in assets]
        line["borrow"] = sum(borrow[t][i] * short[i] for i in assets)
        line["rebate"] = sum(rebate[t][i] * short[i] for i in assets)
        line["dividends"] = sum(shares[i] * dividends[t][i] for i in assets)
        line["interest"], line["financing"] = cash * cash_rate[t], max(-cash, 0.0) * financing
        line["profit"] = sum(
            shares[i] * (prices[t][i] - last[i]) for i in assets if prices[t][i] is not None and last[i] is not None
        )
        last = [last[i] if prices[t][i] is None else prices[t][i] for i in assets]
        cash += line["interest"] - line["financing"] - line["borrow"] + line["rebate"] + line["dividends"]
        value = cash + sum(shares[i] * (last[i] or 0.0) for i in assets)
        line["management"] = management * value
        value -= line["management"]
        owed = performance * max(value + accrued - mark, 0.0)
        line["performance"] = owed - accrued
        value, accrued = value - line["performance"], owed
        flow = flows.get(t, 0.0)
        line["deposits"], line["withdrawals"] = max(flow, 0.0), max(-flow, 0.0)
        if flow > 0.0:
            mark += flow
        if flow < 0.0:
            mark, accrued = mark * (value + flow) / value, accrued * (value + flow) / value
        cash += flow - line["management"] - line["performance"]
        line["value"], line["cash"] = value + flow, cash
        found.append(line)
    return found


def trade(line, before, weights, shares, last, fills, cash, commission, spread, minimum, lot, least, dearest):
    """Trade to weights, book the costs in `line`, and return the cash."""
    assets = range(len(shares))
    held = [shares[i] * (last[i] or 0.0) for i in assets]

    def small(i, amount):
        return amount < least or max(commission[i] * amount, minimum[i]) > dearest * amount

    first = solve(before, weights, held, fills, commission, spread, [0.0 for _ in assets])
    placed = []
    for i in assets:
        order = rounded(weights[i] * first, shares[i], last[i], lot[i]) if fills[i] else 0.0
        placed.append(order != 0.0 and (weights[i] == 0.0 or not small(i, abs(order) * last[i])))
    left = solve(before, weights, held, placed, commission, spread, minimum)
    for i in assets:
        order = rounded(weights[i] * left, shares[i], last[i], lot[i]) if placed[i] else 0.0
        if order != 0.0 and small(i, abs(order) * last[i]) and weights[i] != 0.0:
            order = 0.0
        amount = abs(order) * (last[i] or 0.0)
        line["traded"] += amount
        line["trading"] += (commission[i] + spread[i]) * amount
        line["minimum"] += max(minimum[i] - commission[i] * amount, 0.0) if amount > 0.0 else 0.0
        line["untraded"] += abs(weights[i] * left - held[i] - order * last[i]) if fills[i] else 0.0
        shares[i] += order
        cash -= order * (last[i] or 0.0)
    return cash - line["trading"] - line["minimum"]


def rounded(wanted, shares, price, lot):
    """Shares to trade: whole lots, never more than wanted; a position is closed whole."""
    if wanted == 0.0:
        return -shares
    change = wanted / price - shares
    if lot == 0.0:
        return change
    return lot * (math.floor(change / lot + 1e-6) if wanted > 0.0 else math.ceil(change / lot - 1e-6))


def solve(value, weights, held, placed, commission, spread, minimum):
    """The value after the costs of orders in fractions of shares, by bisection."""
    low, high = 0.0, value
    for _ in range(200):
        left = (low + high) / 2
        cost = 0.0
        for i, weight in enumerate(weights):
            if placed[i]:
                moved = abs(weight * left - held[i])
                cost += spread[i] * moved + max(commission[i] * moved, minimum[i])
        low, high = (low, left) if left + cost > value else (left, high)
    return high
