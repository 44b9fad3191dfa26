"""
What earned the return?
=======================

Each factor's contribution is its return times the loading that was known the day before. Contributions add up to the
return.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")

model.plot_contributions(returns, factors, "XOM")

# %%
# Contributions of one month, in percent:
earned = model.contributions(returns, factors)["contribution"].sel(asset="XOM", date="2022-03")
(100 * earned.sum("date")).to_series().round(2)
