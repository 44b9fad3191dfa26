import numpy as np
import pandas as pd

from statefolio.diagnostics.estimation.shrinkage import FOLDS, best_shrinkage

NAMES = pd.Index(["alpha", "x", "y"])


def draw():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(200), rng.standard_normal((200, 2))])
    Y = X @ rng.normal(0.5, 0.15, (3, 6)) + rng.standard_normal((200, 6))
    Y[rng.random(Y.shape) < 0.1] = np.nan
    return X, Y


def gained(X, Y, shrinkage):
    """Gain in held-out log-likelihood per return by shrinkage (K,), asset by asset and fold by fold."""
    fold = np.arange(200) // 10 % FOLDS
    total, count = 0.0, 0
    for k in range(FOLDS):
        fits = []
        for y in Y.T:
            rows = (fold != k) & ~np.isnan(y)
            b = np.linalg.lstsq(X[rows], y[rows], rcond=None)[0]
            fits.append((b, ((y[rows] - X[rows] @ b) ** 2).sum() / (rows.sum() - 3)))
        mean = np.mean([b for b, _ in fits], axis=0)
        for y, (b, v) in zip(Y.T, fits, strict=True):
            rows = (fold == k) & ~np.isnan(y)
            moved = b - shrinkage * (b - mean)
            before, after = (((y[rows] - X[rows] @ c) ** 2).sum() / v for c in (b, moved))
            total, count = total + 0.5 * (before - after), count + rows.sum()
    return total / count


def test_the_curve_is_what_held_out_blocks_gain():
    X, Y = draw()
    curve = best_shrinkage(Y, X, 10).curve(NAMES)
    for s in (0.25, 0.5, 1.0):
        np.testing.assert_allclose(curve.loc[s, "all"], 1e4 * gained(X, Y, np.array([0.0, s, s])), rtol=1e-8)
        np.testing.assert_allclose(curve.loc[s, "y"], 1e4 * gained(X, Y, np.array([0.0, 0.0, s])), rtol=1e-8)


def test_best_shrinkage_maximises_the_curve():
    X, Y = draw()
    found = best_shrinkage(Y, X, 10)
    curve = found.curve(NAMES, 10_001)
    np.testing.assert_allclose([found.common, *found.separate], curve.idxmax(), atol=1e-4)
    assert 0.01 < found.common < 0.99
