"""Tries every public function of loadings, factors and data that takes a table on tables of every form.

The same numbers under other labels, types, orders and scales give the plain answer, or a `StatefolioError`.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import statefolio as sf
from statefolio import data, factors
from statefolio.exceptions import StatefolioError, StatefolioWarning

DATES = pd.bdate_range("2020-01-01", periods=320)
ASSETS = ["AAA", "BBB", "CCC", "DDD"]
FACTORS = ["MKT", "HML"]


def _tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(5)
    x = rng.normal(0.0, 0.01, (len(DATES), 2))
    beta = np.array([[1.0, 0.3], [0.8, -0.4], [1.2, 0.0], [0.9, 0.9]])
    y = x @ beta.T + rng.normal(0.0, 0.008, (len(DATES), 4))
    y[:7, 1] = np.nan
    prices = 50.0 * np.cumprod(1.0 + np.nan_to_num(y), axis=0)
    return {
        "returns": pd.DataFrame(y, DATES, ASSETS),
        "factors": pd.DataFrame(x, DATES, FACTORS),
        "wide": pd.DataFrame(rng.normal(0.0, 0.01, (len(DATES), 12)) + x[:, :1], DATES, [f"W{i}" for i in range(12)]),
        "prices": pd.DataFrame(prices, DATES, ASSETS),
        "rate": pd.DataFrame({"RF": rng.normal(1e-4, 1e-5, len(DATES))}, DATES),
        "scenarios": pd.DataFrame([[0.01, -0.02], [0.0, 0.03]], ["up", "down"], FACTORS),
        "news": pd.DataFrame({"cpi": rng.normal(0.2, 0.1, 80), "jobs": rng.normal(9.0, 2.0, 80)}, DATES[::4]),
    }


PLAIN = _tables()
Tables = dict[str, Any]


def series(table: Any) -> Any:
    """The only column of a table as a Series; other tables are left as they are, for an error."""
    return table.iloc[:, 0] if isinstance(table, pd.DataFrame) else table


def scenario(table: Any) -> Any:
    """The first row of a table as a Series, or the table where it has no Series of several columns."""
    return table.iloc[0] if isinstance(table, pd.DataFrame) else table[:1]


def kalman(t: Tables) -> sf.KalmanLoadings:
    model = sf.KalmanLoadings(tuning="discount", discount_factor=0.99, common_volatility=False, intercept=False)
    return model.fit(t["returns"], t["factors"])


def static(t: Tables) -> sf.StaticLoadings:
    return sf.StaticLoadings(intercept=False).fit(t["returns"], t["factors"])


def statistical(t: Tables) -> factors.StatisticalFactors:
    return factors.StatisticalFactors(n_factors=1, window=None, min_dates=120, min_history=60).fit(t["returns"])


def rows(table: Any, first: int, last: int) -> Any:
    return table.iloc[first:last] if isinstance(table, pd.DataFrame) else table[first:last]


def continued(t: Tables) -> xr.DataArray:
    parts = [(rows(t["returns"], *cut), rows(t["factors"], *cut)) for cut in ((0, 200), (200, 320))]
    model = sf.RollingLoadings(window=60, intercept=False).fit(*parts[0])
    return model.partial_fit(*parts[1]).loadings_["filtered"]


def later_statistical(t: Tables) -> pd.DataFrame:
    model = factors.StatisticalFactors(n_factors=1, window=None, min_dates=120, min_history=60)
    model.fit(rows(t["returns"], 0, 200)).partial_fit(rows(t["returns"], 200, 320))
    return model.factor_returns_.returns.abs()


CALLS: dict[str, Callable[[Tables], Any]] = {
    "KalmanLoadings.fit": lambda t: kalman(t).loadings_["filtered"],
    "KalmanLoadings.smooth": lambda t: kalman(t).smooth(t["returns"], t["factors"])["smoothed"],
    "KalmanLoadings.covariances": lambda t: (
        kalman(t).covariances(t["returns"], t["factors"])["filtered_covariance"].isel(date=-1)
    ),
    "RollingLoadings.fit": lambda t: (
        sf.RollingLoadings(window=60, intercept=False).fit(t["returns"], t["factors"]).loadings_["filtered"]
    ),
    "ExponentialLoadings.fit": lambda t: (
        sf.ExponentialLoadings(half_life=60.0, intercept=False).fit(t["returns"], t["factors"]).loadings_["filtered"]
    ),
    "StaticLoadings.fit": lambda t: static(t).loadings_["filtered"],
    "partial_fit": continued,
    "predict frame": lambda t: static(t).predict(t["scenarios"])["mean"],
    "predict rows of factors": lambda t: static(t).predict(rows(t["factors"], 0, 3))["mean"],
    "predict series": lambda t: static(t).predict(scenario(t["factors"]))["mean"].squeeze(),
    "contributions": lambda t: static(t).contributions(t["returns"], t["factors"])["contribution"].sel(date="2020-12"),
    "count_factors": lambda t: factors.count_factors(t["wide"], 1).table,
    "traded_factors": lambda t: factors.traded_factors(t["factors"]).returns,
    "FactorReturns": lambda t: factors.FactorReturns(t["factors"], "observed").returns,
    "mimicking_portfolios": lambda t: (
        factors.mimicking_portfolios(t["factors"], t["returns"], minimum=100).factors.returns
    ),
    "price_exposures": lambda t: factors.price_exposures(t["prices"])["momentum"],
    "rank_factors": lambda t: factors.rank_factors(t["returns"], t["factors"]).summary.select_dtypes("float"),
    "StatisticalFactors.fit": lambda t: statistical(t).factor_returns_.returns.abs(),
    "StatisticalFactors.transform": lambda t: statistical(t).transform(t["returns"]).returns.abs(),
    "StatisticalFactors.partial_fit": later_statistical,
    "read_releases": lambda t: factors.read_releases(t["news"])["value"],
    "find_surprises": lambda t: factors.find_surprises(t["news"], minimum=40)["surprise"],
    "align": lambda t: data.align(t["returns"], rows(t["factors"], 20, 320))[0],
    "to_returns": lambda t: data.to_returns(t["prices"]),
    "to_returns in excess": lambda t: data.to_returns(t["prices"], series(t["rate"])),
    "find_suspicious_cells": lambda t: data.find_suspicious_cells(
        t["prices"], kind="prices", smallest_move=0.01, volatilities=1.0
    )["value"],
}
ORDERED = ("read_releases", "find_surprises", "find_suspicious_cells")  # rows in the order of the columns


def each(tables: Tables, change: Callable[[pd.DataFrame], Any]) -> Tables:
    return {name: change(table) for name, table in tables.items()}


def relabelled(labels: Callable[[list[str]], Any]) -> Callable[[Tables], Tables]:
    return lambda t: each(t, lambda table: table.set_axis(labels(list(table.columns)), axis=1))


def in_polars(table: pd.DataFrame) -> pl.DataFrame:
    named = table.rename_axis("date") if isinstance(table.index, pd.DatetimeIndex) else table
    return pl.from_pandas(named.reset_index() if named.index.name else named)


def one_level(labels: list[Any]) -> pd.Index:
    return pd.Index(labels, tupleize_cols=False)


LABELS = {
    "integers": lambda names: [3 + 10 * place for place in range(len(names))],
    "categories": lambda names: pd.CategoricalIndex(names),
    "strings": lambda names: pd.Index(names, dtype="string"),
    "objects": lambda names: pd.Index(names, dtype=object),
    "tuples": lambda names: one_level([(name, "US") for name in names]),
    "levels": lambda names: pd.MultiIndex.from_tuples([(name, "US") for name in names]),
    "dates": lambda names: pd.date_range("2001-01-01", periods=len(names)),
}
FORMS: dict[str, Callable[[Tables], Tables]] = {
    **{
        f"index called {name}": lambda t, name=name: each(t, lambda table: table.rename_axis(index=name))
        for name in ("date", "Date", "asset", "factor", "scenario", "index", 0)
    },
    **{
        f"columns called {name}": lambda t, name=name: each(t, lambda table: table.rename_axis(columns=name))
        for name in ("date", "asset", "factor", "scenario", "value", 0)
    },
    **{f"labels are {kind}": relabelled(labels) for kind, labels in LABELS.items()},
    "columns in reverse": lambda t: each(t, lambda table: table.iloc[:, ::-1]),
    "columns shuffled": lambda t: each(t, lambda table: table.sample(frac=1.0, axis=1, random_state=3)),
    "factors in reverse": lambda t: {**t, "scenarios": t["scenarios"].iloc[:, ::-1]},
    "float32": lambda t: each(t, lambda table: table.astype("float32")),
    "Float64": lambda t: each(t, lambda table: table.astype("Float64")),
    "object": lambda t: each(t, lambda table: table.astype(object)),
    "polars": lambda t: each(t, in_polars),
    "dates in seconds": lambda t: each(
        t, lambda table: table.set_axis(table.index.as_unit("s")) if len(table) > 2 else table
    ),
    "periods": lambda t: each(t, lambda table: table.set_axis(table.index.to_period("D")) if len(table) > 2 else table),
    "fortran order": lambda t: each(
        t, lambda table: pd.DataFrame(np.asfortranarray(table.to_numpy()), table.index, table.columns)
    ),
}


def by_position(result: Any) -> np.ndarray:
    """Values in the result's own order."""
    return np.asarray(result.values, dtype=float)


def columns_back(name: str, form: str, result: Any) -> np.ndarray:
    """Values in the plain order of assets and factors, whatever order the form has."""
    if "columns" not in form or "called" in form or name in ORDERED:
        return by_position(result) if name not in ORDERED else np.sort(by_position(result))
    if isinstance(result, xr.DataArray):
        for dim in set(result.dims) & {"asset", "factor", "factor_other"}:
            result = result.sortby(dim)
        return by_position(result)
    if isinstance(result, pd.DataFrame):
        result = result.sort_index(axis=1)
        return by_position(result if isinstance(result.index, pd.DatetimeIndex) else result.sort_index())
    return by_position(result.sort_index())


def called(name: str, tables: Tables) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        return CALLS[name](tables)


def answer(name: str, form: str, tables: Tables) -> np.ndarray:
    return columns_back(name, form, called(name, tables))


@pytest.mark.parametrize("name", CALLS)
def test_labels_types_and_orders_change_nothing(name):
    wrong, plain = [], called(name, PLAIN)
    for form, change in FORMS.items():
        try:
            got = answer(name, form, change(PLAIN))
        except StatefolioError:
            continue
        expected = columns_back(name, form, plain)
        tolerance = {"rtol": 2e-3, "atol": 1e-5} if form == "float32" else {"rtol": 1e-6, "atol": 1e-9}
        if got.shape != expected.shape or not np.allclose(got, expected, equal_nan=True, **tolerance):
            wrong.append((form, got.shape, expected.shape))
    assert not wrong


MUST_WORK = [form for form in FORMS if "called" in form or form in ("labels are integers", "columns shuffled")]


@pytest.mark.parametrize("form", MUST_WORK)
@pytest.mark.parametrize("name", CALLS)
def test_ordinary_tables_are_not_refused(name, form):
    answer(name, form, FORMS[form](PLAIN))


FREE_OF_SCALE = (
    "KalmanLoadings.fit",
    "KalmanLoadings.smooth",
    "RollingLoadings.fit",
    "ExponentialLoadings.fit",
    "StaticLoadings.fit",
    "partial_fit",
    "to_returns",
    "price_exposures",
    "find_suspicious_cells",
)
IN_SCALE = (
    "predict frame",
    "predict series",
    "contributions",
    "traded_factors",
    "align",
    "mimicking_portfolios",
    "StatisticalFactors.fit",
    "read_releases",
    "find_surprises",
)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e-3, 1e3, 1e6, 1e12])
@pytest.mark.parametrize("name", [*FREE_OF_SCALE, *IN_SCALE])
def test_scales_change_nothing(name, scale):
    expected = answer(name, "scaled", PLAIN)
    try:
        got = answer(name, "scaled", each(PLAIN, lambda table: table * scale))
    except StatefolioError:
        return
    if name in IN_SCALE or name == "find_suspicious_cells":
        got = got / scale
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-9)
