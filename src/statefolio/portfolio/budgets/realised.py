"""Measures realised risk contributions over a window of dates, and their sampling error."""

import numpy as np

from statefolio._arrays.types import Array

_STILL = 1e-30


def realised_shares(earned: Array) -> tuple[Array, Array]:
    """Shares of the variance over a window, and their covariance.

    Let c_it be the return contribution of asset or group i on date t, and p_t = sum_i c_it the portfolio's return. The
    share of i is cov(c_i, p) / var(p): the slope of the least-squares regression of c_i on p. Shares sum to one; each
    may be negative. Their errors are those of that regression: date t has the influence

        psi_it = u_it p_t / (S sqrt(1 - h_t))        u_it = c_it - share_i p_t (means removed)      S = sum p_t^2

    and the covariance is sum psi psi', which is unbiased if u has the same covariance on all dates and consistent if it
    does not (h_t = 1/n + p_t^2 / S, the leverage). Its rows sum to zero, as shares sum to one.

    Parameters
    ----------
    earned : (n, L) array
        c, by date and asset or group.

    Returns
    -------
    shares : (L,) array
        NaN if the portfolio's return is the same on all dates.
    covariance : (L, L) array

    References
    ----------
    MacKinnon and White (1985), Some Heteroskedasticity-Consistent Covariance Matrix Estimators, HC2.
    """
    centred = earned - earned.mean(axis=0)
    whole = centred.sum(axis=1)
    total = float(whole @ whole)
    count, lines = earned.shape
    if not total > _STILL:
        return np.full(lines, np.nan), np.full((lines, lines), np.nan)
    shares: Array = whole @ centred / total
    residual = centred - np.outer(whole, shares)
    leverage = 1.0 / count + whole**2 / total
    influence = residual * (whole / (total * np.sqrt(np.maximum(1.0 - leverage, 1.0 / count**2))))[:, None]
    return shares, influence.T @ influence


def shrink_to_full_rank(covariance: Array, dates: int) -> Array:
    """Shrink a covariance of shares from few dates to full rank; its diagonal changes little.

    The target has independent errors that sum to zero. With at least twice as many dates as shares nothing is shrunk.
    """
    lines = len(covariance)
    intensity = max(0.0, 1.0 - dates / (2.0 * (lines - 1))) if lines > 2 else 0.0
    if intensity == 0.0:
        return covariance
    variance = np.diag(covariance)
    common = variance.sum() / (lines * (lines - 1))
    own = np.maximum(variance - common, 0.01 * common) * lines / (lines - 2)
    centre = np.eye(lines) - 1.0 / lines
    filled: Array = (1.0 - intensity) * covariance + intensity * (centre * own) @ centre
    return filled
