"""
Risk manager: how much can this portfolio lose?
===============================================

**Question.** A portfolio of five stocks must stay below a volatility of 1.6 % a day. Does it, what is the risk made
of, and can I believe the forecast?
"""

# %%
# The covariance of tomorrow
# --------------------------
# Loadings move, so the covariance does too. Hyper-parameters are learned up to 2019.

import pandas as pd

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns, data.factors
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2019-12-31")
risk = sf.FactorRisk(model, prefit=True).fit(returns, factors)
weights = {"AAPL": 0.3, "JPM": 0.2, "KO": 0.2, "PFE": 0.1, "XOM": 0.2}
print(f"Volatility of the next day: {risk.portfolio_volatility(weights):.2%}")

# %%
# What it is made of
# ------------------
# Contributions add up to the volatility. The whiskers are the uncertainty of the loadings, not of the market.

risk.plot_contributions(weights)

# %%
# By asset:

risk.plot_contributions(weights, by="asset")

# %%
# Exposures, with bands
# ---------------------
# A limit on an exposure should be compared with the end of its band.

risk.plot_exposures(weights)

# %%
# A table for the file:

parts = sf.attribute_risk(risk, weights)
columns = ["exposure", "exposure_lower", "exposure_upper", "contribution"]
parts[columns].to_dataframe()[columns].dropna().round(4)

# %%
# Is the model still right?
# -------------------------
# Walk it forward over the last two years: each forecast sees the past alone. A bias of 1 is right; above 1, risk was
# understated.

walked = sf.validation.validate_risk(
    sf.FactorRisk(sf.KalmanLoadings(tuning="discount"), residual_structure=None),
    returns,
    factors,
    "2021-01-04",
    portfolios={"mine": pd.Series(weights)},
    random_portfolios=50,
)
walked.summary()

# %%

walked.plot_bias()

# %%
# Four ways to fail
# -----------------
# Wrong factors, noisy estimates, loadings that change, collinear factors. Collinearity is the quickest to check:

for finding in sf.diagnostics.diagnose_collinearity(model, returns, factors).findings:
    print(f"{finding.name}: {finding.verdict}")

# %%
# A stress
# --------
# The portfolio's expected return if the market falls by 10 % tomorrow and the other factors do not move:

scenario = dict.fromkeys(factors.columns, 0.0) | {"market": -0.10}
forecast = model.predict(scenario)
mean = forecast["mean"].to_series()
print(f"{sum(weight * mean[asset] for asset, weight in weights.items()):.1%}")

# %%
# Decision
# --------
# The forecast is below the limit, most of it is the market, and the walk-forward bias is close to one, so the
# forecast can be believed. Write the limit on the upper end of the band of the market exposure; review the model when
# the bias of the last year leaves its band.

print(f"{risk.portfolio_volatility(weights):.2%} a day, against a limit of 1.60 %")
