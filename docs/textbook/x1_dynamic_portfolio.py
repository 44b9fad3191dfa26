"""
A dynamic portfolio that earns 90 %
===================================

**The textbook.** A Kalman filter tracks the mean returns of four assets, and an optimiser turns them into weights.
The total return after two years is 90 %.

**What is the matter.** The weights of each day earn the return of the same day, from which they were computed. Traded
one day later they earn 34 %. And costs are in the objective but are never charged.
"""

# %%
# The textbook's code:
#
# .. literalinclude:: /examples/dynamic_portfolio.py
#    :pyobject: textbook_weights
#
# ``w`` of day ``t`` uses ``r[t]``, and the textbook multiplies it with ``r[t]``.

import sys
from pathlib import Path

sys.path.insert(0, str(Path("../examples").resolve()))
import dynamic_portfolio

found = dynamic_portfolio.main()

# %%
# ``check_causal`` finds it: decisions change when the future is cut off.

for name, check in found["checks"].items():
    print(f"{name}: {check.verdict}")

# %%
# The same idea with a prior that fits the data, causal and after costs:

found["result"].plot_value()

# %%
# .. literalinclude:: /examples/dynamic_portfolio.py
#    :pyobject: DynamicPortfolio
#
# **What remains.** Two years are too short to estimate daily means, so the causal policy trades little and keeps the
# risk low.
