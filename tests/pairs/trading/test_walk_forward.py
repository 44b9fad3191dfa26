"""Walk-forward tests equal a loop over weeks written by hand, and use no later dates."""

import numpy as np
import pandas as pd
import pytest
from arch.unitroot import ADF
from sklearn.base import clone

from statefolio.backtest.causality import check_causal
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.trading.rules import Bands
from statefolio.pairs.trading.signals import basket_weights
from statefolio.pairs.trading.walk_forward import walk_baskets


def cointegrated(dates: int = 240) -> pd.DataFrame:
    """Two prices with gaps, the first is 3 + .8 times the second + a spread that reverts."""
    draw = np.random.default_rng(5)
    second = 40.0 + np.cumsum(draw.normal(scale=0.5, size=dates))
    spread = np.zeros(dates)
    for t in range(1, dates):
        spread[t] = 0.85 * spread[t - 1] + draw.normal(scale=0.4)
    table = pd.DataFrame({"ONE": 3.0 + 0.8 * second + spread, "TWO": second})
    table.index = pd.bdate_range("2015-01-05", periods=dates)
    table.iloc[[30, 170, 171], [0, 1, 0]] = np.nan
    return table


PRICES = cointegrated()
HEDGES = {
    "static": StaticHedge(),
    "rolling": RollingHedge(40),
    "adaptive": KalmanHedge("stationary", "adaptive", passes=5, on_collapse="continue"),
    "likelihood": KalmanHedge("stationary", "mle"),
}


def by_hand(hedge: StaticHedge | KalmanHedge, rule: Bands, start: str) -> pd.DataFrame:
    """For each week: tune on the dates up to the week before, run to the end of the week, keep the week."""
    later = PRICES.loc[start:].index
    weeks = later.to_period("W")
    ratios, z = [], []
    for week in weeks.unique():
        mine = later[weeks == week]
        before = PRICES.index[PRICES.index < mine[0]][-1]
        found = hedge.fit(PRICES.loc[: mine[-1]], tune_until=before)
        ratios.append(found.hedge_ratios_["filtered"].sel(date=mine).to_pandas())
        innovations = found.innovations_.sel(date=mine)
        z.append((innovations["innovation"] / np.sqrt(innovations["innovation_variance"])).to_series())
    units = rule.units(pd.concat(z).to_numpy())
    money = pd.concat(ratios).mul(-PRICES["TWO"], axis=0).loc[later].assign(ONE=PRICES["ONE"])[["ONE", "TWO"]]
    weights = money.mul(units, axis=0).div(money.abs().sum(axis=1), axis=0)
    weights[units == 0.0] = 0.0
    return weights[PRICES.loc[later].notna().all(axis=1)]


@pytest.mark.parametrize("name", ["static", "rolling", "likelihood"])
def test_weights_equal_those_of_a_loop_over_weeks(name: str) -> None:
    walk = walk_baskets(PRICES, {name: HEDGES[name]}, Bands(1, 0), start="2015-09-02")
    expected = by_hand(HEDGES[name], Bands(1, 0), "2015-09-02")
    found = walk.results[name].decisions
    assert found.index.equals(expected.index)
    np.testing.assert_allclose(found, expected, atol=1e-4 if name == "likelihood" else 1e-12)
    assert walk.start == pd.Timestamp("2015-09-02")


def test_tuning_once_is_a_plain_fit() -> None:
    walk = walk_baskets(PRICES, {"static": StaticHedge()}, Bands(1, 0), start="2015-09-02", retune=None)
    hedge = StaticHedge().fit(PRICES, tune_until="2015-09-01")
    held = hedge.held_value_.loc["2015-09-02":]
    pd.testing.assert_series_equal(walk.hedges["static"].held_value_.loc["2015-09-02":], held, check_exact=True)
    z = hedge.innovations_["innovation"] / np.sqrt(hedge.innovations_["innovation_variance"])
    pd.testing.assert_series_equal(walk.hedges["static"].z_score_, z.to_series(), check_names=False)


@pytest.mark.parametrize("name", ["adaptive", "likelihood"])
def test_the_future_changes_no_weight(name: str) -> None:
    hedge = clone(HEDGES[name])  # other tests may have fitted those of HEDGES, which would then hold later dates

    def weights(market: Market) -> pd.DataFrame:
        prices = (1.0 + market.returns.fillna(0.0)).cumprod().where(market.returns.notna()) * 50.0
        walk = walk_baskets(prices, {name: hedge}, Bands(0.5, 0), start="2015-09-02", retune="monthly")
        return walk.results[name].decisions

    market = Market(PRICES.pct_change(fill_method=None))
    assert check_causal(weights, market, cuts=["2015-10-15"]).verdict == "causal"


def test_costs_and_measures() -> None:
    free = walk_baskets(PRICES, HEDGES, Bands(1, 0), start="2015-08-03")
    dear = walk_baskets(PRICES, HEDGES, Bands(1, 0), start="2015-08-03", costs=TradingCosts(0.002, borrow=0.02))
    assert (dear.table["annual_return"] < free.table["annual_return"]).all()
    assert list(free.table.index) == list(HEDGES)
    assert set(free.parameters) == {"adaptive", "likelihood"}
    assert len(free.parameters["adaptive"]) == len(PRICES.loc["2015-08-03":].index.to_period("W").unique())
    assert free.table["trades"].ge(4).all()
    assert free.table.loc["likelihood", "adf_p_value"] < 0.05
    row, result = free.table.loc["static"], free.results["static"]
    assert row["maximum_drawdown"] == pytest.approx(result.drawdown.min())
    assert row["calmar"] == pytest.approx(row["annual_return"] / -row["maximum_drawdown"])
    held = free.hedges["static"].held_value_
    held = held.iloc[held.index.searchsorted(pd.Timestamp("2015-08-03")) - 1 :].dropna()
    assert row["adf_p_value"] == pytest.approx(ADF(held, lags=1).pvalue)
    slope = np.polyfit(held.to_numpy()[:-1], np.diff(held), 1)[0]
    assert row["half_life"] == pytest.approx(-np.log(2.0) / slope)
    assert row["trades"] == (np.diff(np.sign(result.decisions["ONE"]), prepend=0.0) != 0.0).sum()
    assert free.hedges["likelihood"].hedge_ratios_["smoothed"].isnull().all()
    assert row["sharpe"] == pytest.approx(result.returns.mean() / result.returns.std() * 252**0.5)


def test_progress_names_each_hedge() -> None:
    heard: list[tuple[str, int, int]] = []
    walk_baskets(
        PRICES,
        {"static": StaticHedge(), "likelihood": HEDGES["likelihood"]},
        start="2015-11-02",
        retune="monthly",
        progress=lambda *step: heard.append(step),
    )
    assert [step for step in heard if step[1] == step[2]] == [("static", 2, 2), ("likelihood", 2, 2)]


def test_rule_and_gross_reach_the_account() -> None:
    walk = walk_baskets(PRICES, {"static": StaticHedge()}, Bands(1, 0), start="2015-09-02", retune=None, gross=2.0)
    hedge = StaticHedge().fit(PRICES, tune_until="2015-09-01")
    plain = basket_weights(hedge, PRICES, Bands(1, 0), gross=2.0)
    active = walk.results["static"].decisions
    assert active.abs().sum(axis=1).max() == pytest.approx(2.0)
    both = (active != 0.0).any(axis=1) & (plain.loc[active.index] != 0.0).any(axis=1)
    np.testing.assert_allclose(active[both], plain.loc[active.index][both])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "2014-01-01"}, "start must be a date after 2015-01-05"),
        ({"start": "2016-06-01"}, "start must be a date after 2015-01-05"),
        ({"start": "2015-01-08"}, "at least 8 dates with a price of all 2 assets .* got 3"),
        ({"start": "soon"}, "start must be a date, got 'soon'"),
        ({"start": None}, "start must be a date after 2015-01-05"),
        ({"start": "2015-09-02", "retune": 0}, "retune must be .* got 0"),
        ({"start": "2015-09-02", "retune": True}, "retune must be .* got True"),
        ({"start": "2015-09-02", "retune": "yearly"}, "retune must be .* got 'yearly'"),
    ],
)
def test_invalid_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        walk_baskets(PRICES, {"static": StaticHedge()}, **options)
    with pytest.raises(DataTypeError, match="hedges must map names to hedges"):
        walk_baskets(PRICES, {"static": "ols"}, start="2015-09-02")  # type: ignore[dict-item]


def test_a_price_below_zero_is_a_missing_price() -> None:
    table, gap = PRICES.copy(), PRICES.copy()
    table.iloc[50, 1], gap.iloc[50, 1] = -1.0, np.nan
    with pytest.warns(StatefolioWarning, match="'TWO' on 2015-03-16: -1") as warned:
        found = walk_baskets(table, {"static": StaticHedge()}, start="2015-09-02")
    assert len(warned) == 1
    assert found.table.equals(walk_baskets(gap, {"static": StaticHedge()}, start="2015-09-02").table)


@pytest.mark.parametrize(("frequency", "year"), [("ME", 12.0), ("W-FRI", 52.0), ("D", 365.0), ("B", 252.0)])
def test_annual_measures_follow_the_dates(frequency: str, year: float) -> None:
    table = PRICES.set_axis(pd.date_range("1990-01-31", periods=len(PRICES), freq=frequency))
    options = {"hedges": {"static": StaticHedge()}, "start": table.index[200], "retune": None}
    found, given = walk_baskets(table, **options), walk_baskets(table, **options, periods_per_year=year)
    pd.testing.assert_frame_equal(found.table, given.table)
    daily = walk_baskets(table, **options, periods_per_year=252)
    ratio = daily.table["annual_volatility"] / found.table["annual_volatility"]
    assert ratio.iloc[0] == pytest.approx(np.sqrt(252.0 / year))
