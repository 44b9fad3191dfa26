"""
Portfolio manager: which weights survive?
=========================================

**Question.** Equal weights of 20 stocks are hard to beat. Does a risk budget or a minimum-variance portfolio beat
them after costs, without looking ahead, and is the best of what I tried more than luck?
"""

# %%
# The market and its costs
# ------------------------
# An account trades at a close and earns the next return. It pays 5 basis points of each trade.

import statefolio as sf

data = sf.load_demo()
market = sf.Market(data.returns, data.factors)
costs = sf.TradingCosts(proportional=0.0005)

# %%
# Candidates
# ----------
# All share one risk model, tuned on the dates before the first decision and continued date by date.

risk = sf.FactorRisk(sf.KalmanLoadings(tuning="discount"), residual_structure=None)
limits = sf.Constraints(upper=0.15)
policies = {
    "risk budget": sf.ModelPolicy(sf.RiskBudget(), risk, costs=costs),
    "minimum variance": sf.ModelPolicy(sf.portfolio.MinimumVariance(), risk, constraints=limits, costs=costs),
    "inverse volatility": sf.portfolio.InverseVolatility(),
    "equal weight": sf.EqualWeight(),
}
results = sf.run_backtests(policies, market, start="2018-01-02", costs=costs, cuts=2)

# %%

import pandas as pd

measures = ["annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "turnover", "cost_drag"]
pd.DataFrame({name: result.summary()[measures] for name, result in results.items()}).T.round(3)

# %%

results["minimum variance"].plot_value(benchmark=results["equal weight"])

# %%
# Look-ahead
# ----------
# Decisions were made again on data cut at their dates. For policies of this library that is a formality; for your own
# it is not.

for name, result in results.items():
    print(f"{name}: {result.causality.verdict}")

# %%
# What did it hold, and what did that cost?
# -----------------------------------------

results["minimum variance"].plot_weights()

# %%

results["minimum variance"].plot_trading()

# %%
# Is the best more than luck?
# ---------------------------
# Count every trial, the discarded ones too, and test all of them against equal weights.

trials = sf.backtest.Trials()
for name, result in results.items():
    if name != "equal weight":
        trials.add(name, result)
report = sf.backtest.validate_trials(
    trials, benchmark=results["equal weight"].returns, benchmark_name="equal weight", replications=300
)
report.table[["sharpe", "probabilistic_sharpe", "deflated_sharpe"]].astype(float).round(2)

# %%

print(f"Reality check against equal weight: p = {report.reality_check.p_value:.2f}")

# %%
# A holdout
# ---------
# The last year can be sealed before any of this begins. The record notes every opening.

import tempfile
from pathlib import Path

record = Path(tempfile.mkdtemp()) / "holdout.json"
sealed = sf.backtest.Holdout.seal(data.returns, start="2022-01-03", record=record)
print(sealed.describe())

# %%
# Decision
# --------
# Minimum variance lowers the volatility, which its forecast can deliver; its return is not higher than that of equal
# weights beyond chance, and the reality check says so. Choose it for its risk and not for its Sharpe ratio, size it
# to the risk you want, and expect to pay its turnover.
