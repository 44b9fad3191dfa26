import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.run import run_backtest
from statefolio.backtest.simulation import simulate
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


@pytest.fixture
def weights(market):
    return pd.DataFrame({"A": 0.5, "B": 0.5}, index=market.dates[10:100:10])


def test_assets_without_a_column_get_none(market, weights):
    run = simulate(weights, market)
    assert (run.decisions[["C", "D", "E"]] == 0.0).all().all()
    assert run.ledger.index[0] == market.dates[10]
    assert run.ledger.index[-1] == market.dates[-1]
    assert run.decisions[["A", "B"]].equals(weights.rename_axis("date"))


def test_start_and_end(market, weights):
    run = simulate(weights, market, start=market.dates[25], end=market.dates[45])
    assert run.ledger.index[[0, -1]].tolist() == [market.dates[30], market.dates[45]]
    assert run.decisions.index.tolist() == [market.dates[30], market.dates[40]]


def test_a_decision_on_the_last_date_is_not_traded(market):
    run = simulate(pd.DataFrame({"A": [1.0]}, index=market.dates[-1:]), market)
    assert run.value.tolist() == [1e6]
    assert run.returns.empty


def test_bad_weights_are_rejected(market, weights):
    with pytest.raises(UnknownNameError, match="'Z'"):
        simulate(weights.rename(columns={"A": "Z"}), market)
    with pytest.raises(InputError, match=r"1 NaN \(first: 'B' on 2020-02-12"):
        simulate(weights.mask((weights.index == market.dates[30])[:, None] & (weights.columns == "B")), market)
    with pytest.raises(InputError, match="must sum to 1"):
        simulate(weights * 1.01, market, expected_sum=1.0)
    with pytest.raises(InputError, match="must have dates of the market"):
        simulate(weights.set_axis(weights.index + np.timedelta64(1, "h")), market)
    with pytest.raises(InputError, match="must have a date from start to end"):
        simulate(weights, market, start="2021-01-01")
    with pytest.raises(InputError, match="expected_sum must be a finite number, got 'one'"):
        simulate(weights, market, expected_sum="one")
    with pytest.raises(InputError, match="1e\\+06 times the value"):
        simulate(weights * 1e6 + 1.0, market)
    with pytest.raises(DataTypeError, match="market must be a Market, got a DataFrame"):
        simulate(weights, market.returns)
    with pytest.raises(DataTypeError, match="weights must be a table with dates and names, got a dict"):
        simulate({"A": 1.0}, market)
    simulate(weights, market, expected_sum=1.0)


def test_runs_markets_and_simulations_read_dates_alike(market, policies):
    run = run_backtest(policies["equal"](), market, start="2020-02", end="2020-03", rebalance="weekly")
    assert run.ledger.index[[0, -1]].tolist() == [pd.Timestamp("2020-02-03"), pd.Timestamp("2020-03-31")]
    assert market.until("2020-03").dates[-1] == run.ledger.index[-1]
    again = simulate(run.decisions, market, start="2020-02", end="2020-03")
    pd.testing.assert_frame_equal(again.ledger, run.ledger, check_exact=True)
