import numpy as np
import pytest
from scipy import stats
from statsmodels.multivariate.multivariate_ols import _MultivariateOLS

from statefolio.diagnostics.least_squares import least_squares
from statefolio.diagnostics.specification.alphas import gibbons_ross_shanken, mean_squared_t


def draw(rng, assets=10, dates=150, alpha=0.0, gaps=False):
    """Errors that are correlated across assets."""
    F = rng.normal(0.05, 1.0, (dates, 2))
    E = rng.standard_normal((dates, assets)) + 0.8 * rng.standard_normal((dates, 1))
    Y = F @ rng.normal(1.0, 0.5, (2, assets)) + E + rng.normal(0.0, alpha, assets)
    if gaps:
        Y[rng.random(Y.shape) < 0.1] = np.nan
        Y[: dates // 3, ::4] = np.nan
    return Y, F


def test_exact_test_against_hotelling_in_statsmodels():
    rng = np.random.default_rng(0)
    Y, F = draw(rng, alpha=0.1)
    found = gibbons_ross_shanken(Y, F)
    X = np.column_stack([np.ones(len(F)), F])
    theirs = _MultivariateOLS(Y, X).fit().mv_test([("alpha", np.array([[1.0, 0.0, 0.0]]))])
    row = theirs.results["alpha"]["stat"].loc["Wilks' lambda"]
    np.testing.assert_allclose(
        [found.statistic, found.p_value], [float(row["F Value"]), float(row["Pr > F"])], rtol=1e-9
    )


def test_one_asset_is_its_squared_t():
    rng = np.random.default_rng(1)
    Y, F = draw(rng, assets=1)
    fit = least_squares(Y, np.column_stack([np.ones(len(F)), F]))
    t = fit.loadings[0, 0] / fit.standard_error[0, 0]
    found = gibbons_ross_shanken(Y, F)
    np.testing.assert_allclose(found.statistic, t**2, rtol=1e-10)
    np.testing.assert_allclose(found.p_value, 2 * stats.t.sf(abs(t), len(F) - 3), rtol=1e-10)


def test_exact_test_gives_a_reason_where_it_cannot_be_computed():
    rng = np.random.default_rng(2)
    Y, F = draw(rng, assets=40, dates=42)
    found = gibbons_ross_shanken(Y, F)
    assert np.isnan([found.statistic, found.p_value]).all()
    assert found.reason == "40 assets share 42 dates, and at least 43 are needed"
    Y, F = draw(rng, assets=3)
    Y[:, 2] = Y[:, 1] + Y[:, 0]
    Y[100:, 0] = np.nan
    assert gibbons_ross_shanken(Y[:, :2], F).dates == 100


def test_mean_squared_t_against_regressing_every_bootstrap_panel():
    rng = np.random.default_rng(3)
    Y, F = draw(rng, gaps=True, alpha=0.2)
    X = np.column_stack([np.ones(len(F)), F])
    found = mean_squared_t(Y, X, least_squares(Y, X), 10, 3, np.random.default_rng(5))
    signs = np.random.default_rng(5).integers(0, 2, (3, 15)) * 2.0 - 1.0

    def statistic(panel):
        squares = []
        for column in panel.T:
            rows = ~np.isnan(column)
            b, rss, _, _ = np.linalg.lstsq(X[rows], column[rows], rcond=None)
            variance = rss[0] / (rows.sum() - 3) * np.linalg.inv(X[rows].T @ X[rows])[0, 0]
            squares.append(b[0] ** 2 / variance)
        return np.mean(squares)

    np.testing.assert_allclose(found.statistic, statistic(Y), rtol=1e-10)
    restricted = np.full(Y.shape, np.nan)
    for i, column in enumerate(Y.T):
        rows = ~np.isnan(column)
        restricted[rows, i] = column[rows] - F[rows] @ np.linalg.lstsq(F[rows], column[rows], rcond=None)[0]
    turned = [statistic(restricted * np.repeat(row, 10)[:, None]) for row in signs]
    np.testing.assert_allclose(found.null, turned, rtol=1e-9)


@pytest.mark.parametrize("case", ["exact", "more assets than dates, with gaps"])
def test_size_and_power(case):
    exact = case == "exact"
    rejected = {0.0: [], 0.25: []}
    for alpha, found in rejected.items():
        for seed in range(250 if alpha == 0.0 else 40):
            rng = np.random.default_rng([12, seed])
            Y, F = draw(rng, alpha=alpha) if exact else draw(rng, assets=80, dates=75, alpha=alpha, gaps=True)
            X = np.column_stack([np.ones(len(F)), F])
            p = (
                gibbons_ross_shanken(Y, F).p_value
                if exact
                else mean_squared_t(Y, X, least_squares(Y, X), 5, 99, rng).p_value
            )
            found.append(p <= 0.05)
    assert 0.015 <= np.mean(rejected[0.0]) <= 0.095
    assert np.mean(rejected[0.25]) >= 0.6


def test_no_exact_test_with_an_asset_made_of_others():
    Y, F = draw(np.random.default_rng(8), assets=3)
    Y[:, 2] = Y[:, 0] + 2.0 * Y[:, 1]
    found = gibbons_ross_shanken(Y, F)
    assert np.isnan(found.statistic)
    assert found.reason.startswith("factors or residuals are linearly dependent")
