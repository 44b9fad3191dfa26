"""
Exposures of a portfolio
========================

Exposures of a portfolio to each factor, with bands that come from the uncertainty of the loadings.
"""

import statefolio as sf

data = sf.load_demo()
model = sf.KalmanLoadings(tuning="discount").fit(data.returns, data.factors)
risk = sf.FactorRisk(model, prefit=True).fit(data.returns, data.factors)
weights = {"AAPL": 0.3, "JPM": 0.2, "KO": 0.2, "PFE": 0.1, "XOM": 0.2}

risk.plot_exposures(weights)
