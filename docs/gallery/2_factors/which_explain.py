"""
Which factors explain returns?
==============================

Shares of variance explained by each factor: alone, and lost when it is dropped, in and out of sample.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns.loc["2019":], data.factors.loc["2019":]
ranking = sf.factors.rank_factors(returns, factors, holdout_from="2022")

ranking.plot_ranking()

# %%
# The same by asset:
ranking.plot_explained()

# %%
# Is the relation linear?
ranking.plot_relation("XOM", "value")
