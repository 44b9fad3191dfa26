"""
Loadings of one stock
=====================

A loading is the exposure of a stock to a factor. The line is the filtered loading, the band contains the true loading
with 95 % probability if the model is correct.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")

model.plot_loadings("XOM", "value")

# %%
# Without a factor, all loadings of the stock are drawn.
model.plot_loadings("XOM")

# %%
# The same as a table, with standard errors.
model.summary("XOM")
