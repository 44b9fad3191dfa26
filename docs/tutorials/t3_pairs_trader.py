"""
Pairs trader: does this spread revert?
======================================

**Question.** Chevron and Exxon look cointegrated, and a Kalman filter gives a spread with a p-value of nearly zero.
Do I trade it?
"""

# %%
# The spread that looks too good
# ------------------------------

import statefolio as sf

prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
hedge = sf.KalmanHedge("identity", "fixed").fit(prices)
hedge.plot_ratios(beside=sf.pairs.StaticHedge().fit(prices))

# %%
# The test of this spread says "stationary" with certainty. But its hedge ratio moves every day, and a spread whose
# weights move is not a profit. The held value is: it is what somebody earns who holds the hedge of the day before.

hedge.plot_spread()

# %%

hedge.plot_held_value()

# %%
# The verdict
# -----------
# The same tuning is applied to baskets with the same price changes that are *not* cointegrated.

verdict = sf.judge_basket(hedge, prices, draws=199)
print(verdict.sentence)
verdict.table.round(2)

# %%
# `false_alarms` of the spread: the share of baskets without cointegration whose spread looks stationary at 5 %.

verdict.plot_draws("adf_predicted")

# %%
# The held value among the same baskets:

verdict.plot_draws("adf_held")

# %%
# What it would have earned
# -------------------------
# Every hedge is tuned again each quarter on past dates only and pays 5 basis points per trade.

hedges = {
    "constant": sf.pairs.StaticHedge(),
    "rolling": sf.pairs.RollingHedge(60),
    "Kalman": sf.KalmanHedge("identity", "fixed"),
}
walk = sf.pairs.walk_baskets(prices, hedges, start="2020", retune=63, costs=sf.TradingCosts(0.0005))
walk.table[["annual_return", "sharpe", "maximum_drawdown", "adf_p_value"]].round(2)

# %%

walk.plot_value()

# %%
# Are there better pairs?
# -----------------------
# Among 190 pairs some look good by chance. The screen corrects for their number and confirms on later dates.

screen = sf.pairs.screen_pairs(sf.load_demo_prices().loc["2012":], until="2018", likelihood_ratio="none")
print(screen.counts.to_string())
screen.plot_screen()

# %%
# The pairs with the smallest p-values, traded together after the screen. :doc:`/auto_gallery/8_pairs/portfolio`
# compares such a portfolio with random pairs of the same stocks.

best = sf.load_demo_prices().loc["2012":]
portfolio = sf.pairs.walk_portfolio(best, screen, most=5, retune=None, costs=sf.TradingCosts(0.0005))
portfolio

# %%
# Would a better verdict have helped?
# -----------------------------------
# No. Of 16,945 real pairs, 0.0 to 4.8 % of those with a calibrated p of at most .05 in the first half of the dates
# reverted in the second half, and 2.0 to 4.2 % of the others; neither half-life, sector, correlation nor a stable ratio
# predicts reversion either (:doc:`/evidence`). A verdict that says "no evidence" keeps you out; one that says "reverts"
# is no promise.
#
# Decision
# --------
# Do not trade it. The spread's p-value is what the filter makes of *any* two prices; the held value does not revert
# beyond chance. If a position must be named anyway, this is today's, with its size:

print(sf.pairs.position_today(hedge, prices, sf.pairs.Bands(stop=3.0), capital=100_000.0))

# %%
# Every day
# ---------
# ``statefolio pairs`` saves its walk, and ``statefolio pairs update FOLDER --prices NEW`` continues it over new dates:
# what to hold, the orders in shares, what changed, and whether the basket drifts: reverts less than when it was judged,
# has a hedge ratio outside the band of that day, or larger or more autocorrelated innovations since. In Python:

early = prices.loc[:"2022-12-23"]
basket = sf.pairs.follow_basket(
    early, sf.KalmanHedge("identity", "fixed"), start="2022", retune=None, capital=100_000.0
)
basket.update(prices)
