"""
Test
====

Text.
"""
import statefolio as sf
model = sf.KalmanLoadings().fit(*[sf.load_demo().returns.iloc[:300,:3], sf.load_demo().factors.iloc[:300]])
model.parameters_.head()

# %%
sf.report.loadings_figure(model, "AAPL")
