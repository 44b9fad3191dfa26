"""
Correlations of factors and assets
==================================

Correlations of the factors' next returns.
"""

import statefolio as sf

data = sf.load_demo()
model = sf.KalmanLoadings(tuning="discount").fit(data.returns, data.factors)
risk = sf.FactorRisk(model, prefit=True).fit(data.returns, data.factors)
weights = {"AAPL": 0.3, "JPM": 0.2, "KO": 0.2, "PFE": 0.1, "XOM": 0.2}

risk.plot_correlation()

# %%
# Correlations of the assets under the model. Only this picture forms the full matrix.
risk.covariance_.plot_correlation(risk.assets_)
