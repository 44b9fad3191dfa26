"""Independent standard normal draws, computed several at once in vector registers.

SplitMix64 (Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators), whose numbers do not
depend on each other, and Box and Muller (1958, Annals of Mathematical Statistics 29, 610-611): with u on (0, 1] and an
angle a,

    r = sqrt(-2 log u)        r cos(a), r sin(a)

log, cos and sin are polynomials without branches, accurate to 1e-12, so that the compiler can vectorise them. The angle
is drawn within an eighth of the circle to either side of zero, and turned by whole quarters.

Number n of a stream depends only on the key of the stream and on n, so any part of it can be computed anywhere.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from statefolio.kalman.compiled_code import cached

# mypy: disable-error-code="no-untyped-def,no-untyped-call,misc"

PAIRS = 512
"""Pairs computed at a time: few enough to stay in the first-level cache."""

_step = cached(nogil=True, error_model="numpy", boundscheck=False, fastmath={"contract"})

_ONE = np.uint64(0x3FF0000000000000)
_ROOT_HALF, _SIGN_AND_EXPONENT = np.uint64(0x3FE6A09E667F3BCD), np.uint64(0xFFF0000000000000)
_12, _27, _30, _31, _62 = (np.uint64(bits) for bits in (12, 27, 30, 31, 62))
_GOLDEN, _STIR_1, _STIR_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_NONE, _ODD, _HALF = np.uint64(0), np.uint64(1), np.uint64(2)
_EXPONENT_PLACE = np.int64(52)
_LOG_2 = math.log(2.0)
_QUARTER = math.pi / 2.0


def _near(function, most):
    """Return five coefficients of a polynomial in q that interpolates a function on (0, most] at Chebyshev points."""
    points = np.polynomial.chebyshev.chebpts1(5)
    fitted = np.polynomial.chebyshev.chebfit(points, function((points + 1.0) * most / 2.0), 4)
    series = np.polynomial.Chebyshev(fitted, domain=[0.0, most]).convert(kind=np.polynomial.Polynomial)
    return tuple(float(c) for c in series.coef)


def _series(q, term):
    return sum(term(j) * q**j for j in range(14))


_MOST_S = (math.sqrt(2.0) - 1.0) / (math.sqrt(2.0) + 1.0)
_L0, _L1, _L2, _L3, _L4 = _near(lambda q: _series(q, lambda j: 1.0 / (2 * j + 3)), _MOST_S**2)
_C0, _C1, _C2, _C3, _C4 = _near(
    lambda q: _series(q, lambda j: (-1.0) ** (j + 1) / math.factorial(2 * j + 2)), (_QUARTER / 2) ** 2
)
_S0, _S1, _S2, _S3, _S4 = _near(
    lambda q: _series(q, lambda j: (-1.0) ** (j + 1) / math.factorial(2 * j + 3)), (_QUARTER / 2) ** 2
)


def key_of(seed: np.random.SeedSequence) -> np.uint64:
    """Return the key of a stream."""
    return np.uint64(seed.generate_state(1, np.uint64)[0])


@intrinsic
def _as_float(context, word):  # noqa: ARG001 - numba's signature
    return types.float64(types.uint64), lambda c, builder, s, a: builder.bitcast(a[0], ir.DoubleType())  # noqa: ARG005


@intrinsic
def _as_word(context, number):  # noqa: ARG001 - numba's signature
    return types.uint64(types.float64), lambda c, builder, s, a: builder.bitcast(a[0], ir.IntType(64))  # noqa: ARG005


@_step
def new_buffers():
    """Allocate the words and the radii of the pairs."""
    return np.empty(PAIRS, np.uint64), np.empty(PAIRS)


@_step
def fill_normal(out, key, start, buffers):
    """Fill `out` (n,) with normals from the words of a stream after number `start`; n + n % 2 words are used.

    The first half comes from the cosines, the second half from the sines.
    """
    words, radius = buffers
    half = (out.size + 1) // 2
    position = key + np.uint64(start) * _GOLDEN
    for begin in range(0, half, PAIRS):
        count = min(PAIRS, half - begin)
        _words(words, count, position)
        _radius(words, radius, count)
        _words(words, count, position + np.uint64(count) * _GOLDEN)
        position += np.uint64(2 * count) * _GOLDEN
        last = half + begin + count > out.size
        _turn(words, radius, out[begin:], out[half + begin :], count - last)
        if last:
            _turn(words[count - 1 :], radius[count - 1 :], out[half - 1 :], radius, 1)


@_step
def _words(out, count, position):
    """Compute random bits: a counter with steps of the golden ratio, mixed."""
    for i in range(count):
        position += _GOLDEN
        z = (position ^ (position >> _30)) * _STIR_1
        z = (z ^ (z >> _27)) * _STIR_2
        out[i] = z ^ (z >> _31)


@_step
def _radius(words, radius, count):
    """Compute sqrt(-2 log u), u = 1 - k 2^-52 for the upper 52 bits k.

    log u = e log 2 + 2 artanh((m - 1) / (m + 1)).
    """
    for i in range(count):
        word = _as_word(2.0 - _as_float((words[i] >> _12) | _ONE))
        above = word - _ROOT_HALF
        exponent = np.float64(np.int64(above) >> _EXPONENT_PLACE)
        m = _as_float(word - (above & _SIGN_AND_EXPONENT))
        s = (m - 1.0) / (m + 1.0)
        q = s * s
        p = (((_L4 * q + _L3) * q + _L2) * q + _L1) * q + _L0
        log = exponent * _LOG_2 + 2.0 * (s + s * q * p)
        radius[i] = math.sqrt(-2.0 * log)


@_step
def _turn(words, radius, first, second, count):
    """Compute radius times cosine and sine: 52 bits give the angle within a quarter, two bits the quarter."""
    for i in range(count):
        a = (_as_float((words[i] >> _12) | _ONE) - 1.5) * _QUARTER
        q = a * a
        cosine = ((((_C4 * q + _C3) * q + _C2) * q + _C1) * q + _C0) * q + 1.0
        sine = (((((_S4 * q + _S3) * q + _S2) * q + _S1) * q + _S0) * q + 1.0) * a
        x, y = radius[i] * cosine, radius[i] * sine
        odd = (words[i] & _ODD) != _NONE
        turned_x, turned_y = -y if odd else x, x if odd else y
        half = (words[i] & _HALF) << _62
        first[i] = _as_float(_as_word(turned_x) ^ half)
        second[i] = _as_float(_as_word(turned_y) ^ half)
