"""
A policy that looks ahead
=========================

The policy carries tomorrow's returns. The check makes its decisions again on data cut at their dates.
"""

import statefolio as sf

market = sf.Market(sf.load_demo().returns[["AAPL", "JPM", "KO"]].loc["2022":])


def tomorrow(market):
    """Put everything into the best asset of the next day."""
    best = market.returns.shift(-1).rank(axis=1, ascending=False) == 1
    return best.astype(float).iloc[:-1]


check = sf.backtest.check_causal(tomorrow, market, cuts=3)
print(check.verdict)
print(check.detail)

# %%
# What it would have earned, if it had been possible:
result = sf.backtest.simulate(tomorrow(market), market)
result.plot_value(log=True)
