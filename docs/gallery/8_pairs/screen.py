"""
All pairs of a panel
====================

190 pairs, tested with a correction for their number, and confirmed on later dates.
"""

import statefolio as sf

prices = sf.load_demo_prices().loc["2012":]
screen = sf.pairs.screen_pairs(prices, until="2018", likelihood_ratio="none")

screen.plot_screen()

# %%
# What remains after each step:
screen.counts
