import numpy as np
import pytest
from scipy import stats

from statefolio.kalman.normals import fill_normal, stream

SPLITMIX_OF_1234567 = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
"""The first numbers of the generator's public reference implementation from the seed 1234567."""


def plain(bits):
    """Normals of raw bits, pair by pair, by NumPy's own logarithm, cosine and sine."""
    first, second = bits.reshape(2, -1)
    u = 1.0 - (first >> np.uint64(12)).astype(float) * 2.0**-52
    angle = (
        ((second >> np.uint64(12)).astype(float) * 2.0**-52 - 0.5 + (second & np.uint64(3)).astype(float)) * np.pi / 2
    )
    radius = np.sqrt(-2.0 * np.log(u))
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])


def splitmix(seed, count):
    mask, z, numbers = 2**64 - 1, seed, []
    for _ in range(count):
        z = (z + 0x9E3779B97F4A7C15) & mask
        x = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        numbers.append(x ^ (x >> 31))
    return np.array(numbers, dtype=np.uint64)


def test_against_plain_python():
    assert list(splitmix(1234567, 4)) == SPLITMIX_OF_1234567
    out = np.empty(512)
    fill_normal(out, np.array([1234567], dtype=np.uint64))
    np.testing.assert_allclose(out, plain(splitmix(1234567, 512)), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 513])
def test_any_number_of_draws(count):
    out, longer = np.full(count, np.nan), np.empty(2048)
    fill_normal(out, stream(np.random.SeedSequence(1)))
    fill_normal(longer, stream(np.random.SeedSequence(1)))
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out, longer[:count])


def test_draws_are_normal_and_independent():
    out, state = np.empty(1_000_000), stream(np.random.SeedSequence(2))
    fill_normal(out, state)
    assert stats.kstest(out, "norm").pvalue > 0.01
    assert stats.kstest(out[:100_000] ** 2 + out[100_000:200_000] ** 2, "chi2", (2,)).pvalue > 0.01
    for lag in (1, 2, 255, 256, 257, 512):
        for values in (out, out**2 - 1.0):
            assert abs(np.corrcoef(values[lag:], values[:-lag])[0, 1]) < 0.004
    more = np.empty(1000)
    fill_normal(more, state)
    assert not np.isin(more, out).any()
