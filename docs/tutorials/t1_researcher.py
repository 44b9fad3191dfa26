"""
Factor researcher: do moving betas forecast better?
===================================================

**Question.** I have betas of 20 stocks from a rolling regression. Would betas from a Kalman filter forecast better,
and is the difference more than luck?
"""

# %%
# The data
# --------
# Daily returns of 20 US stocks and six factors. Look at the data before the model: suspicious cells are
# listed, never changed.

import statefolio as sf

data = sf.load_demo()
returns, factors = data.returns, data.factors
print(data.description)
sf.data.find_suspicious_cells(returns, kind="returns").head()

# %%
# Which factors explain these returns?
# ------------------------------------
# Shares of variance, alone and lost when the factor is dropped; the last columns are out of sample.

ranking = sf.factors.rank_factors(returns.loc["2016":], factors.loc["2016":], holdout_from="2020")
ranking.summary[["alone", "partial", "alone_holdout", "partial_holdout"]].round(3)

# %%
# Out of sample, the market and low volatility explain most. The others cost little, and all six stay in.
#
# Three models
# ------------
# Each learns its hyper-parameters before 2020 and then predicts each day from the day before.

models = {
    "Kalman": sf.KalmanLoadings(),
    "rolling, 250 days": sf.RollingLoadings(window=250),
    "rolling, 60 days": sf.RollingLoadings(window=60),
}
result = sf.validate(models, returns, factors, test_from="2020-01-02", benchmark="rolling, 250 days")
result.summary()

# %%
# Lower losses are better. The test compares daily losses and allows for their autocorrelation; a shock that hits all
# stocks on one day counts once.

result.plot_differences()

# %%
# One beta through time
# ---------------------
# The energy stocks' loading on value was near zero in 2018 and above one in 2021. The rolling regression sees this
# months later.

kalman = sf.KalmanLoadings().fit(returns, factors, tune_until="2019-12-31")
rolling = sf.RollingLoadings(window=250).fit(returns, factors)
kalman.plot_loadings("XOM", "value", beside=rolling)

# %%
# Are the bands honest?
# ---------------------
# If the model is right, 90 % of the returns lie in the 90 % band.

kalman.plot_calibration()

# %%
# Is the model right at all?
# --------------------------
# Residuals that are still correlated mean a missing factor.

diagnosis = sf.diagnostics.diagnose_specification(kalman, returns, factors)
for finding in diagnosis.findings:
    print(f"{finding.name}: {finding.verdict}")

# %%
# Take the betas elsewhere
# ------------------------
# `predicted` on date t uses data up to t-1: join it to your returns of date t without a shift.

betas = kalman.loadings_["predicted"].sel(factor="market").to_pandas()
betas.loc["2022-12"].tail(3).round(2)

# %%
# Decision
# --------
# Use the Kalman betas. Their log score is better than that of both rolling regressions on three years that no model
# was tuned on, and the difference is significant. Keep the residual factors in mind: where the diagnosis finds one, a
# risk model should carry it (:doc:`t2_risk_manager`), and an alpha should not be claimed from it.
