import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.rolling import RollingOLS

from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings

MODELS = [
    StaticLoadings(),
    StaticLoadings(intercept=False),
    ExponentialLoadings(half_life=40),
    RollingLoadings(window=60),
    RollingLoadings(window=7, min_observations=4),
]
NAMES = ("predicted", "predicted_variance", "filtered", "filtered_variance")


def weights(model, rows: int) -> np.ndarray:
    age = np.arange(rows - 1, -1, -1)
    if isinstance(model, ExponentialLoadings):
        return 0.5 ** (age / model.half_life)
    if isinstance(model, RollingLoadings):
        return (age < model.window).astype(float)
    return np.ones(rows)


def needed(model, states: int) -> int:
    if not isinstance(model, RollingLoadings):
        return states
    return max(model.min_observations or (model.window + 1) // 2, states)


def plain(model, X: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, their covariance and s^2 with all rows, by NumPy's least squares."""
    states, w = X.shape[1], weights(model, len(X))
    ok = ~np.isnan(r) & (w > 0)
    nothing = np.full(states, np.nan), np.full((states, states), np.nan), np.nan
    if ok.sum() < needed(model, states):
        return nothing
    w, root = w[ok], np.sqrt(w[ok])
    x, y = X[ok] * root[:, None], r[ok] * root
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    if ok.sum() == states:
        return b, *nothing[1:]
    s2 = np.sum((y - x @ b) ** 2) / (w.sum() - states * (w**2).sum() / w.sum())
    return b, s2 * np.linalg.inv(x.T @ x), s2


def close(a, b) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_against_numpy(model, returns, factors):
    model.fit(returns, factors)
    X = factors.to_numpy()
    if model.intercept:
        X = np.column_stack([np.ones(len(X)), X])
    found, errors = model.loadings_, model.innovations_
    for asset in range(6):
        r = returns.to_numpy()[:, asset]
        fits = [plain(model, X[:t], r[:t]) for t in range(len(X) + 1)]
        b, P, s2 = (np.array(each) for each in zip(*fits, strict=True))
        variance = np.diagonal(P, axis1=1, axis2=2)
        close(found.predicted[:, asset], b[:-1])
        close(found.predicted_variance[:, asset], variance[:-1])
        close(errors.innovation[:, asset], r - (X * b[:-1]).sum(axis=1))
        close(errors.innovation_variance[:, asset], np.einsum("ti,tij,tj->t", X, P[:-1], X) + s2[:-1])
        close(found.filtered[:, asset], b[1:])
        close(found.filtered_variance[:, asset], variance[1:])
        close(model.next_["mean"][asset], b[-1])
        close(model.next_["covariance"][asset], P[-1])
        close(model.next_["observation_variance"][asset], s2[-1])


def test_against_statsmodels(returns, factors):
    found = RollingLoadings(window=60, min_observations=10).fit(returns, factors).loadings_
    X = np.column_stack([np.ones(len(factors)), factors])
    for asset in (0, 1, 2):
        known = RollingOLS(returns.iloc[:, asset].to_numpy(), X, window=60, min_nobs=10, missing="drop").fit()
        known_at = ~np.isnan(known.params[:, 0])
        assert known_at.sum() > 50
        ours = found.filtered.to_numpy()[:, asset][known_at]
        np.testing.assert_allclose(ours, known.params[known_at], rtol=1e-9, atol=1e-12)
        variance = known.bse[known_at] ** 2
        ours = found.filtered_variance.to_numpy()[:, asset][known_at]
        np.testing.assert_allclose(ours, variance, rtol=1e-8)


def same(a, b) -> None:
    assert np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_continuing_and_cutting_change_no_bit(model, data):
    returns, factors = panel(data.draw(st.integers(0, 5)))
    cut = data.draw(st.integers(1, len(returns) - 1))
    whole = type(model)(**model.get_params()).fit(returns, factors)
    parts = type(model)(**model.get_params()).fit(returns[:cut], factors[:cut])
    for name in NAMES:
        same(parts.loadings_[name], whole.loadings_[name][:cut])
    parts.partial_fit(returns[cut:], factors[cut:])
    for name in NAMES:
        same(parts.loadings_[name], whole.loadings_[name][cut:])
    same(parts.innovations_.innovation_variance, whole.innovations_.innovation_variance[cut:])
    for name in ("mean", "covariance", "observation_variance"):
        same(parts.next_[name], whole.next_[name])
    pd.testing.assert_frame_equal(parts.parameters_, whole.parameters_)


def panel(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2010-01-04", periods=150)
    factors = pd.DataFrame(rng.normal(0, 0.01, (150, 2)), index=dates, columns=["market", "size"])
    values = factors.to_numpy() @ rng.normal(1, 0.3, (2, 35)) + rng.normal(0, 0.01, (150, 35))
    values[rng.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, index=dates).rename(columns="A{}".format), factors


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 100))
def test_neighbours_and_order_change_no_bit(seed):
    returns, factors = panel(seed)
    order = np.random.default_rng(seed).permutation(35)[:20]
    for model in (ExponentialLoadings(30), RollingLoadings(40)):
        whole = model.fit(returns, factors).loadings_.filtered
        some = model.fit(returns.iloc[:, order], factors).loadings_.filtered
        same(some, whole[:, order])


@pytest.mark.parametrize("scale", [1e-6, 1e6])
@pytest.mark.filterwarnings("ignore::statefolio.exceptions.StatefolioWarning")
def test_scale_free(returns, factors, scale):
    for model in (StaticLoadings(), ExponentialLoadings(30), RollingLoadings(40)):
        plain_ = model.fit(returns, factors).loadings_.filtered.to_numpy()
        both = model.fit(returns * scale, factors * scale).loadings_.filtered.to_numpy()
        np.testing.assert_allclose(both[..., 1:], plain_[..., 1:], rtol=1e-9, atol=1e-11)
        one = model.fit(returns, factors * [1.0, scale]).loadings_.filtered.to_numpy()
        np.testing.assert_allclose(one[..., 2] * scale, plain_[..., 2], rtol=1e-9, atol=1e-11)


def test_a_bad_print_leaves_no_trace(factors):
    """A return of 10^9 that left the window leaves nothing behind, not even rounding."""
    rng = np.random.default_rng(3)
    returns = pd.DataFrame(rng.normal(0, 0.01, (260, 2)), index=factors.index, columns=["A", "B"])
    returns["B"] = returns["A"]
    returns.iloc[70, 1] = 1e9
    with pytest.warns(StatefolioWarning, match=r"must not move to twenty times .*'B' on 2010-04-12"):
        found = RollingLoadings(50).fit(returns, factors).loadings_
    same(found.filtered[120:, 0], found.filtered[120:, 1])
    same(found.filtered_variance[120:, 0], found.filtered_variance[120:, 1])
    assert not np.isclose(found.filtered[119, 0, 0], found.filtered[119, 1, 0])


def test_collinear_where_observed(returns, factors):
    factors.iloc[:100, 1] = factors.iloc[:100, 0] * 2.0
    returns.iloc[100:, 0] = np.nan
    with pytest.warns(StatefolioWarning) as raised:
        model = StaticLoadings().fit(returns, factors)
    said = " ".join(str(each.message) for each in raised)
    assert "factors are collinear on some dates of 'A" in said
    assert "'market', 'size' should not be collinear on the dates of an asset, got condition number infinite" in said
    assert np.isnan(model.loadings_.filtered[:, 0, 1:]).all()
    assert np.isfinite(model.loadings_.filtered[10:, 0, 0]).all()
    assert "'market', 'size' not identified: collinear" in model.parameters_.reason["A0"]
    assert not model.parameters_.converged["A0"]


def test_reasons(returns, factors):
    table = RollingLoadings(60).fit(returns, factors).parameters_
    assert table.reason["A0"] == ""
    assert table.converged["A0"]
    assert table.reason["A3"] == "0 observations, fewer than the 30 needed"
    assert table.loc["A2", "observations"] == 0


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (RollingLoadings(0), "window must be .* got 0"),
        (RollingLoadings(2.5), "window must be .* got 2.5"),
        (RollingLoadings(True), "window must be .* got True"),
        (RollingLoadings(3), "more than the number of loadings"),
        (RollingLoadings(60, 0), "min_observations must be .* got 0"),
        (RollingLoadings(60, 61), "at most window=60"),
        (ExponentialLoadings(0), "half_life must be .* got 0"),
        (ExponentialLoadings(float("nan")), "half_life must be .* got nan"),
        (ExponentialLoadings("x"), "half_life must be .* got 'x'"),
    ],
    ids=repr,
)
def test_options(model, word, returns, factors):
    with pytest.raises(InputError, match=word):
        model.fit(returns, factors)
