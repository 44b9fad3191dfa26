"""Tables of other libraries, Series, time zones and indexes of several levels."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

import statefolio as sf
from statefolio._arrays.frames import read_labels, read_values
from statefolio._arrays.panel import make_panel
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning

DATES = pd.bdate_range("2020-03-25", periods=30, name="date")
RNG = np.random.default_rng(0)
RETURNS = pd.DataFrame(RNG.normal(0, 0.01, (30, 3)), DATES, ["A", "B", "C"]).mask(RNG.random((30, 3)) < 0.1)
FACTORS = pd.DataFrame(RNG.normal(0, 0.01, (30, 2)), DATES, ["market", "size"])


def same(given, expected, name="returns"):
    values, dates, columns = read_values(given, name)
    np.testing.assert_array_equal(values, expected.to_numpy())
    assert dates.equals(DATES)
    assert list(columns) == list(expected.columns)
    again = read_labels(given, name)
    assert again[0].equals(dates)
    assert again[1].equals(columns)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo"])
@pytest.mark.parametrize("hours", [0, 16])
def test_the_local_day_of_a_time_zone(zone, hours):
    moments = (DATES + pd.Timedelta(hours=hours)).tz_localize(zone)
    same(RETURNS.set_axis(moments), RETURNS)
    same(RETURNS.set_axis(moments)["A"], RETURNS[["A"]])
    same(pl.from_pandas(RETURNS.set_axis(moments).reset_index(names="date")), RETURNS)
    panel = make_panel(RETURNS.set_axis(moments), FACTORS)
    assert panel.dates.equals(DATES)


def test_a_clock_change_moves_no_day():
    days = pd.date_range("2020-03-06", periods=30, tz="America/New_York")
    frame = pd.DataFrame({"A": np.arange(30.0)}, days)
    assert read_values(frame, "returns")[1].equals(pd.date_range("2020-03-06", periods=30))


def test_several_rows_of_a_local_day_are_refused_with_advice_that_works():
    moments = pd.date_range("2020-01-02 09:30", periods=6, freq="5h", tz="America/New_York")
    prices = pd.DataFrame({"A": np.arange(1.0, 7.0)}, moments)
    with pytest.raises(InputError, match=r"duplicate dates \(first: 2020-01-02\)") as caught:
        read_values(prices, "prices")
    prices = eval(str(caught.value).split("e.g. ")[1].removesuffix("."), {"prices": prices})
    assert read_values(prices, "prices")[0][:, 0].tolist() == [3.0, 6.0]


def test_midnights_of_other_zones_in_utc_are_warned_of():
    berlin = RETURNS.tz_localize("Europe/Berlin")
    with pytest.warns(StatefolioWarning, match="22:00 in UTC|23:00 in UTC"):
        dates = read_values(berlin.tz_convert("UTC"), "returns")[1]
    assert dates[0] == DATES[0] - pd.Timedelta(days=1)
    same(RETURNS.tz_localize("America/New_York").tz_convert("America/New_York"), RETURNS)


def test_loadings_of_a_zoned_panel_are_those_of_the_plain_one():
    plain = sf.StaticLoadings().fit(RETURNS, FACTORS)
    zoned = sf.StaticLoadings().fit(RETURNS.tz_localize("Europe/Berlin"), FACTORS.tz_localize("US/Eastern"))
    xr.testing.assert_identical(plain.loadings_, zoned.loadings_)


def test_a_series_is_one_asset_or_factor():
    same(RETURNS["A"], RETURNS[["A"]])
    same(RETURNS["A"].rename(None), RETURNS[["A"]].set_axis(["asset"], axis=1))
    panel = make_panel(RETURNS["A"], FACTORS["size"].rename(None))
    assert list(panel.assets) == ["A"]
    assert list(panel.factors) == ["alpha", "factor"]
    with pytest.raises(InputError, match="must have dates as its index"):
        read_values(RETURNS.iloc[0], "returns")
    with pytest.raises(DataTypeError, match="got object in 'A'"):
        read_values(RETURNS["A"].astype(object), "returns")


def test_arrays_of_xarray():
    array = xr.DataArray(RETURNS.to_numpy(), {"date": DATES, "asset": list("ABC")}, ("date", "asset"))
    same(array, RETURNS)
    same(array.T, RETURNS)
    same(array.rename(date="time", asset="stock").T, RETURNS)
    same(array.sel(asset="A").rename("A"), RETURNS[["A"]])
    with pytest.raises(InputError, match=r"got the dimensions date \(30\), asset \(3\), field \(1\).*sel"):
        read_values(array.expand_dims("field", 2), "returns")
    with pytest.raises(InputError, match="one dimension of dates"):
        read_values(array.drop_vars("date"), "returns")
    with pytest.raises(DataTypeError, match=r"got a Dataset. Choose one variable"):
        read_values(array.to_dataset(name="returns"), "returns")


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_tables_of_columns(make):
    same(make(RETURNS.reset_index()), RETURNS)
    with pytest.raises(DataTypeError, match="give each asset its own column"):
        read_values(make(RETURNS.stack().rename_axis(["date", "asset"]).rename("ret").reset_index()), "returns")


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("one", [True, False])
def test_the_advice_for_long_tables_works(order, one):
    tall = RETURNS.rename_axis(columns="asset").stack().rename("ret")
    tall = tall.swaplevel() if order else tall
    returns = tall if one else tall.to_frame()
    with pytest.raises(InputError, match="must have dates as its index") as caught:
        read_values(returns, "returns")
    wide = eval(str(caught.value).split("Use ")[1].split(",  ")[0].split(", so")[0], {"returns": returns})
    same(wide, RETURNS)


@pytest.mark.parametrize("field_first", [True, False])
def test_the_advice_for_columns_of_fields_works(field_first):
    parts = {"Volume": RETURNS * 100, "Close": RETURNS, "Open": RETURNS + 1}
    prices = pd.concat(parts, axis=1)
    prices = prices if field_first else prices.swaplevel(axis=1).sort_index(axis=1)
    with pytest.raises(InputError, match="Choose one field") as caught:
        read_values(prices, "prices")
    chosen = eval(str(caught.value).split("e.g. ")[1].removesuffix("."), {"prices": prices})
    same(chosen, RETURNS, "prices")


def test_the_advice_for_a_level_of_one_name_works():
    prices = pd.concat({"x": RETURNS}, axis=1)
    with pytest.raises(InputError, match=r"got 2 levels. Drop the level") as caught:
        read_values(prices, "prices")
    same(eval(str(caught.value).split("with ")[1].removesuffix("."), {"prices": prices}), RETURNS, "prices")
