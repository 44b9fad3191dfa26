"""A portfolio of baskets equals the baskets walked one by one, an account written by hand, and uses no later dates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.costs import TradingCosts
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.portfolio.capital import SHRINKAGE
from statefolio.pairs.portfolio.walk_portfolio import walk_portfolio
from statefolio.pairs.portfolio.walked_basket import stopped
from statefolio.pairs.screening.screen import screen_pairs
from statefolio.pairs.trading.walk_forward import walk_baskets
from statefolio.portfolio.budgets.risk_budget import RiskBudget

DATES, START = 300, "2015-10-01"
BASKETS = [("ONE", "TWO"), ("SIX", "ONE"), ("TWO", "SIX", "LOW")]
COSTS = TradingCosts(
    proportional=0.001, half_spread=pd.Series({"ONE": 0.0, "TWO": 0.001, "SIX": 0.0, "LOW": 0.0}), borrow=0.02
)


def universe() -> pd.DataFrame:
    draw = np.random.default_rng(8)
    walks = 40.0 + np.cumsum(draw.normal(scale=0.4, size=(DATES, 3)), axis=0)
    spread = np.zeros(DATES)
    for t in range(1, DATES):
        spread[t] = 0.85 * spread[t - 1] + draw.normal(scale=0.5)
    table = pd.DataFrame(walks, pd.bdate_range("2015-01-05", periods=DATES, name="date"), ["TWO", "SIX", "LOW"])
    table.insert(0, "ONE", 3.0 + spread + 0.8 * table["TWO"])
    return table


PRICES = universe()
RETURNS = PRICES.pct_change(fill_method=None)


@pytest.fixture(scope="module")
def risky():
    return walk_portfolio(PRICES, BASKETS, start=START, risk_window=40, stop_loss=0.03, costs=COSTS)


def test_it_equals_the_baskets_walked_one_by_one():
    found = walk_portfolio(PRICES, BASKETS, RollingHedge(30), start=START, capital_by="equal", gross=0.9)
    alone = [
        walk_baskets(PRICES[list(basket)], {"only": RollingHedge(30)}, start=START).results["only"].returns
        for basket in BASKETS
    ]
    expected = 0.3 * sum(alone)
    assert found.result.returns.index.equals(expected.index)
    np.testing.assert_allclose(found.result.returns, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.result.decisions.abs().sum(axis=1).max(), 0.9, rtol=0.35)
    for name, one in zip(found.table.index, alone, strict=True):
        assert found.table.loc[name, "annual_return"] == pytest.approx((1 + one).prod() ** (252 / len(one)) - 1)


def test_the_ledger_equals_an_account_written_by_hand(risky):
    weights, ledger = risky.result.decisions, risky.result.ledger
    spread = COSTS.half_spread.reindex(weights.columns)
    value, held, cash = 1e6, pd.Series(0.0, weights.columns), 1e6
    for before, date in zip(ledger.index[:-1], ledger.index[1:], strict=True):
        after = value
        for _ in range(60):  # the value after costs that its own trades leave
            paid = ((0.001 + spread) * (weights.loc[before] * after - held).abs()).sum()
            after = value - paid
        held = weights.loc[before] * after
        cash = after - held.sum()
        fee = 0.02 / 252 * held.clip(upper=0.0).abs().sum()
        held = held * (1.0 + RETURNS.loc[date, weights.columns])
        cash -= fee
        value = cash + held.sum()
        assert ledger.loc[date, "value"] == pytest.approx(value, rel=1e-10)
        assert ledger.loc[date, "trading_cost"] == pytest.approx(paid, abs=1e-6)


def test_profits_of_the_baskets_sum_to_the_ledger_and_netting_saves(risky):
    np.testing.assert_allclose(risky.profits.sum(axis=1), risky.result.ledger["profit"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(risky.apart.gross_returns, risky.result.gross_returns, rtol=0, atol=1e-12)
    both = ["trading_cost", "borrow_fee"]
    assert (risky.apart.ledger[both].sum() > 1.001 * risky.result.ledger[both].sum()).all()
    assert risky.saved_by_netting > 0.0
    free = walk_portfolio(PRICES, [*BASKETS[:1], ("SIX", "LOW")], start=START, costs=TradingCosts(0.001))
    assert free.saved_by_netting == pytest.approx(0.0, abs=1e-6)  # nothing is shared


def test_capital_is_by_inverse_risk_of_whole_units_before_the_decision():
    found = walk_portfolio(PRICES, BASKETS[:2], start=START, retune=None, risk_window=50, rebalance="monthly")
    first = found.start
    units = []
    for basket in BASKETS[:2]:
        hedge = StaticHedge().fit(PRICES[list(basket)], tune_until=PRICES.index[PRICES.index < first][-1])
        money = PRICES[list(basket)] * np.array([1.0, -float(hedge.next_["mean"][1])])
        whole = money.div(money.abs().sum(axis=1), axis=0)
        units.append((whole.shift() * RETURNS[list(basket)]).sum(axis=1))
    for date in (first, pd.Timestamp("2015-11-02"), pd.Timestamp("2016-02-01")):
        inverse = np.array([1.0 / unit.loc[:date].iloc[-50:].std() for unit in units])
        np.testing.assert_allclose(found.shares.loc[date], inverse / inverse.sum(), rtol=1e-10)
    assert (found.shares.nunique() == found.shares.index.to_period("M").nunique()).all()


def test_a_risk_budget_sets_the_contributions_of_whole_units():
    budget = pd.Series([0.6, 0.3, 0.1], ["ONE ~ TWO", "SIX ~ ONE", "TWO ~ SIX + LOW"])
    found = walk_portfolio(PRICES, BASKETS, start=START, capital_by=RiskBudget(budget), risk_window=60, retune=None)
    even = walk_portfolio(PRICES, BASKETS, start=START, capital_by="equal", retune=None, rule=AlwaysLong())
    whole = even.units.shift() * 0.0
    for name, basket in zip(budget.index, BASKETS, strict=True):
        one = walk_portfolio(PRICES, [basket], start=START, capital_by="equal", retune=None, rule=AlwaysLong())
        whole[name] = one.result.returns
    date = pd.Timestamp("2016-02-01")
    sample = whole.loc[:date].iloc[-60:].cov()
    sigma = (1 - SHRINKAGE) * sample + SHRINKAGE * np.diag(np.diag(sample))
    share = found.shares.loc[date]
    part = share * (sigma @ share) / (share @ sigma @ share)
    np.testing.assert_allclose(part, budget, atol=1e-8)


class AlwaysLong:
    """One whole unit on every date."""

    def units(self, z):
        return np.ones(len(z))

    def levels(self):
        return {}


def test_a_stopped_position_stays_closed_until_the_rule_has_left_it(risky):
    units = np.array([0, 1, 1, 1, 1, 0, 1, 1, -1, -1.0])
    earned = np.array([0, 0, -0.02, -0.02, 0.5, 0, 0, -0.04, 0, 0.04])
    stops = []
    held = stopped(units, earned, 0.03, lambda row, loss: stops.append((row, round(loss, 4))))
    assert held.tolist() == [0, 1, 1, 0, 0, 0, 1, 0, -1, 0]
    assert stops == [(3, -0.04), (7, -0.04), (9, -0.04)]
    assert len(risky.stops) > 0
    first = risky.stops.iloc[0]
    assert risky.units.loc[first["date"], first["basket"]] == 0.0
    assert first["loss"] <= -0.03
    assert risky.table["stops"].sum() == len(risky.stops)


def test_cutting_the_future_changes_nothing_before(risky):
    cut = pd.Timestamp("2016-01-20")
    early = walk_portfolio(PRICES.loc[:cut], BASKETS, start=START, risk_window=40, stop_loss=0.03, costs=COSTS)
    pd.testing.assert_frame_equal(early.result.decisions, risky.result.decisions.loc[:cut], check_exact=True)
    pd.testing.assert_frame_equal(early.result.ledger, risky.result.ledger.loc[:cut], check_exact=True)
    other = PRICES.copy()
    other.loc[other.index > cut] *= np.linspace(1.0, 2.0, int((other.index > cut).sum()))[:, None] ** [1, 2, 3, 4]
    late = walk_portfolio(other, BASKETS, start=START, risk_window=40, stop_loss=0.03, costs=COSTS)
    pd.testing.assert_frame_equal(late.result.decisions.loc[:cut], early.result.decisions, check_exact=True)


def test_a_screen_gives_its_survivors_and_is_followed_from_the_date_after_it():
    screen = screen_pairs(PRICES, until="2015-12", likelihood_ratio="none")
    found = walk_portfolio(PRICES, screen)
    assert list(found.table.index) == list(screen.selected.index)
    assert found.tried == 6
    assert found.start == PRICES.index[PRICES.index > screen.formation[1]][0]
    best = walk_portfolio(PRICES, screen, most=3, retune=None)
    assert list(best.table.index) == list(screen.best(3).index)
    with pytest.raises(InputError, match=r"start must be after 2015-12-31, the last date that chose the baskets"):
        walk_portfolio(PRICES, screen, start="2015-12-15")
    none = replace(screen, table=screen.table.assign(cointegrated=False))
    with pytest.raises(InputError, match=r"got none of 6. Pass most=10"):
        walk_portfolio(PRICES, none)
    with pytest.raises(InputError, match="a screen that ends before the prices do"):
        walk_portfolio(PRICES, screen_pairs(PRICES, likelihood_ratio="none"))


def test_a_missing_price_of_one_basket_does_not_stop_the_others():
    table = PRICES.copy()
    gap = pd.Timestamp("2015-12-10")
    table.loc[gap, "LOW"] = np.nan
    found = walk_portfolio(table, BASKETS, start=START, retune=None, capital_by="equal")
    whole = walk_portfolio(PRICES, BASKETS, start=START, retune=None, capital_by="equal")
    assert gap in found.result.decisions.index
    pd.testing.assert_frame_equal(found.units.iloc[:, :2], whole.units.iloc[:, :2])
    before = found.units.index[found.units.index < gap][-1]
    assert found.units.loc[gap, "TWO ~ SIX + LOW"] == found.units.loc[before, "TWO ~ SIX + LOW"]


@pytest.mark.parametrize(
    ("baskets", "options", "error", "message"),
    [
        ([("ONE", "TWO")], {}, InputError, "start must be a date for baskets that are not a screen"),
        ([], {"start": START}, DataTypeError, "baskets must be a screen or a list of baskets"),
        ("ONE,TWO", {"start": START}, DataTypeError, "baskets must be a screen or a list of baskets"),
        ([("ONE",)], {"start": START}, InputError, "two or more different assets"),
        ([("ONE", "TEN")], {"start": START}, UnknownNameError, "columns of prices, got 'TEN'"),
        ([("ONE", "TWO"), ("TWO", "ONE")], {"start": START}, InputError, "every basket once"),
        (BASKETS, {"start": START, "most": 2}, InputError, "most must be left out unless baskets is a screen"),
        (BASKETS, {"start": START, "capital_by": "risk"}, InputError, "capital_by must be"),
        (BASKETS, {"start": START, "stop_loss": 5}, InputError, "stop_loss must be"),
        (BASKETS, {"start": START, "rebalance": "yearly"}, InputError, "rebalance must be"),
        (BASKETS, {"start": START, "hedge": "static"}, DataTypeError, "hedge must be a hedge"),
        (BASKETS, {"start": "2015-01-07"}, InputError, "prices must have at least"),
    ],
)
def test_wrong_input_is_refused(baskets, options, error, message):
    with pytest.raises(error, match=message):
        walk_portfolio(PRICES, baskets, **options)
