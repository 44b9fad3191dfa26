"""What a market knows of gaps, missing factors and delistings, and how it reads tables in another order."""

import warnings

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest.market import Market
from statefolio.backtest.market_tables import mean_return
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning

DATES = pd.bdate_range("2024-01-01", periods=10)
X = np.nan


def column(*values, names="A"):
    return pd.DataFrame({name: [*values] for name in names}, DATES[: len(values)])


@pytest.fixture
def calm():
    return pd.DataFrame(0.01, DATES, list("ABC"))


def test_unknown_moves_lie_between_known_returns():
    returns = column(X, 0.1, X, X, 0.1, X)
    assert Market(returns).tables.unknown_moves[:, 0].tolist() == [False, False, True, True, False, False]
    assert not Market(returns, gaps_bridged=True).tables.unknown_moves.any()
    whole = Market(returns.fillna(0.0)).tables.unknown_moves
    assert whole.shape == (6, 1)
    assert not whole.any()


def test_a_bridged_return_spans_the_gap_before_it():
    returns = column(X, 0.1, X, X, 0.2, 0.1, X)
    market = Market(returns, gaps_bridged=True)
    assert np.flatnonzero(market.tables.spans_gap).tolist() == [4]
    np.testing.assert_array_equal(market.model_data()[0]["A"], [X, 0.1, X, X, X, 0.1, X])
    np.testing.assert_array_equal(market.returns["A"], returns["A"])
    assert Market(returns).tables.spans_gap is None
    np.testing.assert_array_equal(Market(returns).model_data()[0]["A"], returns["A"])


@pytest.mark.parametrize("bridged", [True, False])
def test_returns_say_whether_gaps_are_bridged_and_the_option_decides(bridged):
    prices = column(1.0, 1.1, X, 1.3, 1.4)
    returns = sf.to_returns(prices, bridge_gaps=bridged)
    for given, found in ((None, bridged), (True, True), (False, False)):
        assert (Market(returns, gaps_bridged=given).tables.spans_gap is not None) is found


def test_a_date_without_returns_lacks_no_factors(calm):
    calm.iloc[4] = np.nan
    calm.iloc[6, 0] = np.nan
    factors = pd.DataFrame(0.001, DATES, ["market", "size"])
    factors.iloc[4] = np.nan
    factors.iloc[6, 1] = np.nan
    with pytest.warns(StatefolioWarning, match=r"got 2 of 10 dates without \(first 2024-01-05, last 2024-01-09\)"):
        market = Market(calm, factors)
    assert np.flatnonzero(market.tables.missing_factors).tolist() == [6]
    assert market.missing_factors.to_dict() == {DATES[6]: pytest.approx(0.01)}
    returns, seen = market.model_data()
    assert returns.index.equals(seen.index)
    assert DATES[6] not in returns.index
    assert not Market(calm).tables.missing_factors.any()


@pytest.mark.parametrize("edge", ["first", "last"])
def test_dates_before_and_after_the_factors_are_no_other_frequency(calm, edge):
    factors = pd.DataFrame(0.001, DATES[6:] if edge == "first" else DATES[:4], ["market"])
    with pytest.warns(StatefolioWarning, match=r"got 6 of 10 dates without .* equal weights .* earned 6.2% on them"):
        market = Market(calm, factors)
    assert market.dates.equals(DATES)
    assert market.model_data()[0].index.equals(factors.index)


@pytest.mark.parametrize(("known", "refused"), [(6, False), (5, True)])
def test_six_tenths_of_the_dates_between_are_needed(calm, known, refused):
    rows = [0, *range(1, known - 1), 9]
    factors = pd.DataFrame(0.001, DATES[rows], ["market"])
    if refused:
        with pytest.raises(InputError, match="got 5 of 10 dates from 2024-01-01 to 2024-01-12"):
            Market(calm, factors)
    else:
        with pytest.warns(StatefolioWarning, match="got 4 of 10 dates without"):
            Market(calm, factors)


def test_a_last_date_without_returns_may_lack_a_factor_row(calm):
    """The factors of that date are missing, which concerns no model; the warning names the date."""
    calm.iloc[9] = np.nan
    factors = pd.DataFrame({"market": 0.001}, DATES[:9])
    with pytest.warns(StatefolioWarning, match=r"got 1 of 10 dates without \(first 2024-01-12, last 2024-01-12\)"):
        market = Market(calm, factors)
    assert market.missing_factors.empty
    factors = factors.reindex(DATES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        market = Market(calm, factors)
    assert market.dates.equals(DATES)
    assert market.missing_factors.empty


def test_factors_of_more_dates_are_cut_to_those_of_the_returns(calm):
    factors = pd.DataFrame({"market": np.arange(10.0) / 100}, DATES)
    market = Market(calm.iloc[3:6], factors)
    assert market.factors["market"].tolist() == [0.03, 0.04, 0.05]


def test_mean_returns_are_compounded():
    values = np.array([[0.1, 0.3], [X, 0.5], [X, X]])
    assert mean_return(values) == pytest.approx(1.2 * 1.5 - 1.0)


def test_limits_of_returns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Market(column(0.01, 0.02, -0.9, 0.01))
    Market(column(0.01, -1.0, X, X))
    with pytest.raises(InputError, match=r"got 2 values below -1 \(first: 'B' on 2024-01-02\)"):
        Market(column(0.1, 0.1, 0.1).assign(B=[0.1, -1.01, 0.1], C=[0.1, 0.1, -2.0]))
    with pytest.warns(StatefolioWarning, match="must not move to twenty times the price or a hundredth, got 1 such"):
        Market(column(0.01, 100.0, 0.01))
    with pytest.warns(StatefolioWarning, match="must not move to twenty times the price or a hundredth, got 2 such"):
        Market(column(0.1, 0.1, 0.1).assign(B=[0.1, 101.0, 0.1], C=[0.1, 0.1, 500.0]))


def test_cash_rates_are_matched_by_date(calm):
    rate = pd.Series(np.arange(10.0) * 1e-5, DATES)
    assert Market(calm.iloc[3:6], cash_rate=rate).cash_rate.tolist() == rate.iloc[3:6].tolist()
    with pytest.raises(InputError, match=r"got 2 missing \(first: 2024-01-11\)"):
        Market(calm, cash_rate=rate.iloc[:8])
    rate.iloc[[4, 6]] = np.nan
    with pytest.raises(InputError, match="NaN or infinite on 2024-01-05"):
        Market(calm, cash_rate=rate)


def test_volumes_are_matched_by_name_and_date(calm):
    longer = pd.DataFrame(np.arange(40.0).reshape(10, 4), DATES, list("CXAB"))
    volumes = Market(calm.iloc[2:4], dollar_volumes=longer).dollar_volumes
    assert volumes.columns.tolist() == ["A", "B", "C"]
    assert volumes.to_numpy().tolist() == [[10.0, 11.0, 8.0], [14.0, 15.0, 12.0]]
    with pytest.raises(InputError, match=r"got 7 missing \(first: 2024-01-04\)"):
        Market(calm, dollar_volumes=longer.iloc[:3])


def test_a_delisting_between_dates_is_at_the_date_before(calm):
    calm.iloc[5:, 0] = np.nan
    for last in ("2024-01-05", "2024-01-06", "2024-01-07", pd.Timestamp("2024-01-05 12:00")):
        assert Market(calm, delistings={"A": last, "B": None}).delistings.to_dict() == {"A": DATES[4]}
    with pytest.raises(DataTypeError, match="delistings must be a Series of dates by asset"):
        Market(calm, delistings="2024-01-05")
    with pytest.raises(InputError, match="got 2024-01-04 before a return on 2024-01-05"):
        Market(calm, delistings={"A": DATES[3]})
    with pytest.raises(InputError, match="got 2023-12-29 before a return on 2024-01-01"):
        Market(calm, delistings={"A": "2023-12-29"})
    calm.iloc[1:, 0] = np.nan
    assert Market(calm, delistings={"A": DATES[0]}).delistings.to_dict() == {"A": DATES[0]}
    calm["A"] = np.nan
    assert Market(calm, delistings={"A": "2023-12-29"}).delistings.empty
    assert Market(calm, delistings={"B": DATES[-1]}).delistings.to_dict() == {"B": DATES[-1]}
    assert Market(calm, delistings={"B": DATES[-1] + pd.Timedelta(hours=1)}).delistings.empty


def test_a_table_until_a_date_includes_it_and_cannot_be_changed(calm):
    table = Market(calm).tables.returns
    assert table.until(DATES[4]).dates.equals(DATES[:5])
    assert table.until(DATES[4] + pd.Timedelta(hours=3)).values.shape == (5, 3)
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 1.0
