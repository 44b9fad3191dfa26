import numpy as np
import pytest

from statefolio.kalman import blocks
from statefolio.kalman.low_rank_draws import draw
from statefolio.kalman.normals import fill_normal, key_of, new_buffers


def plain(shared, scale, stretch, seed):
    """One row after the other, from the same normals."""
    factors, assets = shared.shape
    key, rows = key_of(seed), []
    for t in range(len(stretch)):
        f, e, start = np.empty(factors), np.empty(assets), t * (assets + factors + 2)
        fill_normal(f, key, np.uint64(start), new_buffers())
        fill_normal(e, key, np.uint64(start + factors + factors % 2), new_buffers())
        rows.append(stretch[t] * (scale * e + f @ shared))
    return np.array(rows).reshape(len(stretch), assets)


@pytest.mark.parametrize(
    ("dates", "assets", "factors"), [(1, 1, 0), (5, 63, 3), (16, 64, 4), (37, 201, 5), (3, 130, 9)]
)
def test_against_plain_numpy(dates, assets, factors):
    rng = np.random.default_rng(dates)
    shared, scale, stretch = rng.normal(size=(factors, assets)), rng.uniform(1, 2, assets), rng.uniform(1, 2, dates)
    seed = np.random.SeedSequence(4)
    found = draw(shared, scale, stretch, seed)
    np.testing.assert_allclose(found, plain(shared, scale, stretch, seed), rtol=1e-12, atol=1e-13)


def test_threads_change_nothing(monkeypatch):
    shared, seed = np.random.default_rng(0).normal(size=(3, 700)), np.random.SeedSequence(5)
    made = []
    for threads in (1, 3):
        monkeypatch.setattr(blocks, "get_num_threads", lambda threads=threads: threads)
        made.append(draw(shared, np.ones(700), np.ones(301), seed))
    np.testing.assert_array_equal(*made)
    assert np.unique(made[0]).size == made[0].size
    np.testing.assert_array_equal(draw(shared, np.ones(700), np.ones(19), seed), made[0][:19])
