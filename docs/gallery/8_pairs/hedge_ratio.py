"""
A hedge ratio that moves
========================

Barrels of the same oil: how many shares of Exxon hedge one of Chevron?
"""

import statefolio as sf

prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
hedge = sf.KalmanHedge().fit(prices, tune_until="2019")
constant = sf.pairs.StaticHedge().fit(prices, tune_until="2019")

hedge.plot_ratios(beside=constant)

# %%
# The spread looks stationary. It is not a profit:
hedge.plot_spread(beside=constant)

# %%
# The held value is:
hedge.plot_held_value(beside=constant)
