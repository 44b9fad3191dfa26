"""
Choosing again in each window
=============================

The stock with the best past Sharpe ratio, and how it did next.
"""

import statefolio as sf

returns = sf.load_demo().returns.iloc[:, :8]
found = sf.backtest.nested_selection(returns, "sharpe", sf.backtest.Windows(count=5))

found.plot_choices()
