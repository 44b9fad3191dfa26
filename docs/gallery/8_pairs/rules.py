"""
Thresholds, and a grid of them
==============================

The thresholds that are optimal for an Ornstein-Uhlenbeck spread, estimated before 2019, and every combination of entry,
exit and look-back after it. Each cell counts as a trial.
"""

import statefolio as sf

prices = sf.load_demo_prices()[["PG", "PEP"]].loc["2012":]
before = sf.pairs.StaticHedge().fit(prices.loc[:"2018"])
spread = before.innovations_["innovation"].to_series()
sf.pairs.optimal_thresholds(spread, cost=0.2)

# %%
grid = sf.pairs.walk_rule_grid(prices, start="2019", retune=None, costs=sf.TradingCosts(0.0005))
print(grid.sentence)
grid.plot_map()
