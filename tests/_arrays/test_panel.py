import numpy as np
import pandas as pd
import polars as pl
import pytest

from statefolio._arrays.frames import read_values
from statefolio._arrays.panel import Panel, make_panel
from statefolio._arrays.text import listed
from statefolio.exceptions import DataTypeError, InputError, StatefolioError, StatefolioWarning

DATES = pd.bdate_range("2014-05-01", periods=30)


@pytest.fixture
def returns() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(0, 0.01, (30, 3)), index=DATES, columns=["A", "B", "C"])
    frame.iloc[:5, 1] = np.nan
    return frame


@pytest.fixture
def factors() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(rng.normal(0, 0.01, (30, 2)), index=DATES, columns=["market", "size"])


def refused(returns, factors, *words: str, kind: type[StatefolioError] = InputError, intercept: bool = True) -> None:
    with pytest.raises(kind) as caught:
        make_panel(returns, factors, intercept)
    message = str(caught.value)
    assert " must " in message
    for word in words:
        assert word in message


def test_panel_has_the_values_of_both_frames(returns, factors):
    panel = make_panel(returns, factors, intercept=True)
    np.testing.assert_array_equal(panel.returns, returns.to_numpy())
    np.testing.assert_array_equal(panel.regressors, np.column_stack([np.ones(30), factors]))
    assert list(panel.factors) == ["alpha", "market", "size"]
    assert panel.dates.equals(DATES)
    assert panel.assets.equals(returns.columns)


@pytest.mark.parametrize("columns", [1, 3, 300, 700])
def test_arrays_are_contiguous_and_their_own(columns):
    values = np.random.default_rng(0).normal(0, 0.01, (20, columns))
    frame = pd.DataFrame(values, index=DATES[:20], columns=[f"A{i}" for i in range(columns)])
    panel = make_panel(frame, frame.iloc[:, :1].add_prefix("f"), intercept=False)
    for array in (panel.returns, panel.regressors):
        assert array.flags.c_contiguous
        assert array.flags.writeable
    np.testing.assert_array_equal(panel.returns, values)
    assert not np.shares_memory(panel.returns, frame.to_numpy())


@pytest.mark.parametrize("columns", [1, 8, 300])
@pytest.mark.parametrize("rows", [1, 20])
def test_padding_is_nan_and_not_shown(rows, columns):
    values = np.random.default_rng(0).normal(0, 0.01, (rows, columns))
    frame = pd.DataFrame(values, index=DATES[:rows], columns=[f"A{i}" for i in range(columns)])
    panel = make_panel(frame, frame.iloc[:, :1].add_prefix("f"), check_design=False, width=8)
    assert panel.padded.shape == (rows, -(-columns // 8) * 8)
    assert panel.padded.flags.c_contiguous
    assert np.isnan(panel.padded[:, columns:]).all()
    np.testing.assert_array_equal(panel.returns, values)


@pytest.mark.parametrize("intercept", [True, False])
def test_known_names_are_taken_over_and_others_checked(returns, factors, intercept):
    first = make_panel(returns, factors, intercept)
    known = (first.assets, first.factors)
    same = make_panel(returns.set_axis(list("ABC"), axis=1), factors.copy(), intercept, known=known)
    assert same.assets is first.assets
    assert same.factors is first.factors
    other = make_panel(returns.rename(columns={"C": "D"}), factors[["size", "market"]], intercept, known=known)
    assert list(other.assets) == ["A", "B", "D"]
    assert list(other.factors[-2:]) == ["size", "market"]
    for bad in (returns.set_axis(["A", "B", "A"], axis=1), pd.concat({"x": returns}, axis=1)):
        with pytest.raises(InputError):
            make_panel(bad, factors, intercept, known=known)
    with pytest.raises(InputError, match="residual"):
        make_panel(returns, factors.rename(columns={"size": "residual"}), intercept, known=known)


@pytest.mark.parametrize("names", [["f", "g"], [1, 2], pd.Index(["f", "g"], name="factor", dtype=object)])
def test_the_constant_comes_before_names_of_any_kind(returns, factors, names):
    panel = make_panel(returns, factors.set_axis(names, axis=1))
    pd.testing.assert_index_equal(panel.factors, pd.Index(["alpha", *names]), exact=False)
    assert panel.factors.name is None


def test_polars_gives_the_same_panel(returns, factors):
    def as_polars(frame: pd.DataFrame) -> pl.DataFrame:
        return pl.from_pandas(frame.rename_axis("date").reset_index())

    panel, again = make_panel(returns, factors), make_panel(as_polars(returns), as_polars(factors))
    assert isinstance(again, Panel)
    np.testing.assert_array_equal(panel.returns, again.returns)
    np.testing.assert_array_equal(panel.regressors, again.regressors)
    assert (panel.dates == again.dates).all()
    assert list(panel.factors) == list(again.factors)


def test_polars_takes_the_first_column_of_dates_and_nulls(factors):
    frame = pl.DataFrame({"A": [0.01, None, 0.02], "day": list(DATES[:3].date)})
    values, dates, columns = read_values(frame, "returns")
    np.testing.assert_array_equal(values[:, 0], [0.01, np.nan, 0.02])
    assert list(dates) == list(DATES[:3])
    assert list(columns) == ["A"]


def test_polars_without_dates_or_numbers():
    with pytest.raises(InputError, match="must have a column of dates"):
        read_values(pl.DataFrame({"A": [0.1]}), "returns")
    with pytest.raises(DataTypeError, match="got String in 'B'"):
        read_values(pl.DataFrame({"date": [DATES[0]], "B": ["x"]}), "returns")
    with pytest.raises(DataTypeError, match="collect"):
        read_values(pl.LazyFrame({"date": [DATES[0]], "B": [0.1]}), "returns")


@pytest.mark.parametrize("kind", ["Float64", "float32", "double[pyarrow]", "int64"])
def test_other_kinds_of_numbers(returns, factors, kind):
    frame = (returns.fillna(0.0) * 0 + 0.0).astype(kind)
    panel = make_panel(frame, factors)
    assert panel.returns.dtype == np.float64
    assert (panel.returns == 0.0).all()


def test_missing_values_of_nullable_columns(returns, factors):
    panel = make_panel(returns.astype("Float64"), factors)
    np.testing.assert_array_equal(panel.returns, returns.to_numpy())


def test_extra_factor_dates_are_left_aside(returns, factors):
    panel = make_panel(returns.iloc[3:20:2], factors)
    np.testing.assert_array_equal(panel.regressors[:, 1:], factors.iloc[3:20:2])


def test_factor_dates_missing(returns, factors):
    refused(returns, factors.drop(DATES[[7, 9]]), "2 missing", "2014-05-12", "Align")


def test_no_overlap(returns, factors):
    refused(returns, factors.set_axis(DATES + pd.Timedelta(days=5000)), "no date in common", "2014-05-01")


def test_factor_nan_only_matters_where_a_return_is(returns, factors):
    factors.iloc[4, 1] = np.nan
    refused(returns, factors, "NaN on 1 dates", "'size'", "2014-05-07")
    returns.iloc[4] = np.nan
    assert make_panel(returns, factors).regressors[4, 2] == 0.0
    assert np.isnan(make_panel(returns, factors, fill=False).regressors[4, 2])


def test_infinite(returns, factors):
    returns.iloc[3, 2] = -np.inf
    refused(returns, factors, "1 infinite", "'C'", "2014-05-06")
    refused(factors, factors.replace(factors.iloc[2, 0], np.inf), "factors must have finite numbers")


def test_dates(returns, factors):
    refused(returns[::-1], factors, "increasing dates", "2014-06-10 after 2014-06-11", "sort_index")
    refused(returns.iloc[[0, 0, 1]], factors, "1 duplicate dates", "2014-05-01")
    refused(returns.reset_index(drop=True), factors, "RangeIndex", "set_index")
    refused(returns.set_axis(DATES.astype(str)), factors, "to_datetime")
    refused(returns, factors.set_axis(DATES[:-1].append(pd.DatetimeIndex([pd.NaT]))), "NaT")


def test_periods_are_dated_by_their_last_day():
    months = pd.DataFrame({"A": [1.0, 2.0]}, pd.period_range("2020-01", periods=2, freq="M"))
    dates = read_values(months, "prices")[1]
    assert dates.strftime("%Y-%m-%d").tolist() == ["2020-01-31", "2020-02-29"]
    days = months.set_axis(pd.period_range("2020-01-03", periods=2, freq="D"))
    assert read_values(days, "prices")[1].strftime("%Y-%m-%d").tolist() == ["2020-01-03", "2020-01-04"]


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([20200102, 20200103]),
        pd.Index(["2020-01-02", "2020-01-03"]),
        pd.PeriodIndex(["2020-01-02 10:00", "2020-01-02 11:00"], freq="h"),
    ],
)
def test_the_advice_for_an_index_works(index):
    prices = pd.DataFrame({"A": [1.0, 2.0]}, index)
    with pytest.raises(InputError, match="Use prices") as caught:
        read_values(prices, "prices")
    advice = str(caught.value).split("Use ")[1].removesuffix(".")
    names = {"prices": prices, "pd": pd}
    if advice.startswith("prices.index ="):
        exec(advice, names)
    else:
        names["prices"] = eval(advice, names)
    assert read_values(names["prices"], "prices")[1].year.tolist() == [2020, 2020]


def test_names(returns, factors):
    refused(returns.set_axis(["A", "B", "A"], axis=1), factors, "duplicate names ('A')")
    refused(returns, factors.set_axis(["f", "f"], axis=1), "factors must have each column name once")
    refused(returns, factors.rename(columns={"size": "alpha"}), "'alpha'", "intercept=False")
    refused(returns, factors.rename(columns={"size": "residual"}), "'residual'", intercept=False)
    refused(pd.concat({"x": returns}, axis=1), factors, "2 levels")
    assert make_panel(returns, factors.rename(columns={"size": "alpha"}), intercept=False).factors[1] == "alpha"


def test_types(returns, factors):
    refused(returns.astype(object), factors, "'A'", "object", kind=DataTypeError)
    refused(returns > 0, factors, "bool", kind=DataTypeError)
    refused(returns.assign(D="x"), factors, "'D'", kind=DataTypeError)
    refused(returns.to_numpy(), factors, "ndarray", kind=DataTypeError)
    refused(None, factors, "NoneType", kind=DataTypeError)


def test_empty(returns, factors):
    refused(returns.iloc[:0], factors, "0 dates")
    refused(returns[[]], factors, "0 columns")
    refused(returns, factors[[]], "factors must have at least one date")


def test_constant_factors(returns, factors):
    still = factors.assign(size=0.3 / 1000)
    refused(returns, still, "'size', which is constant", "intercept=False")
    make_panel(returns, still, intercept=False)
    refused(returns, factors.assign(size=0.0), "zero throughout", intercept=False)
    make_panel(returns, still, check_design=False)
    refused(returns.iloc[:2], still, "'size', which is constant")
    make_panel(returns.iloc[:1], still)  # one date says nothing


def test_collinear_factors_warn(returns, factors):
    with pytest.warns(StatefolioWarning, match=r"'market', 'both' are collinear .condition number"):
        make_panel(returns, factors.assign(both=-2e-6 * factors["market"]))
    with pytest.warns(StatefolioWarning, match="collinear"):
        make_panel(returns, factors.assign(both=0.01 - factors["market"] - factors["size"]))


def test_units_far_apart_are_not_collinear(returns, factors):
    make_panel(returns, factors.assign(size=factors["size"] * 1e-8))


def test_real_crashes_do_not_warn(returns, factors):
    returns.iloc[10:14] = -0.6
    make_panel(returns, factors)


def test_listed():
    assert listed(["a", "b", 3, "d"]) == "'a', 'b', 3 and 1 more"
