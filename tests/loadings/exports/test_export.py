import numpy as np
import pandas as pd
import pyarrow.feather
import pytest
import xarray as xr

from statefolio.exceptions import InputError, OutputError
from statefolio.loadings.exports import pieces
from statefolio.loadings.exports.export import export_results
from statefolio.loadings.exports.pieces import results_of


@pytest.fixture
def dataset():
    rng = np.random.default_rng(1)
    predicted = rng.normal(size=(5, 3, 2))
    predicted[0, 1] = np.nan
    variables = {
        "predicted": (("date", "asset", "factor"), predicted),
        "innovation": (("date", "asset"), predicted[..., 0]),
    }
    coords = {"date": pd.bdate_range("2020-01-01", periods=5), "asset": ["a", "b", "c"], "factor": ["alpha", "market"]}
    return xr.Dataset(variables, coords, {"tuned_until": "2020-01-03"})


@pytest.fixture(params=[4, 100])
def results(request, dataset, monkeypatch):
    monkeypatch.setattr(pieces, "CELLS", request.param)  # one date each, and all at once
    return results_of(dataset)


READ = {
    ".parquet": pd.read_parquet,
    ".csv": lambda path: pd.read_csv(path, parse_dates=["date"]),
    ".arrow": lambda path: pyarrow.feather.read_feather(str(path)),
}


@pytest.mark.parametrize("kind", READ)
def test_tables(results, dataset, tmp_path, kind):
    table = READ[kind](export_results(results, tmp_path / f"t{kind}"))
    assert list(table) == ["date", "asset", "factor", "predicted"]
    long = dataset["predicted"].to_series()
    np.testing.assert_array_equal(table["predicted"], long)
    for name in ("date", "asset", "factor"):
        assert list(table[name]) == list(long.index.get_level_values(name))
    wide = READ[kind](export_results(results, tmp_path / f"w{kind}", layout="wide"))
    assert list(wide) == ["date", "asset", "predicted_alpha", "predicted_market", "innovation"]
    np.testing.assert_array_equal(wide["predicted_market"], dataset["predicted"][..., 1].to_numpy().ravel())
    np.testing.assert_array_equal(wide["innovation"], dataset["innovation"].to_numpy().ravel())
    alone = READ[kind](export_results(results, tmp_path / f"i{kind}", variables=["innovation"]))
    assert list(alone) == ["date", "asset", "innovation"]


def test_netcdf(results, dataset, tmp_path):
    pytest.importorskip("h5netcdf")
    path = export_results(results, tmp_path / "t.nc")
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        xr.testing.assert_equal(opened.load(), dataset)
        assert opened.attrs == dataset.attrs


def test_files_are_whole_or_not_at_all(dataset, tmp_path):
    results, path = results_of(dataset), tmp_path / "t.parquet"
    path.write_text("former")
    with pytest.raises(OutputError, match="which exists"):
        export_results(results, path)
    broken = pieces.Results(**{**results.__dict__, "pieces": lambda names: iter([next(results.pieces(names)), 1 / 0])})
    with pytest.raises(ZeroDivisionError):
        export_results(broken, path, overwrite=True)
    assert path.read_text() == "former"
    export_results(results, path, overwrite=True)
    assert len(pd.read_parquet(path)) == 30
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]


def test_what_cannot_be_exported_is_refused(dataset, tmp_path):
    results = results_of(dataset)
    with pytest.raises(InputError, match=r"path must end in .parquet, .csv, .*got 't.xls'"):
        export_results(results, tmp_path / "t.xls")
    with pytest.raises(InputError, match="variables must be among 'predicted', 'innovation', got 'beta'"):
        export_results(results, tmp_path / "t.csv", variables=["beta"])
    with pytest.raises(InputError, match="all be by factor or all by asset alone"):
        export_results(results, tmp_path / "t.csv", variables=["predicted", "innovation"])
    with pytest.raises(OutputError, match="cannot be written"):
        export_results(results, tmp_path / "absent" / "t.csv")
    assert not list(tmp_path.iterdir())
