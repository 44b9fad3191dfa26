"""Hedges without hidden states against regressions of statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from baskets import simulate
from statsmodels.regression.rolling import RollingOLS
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from statefolio.exceptions import InputError
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge


def test_least_squares_is_statsmodels(prices: pd.DataFrame) -> None:
    hedge = StaticHedge().fit(prices, tune_until="2010-12-31")
    known = prices.loc[:"2010-12-31"].dropna()
    theirs = sm.OLS(known["ONE"], sm.add_constant(known[["TWO", "SIX"]])).fit()
    np.testing.assert_allclose(hedge.next_["mean"], theirs.params, rtol=1e-9)
    np.testing.assert_allclose(hedge.next_["covariance"], theirs.cov_params(), rtol=1e-7)
    assert float(hedge.next_["observation_variance"]) == pytest.approx(theirs.mse_resid, rel=1e-9)
    expected = prices["ONE"] - theirs.predict(sm.add_constant(prices[["TWO", "SIX"]]))
    np.testing.assert_allclose(hedge.innovations_["innovation"], expected, rtol=1e-7, atol=1e-9)
    ratios = hedge.hedge_ratios_["predicted"].to_numpy()
    assert (ratios == ratios[0]).all()


def test_johansens_first_vector() -> None:
    table = simulate(4)
    hedge = StaticHedge("johansen").fit(table)
    vector = coint_johansen(table.to_numpy(), 0, 1).evec[:, 0]
    np.testing.assert_allclose(hedge.next_["mean"][1:], -vector[1:] / vector[0], rtol=1e-12)
    spread = table.to_numpy() @ vector / vector[0]
    assert float(hedge.next_["mean"][0]) == pytest.approx(spread.mean(), rel=1e-12)
    assert hedge.spread_["predicted"].to_numpy() == pytest.approx(spread)


def test_johansens_vector_of_three_funds(etfs: pd.DataFrame) -> None:
    hedge = StaticHedge("johansen").fit(etfs[["EWC", "EWA", "IGE"]])
    np.testing.assert_allclose(hedge.next_["mean"][1:] * 1.046027, [0.759964, 0.223306], atol=1e-6)


def test_rolling_is_statsmodels() -> None:
    table = simulate(6)
    hedge = RollingHedge(50).fit(table)
    theirs = RollingOLS(table["ONE"], sm.add_constant(table[["TWO", "SIX"]]), window=50).fit()
    filtered = np.column_stack([hedge.level_["filtered"], hedge.hedge_ratios_["filtered"]])
    np.testing.assert_allclose(filtered[49:], theirs.params.to_numpy()[49:], rtol=1e-7)
    predicted = np.column_stack([hedge.level_["predicted"], hedge.hedge_ratios_["predicted"]])
    np.testing.assert_array_equal(predicted[1:], filtered[:-1])
    variance = np.column_stack([hedge.level_["filtered_variance"], hedge.hedge_ratios_["filtered_variance"]])
    np.testing.assert_allclose(variance[49:], theirs.bse.to_numpy()[49:] ** 2, rtol=1e-6)


@pytest.mark.parametrize("hedge", [StaticHedge(), StaticHedge("johansen"), RollingHedge(40)])
def test_partial_fit_equals_one_fit(prices: pd.DataFrame, hedge: StaticHedge | RollingHedge) -> None:
    if isinstance(hedge, StaticHedge) and hedge.method == "johansen":
        prices = prices.dropna()
    whole = hedge.fit(prices, tune_until="2010-10-29")
    at_once, held, ahead = whole.hedge_ratios_, whole.held_value_, whole.next_
    halves = hedge.fit(prices.iloc[:250], tune_until="2010-10-29").partial_fit(prices.iloc[250:])
    assert at_once.isel(date=slice(250, None)).identical(halves.hedge_ratios_)
    pd.testing.assert_series_equal(held.iloc[250:], halves.held_value_, check_exact=True)
    assert ahead.identical(halves.next_)


@pytest.mark.parametrize(
    ("hedge", "message"),
    [
        (StaticHedge("vecm"), "method must be 'ols' or 'johansen'"),
        (RollingHedge(2), "window must be .* at least 3, got 2"),
        (RollingHedge(True), "window must be .* got True"),
        (RollingHedge(3), "more than the 3 coefficients.* got 3"),
        (RollingHedge(401), "to 400 .* got 401"),
    ],
)
def test_invalid_options(hedge: StaticHedge | RollingHedge, message: str) -> None:
    with pytest.raises(InputError, match=message):
        hedge.fit(simulate(1))
