"""
Weights from a risk budget
==========================

Each stock contributes the same share of the risk.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns[["AAPL", "JPM", "KO", "PFE", "XOM"]], data.factors[["market", "value"]]
market = sf.Market(returns, factors)
risk = sf.FactorRisk(sf.RollingLoadings(250), residual_structure=None)
policy = sf.ModelPolicy(sf.RiskBudget(), risk, min_dates=252)
result = sf.run_backtest(policy, market, start="2021-01-04")

result.plot_weights()

# %%
# Contributions to the risk at each decision and their budget:
result.plot_budget()

# %%
# Contributions through time:
result.plot_contributions()

# %%
# Exposures to the factors, with bands:
result.plot_exposures()
