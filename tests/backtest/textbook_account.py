"""An account in plain Python, asset by asset, with the fixed point found by bisection: slow and obvious."""

import math

import numpy as np


def settle_slowly(
    returns,
    targets,
    *,
    start,
    cash_rate,
    volumes=None,
    trade=None,
    impact=0.0,
    window=60,
    borrow=None,
    financing=0.0,
    last=None,
    delisting_return=None,
    delisted_after=21,
    capital=1.0,
):
    """`targets` maps the row of a trade to weights; fees are a date. Returns ledger rows and weights by row."""
    dates, assets = returns.shape
    trade = [0.0] * assets if trade is None else trade
    borrow = [0.0] * assets if borrow is None else borrow
    held, cash, unseen = [0.0] * assets, capital, [0] * assets
    flows = ("profit", "trading", "impact", "borrow", "financing", "interest", "traded")
    rows = [{"value": capital, "cash": cash} | dict.fromkeys(flows, 0.0)]
    weights = [[0.0] * assets]
    for t in range(start + 1, dates):
        row = {"trading": 0.0, "impact": 0.0, "traded": 0.0}
        value = sum(held) + cash
        if t in targets:
            depth = [depth_of(returns, volumes, t, i, impact, window) for i in range(assets)]
            fills = [not math.isnan(returns[t, i]) and depth[i] is not None for i in range(assets)]

            def costs_of(left, fills=fills, depth=depth, t=t, held=held):
                moved = [abs(targets[t][i] * left - held[i]) if fills[i] else 0.0 for i in range(assets)]
                linear = sum(trade[i] * moved[i] for i in range(assets))
                square_root = sum((depth[i] or 0.0) * moved[i] ** 1.5 for i in range(assets))
                return linear, square_root, sum(moved)

            low, high = 0.0, value
            for _ in range(200):
                middle = (low + high) / 2
                linear, square_root, _ = costs_of(middle)
                low, high = (low, middle) if middle + linear + square_root > value else (middle, high)
            left = high
            row["trading"], row["impact"], row["traded"] = costs_of(left)
            held = [targets[t][i] * left if fills[i] else held[i] for i in range(assets)]
            value = value - row["trading"] - row["impact"]
            cash = value - sum(held)
        weights.append([h / value for h in held])
        row["borrow"] = sum(borrow[i] * -held[i] for i in range(assets) if held[i] < 0)
        row["financing"] = financing * -cash if cash < 0 else 0.0
        row["interest"] = cash_rate[t] * cash
        cash += row["interest"] - row["financing"] - row["borrow"]
        row["profit"] = 0.0
        for i in range(assets):
            known = not math.isnan(returns[t, i])
            unseen[i] = 0 if known else unseen[i] + 1
            if known:
                row["profit"] += held[i] * returns[t, i]
                held[i] *= 1 + returns[t, i]
            elif unseen[i] >= delisted_after or (last is not None and 0 <= last[i] < t):
                row["profit"] += held[i] * delisting_return[i]
                cash += held[i] * (1 + delisting_return[i])
                held[i] = 0.0
        row["value"], row["cash"] = sum(held) + cash, cash
        rows.append(row)
    return rows, np.array(weights)


def depth_of(returns, volumes, t, i, impact, window):
    """Impact of a unit of currency; None if it is not known."""
    if impact == 0.0:
        return 0.0
    past = [r for r in returns[max(t - window, 0) : t, i] if not math.isnan(r)]
    sold = [v for v in volumes[max(t - window, 0) : t, i] if not math.isnan(v)]
    if not past or not sold or sum(sold) == 0.0:
        return None
    return impact * math.sqrt(sum(r * r for r in past) / len(past)) / math.sqrt(sum(sold) / len(sold))
