"""Learned scales and right tails on simulated alphas whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from statefolio.portfolio.views.alpha_sides import Side, gains, probabilities, remaining_share, supported
from statefolio.portfolio.views.alpha_sources import AlphaPaths
from statefolio.portfolio.views.side_scales import LEAST_DATES, side_scales, side_sums
from statefolio.portfolio.views.squeeze_risk import SqueezeRisk


def paths(k_long, k_short, dates=4000, assets=20, sign=0.0, common=0.0):
    rng = np.random.default_rng(7)
    alpha = rng.normal(sign, 1.0, (dates, assets)) * 1e-3
    noise = np.tile(rng.uniform(0.5, 2.0, assets) * 1e-4, (dates, 1))
    shock = rng.normal(size=(dates, assets)) * np.sqrt(1 - common) + rng.normal(size=(dates, 1)) * np.sqrt(common)
    realised = np.where(alpha > 0, k_long, k_short) * alpha + np.sqrt(noise) * shock
    index, names = pd.bdate_range("2000-01-03", periods=dates), pd.Index(range(assets))
    return AlphaPaths(index, names, alpha, realised, noise, shock)


@pytest.mark.parametrize("common", [0.0, 0.5])
def test_scales_of_both_sides_are_found_within_their_errors(common):
    found = side_scales(side_sums(paths(0.9, 0.2, common=common)))
    error = np.sqrt(found.covariance.diagonal())
    assert (np.abs(found.mean - [0.9, 0.2]) < 3 * error).all()
    assert (error < 0.2).all()


def test_errors_know_that_returns_of_a_date_move_together():
    own, shared = (side_scales(side_sums(paths(1, 1, sign=1.0, common=c))).covariance[0, 0] for c in (0.0, 0.5))
    assert shared > 2.0 * own


def test_a_side_without_alphas_learns_from_the_other():
    found = side_scales(side_sums(paths(0.0, 1.0, sign=8.0)))
    assert found.mean[0] == pytest.approx(0.0, abs=0.1)
    assert found.mean[1] == pytest.approx(1.0 + 0.5 * (found.mean[0] - 1.0))
    assert found.covariance[1, 1] > 0.18


def test_too_few_dates_give_the_prior():
    few = side_scales(side_sums(paths(0.0, 0.0, dates=LEAST_DATES - 1)))
    assert few.mean.tolist() == [1.0, 1.0]
    assert few.dates == LEAST_DATES - 1


def test_one_misprint_does_not_rule():
    clean = paths(1.0, 1.0, dates=600)
    clean.realised[300, 0] = 50.0
    assert side_scales(side_sums(clean)).mean == pytest.approx([1.0, 1.0], abs=0.6)


def test_the_right_tail_alone_counts():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4000, 3))
    z[::50, 1], z[::50, 2] = 6.0, -6.0
    names = pd.Index(["normal", "squeezed", "falling"])
    tails = SqueezeRisk.empty().updated(z, names).tails(names)
    normal = np.exp(-2.0) / np.sqrt(2 * np.pi)
    assert tails[[0, 2]] == pytest.approx([normal, normal], rel=0.2)
    assert tails[1] == pytest.approx(normal + 6.0 / 50, rel=0.1)


def test_tails_continue_with_joining_and_absent_assets():
    rng = np.random.default_rng(2)
    z = rng.standard_t(4, size=(300, 3))
    z[:100, 2] = np.nan
    z[200:, 0] = np.nan
    names = pd.Index(["a", "b", "c"])
    whole = SqueezeRisk.empty().updated(z, names)
    steps = (
        SqueezeRisk.empty().updated(z[:100, :2], names[:2]).updated(z[100:200], names).updated(z[200:, 1:], names[1:])
    )
    np.testing.assert_allclose(steps.tails(names), whole.tails(names), rtol=1e-14)


def test_known_alphas_are_taken_as_they_are():
    mean, deviation = np.array([0.1, -0.1, 0.0]), np.zeros(3)
    long, short = gains(mean, deviation)
    assert long.tolist() == [0.1, 0.0, 0.0]
    assert short.tolist() == [0.0, 0.1, 0.0]
    side = Side(1.0, 1.0, 0.99)
    assert supported(mean, deviation, side, side, np.array([0.0, 0.04, 0.0])).tolist() == pytest.approx(
        [0.1, -0.06, 0.0]
    )


def test_a_short_scale_of_zero_sells_nothing():
    side, none = Side(1.0, 1.0, 0.5), Side(0.0, 1.0, 0.5)
    mean, deviation = np.array([-1.0, -1.0, 1.0]), np.ones(3)
    charge = np.array([0.1, 0.0, 0.1])
    assert supported(mean, deviation, side, none, charge).tolist() == [0.0, 0.0, 1.0]
    assert probabilities(mean, deviation, none, charge)[1][0] == 0.0


def test_the_remaining_share_is_a_mean_of_halves():
    assert remaining_share(None, 21) == 1.0
    assert remaining_share(5.0, 21) == pytest.approx(np.mean(2.0 ** (-np.arange(21) / 5.0)))
