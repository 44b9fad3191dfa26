"""The fast filter against the textbook, and bit for bit against itself."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import textbook

from statefolio.kalman import blocks
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.paths import before_run, entry_of, predicted_covariance
from statefolio.kalman.specification import CONSTANT, DISCOUNT, EWMA, Specification
from statefolio.kalman.start import DIFFUSE, GIVEN, STATIONARY
from statefolio.kalman.triangles import unpack

NEVER, ONCE, LATE, GAPPED_START = 3, 5, 7, 9
CHOSEN = [0, NEVER, ONCE, LATE, GAPPED_START, 45, 69]
NOISE = {CONSTANT: textbook.CONSTANT, EWMA: textbook.EWMA, DISCOUNT: textbook.DISCOUNT}
PLAIN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
LEARNING = Specification(EWMA, scales=True, reverts=False, tails=6.0, memory=0.97, discount=1.0)
TWO_SPEEDS = LEARNING._replace(fast_memory=0.6, fast_weight=0.2, surprise_scale=1.1)


def build(spec, made, assets=slice(None), **options):
    """The fast filter of a made panel."""
    if spec.reverts:
        options |= {"phi": made.phi[:, assets], "mean": made.mean[:, assets]}
    return new_filter(spec, made.state_variance[:, assets], made.level[assets], **options)


def slow(spec, made, i, **options):
    """The textbook's path of one asset."""
    own = {"phi": made.phi[:, i], "centre": made.mean[:, i]} if spec.reverts else {}
    model = textbook.Model(
        state_variance=made.state_variance[:, i],
        level=made.level[i],
        noise=NOISE[spec.noise],
        scales=spec.scales,
        tails=spec.tails,
        memory=spec.memory,
        discount=spec.discount,
        fast_memory=spec.fast_memory,
        fast_weight=spec.fast_weight,
        surprise_scale=spec.surprise_scale,
        **own,
        **options,
    )
    return textbook.run(model, made.X, made.Y[:, i], made.common)


def close(fast, expected, tolerance=1e-10):
    """Equal to a share of the largest value, NaN in the same places."""
    finite = np.abs(expected[np.isfinite(expected)])
    scale = finite.max() if finite.size else 1.0
    np.testing.assert_allclose(fast, expected, rtol=tolerance, atol=tolerance * scale)


def check(spec, made, options=None, own=None):
    """Compare all outputs of a run with the textbook, for some assets."""
    filter_ = build(spec, made, **(options or {}))
    before = before_run(spec, filter_.start, filter_.state)
    paths = filter_.run(made.X, pad_last(made.Y, np.nan), made.common, store="covariances")
    entry = entry_of(spec, filter_.assets, filter_.start, filter_.state, before, len(made.Y))
    predicted = predicted_covariance(spec, paths.covariance, paths.level, filter_.assets, entry, filter_.count)
    rows, columns = np.tril_indices(made.X.shape[1])
    for i in CHOSEN:
        expected = slow(spec, made, i, **(own(i) if own else {}))
        close(paths.covariance[:, :, i], expected.covariance[:, rows, columns])
        close(predicted[:, i], expected.predicted_covariance[:, rows, columns])
        close(paths.mean[:, :, i], expected.mean)
        close(paths.variance[:, :, i], np.diagonal(expected.covariance, axis1=1, axis2=2))
        close(paths.innovation[:, i], expected.innovation)
        close(paths.innovation_variance[:, i], expected.innovation_variance)
        close(paths.level[:, i], expected.level)
        if filter_.begun[i]:
            assert paths.log_likelihood[i] == pytest.approx(expected.log_likelihood, rel=1e-10, abs=1e-9)
        last = expected.covariance[-1]
        if np.isfinite(last).all():
            unit = filter_.state.level[i] if spec.noise == DISCOUNT else 1.0
            close(unpack(filter_.state.covariance)[i] * unit, last)
            close(filter_.state.mean[:, i], expected.mean[-1])
    assert np.isnan(paths.mean[:, :, NEVER]).all()
    assert np.isnan(paths.innovation_variance[:, NEVER]).all()
    assert paths.log_likelihood[NEVER] == 0.0


@pytest.mark.parametrize("spec", [PLAIN, LEARNING], ids=["plain", "learning"])
def test_a_broken_state_leaves_no_likelihood_and_an_unobserved_asset_does_not_count(made, spec):
    panel = made(3)
    level, state_variance = panel.level.copy(), panel.state_variance.copy()
    level[NEVER], state_variance[:, NEVER] = 0.0, 0.0
    filter_ = new_filter(spec, state_variance, level)
    Y = pad_last(panel.Y, np.nan)
    assert filter_.run(panel.X, Y, store="likelihood").log_likelihood[NEVER] == 0.0
    filter_.state.mean[0, 0] = np.nan
    found = filter_.run(panel.X, Y, store="likelihood").log_likelihood
    assert np.isnan(found[0])
    assert np.isfinite(found[1:]).all()


@pytest.mark.parametrize("states", [1, 2, 4, 20, 32])
def test_gaussian_filter_is_the_textbook_one(made, states):
    check(PLAIN, made(states))


@pytest.mark.parametrize("states", [1, 4])
@pytest.mark.parametrize("tails", [np.inf, 5.0])
@pytest.mark.parametrize("noise", [CONSTANT, EWMA, DISCOUNT])
@pytest.mark.parametrize("scales", [False, True])
def test_noise_and_tails_are_the_textbook_ones(made, states, noise, tails, scales):
    memory = 1.0 if noise == CONSTANT else 0.96
    check(Specification(noise, scales, False, tails, memory, 1.0), made(states))


def test_learned_level_caps_surprises_and_keeps_its_floor(made):
    panel_ = made(2)
    Y = panel_.Y.copy()
    Y[20] *= 1e3
    Y[40:] = np.where(np.isnan(Y[40:]), np.nan, 0.0)
    panel_ = replace(panel_, Y=Y, state_variance=0.0 * panel_.state_variance)
    spec = Specification(EWMA, False, False, np.inf, 0.8, 1.0)
    check(spec, panel_)
    filter_ = build(spec, panel_)
    filter_.run(panel_.X, pad_last(Y, np.nan), panel_.common)
    assert (filter_.state.level[:70] == 1e-4 * panel_.level).any()


@pytest.mark.parametrize("tails", [np.inf, 5.0])
def test_a_level_of_two_speeds_is_the_textbook_one(made, tails):
    check(TWO_SPEEDS._replace(tails=tails), made(4))


def test_a_level_of_two_speeds_keeps_its_floor(made):
    panel_ = made(2)
    Y = panel_.Y.copy()
    Y[20] *= 1e3
    Y[40:] = np.where(np.isnan(Y[40:]), np.nan, 0.0)
    Y[150:] = np.where(np.isnan(Y[150:]), np.nan, 1e-4)
    panel_ = replace(panel_, Y=Y, state_variance=0.0 * panel_.state_variance)
    spec = Specification(EWMA, False, False, np.inf, 0.8, 1.0, 0.5, 0.3, 1.1)
    check(spec, panel_)
    filter_ = build(spec, panel_)
    filter_.run(panel_.X, pad_last(Y, np.nan), panel_.common)
    assert (filter_.state.fast[:70] >= 1e-4 * panel_.level).all()


@pytest.mark.parametrize("noise", [CONSTANT, EWMA, DISCOUNT])
def test_discount_factor_is_the_textbook_one(made, noise):
    panel_ = made(4)
    panel_ = replace(panel_, state_variance=0.0 * panel_.state_variance)
    check(Specification(noise, False, False, np.inf, 0.97, 0.98), panel_)


@pytest.mark.parametrize("spec", [PLAIN, LEARNING], ids=["plain", "learning"])
def test_mean_reverting_loadings_from_a_diffuse_start(made, spec):
    check(spec._replace(reverts=True), made(4))


@pytest.mark.parametrize("spec", [PLAIN, LEARNING], ids=["plain", "learning"])
def test_mean_reverting_loadings_from_their_stationary_distribution(made, spec):
    panel_ = made(4)

    def own(i):
        unit = panel_.level[i] if spec.scales else 1.0
        variance = panel_.state_variance[:, i] * unit / (1.0 - panel_.phi[:, i] ** 2)
        return {"start": (panel_.mean[:, i], np.diag(variance))}

    check(spec._replace(reverts=True), panel_, {"kind": np.full(4, STATIONARY)}, own)


@pytest.mark.parametrize("spec", [PLAIN, LEARNING], ids=["plain", "learning"])
@pytest.mark.parametrize("before_prediction", [False, True])
def test_given_start(made, spec, before_prediction):
    panel_, rng = made(4), np.random.default_rng(1)
    mean, root = rng.normal(size=(70, 4)), rng.normal(size=(70, 4, 4))
    covariance = root @ root.transpose(0, 2, 1)

    def own(i):
        return {"start": (mean[i], covariance[i]), "before_prediction": before_prediction}

    options = {"start": (mean, covariance), "before_prediction": before_prediction}
    check(spec._replace(reverts=True), panel_, options, own)


def test_some_states_diffuse_and_others_given(made):
    panel_ = made(4)
    kind = np.array([DIFFUSE, GIVEN, DIFFUSE, GIVEN])
    covariance = np.diag([0.0, 0.5, 0.0, 2.0])
    mean = np.array([0.0, 0.4, 0.0, -1.0])
    start = (np.tile(mean, (70, 1)), np.tile(covariance, (70, 1, 1)))
    check(
        PLAIN,
        panel_,
        {"kind": kind, "start": start},
        lambda i: {"start": (mean, covariance), "diffuse": kind == DIFFUSE},
    )


def test_variance_before_the_update_follows_from_what_is_stored(made):
    panel_ = made(4)
    filter_ = build(LEARNING, panel_)
    filter_.run(panel_.X[:-1], pad_last(panel_.Y[:-1], np.nan), panel_.common[:-1])
    mean, covariance, noise = filter_.forecast(float(panel_.common[-1]))
    for i in (0, LATE, 69):
        expected = slow(LEARNING, panel_, i)
        close(mean[i], expected.predicted[-1])
        close(covariance[i], expected.predicted_covariance[-1])
        assert noise[i] == pytest.approx(expected.level[-1] * panel_.common[-1], rel=1e-12)
    assert np.isnan(mean[NEVER]).all()


# Bit for bit ------------------------------------------------------------------------------------------------

SPECS = {
    "gaussian": PLAIN,
    "learning": LEARNING,
    "conjugate": Specification(DISCOUNT, False, False, np.inf, 0.97, 0.99),
    "reverting": LEARNING._replace(reverts=True),
}
NAMES = ("mean", "variance", "innovation", "innovation_variance", "level")


GIVEN_START = (np.full((70, 4), 0.5), np.tile(np.eye(4), (70, 1, 1)))
STARTS = {
    "diffuse": {},
    "given": {"start": GIVEN_START},
    "given before prediction": {"start": GIVEN_START, "before_prediction": True},
}


@pytest.mark.parametrize("options", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize("cut", [1, 3, 7, 80])
def test_cutting_the_future_changes_nothing_before_the_cut(made, spec, cut, options):
    panel_ = made(4)
    Y = pad_last(panel_.Y, np.nan)
    whole = build(spec, panel_, **options).run(panel_.X, Y, panel_.common)
    part = build(spec, panel_, **options).run(panel_.X[:cut], Y[:cut], panel_.common[:cut])
    for name in NAMES:
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:cut])


CUTS = {"one": (1,), "diffuse": (2, 3, 4, 5, 6), "late": (57, 80, 85), "often": tuple(range(1, 160, 2))}


@pytest.mark.parametrize("options", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
def test_continuing_is_running_at_once(made, spec, cuts, options):
    panel_ = made(4)
    Y = pad_last(panel_.Y, np.nan)
    at_once, in_parts = build(spec, panel_, **options), build(spec, panel_, **options)
    whole = at_once.run(panel_.X, Y, panel_.common)
    parts = [in_parts.run(panel_.X[a:b], Y[a:b], panel_.common[a:b]) for a, b in pairwise([0, *cuts, len(Y)])]
    for name in NAMES:
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, getattr(whole, name))
    for name, values in in_parts.arrays().items():
        np.testing.assert_array_equal(values, at_once.arrays()[name])
    total = sum(part.log_likelihood for part in parts)
    np.testing.assert_allclose(total, whole.log_likelihood, rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_neighbours_in_a_block_do_not_matter(made, spec):
    panel_ = made(4)
    whole = build(spec, panel_).run(panel_.X, pad_last(panel_.Y, np.nan), panel_.common)
    for chosen in ([LATE], [69, NEVER, 0], np.random.default_rng(0).permutation(70)[:40]):
        few = build(spec, panel_, chosen).run(panel_.X, pad_last(panel_.Y[:, chosen], np.nan), panel_.common)
        for name in (*NAMES, "log_likelihood"):
            mine = getattr(few, name)[..., : len(chosen)]
            np.testing.assert_array_equal(mine, getattr(whole, name)[..., chosen])


def test_number_of_threads_does_not_matter(made, monkeypatch):
    panel_ = made(4, assets=200)
    Y = pad_last(panel_.Y, np.nan)
    found = []
    for threads, small in ((1, np.inf), (2, 0), (7, 0)):
        monkeypatch.setattr(blocks, "get_num_threads", lambda threads=threads: threads)
        monkeypatch.setattr(blocks, "_SMALL", small)
        found.append(build(LEARNING, panel_).run(panel_.X, Y, panel_.common, note_surprise=True))
    for name in (*NAMES, "log_likelihood", "surprise", "surprised"):
        for other in found[1:]:
            np.testing.assert_array_equal(getattr(other, name), getattr(found[0], name))


def test_storing_less_changes_no_likelihood(made):
    panel_ = made(4)
    Y = pad_last(panel_.Y, np.nan)
    runs = {
        store: build(LEARNING, panel_).run(panel_.X, Y, panel_.common, store=store)
        for store in ("paths", "innovations", "likelihood")
    }
    for paths in runs.values():
        np.testing.assert_array_equal(paths.log_likelihood, runs["paths"].log_likelihood)
    assert runs["likelihood"].mean.shape[0] == 0
    np.testing.assert_array_equal(runs["innovations"].innovation, runs["paths"].innovation)


def test_a_level_that_stands_still_is_stored_once():
    rng = np.random.default_rng(0)
    X, Y, level = np.ones((20, 1)), rng.standard_normal((20, 3)), np.array([0.5, 1.0, 2.0])
    paths = new_filter(PLAIN, np.full((1, 3), 0.1), level).run(X, pad_last(Y, np.nan))
    assert paths.level.strides[0] == 0
    np.testing.assert_array_equal(paths.level[:, :3], np.tile(level, (20, 1)))
    learned = new_filter(LEARNING, np.full((1, 3), 0.1), level).run(X, pad_last(Y, np.nan))
    assert (np.diff(learned.level[5:, :3], axis=0) != 0.0).all()
