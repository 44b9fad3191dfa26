"""
The best of many trials
=======================

Twenty stocks as twenty strategies without skill: the best one looks good, and the count of trials says why.
"""

import statefolio as sf

trials = sf.backtest.Trials()
for name, returns in sf.load_demo().returns.items():
    trials.add(name, returns)

trials.plot_sharpes()

# %%
# The probability that the best in one half is below the median in the other:
report = sf.backtest.validate_trials(trials, replications=200)
report.plot_overfitting()

# %%
# Which trials were the best in sample:
report.plot_chosen()

# %%
# The deflated Sharpe ratio accounts for all trials:
report.plot_sharpes()
