"""
The recipe that memorises the price
===================================

Adaptive tuning in passes lowers the measurement variance until the filter reproduces every price.
"""

import statefolio as sf

prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
recipe = sf.KalmanHedge("stationary", "adaptive", passes=60, on_collapse="continue").fit(prices)

recipe.plot_tuning()

# %%
# Why it collapsed:
print(recipe.collapse_.detail)
