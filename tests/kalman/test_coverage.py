"""On data simulated from the model, with the parameters that made them, 95 % bands cover 95 %."""

import numpy as np
import pytest

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, DISCOUNT, EWMA, Specification

REPLICATIONS, DATES = 2048, 60
BAND = 1.959963984540054
SPECS = {
    "gaussian": Specification(CONSTANT, False, False, np.inf, 1.0, 1.0),
    "reverting": Specification(CONSTANT, False, True, np.inf, 1.0, 1.0),
    "student": Specification(CONSTANT, False, False, 6.0, 1.0, 1.0),
    "learning": Specification(EWMA, True, False, np.inf, 0.97, 1.0),
    "learning, student": Specification(EWMA, True, False, 6.0, 0.97, 1.0),
    "conjugate": Specification(DISCOUNT, False, False, np.inf, 1.0, 1.0),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_bands_cover_and_innovations_are_white(spec):
    """Each asset is a replication; noise is drawn with the variance of the filter on that date."""
    rng = np.random.default_rng(12)
    X = np.column_stack([np.ones(DATES), rng.standard_normal(DATES)])
    phi = np.full((2, REPLICATIONS), 0.95 if spec.reverts else 1.0)
    variance, level = np.full((2, REPLICATIONS), 2e-3), np.ones(REPLICATIONS)
    true_level = level.copy()
    if spec.noise == DISCOUNT:  # the precision has the conjugate prior
        true_level = 10.0 / rng.chisquare(10.0, REPLICATIONS)
    start = np.zeros((REPLICATIONS, 2)), np.tile(0.04 * np.eye(2), (REPLICATIONS, 1, 1))
    beta = 0.2 * rng.standard_normal((2, REPLICATIONS))
    if spec.noise == DISCOUNT:
        beta *= np.sqrt(true_level)
    filter_ = new_filter(spec, variance, level, phi=phi, mean=0.0 * phi, start=start)
    covered, standardised = [], []
    for t in range(DATES):
        moved = spec.scales * filter_.state.level + (not spec.scales) * 1.0
        if spec.noise == DISCOUNT:
            moved = true_level
        elif spec.noise == EWMA:
            true_level = filter_.state.level
        if t:
            beta = phi * beta + np.sqrt(variance * moved) * rng.standard_normal((2, REPLICATIONS))
        noise = rng.standard_normal(REPLICATIONS)
        if np.isfinite(spec.tails):
            noise = rng.standard_t(spec.tails, REPLICATIONS) * np.sqrt(1.0 - 2.0 / spec.tails)
        y = X[t] @ beta + np.sqrt(true_level) * noise
        paths = filter_.run(X[t : t + 1], pad_last(y[None], np.nan))
        covered.append(np.abs(paths.mean[0] - beta) < BAND * np.sqrt(paths.variance[0]))
        standardised.append(paths.innovation[0] / np.sqrt(paths.innovation_variance[0]))
    for t in (9, DATES - 1):
        assert 0.93 < covered[t].mean() < 0.97, t
    z = np.array(standardised)
    assert np.mean(z**2) == pytest.approx(1.0, abs=0.03)
    assert abs(np.mean(z[1:] * z[:-1])) < 0.02
