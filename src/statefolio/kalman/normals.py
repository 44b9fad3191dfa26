"""Independent standard normal draws, several at once in vector registers.

SplitMix64 (Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators), whose numbers do not wait for
each other, and Box and Muller (1958, Annals of Mathematical Statistics 29, 610-611): with u on (0, 1] and an angle a,

    r = sqrt(-2 log u)        r cos(a), r sin(a)

log, cos and sin are series without branches, true to a few units of the last place, so that the compiler can work on
several at a time. The angle is drawn in an eighth of the circle to either side of zero and turned by a whole quarter.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

PAIRS = 256
"""Pairs made at a time: small enough to stay in the first cache."""

_step = njit(nogil=True, cache=True, error_model="numpy", boundscheck=False, fastmath={"contract"})

_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_ONE = np.uint64(0x3FF0000000000000)
_TWO_52 = np.uint64(0x4330000000000000)
_12, _27, _30, _31, _52 = (np.uint64(bits) for bits in (12, 27, 30, 31, 52))
_GOLDEN, _STIR_1, _STIR_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_NONE, _ODD, _HALF = np.uint64(0), np.uint64(1), np.uint64(2)
_BIAS = 4503599627370496.0 + 1023.0
_LOG_2 = math.log(2.0)
_QUARTER = math.pi / 2.0


def stream(seed: np.random.SeedSequence) -> npt.NDArray[np.uint64]:
    """Where a generator starts, (1,)."""
    return seed.generate_state(1, np.uint64)


@_step
def fill_normal(out, state):
    """Write independent standard normals over `out` (n,), and leave `state` where the next ones go on."""
    radius_bits, angle_bits = np.empty(PAIRS, np.uint64), np.empty(PAIRS, np.uint64)
    scratch = np.empty(PAIRS, np.uint64)
    number, radius, first, second = np.empty(PAIRS), np.empty(PAIRS), np.empty(PAIRS), np.empty(PAIRS)
    for start in range(0, out.size, 2 * PAIRS):
        _bits(radius_bits, state)
        _bits(angle_bits, state)
        _radius(radius_bits, scratch, number, radius)
        _turn(angle_bits, scratch, radius, first, second)
        count = min(PAIRS, out.size - start)
        out[start : start + count] = first[:count]
        rest = min(PAIRS, out.size - start - count)
        out[start + count : start + count + rest] = second[:rest]


@_step
def _bits(out, state):
    """Random bits: a counter that goes up by the golden ratio, stirred."""
    first = state[0]
    for i in range(out.size):
        z = first + np.uint64(i + 1) * _GOLDEN
        z = (z ^ (z >> _30)) * _STIR_1
        z = (z ^ (z >> _27)) * _STIR_2
        out[i] = z ^ (z >> _31)
    state[0] = first + np.uint64(out.size) * _GOLDEN


@_step
def _radius(bits, scratch, number, radius):
    """sqrt(-2 log u), u = 1 - k 2^-52 from the upper 52 bits k; log u = e log 2 + 2 artanh((m - 1) / (m + 1))."""
    view = scratch.view(np.float64)
    for i in range(bits.size):
        scratch[i] = (bits[i] >> _12) | _ONE
    for i in range(bits.size):
        view[i] = 2.0 - view[i]
    for i in range(bits.size):
        u = scratch[i]
        bits[i] = (u >> _52) | _TWO_52
        scratch[i] = (u & _MANTISSA) | _ONE
    exponent = bits.view(np.float64)
    for i in range(bits.size):
        large = view[i] > 1.4142135623730951
        m = view[i] * (0.5 if large else 1.0)
        number[i] = exponent[i] - _BIAS + (1.0 if large else 0.0)
        s = (m - 1.0) / (m + 1.0)
        q = s * s
        p = 1.0 / 21.0
        p = p * q + 1.0 / 19.0
        p = p * q + 1.0 / 17.0
        p = p * q + 1.0 / 15.0
        p = p * q + 1.0 / 13.0
        p = p * q + 1.0 / 11.0
        p = p * q + 1.0 / 9.0
        p = p * q + 1.0 / 7.0
        p = p * q + 1.0 / 5.0
        p = p * q + 1.0 / 3.0
        log = number[i] * _LOG_2 + 2.0 * (s + s * q * p)
        radius[i] = math.sqrt(-2.0 * log)


@_step
def _turn(bits, scratch, radius, first, second):
    """Radius times cosine and sine: 52 bits place the angle within a quarter, two others say which quarter."""
    view = scratch.view(np.float64)
    for i in range(bits.size):
        scratch[i] = (bits[i] >> _12) | _ONE
    for i in range(bits.size):
        a = (view[i] - 1.5) * _QUARTER
        q = a * a
        c = -1.0 / 87178291200.0
        c = c * q + 1.0 / 479001600.0
        c = c * q - 1.0 / 3628800.0
        c = c * q + 1.0 / 40320.0
        c = c * q - 1.0 / 720.0
        c = c * q + 1.0 / 24.0
        c = c * q - 0.5
        c = c * q + 1.0
        s = 1.0 / 1307674368000.0
        s = -s * q + 1.0 / 6227020800.0
        s = s * q - 1.0 / 39916800.0
        s = s * q + 1.0 / 362880.0
        s = s * q - 1.0 / 5040.0
        s = s * q + 1.0 / 120.0
        s = s * q - 1.0 / 6.0
        s = (s * q + 1.0) * a
        first[i] = radius[i] * c
        second[i] = radius[i] * s
    for i in range(bits.size):
        x, y = first[i], second[i]
        odd, half = (bits[i] & _ODD) != _NONE, (bits[i] & _HALF) != _NONE
        turned_x = -y if odd else x
        turned_y = x if odd else y
        first[i] = -turned_x if half else turned_x
        second[i] = -turned_y if half else turned_y
