"""
Are covariance forecasts biased?
================================

Standardised returns of portfolios have standard deviation one if forecasts are right.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns.iloc[:, :8], data.factors[["market", "value"]]
risk = sf.FactorRisk(sf.RollingLoadings(250), residual_structure=None)
scores = sf.validation.validate_risk(risk, returns, factors, "2021", random_portfolios=50)

scores.plot_bias()
# %%
scores.plot_probability()

# %%
# Realised coverage:
scores.plot_coverage()
