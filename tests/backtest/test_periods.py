"""Annual measures follow the frequency of the returns, everywhere."""

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest import (
    Market,
    TradingCosts,
    Trials,
    compare_choices,
    deflated_sharpe,
    measures,
    nested_selection,
    probabilistic_sharpe,
    run_backtest,
    validate_trials,
)
from statefolio.backtest.periods import read_periods
from statefolio.backtest.validation.windows import Windows
from statefolio.exceptions import InputError

RULES = {"ME": 12.0, "W-FRI": 52.0, "D": 365.0, "B": 252.0, "QE": 4.0}


def returns_of(rule, count=240, columns=3, seed=0):
    values = np.random.default_rng(seed).normal(0.01, 0.04, (count, columns))
    return pd.DataFrame(values, pd.date_range("1970-01-31", periods=count, freq=rule), list("ABCDEF")[:columns])


@pytest.mark.parametrize("rule", RULES)
def test_measures(rule):
    r = returns_of(rule)["A"]
    found, year = measures(r), RULES[rule]
    assert found.attrs["periods_per_year"] == year
    assert found["annual_volatility"] == pytest.approx(r.std() * np.sqrt(year))
    assert found["sharpe"] == pytest.approx(r.mean() / r.std() * np.sqrt(year))
    assert found["annual_return"] == pytest.approx((1 + r).prod() ** (year / len(r)) - 1)
    assert measures(r, periods_per_year=252).attrs["periods_per_year"] == 252.0


@pytest.mark.parametrize("rule", RULES)
def test_runs_and_their_fees(rule, policies):
    market, year = Market(returns_of(rule)), RULES[rule]
    result = run_backtest(policies["answers"]({"A": -1.0}), market, costs=TradingCosts(borrow=0.12), rebalance=10_000)
    assert result.periods_per_year == year
    assert result.ledger["borrow_fee"].iloc[1] == pytest.approx(1e6 * 0.12 / year)
    assert result.summary().attrs["periods_per_year"] == year
    assert result.summary()["annual_volatility"] == pytest.approx(result.returns.std() * np.sqrt(year))


@pytest.mark.parametrize("rule", RULES)
def test_validation(rule):
    table, year = returns_of(rule), RULES[rule]
    trials = Trials()
    for name, one in table.items():
        trials.add(name, one)
    assert trials.periods_per_year == year
    assert trials.sharpe["A"] == pytest.approx(table["A"].mean() / table["A"].std() * np.sqrt(year))
    report = validate_trials(trials, blocks=4, replications=20)
    assert report.table["years"].iloc[0] == pytest.approx(len(table) / year)
    a = table["A"]
    assert probabilistic_sharpe(a, 0.5) == probabilistic_sharpe(a, 0.5, year)
    assert deflated_sharpe(a, 3, 0.2) == deflated_sharpe(a, 3, 0.2, year)
    windows = Windows(count=2, embargo=0)
    found = nested_selection(table, windows=windows)
    given = nested_selection(table, windows=windows, periods_per_year=year)
    pd.testing.assert_frame_equal(found.in_sample, given.in_sample, check_exact=True)
    _, earned = compare_choices(table, ("sharpe",), windows)
    assert earned.loc["sharpe", "volatility"] == pytest.approx(found.returns.std() * np.sqrt(year))


def test_trials_of_two_frequencies_are_refused():
    trials = Trials()
    trials.add("daily", returns_of("B")["A"])
    with pytest.raises(InputError, match="'monthly' must have the frequency of the other trials, 252 dates"):
        trials.add("monthly", returns_of("ME")["A"])


def test_values_and_missing_dates():
    assert read_periods(None, None) == 252.0
    assert read_periods(12, pd.bdate_range("2020", periods=9)) == 12.0
    with pytest.raises(InputError, match="periods_per_year must be"):
        read_periods(0, None)
