"""
Longs and shorts apart
======================

The alphas of 20 stocks, and those that remain when a short has to earn its borrow fee and the risk of a squeeze, with a
probability of 80 %.
"""

import plotly.express as px

import statefolio as sf

data = sf.load_demo()
risk = sf.FactorRisk().fit(data.returns, data.factors)
view = sf.portfolio.AsymmetricAlpha(borrow=0.01).fit(data.returns, data.factors, risk=risk)
sides = view.sides(risk)
yearly = 252 * 100 * sides[["alpha", "used"]].sort_values("alpha")

figure = px.bar(yearly, barmode="group", labels={"value": "alpha, % a year", "asset": "", "variable": ""})
figure.update_layout(template="plotly_white", height=400)

# %%
# What speaks for each side. Forecast alphas were realised in the past to the shares that ``scales_`` has.
print(sides[["long_probability", "short_probability", "side"]].sort_values("long_probability").round(2))
print(view.scales_.round(2))
