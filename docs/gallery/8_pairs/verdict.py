"""
Does it revert?
===============

The held value's statistic, beside that of baskets that are not cointegrated and were tuned the same way.
"""

import statefolio as sf

prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2020":]
verdict = sf.judge_basket(sf.KalmanHedge("identity", "fixed"), prices, draws=199)
print(verdict.sentence)

# %%
verdict.plot_draws()

# %%
# The spread's statistic looks better. It always does:
verdict.plot_draws("adf_predicted")
