"""A missing price is not a zero return, and dates without factors stay in the account."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest import Market, run_backtest, simulate
from statefolio.exceptions import InputError, StatefolioWarning

DATES = pd.bdate_range("2023-01-02", periods=6)
PRICES = pd.DataFrame({"X": [100.0, 100, 100, np.nan, 120, 121], "Y": 50.0}, index=DATES)
HELD = pd.DataFrame({"X": [1.0]}, index=DATES[1:2])


def test_the_next_price_pays_the_whole_move():
    result = simulate(HELD, Market.from_prices(PRICES), capital=100.0)
    np.testing.assert_allclose(result.value, [100, 100, 100, 120, 121], rtol=1e-14)
    assert result.events.empty
    assert result.summary()["missing_returns"] == 0.0


def test_bridged_returns_say_so_themselves():
    result = simulate(HELD, Market(sf.to_returns(PRICES, bridge_gaps=True).iloc[:], cash_rate=0.0), capital=100.0)
    np.testing.assert_allclose(result.value.iloc[-1], 121, rtol=1e-14)


def test_a_lost_move_is_said_with_count_asset_and_date():
    message = r"got 2 missing returns of 1 held assets in 'weights' \(first: 'X' on 2023-01-05\)"
    with pytest.warns(StatefolioWarning, match=message):
        result = simulate(HELD, Market(sf.to_returns(PRICES)), capital=100.0)
    events = result.events
    assert events["kind"].tolist() == ["missing return"] * 2
    assert events["asset"].tolist() == ["X", "X"]
    assert events["date"].tolist() == [DATES[3], DATES[4]]
    assert result.summary()["missing_returns"] == 2.0


def test_a_run_warns_once(recwarn, policies):
    policy = policies["equal"]()
    results = sf.backtest.run_backtests({"a": policy, "b": policy}, Market(sf.to_returns(PRICES)), rebalance="daily")
    assert len([one for one in recwarn if "missing returns" in str(one.message)]) == 1
    assert all(result.events["kind"].tolist() == ["missing return"] * 2 for result in results.values())


def test_a_listing_and_an_end_are_no_gaps(policies):
    values = np.full((60, 3), 0.01)
    values[:20, 1], values[30:, 2] = np.nan, np.nan
    market = Market(pd.DataFrame(values, pd.bdate_range("2020-01-01", periods=60), list("ABC")))
    events = run_backtest(policies["equal"](), market, rebalance="daily").events
    assert "missing return" not in set(events["kind"])


def test_policies_see_a_return_across_a_gap_as_missing():
    seen = {}

    class Look:
        def decide(self, history, holdings):
            seen["returns"], seen["excess"] = history.returns, history.excess_returns
            return {"X": 1.0}

    market = Market.from_prices(PRICES)
    run_backtest(Look(), market, rebalance="daily")
    assert seen["returns"]["X"].isna().tolist() == [False, False, True, True, False]
    assert seen["excess"]["X"].isna().tolist() == [False, False, True, True, False]
    assert market.returns["X"].iloc[3] == pytest.approx(0.2)
    assert market.model_data()[0]["X"].isna().sum() == 2


def test_no_order_is_filled_at_a_price_of_the_past():
    late = pd.DataFrame({"X": [1.0]}, index=DATES[3:4])  # decided without a price of the date
    result = simulate(late, Market.from_prices(PRICES), capital=100.0)
    assert result.value.iloc[-1] == 100.0
    assert result.events[["kind", "detail"]].to_numpy().tolist() == [["unfilled", "no price at the previous close"]]


def test_a_first_price_before_a_gap_starts_no_one_date_return():
    prices = PRICES.assign(X=[100.0, np.nan, 110, 110, 110, 110])
    market = Market.from_prices(prices)
    assert market.returns["X"].iloc[1] == pytest.approx(0.1)
    assert np.isnan(market.model_data()[0]["X"].iloc[1])


def test_holding_over_holidays_ends_at_the_ratio_of_prices():
    draw = np.random.default_rng(3)
    dates = pd.bdate_range("2023-01-02", periods=300)
    prices = pd.DataFrame({"B": 100 * np.cumprod(1 + draw.normal(0, 0.01, 300))}, dates)
    market = Market.from_prices(prices.mask(np.arange(300)[:, None] % 20 == 10))
    result = simulate(pd.DataFrame({"B": [1.0]}, index=dates[1:2]), market, capital=1.0)
    assert result.value.iloc[-1] == pytest.approx(prices["B"].iloc[-1] / prices["B"].iloc[1], rel=1e-12)


def test_cut_and_perturbed_markets_keep_the_gaps():
    market = Market.from_prices(PRICES)
    for other in (market.until(DATES[4]), market.perturbed_after(DATES[4])):
        assert np.isnan(other.model_data()[0]["X"].iloc[3])
        assert other.returns["X"].iloc[3] == market.returns["X"].iloc[3]


@pytest.fixture(scope="module")
def demo():
    data = sf.load_demo()
    return data.returns.iloc[:200, :4], data.factors.iloc[:200]


def lacking(demo, rows, how):
    returns, factors = demo
    if how == "dropped":
        return Market(returns, factors.drop(factors.index[rows]))
    masked = factors.copy()
    masked.iloc[rows, 0] = np.nan
    return Market(returns, masked)


@pytest.mark.parametrize("how", ["dropped", "missing"])
def test_dates_without_factors_keep_their_profit(demo, how, policies):
    rows = [120, 121, 122, 199]
    with pytest.warns(StatefolioWarning, match=r"got 4 of 200 dates without .* equal weights of the assets earned"):
        market = lacking(demo, rows, how)
    assert market.dates.equals(demo[0].index)
    full = run_backtest(policies["equal"](), Market(*demo), rebalance=5)
    result = run_backtest(policies["equal"](), market, rebalance=5)
    pd.testing.assert_frame_equal(result.ledger, full.ledger, check_exact=True)
    events = result.events
    assert set(events["kind"]) == {"factors missing"}
    days = events[events["detail"].str.startswith("models do not see")]
    assert days["date"].tolist() == demo[0].index[rows].tolist()
    pd.testing.assert_series_equal(
        market.missing_factors, demo[0].iloc[rows].mean(axis=1), check_names=False, check_freq=False
    )
    decided = events[events["detail"].str.startswith("decision with")]
    assert decided["date"].tolist() == [demo[0].index[120]]
    assert decided["detail"].iloc[0].endswith(f"until {demo[0].index[119]:%Y-%m-%d}, 1 dates before")


@pytest.mark.filterwarnings("ignore:KalmanMean. no signal found")
@pytest.mark.parametrize("view", [None, sf.portfolio.KalmanMean()])
def test_models_skip_dates_without_factors(demo, view):
    policy = sf.portfolio.ModelPolicy(
        sf.portfolio.MinimumVariance() if view is None else sf.portfolio.Utility(),
        sf.FactorRisk(sf.RollingLoadings(40), residual_structure=None),
        view=view,
        min_dates=80,
    )
    with pytest.warns(StatefolioWarning, match="dates without"):
        market = lacking(demo, [100, 120, 121, 122, *range(190, 200)], "dropped")
    result = run_backtest(policy, market, rebalance=5, start=demo[0].index[90])
    keep = np.r_[0:100, 101:120, 123:190]
    same = run_backtest(policy, Market(demo[0].iloc[keep], demo[1].iloc[keep]), rebalance=1, start=demo[0].index[90])
    common = result.decisions.index.intersection(same.decisions.index)
    assert len(result.decisions) == 22
    assert len(common) > 15
    np.testing.assert_allclose(result.decisions.loc[common], same.decisions.loc[common], atol=1e-7)
    stale = result.events[result.events["detail"].str.contains("known until")]
    assert len(stale) == 4
    assert stale["detail"].iloc[-1].endswith(f"until {demo[0].index[189]:%Y-%m-%d}, 6 dates before")
    np.testing.assert_allclose(result.decisions.iloc[-1].sum(), 1.0)


def test_factors_of_another_frequency_are_refused(demo):
    with pytest.raises(InputError, match="must have the frequency of returns, got 40 of 196 dates"):
        Market(demo[0], demo[1].iloc[::5])
