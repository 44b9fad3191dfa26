"""Arithmetic on sixty-four numbers equals arithmetic on each of them."""

import math

import numpy as np
import scipy.stats
from numba import njit

from statefolio.kalman.density import conjugate_log_density, log, log_of_product, multiply_in
from statefolio.kalman.lanes import WIDTH, exponent, mantissa, select, spread
from statefolio.kalman.rows import rows

compiled = njit(error_model="numpy")  # kept nowhere: the functions of the library go into it


@compiled
def _arithmetic(a, b, out):
    x, y, found = rows(a)[:], rows(b)[:], rows(out)
    found[0] = (x + y) * 2.0 - x / y
    positive = (x > 0.0) & (y <= 1.0)
    found[1] = select(positive, x, -1.0)
    x += 1
    x *= y
    found[2] = x
    found[3] = spread(3.0)
    found[4] = select(y == y, y, 0.0)


def test_arithmetic_and_choice_are_those_of_each_number():
    rng = np.random.default_rng(0)
    a, b, out = rng.normal(size=WIDTH), rng.normal(size=WIDTH), np.empty((5, WIDTH))
    b[4] = np.nan
    _arithmetic(a, b, out)
    np.testing.assert_allclose(out[0], (a + b) * 2.0 - a / b, rtol=1e-14)
    np.testing.assert_array_equal(out[1], np.where((a > 0.0) & (b <= 1.0), a, -1.0))
    np.testing.assert_allclose(out[2], (a + 1.0) * b, rtol=1e-15)
    np.testing.assert_array_equal(out[3], 3.0)
    np.testing.assert_array_equal(out[4], np.nan_to_num(b))


@compiled
def _split(values, out):
    value, found = rows(values)[:], rows(out)
    found[0], found[1], found[2] = mantissa(value), exponent(value), log(value)


def test_logarithm_to_the_last_digits():
    values, out = np.geomspace(1e-300, 1e300, WIDTH), np.empty((3, WIDTH))
    values[:3] = 1.0, math.sqrt(2.0), 1.0 + 1e-12
    _split(values, out)
    assert ((out[0] >= 1.0) & (out[0] < 2.0)).all()
    np.testing.assert_array_equal(np.ldexp(out[0], out[1].astype(int)), values)
    np.testing.assert_allclose(out[2], np.log(values), rtol=1e-14, atol=1e-15)


@compiled
def _multiply(values, product, logs):
    values, product = rows(values), rows(product)
    for t in range(len(values)):
        multiply_in(t, product, values[t] == values[t], values[t])
    rows(logs)[:] = log_of_product(product)


def test_sum_of_logarithms_without_one_logarithm_per_date():
    rng = np.random.default_rng(1)
    values = 10.0 ** rng.uniform(-75, 75, (500, WIDTH))
    values[rng.random(values.shape) < 0.1] = np.nan
    product, logs = np.stack([np.ones(WIDTH), np.zeros(WIDTH)]), np.empty(WIDTH)
    _multiply(values, product, logs)
    np.testing.assert_allclose(logs, np.nansum(np.log(values), axis=0), rtol=1e-13)
    product[:] = np.stack([np.ones(WIDTH), np.zeros(WIDTH)])
    _multiply(np.repeat([[1e-90], [1e90], [np.inf]], WIDTH, axis=1), product, logs)
    np.testing.assert_allclose(logs, 75.0 * np.log(10.0), rtol=1e-13)


@compiled
def _conjugate(S, u, n, out):
    rows(out)[:] = conjugate_log_density(rows(S)[:], rows(u)[:], rows(n)[:])


def test_conjugate_density_is_the_student_t():
    rng = np.random.default_rng(2)
    S, u, n = 10.0 ** rng.uniform(-6, 6, WIDTH), rng.exponential(2.0, WIDTH), np.geomspace(9.0, 1e6, WIDTH)
    out = np.empty(WIDTH)
    _conjugate(S, u, n, out)
    expected = scipy.stats.t.logpdf(np.sqrt(u * S), n, scale=np.sqrt(S))
    np.testing.assert_allclose(out, expected, rtol=3e-9, atol=3e-9)
