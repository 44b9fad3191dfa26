"""Hyper-parameters: at the maximum, exactly zero where the maximum is, and near the truth on simulated data."""

from dataclasses import replace

import numpy as np
import pytest
from peer import Regression, highest

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.specification import CONSTANT, EWMA
from statefolio.kalman.tuning import NO_RESIDUAL, tune
from statefolio.kalman.tuning_spec import TuningSpec, build, build_pilot
from statefolio.kalman.volatility import Common, common_levels, move_sizes, no_moments

MLE = TuningSpec("mle", CONSTANT, gaussian=True, scales=False, reverts=False, common=False)
ONE_SPEED = TuningSpec("pooled", EWMA, gaussian=False, scales=True, reverts=False, common=True)
DEFAULT = replace(ONE_SPEED, speeds=3, moves=True)


def log_likelihood(options, learned, X, Y):
    """Return the log-likelihood of every asset at the learned hyper-parameters."""
    lanes, common = pad_last(Y, np.nan), np.ones(len(X))
    if options.common:
        levels = common_levels(build_pilot(options, learned), X, lanes, np.ones(options.speeds))[:-1]
        moves = move_sizes(X, no_moments(X.shape[1]))[0] if options.moves else np.zeros(0)
        common = Common(np.log(levels), moves).factor(learned.exponents, learned.rise)
    paths = build(options, learned).run(X, lanes, common, store="likelihood")
    return paths.log_likelihood[: Y.shape[1]]


def simulate(ratio, dates=500, assets=48, seed=5, phi=None):
    """Returns of assets that share a signal-to-noise ratio, each with noise of its own size."""
    rng = np.random.default_rng(seed)
    ratio = np.asarray(ratio)
    X = np.column_stack([np.ones(dates), rng.standard_normal((dates, ratio.size - 1))])
    level = 10.0 ** rng.uniform(-1, 1, assets)
    steps = rng.standard_normal((dates, ratio.size, assets)) * np.sqrt(ratio[:, None] * level)
    beta = np.cumsum(steps, axis=0) + 1.0
    Y = np.einsum("tk,tkn->tn", X, beta) + rng.standard_normal((dates, assets)) * np.sqrt(level)
    Y[rng.random(Y.shape) < 0.03] = np.nan
    return X, Y, level


@pytest.fixture(scope="module")
def own(stocks):
    """Maximum likelihood of real stocks on the market."""
    X, Y = stocks.X[:, :2], stocks.Y
    learned = tune(MLE, X, Y)
    return X, Y, learned, log_likelihood(MLE, learned, X, Y)


@pytest.fixture(scope="module")
def simulated():
    """A panel whose alphas are constant and whose second loading moves, tuned in three ways."""
    X, Y, level = simulate([0.0, 2e-3, 0.0])
    pooled, shrunk = replace(MLE, tuning="pooled"), replace(MLE, tuning="shrunk")
    return X, Y, level, {name: tune(options, X, Y) for name, options in
                         (("mle", MLE), ("pooled", pooled), ("shrunk", shrunk))}  # fmt: skip


def test_maximum_is_statsmodels_or_higher(own):
    X, Y, learned, found = own
    assert learned.converged[:-1].all()
    for i in (0, 2, 4, 6):  # those with gaps and late listings among them
        ours = np.sqrt(np.append(learned.level[i], learned.state_variance[:, i]))
        at_ours = Regression(Y[:, i], X).loglike(ours)
        assert at_ours == pytest.approx(found[i], abs=1e-7)
        assert highest(Y[:, i], X) < found[i] + 1e-6
        assert highest(Y[:, i], X, np.maximum(ours, 1e-4 * ours[0])) < found[i] + 1e-6


def test_no_neighbour_of_the_maximum_is_higher(own):
    X, Y, learned, found = own
    for j in range(2):
        for by in (0.9, 1.1):
            moved = learned.state_variance.copy()
            moved[j] *= by
            near = log_likelihood(MLE, replace(learned, state_variance=moved), X, Y)
            assert (near <= found + 1e-8).all()
        moved = learned.state_variance.copy()
        moved[j] = np.where(moved[j] == 0.0, 1e-5 * learned.level, 0.0)
        assert (log_likelihood(MLE, replace(learned, state_variance=moved), X, Y) <= found + 1e-8).all()
    for by in (0.99, 1.01):
        assert (log_likelihood(MLE, replace(learned, level=learned.level * by), X, Y) < found).all()


def test_variances_are_exactly_zero_where_the_likelihood_says_so(own, simulated):
    assert (own[2].state_variance[0, :-1] == 0.0).sum() >= 3
    X, Y, _, learned = simulated
    variance = learned["mle"].state_variance[:, :-1]
    for still in (0, 2):  # half of the estimates of a variance of zero are at the bound, in large samples
        assert 0.3 <= (variance[still] == 0.0).mean() <= 0.95
    assert (variance[1] > 0.0).mean() > 0.9
    found = log_likelihood(MLE, learned["mle"], X, Y)
    for j in range(3):
        zero = variance[j] == 0.0
        moved = learned["mle"].state_variance.copy()
        moved[j] = np.where(moved[j] == 0.0, 1e-6 * learned["mle"].level, moved[j])
        near = log_likelihood(MLE, replace(learned["mle"], state_variance=moved), X, Y)
        assert (near[zero] < found[zero]).all()


def test_standard_errors_are_those_of_the_numerical_hessian(own):
    X, Y, learned, _ = own
    free = np.vstack([learned.level, learned.state_variance]) > 0.0
    errors = learned.standard_error
    np.testing.assert_array_equal(np.isnan(errors[:, :-1]), ~free[:, :-1])
    for i in (0, 2, 5):
        inside = np.flatnonzero(free[:, i])
        at = np.append(learned.level[i], learned.state_variance[:, i])

        def value(parameters, i=i):
            one = learned.select(np.array([i, -1]))
            level, variance = one.level.copy(), one.state_variance.copy()
            level[0], variance[:, 0] = parameters[0], parameters[1:]
            return log_likelihood(MLE, replace(one, level=level, state_variance=variance), X, Y[:, [i]])[0]

        step = np.diag(2e-3 * at)
        hessian = np.array(
            [
                [
                    sum(s * r * value(at + s * step[a] + r * step[b]) for s in (1, -1) for r in (1, -1))
                    / (4.0 * step[a, a] * step[b, b])
                    for b in inside
                ]
                for a in inside
            ]
        )
        expected = np.sqrt(np.diagonal(np.linalg.inv(-hessian)))
        np.testing.assert_allclose(errors[inside, i], expected, rtol=5e-3)


def test_pool_is_a_maximum(simulated):
    X, Y, _, learned = simulated
    options, pooled = replace(MLE, tuning="pooled"), learned["pooled"]
    ratio = pooled.state_variance / pooled.level
    np.testing.assert_allclose(ratio, np.tile(ratio[:, :1], ratio.shape[1]), rtol=1e-10)
    best = log_likelihood(options, pooled, X, Y).sum()
    for j in range(3):
        for by in (0.9, 1.1):
            moved = pooled.state_variance.copy()
            moved[j] = (ratio[j] * by if ratio[j, 0] > 0.0 else 1e-5) * pooled.level
            assert log_likelihood(options, replace(pooled, state_variance=moved), X, Y).sum() < best
    for by in (0.98, 1.02):
        moved = replace(pooled, level=pooled.level * by, state_variance=pooled.state_variance * by)
        assert (log_likelihood(options, moved, X, Y) < log_likelihood(options, pooled, X, Y)).all()


def test_pool_is_near_the_truth(simulated):
    _, _, level, learned = simulated
    pooled = learned["pooled"]
    ratio = pooled.state_variance[:, 0] / pooled.level[0]
    assert ratio[1] == pytest.approx(2e-3, rel=0.15)
    assert (ratio[[0, 2]] < 2e-5).all()
    np.testing.assert_allclose(pooled.level[:-1] / level, 1.0, atol=0.35)
    assert abs(np.mean(pooled.level[:-1] / level) - 1.0) < 0.03


def test_a_new_asset_takes_the_median_of_the_panel(simulated):
    learned = simulated[3]["pooled"]
    assert learned.level[-1] == pytest.approx(np.median(learned.level[:-1]), rel=0.2)
    assert learned.state_variance.shape == (3, 49)


def test_shrunk_is_between_own_and_pool(simulated):
    X, Y, _, learned = simulated
    own_, pool, shrunk = (
        log_likelihood(replace(MLE, tuning=name), learned[name], X, Y) for name in ("mle", "pooled", "shrunk")
    )
    assert (shrunk <= own_ + 1e-4).all()
    assert (shrunk >= pool - 1e-4).all()

    def ratios(name):
        return np.log1p(1e3 * learned[name].state_variance[:, :-1] / learned[name].level[:-1])

    away = {name: np.abs(ratios(name) - ratios("pooled")).mean() for name in ("mle", "shrunk")}
    assert away["shrunk"] < 0.5 * away["mle"]  # assets do share it, so the panel teaches to shrink


@pytest.fixture(scope="module")
def default():
    """The default model on a panel with fat tails and a common volatility level."""
    X, Y, level = simulate([0.0, 5e-4], dates=800, assets=40)
    rng = np.random.default_rng(6)
    noise = rng.standard_t(6, Y.shape) * np.sqrt(level) * np.exp(0.5 * np.sin(np.arange(800) / 40.0))[:, None]
    Y = Y + noise
    return X, Y, tune(DEFAULT, X, Y)


@pytest.fixture(scope="module")
def one_speed(default):
    """The model of one speed on that panel."""
    X, Y, _ = default
    return X, Y, tune(ONE_SPEED, X, Y)


@pytest.mark.parametrize("options", [ONE_SPEED, DEFAULT], ids=["one speed", "default"])
def test_model_is_at_a_maximum_of_all_it_shares(default, one_speed, options):
    X, Y, learned = one_speed if options is ONE_SPEED else default
    assert learned.converged[:-1].all()
    best, spec = log_likelihood(options, learned, X, Y).sum(), learned.spec
    allowed = best + 1e-5 * np.isfinite(Y).sum()
    assert 4.0 < spec.tails < 60.0
    assert 0.5 < spec.memory < 1.0
    moved = [replace(learned, spec=spec._replace(tails=2.0 + (spec.tails - 2.0) * by)) for by in (0.7, 1.4)]
    moved += [
        replace(learned, spec=spec._replace(memory=1.0 - (1.0 - spec.memory) * by))
        for by in (0.7, 1.4)
        if (1.0 - spec.memory) * by > 1e-4
    ]
    steps = 0.15 * np.eye(learned.exponents.size)
    moved += [replace(learned, exponents=learned.exponents + by) for by in (*steps, *-steps)]
    moved += [replace(learned, state_variance=learned.state_variance * by) for by in (0.6, 1.7)]
    if options is DEFAULT:
        shared = {"fast_memory": (0.0, 0.9), "fast_weight": (0.0, 0.5), "surprise_scale": (0.5, 2.0)}
        for name, (least, most) in shared.items():
            at = np.clip([getattr(spec, name) - 0.1, getattr(spec, name) + 0.1], least, most)
            moved += [replace(learned, spec=spec._replace(**{name: value})) for value in at]
        moved += [replace(learned, rise=np.clip(learned.rise + by, 0.0, None)) for by in (-0.1, 0.1)]
    for other in moved:
        assert log_likelihood(options, other, X, Y).sum() <= allowed


def test_discount_factor_is_the_best(default):
    X, Y, _ = default
    options = replace(MLE, tuning="discount")
    learned = tune(options, X, Y)
    assert (learned.state_variance == 0.0).all()
    best = log_likelihood(options, learned, X, Y).sum()
    forgetting = 1.0 - learned.spec.discount
    for by in (0.8, 1.25):
        other = replace(learned, spec=learned.spec._replace(discount=1.0 - forgetting * by))
        assert log_likelihood(options, other, X, Y).sum() < best


def test_persistence_and_means_are_found(made):
    rng = np.random.default_rng(9)
    dates, assets = 1200, 24
    X = rng.standard_normal((dates, 1))
    beta, b = np.empty((dates, assets)), rng.normal(1.0, 0.3, assets)
    for t in range(dates):
        b = 1.0 + 0.9 * (b - 1.0) + 0.2 * rng.standard_normal(assets)
        beta[t] = b
    Y = X * beta + 0.5 * rng.standard_normal((dates, assets))
    for tuning in ("mle", "pooled"):
        options = replace(MLE, tuning=tuning, reverts=True)
        learned = tune(options, X, Y)
        assert np.median(learned.phi) == pytest.approx(0.9, abs=0.03)
        assert np.median(learned.mean) == pytest.approx(1.0, abs=0.05)
        assert np.median(learned.state_variance) == pytest.approx(0.04, rel=0.15)
    best = log_likelihood(options, learned, X, Y).sum()
    for field, by in (("phi", 0.99), ("phi", 1.01), ("state_variance", 0.9), ("state_variance", 1.1), ("level", 1.05)):
        moved = replace(learned, **{field: getattr(learned, field) * by})
        assert log_likelihood(options, moved, X, Y).sum() < best, (field, by)


def test_too_few_observations_take_the_median_with_a_reason(stocks):
    X, Y = stocks.X[:200], stocks.Y[:200].copy()
    Y[:, 0] = np.nan
    Y[4:, 1] = np.nan
    learned = tune(MLE, X, Y)
    for i in (0, 1):
        assert not learned.converged[i]
        assert "observations" in learned.reason[i]
        assert np.isfinite(learned.level[i])


def test_fixed_takes_what_is_given(stocks):
    X, Y = stocks.X, stocks.Y
    variance = np.full((4, 11), 1e-4)
    options = replace(MLE, tuning="fixed", state_variance=variance, observation_variance=np.full(11, 2.0))
    learned = tune(options, X, Y)
    np.testing.assert_array_equal(learned.state_variance, variance)
    np.testing.assert_array_equal(learned.level, 2.0)
    assert (learned.reason == "given").all()


@pytest.mark.parametrize("tuning", ["pooled", "mle", "shrunk"])
@pytest.mark.parametrize("options", [MLE, DEFAULT], ids=["plain", "default"])
def test_assets_without_residuals_change_no_other_asset(simulated, options, tuning):
    """One is suspended, and its returns are all zero; one is a factor itself."""
    X, Y, _, _ = simulated
    Y = Y[:, :12]
    options = replace(options, tuning=tuning)
    alone = tune(options, X, Y)
    with_idle = tune(options, X, np.column_stack([Y, np.zeros(len(Y)), 1.7 * X[:, 1]]))
    assert (with_idle.reason[12:14] == NO_RESIDUAL).all()
    assert not with_idle.converged[12:14].any()
    assert np.isfinite(with_idle.level).all()
    assert not with_idle.teaches[12:14].any()
    np.testing.assert_array_equal(with_idle.converged[:12], alone.converged[:12])
    np.testing.assert_array_equal(with_idle.level[:12], alone.level[:12])
    np.testing.assert_array_equal(with_idle.state_variance[:, :12], alone.state_variance[:, :12])
