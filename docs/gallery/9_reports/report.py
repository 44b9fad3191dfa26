"""
A report of anything
====================

``statefolio.report.write`` makes one self-contained page of any result.
"""

import tempfile
from pathlib import Path

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")

path = Path(tempfile.mkdtemp()) / "report.html"
sf.report.write(model, path)
print(f"{path.stat().st_size / 1e6:.1f} MB")

# %%
# Its first figure:
model.plot_loadings("AAPL")
