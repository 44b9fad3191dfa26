import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.risk.residual_correlation import residual_correlation_test


def residuals(common=0.0, dates=250, assets=20, seed=0):
    """Fat tails, a volatility that all share, gaps and a late listing; `common` is the correlation."""
    rng = np.random.default_rng(seed)
    level = np.exp(0.5 * rng.normal(size=(dates, 1)))
    values = np.sqrt(common) * rng.normal(size=(dates, 1)) + np.sqrt(1 - common) * rng.standard_t(5, (dates, assets))
    values *= level
    values[rng.random(values.shape) < 0.1] = np.nan
    values[:120, 3] = np.nan
    index = pd.bdate_range("2015-01-01", periods=dates, name="date")
    return pd.DataFrame(values, index=index, columns=[f"A{i}" for i in range(assets)])


def test_statistics_are_those_of_pairs():
    data = residuals(0.2, assets=6)
    values = data.to_numpy()
    expected = np.eye(6)
    for i in range(6):
        for j in range(i):
            both = ~np.isnan(values[:, i]) & ~np.isnan(values[:, j])
            x, y = values[both, i], values[both, j]
            expected[i, j] = expected[j, i] = x @ y / np.sqrt((x @ x) * (y @ y))
    found = residual_correlation_test(data, draws=3)
    np.testing.assert_allclose(
        found.mean_absolute_correlation, np.abs(expected[np.tril_indices(6, -1)]).mean(), rtol=1e-12
    )
    np.testing.assert_allclose(found.largest_eigenvalue, np.linalg.eigvalsh(expected)[-1], rtol=1e-12)


def test_keeps_its_level_under_common_volatility_and_gaps():
    """100 panels of uncorrelated residuals: rejections at 10 % stay within four standard errors."""
    p_values = np.array(
        [
            (found.mean_absolute_p_value, found.largest_eigenvalue_p_value)
            for found in (residual_correlation_test(residuals(seed=s, assets=8), 49, s) for s in range(100))
        ]
    )
    share = (p_values <= 0.1).mean(axis=0)
    assert np.all(np.abs(share - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 100))
    assert np.all(np.abs(p_values.mean(axis=0) - 0.5) < 0.1)


def test_finds_a_planted_correlation():
    found = residual_correlation_test(residuals(0.25))
    assert found.mean_absolute_p_value == found.largest_eigenvalue_p_value == 1 / 200
    assert found.null.shape == (199, 2)


def test_permuting_assets_changes_no_statistic():
    data = residuals(0.1)
    first, second = (residual_correlation_test(x, draws=3) for x in (data, data[data.columns[::-1]]))
    assert first.mean_absolute_correlation == pytest.approx(second.mean_absolute_correlation, rel=1e-12)
    assert first.largest_eigenvalue == pytest.approx(second.largest_eigenvalue, rel=1e-12)


def test_leaves_out_assets_with_few_residuals_and_refuses_one_alone():
    data = residuals()
    data.iloc[50:, 0] = np.nan
    assert "A0" not in residual_correlation_test(data, draws=3).assets
    with pytest.raises(InputError, match="1 assets with 60"):
        residual_correlation_test(data[["A1"]])
    with pytest.raises(InputError, match="draws=0"):
        residual_correlation_test(data, draws=0)
    with pytest.raises(InputError, match=r"draws=2\.5"):
        residual_correlation_test(data, draws=2.5)
    with pytest.raises(DataTypeError, match="ndarray"):
        residual_correlation_test(data.to_numpy())
    with pytest.raises(InputError, match="infinite"):
        residual_correlation_test(data.replace(data.iloc[0, 0], np.inf))
