"""Rates, returns and weights of another unit are refused or warned of."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest import Market, Trials, measures, run_backtest, simulate
from statefolio.exceptions import InputError, PolicyError, StatefolioWarning

DATES = pd.bdate_range("2023-01-02", periods=300)
RETURNS = pd.DataFrame(np.random.default_rng(3).normal(0, 0.01, (300, 3)), DATES, list("ABC"))
MONTHS = pd.DataFrame(RETURNS.to_numpy()[:120], pd.date_range("2010-01-31", periods=120, freq="ME"), list("ABC"))
DOORS = {
    "market": lambda rate, r: Market(r, cash_rate=rate),
    "measures": lambda rate, r: measures(r["A"], cash_rate=rate),
    "to_returns": lambda rate, r: sf.to_returns((1 + r).cumprod(), rate),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("table", [RETURNS, MONTHS])
@pytest.mark.parametrize("rate", [4.25, -0.0425 * 12, 25.0])
def test_yearly_rates_and_percent_are_refused(door, table, rate):
    with pytest.raises(InputError, match="a year: a yearly rate or percent, it seems"):
        DOORS[door](pd.Series(rate, table.index), table)


@pytest.mark.parametrize("door", DOORS)
def test_a_yearly_rate_in_decimals_is_refused_for_daily_returns(door):
    with pytest.raises(InputError, match=r"1071% a year.* Divide it by 252"):
        DOORS[door](pd.Series(0.0425, RETURNS.index), RETURNS)
    with pytest.warns(StatefolioWarning, match="63% a year: if it is a yearly rate, divide it by 252"):
        DOORS[door](pd.Series(0.0025, RETURNS.index), RETURNS)


@pytest.mark.parametrize("door", DOORS)
def test_one_date_in_percent_is_refused(door):
    rate = pd.Series(0.0001, RETURNS.index)
    rate.iloc[150] = 0.05
    with pytest.raises(InputError, match=f"got 0.05 on {DATES[150]:%Y-%m-%d}"):
        DOORS[door](rate, RETURNS)


@pytest.mark.parametrize(("rate", "table"), [(0.0, RETURNS), (0.0006, RETURNS), (-3e-5, RETURNS), (0.0135, MONTHS)])
def test_rates_of_the_past_are_accepted(rate, table):
    for door in DOORS.values():
        door(pd.Series(rate, table.index), table)


def test_numbers_are_checked_as_series_are():
    for door in ("market", "measures"):
        with pytest.raises(InputError, match="yearly rate or percent"):
            DOORS[door](4.25, RETURNS)


@pytest.mark.parametrize("door", [lambda r: Market(r), lambda r: measures(r["A"]), lambda r: Trials().add("A", r["A"])])
def test_percent_and_prices_warn(door):
    with pytest.warns(StatefolioWarning, match="percent, it seems"):
        door((100 * RETURNS).clip(lower=-0.99))
    with pytest.warns(StatefolioWarning, match="prices, it seems"):
        door((1 + RETURNS).cumprod())


def test_total_losses():
    r = RETURNS["A"].copy()
    r.iloc[7] = -1.5
    with pytest.raises(InputError, match="got 1 values below -1"):
        Market(r.to_frame())
    with pytest.warns(StatefolioWarning, match=f"should be above -100 %.*first: 'A' on {DATES[7]:%Y-%m-%d}, -1.5"):
        measures(r)


def test_codes_for_missing_values_warn():
    r = RETURNS.copy()
    r.iloc[7, 1] = 1e10
    with pytest.warns(StatefolioWarning, match=r"got 1 such moves \(first: 'B'"):
        Market(r)


def test_weights_in_percent_are_refused(policies):
    market = Market(RETURNS)
    weights = pd.DataFrame({"A": [60.0], "B": [40.0]}, index=DATES[:1])
    with pytest.raises(InputError, match="got the sum 100 on 2023-01-02: percent"):
        simulate(weights, market)
    with pytest.raises(PolicyError, match="got the sum 100: percent"):
        run_backtest(policies["answers"]({"A": 60.0, "B": 40.0}), market)
