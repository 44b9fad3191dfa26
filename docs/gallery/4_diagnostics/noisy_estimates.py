"""
Are the estimates mostly noise?
===============================

Loadings estimated on odd and on even blocks of dates should agree.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns.loc["2019":], data.factors.loc["2019":]
diagnosis = sf.diagnostics.diagnose_estimation(None, returns, factors)

diagnosis.plot_halves("size")

# %%
# How much shrinkage predicts held-out blocks best:
diagnosis.plot_shrinkage()
