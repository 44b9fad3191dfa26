"""Random portfolios equal portfolios of the same baskets, and the p-value counts them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.validation.sharpe import SharpeMoments, expected_maximum_sharpe
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.static_hedges import RollingHedge
from statefolio.pairs.portfolio.random_baskets import MEASURES, compare_with_random
from statefolio.pairs.portfolio.walk_portfolio import walk_portfolio
from statefolio.pairs.screening.screen import screen_pairs

DRAW = np.random.default_rng(4)
PRICES = pd.DataFrame(
    50.0 * np.exp(np.cumsum(DRAW.normal(scale=0.01, size=(260, 6)), axis=0)),
    pd.bdate_range("2018-01-01", periods=260, name="date"),
    list("ABCDEF"),
)
COSTS = TradingCosts(0.0005)


@pytest.fixture(scope="module")
def portfolio():
    screen = screen_pairs(PRICES, until="2018-08", likelihood_ratio="none")
    return walk_portfolio(PRICES, screen, RollingHedge(30), most=2, costs=COSTS, risk_window=30)


@pytest.fixture(scope="module")
def found(portfolio):
    return compare_with_random(portfolio, PRICES, draws=30, pool=8, seed=3)


def test_every_draw_is_a_portfolio_of_baskets_of_the_pool(portfolio, found):
    """All pairs of three assets are the only portfolio of three baskets."""
    three = PRICES[["A", "B", "C"]]
    pairs = [("A", "B"), ("C", "A"), ("B", "C")]
    own = walk_portfolio(three, pairs, RollingHedge(30), start=portfolio.start, costs=COSTS, risk_window=30)
    same = compare_with_random(own, three, draws=19, pool=3)
    names = [tuple(name.split(" ~ ")) for name in same.pool.index]
    again = walk_portfolio(three, names, RollingHedge(30), start=portfolio.start, costs=COSTS, risk_window=30)
    for measure in MEASURES:
        np.testing.assert_allclose(same.draws[measure], again.result.summary()[measure], rtol=1e-8, atol=1e-12)
    alone = again.table[["annual_return", "sharpe", "maximum_drawdown"]]
    pd.testing.assert_frame_equal(same.pool, alone.loc[same.pool.index], rtol=1e-10)
    assert len(found.pool) == 8


def test_the_p_value_counts_the_portfolio_among_the_draws(portfolio, found):
    own = portfolio.result.summary()["sharpe"]
    better = int((found.draws["sharpe"] >= own).sum())
    assert found.p_value == (1 + better) / 31
    assert found.table.loc["portfolio", "sharpe"] == own
    assert found.table.loc["random, median", "sharpe"] == found.draws["sharpe"].median()
    assert f"p = {found.p_value:.3f}" in found.sentence
    assert ("no evidence" in found.sentence) == (found.p_value > 0.05)


def test_every_screened_basket_counts_as_a_trial(portfolio, found):
    variance = found.pool["sharpe"].var(ddof=1) / 252
    least = expected_maximum_sharpe(15.0, variance)
    moments = SharpeMoments.of(portfolio.result.returns)
    expected = norm.cdf((moments.sharpe - least) * np.sqrt(moments.dates - 1) / moments.spread)
    assert found.tried == 15
    assert found.deflated_sharpe == pytest.approx(expected, rel=1e-10)


def test_the_seed_decides_the_draws(portfolio, found):
    same = compare_with_random(portfolio, PRICES, draws=30, pool=8, seed=3)
    pd.testing.assert_frame_equal(same.draws, found.draws, check_exact=True)
    other = compare_with_random(portfolio, PRICES, draws=30, pool=8, seed=4)
    assert not other.draws["sharpe"].equals(found.draws["sharpe"])


def test_what_cannot_be_hedged_is_skipped_and_too_small_a_universe_refused(portfolio):
    late = PRICES.assign(F=PRICES["F"].where(PRICES.index > portfolio.start))
    found = compare_with_random(portfolio, late, draws=19, pool=15)
    assert found.skipped == 5
    assert not any("F" in name for name in found.pool.index)
    with pytest.raises(InputError, match="at least 2 random baskets of 2 assets"):
        compare_with_random(portfolio, PRICES[["A", "B"]], draws=19)
    with pytest.raises(InputError, match="draws must be a whole number of at least 19"):
        compare_with_random(portfolio, PRICES, draws=5)
