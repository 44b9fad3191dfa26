"""Views that are given: used from the day on which they are known, and never before."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import statefolio as sf
from statefolio.exceptions import InputError, NotFittedError, UnknownNameError
from statefolio.portfolio import GivenViews
from statefolio.risk import LowRankCovariance


class Flat(BaseEstimator):
    """A risk model with the same variance for every asset."""

    def fit(self, returns, *, others=None):
        self.assets_, self.factors_ = returns.columns, pd.Index([])
        count = len(self.assets_)
        self.covariance_ = LowRankCovariance(np.zeros((count, 0)), np.zeros((0, 0)), np.full(count, 1e-4))
        return self

    def partial_fit(self, returns, *, others=None):
        return self.fit(returns)


@pytest.fixture(scope="module")
def returns():
    dates = pd.bdate_range("2020-01-01", periods=30)
    return pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, (30, 3)), dates, ["a", "b", "c"])


@pytest.fixture(scope="module")
def views(returns):
    table = pd.DataFrame(np.nan, returns.index[[5, 10, 20]], ["a", "b"])
    table.iloc[0] = [0.02, 0.01]
    table.iloc[1, 1] = 0.03
    table.iloc[2, 0] = 0.2
    return table


def means(view, returns, views, row):
    known = views.loc[: returns.index[row]]
    fitted = view.fit(returns.iloc[: row + 1], others={"views": known})
    return fitted.forecast(Flat().fit(returns)).mean.to_dict()


def test_each_asset_has_its_latest_value(returns, views):
    assert means(GivenViews(), returns, views, 4) == {}
    assert means(GivenViews(), returns, views, 5) == {"a": 0.02, "b": 0.01}
    assert means(GivenViews(), returns, views, 19) == {"a": 0.02, "b": 0.03}
    assert means(GivenViews(horizon=2), returns, views, 20) == {"a": 0.1, "b": 0.015}
    assert means(GivenViews(absent="zero"), returns, views, 20) == {"a": 0.2, "b": 0.03, "c": 0.0}


def test_an_old_value_no_longer_counts(returns, views):
    age = (returns.index[19] - returns.index[10]).days
    assert means(GivenViews(max_age=age), returns, views, 19) == {"b": 0.03}
    assert means(GivenViews(max_age=age - 1), returns, views, 19) == {}


def test_the_error_is_part_of_the_forecast(returns, views):
    risk, known = Flat().fit(returns), {"views": views}
    one = GivenViews(horizon=21, error=0.042).fit(returns, others=known).forecast(risk)
    np.testing.assert_allclose(one.covariance.asset_variance, 0.002**2)
    by_asset = GivenViews(error=pd.Series({"a": 0.01, "b": 0.02, "c": 0.0})).fit(returns, others=known).forecast(risk)
    np.testing.assert_allclose(by_asset.covariance.asset_variance, [1e-4, 4e-4])
    with pytest.raises(InputError, match="for every asset with a view, got another for 'b'"):
        GivenViews(error=pd.Series({"a": 0.01})).fit(returns, others=known).forecast(risk)
    with pytest.raises(InputError, match="error must be a finite number of at least 0"):
        GivenViews(error=-1.0).fit(returns, others=known).forecast(risk)


def test_wrong_tables_are_named(returns, views):
    with pytest.raises(InputError, match=r"views must be a table of the market, which has 'view', got 'views'"):
        GivenViews().fit(returns, others={"view": views})
    with pytest.raises(UnknownNameError, match=r"views must name assets of the market .*got 'z'"):
        GivenViews().fit(returns, others={"views": views.rename(columns={"b": "z"})})
    with pytest.raises(NotFittedError):
        GivenViews().forecast(None)


def weights(returns, views, until=None, cuts=0):
    known = {returns.index[0]: pd.DataFrame(1e-4 * np.eye(3), returns.columns, returns.columns)}
    others = {"views": views.loc[:until], "covariance": sf.risk.covariance_table(known)}
    market = sf.Market(returns.loc[:until], others=others)
    policy = sf.ModelPolicy(
        sf.portfolio.Utility(5.0), sf.risk.GivenCovariance(), GivenViews(), sf.Constraints(net=(0, 1)), min_dates=1
    )
    return sf.run_backtest(policy, market, rebalance="daily", cuts=cuts)


def test_a_view_is_traded_from_the_day_after_it_is_known_and_cutting_the_future_changes_nothing(returns, views):
    whole = weights(returns, views, cuts=1)
    assert whole.causality.verdict == "causal"
    held = whole.weights
    assert not held.iloc[:6].any(axis=None)  # the view of row 5 is decided on at its close, and earns from row 6 on
    assert held.iloc[6]["a"] > 0.0
    for row in (5, 6, 20, 21):
        until = returns.index[row]
        pd.testing.assert_frame_equal(weights(returns, views, until).weights, held.loc[:until], check_exact=True)
    later = views.copy()
    later.index = [*later.index[:2], returns.index[21]]
    moved = weights(returns, later).weights
    pd.testing.assert_frame_equal(moved.iloc[:21], held.iloc[:21], check_exact=True)
    assert abs(moved.iloc[21] - held.iloc[21]).max() > 0.1


def test_a_view_dated_on_a_weekend_is_used_on_the_next_date(returns, views):
    saturday = views.iloc[:1].set_axis(pd.DatetimeIndex(["2020-01-11"]))
    held = weights(returns, saturday).weights
    assert not held.loc[:"2020-01-13"].any(axis=None)
    assert held.loc["2020-01-14", "a"] > 0.0
