"""P-values of unit-root tests against statsmodels, the ends of the surfaces among them."""

import numpy as np
import pytest
from statsmodels.tsa.adfvalues import mackinnonp

from statefolio.pairs.cointegration.mackinnon import p_values


@pytest.mark.parametrize("series", [1, 2, 3, 6])
def test_they_are_statsmodels(series: int) -> None:
    statistics = np.linspace(-30.0, 6.0, 721)
    theirs = [mackinnonp(each, regression="c", N=series) for each in statistics]
    found = p_values(statistics, series)
    np.testing.assert_allclose(found, theirs, rtol=1e-12, atol=1e-300)
    assert (found[0], found[-1]) == (0.0, 1.0)
    assert np.isnan(p_values(np.array([np.nan]), series)).all()
