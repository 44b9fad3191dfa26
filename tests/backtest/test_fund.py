"""Fees, flows, dividends, lots and rates by date of an account, against a fund kept in shares and prices."""

import numpy as np
import pandas as pd
import pytest
from test_account import check_adds_up
from textbook_fund import run_fund

from statefolio.backtest.account_arrays import LEDGER
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.run import run_backtest
from statefolio.backtest.simulation import simulate
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError

NAMES = list("ABCD")
CAPITAL = 100_000.0
DEAREST = 0.005
COLUMNS = {
    "value": "value",
    "profit": "profit",
    "trading": "trading_cost",
    "minimum": "minimum_commission",
    "borrow": "borrow_fee",
    "financing": "financing_fee",
    "interest": "cash_interest",
    "dividends": "dividends",
    "rebate": "short_rebate",
    "management": "management_fee",
    "performance": "performance_fee",
    "deposits": "deposits",
    "withdrawals": "withdrawals",
    "traded": "traded",
    "untraded": "untraded",
    "cash": "cash",
}


def case(seed, rows=90):
    """Prices with gaps, dividends, weights, rates by date and asset, costs and flows; everything at once."""
    draw = np.random.default_rng(seed)
    dates = pd.bdate_range("2020-11-02", periods=rows)
    falls = np.where(draw.random((rows, 4)) < 0.03, draw.uniform(0.01, 0.05, (rows, 4)), 0.0)
    falls[0] = 0.0
    returns = draw.normal(0.001, 0.02, (rows, 4)) - falls
    prices = np.cumprod(1.0 + returns, axis=0) * draw.uniform(20.0, 120.0, 4)
    paid = np.vstack([falls[:1], falls[1:] * prices[:-1]])
    prices[draw.random(prices.shape) < 0.03] = np.nan
    prices[0] = np.where(np.isnan(prices[0]), 50.0, prices[0])
    decided = np.sort(draw.choice(np.arange(1, rows - 1), size=25, replace=False))
    weights = draw.normal(0.3, 0.35, (25, 4))
    weights[draw.random(weights.shape) < 0.15] = 0.0
    by_date = {name: draw.uniform(0.0, 0.2, prices.shape) for name in ("borrow", "rebate")}
    flows = {int(row): float(draw.normal(0.0, 10_000.0)) for row in draw.choice(np.arange(30, rows), 8, replace=False)}
    return dates, prices, paid, decided, weights, by_date, flows, draw


@pytest.fixture(scope="module", params=[0, 2, 3])
def both(request):
    """The back-test's account and the fund in shares."""
    dates, prices, paid, decided, weights, by_date, flows, draw = case(request.param)
    frame = pd.DataFrame(prices, index=dates, columns=NAMES)
    commission, spread, minimum = draw.uniform(0, 0.002, 4), draw.uniform(0, 0.001, 4), draw.uniform(0.0, 20.0, 4)
    lot, cash_rate = np.array([1.0, 10.0, 0.0, 25.0]), draw.normal(1e-4, 1e-5, len(dates))
    market = Market.from_prices(
        frame,
        dividends=pd.DataFrame(paid, index=dates, columns=NAMES),
        cash_rate=pd.Series(cash_rate, index=dates)[1:],
    )
    rates = {name: pd.DataFrame(values, index=dates, columns=NAMES) for name, values in by_date.items()}
    costs = TradingCosts(
        pd.Series(commission, index=NAMES),
        half_spread=pd.Series(spread, index=NAMES),
        borrow=rates["borrow"],
        short_rebate=rates["rebate"] - 0.1,
        financing=0.05,
        minimum_commission=pd.Series(minimum, index=NAMES),
        lot_size=pd.Series(lot, index=NAMES),
        minimum_order=800.0,
        most_commission=DEAREST,
        management_fee=0.02,
        performance_fee=0.2,
        crystallised="monthly",
    )
    own = simulate(
        pd.DataFrame(weights, index=dates[decided], columns=NAMES),
        market,
        costs=costs,
        capital=CAPITAL,
        periods_per_year=250,
        flows={dates[row]: amount for row, amount in flows.items()},
    )
    months = [False] + [dates[row].month != dates[row - 1].month for row in range(1, len(dates))]
    slow = run_fund(
        [[None if np.isnan(price) else float(price) for price in row] for row in prices],
        {int(row) + 1: each.tolist() for row, each in zip(decided, weights, strict=True)},
        start=int(decided[0]),
        capital=CAPITAL,
        dividends=paid.tolist(),
        cash_rate=cash_rate.tolist(),
        commission=commission.tolist(),
        spread=spread.tolist(),
        minimum=minimum.tolist(),
        lot=lot.tolist(),
        least=800.0,
        dearest=DEAREST,
        borrow=(by_date["borrow"] / 250).tolist(),
        rebate=((by_date["rebate"] - 0.1) / 250).tolist(),
        financing=0.05 / 250,
        management=0.02 / 250,
        performance=0.2,
        new_period=months,
        flows=flows,
    )
    return own, pd.DataFrame(slow, index=own.ledger.index).fillna(0.0), market


@pytest.mark.parametrize("line", COLUMNS)
def test_each_line_equals_the_fund_in_shares(both, line):
    own, slow, _ = both
    assert own.stopped == ""
    assert np.abs(own.ledger[COLUMNS[line]] - slow[line]).max() <= 1e-10 * CAPITAL
    assert own.ledger[COLUMNS[line]].iloc[1:].any()


def test_the_ledger_adds_up_and_returns_leave_flows_out(both):
    own, slow, _ = both
    check_adds_up(own)
    before = slow["value"].shift()
    earned = slow["value"] - slow["deposits"] + slow["withdrawals"] - before
    assert np.abs(own.returns - (earned / before).iloc[1:]).max() <= 1e-12
    assert own.growth.iloc[-1] == pytest.approx(CAPITAL * np.prod(1.0 + own.returns))
    assert own.summary()["total_return"] == pytest.approx(np.prod(1.0 + own.returns) - 1.0)
    assert own.drawdown.min() == pytest.approx((own.growth / own.growth.cummax() - 1.0).min())


def test_trades_add_up_to_the_ledger(both):
    own, _, _ = both
    trades, ledger = own.trades, own.ledger
    paid = ledger[["trading_cost", "minimum_commission", "impact_cost", "borrow_fee"]].to_numpy().sum()
    assert abs(trades["cost"].sum() - paid) <= 1e-9 * CAPITAL
    for column, line in {"profit": "profit", "dividends": "dividends", "rebate": "short_rebate"}.items():
        assert abs(trades[column].sum() - ledger[line].sum()) <= 1e-9 * CAPITAL
    assert np.abs(trades["bought"] - trades["sold"] + trades["profit"] - trades["value"]).max() <= 1e-9 * CAPITAL


def test_holdings_are_whole_lots(both):
    own, _, market = both
    spent = own.ledger[["trading_cost", "minimum_commission", "impact_cost"]].sum(axis=1)
    shares = own.weights.mul(own.value.shift() - spent, axis=0) / market.prices.shift().loc[own.weights.index]
    lots = shares[["A", "B", "D"]].iloc[1:] / [1.0, 10.0, 25.0]
    assert np.abs(lots - lots.round()).max().max() <= 1e-6
    assert (lots != 0.0).any().all()


def test_a_performance_fee_by_hand(make_frame):
    """Up 50 %, back to the start, and a new year: a fee of 10, given back, and one above the mark of 150 - 10."""
    frame = make_frame([[0.0], [0.5], [-1 / 3], [0.5], [0.0], [0.2]], start="2020-12-25")
    held = pd.DataFrame({"A": [1.0]}, index=frame.index[:1])
    ledger = simulate(held, Market(frame), costs=TradingCosts(performance_fee=0.2), capital=100.0).ledger
    assert ledger["performance_fee"].round(10).tolist() == [0.0, 10.0, -10.0, 10.0, 0.0, 6.0]
    assert ledger["value"].round(10).tolist() == [100.0, 140.0, 100.0, 140.0, 140.0, 164.0]


def test_a_deposit_is_not_a_gain_and_pays_no_fee(make_frame):
    frame = make_frame([[0.0], [0.1], [0.1], [0.0]])
    held = pd.DataFrame({"A": [1.0, 1.0]}, index=frame.index[[0, 2]])
    options = {"capital": 100.0, "costs": TradingCosts(performance_fee=0.5)}
    plain = simulate(held, Market(frame), **options)
    result = simulate(held, Market(frame), **options, flows={frame.index[1]: 1000.0, frame.index[3]: -50.0})
    assert result.ledger["deposits"].tolist() == [0.0, 1000.0, 0.0, 0.0]
    assert result.ledger["performance_fee"].sum() == pytest.approx(plain.ledger["performance_fee"].sum())
    assert result.returns.iloc[0] == pytest.approx(0.05)
    assert result.value.iloc[-1] == pytest.approx(plain.value.iloc[-1] + 950.0)


def test_a_withdrawal_of_everything_closes_the_account(make_frame):
    frame = make_frame([[0.0], [0.1], [0.1]])
    held = pd.DataFrame({"A": [1.0]}, index=frame.index[:1])
    result = simulate(held, Market(frame), capital=100.0, flows=pd.Series({frame.index[1]: -200.0}))
    assert result.stopped == "closed on 2020-01-02: the withdrawal took the whole value"
    assert result.returns.iloc[0] == pytest.approx(0.1)
    assert result.events.empty
    assert result.trades["left"].tolist() == ["end"]


def test_a_flow_on_a_holiday_is_booked_on_the_next_date_and_later_ones_not(make_frame):
    frame = make_frame(np.zeros((5, 1)), start="2021-01-01")
    held = pd.DataFrame({"A": [1.0]}, index=frame.index[:1])
    result = simulate(held, Market(frame), flows={"2021-01-02": 7.0, "2021-01-03": -3.0, "2021-02-01": 9.0})
    assert result.flows.tolist() == [0.0, 4.0, 0.0, 0.0, 0.0]
    assert result.ledger["withdrawals"].sum() == 3.0


def test_a_run_with_nothing_new_has_the_old_ledger(market, policies):
    assert tuple(run_backtest(policies["equal"](), market).ledger.columns) == LEDGER


def test_minimum_commissions_borrow_nothing(make_frame):
    frame = make_frame(np.zeros((3, 2)))
    wanted = pd.DataFrame([[0.5, 0.5]], index=frame.index[:1], columns=["A", "B"])
    ledger = simulate(wanted, Market(frame), costs=TradingCosts(0.001, minimum_commission=5.0), capital=1000.0).ledger
    assert ledger["minimum_commission"].iloc[1] == pytest.approx(10.0 - 0.001 * ledger["traded"].iloc[1])
    assert ledger["cash"].iloc[1] == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(
    ("costs", "error", "text"),
    [
        ({"lot_size": 1.0}, InputError, "lot_size must be 0 for a market without prices"),
        (
            {"borrow": pd.DataFrame({"A": [0.1]}, index=[pd.Timestamp("2020-01-01")])},
            InputError,
            "every date of the run",
        ),
        ({"short_rebate": pd.DataFrame({"Z": [0.1]})}, InputError, "short_rebate must have dates"),
        ({"minimum_commission": pd.Series({"Z": 1.0})}, UnknownNameError, "minimum_commission must name every asset"),
        ({"management_fee": 1.5}, InputError, "management_fee must be"),
        ({"crystallised": "daily"}, InputError, "crystallised must be"),
    ],
)
def test_options_that_cannot_be_used(make_frame, costs, error, text):
    frame = make_frame(np.zeros((4, 1)))
    held = pd.DataFrame({"A": [1.0]}, index=frame.index[:1])
    with pytest.raises(error, match=text):
        simulate(held, Market(frame), costs=TradingCosts(**costs))


@pytest.mark.parametrize(
    ("flows", "error", "text"),
    [
        ({"2020-01-01": 5.0}, InputError, "flows must be dated after the first decision, 2020-01-01"),
        ({"2020-01-02": np.nan}, InputError, "finite amounts"),
        ([1.0], DataTypeError, "flows must be a Series"),
        ({"soon": 1.0}, Exception, "flows must"),
    ],
)
def test_flows_that_cannot_be_used(make_frame, flows, error, text):
    frame = make_frame(np.zeros((4, 1)))
    held = pd.DataFrame({"A": [1.0]}, index=frame.index[:1])
    with pytest.raises(error, match=text):
        simulate(held, Market(frame), flows=flows)


def with_dividends(adjusted, rows=300):
    """Prices of three assets that pay 2 % now and then, adjusted for it or not."""
    draw = np.random.default_rng(5)
    dates = pd.bdate_range("2020-01-01", periods=rows)
    returns = draw.normal(0.0, 0.01, (rows, 3))
    ex = draw.random(returns.shape) < 0.05
    total = 100.0 * np.cumprod(1.0 + returns, axis=0)
    alone = 100.0 * np.cumprod(1.0 + returns - 0.02 * ex, axis=0)
    paid = 0.02 * ex[1:] * (total if adjusted else alone)[:-1]
    prices = pd.DataFrame(total if adjusted else alone, index=dates, columns=list("ABC"))
    return prices, pd.DataFrame(paid, index=dates[1:], columns=prices.columns), returns


def test_dividends_of_adjusted_prices_warn():
    prices, paid, _ = with_dividends(adjusted=True)
    with pytest.warns(StatefolioWarning, match="would earn them twice"):
        Market.from_prices(prices, dividends=paid)


def test_dividends_make_total_returns_for_policies_and_the_account():
    prices, paid, returns = with_dividends(adjusted=False)
    market = Market.from_prices(prices, dividends=paid)
    assert np.abs(market.excess_returns.to_numpy() - returns[1:]).max() <= 1e-12
    assert np.abs(market.model_data()[0].to_numpy() - returns[1:]).max() <= 1e-12
    held = pd.DataFrame({"A": 1.0}, index=market.dates[:-1])
    result = simulate(held, market)
    assert np.abs(result.returns.to_numpy() - returns[2:, 0]).max() <= 1e-12
    assert market.until(market.dates[99]).dividends.shape == (100, 3)
    assert market.perturbed_after(market.dates[99], seed=1).prices.iloc[:100].equals(market.prices.iloc[:100])


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda paid: -paid, InputError, "at least 0 per share"),
        (lambda paid: paid.rename(columns={"A": "Z"}), UnknownNameError, "dividends must name assets of prices"),
        (lambda paid: paid.set_axis(paid.index + pd.Timedelta(hours=0) - pd.offsets.Day(1)), InputError, "on dates of"),
    ],
)
def test_dividends_that_cannot_be_used(change, error, text):
    prices, paid, _ = with_dividends(adjusted=False)
    with pytest.raises(error, match=text):
        Market.from_prices(prices, dividends=change(paid))


@pytest.mark.filterwarnings("ignore:returns ")
@pytest.mark.parametrize("seed", range(30))
def test_the_ledger_adds_up_in_extreme_cases(seed):
    """Wild prices, leverage, total losses, absurd minimums and withdrawals: many of these end early."""
    draw = np.random.default_rng(seed)
    dates = pd.bdate_range("2021-01-01", periods=60)
    returns = draw.normal(0.0, draw.choice([0.01, 0.2]), (60, 4)).clip(-0.99)
    prices = pd.DataFrame(50.0 * np.cumprod(1.0 + returns, axis=0), index=dates, columns=NAMES)
    prices = prices.mask(draw.random(prices.shape) < draw.choice([0.0, 0.1]))
    rates = pd.DataFrame(draw.uniform(-1.0, 2.0, prices.shape), index=dates, columns=NAMES)
    costs = TradingCosts(
        draw.choice([0.001, 0.2]),
        borrow=rates.clip(lower=0.0),
        short_rebate=rates,
        minimum_commission=draw.choice([0.0, 1.0, 2_000.0]),
        lot_size=draw.choice([0.0, 1.0, 100.0]),
        minimum_order=draw.choice([0.0, 1_000.0]),
        management_fee=draw.choice([0.0, 0.5]),
        performance_fee=0.9,
        crystallised=draw.choice(["monthly", "quarterly", "yearly"]),
    )
    wanted = pd.DataFrame(draw.normal(0.1, draw.choice([0.2, 1.5]), (20, 4)), index=dates[1::3][:20], columns=NAMES)
    flows = {dates[row]: float(draw.normal(0.0, 30_000.0)) for row in (20, 30, 40)}
    market = Market.from_prices(prices, cash_rate=1e-4)
    result = simulate(wanted, market, costs=costs, capital=10_000.0, flows=flows, periods_per_year=252)
    assert np.isfinite(result.ledger.to_numpy()).all()
    assert np.isfinite(result.weights.to_numpy()).all()
    assert (result.value.iloc[:-1] > 0.0).all()
    assert bool(result.stopped) == (len(result.ledger) < 58 or result.value.iloc[-1] <= 0.0)
    check_adds_up(result)


def test_a_market_of_returns_with_prices_trades_in_lots(make_frame):
    frame = make_frame([[0.0], [0.1], [0.1]])
    prices = pd.DataFrame({"A": [30.0, 33.0, 36.3], "Z": 1.0}, index=frame.index)
    held = pd.DataFrame({"A": [1.0]}, index=frame.index[:1])
    result = simulate(held, Market(frame).with_prices(prices), costs=TradingCosts(lot_size=1), capital=100.0)
    assert result.ledger["traded"].iloc[1] == 90.0
    assert result.ledger["untraded"].iloc[1] == pytest.approx(10.0)
    assert result.value.iloc[-1] == pytest.approx(3 * 36.3 + 10.0)
