import numpy as np

from statefolio.diagnostics.estimation.shrinkage import FOLDS, best_shrinkage
from statefolio.diagnostics.estimation.split_half import split_halves
from statefolio.diagnostics.least_squares import least_squares


def draw(rng, assets=20, dates=200, spread=0.5):
    X = np.column_stack([np.ones(dates), rng.standard_normal((dates, 2))])
    loadings = 1.0 + spread * rng.standard_normal((3, assets))
    Y = X @ loadings + rng.standard_normal((dates, assets)) + 0.7 * rng.standard_normal((dates, 1))
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[: dates // 3, ::5] = np.nan
    return Y, X


def halves_of(Y, X, rng, replications=19):
    return split_halves(Y, X, least_squares(Y, X), 10, replications, rng)


def test_halves_against_plain_regressions():
    rng = np.random.default_rng(0)
    Y, X = draw(rng, spread=0.0)
    found = halves_of(Y, X, np.random.default_rng(1), 15)
    is_odd = np.arange(200) // 10 % 2 == 0
    signs = np.repeat(np.random.default_rng(1).integers(0, 2, (15, 20)) * 2.0 - 1.0, 10, axis=1)

    def loadings(panel, half):
        rows = [half & ~np.isnan(column) for column in panel.T]
        return np.stack([np.linalg.lstsq(X[r], y[r], rcond=None)[0] for r, y in zip(rows, panel.T, strict=True)])

    odd, even = loadings(Y, is_odd), loadings(Y, ~is_odd)
    np.testing.assert_allclose(found.odd, odd, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.even, even, rtol=1e-9, atol=1e-12)
    plain = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(odd.T, even.T, strict=True)])
    np.testing.assert_allclose(found.correlation, plain, rtol=1e-9)
    positive = np.maximum(plain, 0.0)
    np.testing.assert_allclose(found.reliability, 2 * positive / (1 + positive), rtol=1e-9)
    E = least_squares(Y, X).residuals
    null = [[loadings(E * row[:, None], half) for half in (is_odd, ~is_odd)] for row in signs]
    count = np.array([[np.corrcoef(a[:, k], b[:, k])[0, 1] >= plain[k] for k in range(3)] for a, b in null]).sum(axis=0)
    np.testing.assert_allclose(found.agreement_p_value, (1 + count) / 16)


def test_squared_differences_match_classical_variances():
    rng = np.random.default_rng(2)
    found = [halves_of(*draw(rng), rng, 1).difference for _ in range(40)]
    np.testing.assert_allclose(np.mean(found), 1.0, atol=0.1)


def test_reliability_is_the_share_that_is_signal():
    """Loadings of standard deviation s, estimates of variance about 1.5 / T around them."""
    rng = np.random.default_rng(3)
    spread = np.sqrt(1.5 / 200)
    found = [halves_of(*draw(rng, assets=200, spread=spread), rng, 1).reliability[1:].mean() for _ in range(10)]
    np.testing.assert_allclose(np.mean(found), 0.5, atol=0.1)


def test_size_and_power_of_agreement():
    rejected = {0.0: [], 0.3: []}
    for spread, found in rejected.items():
        for seed in range(250 if spread == 0.0 else 40):
            rng = np.random.default_rng([13, seed])
            found.append(halves_of(*draw(rng, spread=spread), rng, 99).agreement_p_value[1] <= 0.05)
    assert 0.015 <= np.mean(rejected[0.0]) <= 0.095
    assert np.mean(rejected[0.3]) >= 0.9


def test_an_asset_that_a_half_lacks_is_left_out():
    rng = np.random.default_rng(4)
    Y, X = draw(rng)
    Y[np.arange(200) // 10 % 2 == 0, 7] = np.nan
    found = halves_of(Y, X, rng)
    assert np.isnan(found.odd[7]).all()
    assert np.isnan(found.even[7]).all()
    assert np.isfinite(found.correlation).all()
    few = halves_of(Y[:, :2], X, rng)
    assert np.isnan(few.correlation).all()
    assert np.isnan(few.agreement_p_value).all()


def test_shrinkage_against_scoring_every_fold():
    rng = np.random.default_rng(5)
    Y, X = draw(rng, spread=0.1)
    found = best_shrinkage(Y, X, 10)
    fold = np.arange(200) // 10 % FOLDS

    def gained(weights):
        total, scored = 0.0, 0
        for k in range(FOLDS):
            fits = []
            for y in Y.T:
                rows = ~np.isnan(y) & (fold != k)
                b, rss, _, _ = np.linalg.lstsq(X[rows], y[rows], rcond=None)
                fits.append((b, rss[0] / (rows.sum() - 3)))
            mean = np.mean([b for b, _ in fits], axis=0)
            for y, (b, variance) in zip(Y.T, fits, strict=True):
                rows = ~np.isnan(y) & (fold == k)
                errors = [y[rows] - X[rows] @ c for c in (b, b - weights * (b - mean))]
                total += ((errors[0] ** 2).sum() - (errors[1] ** 2).sum()) / (2 * variance)
                scored += rows.sum()
        return total / scored

    for weights in (np.array([0.0, 0.3, 0.3]), np.array([1.0, 0.0, 0.7])):
        ours = weights @ found.gradient - 0.5 * weights @ found.curvature @ weights
        np.testing.assert_allclose(ours, gained(weights), rtol=1e-8)
    grid = np.linspace(0.0, 1.0, 201)
    best = grid[np.argmax([gained(np.array([0.0, s, s])) for s in grid[::10]]) * 10]
    assert abs(found.common - best) <= 0.05


def test_best_shrinkage_is_noise_over_noise_and_signal():
    rng = np.random.default_rng(6)
    for spread, wanted in ((0.0, 1.0), (1.0, 0.0), (np.sqrt(1.49 / 0.8 / 400), 0.5)):
        found = [best_shrinkage(*draw(rng, assets=150, dates=400, spread=spread), 10).common for _ in range(6)]
        np.testing.assert_allclose(np.mean(found), wanted, atol=0.12)


def test_no_shrinkage_of_one_asset():
    Y, X = draw(np.random.default_rng(7), assets=1)
    assert np.isnan(best_shrinkage(Y, X, 10).common)
