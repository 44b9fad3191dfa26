"""
A view that knows its error
===========================

Expected returns by Kalman filter. Two years of data leave wide bands, and the optimiser takes them into account.
"""

import statefolio as sf

returns = sf.load_demo().returns[["AAPL", "JPM", "KO", "PFE", "XOM"]].loc["2021":]
view = sf.portfolio.KalmanMean(spread=0.4**2 / 252).fit(returns)

view.forecast().plot_forecast()
