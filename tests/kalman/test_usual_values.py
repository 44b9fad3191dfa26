"""Where a tuning starts, what it may find, and which assets revert to the panel's loadings."""

from dataclasses import replace

import numpy as np
import pytest

from statefolio.kalman.ordinary_least_squares import ordinary_least_squares
from statefolio.kalman.specification import EWMA
from statefolio.kalman.tuning import tune
from statefolio.kalman.tuning_spec import TuningSpec
from statefolio.kalman.usual_values import least_phi, means, persistence, usual_phi, usual_pool

PANEL = TuningSpec(
    "pooled", EWMA, gaussian=False, scales=True, reverts=True, common=True, speeds=3, moves=True, to_panel=True
)
DATES, ASSETS = 600, 12


@pytest.fixture(scope="module")
def panel():
    """Returns on a constant and two factors, with betas that revert; the last asset is hardly more than a factor."""
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(DATES), rng.standard_normal((DATES, 2))])
    beta, b = np.empty((DATES, ASSETS, 2)), np.array([1.0, 0.3]) + rng.normal(0.0, 0.5, (ASSETS, 2))
    for t in range(DATES):
        b = [1.0, 0.3] + 0.99 * (b - [1.0, 0.3]) + rng.normal(0.0, 0.07, (ASSETS, 2))
        beta[t] = b
    Y = np.einsum("tk,tnk->tn", X[:, 1:], beta) + rng.standard_normal((DATES, ASSETS))
    Y[:, -1] = X[:, 2] + 0.02 * rng.standard_normal(DATES)
    return X, Y


@pytest.mark.parametrize(("per_year", "years", "tuned"), [(252.0, 3.0, True), (52.0, 3.0, True), (12.0, 5.0, False)])
def test_half_lives_are_in_years_and_a_constant_walks(panel, per_year, years, tuned):
    options = replace(PANEL, dates_per_year=per_year)
    phi = usual_phi(options, panel[0])
    assert phi[0] == 1.0
    np.testing.assert_allclose(phi[1:] ** (years * per_year), 0.5)
    assert options.tunes_reversion == tuned
    assert least_phi(options) ** (2.0 * per_year) == pytest.approx(0.5)
    assert least_phi(replace(options, to_panel=False)) == 0.0


def test_all_assets_revert_to_the_median_of_the_panel(panel):
    ols = ordinary_least_squares(*panel)
    found = means(PANEL, ols)
    np.testing.assert_allclose(found, np.median(ols.mean[:, :-1], axis=1)[:, None] * np.ones(ASSETS + 1))
    own = means(replace(PANEL, to_panel=False), ols)
    np.testing.assert_array_equal(own[:, :-1], ols.mean[:, :-1])
    assert (means(replace(PANEL, reverts=False), ols) == 0.0).all()


def test_a_fund_and_an_asset_not_seen_yet_walk_and_the_others_revert(panel):
    ols = ordinary_least_squares(*panel)
    pool = usual_pool(PANEL, np.ones(3), np.array([1.0, 0.995, 0.998]))
    level = np.append(ols.residual_variance[:-1], np.nan)
    found = persistence(PANEL, pool, ols, 2e-3 * np.ones((3, 1)) * level)
    np.testing.assert_array_equal(found[:, :-2], np.repeat(pool.phi[:, None], ASSETS - 1, axis=1))
    np.testing.assert_array_equal(found[:, -2:], 1.0)
    everywhere = persistence(replace(PANEL, to_panel=False), pool, ols, np.ones((3, ASSETS + 1)))
    np.testing.assert_array_equal(everywhere, np.repeat(pool.phi[:, None], ASSETS + 1, axis=1))


def test_what_is_learned_stays_within_its_bounds(panel):
    learned = tune(PANEL, *panel)
    assert (learned.phi[0] == 1.0).all()
    assert (learned.phi[1:] >= least_phi(PANEL) - 1e-12).all()
    assert (learned.phi[1:, -1] == 1.0).all()
    given = tune(replace(PANEL, dates_per_year=12.0), *panel)
    assert set(np.round(given.phi[1:].ravel(), 12)) <= {1.0, round(0.5 ** (1.0 / 60.0), 12)}
