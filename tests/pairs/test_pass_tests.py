import numpy as np
import pytest

from statefolio.pairs.cointegration.unit_root import adf_statistic
from statefolio.pairs.recipe.adaptive import tune_adaptively
from statefolio.pairs.recipe.pass_tests import full_tests, pass_spreads


def test_the_passes_that_matter(prices):
    values = prices.to_numpy()
    tuned = tune_adaptively(values)
    found = full_tests(values, tuned)
    assert tuned.collapse is not None
    assert list(found.index.unique("pass")) == [1, tuned.chosen, tuned.passes]
    assert found["p_value"].between(0.0, 1.0).all()
    for number in (1, tuned.chosen, tuned.passes):
        for spread, series in zip(("filtered", "predicted"), pass_spreads(values, tuned, number), strict=True):
            assert len(series) == np.isfinite(values).all(axis=1).sum()
            noted = tuned.trace.loc[number, f"adf_{spread}"]
            assert adf_statistic(series, 1, True) == pytest.approx(noted, rel=1e-9)
            wanted = adf_statistic(series, int(found.loc[(number, spread), "lags"]), True)
            assert found.loc[(number, spread), "statistic"] == pytest.approx(wanted, rel=1e-8)
