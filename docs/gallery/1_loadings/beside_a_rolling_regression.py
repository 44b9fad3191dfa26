"""
A Kalman filter and a rolling regression
========================================

A rolling regression gives each of its 250 dates the same weight and drops a date a year later, so its loading jumps
when an old shock leaves the window. The filter forgets gradually.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")
rolling = sf.RollingLoadings(window=250).fit(returns, factors)

model.plot_loadings("AAPL", "market", beside=rolling)

# %%
# Which one forecasts better? Compare the errors one day ahead.
errors = {
    "Kalman": model.innovations_["innovation"].sel(date=slice("2019", None)),
    "rolling": rolling.innovations_["innovation"].sel(date=slice("2019", None)),
}
{name: round(float((1e4 * error**2).mean()), 4) for name, error in errors.items()}
