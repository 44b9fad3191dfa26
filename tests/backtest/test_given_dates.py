import datetime as dt

import pandas as pd
import pytest

from statefolio.backtest.given_dates import read_date, read_dates_given
from statefolio.backtest.run import run_backtest
from statefolio.backtest.simulation import simulate
from statefolio.exceptions import InputError


def test_a_text_is_the_whole_period_where_it_is_the_last():
    assert read_date("2020-03", "end") == pd.Timestamp("2020-03-01")
    assert read_date("2020-03", "end", last=True).normalize() == pd.Timestamp("2020-03-31")
    assert read_date("2020-03-05", "end", last=True) > pd.Timestamp("2020-03-05 23:59")
    assert read_date(dt.date(2020, 3, 5), "end", last=True) == pd.Timestamp("2020-03-05")


def test_runs_markets_and_simulations_mean_the_same(market, policies):
    run = run_backtest(policies["equal"](), market, start="2020-02", end="2020-03", rebalance="weekly")
    assert run.ledger.index[[0, -1]].tolist() == [pd.Timestamp("2020-02-03"), pd.Timestamp("2020-03-31")]
    assert market.until("2020-03").dates[-1] == run.ledger.index[-1]
    again = simulate(run.decisions, market, start="2020-02", end="2020-03")
    pd.testing.assert_frame_equal(again.ledger, run.ledger, check_exact=True)


@pytest.mark.parametrize("given", ["soon", pd.NaT, None, 2.5j, pd.Timestamp("2020-03-05", tz="UTC")])
def test_what_is_no_date_is_turned_away(given):
    with pytest.raises(InputError, match="start="):
        read_date(given, "start")


@pytest.mark.parametrize("given", ["2020-03-05", 2.5, True, ["soon"]])
def test_what_is_no_list_of_dates_is_turned_away(given):
    with pytest.raises(InputError, match="cuts="):
        read_dates_given(given, "cuts")
