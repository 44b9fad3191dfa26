"""Means that loadings revert to: those of least squares, shrunk towards the panel's (empirical Bayes).

With b_ij the loading j of asset i by least squares over its n_i dates, the mean it reverts to is

    m_ij = c_j + s_ij (b_ij - c_j),      s_ij = tau_j^2 / (tau_j^2 + v_ij),

where c_j is the median of b_ij over the panel, and tau_j^2 the variance of the means across assets: with it, the mean
of (b_ij - c_j)^2 / (tau_j^2 + v_ij), each capped at 9, is 1 (Paule and Mandel 1982, Journal of Research of the National
Bureau of Standards 87). v_ij, the variance of b_ij about the mean, is that of least squares plus that of the average
over n dates of an autoregression about the mean,

    Q_ij/(1 - phi_j^2) 2 (x - 1 + exp(-x))/x^2,      x = n_i (1 - phi_j).

An asset that was hardly observed has the panel's median. (Efron and Morris 1975, Journal of the American Statistical
Association 70; Vasicek 1973, Journal of Finance 28, for betas.)
"""

import numpy as np

from statefolio.kalman.ordinary_least_squares import OLSFit
from statefolio.kalman.specification import Floats

_MOST = 9.0  # of a squared distance over its variance
_STEPS = 60


def shrunk_means(ols: OLSFit, state_variance: Floats, phi: Floats) -> Floats:
    """Return the means (K, N + 1) from least squares; the last is for an asset not seen yet.

    Parameters
    ----------
    ols : OLSFit
        N + 1 columns; NaN variances for assets that have no part in what the panel shares.
    state_variance : (K, N + 1) array
        Variance of each loading's step.
    phi : (K,) array
        Persistence.
    """
    known = np.isfinite(ols.variance)
    variance = ols.variance + _variance_of_average(state_variance, phi[:, None], ols.observations)
    means = np.zeros(ols.mean.shape)
    for j, seen in enumerate(known):
        if not seen.any():
            continue
        b, v = ols.mean[j, seen], variance[j, seen]
        means[j] = centre = np.median(b)
        between = _variance_between((b - centre) ** 2, v)
        means[j, seen] += np.where(v > 0.0, between / np.where(v > 0.0, between + v, 1.0), 1.0) * (b - centre)
    return means


def _variance_between(squares: Floats, variance: Floats) -> float:
    """Return the variance of true values from squared distances to their centre, and the variances of their errors."""
    least, most = 0.0, float(squares.max())
    for _ in range(_STEPS):
        middle = 0.5 * (least + most)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.nanmean(np.minimum(squares / (middle + variance), _MOST)) if most > 0.0 else 0.0
        least, most = (middle, most) if found > 1.0 else (least, middle)
    return most


def _variance_of_average(state_variance: Floats, phi: Floats, observations: Floats) -> Floats:
    """Return the variance of the average of a stationary loading over an asset's dates; infinite for a random walk."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.maximum(observations * (1.0 - phi), 1e-6)
        share = 2.0 * (x + np.expm1(-x)) / x**2
        return np.where(phi < 1.0, state_variance / (1.0 - phi**2) * share, np.inf)
