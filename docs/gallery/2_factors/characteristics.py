"""
Factors from characteristics
============================

Momentum and volatility of each stock, known the day before, explain the cross-section of returns; the slopes are
factor returns.
"""

import statefolio as sf

prices = sf.load_demo_prices().loc["2018":]
exposures = sf.factors.price_exposures(prices)[["momentum", "volatility"]]
factors = sf.adapters.characteristic_factors(sf.to_returns(prices), exposures, minimum_assets=10)

factors.complete().plot_growth()
