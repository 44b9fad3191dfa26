"""
Are the forecasts calibrated?
=============================

Under a correct model the probability integral transforms are uniform.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value"]]
models = {"Kalman": sf.KalmanLoadings(), "rolling 250": sf.RollingLoadings(250), "constant": sf.StaticLoadings()}
result = sf.validate(models, returns, factors, test_from="2020-01-02", benchmark="constant")

result.plot_probability()

# %%
# Realised coverage of the bands:
result.plot_coverage()
