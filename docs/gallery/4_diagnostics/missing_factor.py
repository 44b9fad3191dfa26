"""
Is a factor missing?
====================

The market alone leaves something in common in the residuals of 20 stocks.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns.loc["2019":], data.factors.loc["2019":]
market = factors[["market"]]
sectors = dict.fromkeys(["CVX", "XOM"], "oil") | dict.fromkeys(["BAC", "JPM"], "banks")
sectors |= {asset: "others" for asset in returns if asset not in sectors}
diagnosis = sf.diagnostics.diagnose_specification(None, returns, market, sectors=sectors)

diagnosis.plot_findings()

# %%
# The largest eigenvalue of the residuals' correlations, against its distribution without a missing factor:
diagnosis.plot_eigenvalues()

# %%
# What the missing factor looks like:
diagnosis.plot_component()
