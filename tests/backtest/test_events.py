"""What happened in an account is listed by date, with asset and reason."""

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest import Market, TradingCosts, run_backtest, run_backtests, simulate
from statefolio.exceptions import StatefolioWarning
from statefolio.portfolio.policy import Decision


class Holding:
    """Holds one asset."""

    def __init__(self, name):
        self.name = name

    def decide(self, history, holdings):
        return {self.name: 1.0}


class Noting:
    """Buys one asset, and falls back on the first date."""

    def decide(self, history, holdings):
        weights = pd.Series({history.active[0]: 1.0})
        if len(history.returns) == 1:
            return Decision(weights, converged=False, reason="too few", fallback="first asset")
        return Decision(weights, reason="positions sold: B")


def test_notes_of_decisions_that_did_not_fall_back_are_events():
    dates = pd.bdate_range("2024-01-01", periods=4)
    result = run_backtest(Noting(), Market(pd.DataFrame(0.01, dates, ["A", "B"])), rebalance="daily")
    assert result.events["kind"].tolist() == ["fallback", "note", "note", "note"]
    assert result.notes.loc["positions sold: B", "decisions"] == 3
    assert result.fallbacks["share"].sum() == 0.25


DATES = pd.bdate_range("2024-01-01", periods=12)
START = 4
"""Row of the first decision: the account's records begin there."""


def held_from_the_start(market, names="AB", costs=None, capital=100.0):
    weights = pd.DataFrame(1.0 / len(names), DATES[START : START + 1], list(names))
    return simulate(weights, market, costs=costs or TradingCosts(), capital=capital)


def table_of(*columns):
    return pd.DataFrame(np.stack([np.resize(np.asarray(column, dtype=float), 12) for column in columns], axis=1),
                        DATES, list("ABC")[: len(columns)])  # fmt: skip


def listed(result):
    events = result.events
    assert events["date"].is_monotonic_increasing
    return [(DATES.get_loc(date), *rest) for date, *rest in events[["date", "kind", "asset", "detail"]].to_numpy()]


def test_an_unfilled_order_says_what_was_missing():
    returns, volumes = table_of([0.01, -0.01], [0.01, -0.01], [0.01, -0.01]), table_of(1e6, np.nan, 1e6)
    returns.iloc[START + 1, 2] = np.nan
    market = Market(returns, dollar_volumes=volumes)
    result = held_from_the_start(market, "ABC", TradingCosts(impact=0.1))
    assert listed(result) == [
        (START + 1, "unfilled", "B", "no volume or volatility known"),
        (START + 1, "unfilled", "C", "no return on this date"),
    ]
    prices = (1.0 + table_of(0.01, 0.02)).cumprod()
    prices.iloc[START, 1] = np.nan
    market = Market.from_prices(pd.concat([pd.DataFrame(1.0, DATES[:1] - pd.Timedelta(days=3), list("AB")), prices]))
    assert listed(held_from_the_start(market)) == [(START + 1, "unfilled", "B", "no price at the previous close")]


def test_only_held_assets_lose_moves():
    returns = table_of(0.01, 0.01, 0.01)
    returns.iloc[2, 0] = returns.iloc[7, 1] = returns.iloc[7, 2] = returns.iloc[9:, 0] = np.nan
    with pytest.warns(StatefolioWarning, match=r"got 1 missing returns of 1 held assets .*first: 'B' on 2024-01-10"):
        result = held_from_the_start(Market(returns))
    assert listed(result) == [(7, "missing return", "B", "held over a missing return, counted as 0")]


def test_the_account_with_most_missing_returns_is_named():
    returns = table_of(0.01, 0.01, 0.01)
    returns.iloc[6:8, 1] = returns.iloc[6, 0] = np.nan
    buy = {name: Holding(name) for name in "ABC"}
    with pytest.warns(
        StatefolioWarning, match=r"got 2 missing returns of 1 held assets in 'B' \(first: 'B' on 2024-01-09"
    ):
        run_backtests(buy, Market(returns), rebalance=100)


def test_a_delisted_position_is_closed_at_its_return():
    returns = table_of(0.01, 0.01, 0.01)
    returns.iloc[7:, [1, 2]] = np.nan
    market = Market(returns, delistings={"B": DATES[6]}, delisting_return=pd.Series({"A": 0.0, "B": -0.25, "C": -1.0}),
                    delisted_after=3)  # fmt: skip
    assert listed(held_from_the_start(market, "ABC")) == [
        (7, "delisted", "B", "closed at a return of -25.0000%"),
        (9, "delisted", "C", "closed at a return of -100.0000%"),
    ]


def test_an_asset_counts_as_delisted_after_21_dates_without_a_return():
    dates = pd.bdate_range("2024-01-01", periods=40)
    returns = pd.DataFrame(0.01, dates, ["A", "B"])
    returns.iloc[10:, 1] = np.nan
    result = simulate(pd.DataFrame(0.5, dates[:1], ["A", "B"]), Market(returns), capital=100.0)
    assert result.events["date"].tolist() == [dates[30]]


def test_dates_and_decisions_without_factors_are_said():
    returns, factors = table_of([0.01, 0.03], [0.03, 0.01]), pd.DataFrame(0.001, DATES, ["market"])
    with pytest.warns(StatefolioWarning, match="got 3 of 12 dates without"):
        market = Market(returns, factors.drop(DATES[[2, 7, 8]]))
    result = run_backtest(Holding("A"), market, rebalance=2, start=DATES[START])
    sees_not = "models do not see this date; equal weights of the assets earned 2.00%"
    assert listed(result) == [
        (7, "factors missing", "", sees_not),
        (8, "factors missing", "", sees_not),
        (8, "factors missing", "", "decision with factors known until 2024-01-09, 2 dates before"),
    ]
    with pytest.warns(StatefolioWarning, match="got 3 of 12 dates without"):
        market = Market(returns, factors.iloc[3:])
    first = run_backtest(Holding("A"), market, rebalance=100)
    assert (0, "factors missing", "", "decision without any known factors") in listed(first)


def test_a_bankrupt_account_ends_with_its_value():
    returns = table_of(0.0)
    returns.iloc[7, 0] = -0.75
    weights = pd.DataFrame({"A": [2.0]}, DATES[START : START + 1])
    assert listed(simulate(weights, Market(returns), capital=100.0)) == [(7, "bankrupt", "", "value -50")]
