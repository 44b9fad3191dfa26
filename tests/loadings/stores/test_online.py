"""A model that runs on: rows on disk before they are answered, the same bits after a kill, old rows refused."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.loadings import Live

_CHILD = """
import sys
import statefolio as sf
from statefolio.loadings import Live
demo = sf.load_demo()
returns, factors = demo.returns.iloc[:260, :5], demo.factors[["market"]]
with Live(store=sys.argv[1], checkpoint_every=3) as live:
    print("open", flush=True)
    for date in returns.index[returns.index > live.last_date]:
        live.update(returns.loc[[date]], factors)
        print(date, flush=True)
"""


@pytest.fixture(scope="module")
def panel():
    demo = sf.load_demo()
    returns = demo.returns.iloc[:260, :5].copy()
    return returns, demo.factors[["market"]]


def fitted(panel):
    returns, factors = panel
    return sf.KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns.iloc[:200], factors)


def test_rows_one_by_one_are_one_fit(panel, tmp_path):
    returns, factors = panel
    whole = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3)
    whole.fit(returns, factors, tune_until=returns.index[199])
    with Live(fitted(panel), store=tmp_path / "a.zarr", checkpoint_every=7) as live:
        for day in range(200, 250):
            ahead = live.update(returns.iloc[[day]], factors)
    with Live(store=tmp_path / "a.zarr") as live:
        assert live.last_date == returns.index[249]
        ahead = live.update(returns.iloc[250:], factors)
    expected = whole.next_
    np.testing.assert_array_equal(ahead["predicted"], expected["mean"])
    np.testing.assert_array_equal(
        ahead["predicted_variance"], np.diagonal(expected["covariance"].to_numpy(), axis1=1, axis2=2)
    )
    stored = sf.loadings.LoadingsStore.open(tmp_path / "a.zarr").loadings().load()
    np.testing.assert_array_equal(stored["filtered"], whole.loadings_["filtered"])
    assert (stored.indexes["date"] == returns.index).all()


def test_some_assets_and_new_ones(panel, tmp_path):
    returns, factors = panel
    with Live(fitted(panel), store=tmp_path / "a.zarr") as live:
        ahead = live.update(returns.iloc[[200], :2].assign(new=0.01), factors)
        assert ahead.indexes["asset"].tolist() == [*returns.columns, "new"]
        before = fitted(panel).next_["mean"]
        same = (ahead["predicted"].isel(asset=slice(5)).to_numpy() == before.to_numpy()).all(axis=1)
        assert same.tolist() == [False, False, True, True, True]


def test_old_rows_are_refused_by_name(panel, tmp_path):
    returns, factors = panel
    with Live(fitted(panel), store=tmp_path / "a.zarr") as live:
        ahead = live.update(returns.iloc[200:203], factors)
        with pytest.raises(sf.InputError, match=r"got 2014-10-21, which was taken before"):
            live.update(returns.loc["2014-10-21":"2014-10-24"], factors)
        saturday = returns.iloc[[203]].set_axis(pd.DatetimeIndex([returns.index[50] + pd.Timedelta("12h")]))
        with pytest.raises(sf.InputError, match="which is older"):
            live.update(saturday, factors)
        assert live.predicted().equals(ahead)


def test_rows_that_cannot_be_written_are_not_taken(panel, tmp_path, monkeypatch):
    returns, factors = panel
    with Live(fitted(panel), store=tmp_path / "a.zarr") as live:
        with monkeypatch.context() as full:
            full.setattr(live.store, "append", lambda *_, **__: (_ for _ in ()).throw(sf.OutputError("full")))
            with pytest.raises(sf.OutputError):
                live.update(returns.iloc[[200]], factors)
        live.update(returns.iloc[[200]], factors)
        assert live.last_date == returns.index[200]


def test_a_store_has_one_process_and_one_model(panel, tmp_path):
    with pytest.raises(sf.InputError, match="must exist where no model"):
        Live(store=tmp_path / "none.zarr")
    with Live(fitted(panel), store=tmp_path / "a.zarr"), pytest.raises(sf.OutputError, match="one writer"):
        Live(store=tmp_path / "a.zarr")
    other = sf.RollingLoadings(60).fit(panel[0].iloc[:200], panel[1])
    with pytest.raises(sf.InputError, match="of this model"):
        Live(other, store=tmp_path / "a.zarr")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_kills_lose_no_answered_row(panel, tmp_path):
    returns, factors = panel
    Live(fitted(panel), store=tmp_path / "a.zarr").close()
    rng, answered = random.Random(0), 199
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _CHILD, str(tmp_path / "a.zarr")], stdout=subprocess.PIPE, text=True
        )
        child.stdout.readline()
        time.sleep(rng.uniform(0.02, 0.4))
        child.send_signal(signal.SIGKILL)
        said = child.stdout.read().splitlines()
        child.wait()
        child.stdout.close()
        answered = max([answered, *(returns.index.get_loc(pd.Timestamp(date)) for date in said[:-1])])
    with pytest.warns(sf.StatefolioWarning, match="taken over"):
        live = Live(store=tmp_path / "a.zarr")
    with live:
        at = returns.index.get_loc(live.last_date)
        assert at >= answered
        if at < 259:
            live.update(returns.iloc[at + 1 :], factors)
        whole = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3)
        whole.fit(returns, factors, tune_until=returns.index[199])
        np.testing.assert_array_equal(live.predicted()["predicted"], whole.next_["mean"])
