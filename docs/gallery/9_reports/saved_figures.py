"""
Figures for papers and slides
=============================

Any figure can be saved as HTML; as SVG, PNG or PDF with the extra ``figures`` and Chrome or Chromium.
"""

import tempfile
from pathlib import Path

import statefolio as sf

data = sf.load_demo()
returns = data.returns[["AAPL", "CVX", "JPM", "KO", "PFE", "XOM"]]
factors = data.factors[["market", "value", "momentum"]]
model = sf.KalmanLoadings().fit(returns, factors, tune_until="2018-12-31")

figure = model.plot_loadings("KO", "market")
folder = Path(tempfile.mkdtemp())
sf.report.save_figure(figure, folder / "loading.html", theme="dark")
figure
