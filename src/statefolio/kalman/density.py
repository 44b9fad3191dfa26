"""Log densities of innovations, summed without one logarithm per date.

A sum of logarithms is the logarithm of a product. The exponent of the product is stored apart from its mantissa and
extracted every fourth date, so that the product never overflows. The Gaussian and the Student-t density need no more.
"""

import math
from typing import NamedTuple

from statefolio.kalman.allocation import scratch
from statefolio.kalman.lanes import compiled, exponent, inner, mantissa, select, spread
from statefolio.kalman.specification import DISCOUNT, Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

LOG_2PI = math.log(2.0 * math.pi)
LOG_2 = math.log(2.0)
_EVERY = 4
_LEAST, _MOST = 1e-75, 1e75  # factors are clipped to these, so that four of them fit into a double


@inner
def multiply_in(t, product, ok, value):
    """Multiply a running product by the positive value of date t, in the lanes where `ok`."""
    value = select(value > _LEAST, value, _LEAST)
    value = select(value < _MOST, value, _MOST)
    grown = product[0] * select(ok, value, 1.0)
    if t % _EVERY == 0:
        product[1] += exponent(grown)
        grown = mantissa(grown)
    product[0] = grown


@inner
def log(value):
    """Return the natural logarithm of positive lanes, accurate to the last digit or two."""
    m, e = mantissa(value), exponent(value)
    large = m > 1.4142135623730951
    m, e = select(large, m * 0.5, m), select(large, e + 1.0, e)
    s = (m - 1.0) / (m + 1.0)
    s2 = s * s
    series = spread(1.0 / 23.0)
    for n in range(10, -1, -1):
        series = series * s2 + 1.0 / (2 * n + 1)
    return 2.0 * s * series + e * LOG_2


@inner
def log_of_product(product):
    """Return the logarithm of a running product."""
    return log(product[0]) + LOG_2 * product[1]


@compiled
def student_constant(nu):
    """Return the log density at zero of a Student-t with variance one; of a Gaussian where nu is infinite."""
    if nu > 1e300:
        return -0.5 * LOG_2PI
    return math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu) - 0.5 * math.log((nu - 2.0) * math.pi)


@inner
def conjugate_slope(u, n):
    """Return the derivative of `conjugate_log_density` by n."""
    z2 = (2.0 / n) * (2.0 / n)
    series = 1.0 / 8.0 - z2 * (3.0 / 192.0 - z2 * (5.0 / 640.0 - z2 * (7.0 * 17.0 / 14336.0)))
    return 0.5 * z2 * series - 0.5 * log(1.0 + u / n) + 0.5 * (n + 1.0) * u / (n * (n + u))


@inner
def conjugate_log_density(S, u, n):
    """Return the log density of a Student-t, n degrees of freedom, squared scale S, at v^2/S = u.

    See West and Harrison, section 4.5.

    The ratio of gamma functions is its asymptotic series (Tricomi and Erdelyi 1951), exact to 1e-9 for n >= 9.
    """
    z = 2.0 / n
    z2 = z * z
    series = z * (1.0 / 8.0 - z2 * (1.0 / 192.0 - z2 * (1.0 / 640.0 - z2 * (17.0 / 14336.0))))
    return -0.5 * LOG_2PI - series - 0.5 * log(S) - 0.5 * (n + 1.0) * log(1.0 + u / n)


class Sums(NamedTuple):
    """Running sums and products of the log-likelihoods of a block."""

    sizes: Floats  # (2, W) product of `unit` times innovation variances
    tails: Floats  # (2, W) product of 1 + u / (nu - 2)
    quadratic: Floats  # (W,) terms that are added date by date
    unit: float  # 1 / density(0)^2 of an innovation of variance one: 2 pi for a Gaussian


@compiled
def new_sums(tails):
    """Allocate the sums of one block."""
    unit = math.exp(-2.0 * student_constant(tails))
    return Sums(scratch(2), scratch(2), scratch(1)[0], unit)


@inner
def reset_sums(sums):
    """Reset the sums to those of no observation."""
    sums.sizes[0], sums.sizes[1] = 1.0, 0.0
    sums.tails[0], sums.tails[1] = 1.0, 0.0
    sums.quadratic[:] = 0.0


@inner
def add_density(spec, t, ok, scale, u, worth, sums):
    """Add the log densities of date t's innovations with squared scale (variance, if not conjugate) `scale`."""
    if spec.noise == DISCOUNT:
        found = conjugate_log_density(scale, u, spec.memory * worth[:])
        sums.quadratic[:] += select(ok, found, 0.0)
        return
    multiply_in(t, sums.sizes, ok, scale * sums.unit)
    if spec.tails < 1e300:
        multiply_in(t, sums.tails, ok, 1.0 + u * (1.0 / (spec.tails - 2.0)))
    else:
        sums.quadratic[:] -= select(ok, 0.5 * u, 0.0)


@inner
def total_density(spec, sums, a, log_likelihood):
    """Add the totals to the log-likelihoods; NaN where the state a ended as NaN."""
    total = sums.quadratic[:] + 0.0 * a[0] - 0.5 * log_of_product(sums.sizes)
    if spec.tails < 1e300:
        total -= 0.5 * (spec.tails + 1.0) * log_of_product(sums.tails)
    log_likelihood[:] += total
