"""
Statistical factors without look-ahead
======================================

Principal components, estimated again every quarter on the past alone and turned so that they keep their meaning.
"""

import statefolio as sf

returns = sf.load_demo().returns.loc["2017":]
model = sf.factors.StatisticalFactors(n_factors=3, refit_every=63).fit(returns)
factors = model.factor_returns_.complete()

factors.plot_growth()

# %%
# Out of sample they are nearly uncorrelated, not exactly:
factors.plot_correlation()
