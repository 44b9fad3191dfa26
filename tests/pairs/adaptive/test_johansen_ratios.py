"""Ratios from Johansen's first vector against statsmodels."""

import numpy as np
import pytest
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from statefolio.pairs.adaptive.johansen_ratios import johansen_ratios


def walks(seed, k=3, dates=300):
    return 30.0 + np.cumsum(0.3 * np.random.default_rng(seed).normal(size=(dates, k)), axis=0)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_ratios_are_those_of_statsmodels(k):
    for seed in range(5):
        prices = walks(seed, k)
        w = coint_johansen(prices, 0, 1).evec[:, 0]
        np.testing.assert_allclose(johansen_ratios(prices), -w[1:] / w[0], rtol=1e-8)
