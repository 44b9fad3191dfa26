"""
Can loadings be told apart?
===========================

A factor that nearly repeats others inflates the variance of its loadings.
"""

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns.loc["2019":], data.factors.loc["2019":]
similar = factors.assign(similar=factors["momentum"] + 0.2 * factors["quality"])
diagnosis = sf.diagnostics.diagnose_collinearity(None, returns, similar)

diagnosis.plot_inflation()
