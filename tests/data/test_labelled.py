"""Arrays get labels, and labelled results leave as DataFrames, long tables and polars."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

from statefolio.data import to_frame, to_long, to_polars
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings import StaticLoadings

DATES = pd.bdate_range("2024-01-01", periods=40, name="date")
VALUES = np.random.default_rng(0).normal(0.0, 0.01, (40, 2))
TABLE = pd.DataFrame(VALUES, DATES, ["A", "B"])


@pytest.mark.parametrize(
    "given",
    [
        DATES,
        list(DATES),
        DATES.strftime("%Y-%m-%d").tolist(),
        DATES.to_numpy(),
        DATES.to_period("D"),
        DATES.tz_localize("UTC"),
    ],
)
def test_an_array_gets_labels(given):
    pd.testing.assert_frame_equal(to_frame(VALUES, dates=given, assets=["A", "B"]), TABLE, check_freq=False)
    one = to_frame(VALUES[:, 0].tolist(), dates=given, assets=["A"])
    pd.testing.assert_frame_equal(one, TABLE[["A"]], check_freq=False)


@pytest.mark.parametrize(
    ("values", "labels", "reason"),
    [
        (VALUES, {"dates": DATES}, "assets must be given"),
        (VALUES, {"assets": ["A", "B"]}, "dates must be given"),
        (VALUES.T, {"dates": DATES, "assets": ["A", "B"]}, "2 rows and 40 columns for 40 dates and 2 names. Transpose"),
        (VALUES, {"dates": ["no"] * 40, "assets": ["A", "B"]}, "dates must be dates"),
        (VALUES, {"dates": DATES[::-1], "assets": ["A", "B"]}, "increasing dates"),
        (VALUES, {"dates": DATES, "assets": ["A", "A"]}, "each column name once"),
        (VALUES[None], {"dates": DATES, "assets": ["A", "B"]}, "one or two dimensions"),
    ],
)
def test_labels_that_do_not_fit_are_refused(values, labels, reason):
    with pytest.raises(InputError, match=reason):
        to_frame(values, **labels)


def test_what_has_no_labels_is_refused_with_the_way_out():
    with pytest.raises(DataTypeError, match="Pass dates and assets for an array"):
        to_frame(VALUES)
    with pytest.raises(DataTypeError, match=r"statefolio\.data\.to_frame\(returns, dates=\.\.\., assets=\[\.\.\.\]\)"):
        StaticLoadings().fit(VALUES, TABLE)
    with pytest.raises(DataTypeError, match="numbers, got one that is not"):
        to_frame([["x", "y"]], dates=DATES[:1], assets=["A", "B"])


@pytest.mark.parametrize(
    "other",
    [
        pl.from_pandas(TABLE.reset_index()),
        pa.Table.from_pandas(TABLE.reset_index(), preserve_index=False),
        xr.DataArray(TABLE, dims=("date", "asset")),
        TABLE,
    ],
)
def test_tables_of_other_libraries_and_back(other):
    pd.testing.assert_frame_equal(to_frame(other), TABLE, check_freq=False, check_names=False)
    long = to_long(other, "return")
    assert list(long.columns) == ["date", "asset", "return"]
    assert long["return"].tolist() == VALUES.ravel().tolist()
    assert to_polars(other).columns == ["date", "A", "B"]
    assert to_polars(other, long=True).height == 80


def test_results_leave_in_every_form():
    model = StaticLoadings().fit(TABLE[["A"]], TABLE[["B"]])
    long = to_long(model.loadings_)
    assert list(long.columns)[:4] == ["date", "asset", "factor", "predicted"]
    last = model.loadings_["filtered"].isel(date=-1, asset=0).sel(factor="B").item()
    assert long[long["factor"] == "B"]["filtered"].iloc[-1] == last
    one = to_long(model.loadings_["filtered"])
    assert list(one.columns) == ["date", "asset", "factor", "filtered"]
    assert one["filtered"].notna().all()
    assert to_frame(model.loadings_["filtered"].sel(factor="B")).columns.tolist() == ["A"]
    assert to_polars(model.parameters_).columns[0] == "asset"
    assert to_long(model.log_likelihood_).iloc[0, 0] == "A"
    assert to_frame(TABLE["A"].rename(None)).columns.tolist() == ["asset"]
