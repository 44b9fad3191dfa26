"""
A portfolio that follows a factor
=================================

A factor that cannot be bought, followed by stocks whose weights are estimated before each date.
"""

import statefolio as sf

data = sf.load_demo()
base = data.returns[["AAPL", "BAC", "JPM", "KO", "PFE", "XOM"]]
portfolios = sf.factors.mimicking_portfolios(data.factors[["value"]], base, every=63)

portfolios.plot_growth()

# %%
# How well it follows:
portfolios.plot_fit()
