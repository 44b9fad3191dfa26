"""
A portfolio of baskets
======================

The five pairs with the smallest p-values until 2018, traded together afterwards: capital by inverse risk, positions in
shared stocks netted, 5 basis points per trade. Random pairs of the same stocks say whether the screen was worth
anything.
"""

import statefolio as sf

prices = sf.load_demo_prices().loc["2014":, ["BAC", "CVX", "JNJ", "JPM", "KO", "PEP", "PG", "XOM"]]
screen = sf.pairs.screen_pairs(prices, until="2018", likelihood_ratio="none")
portfolio = sf.pairs.walk_portfolio(prices, screen, most=5, retune=None, costs=sf.TradingCosts(0.0005))
portfolio

# %%
portfolio.plot_value()

# %%
portfolio.plot_profits()

# %%
random = sf.pairs.compare_with_random(portfolio, prices, draws=99, pool=28)
print(random.sentence)
random.plot_draws()
