"""
Gaps and late listings
======================

A missing return costs its date and nothing else. An asset that is listed later starts with loadings about which
nothing is known, so its first loadings are NaN and its first bands are wide.
"""

import numpy as np

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "JPM", "KO"]].copy()
factors = data.factors[["market", "value"]]
returns.loc[:"2017-06", "KO"] = np.nan  # listed later
returns.loc["2019-03":"2019-08", "JPM"] = np.nan  # suspended
model = sf.KalmanLoadings().fit(returns, factors)

model.plot_loadings("KO", "market")

# %%
# During the suspension the band widens, because the loading may have moved:
model.plot_loadings("JPM", "market")
