"""
A basket traded walk-forward
============================

Each hedge is tuned again every quarter on past dates, and pays its costs.
"""

import statefolio as sf

prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
hedges = {
    "constant": sf.pairs.StaticHedge(),
    "rolling": sf.pairs.RollingHedge(60),
    "Kalman": sf.KalmanHedge("identity", "fixed"),
}
walk = sf.pairs.walk_baskets(prices, hedges, start="2020", retune=63, costs=sf.TradingCosts(0.0005))

walk.plot_value()
# %%
walk.plot_drawdown()

# %%
# Held values, before any trading rule:
walk.plot_held_value()
