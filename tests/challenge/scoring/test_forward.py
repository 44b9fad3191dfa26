"""Tests of forward rounds: scored on the dates that have come."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.simulation import simulate
from statefolio.challenge.rules.forward_files import read_forward
from statefolio.challenge.scoring.forward import FEWEST_DATES, score_forward


@pytest.fixture
def read(data, rules):
    """Read a table as a file that arrived before the final window."""

    def found(table):
        first = table.index[0]
        received = dt.datetime(first.year, first.month, first.day, tzinfo=dt.UTC) - dt.timedelta(hours=1)
        last = data.market.dates[data.market.dates < first][-1]
        return read_forward(table.rename_axis("date").to_csv().encode(), data.universe, rules.gates, last, received)

    return found


@pytest.fixture
def dates(data):
    return data.market.dates[-60:]


@pytest.fixture
def weights(data, dates):
    drawn = np.random.default_rng(2).dirichlet(np.full(10, 20.0), size=len(dates[::10]))
    return pd.DataFrame(drawn, index=dates[::10], columns=data.market.assets)


def test_weights_earn_the_returns_of_their_own_dates(data, rules, read, dates, weights):
    market = data.market
    file = read(weights)
    found = score_forward(read(weights.reindex(dates, method="ffill")), market, rules)
    assert found.value is not None
    assert found.series.index.equals(dates)
    sparse = score_forward(file, market, rules)
    assert sparse.value is None  # six dates have come, and 20 are needed
    invested = 1.0 / (1.0 + 0.0008)  # what is left after the costs of the first purchase
    gross = 1.0 + float(weights.iloc[0] @ market.returns.loc[dates[0]])
    assert found.series.iloc[0] == pytest.approx(invested * gross - 1.0 - market.cash_rate.iloc[0], abs=1e-12)


def test_weights_are_simulated_with_the_costs_of_the_rules(data, rules, read, dates, weights):
    daily = weights.reindex(dates, method="ffill")
    before = data.market.dates[data.market.dates.get_indexer(dates) - 1]
    result = simulate(daily.set_axis(before), data.market, costs=TradingCosts(0.0005, 0.0003))
    expected = result.returns - data.market.cash_rate.reindex(result.returns.index)
    found = score_forward(read(daily), data.market, rules)
    assert found.series.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-15)
    assert found.track == found.window == "forward"


def test_forecasts_are_scored_by_their_normal_density(data, rules, read, dates):
    draw = np.random.default_rng(3)
    columns = {
        f"{asset} {what}": draw.uniform(0.01, 0.03, len(dates)) if what == "volatility" else 0.001
        for asset in data.market.assets
        for what in ("mean", "volatility")
    }
    table = pd.DataFrame(columns, index=dates)
    found = score_forward(read(table), data.market, rules)
    expected = [
        stats.norm.logpdf(
            data.market.returns.at[date, asset] - data.market.cash_rate[date],
            table.at[date, f"{asset} mean"],
            table.at[date, f"{asset} volatility"],
        )
        for date in dates
        for asset in data.market.assets
    ]
    assert found.value == pytest.approx(np.mean(expected), rel=1e-10)
    assert found.details == {"dates": 60.0, "returns_scored": 600.0}


def test_dates_that_the_market_skipped_are_left_out(data, rules, read, dates, weights):
    daily = weights.reindex(dates, method="ffill")
    saturday = pd.date_range(dates[0], dates[-1]).difference(dates)[0]
    more = pd.concat([daily, daily.iloc[[0]].set_axis([saturday])]).sort_index()
    assert score_forward(read(more), data.market, rules).value == score_forward(read(daily), data.market, rules).value


def test_a_score_waits_for_20_dates(data, rules, read, dates, weights):
    daily = weights.reindex(dates, method="ffill")
    for count in (0, FEWEST_DATES - 1, FEWEST_DATES):
        market = data.market.until(data.market.dates[-61 + count])
        found = score_forward(read(daily), market, rules)
        assert (found.value is None) == (count < FEWEST_DATES)
        assert found.details["dates"] == count
