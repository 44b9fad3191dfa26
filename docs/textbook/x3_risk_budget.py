"""
A risk budget that is missed
============================

**The textbook.** Risk contributions of 40, 30, 20 and 10 % are wanted. A search minimises the squared gaps plus a
penalty on low expected returns. The result is 54, 0, 26 and 21 %.

**What is the matter.** The penalty is a thousand times larger than the gaps, so the search maximises the expected
return. And the realised contributions of twenty days are compared with the budget as if they were exact.
"""

# %%
# .. literalinclude:: /examples/risk_budget.py
#    :pyobject: textbook

import sys
from pathlib import Path

sys.path.insert(0, str(Path("../examples").resolve()))
import risk_budget

found = risk_budget.main()

# %%
# The exact weights meet the budget at every decision. Realised contributions still differ; their bands show that most
# of the gap is the noise of a short window:

found["tracker"].plot_contributions()

# %%
# **What to take away.** A budget is a set of equations with one solution (:doc:`/mathematics/portfolios`), not a
# search.
