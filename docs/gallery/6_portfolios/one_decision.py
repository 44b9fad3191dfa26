"""
One decision
============

The highest utility after costs, from a view and a covariance.
"""

import numpy as np
import pandas as pd

import statefolio as sf

returns = sf.load_demo().returns[["AAPL", "JPM", "KO", "PFE", "XOM"]].loc["2020":]
covariance = returns.cov().to_numpy()
view = sf.portfolio.KalmanMean(spread=0.5**2 / 252, observation_covariance=covariance).fit(returns)
small = np.full(5, 1e-9 * np.trace(covariance))
problem = sf.portfolio.Problem(
    assets=returns.columns,
    covariance=sf.risk.LowRankCovariance(np.eye(5), covariance, small),
    factors=returns.columns[:0],
    previous=np.full(5, 0.2),
    constraints=sf.Constraints(upper=0.5),
    trade_cost=np.full(5, 0.001),
    mean=view.mu_,
    holding_period=21.0,
)
solution = sf.portfolio.Utility(risk_aversion=5.0).solve(problem)
decision = sf.portfolio.Decision(pd.Series(solution.weights, returns.columns))

decision.plot_weights()
