"""
Are the bands right?
====================

If the model is correct, 90 % of the returns fall into the 90 % band, and standardised innovations are not
autocorrelated.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")

model.plot_calibration()
