"""
Cluster: a panel that does not fit in memory
============================================

**Question.** 30,000 listings on 20 factors over 20 years are 100 GB of loadings. How do I fit them, where do they go,
and how do I add a day?

Stores and clusters need the extra: ``pip install "statefolio[scale]"``.
"""

# %%
# A panel
# -------
# Here it is small, so that this page runs in seconds: 400 simulated assets on the bundled factors. Nothing below
# changes with the size.

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import statefolio as sf

factors = sf.load_demo().factors[["market", "value"]].loc["2020":]
rng = np.random.default_rng(0)
steps = rng.normal(0.0, 0.01, (len(factors), 400, 2))
beta = np.array([1.0, 0.0]) + np.cumsum(steps, axis=0)
noise = rng.standard_t(6, (len(factors), 400)) * 0.012
names = [f"asset {number}" for number in range(400)]
returns = pd.DataFrame(np.einsum("tnk,tk->tn", beta, factors) + noise, factors.index, names)

# %%
# Blocks of assets, on any executor
# ---------------------------------
# ``fit_blocks`` learns what the panel shares, then fits block after block into a store on disk. Memory holds one
# block for each worker. The executor is anything with ``submit``: a process pool, loky, or Dask. With a scheduler's
# address in place of ``processes=False`` the same lines use a cluster; workers must reach the folder of the store.

from dask.distributed import Client

folder = Path(tempfile.mkdtemp())
early = slice(None, "2022-12-15")
with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
    store = sf.loadings.fit_blocks(
        sf.KalmanLoadings(),
        returns.loc[early],
        factors.loc[early],
        store=folder / "loadings.zarr",
        executor=client.get_executor(),
        block_assets=128,
        tune_until="2021-12-31",
    )
print(store.blocks)

# %%
# A run that is interrupted continues with ``resume=True``: complete blocks are kept.
#
# Reading without loading
# -----------------------
# The store is Zarr 3 in xarray's layout. ``loadings()`` is lazy; one asset or one date is read alone.

store.loadings()

# %%

store.asset("asset 7")["filtered"].to_pandas().tail(3).round(3)

# %%
# The same bits as one fit
# ------------------------
# Blocks change nothing: the fitted model is the one that a single ``fit`` gives.

whole = sf.KalmanLoadings().fit(returns.loc[early], factors.loc[early], tune_until="2021-12-31")
print("same loadings:", store.loadings().load().equals(whole.loadings_))
print("same forecast of the next date:", store.model().next_.equals(whole.next_))

# %%
# A new day
# ---------
# The model of the store continues over new dates, and the new rows are appended: whole or not at all.

late = slice("2022-12-16", None)
model = store.model()
model.partial_fit(returns.loc[late], factors.loc[late])
with store.writing():
    store.append(model)
store.date("2022-12-28")["filtered"].to_pandas().head(3).round(3)

# %%
# How large will it be?
# ---------------------
# Seven arrays of float64: four by date, asset and loading, three by date and asset.

dates, assets, loadings = 5040, 30_000, 21
print(f"{8 * dates * assets * (4 * loadings + 3) / 1e9:.0f} GB")

# %%
# Decision
# --------
# Fit one block on one machine, measure it and multiply: a process pool is enough for most panels. Use a cluster for
# sweeps, where the same panel is fitted again and again. Keep the store on a disk that all workers reach, append
# daily, and tune again on your own calendar.
