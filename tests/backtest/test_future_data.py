"""Data beyond a decision are found in every common form, and options and the past are not taken for them."""

import array
import datetime as dt
from collections import deque
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

import statefolio as sf
from statefolio.backtest.future_data import find_future_data, redraw_future_data
from statefolio.backtest.market import Market

DATES = pd.bdate_range("2020-01-01", periods=30)
NOW = DATES[10]
FRAME = pd.DataFrame({"x": np.arange(30.0)}, DATES)
TABLE = FRAME.reset_index(names="date")
MARKET = Market(pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, (30, 2)), DATES, list("AB")))


class AnswersAnyName:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


DATED = {
    "frame": FRAME,
    "periods": FRAME.to_period("D"),
    "hours": FRAME.to_period("h"),
    "a month that has not ended": pd.Series([1.0], pd.PeriodIndex(["2020-01"], freq="M")),
    "texts as labels": FRAME.set_index(DATES.strftime("%Y-%m-%d")),
    "assets by date": FRAME.T,
    "levels": pd.concat({"a": FRAME}, names=["asset"]),
    "column of dates": TABLE,
    "column of texts": TABLE.assign(date=DATES.strftime("%Y-%m-%d")),
    "column of Python dates": TABLE.assign(date=DATES.date),
    "time zone": FRAME.tz_localize("UTC"),
    "series of dates": pd.Series(DATES),
    "index": DATES,
    "polars": pl.from_pandas(TABLE),
    "polars dates": pl.Series(DATES.date),
    "pyarrow": pa.Table.from_pandas(TABLE),
    "xarray": FRAME["x"].to_xarray(),
    "market": MARKET,
    "list": list(DATES),
    "object array": DATES.to_pydatetime(),
    "datetime array": DATES.to_numpy(),
    "texts": [f"{date:%Y-%m-%d}" for date in DATES],
    "pairs": [(date.date(), 1.0) for date in DATES],
    "set": set(DATES),
    "mapping": dict.fromkeys(DATES, 1.0),
    "mapping of texts": {f"{date:%Y%m%d}": 1.0 for date in DATES},
    "mapping of periods": dict.fromkeys(DATES.to_period("D"), 1.0),
    "periods in a list": list(DATES.to_period("D")),
    "dates of NumPy": list(DATES.to_numpy()),
    "array of texts": DATES.strftime("%Y-%m-%d").to_numpy(dtype=str),
    "text": " ".join(f"{date:%Y-%m-%d}: A" for date in DATES),
    "text of NumPy": np.str_(" ".join(f"{date:%Y-%m-%d}: A" for date in DATES)),
    "bytes": b",".join(f"{date:%Y%m%d}".encode() for date in DATES),
}
AS_LONG = {
    "array": np.arange(30.0),
    "array by asset": np.zeros((2, 30)),
    "whole numbers": list(range(30)),
    "flags": [True] * 30,
    "rows": [[1.0, 2.0]] * 30,
    "records": [{"A": 1.0}] * 30,
    "deque": deque(range(30)),
    "array.array": array.array("d", range(30)),
    "mapping by row": dict(enumerate(range(30))),
    "names": [f"asset {place}" for place in range(30)],
    "object array": np.full((2, 30), "A", dtype=object),
    "letters": "ABCBA" * 6,
    "words": "A B B " * 10,
    "bytes of words": b"A,B," * 14 + b"A,B",
    "frame without dates": TABLE[["x"]],
    "series without dates": TABLE["x"],
    "polars": pl.Series(range(30)),
    "pyarrow": pa.table({"x": range(30)}),
    "xarray": xr.DataArray(np.zeros((2, 30))),
    "dataset": xr.Dataset({"x": ("row", np.zeros(30))}),
}
HARMLESS = {
    "the past": FRAME.loc[:NOW],
    "past days": FRAME.loc[:NOW].to_period("D"),
    "past hours": FRAME.loc[: NOW - pd.Timedelta(days=1)].to_period("h"),
    "past dates": list(DATES[:11]),
    "a past mapping": dict.fromkeys(DATES[:11], 1.0),
    "past texts": FRAME.loc[:NOW].set_index(DATES[:11].strftime("%Y-%m-%d")),
    "polars of the past": pl.from_pandas(TABLE.iloc[:11]),
    "a period": (dt.date(2030, 1, 1), dt.date(2031, 1, 1)),
    "an end": dt.datetime(2030, 1, 1),
    "names": ["A", "B", "1234", "2020"],
    "by asset": pd.Series({"A": 1.0, "B": 2.0}),
    "shorter": np.zeros((29, 2)),
    "no dates": pd.DataFrame(index=pd.DatetimeIndex([pd.NaT])),
    "nothing": [],
    "text": "x" * 29,
    "a text of a period": "from 2030-01-01 to 2031-01-01",
    "an object that answers any name": AnswersAnyName(),
    "an object without shape": np.array(None, dtype=object),
    "no date of the calendar": ["2030-02-30", "2030-13-01", "99999999"],
    "a slice of levels": pd.concat({"a": FRAME}, names=["asset"]).iloc[:11],
}


def found(data, date=NOW):
    return [text for text, _ in find_future_data(SimpleNamespace(data=data), MARKET, date)]


@pytest.mark.parametrize("kind", DATED)
def test_later_dates_are_found(kind):
    (text, *_) = found(DATED[kind])
    assert text.startswith("policy.data")
    assert "to 2020-0" in text or "later" in text
    assert found({"inside": [DATED[kind]]})
    if kind != "hours":  # the hour of the last date ends after it
        assert found(DATED[kind], DATES[-1]) == []


@pytest.mark.parametrize("kind", AS_LONG)
def test_data_as_long_as_the_market_are_found(kind):
    (text, *_) = found(AS_LONG[kind])
    assert "has as many" in text
    assert found(AS_LONG[kind], DATES[-1]) == []  # on the last date there is no future


@pytest.mark.parametrize("kind", HARMLESS)
def test_options_and_the_past_are_not_taken_for_the_future(kind):
    assert found(HARMLESS[kind]) == []


def default(history, data=FRAME):
    return data


def keyword(history, *, data=FRAME):
    return data


def reads_global(history):
    return FRAME


def in_comprehension(history):
    return [FRAME for _ in history]


def closing_over(data):
    return lambda history: data


class WithSlots:
    __slots__ = ("data", "unset")

    def __init__(self, data):
        self.data = data


class WithClassAttribute:
    data = FRAME


class WithProperty:
    @property
    def data(self):
        return FRAME


class Deciding:
    def __init__(self, data=None):
        self.data = data

    def decide(self, history, holdings):
        return {}


HIDDEN = {
    "default": (default, "a default of default"),
    "keyword default": (keyword, "a default of keyword"),
    "global": (reads_global, "the global 'FRAME'"),
    "global in a comprehension": (in_comprehension, "the global 'FRAME'"),
    "closure": (closing_over(FRAME), "'data' of closing_over"),
    "slot": (WithSlots(FRAME), "policy.data.data"),
    "class attribute": (WithClassAttribute(), "policy.data.data"),
    "class": (WithClassAttribute, "policy.data.data"),
    "property": (WithProperty(), "the global 'FRAME'"),
    "partial": (partial(max, FRAME), "policy.data.partial[0]"),
    "keyword of a partial": (partial(max, key=FRAME), "policy.data.partial['key']"),
    "bound method": (Deciding(FRAME).decide, "policy.data.data"),
    "object array": (np.array([None, FRAME, 1.0], dtype=object), "policy.data[1]"),
    "deep inside": ({"a": [({"b": FRAME},)]}, "policy.data['a'][0][0]['b']"),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_the_place_of_hidden_data_is_said(kind):
    data, place = HIDDEN[kind]
    (text,) = found(data)
    assert place in text
    assert text.endswith("reaches to 2020-02-11")


@pytest.mark.parametrize("data", [np.mean, partial(np.mean, axis=0), pd.DataFrame, sf.portfolio.EqualWeight(), np])
def test_libraries_are_not_searched(data):
    assert found(data) == []


def test_a_loop_of_references_ends():
    data = {"again": None}
    data["again"] = data
    assert found(data) == []


def test_data_of_functions_and_of_other_kinds_are_not_redrawn():
    fixed = np.arange(30.0)
    fixed.flags.writeable = False
    kinds = [closing_over(FRAME), TABLE, FRAME.astype(int), np.arange(30), fixed, np.zeros((2, 30)), list(range(30))]
    for data in kinds:
        assert [kept for _, kept in find_future_data(Deciding(data), MARKET, NOW)] == [None]
    for data in (FRAME, FRAME["x"], np.zeros((30, 2))):
        assert [kept is data for _, kept in find_future_data(Deciding(data), MARKET, NOW)] == [True]
    assert find_future_data(Deciding(np.array([], dtype="datetime64[D]")), MARKET, NOW) == []


@pytest.mark.parametrize("kind", ["frame", "zone", "array", "market"])
def test_only_the_future_is_redrawn(kind):
    frames = {"frame": FRAME.copy(), "zone": FRAME.tz_localize("UTC")}
    data = (frames | {"array": np.arange(30.0), "market": Market(MARKET.returns)})[kind]
    redraw_future_data(SimpleNamespace(data=data), MARKET, NOW, np.random.default_rng(1))
    before, after = {
        **dict.fromkeys(frames, lambda: (FRAME.to_numpy(), data.to_numpy())),
        "array": lambda: (FRAME.to_numpy()[:, 0], data),
        "market": lambda: (MARKET.returns.to_numpy(), data.returns.to_numpy()),
    }[kind]()
    np.testing.assert_array_equal(after[:11], before[:11])
    assert (after[11:] != before[11:]).all()
