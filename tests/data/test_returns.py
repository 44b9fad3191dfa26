"""Prices to returns; returns and factors on the same dates."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from statefolio._arrays.panel import make_panel
from statefolio.data import align, compound_returns, read_prices, to_returns
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning

DATES = pd.date_range("2020-01-01", periods=6, name="date")


def prices_with_gaps(seed=0):
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, 0.1, (6, 5)).cumsum(axis=0))
    values[rng.random((6, 5)) < 0.3] = np.nan
    return pd.DataFrame(values, DATES, list("ABCDE"))


def plain(prices, rate, bridge):
    """The same, one asset and date at a time."""
    out = np.full((len(prices) - 1, prices.shape[1]), np.nan)
    for i in range(prices.shape[1]):
        last = None
        for t, price in enumerate(prices.iloc[:, i]):
            if np.isnan(price):
                continue
            if last is not None and (bridge or t - last == 1):
                cash = np.prod([1 + rate[s] for s in range(last + 1, t + 1)]) - 1
                out[t - 1, i] = price / prices.iloc[last, i] - 1 - cash
            last = t
    return out


@pytest.mark.parametrize("bridge", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_against_a_plain_loop(bridge, seed):
    prices = prices_with_gaps(seed)
    rate = pd.Series(np.random.default_rng(seed).normal(1e-4, 1e-4, 6), DATES)
    excess = to_returns(prices, rate, bridge_gaps=bridge)
    np.testing.assert_allclose(excess, plain(prices, rate.to_numpy(), bridge), atol=1e-14)
    raw = to_returns(prices, bridge_gaps=bridge)
    np.testing.assert_allclose(raw, plain(prices, np.zeros(6), bridge), atol=1e-14)
    assert list(raw.index) == list(DATES[1:])


@given(hnp.arrays(float, (6, 3), elements=st.floats(0.5, 2.0)))
def test_returns_do_not_know_the_currency(values):
    prices = pd.DataFrame(values, DATES, list("ABC"))
    np.testing.assert_allclose(to_returns(prices), to_returns(prices * 1e6), atol=1e-12)


def test_polars_prices():
    prices = prices_with_gaps()
    table = to_returns(pl.from_pandas(prices.reset_index()))
    np.testing.assert_array_equal(table, to_returns(prices))


def test_nonpositive_prices_warn_and_give_no_return():
    prices = pd.DataFrame(np.linspace(1, 2, 18).reshape(6, 3), DATES, list("ABC"))
    prices.iloc[2, 1] = -1.0
    with pytest.warns(StatefolioWarning, match=r"1 values at or below zero \(first: B on 2020-01-03\)"):
        returns = to_returns(prices)
    assert returns["B"].isna().tolist() == [False, True, True, False, False]
    assert returns[["A", "C"]].notna().all().all()


def test_returns_passed_as_prices():
    returns = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 3)), DATES, list("ABC"))
    with pytest.raises(InputError, match="probably returns already"):
        to_returns(returns)


def test_risk_free_must_cover_the_dates():
    prices = prices_with_gaps()
    rate = pd.Series(0.0, DATES)
    assert to_returns(prices, rate.iloc[1:]).notna().any().any()
    with pytest.raises(InputError, match=r"no rate on 1 dates \(first: 2020-01-04\)"):
        to_returns(prices, rate.drop(DATES[3]))
    with pytest.raises(DataTypeError, match="risk_free must be a Series"):
        to_returns(prices, 0.01)


def panel(dates, columns, seed=0):
    values = np.random.default_rng(seed).normal(size=(len(dates), len(columns)))
    return pd.DataFrame(values, dates, columns)


def test_align_reports_what_it_dropped():
    returns, factors = panel(DATES[:5], ["A", "B"]), panel(DATES[1:], ["f", "g"], 1)
    returns["B"] = np.nan
    factors.iloc[1, 1] = np.nan
    kept, known, report = align(returns, factors)
    assert list(kept.index) == list(known.index) == list(DATES[[1, 3, 4]])
    assert list(report.dates) == list(kept.index)
    assert list(report.only_in_returns) == [DATES[0]]
    assert list(report.only_in_factors) == [DATES[5]]
    assert list(report.incomplete_factors) == [DATES[2]]
    assert report.never_observed == ("B",)
    assert str(report).splitlines() == [
        "3 dates kept, 2020-01-02 to 2020-01-05.",
        "1 dates dropped that only the returns have, 2020-01-01 to 2020-01-01.",
        "1 dates dropped that only the factors have, 2020-01-06 to 2020-01-06.",
        "1 dates dropped on which a factor is missing, 2020-01-03 to 2020-01-03.",
        "1 assets have no return on these dates: B.",
    ]


def test_align_keeps_matching_dates():
    returns, factors = panel(DATES, ["A", "B"]), panel(DATES, ["f"])
    kept, known, report = align(returns, factors)
    pd.testing.assert_frame_equal(kept, returns, check_freq=False)
    pd.testing.assert_frame_equal(known, factors, check_freq=False)
    assert str(report) == "6 dates kept, 2020-01-01 to 2020-01-06."


def test_align_without_common_dates():
    with pytest.raises(InputError, match=r"2020-01-01 to 2020-01-03.*2020-01-04 to 2020-01-06.*0 dates"):
        align(panel(DATES[:3], ["A"]), panel(DATES[3:], ["f"]))
    with pytest.raises(InputError, match="increasing dates"):
        align(panel(DATES[::-1], ["A"]), panel(DATES, ["f"]))


def test_real_prices_with_late_listings(shared):
    prices = read_prices(shared / "chan_etf_adjclose_2002_2016.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        returns = to_returns(prices)
    assert returns["GLD"].first_valid_index() == pd.Timestamp("2004-11-19")
    assert returns.isna().sum().sum() == prices.iloc[1:].isna().sum().sum() + (prices.iloc[0].isna()).sum()


def monthly(dates):
    values = np.arange(1.0, len(dates) + 1)
    return pd.DataFrame({"A": values}, index=dates)


LAST_TRADING_DAYS = pd.date_range("1990-01-01", "1991-12-31", freq="BME")
MONTHS = {
    "month ends": pd.date_range("1990-01-31", periods=24, freq="ME"),
    "first of the month": pd.date_range("1990-01-01", periods=24, freq="MS"),
    "periods": pd.period_range("1990-01", periods=24, freq="M"),
    "the 15th": pd.date_range("1990-01-01", periods=24, freq="MS") + pd.Timedelta(days=14),
    "last trading days": LAST_TRADING_DAYS,
}


@pytest.mark.parametrize("ours", MONTHS)
@pytest.mark.parametrize("theirs", MONTHS)
def test_monthly_tables_match_by_month(ours, theirs):
    returns, factors, report = align(monthly(MONTHS[ours]), monthly(MONTHS[theirs]).iloc[1:])
    assert returns["A"].tolist() == factors["A"].tolist() == list(range(2, 25))
    assert len(report.only_in_factors) == 0
    same = align(monthly(MONTHS[ours]), monthly(MONTHS[ours]))[0].index.equals(
        align(monthly(MONTHS[theirs]), monthly(MONTHS[theirs]))[0].index
    )
    assert ("Dates matched by month" in str(report)) is not same


def test_weekly_and_quarterly_tables_match_by_period():
    fridays = pd.date_range("2020-01-03", periods=60, freq="W-FRI")
    moved = fridays.where(fridays != pd.Timestamp("2020-04-10"), pd.Timestamp("2020-04-09"))  # Good Friday
    returns, factors, _ = align(monthly(fridays), monthly(moved))
    assert returns["A"].tolist() == factors["A"].tolist() == list(range(1, 61))
    quarters = pd.date_range("2010-03-31", periods=20, freq="QE")
    assert len(align(monthly(quarters), monthly(quarters - pd.Timedelta(days=2)))[0]) == 20


@pytest.mark.parametrize(
    ("rule", "name"), [("W-FRI", "weekly"), ("BME", "monthly"), ("MS", "monthly"), ("QE", "quarterly")]
)
@pytest.mark.parametrize("swap", [False, True])
def test_tables_of_other_frequencies_are_refused(rule, name, swap):
    days = pd.bdate_range("2020-01-01", periods=800)
    tables = [monthly(days), monthly(pd.date_range("2020-01-01", "2023-01-20", freq=rule))]
    with pytest.raises(InputError, match=rf"same frequency, got .*{name}.*compound_returns"):
        align(*(tables[::-1] if swap else tables))
    if swap:
        with pytest.raises(InputError, match="same frequency"):
            make_panel(monthly(days[::5]), monthly(days))


def test_compounded_returns():
    days = pd.bdate_range("2020-01-01", periods=500)
    daily = pd.DataFrame({"A": np.sin(np.arange(500)) / 50, "B": 0.01}, days)
    daily.iloc[100, 1] = np.nan
    fridays = pd.date_range("2020-01-03", "2022-01-01", freq="W-FRI")
    weekly = compound_returns(daily, fridays)
    expected = ((1 + daily["A"]).resample("W-FRI").prod() - 1).loc[weekly.index]
    np.testing.assert_allclose(weekly["A"], expected, rtol=1e-12)
    assert weekly.index[0] == fridays[1]
    assert weekly.index[-1] == pd.Timestamp("2021-11-26")
    assert weekly["B"].isna().sum() == 1
    assert len(compound_returns(daily.loc["2020-02-12":], fridays).loc[:"2020-02-20"]) == 0
    with pytest.raises(InputError, match="must cover"):
        compound_returns(daily, fridays + pd.Timedelta(days=4000))
