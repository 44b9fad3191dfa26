import numpy as np
import pytest

from statefolio.kalman.stale_returns import FIRST, Marks, new_watch, watch_returns


def marked(*columns) -> np.ndarray:
    Y = np.column_stack([np.asarray(column, dtype=float) for column in columns])
    return watch_returns(Y, new_watch(Y.shape[1])).unobserved


def noise(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, size)


def test_ordinary_returns_are_observed():
    rng = np.random.default_rng(1)
    columns = [noise(2_000), 1e-9 * noise(2_000, 2), rng.standard_t(2, 2_000), rng.standard_cauchy(2_000)]
    rounded = np.where(rng.random(2_000) < 0.15, 0.0, noise(2_000, 3))  # a cheap stock: many days without a tick
    found = marked(*columns, rounded)
    assert not found[:, :4].any()
    assert found[:, 4].mean() < 0.01


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_a_price_that_stands_still_is_stale_after_seven_dates_and_live_again_at_once(scale):
    r = noise(300)
    r[100:200] = 0.0
    found = marked(scale * r)[:, 0]
    assert not found[:100].any()
    np.testing.assert_array_equal(np.flatnonzero(found), np.arange(100 + np.argmax(found[100:]), 200))
    assert 5 <= np.argmax(found[100:]) <= 8


def regular(size: int = 300) -> np.ndarray:
    """Returns of one size, of which none is quiet."""
    return 0.01 * np.where(np.arange(size) % 2, -1.0, 1.0)


def test_the_seventh_quiet_return_in_a_row_is_stale():
    r = regular()
    r[100:106], r[200:207] = 0.0, 0.0
    assert np.flatnonzero(marked(r)[:, 0]).tolist() == [206]


@pytest.mark.parametrize(("quiet", "others"), [(7, 2), (100, 8)])
def test_two_other_returns_in_a_row_end_a_stale_stretch_and_eight_a_long_one(quiet, others):
    for count in (others - 1, others):
        r = regular()
        r[100 : 100 + quiet], r[100 + quiet + count] = 0.0, 0.0
        assert marked(r)[100 + quiet + count, 0] == (count < others)


@pytest.mark.parametrize(("share", "quiet"), [(0.045, True), (0.055, False)])
def test_returns_below_a_twentieth_of_the_usual_size_are_quiet(share, quiet):
    r = regular()
    r[100:108] *= share
    assert marked(r)[106, 0] == quiet


@pytest.mark.parametrize(("times", "absurd"), [(0.8e6, False), (1.2e6, True)])
def test_a_million_times_the_usual_size_is_absurd(times, absurd):
    r = regular()
    r[100] *= times
    marks = watch_returns(r[:, None], new_watch(1))
    assert np.flatnonzero(marks.absurd).tolist() == np.flatnonzero(marks.unobserved).tolist() == [100] * absurd


def test_many_assets_on_several_threads_are_as_each_alone():
    rng = np.random.default_rng(8)
    Y = np.where(rng.random((900, 200)) < 0.4, 0.0, rng.normal(0.0, 0.01, (900, 200)))
    whole = marked(*Y.T)
    assert whole.any(axis=0).all()
    for i in (0, 63, 64, 127, 128, 199):
        np.testing.assert_array_equal(marked(Y[:, i])[:, 0], whole[:, i])


@pytest.mark.parametrize(
    "rate",
    [np.full(200, 2e-4), np.repeat(np.linspace(1e-4, 3e-4, 10), 20), np.linspace(1e-4, 2e-4, 200)],
    ids=["constant", "by month", "by day"],
)
def test_a_cash_rate_subtracted_from_a_price_that_stands_still_is_stale(rate):
    r = noise(400)
    r[200:] = -rate
    found = marked(r)[:, 0]
    assert not found[:200].any()
    assert found[215:].mean() > 0.95


def test_zeros_before_a_listing_are_not_observed():
    r = noise(300)
    r[:150] = 0.0
    found = marked(r)[:, 0]
    assert found[:150].all()
    assert not found[150:].any()


def test_a_quotation_renewed_now_and_then_leaves_the_dates_of_its_moves():
    prices = np.exp(np.cumsum(noise(800)))
    seen = prices[(np.arange(800) // 20) * 20]
    r = np.append(0.0, seen[1:] / seen[:-1] - 1.0)
    found = marked(r)[:, 0]
    assert found[r != 0.0].mean() < 0.1  # a move below a twentieth of the usual one looks like none
    assert found[r == 0.0].mean() > 0.99


@pytest.mark.parametrize("at", [0, 3, 200])
def test_one_absurd_cell_spoils_nothing_else(at):
    r = noise(400)
    r[at] = 1e200
    found = marked(r)[:, 0]
    assert not np.delete(found, at).any()
    assert found[at] == (at == 200)  # before five moves there is nothing to compare with


def test_missing_returns_are_passed_over():
    r = noise(300)
    r[100:200] = np.nan
    r[200:220] = 0.0
    found = marked(r)[:, 0]
    assert not found[:205].any()
    assert found[208:220].all()


def test_going_on_is_marking_everything_and_neighbours_do_not_matter():
    rng = np.random.default_rng(5)
    Y = rng.normal(0.0, 0.01, (200, 70))
    Y[rng.random(Y.shape) < 0.4] = 0.0
    Y[rng.random(Y.shape) < 0.1] = np.nan
    whole = watch_returns(Y, new_watch(70))
    watch = new_watch(70)
    parts = [watch_returns(Y[a:b], watch) for a, b in ((0, 1), (1, 90), (90, 200))]
    for name in Marks._fields:
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))
    alone = watch_returns(Y[:, 13:14].copy(), new_watch(1))
    np.testing.assert_array_equal(alone.unobserved[:, 0], whole.unobserved[:, 13])


def test_new_assets_join_with_nothing_observed():
    watch = new_watch(2)
    watch_returns(np.zeros((FIRST, 2)), watch)
    joined = watch.with_new_assets(1)
    np.testing.assert_array_equal(joined.constants(), [0.0, 0.0, np.nan])
    assert joined.first.shape == (FIRST, 3)
    watch_returns(np.array([[0.0, 0.01, 0.0]]), joined)  # the second one moved, the third was observed once
    np.testing.assert_array_equal(joined.constants(), [0.0, np.nan, np.nan])


def test_an_asset_is_constant_from_its_fifth_equal_return_to_its_first_other_one():
    Y = np.full((9, 4), np.nan)
    Y[:, 0] = [0.0, 0.0, np.nan, 0.0, 0.0, 0.0, np.nan, 0.01, 0.0]
    Y[:, 1] = 1e-4
    Y[:, 2] = [0.01, *([0.0] * 8)]
    Y[[1, 3], 3] = 0.02
    marks = watch_returns(Y, new_watch(4))
    np.testing.assert_array_equal(np.flatnonzero(marks.constant[:, 0]), [5, 6])
    np.testing.assert_array_equal(np.flatnonzero(marks.constant[:, 1]), np.arange(4, 9))
    assert not marks.constant[:, 2:].any()


def test_columns_after_the_assets_are_left_alone():
    Y = np.zeros((50, 64))
    found = watch_returns(Y, new_watch(3)).unobserved
    assert found[:, :3].all()
    assert not found[:, 3:].any()
