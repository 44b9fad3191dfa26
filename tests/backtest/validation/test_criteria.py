import pytest

from statefolio.backtest.performance import measures
from statefolio.backtest.validation.criteria import CRITERIA, score


def test_criteria_are_the_measures(stocks):
    names = {"sharpe": "sharpe", "sortino": "sortino", "calmar": "calmar", "drawdown": "maximum_drawdown"}
    names |= {"return": "annual_return", "volatility": "annual_volatility"}
    assert set(names) == set(CRITERIA)
    for short, long in names.items():
        found = score(stocks, short)
        for stock in stocks:
            sign = -1 if short == "volatility" else 1
            assert found[stock] == pytest.approx(sign * measures(stocks[stock])[long], rel=1e-10)
