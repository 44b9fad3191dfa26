import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.factor_returns import FactorReturns
from statefolio.loadings.least_squares import RollingLoadings

DATES = pd.bdate_range("2020-01-01", periods=40)


def made(names, first=0, last=40, kind="observed", seed=0, assets=None):
    rng = np.random.default_rng(seed)
    dates = DATES[first:last]
    frame = pd.DataFrame(rng.normal(0, 0.01, (len(dates), len(names))), dates, names)
    if assets is None:
        return FactorReturns(frame, kind)
    values = rng.normal(size=(len(dates), len(assets), len(names)))
    coordinates = {"date": dates, "asset": assets, "factor": names}
    exposures = xr.Dataset({"exposure": (("date", "asset", "factor"), values)}, coordinates)
    return FactorReturns(frame, kind, exposures)


def test_join_keeps_common_dates_kinds_and_exposures_by_name():
    a = made(["market"], 0, 30)
    b = made(["size", "value"], 5, 40, "characteristic", 1, ["A", "B"])
    c = made(["first"], 0, 40, "statistical", 2, ["B", "C"])
    both = a.join(b, c)
    assert list(both.returns.columns) == ["market", "size", "value", "first"]
    assert both.returns.index.equals(DATES[5:30])
    assert list(both.kinds) == ["observed", "characteristic", "characteristic", "statistical"]
    for part in (a, b, c):
        pd.testing.assert_frame_equal(
            both.returns[part.returns.columns], part.returns.loc[DATES[5:30]], check_names=False, check_freq=False
        )
    of = both.exposures["exposure"]
    assert list(of["asset"].to_numpy()) == ["A", "B", "C"]
    assert list(of["factor"].to_numpy()) == ["size", "value", "first"]
    np.testing.assert_array_equal(
        of.sel(asset="B", factor="first"), c.exposures["exposure"].sel(asset="B", factor="first", date=DATES[5:30])
    )
    assert np.isnan(of.sel(asset="C", factor="size")).all()
    assert of.sizes["date"] == 25
    assert [note.split(" dates of factors ")[0] for note in both.notes] == ["5", "10", "15"]


def test_goes_straight_into_a_model(returns):
    factors = FactorReturns(
        pd.DataFrame({"x": np.linspace(-0.01, 0.02, 260) ** 2 - 1e-4}, index=returns.index), "observed"
    )
    model = RollingLoadings(window=60).fit(returns, factors.returns)
    assert list(model.factors_) == ["alpha", "x"]


def test_complete_leaves_out_dates_with_an_unknown_factor_and_says_so():
    a = made(["market", "size"], assets=["A", "B"])
    a.returns.iloc[[0, 3], 1] = np.nan
    kept = a.complete()
    assert kept.returns.index.equals(DATES.delete([0, 3]))
    assert kept.exposures.sizes["date"] == 38
    assert kept.notes == ("2 dates on which a factor is not known are left out.",)
    assert kept.complete() is kept
    a.returns.iloc[:, 0] = np.nan
    with pytest.raises(InputError, match="a date on which every factor is known"):
        a.complete()


def test_nothing_is_shared_with_the_input_and_polars_is_accepted():
    frame = pd.DataFrame({"a": [0.1, 0.2]}, DATES[:2])
    result = FactorReturns(frame, "observed")
    frame.iloc[0, 0] = 9.0
    assert result.returns.iloc[0, 0] == 0.1
    table = pl.DataFrame({"date": list(DATES[:2].date), "a": [0.1, 0.2]})
    pd.testing.assert_frame_equal(
        FactorReturns(table, "observed").returns, result.returns, check_freq=False, check_index_type=False
    )


@pytest.mark.parametrize(
    ("names", "kinds", "message"),
    [
        (["alpha"], "observed", "got 'alpha', a name reserved"),
        (["residual"], "observed", "got 'residual', a name reserved"),
        (["a"], "macro", "kinds must be .* got 'macro'"),
        (["a", "b"], pd.Series({"a": "observed"}), "kinds must name .* 'a', 'b' once, got 'a'"),
        (["a"], pd.Series({"b": "observed"}), "kinds must name .* got 'b'"),
    ],
)
def test_bad_names_and_kinds_are_refused(names, kinds, message):
    with pytest.raises(InputError, match=message):
        made(names, kind=kinds)


def test_bad_joins_are_refused():
    a = made(["market"], 0, 10)
    with pytest.raises(InputError, match="'market' twice"):
        a.join(made(["market"]))
    with pytest.raises(InputError, match="dates in common"):
        a.join(made(["size"], 20, 40))
    with pytest.raises(DataTypeError, match="join must be given FactorReturns, got a DataFrame"):
        a.join(a.returns)


def test_bad_exposures_are_refused():
    good = made(["market"], assets=["A"])
    with pytest.raises(DataTypeError, match=r"exposures must be .* got a DataArray"):
        FactorReturns(good.returns, "observed", good.exposures["exposure"])
    with pytest.raises(InputError, match="'exposure' by date, asset and factor"):
        FactorReturns(good.returns, "observed", good.exposures.rename(exposure="loading"))
    with pytest.raises(InputError, match="'other' without returns"):
        FactorReturns(good.returns, "observed", good.exposures.assign_coords(factor=["other"]))


@pytest.mark.parametrize(("dim", "labels"), [("date", None), ("factor", None), ("factor", "aa"), ("asset", "xxz")])
def test_exposures_need_labels_each_once(dim, labels):
    whole = {"date": DATES[:5], "asset": list("xyz"), "factor": list("ab")}
    exposures = xr.Dataset({"exposure": (tuple(whole), np.ones((5, 3, 2)))}, whole)
    exposures = exposures.drop_vars(dim) if labels is None else exposures.assign_coords({dim: list(labels)})
    with pytest.raises(InputError, match=f"exposures must have each label once .* along '{dim}'"):
        FactorReturns(pd.DataFrame(0.01, DATES[:5], ["a", "b"]), "characteristic", exposures)
