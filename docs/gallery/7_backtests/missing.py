"""
Which returns are missing
=========================

Late listings, suspensions and gaps of a market, before anything is computed from it.
"""

import statefolio as sf

returns = sf.load_demo().returns[["AAPL", "JPM", "KO", "XOM"]].copy()
returns.loc[:"2017-06", "KO"] = float("nan")  # listed later
returns.loc["2019-03":"2019-08", "JPM"] = float("nan")  # suspended
market = sf.Market(returns)

market.plot_missing()
