"""
Value and drawdown
==================

Net and gross value of an account, beside a benchmark.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns[["AAPL", "JPM", "KO", "PFE", "XOM"]], data.factors[["market", "value"]]
market = sf.Market(returns, factors)
costs = sf.TradingCosts(proportional=0.0005)
risk = sf.FactorRisk(sf.RollingLoadings(250), residual_structure=None)
policies = {
    "minimum variance": sf.ModelPolicy(sf.portfolio.MinimumVariance(), risk, costs=costs, min_dates=252),
    "equal weight": sf.EqualWeight(),
}
results = sf.run_backtests(policies, market, start="2019-01-02", costs=costs)
result, benchmark = results["minimum variance"], results["equal weight"]

result.plot_value(benchmark=benchmark)

# %%
# How far below its highest value:
result.plot_drawdown(benchmark=benchmark)
