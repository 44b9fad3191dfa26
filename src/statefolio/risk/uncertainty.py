"""Computes the variance that the uncertainty of the loadings adds to each asset."""

import numpy as np

from statefolio._arrays.types import Array


def loading_uncertainty(
    covariance: Array, factor_covariance: Array, factor_mean: Array, intercept: bool = True
) -> Array:
    """Variance of (beta - b)'x for independent beta and x, where b is the mean of beta: trace(P M), by asset.

    Parameters
    ----------
    covariance : (N, J, J) array
        P_i, covariance of the loadings (alpha included) on the next date; J = K + 1 with an intercept, else K.
    factor_covariance : (K, K) array
        Omega, covariance of the factors' next return around its forecast.
    factor_mean : (K,) array
        mu, the forecast.
    intercept : bool
        x = (1, f), so that M = [[1, mu'], [mu, Omega + mu mu']]; otherwise x = f and M = Omega + mu mu'.

    Returns
    -------
    (N,) array
        The diagonal of U. With one filter per asset, the errors of different assets' loadings are independent given
        the factors, so U is diagonal.
    """
    M = second_moment(factor_covariance, factor_mean, intercept)
    added: Array = np.einsum("njk,jk->n", covariance, M)
    return added


def second_moment(factor_covariance: Array, factor_mean: Array, intercept: bool = True) -> Array:
    """M = E[x x'] of the regressors on the next date."""
    if not intercept:
        return factor_covariance + np.outer(factor_mean, factor_mean)
    x = np.concatenate([[1.0], factor_mean])
    moment: Array = np.outer(x, x)
    moment[1:, 1:] += factor_covariance
    return moment
