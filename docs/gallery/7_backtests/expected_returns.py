"""
Expected returns of a policy
============================

What the view of a policy expected at each decision.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns[["AAPL", "JPM", "KO", "PFE", "XOM"]], data.factors[["market", "value"]]
costs = sf.TradingCosts(proportional=0.001)
risk = sf.FactorRisk(sf.RollingLoadings(250), residual_structure=None)
view = sf.portfolio.KalmanMean(spread=0.4**2 / 252)
policy = sf.ModelPolicy(sf.portfolio.Utility(5.0), risk, view, costs=costs, min_dates=252)
result = sf.run_backtest(policy, sf.Market(returns, factors), start="2020-01-02", costs=costs)

result.plot_expected_returns()
