"""
Realised risk contributions
===========================

A budget is met before the fact. What happens afterwards is estimated here, with bands for the noise of a short
window.
"""

import statefolio as sf

returns = sf.load_demo().returns[["JNJ", "AMD", "KO"]].iloc[-504:]
equal = dict.fromkeys(returns, 1 / 3)
tracker = sf.portfolio.RiskContributionTracker(window=63).fit(returns, equal)

tracker.plot_contributions()
