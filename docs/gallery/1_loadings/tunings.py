"""
Five ways to tune
=================

The signal-to-noise ratio decides how fast a loading moves. It can be pooled over assets, estimated for each one, or
both.
"""

import pandas as pd

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns[["AAPL", "JPM", "KO", "XOM"]], data.factors[["market", "value"]]
models = {
    tuning: sf.KalmanLoadings(tuning=tuning).fit(returns, factors, tune_until="2018-12-31")
    for tuning in ("pooled", "mle", "shrunk", "discount")
}

others = {name: model for name, model in models.items() if name != "pooled"}
models["pooled"].plot_loadings("JPM", "value", beside=others)

# %%
# State variances of the four stocks, in units of the observation variance:
pd.DataFrame({name: model.parameters_["state_variance_value"] for name, model in models.items()})
