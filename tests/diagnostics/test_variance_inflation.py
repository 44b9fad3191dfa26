import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from statefolio.diagnostics.variance_inflation import (
    condition_indices,
    condition_number,
    through_time,
    variance_inflation,
)


@pytest.fixture
def longley():
    return sm.datasets.longley.load_pandas().exog


def test_published_inflation_of_longley(longley):
    """135.53, 1788.51, 33.62, 3.59, 399.15, 758.98: the figures of R's and SAS's manuals, and statsmodels'."""
    found = variance_inflation(longley.to_numpy())
    np.testing.assert_allclose(found, [135.53244, 1788.51348, 33.61889, 3.58893, 399.15102, 758.98060], rtol=1e-6)
    X = sm.add_constant(longley).to_numpy()
    np.testing.assert_allclose(found, [variance_inflation_factor(X, i) for i in range(1, 7)], rtol=1e-6)


def test_published_condition_indices_of_longley(longley):
    """Belsley, Kuh and Welsch (1980), section 3.2: 1, 9.14, 12.26, 25.34, 230.42, 1048.08, 43275."""
    X = sm.add_constant(longley).to_numpy()
    indices, shares = condition_indices(X)
    np.testing.assert_allclose(indices, [1.0, 9.14, 12.26, 25.34, 230.42, 1048.08, 43275.0], rtol=5e-4)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert condition_number(X) == pytest.approx(indices[-1])
    np.testing.assert_allclose(condition_number(X), np.linalg.cond(X / np.linalg.norm(X, axis=0)), rtol=1e-6)


def test_shares_against_the_textbook(longley):
    X = sm.add_constant(longley).to_numpy()[:, :5]
    scaled = X / np.linalg.norm(X, axis=0)
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    parts = (vectors**2 / values).T[::-1]
    np.testing.assert_allclose(condition_indices(X)[1], parts / parts.sum(axis=0), rtol=1e-5)


def test_units_change_nothing(longley):
    x = longley.to_numpy()
    np.testing.assert_allclose(variance_inflation(x * 10.0 ** np.arange(6)), variance_inflation(x), rtol=1e-6)


def test_exact_dependence_is_infinite():
    x = np.random.default_rng(0).standard_normal((100, 3))
    dependent = np.column_stack([x, x[:, 0] + x[:, 1]])
    found = variance_inflation(dependent)
    assert np.isinf(found[[0, 1, 3]]).all()
    assert found[2] < 1.5
    indices, shares = condition_indices(dependent)
    assert np.isinf(indices[-1])
    assert (shares[-1][[0, 1, 3]] > 0.99).all()
    assert np.isinf(condition_number(dependent))
    still = np.column_stack([x, np.full(100, 0.3)])
    assert np.isinf(variance_inflation(still)[3])


def test_through_time_is_each_window_alone():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 3)).cumsum(axis=0)
    dates = pd.bdate_range("2020-01-01", periods=300)
    path, condition = through_time(x, dates, pd.Index(["a", "b", "c"]), 100, 30)
    assert list(path.index) == list(dates[[119, 149, 179, 209, 239, 269, 299]])
    window = x[110:210]
    np.testing.assert_allclose(path.loc[dates[209], ["a", "b", "c"]], variance_inflation(window))
    constant = np.column_stack([np.ones(100), window])
    np.testing.assert_allclose(condition.loc[dates[209], "condition_number"], condition_number(constant))
