"""
Which model predicts better?
============================

Mean negative log scores out of sample; lower is better.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value"]]
models = {"Kalman": sf.KalmanLoadings(), "rolling 250": sf.RollingLoadings(250), "constant": sf.StaticLoadings()}
result = sf.validate(models, returns, factors, test_from="2020-01-02", benchmark="constant")

result.plot_losses()

# %%
# Differences from the benchmark, with confidence bands:
result.plot_differences()

# %%
# In calm and in stressed times, and by year:
result.plot_periods()
