"""
What uncertain loadings add
===========================

The variance that the uncertainty of loadings adds to each asset, as a share of its variance. It is larger after a
late listing.
"""

import plotly.express as px

import statefolio as sf

data = sf.load_demo()
model = sf.KalmanLoadings(tuning="discount").fit(data.returns, data.factors)
risk = sf.FactorRisk(model, prefit=True).fit(data.returns, data.factors)
weights = {"AAPL": 0.3, "JPM": 0.2, "KO": 0.2, "PFE": 0.1, "XOM": 0.2}

share = risk.loading_uncertainty_ / risk.covariance_.asset_variance
share = 100 * share.sort_values() if hasattr(share, "sort_values") else share
figure = px.bar(x=share.index, y=share, labels={"x": "", "y": "share of the variance, %"})
figure.update_layout(template="plotly_white", height=380)
