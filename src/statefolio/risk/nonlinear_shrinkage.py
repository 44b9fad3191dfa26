"""Shrinks the eigenvalues of a sample covariance by the quadratic-inverse formula of Ledoit and Wolf."""

import numpy as np

from statefolio._arrays.types import Array

_NEGLIGIBLE = 1e-12


def quadratic_shrinkage(sample: Array, observations: float) -> Array:
    """Shrink a sample covariance or correlation matrix non-linearly (QIS).

    Each sample eigenvalue moves towards the others near it. With p assets, n dates, c = p / n, inverse eigenvalues
    l_i, and the smoothing parameter h = min(c^2, c^-2)^.35 p^-.35,

        theta_i = mean_j l_j (l_j - l_i) / ((l_j - l_i)^2 + h^2 l_j^2)
        H_i     = mean_j l_j^2 h / ((l_j - l_i)^2 + h^2 l_j^2)
        1 / d_i = l_i ((1 - c)^2 + 2 c (1 - c) theta_i + c^2 (theta_i^2 + H_i^2))

    and where n < p the p - n null eigenvalues become 1 / ((c - 1) mean l), the others 1 / (l_i (theta_i^2 + H_i^2)).
    The d_i are scaled so that the trace does not change.

    Parameters
    ----------
    sample : (p, p) array
        Symmetric; eigenvalues below zero, as those of pairwise correlations may be, count as zero.
    observations : float
        n, the number of dates, less one if their mean was subtracted. With weighted dates the effective number,
        (sum w)^2 / sum w^2.

    Returns
    -------
    (p, p) array
        Positive definite, with the trace of the sample.

    References
    ----------
    Ledoit and Wolf (2022), Quadratic shrinkage for large covariance matrices, Bernoulli 28, 1519-1547, section 4.5.
    """
    values, vectors = np.linalg.eigh(0.5 * (sample + sample.T))
    shrunk = shrink_eigenvalues(np.maximum(values, 0.0), observations)
    matrix: Array = (vectors * shrunk) @ vectors.T
    return 0.5 * (matrix + matrix.T)


def shrink_eigenvalues(values: Array, observations: float) -> Array:
    """Shrink the eigenvalues (p,) of a sample, in ascending order; see `quadratic_shrinkage`."""
    count = len(values)
    total = float(values.sum())
    if count == 0 or total <= 0.0:
        return values
    null = max(count - int(observations), int(np.count_nonzero(values <= _NEGLIGIBLE * values[-1])))
    inverse = 1.0 / values[null:]
    c = count / observations
    h = min(c**2, c**-2) ** 0.35 / count**0.35
    apart = inverse[:, None] - inverse
    weight = inverse[:, None] / (apart**2 + (h * inverse[:, None]) ** 2)
    theta, conjugate = (weight * apart).mean(axis=0), (weight * h * inverse[:, None]).mean(axis=0)
    amplitude = theta**2 + conjugate**2
    if observations > count:
        shrunk = 1.0 / (inverse * ((1.0 - c) ** 2 + 2.0 * c * (1.0 - c) * theta + c**2 * amplitude))
        shrunk = np.concatenate([np.full(null, shrunk.min()), shrunk])
    else:
        rest = 1.0 / ((max(c, (count + 1.0) / count) - 1.0) * inverse.mean())
        shrunk = np.concatenate([np.full(null, rest), 1.0 / (inverse * amplitude)])
    scaled: Array = shrunk * (total / shrunk.sum())
    return scaled
