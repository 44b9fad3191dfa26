"""What bt and qis make of given weights on a small panel; run in an environment that has both:

    python tests/reference/make_engine_peers.py

Prices are 100 at the start. Every fifth date from the first, weights w are traded at the close. Both peers size
positions by the value before costs and charge costs on top; statefolio sizes them by what is left. So the weights
each peer then held (after its costs) are kept, and are what statefolio is given.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import bt
import numpy as np
import pandas as pd
import qis

DATES, ASSETS, EVERY, RATE = 120, 4, 5, 0.002


def panel():
    draw = np.random.default_rng(11)
    returns = draw.normal(0.0005, 0.02, (DATES, ASSETS))
    returns[0] = 0.0
    gaps = returns.copy()
    gaps[40:47, 1] = np.nan  # held and not traded
    weights = draw.dirichlet(np.ones(ASSETS), DATES)[::EVERY]
    short = weights * [1.6, -0.9, 1.2, 0.4]
    return returns, gaps, weights, short


def prices_of(returns):
    dates, names = pd.bdate_range("2020-01-01", periods=len(returns)), list("ABCD")
    known = ~np.isnan(returns)
    prices = pd.DataFrame(100.0 * np.cumprod(1.0 + np.where(known, returns, 0.0), axis=0), index=dates, columns=names)
    return prices.where(known)


def run_qis(returns, weights, rate):
    prices = prices_of(returns)
    frame = pd.DataFrame(weights, index=prices.index[::EVERY], columns=prices.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = qis.backtest_model_portfolio(
            prices=prices, weights=frame, initial_nav=1e6, rebalancing_costs=rate, is_rebalanced_at_first_date=True
        )
    return run.nav, run.weights.loc[frame.index]


def run_bt(returns, weights, rate):
    prices = prices_of(returns)
    frame = pd.DataFrame(weights, index=prices.index[::EVERY], columns=prices.columns)
    steps = [bt.algos.RunOnDate(*frame.index), bt.algos.SelectAll(), bt.algos.WeighTarget(frame), bt.algos.Rebalance()]
    test = bt.Backtest(
        bt.Strategy("given", steps),
        prices,
        initial_capital=1e6,
        integer_positions=False,
        commissions=lambda quantity, price: rate * abs(quantity) * price,
        progress_bar=False,
    )
    bt.run(test)
    return test.strategy.values.loc[prices.index], test.security_weights.loc[frame.index, prices.columns]


def main():
    returns, gaps, weights, short = panel()
    cases = {
        "qis, long only, no costs": run_qis(returns, weights, 0.0),
        "qis, long only, costs": run_qis(returns, weights, RATE),
        "qis, long and short, costs": run_qis(returns, short, RATE),
        "qis, gaps, costs": run_qis(gaps, weights, RATE),
        "bt, long only, no costs": run_bt(returns, weights, 0.0),
        "bt, long only, costs": run_bt(returns, weights, RATE),
        "bt, long and short, no costs": run_bt(returns, short, 0.0),
        "bt, long and short, costs": run_bt(returns, short, RATE),
    }
    told = {
        "made by": f"make_engine_peers.py with bt {version('bt')}, qis {version('qis')}",
        "returns": returns.tolist(),
        "weights": weights.tolist(),
        "short": short.tolist(),
        "cases": {
            name: {"value": list(map(float, value)), "held": held.to_numpy().tolist()}
            for name, (value, held) in cases.items()
        },
    }
    Path(__file__).with_name("engine_peers.json").write_text(json.dumps(told, indent=None), encoding="utf-8")


if __name__ == "__main__":
    main()
