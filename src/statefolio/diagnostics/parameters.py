"""How many numbers a covariance asks for, and how many a factor model asks for instead."""

from typing import Any, NamedTuple

from statefolio._options import is_whole
from statefolio.exceptions import InputError


class ParameterCount(NamedTuple):
    """Free numbers in the covariance of n assets: n (n + 1) / 2, and with m factors n m + m (m + 1) / 2 + n."""

    full_covariance: int
    factor_model: int


def parameter_count(n: int, m: int) -> ParameterCount:
    """Count the free numbers in a full covariance and in a factor model of it.

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
        If n is not a whole number above zero, or m not one of zero or more.

    Examples
    --------
    >>> parameter_count(1000, 10)
    ParameterCount(full_covariance=500500, factor_model=11055)
    """
    assets, factors = _whole(n, "n", 1), _whole(m, "m", 0)
    return ParameterCount(assets * (assets + 1) // 2, assets * factors + factors * (factors + 1) // 2 + assets)


def _whole(value: Any, name: str, least: int) -> int:
    if not is_whole(value) or value < least:
        raise InputError(f"{name}={value!r}; a whole number of at least {least} was expected. Pass e.g. {name}=10.")
    return int(value)
