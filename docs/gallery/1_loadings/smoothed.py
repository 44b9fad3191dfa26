"""
Predicted, filtered, smoothed
=============================

Three estimates of the same loading. Only the predicted one may be traded; the smoothed one has seen the future.
"""

import plotly.express as px

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")

one = {"asset": "AAPL", "factor": "market"}
both = model.loadings_.sel(one)
table = both[["predicted", "filtered"]].to_dataframe()[["predicted", "filtered"]]
table["smoothed"] = model.smooth(returns, factors)["smoothed"].sel(one).to_series()

figure = px.line(table.loc["2020-01":"2020-12"], labels={"value": "market loading of AAPL", "date": ""})
figure.update_layout(template="plotly_white", height=400, legend_title="")
