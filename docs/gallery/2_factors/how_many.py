"""
How many factors?
=================

Criteria for the number of factors, from the eigenvalues of the returns.
"""

import statefolio as sf

returns = sf.load_demo().returns.loc["2019":]
count = sf.factors.count_factors(returns, max_factors=8)

count.plot_eigenvalues()

# %%
# Each criterion's choice. They disagree on 20 stocks, which is normal.
count.chosen
