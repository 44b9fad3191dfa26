"""
A view that knows its error
===========================

Expected returns by Kalman filter. Two years of data leave wide bands, and the optimiser takes them into account.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "JPM", "KO", "PFE", "XOM"]].loc["2021":]
factors = data.factors[["market", "value"]].loc["2021":]
view = sf.portfolio.KalmanMean(spread=0.4**2 / 252).fit(returns)
risk = sf.FactorRisk(sf.RollingLoadings(250), residual_structure=None).fit(returns, factors)

view.forecast(risk).plot_forecast()
