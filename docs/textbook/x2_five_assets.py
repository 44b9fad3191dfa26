"""
Five assets whose betas vanish
==============================

**The textbook.** A Kalman filter estimates the loadings of five assets on three factors. The true market betas are
between 0.8 and 1.2; the filter says that all are within 0.03 of zero.

**What is the matter.** The variances are guesses. The noise variance is 100 times the true one, so the filter hardly
listens, and its loadings revert to zero, so they go there.
"""

# %%
# .. literalinclude:: /examples/five_assets.py
#    :pyobject: textbook_filter
#
# ``0.01`` is the guessed noise *variance*: a standard deviation of 10 % a day. ``0.99 * m`` pulls every loading to
# zero.

import sys
from pathlib import Path

sys.path.insert(0, str(Path("../examples").resolve()))
import five_assets

found = five_assets.main()

# %%
# With learned variances and random walks the truth is found, with bands:

returns, factors = five_assets.simulate()
model, _ = five_assets.our_filter(returns, factors)
pictures = five_assets.figures(returns, factors, model)
pictures["Loadings on market: estimate with 95 % band (dotted: truth)"]

# %%
# **What to take away.** Learn the variances from the data (:doc:`/mathematics/estimation`), and let loadings revert
# to a mean, if at all, and not to zero.
