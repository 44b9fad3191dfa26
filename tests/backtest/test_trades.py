"""Trades of an account against one kept in shares and prices, asset by asset."""

import numpy as np
import pandas as pd
import pytest
from test_account import everything

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.run import run_backtest
from statefolio.backtest.simulation import simulate
from statefolio.exceptions import InputError
from statefolio.portfolio.policies.notes import SOLD_WITHOUT_DATA
from statefolio.portfolio.policy import Decision


def by_shares(result, returns, asset, delisting_return, trade_rate):
    """Trades of one asset: (entry row, last row, profit, unrealised, commission), with average cost per share."""
    ledger, weights = result.ledger, result.weights[asset].to_numpy()
    events = result.events[result.events["asset"] == asset]
    gone, kept = (
        set(ledger.index.get_indexer(events.loc[events["kind"] == kind, "date"])) for kind in ("delisted", "unfilled")
    )
    value, traded = ledger["value"].to_numpy(), ledger["traded"].to_numpy()
    costs = ledger[["trading_cost", "impact_cost"]].to_numpy().sum(axis=1)
    price, shares, average, profit, paid, entry, found = 1.0, 0.0, 0.0, 0.0, 0.0, 0, []
    for row in range(1, len(ledger)):
        if traded[row] > 0.0 and row not in kept:
            wanted = weights[row] * (value[row - 1] - costs[row]) / price
            if wanted * shares <= 0.0 and shares != 0.0:
                paid += trade_rate * abs(shares) * price
                found.append((entry, row - 1, profit + shares * (price - average), 0.0, paid))
                shares, average, profit, paid = 0.0, 0.0, 0.0, 0.0
            if shares == 0.0:
                entry = row
            paid += trade_rate * abs(wanted - shares) * price
            if abs(wanted) > abs(shares):
                average = (shares * average + (wanted - shares) * price) / wanted
            else:
                profit += (shares - wanted) * (price - average)
            shares = wanted
        price *= 1.0 + np.nan_to_num(returns[row])
        if row in gone:
            found.append((entry, row, profit + shares * (price * (1.0 + delisting_return) - average), 0.0, paid))
            shares, average, profit, paid = 0.0, 0.0, 0.0, 0.0
    if shares != 0.0:
        unrealised = shares * (price - average)
        found.append((entry, len(ledger) - 1, profit + unrealised, unrealised, paid))
    return found


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("impact", [0.0, 0.1])
def test_trades_equal_an_account_in_shares(seed, impact, make_frame):
    returns, volumes, decided, weights, draw = everything(seed)
    weights[draw.random(weights.shape) < 0.3] = 0.0
    names = list("ABCDEF")
    frame = make_frame(returns, names)
    trade, gone = draw.uniform(0.0, 0.005, 6), draw.uniform(-1.0, 0.2, 6)
    market = Market(
        frame,
        dollar_volumes=make_frame(volumes, names),
        delistings={"C": frame.index[49]},
        delisting_return=pd.Series(gone, index=names),
        delisted_after=7,
    )
    costs = TradingCosts(pd.Series(trade, index=names), impact=impact, impact_window=10, borrow=0.4)
    wanted = pd.DataFrame(weights, index=frame.index[decided], columns=names)
    result = simulate(wanted, market, costs=costs, capital=1e6, periods_per_year=250)
    trades, ledger = result.trades, result.ledger
    assert abs(trades["profit"].sum() - ledger["profit"].sum()) <= 1e-10 * 1e6
    paid = ledger[["trading_cost", "impact_cost", "borrow_fee"]].to_numpy().sum()
    assert abs(trades["cost"].sum() - paid) <= 1e-10 * 1e6
    assert np.abs(trades["bought"] - trades["sold"] + trades["profit"] - trades["value"]).max() <= 1e-10 * 1e6
    assert trades["value"].sum() == pytest.approx(ledger["value"].iloc[-1] - ledger["cash"].iloc[-1])
    start = decided[0]
    for place, name in enumerate(names):
        slow = by_shares(result, returns[start:, place], name, gone[place], trade[place])
        own = trades[trades["asset"] == name]
        assert list(own["entry"]) == [ledger.index[entry - 1] for entry, *_ in slow]
        assert list(own["exit"]) == [ledger.index[last] for _, last, *_ in slow]
        assert list(own["dates"]) == [last - entry + 1 for entry, last, *_ in slow]
        slow_money = np.array([row[2:4] for row in slow]).reshape(-1, 2)
        assert np.abs(own[["profit", "unrealised"]].to_numpy() - slow_money).max(initial=0.0) <= 1e-9 * 1e6
        if impact == 0.0 and (own["side"] == "long").all():
            np.testing.assert_allclose(own["cost"], [row[4] for row in slow], atol=1e-6)
    assert {"long", "short"} == set(trades["side"])
    assert {"rebalance", "delisted", "end"} <= set(trades["left"])
    assert (trades["open"] == (trades["left"] == "end")).all()


class SaysWhy:
    """Buys two assets, then sells one for want of data, then all as a fallback, with three dates in between."""

    def decide(self, history, holdings):
        step, cash = len(history.returns) // 3, pd.Series(0.0, index=history.returns.columns)
        if step == 0:
            return pd.Series({"A": 0.5, "B": 0.5})
        if step == 1:
            return Decision(pd.Series({"A": 0.5}), details={SOLD_WITHOUT_DATA: pd.Series({"B": 1.0})})
        if step == 2:
            return Decision(cash, converged=False, reason="no solution", fallback="cash")
        return pd.Series({"C": 0.5})


def test_reasons_of_exits(make_frame):
    frame = make_frame(np.full((12, 3), 0.01))
    frame.iloc[10, 2] = -1.0
    result = run_backtest(SaysWhy(), Market(frame), rebalance=3, capital=100.0)
    trades = result.trades.set_index("asset")
    assert trades["left"].to_dict() == {"A": "fallback", "B": "constraint", "C": "worthless"}
    assert trades.loc["B", ["entry", "exit"]].tolist() == [frame.index[0], frame.index[3]]
    assert trades.loc["C", "profit"] == pytest.approx(-trades.loc["C", "bought"])
    assert not trades["open"].any()


def test_bankruptcy_by_the_cost_of_a_trade_leaves_unfilled_positions(make_frame):
    frame = make_frame([[0.0, 0.0], [0.1, 0.0], [np.nan, 0.0], [0.1, 0.0]])
    wanted = pd.DataFrame([[0.5, 0.5], [0.0, 0.0]], index=frame.index[:2], columns=["A", "B"])
    result = simulate(wanted, Market(frame), costs=TradingCosts(pd.Series({"A": 0.0, "B": 2.5})), capital=100.0)
    assert result.stopped
    trades = result.trades.set_index("asset")
    assert trades["profit"].sum() == pytest.approx(result.ledger["profit"].sum())
    assert trades["cost"].sum() == pytest.approx(result.ledger["trading_cost"].sum())
    assert trades.loc["A", "left"] == "bankrupt"


def test_an_account_in_cash_has_no_trades(make_frame):
    frame = make_frame(np.full((5, 2), 0.01))
    result = simulate(pd.DataFrame(0.0, frame.index[:1], frame.columns), Market(frame))
    assert result.trades.empty


def test_a_result_without_its_market_says_so(make_frame):
    from dataclasses import replace

    frame = make_frame(np.full((5, 2), 0.01))
    result = simulate(pd.DataFrame(0.5, frame.index[:1], frame.columns), Market(frame))
    with pytest.raises(InputError, match="trades need the market"):
        _ = replace(result, market=None).trades
