"""Units of returns and factors, judged by column or, with few dates, together."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio._plausible.finding import Finding
from statefolio._plausible.reading import read_panel
from statefolio._plausible.warn import warn_of, warned_once
from statefolio.exceptions import StatefolioWarning

DATES = pd.bdate_range("2020-01-01", periods=60)


@pytest.fixture
def returns():
    return pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, (60, 3)), DATES, list("ABC"))


@pytest.fixture
def factors():
    return pd.DataFrame(np.random.default_rng(1).normal(0, 0.01, (60, 2)), DATES, ["market", "size"])


@pytest.mark.parametrize("rows", [30, 1, 4])
def test_prices_and_percent_warn(returns, factors, rows):
    wide = pd.concat([returns.add_suffix(str(i)) * (1.0 + 0.1 * i) for i in range(4)], axis=1).iloc[:rows]
    with pytest.warns(StatefolioWarning, match=r"prices, it seems.*to_returns"):
        read_panel(100.0 * (1.0 + wide.abs()).cumprod(), factors, fit=False, watched=True)
    with pytest.warns(StatefolioWarning, match=r"percent, it seems.*/ 100"):
        read_panel(wide * 300.0, factors, fit=False)


def test_one_column_in_other_units_is_named(returns, factors):
    with pytest.warns(StatefolioWarning, match="factors must be .*'size' mostly beyond"):
        read_panel(returns, factors.assign(size=factors["size"] * 100))
    with pytest.warns(StatefolioWarning, match="returns must be .*'C' never negative"):
        read_panel(returns.assign(C=20.0 + returns["C"]), factors)


def test_real_crashes_do_not_warn(returns, factors):
    returns.iloc[10:14] = -0.6
    read_panel(returns, factors)


def test_a_finding_is_warned_of_once_in_a_context():
    finding = Finding("split", 0, 3, "A", DATES[3], -0.5, "to 0.5 times the price, and stays")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with warned_once():
            for name in ("returns", "X"):
                with warned_once():
                    warn_of([finding], name)
        warn_of([finding], "returns")
    assert [str(one.message).partition(" ")[0] for one in caught] == ["returns", "returns"]
