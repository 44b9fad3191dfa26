import pickle

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError


def test_it_cannot_be_changed(market, noisy_returns):
    with pytest.raises(AttributeError, match="cannot be changed"):
        market.returns_ = 1
    with pytest.raises(ValueError):
        market.returns.to_numpy()[0, 0] = 9.0
    before = market.returns.iloc[0, 0]
    noisy_returns.iloc[0, 0] = 9.0
    assert market.returns.iloc[0, 0] == before


def test_until_leaves_nothing_later(market):
    date = market.dates[70]
    cut = market.until(date)
    assert cut.dates[-1] == date
    for frame in (cut.returns, cut.factors, cut.dollar_volumes, cut.cash_rate, cut.others["rate"]):
        assert frame.index[-1] <= date
    assert cut.returns.equals(market.returns.loc[:date])
    assert cut.tables.returns.values.base is None


def test_another_future_and_the_same_past(market):
    date = market.dates[70]
    other = market.perturbed_after(date, seed=1)
    pairs = [
        (market.returns, other.returns),
        (market.factors, other.factors),
        (market.dollar_volumes, other.dollar_volumes),
        (market.others["rate"], other.others["rate"]),
        (market.cash_rate.to_frame(), other.cash_rate.to_frame()),
    ]
    for mine, theirs in pairs:
        assert mine.loc[:date].equals(theirs.loc[:date])
        assert (mine.loc[mine.index > date] != theirs.loc[theirs.index > date]).all().all()
    assert other.returns.isna().loc[date:].to_numpy().sum() != market.returns.isna().loc[date:].to_numpy().sum()


def test_another_future_has_the_scale_of_each_column(make_frame):
    """Otherwise a policy that looks ahead could decide the same on it."""
    draw, scales = np.random.default_rng(5), np.array([1e-4, 0.01, 0.05])
    returns = make_frame(draw.normal(0.0, scales, (1_000, 3)))
    rates = make_frame(1e6 * draw.normal(0.0, 1.0, (1_000, 1)), ["rate"])
    volumes = make_frame(draw.lognormal([5.0, 15.0, 20.0], 0.1, (1_000, 3)))
    still = make_frame(np.zeros((1_000, 1)), ["still"])
    factors = make_frame(draw.normal(0.0, 0.01, (1_000, 1)), ["market"])
    market = Market(returns, factors, dollar_volumes=volumes, others={"rates": rates, "still": still}, cash_rate=1e-4)
    date = market.dates[499]
    other = market.perturbed_after(date, seed=2)

    def later(table):
        return table.loc[table.index > date]

    for mine, theirs in (
        (market.returns, other.returns),
        (market.factors, other.factors),
        (rates, other.others["rates"]),
    ):
        np.testing.assert_allclose(later(theirs).std() / later(mine).std(), 1.0, atol=0.15)
    np.testing.assert_allclose(np.log(later(other.dollar_volumes) / later(volumes)).mean(), 0.0, atol=0.1)
    assert later(other.others["still"])["still"].std() == pytest.approx(0.01, rel=0.15)
    rate = later(other.cash_rate)
    assert rate.between(1e-4, 2e-4).all()
    assert rate.std() > 2e-5
    assert later(other.returns).isna().to_numpy().mean() == pytest.approx(0.1, abs=0.03)
    returns.iloc[3, 2] = 30.0  # no return is below -90 %
    with pytest.warns(StatefolioWarning, match="twenty times|look like splits"):
        market = Market(returns)
    assert later(market.perturbed_after(date).returns).min().min() == -0.9


def test_cut_markets_keep_what_was_announced(noisy_returns):
    factors = noisy_returns[["A"]].rename(columns={"A": "market"})
    market = Market(noisy_returns, factors, delisting_return=-0.2, delisted_after=9, gaps_bridged=True)
    for other in (market.until(market.dates[100]), market.perturbed_after(market.dates[100])):
        assert other.delisted_after == 9
        assert other.delisting_return.tolist() == [-0.2] * 5
        np.testing.assert_array_equal(other.tables.spans_gap[:101], market.tables.spans_gap[:101])
    plain = Market(noisy_returns)
    assert plain.until(plain.dates[100]).tables.spans_gap is None
    assert plain.perturbed_after(plain.dates[100]).factors is None
    assert plain.until(plain.dates[0]).dates.tolist() == [plain.dates[0]]


def test_models_see_excess_returns(noisy_returns):
    rate = pd.Series(np.linspace(1e-5, 2e-4, 150), noisy_returns.index)
    market = Market(noisy_returns, cash_rate=rate)
    pd.testing.assert_frame_equal(market.excess_returns, noisy_returns.sub(rate, axis=0), check_freq=False)
    frame, factors = market.model_data()
    pd.testing.assert_frame_equal(frame, noisy_returns.sub(rate, axis=0), check_freq=False)
    assert factors is None


def test_extreme_values_in_the_past_stay(noisy_returns):
    """A loss of nearly all, and a future without volume."""
    noisy_returns.iloc[20, 0] = -0.97
    volumes = noisy_returns * 0.0 + 5.0
    volumes.iloc[80:, 0], volumes.iloc[80:, 1] = 0.0, np.nan
    market = Market(noisy_returns, dollar_volumes=volumes)
    date = market.dates[70]
    other = market.perturbed_after(date, seed=0)
    assert other.returns.loc[:date].equals(market.returns.loc[:date])
    assert (other.dollar_volumes.loc[date:].iloc[1:] > 0.0).all().all()
    assert (other.returns.min() >= -0.97).all()


def test_delistings_are_forgotten_before_they_happen(noisy_returns):
    market = Market(noisy_returns, delistings={"D": noisy_returns.index[109]})
    assert market.delistings.to_dict() == {"D": noisy_returns.index[109]}
    assert market.until(noisy_returns.index[108]).delistings.empty
    assert not market.until(noisy_returns.index[109]).delistings.empty
    assert market.perturbed_after(noisy_returns.index[50], 0).delistings.empty


def test_a_delisting_after_the_end_is_not_known_yet(noisy_returns):
    """Otherwise the asset would be sold on the last date of the data, but not once later dates are added."""
    market = Market(noisy_returns, delistings={"A": "2030-01-04"})
    assert market.delistings.empty
    gate = PointInTimeData(market)
    gate.advance(149)
    assert "A" in gate.history().active


def test_a_pickle_is_the_same(market):
    other = pickle.loads(pickle.dumps(market))
    assert other.returns.equals(market.returns)
    assert "5 assets" in repr(other)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"delistings": {"Z": "2020-03-02"}}, UnknownNameError, "'Z'"),
        (
            {"delistings": {"A": "2020-03-02"}},
            InputError,
            r"delistings\['A'\] must be its last date with a return, got 2020-03-02",
        ),
        ({"delisting_return": -1.5}, InputError, "-1.5"),
        ({"delisting_return": pd.Series({"A": 0.0})}, UnknownNameError, "none for 'B'"),
        ({"delisting_return": "all"}, DataTypeError, "got 'all'"),
        ({"delistings": {"A": "soon"}}, InputError, "must be a date"),
        ({"delisting_return": np.complex128(0.0)}, DataTypeError, "complex"),
        ({"delisted_after": True}, InputError, "delisted_after must be a whole number of at least 1, got True"),
        ({"delisted_after": 0}, InputError, "delisted_after must be a whole number of at least 1, got 0"),
        ({"cash_rate": "high"}, DataTypeError, "got 'high'"),
        ({"cash_rate": np.nan}, InputError, "must be finite"),
        ({"cash_rate": pd.Series([0.0], index=pd.to_datetime(["2020-01-01"]))}, InputError, "149 missing"),
        ({"others": 3}, DataTypeError, "got 3"),
    ],
)
def test_bad_input_is_rejected(noisy_returns, options, error, message):
    with pytest.raises(error, match=message):
        Market(noisy_returns, **options)


def test_bad_frames_are_rejected(noisy_returns):
    with pytest.raises(UnknownNameError, match="dollar_volumes must have every asset of returns, got none of 'E'"):
        Market(noisy_returns, dollar_volumes=noisy_returns.abs()[list("ABCD")])
    with pytest.raises(InputError, match="dollar_volumes must have every date of returns, got 1 missing"):
        Market(noisy_returns, dollar_volumes=noisy_returns.abs().iloc[1:])
    with pytest.raises(InputError, match="negative"):
        Market(noisy_returns, dollar_volumes=noisy_returns)
    with pytest.raises(InputError, match="below -1"):
        Market(noisy_returns.where(noisy_returns != noisy_returns.iloc[5, 0], -1.1))
    with pytest.raises(InputError, match="no date in common"):
        Market(noisy_returns.iloc[:5], noisy_returns.iloc[5:])
    with pytest.raises(InputError, match="must not be before the market's first date"):
        Market(noisy_returns).until("1999-01-01")


@pytest.mark.parametrize("options", [{"impact": -1.0}, {"financing": np.nan}, {"impact_window": 0}, {"impact": "a"}])
def test_costs_are_checked(options):
    with pytest.raises(InputError, match=next(iter(options))):
        TradingCosts(**options)


def test_costs_by_asset_are_matched(market):
    with pytest.raises(UnknownNameError, match="proportional must name every asset"):
        TradingCosts(pd.Series({"A": 0.1})).trade_rates(market.assets)
    with pytest.raises(InputError, match=r"borrow must .*, got -1"):
        TradingCosts(borrow=-1.0).borrow_rates(market.assets)
