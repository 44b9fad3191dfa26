"""
All assets at once
==================

The latest loading of every asset on every factor. Colours show the sign and size.
"""

import statefolio as sf

data = sf.load_demo()
model = sf.KalmanLoadings().fit(data.returns, data.factors, tune_until="2018-12-31")

model.plot_map()

# %%
# How far each loading has moved: the distance between its 5th and 95th percentile.
model.plot_map(moved=True)
