"""
A tear sheet of any return series
=================================

Returns of a fund, a strategy or an index, beside a benchmark.
"""

import statefolio as sf

data = sf.load_demo()
fund = data.returns[["AAPL", "JPM", "KO", "PFE", "XOM"]].mean(axis=1)
sheet = sf.report.tear_sheet(fund, benchmark=data.factors["market"], name="Five stocks")

sheet.plot_value()
# %%
sheet.plot_drawdown()
# %%
sheet.plot_monthly()
# %%
sheet.plot_distribution()

# %%
# Volatility, Sharpe ratio and beta of the last year:
sheet.plot_volatility(252)
# %%
sheet.plot_sharpe(252)
# %%
sheet.plot_beta(252)

# %%
# The numbers. ``sheet.to_frame()`` has them for further computation.
sheet.summary()
