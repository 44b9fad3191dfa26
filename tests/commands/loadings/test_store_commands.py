"""`update --store`, `compact` and `export` from files to files."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import statefolio as sf
from statefolio.commands.command_line import app
from statefolio.commands.loadings import tables as long_table
from statefolio.loadings.stores.store import LoadingsStore


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def case(tables, tmp_path):
    """Files of returns and factors, the store of a fit on all but the last dates, and the model of it."""
    returns, factors = tables[0], tables[1].drop(columns="rf")
    words = []
    for name, table in (("returns", returns), ("factors", factors)):
        table.to_csv(tmp_path / f"{name}.csv")
        words += [f"--{name}", str(tmp_path / f"{name}.csv")]
    model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns[:-3], factors[:-3])
    identity = {"model": "KalmanLoadings", "options": model.get_params(), "data": "d", "tune_until": model.tuned_until_}
    store = LoadingsStore.create(
        tmp_path / "s.zarr",
        dates=model.dates_,
        assets=model.assets_,
        factors=model.factors_,
        block_assets=64,
        identity=identity,
    )
    store.write_block(0, model)
    store.finish()
    return words, store, model.partial_fit(returns[-3:], factors[-3:])


def test_a_night_and_a_compaction(case, tmp_path):
    words, store, model = case
    done = run("update", "--store", store.path, *words)
    assert done.exit_code == 0, done.output
    assert "now ends on 2020-09-04" in done.output
    assert store.model().next_.identical(model.next_)
    xr.testing.assert_identical(store.loadings().isel(date=slice(-3, None)).load(), model.loadings_.load())
    assert "No new dates" in run("update", "--store", store.path, *words).output
    assert "3 dates moved" in run("compact", store.path).output
    assert "No dates to move" in run("compact", store.path).output
    assert run("compact", tmp_path).exit_code == 2
    assert run("update", "--store", store.path, "--model", "m", *words).exit_code == 2


def test_exports_of_a_store_and_of_a_folder(case, tmp_path):
    _, store, model = case
    done = run("export", store.path, "--to", tmp_path / "all.parquet", "--variable", "filtered")
    assert "Written to" in done.output
    wanted = store.loadings()["filtered"].to_series()
    assert list(pd.read_parquet(tmp_path / "all.parquet")["filtered"].dropna()) == list(wanted.dropna())
    (tmp_path / "out").mkdir()
    long_table.write_loadings(tmp_path / "out" / "loadings.parquet", model.loadings_)
    done = run("export", tmp_path / "out", "--to", tmp_path / "wide.csv", "--layout", "wide")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "wide.csv")
    value = model.loadings_["filtered"].sel(factor="value").to_numpy().ravel()
    np.testing.assert_allclose(table["filtered_value"], value, rtol=2.0**-29, atol=0.0)
    again = run("export", tmp_path / "out", "--to", tmp_path / "wide.csv")
    assert again.exit_code == 2
    assert "which exists" in again.output
