"""
A spread with a p-value of 3e-13
================================

**The textbook.** An adaptive recipe tunes a Kalman filter until the spread of three country funds is stationary
beyond doubt.

**What is the matter.** The recipe ends by memorising the price. A spread whose hedge ratio moves is not a profit. The
same recipe makes 91 % of baskets *without* cointegration look stationary.

The prices here are those of two oil companies; with the textbook's prices of EWA, EWC and IGE the verdict is the
same.
"""

# %%

import sys
from pathlib import Path

sys.path.insert(0, str(Path("../examples").resolve()))
import pairs

pairs.CHAN, pairs.PASSES = Path("not there"), 60
found = pairs.main()

# %%
# How the recipe collapses: the measurement variance falls from pass to pass.

found["recipe"].plot_tuning()

# %%
# The statistic of the held value, among baskets that are not cointegrated and were tuned the same way:

found["verdict"].plot_draws("adf_held")

# %%
# Out of sample, after costs:

found["walk"].plot_value()

# %%
# **What to take away.** Test what you can earn, and count the tuning (:doc:`/mathematics/pairs`).
