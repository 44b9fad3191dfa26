import numpy as np
import pytest

from statefolio.diagnostics.blocks import block_starts, p_value
from statefolio.diagnostics.least_squares import least_squares
from statefolio.diagnostics.specification.jackknife import jackknife_residuals
from statefolio.diagnostics.specification.residual_component import (
    first_component,
    sector_table,
    sector_test,
    share_between,
)
from statefolio.diagnostics.specification.residual_correlation import (
    LEAST_OVERLAP,
    correlation_null,
    largest_eigenvalue,
    marchenko_pastur_edge,
    project,
)


def draw(rng, assets=25, dates=160, missing=0.0, gaps=True):
    """Fat tails, a volatility shared with the factor, gaps, late listings, and optionally a missing factor."""
    level = np.exp(0.4 * np.sin(np.arange(dates) / 15.0))[:, None]
    X = np.column_stack([np.ones(dates), rng.standard_normal((dates, 2)) * level])
    E = rng.standard_t(5, (dates, assets)) * level + missing * rng.standard_normal((dates, 1)) * level
    Y = X @ rng.normal(1.0, 0.5, (3, assets)) + E
    if gaps:
        Y[rng.random(Y.shape) < 0.1] = np.nan
        Y[: dates // 3, ::6] = np.nan
    return Y, X


def null_of(Y, X, rng, replications=19):
    fit = least_squares(Y, X)
    before = jackknife_residuals(fit, X, block_starts(len(Y), 10))
    return correlation_null(project(fit.residuals, X, before), 10, replications, rng), fit.residuals


def test_statistics_against_plain_correlations():
    rng = np.random.default_rng(0)
    Y, X = draw(rng, gaps=False)
    null, E = null_of(Y, X, rng, 1)
    plain = np.corrcoef(E.T)
    np.testing.assert_allclose(null.correlation, plain, atol=1e-5)
    np.testing.assert_allclose(null.largest, np.linalg.eigvalsh(plain)[-1], rtol=1e-5)
    np.testing.assert_allclose(null.mean_absolute, np.abs(plain[np.tril_indices(25, -1)]).mean(), rtol=1e-5)


def test_statistics_with_gaps_pair_by_pair():
    rng = np.random.default_rng(1)
    Y, X = draw(rng)
    Y[60:, 3] = np.nan
    Y[:80, 4] = np.nan  # shares no date with the one before
    null, E = null_of(Y, X, rng, 1)
    absolute = []
    for i in range(25):
        for j in range(i):
            both = ~np.isnan(E[:, i] * E[:, j])
            product = (E[both, i] * E[both, j]).sum()
            whole = product / np.sqrt(np.nansum(E[:, i] ** 2) * np.nansum(E[:, j] ** 2))
            np.testing.assert_allclose(null.correlation[i, j], whole, atol=1e-5)
            if both.sum() >= LEAST_OVERLAP:
                deviation = np.sqrt(np.nanmean(E[:, i] ** 2) * np.nanmean(E[:, j] ** 2))
                absolute.append(abs(product / both.sum() / deviation))
    assert len(absolute) < 25 * 24 / 2
    np.testing.assert_allclose(null.mean_absolute, np.mean(absolute), rtol=1e-5)


def test_scale_and_order_of_assets_change_no_statistic():
    rng = np.random.default_rng(2)
    Y, X = draw(rng)
    order = rng.permutation(25)
    first, second = null_of(Y, X, rng, 1)[0], null_of((Y * np.arange(1, 26))[:, order], 100.0 * X, rng, 1)[0]
    np.testing.assert_allclose(second.largest, first.largest, rtol=1e-4)
    np.testing.assert_allclose(second.mean_absolute, first.mean_absolute, rtol=1e-4)


def test_largest_eigenvalue_of_many_assets():
    x = np.random.default_rng(3).standard_normal((300, 120))
    matrix = x.T @ x
    np.testing.assert_allclose(largest_eigenvalue(matrix), np.linalg.eigvalsh(matrix)[-1], rtol=1e-4)


def test_edge_bounds_the_eigenvalues_of_large_noise():
    x = np.random.default_rng(4).standard_normal((2000, 500))
    np.testing.assert_allclose(marchenko_pastur_edge(500, 2000), np.linalg.eigvalsh(x.T @ x / 2000)[-1], rtol=0.02)


@pytest.mark.parametrize(("missing", "least", "most"), [(0.0, 0.0, 0.10), (0.5, 0.9, 1.0)])
def test_size_and_power(missing, least, most):
    """Two hundred panels without correlation, and forty whose residuals share 20 % of their variance."""
    panels = 200 if missing == 0.0 else 40
    rejected = np.zeros(2)
    for seed in range(panels):
        rng = np.random.default_rng([11, seed])
        null, _ = null_of(*draw(rng, missing=missing), rng)
        rejected[0] += p_value(null.largest, null.null_largest) <= 0.05
        rejected[1] += p_value(null.mean_absolute, null.null_mean_absolute) <= 0.05
    assert ((rejected / panels >= least) & (rejected / panels <= most)).all(), rejected


def test_the_component_against_a_plain_decomposition():
    rng = np.random.default_rng(5)
    E = rng.standard_normal((400, 12)) + np.outer(rng.standard_normal(400), np.repeat([1.0, -1.0, 0.0], 4))
    component = first_component(np.corrcoef(E.T))
    z = (E - E.mean(axis=0)) / E.std(axis=0)
    scores = z @ component.loadings
    np.testing.assert_allclose([np.corrcoef(scores, column)[0, 1] for column in z.T], component.loadings, atol=1e-10)
    np.testing.assert_allclose(component.share, (component.loadings**2).mean(), rtol=1e-12)


def test_sectors_of_the_component():
    import pandas as pd

    rng = np.random.default_rng(6)
    E = rng.standard_normal((400, 12)) + 1.5 * np.outer(rng.standard_normal(400), np.repeat([1.0, -0.6, 0.0], 4))
    component = first_component(np.corrcoef(E.T))
    sectors = pd.Series(np.repeat(["tech", "oil", "food"], 4), index=[f"A{i}" for i in range(12)])
    table = sector_table(component, sectors)
    assert list(table.index) == ["tech", "oil", "food"]
    np.testing.assert_allclose(table.share_of_component.sum(), 1.0)
    np.testing.assert_allclose(table.loc["oil", "mean_loading"], component.loadings[4:8].mean())
    codes = np.repeat([0, 1, 2], 4)
    share, p = sector_test(component.loadings, codes, 199, rng)
    means = np.repeat(component.loadings.reshape(3, 4).mean(axis=1), 4)
    np.testing.assert_allclose(share, means.var() / component.loadings.var())
    assert p == 1 / 200
    assert share_between(component.loadings, np.arange(12) % 4) < 0.2
    assert sector_test(component.loadings, np.arange(12) % 4, 199, rng)[1] > 0.05
