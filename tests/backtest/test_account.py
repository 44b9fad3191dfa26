"""The compiled account against a slow one, other libraries' numbers, and cases done by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textbook_account import settle_slowly

from statefolio.backtest.account_arrays import LEDGER
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.simulation import simulate

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "engine_peers.json").read_text(encoding="utf-8"))


FURTHER = {
    "minimum_commission": -1.0,
    "dividends": 1.0,
    "short_rebate": 1.0,
    "management_fee": -1.0,
    "performance_fee": -1.0,
    "deposits": 1.0,
    "withdrawals": -1.0,
}


def check_adds_up(result):
    ledger = result.ledger
    flows = ledger["profit"] + ledger["cash_interest"]
    for cost in ("trading_cost", "impact_cost", "borrow_fee", "financing_fee"):
        assert (ledger[cost] >= 0.0).all()
        flows = flows - ledger[cost]
    for line, sign in FURTHER.items():
        flows = flows + sign * ledger[line] if line in ledger else flows
    gap = (ledger["value"].diff() - flows).iloc[1:].abs().max() if len(ledger) > 1 else 0.0
    assert gap <= 1e-10 * result.capital


def everything(seed, rows=90, assets=6):
    """Returns, volumes, weights and costs that vary, with missing values."""
    draw = np.random.default_rng(seed)
    returns = draw.normal(0.0, 0.03, (rows, assets))
    returns[draw.random(returns.shape) < 0.05] = np.nan
    returns[:30, 1], returns[50:, 2], returns[60:70, 3], returns[45:, 4] = np.nan, np.nan, np.nan, np.nan
    volumes = draw.lognormal(14.0, 1.0, returns.shape)
    volumes[draw.random(volumes.shape) < 0.05] = np.nan
    volumes[:, 5] = np.where(np.arange(rows) < 40, 0.0, volumes[:, 5])
    decided = np.sort(draw.choice(rows - 1, size=30, replace=False))
    weights = draw.normal(0.15, 0.25, (30, assets))
    return returns, volumes, decided, weights, draw


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("lag", [1, 3])
def test_equals_the_slow_account(seed, lag, make_frame):
    returns, volumes, decided, weights, draw = everything(seed)
    names = list("ABCDEF")
    frame = make_frame(returns, names)
    trade, borrow = draw.uniform(0.0, 0.005, 6), draw.uniform(0.0, 0.5, 6)
    cash_rate = draw.normal(1e-4, 1e-4, len(frame))
    gone, last = draw.uniform(-1.0, 0.2, 6), [-1, -1, 49, -1, -1, -1]
    market = Market(
        frame,
        cash_rate=pd.Series(cash_rate, index=frame.index),
        dollar_volumes=make_frame(volumes, names),
        delistings={"C": frame.index[49]},
        delisting_return=pd.Series(gone, index=names),
        delisted_after=7,
    )
    costs = TradingCosts(
        pd.Series(trade / 3, index=names),
        half_spread=pd.Series(trade * 2 / 3, index=names),
        impact=0.1,
        impact_window=10,
        borrow=pd.Series(borrow, index=names),
        financing=0.3,
    )
    wanted = pd.DataFrame(weights, index=frame.index[decided], columns=names)
    result = simulate(wanted, market, costs=costs, capital=1e6, lag=lag, periods_per_year=250)
    rows, held = settle_slowly(
        returns,
        dict(zip(decided + lag, weights, strict=True)),
        start=decided[0],
        cash_rate=cash_rate,
        volumes=volumes,
        trade=trade,
        impact=0.1,
        window=10,
        borrow=borrow / 250,
        financing=0.3 / 250,
        last=last,
        delisting_return=gone,
        delisted_after=7,
        capital=1e6,
    )
    assert result.stopped == ""
    keys = ("value", "profit", "trading", "impact", "borrow", "financing", "interest", "traded", "cash")
    slow = pd.DataFrame(rows)[list(keys)].to_numpy()
    assert np.abs(result.ledger[list(LEDGER)].to_numpy() - slow).max() <= 1e-10 * 1e6
    assert np.abs(result.weights.to_numpy() - held).max() <= 1e-10
    check_adds_up(result)
    assert {"unfilled", "delisted"} <= set(result.events["kind"])
    assert (result.ledger[["impact_cost", "borrow_fee", "financing_fee"]].sum() > 0.0).all()


@pytest.mark.parametrize("case", REFERENCE["cases"])
def test_equals_bt_and_qis(case, make_frame):
    """On dates without a trade: both peers charge a trade at its close, statefolio on the next date."""
    values = np.array(REFERENCE["returns"])
    if "gaps" in case:
        values[40:47, 1] = np.nan
    frame = make_frame(values)
    held = pd.DataFrame(REFERENCE["cases"][case]["held"], index=frame.index[::5], columns=frame.columns)
    costs = TradingCosts(0.0 if "no costs" in case else 0.002)
    value = simulate(held, Market(frame), costs=costs, capital=1e6).value.to_numpy()
    theirs = np.array(REFERENCE["cases"][case]["value"])
    between = np.arange(len(frame)) % 5 != 0
    assert np.abs(value[between] / theirs[between] - 1.0).max() <= 1e-10
    assert abs(theirs[-1] / 1e6 - 1.0) > 0.1


def test_a_delisting_by_hand(make_frame):
    frame = make_frame([[0.0, 0.0], [0.1, 0.0], [np.nan, 0.0], [np.nan, 0.0]])
    wanted = pd.DataFrame({"A": [0.5]}, index=frame.index[:1])
    market = Market(frame, delistings={"A": frame.index[1]}, delisting_return=-0.3)
    result = simulate(wanted, market, capital=100.0)
    assert result.value.tolist() == pytest.approx([100.0, 105.0, 105.0 - 0.3 * 55.0, 88.5])
    assert result.ledger["cash"].iloc[-1] == pytest.approx(88.5)
    assert result.events[["kind", "asset"]].to_numpy().tolist() == [["delisted", "A"]]
    unannounced = simulate(wanted, Market(frame, delisting_return=-0.3, delisted_after=2), capital=100.0)
    assert unannounced.value.tolist() == pytest.approx([100.0, 105.0, 105.0, 88.5])


def test_a_gap_is_held_and_not_traded(make_frame):
    frame = make_frame([[0.0, 0.0], [0.1, 0.0], [np.nan, 0.2], [0.1, 0.0]])
    wanted = pd.DataFrame([[0.5, 0.5], [0.0, 0.5], [0.0, 0.5]], index=frame.index[:3], columns=["A", "B"])
    result = simulate(wanted, Market(frame), capital=100.0)
    assert result.value.tolist() == pytest.approx([100.0, 105.0, 105.0 + 0.2 * 52.5, 115.5])
    assert result.events["kind"].tolist() == ["unfilled", "missing return"]
    assert result.events["date"].tolist() == [frame.index[2]] * 2
    assert result.weights.loc[frame.index[2], "A"] == pytest.approx(55.0 / 105.0)


def test_borrowing_financing_and_interest_by_hand(make_frame):
    frame = make_frame(np.zeros((2, 2)))
    wanted = pd.DataFrame([[-0.5, 0.2]], index=frame.index[:1], columns=["A", "B"])
    result = simulate(wanted, Market(frame, cash_rate=0.001), costs=TradingCosts(borrow=2.52), capital=100.0)
    assert result.value.iloc[1] == pytest.approx(100.0 + 0.001 * 130.0 - 0.01 * 50.0)
    levered = pd.DataFrame([[1.0, 1.0]], index=frame.index[:1], columns=["A", "B"])
    result = simulate(levered, Market(frame, cash_rate=0.001), costs=TradingCosts(financing=2.52), capital=100.0)
    assert result.value.iloc[1] == pytest.approx(100.0 - 0.001 * 100.0 - 0.01 * 100.0)


def test_impact_by_hand(make_frame):
    """All of 100 into an asset that moves 10 % a date and trades 400 a date: V' + .5 * .1 * V'^1.5 / 20 = 100."""
    frame = make_frame([[0.1], [-0.1], [0.0]])
    market = Market(frame, dollar_volumes=make_frame([[300.0], [500.0], [9.0]]))
    wanted = pd.DataFrame({"A": [1.0]}, index=frame.index[1:2])
    result = simulate(wanted, market, costs=TradingCosts(impact=0.5), capital=100.0)
    left = result.value.iloc[1]
    assert left + 0.5 * 0.1 * left**1.5 / 20.0 == pytest.approx(100.0, abs=1e-10)
    assert result.ledger["cash"].iloc[1] == pytest.approx(0.0, abs=1e-10)


def test_a_fully_invested_target_borrows_nothing(market):
    weights = market.returns.notna().astype(float).iloc[100:105]
    weights = weights.div(weights.sum(axis=1), axis=0)
    costs = TradingCosts(0.01, half_spread=0.01, financing=1.0)
    assert simulate(weights, market, costs=costs).ledger["financing_fee"].iloc[:6].max() < 1e-10


def test_bankruptcy_stops_the_run_with_a_ledger(make_frame):
    frame = make_frame([[0.0], [-0.5], [0.1], [0.1]])
    wanted = pd.DataFrame({"A": [3.0]}, index=frame.index[:1])
    result = simulate(wanted, Market(frame), capital=100.0)
    assert result.value.tolist() == pytest.approx([100.0, -50.0])
    assert result.events["kind"].tolist() == ["bankrupt"]
    assert "2020-01-02" in result.stopped
    check_adds_up(result)


def test_costs_above_the_value_end_in_bankruptcy(make_frame):
    frame = make_frame(np.zeros((4, 1)))
    wanted = pd.DataFrame({"A": [5.0, 0.0]}, index=frame.index[:2])
    result = simulate(wanted, Market(frame), costs=TradingCosts(2.0), capital=100.0)
    assert result.stopped
    assert len(result.ledger) == 3
    check_adds_up(result)


@pytest.mark.parametrize("seed", range(40))
def test_the_ledger_adds_up_in_extreme_cases(seed, make_frame):
    """Wild returns, total losses, long gaps, no volume, absurd costs and leverage: most of these go bankrupt."""
    draw = np.random.default_rng(seed)
    values = draw.normal(0.0, draw.choice([0.01, 0.2]), (60, 5)).clip(-1.0)
    values[draw.random(values.shape) < draw.choice([0.0, 0.1, 0.5])] = np.nan
    values[draw.integers(60), 2] = -1.0
    volumes = draw.lognormal(10.0, 2.0, values.shape)
    volumes[draw.random(values.shape) < 0.2] = 0.0
    frame = make_frame(values)
    market = Market(
        frame,
        cash_rate=pd.Series(draw.normal(0.0, 1e-3, 60), index=frame.index),
        dollar_volumes=make_frame(volumes),
        delisting_return=draw.choice([-1.0, 0.5]),
        delisted_after=draw.integers(1, 10),
    )
    costs = TradingCosts(
        draw.choice([0.001, 0.3]), impact=draw.choice([0.0, 5.0]), borrow=draw.choice([0.5, 20.0]), financing=0.1
    )
    wanted = make_frame(draw.normal(0.1, draw.choice([0.2, 1.0]), (60, 5))).iloc[::3]
    result = simulate(wanted, market, costs=costs, lag=int(draw.integers(1, 4)))
    assert np.isfinite(result.ledger.to_numpy()).all()
    assert np.isfinite(result.weights.to_numpy()).all()
    assert (result.value.iloc[:-1] > 0.0).all()
    assert bool(result.stopped) == (len(result.ledger) < 60 or result.value.iloc[-1] <= 0.0)
    check_adds_up(result)


@st.composite
def a_case(draw):
    seed = draw(st.integers(0, 10_000))
    make = np.random.default_rng(seed)
    returns = make.normal(0.0, 0.03, (25, 3))
    returns[make.random(returns.shape) < 0.1] = np.nan
    dates = pd.bdate_range("2021-01-01", periods=25)
    frame = pd.DataFrame(returns, index=dates, columns=list("ABC"))
    return frame, pd.DataFrame(make.normal(0.3, 0.3, (6, 3)), index=dates[::4][:6], columns=list("ABC"))


@settings(max_examples=40, deadline=None)
@given(a_case(), st.floats(0.0, 0.02), st.floats(0.0, 0.02))
def test_a_higher_cost_never_raises_the_value(case, cost, more):
    frame, weights = case
    low = simulate(weights, Market(frame), costs=TradingCosts(cost, borrow=cost, financing=cost))
    high = simulate(weights, Market(frame), costs=TradingCosts(cost + more, borrow=cost + more, financing=cost + more))
    check_adds_up(low)
    check_adds_up(high)
    assert high.value.iloc[-1] <= low.value.iloc[-1] * (1 + 1e-12)


@settings(max_examples=30, deadline=None)
@given(a_case(), st.floats(1e-3, 1e3))
def test_capital_scales_profit(case, scale):
    frame, weights = case
    costs = TradingCosts(0.001, half_spread=0.001, borrow=0.1, financing=0.1)
    one = simulate(weights, Market(frame, cash_rate=1e-4), costs=costs, capital=1e6).ledger
    other = simulate(weights, Market(frame, cash_rate=1e-4), costs=costs, capital=1e6 * scale).ledger
    assert np.abs(other / scale - one).max().max() <= 1e-10 * 1e6


@settings(max_examples=30, deadline=None)
@given(a_case(), st.permutations(list("ABC")))
def test_permuting_assets_permutes(case, order):
    frame, weights = case
    costs = TradingCosts(0.001, borrow=0.1)
    one = simulate(weights, Market(frame), costs=costs)
    other = simulate(weights[order], Market(frame[order]), costs=costs)
    assert np.abs(other.ledger - one.ledger).max().max() <= 1e-10 * 1e6
    assert np.abs(other.weights[one.weights.columns] - one.weights).max().max() <= 1e-10


@settings(max_examples=30, deadline=None)
@given(a_case(), st.integers(5, 24))
def test_cutting_the_future_changes_nothing(case, count):
    frame, weights = case
    whole, cut = Market(frame, delisted_after=3), Market(frame.iloc[:count], delisted_after=3)
    until = frame.index[count - 1]
    one, other = simulate(weights, whole), simulate(weights.loc[:until], cut)
    assert one.ledger.loc[:until].equals(other.ledger)
    assert one.weights.loc[:until].equals(other.weights)
