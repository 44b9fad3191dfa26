import numpy as np
import pandas as pd
import pytest
import xarray as xr

import statefolio as sf
from statefolio.loadings import fit_blocks

BLOCK = 64


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(1)
    index = pd.bdate_range("2020-01-01", periods=40)
    returns = pd.DataFrame(0.02 * rng.standard_normal((40, 150)), index, [f"A{i:03d}" for i in range(150)])
    returns.iloc[:9, 5] = np.nan
    factors = pd.DataFrame({"market": 0.01 * rng.standard_normal(40)}, index)
    return returns, factors, sf.RollingLoadings(window=20).fit(returns, factors).loadings_


def fitted(returns, factors, folder, **options):
    model = sf.RollingLoadings(window=20)
    return fit_blocks(model, returns, factors, store=folder / "x.zarr", block_assets=BLOCK, **options).loadings().load()


def array_of(returns):
    return xr.DataArray(
        returns.to_numpy(), {"date": returns.index, "asset": returns.columns}, ("date", "asset"), "returns"
    )


def parquet(returns, folder, cuts):
    folder.mkdir()
    for number, (first, last) in enumerate(zip([0, *cuts], [*cuts, None], strict=True)):
        returns.iloc[:, first:last].rename_axis("date").to_parquet(folder / f"part-{number}.parquet")
    return folder


SOURCES = {
    "DataFrame": lambda returns, _: returns,
    "array": lambda returns, _: array_of(returns).transpose("asset", "date"),
    "Dask array": lambda returns, _: array_of(returns).chunk({"asset": 50}),
    "Dataset": lambda returns, _: array_of(returns).to_dataset(),
    "Parquet": lambda returns, folder: parquet(returns, folder / "files", [30, 100]),
    "parts": lambda returns, _: [returns.iloc[:, :70], returns.iloc[:, 70:140], returns.iloc[:, 140:]],
    "iterator": lambda returns, _: (returns.iloc[:, k : k + 30] for k in range(0, 150, 30)),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_every_source_gives_the_same(make, made, tmp_path):
    returns, factors, whole = made
    found = fitted(make(returns, tmp_path), factors, tmp_path)
    assert found.indexes["asset"].equals(whole.indexes["asset"])
    for name in whole:
        np.testing.assert_array_equal(found[name], whole[name])


def test_a_zarr_store(made, tmp_path):
    returns, factors, whole = made
    array_of(returns).to_dataset().to_zarr(tmp_path / "returns.zarr", consolidated=False)
    found = fitted(tmp_path / "returns.zarr", factors, tmp_path)
    np.testing.assert_array_equal(found["predicted"], whole["predicted"])


def test_blocks_that_disagree_on_dates_are_refused_by_name(made, tmp_path):
    returns, factors, _ = made
    parts = [returns.iloc[:, :70], returns.iloc[1:, 70:]]
    with pytest.raises(sf.InputError, match=r"same dates in every block, got 39 dates .* in part 2 .*2020-01-01"):
        fitted(parts, factors, tmp_path)
    folder = parquet(returns, tmp_path / "files", [100])
    returns.iloc[:-2, 100:].rename_axis("date").to_parquet(folder / "part-1.parquet")
    with pytest.raises(sf.InputError, match=r"got 38 dates .* in part-1.parquet"):
        fitted(folder, factors, tmp_path)


def test_other_refusals(made, tmp_path):
    returns, factors, _ = made
    with pytest.raises(sf.InputError, match="each asset in one block, got 'A000', 'A001', 'A002' in several"):
        fitted([returns.iloc[:, :64], returns.iloc[:, :3]], factors, tmp_path)
    with pytest.raises(sf.InputError, match="at least one block, got none"):
        fitted(iter([]), factors, tmp_path)
    with pytest.raises(sf.InputError, match=r"a Zarr store or a folder of Parquet files, got .* which is no folder"):
        fitted(tmp_path / "nothing", factors, tmp_path)
    with pytest.raises(sf.DataTypeError, match="the dimensions date and asset, got"):
        fitted(array_of(returns).rename(asset="name"), factors, tmp_path)
    bad = returns.copy()
    bad.iloc[3, 99] = np.inf
    with pytest.raises(sf.InputError, match=r"finite numbers or NaN, got 1 infinite values .*'A099' on 2020-01-06"):
        fitted(bad, factors, tmp_path)
    with pytest.raises(sf.InputError, match="factors must have every date of returns, got 1 missing"):
        fitted(returns, factors.iloc[1:], tmp_path)
