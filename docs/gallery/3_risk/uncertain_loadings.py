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

share = 100 * (risk.loading_uncertainty_ / risk.covariance_.asset_variance).sort_values()
figure = px.bar(x=share.index, y=share, labels={"x": "", "y": "Share of the variance, %"})
figure.update_traces(marker_color="#1f5f8b")
figure.update_layout(template="plotly_white", height=380)
