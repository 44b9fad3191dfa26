"""The limits of what can be the return of cash on one date; see tests/backtest/test_plausibility.py for real units."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio._arrays.cash_rates import check_cash_rate
from statefolio.exceptions import InputError, StatefolioWarning

MONTHS = pd.date_range("2010-01-31", periods=24, freq="ME")


def rates(*values):
    return np.resize(np.array(values, dtype=float), len(MONTHS))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_mean_size_decides(sign):
    check_cash_rate("rate", sign * rates(0.3 / 12, -0.29 / 12), MONTHS)
    with pytest.warns(StatefolioWarning, match="rate must be .* got 0.02583 on average, 31% a year.* divide it by 12"):
        check_cash_rate("rate", sign * rates(0.31 / 12), MONTHS)
    with pytest.warns(StatefolioWarning, match="99% a year"):
        check_cash_rate("rate", sign * rates(0.99 / 12), MONTHS)
    with pytest.raises(InputError, match=r"got 0.08417 on average, 101% a year.* Divide it by 12, and by 100"):
        check_cash_rate("rate", sign * rates(1.01 / 12, -1.01 / 12), MONTHS)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_date_may_have_a_thousand_percent_a_year_and_no_more(sign):
    values = rates(0.0)
    values[:2], values[7] = np.nan, sign * 9.9 / 12
    with pytest.warns(StatefolioWarning, match="45% a year"):
        check_cash_rate("rate", values, MONTHS)
    values[7] = sign * 10.1 / 12
    with pytest.raises(InputError, match=f"got {values[7]:.4g} on 2010-08-31"):
        check_cash_rate("rate", values, MONTHS)


def test_zeros_and_missing_rates_are_accepted():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_cash_rate("rate", rates(0.0), MONTHS)
        check_cash_rate("rate", rates(np.nan), MONTHS)
