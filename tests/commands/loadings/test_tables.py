import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import xarray as xr

from statefolio.commands.loadings import tables as long_table


def test_rows_have_the_same_order_for_every_chunk_size(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    dims, shape = ("date", "asset", "factor"), (11, 3, 2)
    names = ("predicted", "predicted_variance", "filtered", "filtered_variance")
    coords = {
        "date": pd.bdate_range("2020-01-01", periods=11),
        "asset": list("abc"),
        "factor": ["alpha", "m"],
    }
    loadings = xr.Dataset({name: (dims, rng.random(shape)) for name in names}, coords)
    loadings["filtered"][0] = np.nan
    tables = []
    for rows in (1, 13, 1_000_000):
        monkeypatch.setattr(long_table, "ROWS", rows)
        assert long_table.write_loadings(tmp_path / "l.parquet", loadings) == 66
        tables.append(pd.read_parquet(tmp_path / "l.parquet"))
    for table in tables:
        pd.testing.assert_frame_equal(
            table.astype({"asset": str, "factor": str}), tables[0].astype({"asset": str, "factor": str})
        )
    slow = loadings.to_dataframe().reset_index()
    assert list(tables[0].columns) == [
        "date",
        "asset",
        "factor",
        "predicted",
        "predicted_standard_error",
        "filtered",
        "filtered_standard_error",
    ]
    np.testing.assert_array_equal(tables[0]["asset"].astype(str), slow["asset"])
    np.testing.assert_array_equal(tables[0]["date"], slow["date"])
    np.testing.assert_allclose(tables[0]["filtered"], slow["filtered"])
    np.testing.assert_allclose(tables[0]["predicted_standard_error"] ** 2, slow["predicted_variance"])


def test_numbers_keep_nine_digits_and_missing_ones_stay_missing(tmp_path):
    values = np.array([1.0, -2.0 / 3.0, 0.0, 1e-300, 123456789.123456789, np.nan, np.inf, -np.inf])
    dims, names = ("date", "asset", "factor"), ("predicted", "predicted_variance", "filtered", "filtered_variance")
    coords = {"date": pd.bdate_range("2020-01-01", periods=8), "asset": ["a"], "factor": ["m"]}
    squares = np.abs(values)
    kept = {name: (dims, (squares if "variance" in name else values)[:, None, None]) for name in names}
    long_table.write_loadings(tmp_path / "l.parquet", xr.Dataset(kept, coords))
    table = pd.read_parquet(tmp_path / "l.parquet")
    np.testing.assert_allclose(table["filtered"], values, rtol=2.0**-29, atol=0.0)
    np.testing.assert_allclose(table["predicted_standard_error"], np.sqrt(squares), rtol=2.0**-29, atol=0.0)
    assert table["filtered"][0] == 1.0
    assert [pq.read_table(tmp_path / "l.parquet")[name].null_count for name in ("predicted", "filtered")] == [1, 1]
