"""
Forecast and realised volatility
================================

A risk model is walked forward: each forecast sees the past alone, and is compared with what happened next.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns[["AAPL", "JPM", "KO", "PFE", "XOM"]], data.factors[["market", "value"]]
risk = sf.FactorRisk(sf.KalmanLoadings(tuning="discount"), residual_structure=None).fit(returns, factors)

risk.plot_forecast_vs_realised(returns, factors, test_from="2021-01-04")
