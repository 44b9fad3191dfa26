import numpy as np
import pytest
from scipy import stats

from statefolio.kalman.normals import fill_normal, key_of, new_buffers

SPLITMIX_OF_1234567 = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
"""The first numbers of the generator's public reference implementation from the seed 1234567."""


def plain(first, second):
    """Normals of raw bits, pair by pair, by NumPy's own logarithm, cosine and sine."""
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


def drawn(count, key=1234567, start=0):
    """Return draws made between two values that must not change."""
    out = np.full(count + 2, 77.0)
    fill_normal(out[1:-1], np.uint64(key), np.uint64(start), new_buffers())
    assert out[0] == out[-1] == 77.0
    return out[1:-1]


def test_against_plain_python():
    assert list(splitmix(1234567, 4)) == SPLITMIX_OF_1234567
    words = splitmix(1234567, 1400)
    np.testing.assert_allclose(drawn(600), plain(words[:300], words[300:600]), rtol=1e-11, atol=1e-12)
    later = drawn(600, start=800)
    np.testing.assert_allclose(later, plain(words[800:1100], words[1100:]), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1023, 1024, 1025, 2049, 3000])
def test_any_number_of_draws(count):
    even = count + count % 2
    words = splitmix(1234567, even)
    first, second, done = [], [], 0
    while done < even // 2:
        pairs = min(512, even // 2 - done)
        block = words[2 * done : 2 * (done + pairs)]
        made = plain(block[:pairs], block[pairs:])
        first, second, done = [*first, *made[:pairs]], [*second, *made[pairs:]], done + pairs
    np.testing.assert_allclose(drawn(count), [*first, *second][:count], rtol=1e-11, atol=1e-12)


def test_draws_are_normal_and_independent():
    out = drawn(1_000_000, key=key_of(np.random.SeedSequence(2)))
    assert stats.kstest(out, "norm").pvalue > 0.01
    assert stats.kstest(out[:100_000] ** 2 + out[100_000:200_000] ** 2, "chi2", (2,)).pvalue > 0.01
    for lag in (1, 2, 511, 512, 513, 1024, 500_000):
        for values in (out, out**2 - 1.0):
            assert abs(np.corrcoef(values[lag:], values[:-lag])[0, 1]) < 0.005
    assert not np.isin(drawn(1000, key=key_of(np.random.SeedSequence(2)), start=1_000_000), out).any()


def test_tails():
    out = drawn(8_000_000, key=key_of(np.random.SeedSequence(3)))
    for edge in (3.0, 4.0, 4.5, 5.0):
        for beyond in (out > edge, out < -edge):
            expected = len(out) * stats.norm.sf(edge)
            assert stats.poisson.cdf(np.count_nonzero(beyond), expected) > 0.001
            assert stats.poisson.sf(np.count_nonzero(beyond) - 1, expected) > 0.001
    assert 4.8 < np.abs(out).max() < 6.5
