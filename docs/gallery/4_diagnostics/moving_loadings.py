"""
Do loadings move?
=================

Likelihood ratios of moving against constant loadings, with breaks and drifting predictions.
"""

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value"]]
model = sf.KalmanLoadings(tuning="discount").fit(returns, factors)
diagnosis = sf.diagnostics.diagnose_change(model, returns, factors, draws=200, panels=200)

diagnosis.plot_moving()

# %%
# When they changed:
diagnosis.plot_breaks()

# %%
# Sums of standardised innovations drift if predictions do:
diagnosis.plot_cusum(model, "XOM")
