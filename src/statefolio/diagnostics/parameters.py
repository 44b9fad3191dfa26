"""Counts the free parameters of a covariance and of a factor model of it."""

from typing import NamedTuple

from statefolio._options import Whole, check


class ParameterCount(NamedTuple):
    """Free parameters in the covariance of n assets: n (n + 1) / 2, and with m factors n m + m (m + 1) / 2 + n.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.diagnostics.parameter_count(500, 6).factor_model
    3521
    """

    full_covariance: int
    factor_model: int


def parameter_count(n: int, m: int) -> ParameterCount:
    """Count the free parameters of a full covariance and of a factor model of it.

    Parameters
    ----------
    n, m : int
        Assets and factors.

    Returns
    -------
    ParameterCount
        `full_covariance` and `factor_model`: loadings, factor covariance and residual variances.

    Raises
    ------
    InputError
        If n is not a whole number of at least 1, or m not one of at least 0.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.diagnostics.parameter_count(1000, 10)
    ParameterCount(full_covariance=500500, factor_model=11055)
    """
    check("n", n, Whole(at_least=1, example=1000))
    check("m", m, Whole(at_least=0, example=10))
    assets, factors = int(n), int(m)
    return ParameterCount(assets * (assets + 1) // 2, assets * factors + factors * (factors + 1) // 2 + assets)
