"""KalmanMean against the dense filter, joint Gaussian conditioning, statsmodels and simulated truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.moments import LedoitWolf
from skfolio.optimization import MeanRisk
from skfolio.prior import EmpiricalPrior
from sklearn.base import clone

from statefolio.exceptions import DataTypeError, InputError, NotFittedError, StatefolioWarning, UnknownNameError
from statefolio.kalman.dense import dense_filter
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.risk.low_rank import LowRankCovariance

# Most panels here have no signal, which test_no_signal_is_said is about.
pytestmark = pytest.mark.filterwarnings("ignore:KalmanMean. no signal found")


def chapter_returns() -> pd.DataFrame:
    """Four assets, 504 days: means that go times 1, 1.5 and .5 by thirds; legacy seed 42, one draw a day."""
    rng = np.random.RandomState(42)
    mean = np.array([0.08, 0.10, 0.04, 0.06]) / 252
    volatility = np.array([0.20, 0.25, 0.08, 0.30]) / np.sqrt(252)
    C = np.eye(4)
    for i, j, c in ((0, 1, 0.6), (0, 2, -0.2), (0, 3, 0.3), (1, 2, -0.1), (1, 3, 0.4), (2, 3, -0.1)):
        C[i, j] = C[j, i] = c
    S = C * np.outer(volatility, volatility)
    rows = [rng.multivariate_normal(mean * (1.0, 1.5, 0.5)[min(day // 168, 2)], S) for day in range(504)]
    return pd.DataFrame(rows, pd.bdate_range("2020-01-01", periods=504), list("ABCD"))


@pytest.mark.parametrize("matrices", [False, True])
def test_the_textbook_filter_of_the_dynamic_portfolio(matrices):
    returns = chapter_returns()
    I = np.eye(4) if matrices else 1.0  # noqa: E741
    model = KalmanMean(
        state_covariance=0.001 * I, observation_covariance=0.01 * I, mean=0.0, start=(np.zeros(4), 1.0 * I)
    ).fit(returns)
    m, p, path = np.zeros(4), 1.0, []
    for r in returns.to_numpy():
        path.append(m)
        k = p / (p + 0.01)
        m, p = 0.99 * (m + k * (r - m)), 0.99**2 * p * (1 - k) + 0.001
    np.testing.assert_allclose(model.predicted_, path, atol=1e-14)
    np.testing.assert_allclose(model.mu_, m, atol=1e-14)
    np.testing.assert_allclose(model.covariance_, p * np.eye(4), atol=1e-14)


@pytest.fixture(scope="module")
def correlated():
    rng = np.random.default_rng(8)
    A = rng.normal(size=(4, 4))
    H = 1e-4 * (A @ A.T + np.eye(4))
    return pd.DataFrame(rng.multivariate_normal(np.zeros(4), H, 120), pd.bdate_range("2019-01-01", periods=120)), H


def test_ratios_are_the_dense_filter_where_the_gain_is_common(correlated):
    returns, H = correlated
    q, phi = 2e-3, 0.97
    model = KalmanMean(phi=phi, signal_to_noise=q, observation_covariance=H, mean=0.0003).fit(returns)
    level = np.full(4, 0.0003)
    found = dense_filter(
        returns.to_numpy(), np.eye(4), H, q * H, level, q / (1 - phi**2) * H, transition=phi * np.eye(4),
        offset=(1 - phi) * level,
    )  # fmt: skip
    np.testing.assert_allclose(model.predicted_, found.predicted, rtol=1e-9, atol=1e-14)
    last = phi * (found.filtered[-1] - level) + level
    np.testing.assert_allclose(model.mu_, last, rtol=1e-9)
    np.testing.assert_allclose(model.covariance_, phi**2 * found.filtered_covariance[-1] + q * H, rtol=1e-9)
    spread = np.diagonal(found.predicted_covariance, axis1=1, axis2=2)
    np.testing.assert_allclose(model.predicted_variance_, spread, rtol=1e-9)


def test_ratios_are_the_dense_filter_with_gaps_where_noise_is_diagonal(panel):
    h = np.array([1.0, 2.0, 0.5, 1.5, 3.0]) * 1e-4
    model = KalmanMean(phi=0.98, signal_to_noise=1e-3, observation_covariance=h, mean=0.0).fit(panel)
    given_q = KalmanMean(phi=0.98, state_covariance=1e-3 * h, observation_covariance=np.diag(h), mean=0.0).fit(panel)
    np.testing.assert_allclose(model.predicted_, given_q.predicted_, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(model.predicted_variance_, given_q.predicted_variance_, rtol=1e-9)
    np.testing.assert_allclose(model.covariance_, given_q.covariance_, rtol=1e-9, atol=1e-18)


def test_matrices_are_gaussian_conditioning_with_gaps(correlated):
    """All means and returns as one Gaussian vector, conditioned on what was observed."""
    returns, H = correlated
    rows = returns.iloc[:6].to_numpy().copy()
    rows[1, 2] = rows[3] = np.nan
    Q, P, phi, level = 0.3 * np.diag(np.diag(H)) + 0.1 * H, 2.0 * H + 1e-5, 0.9, np.array([1, -1, 0, 2]) * 1e-3
    start = np.array([0, 1, 0, -1]) * 1e-3
    model = KalmanMean(
        phi=phi, state_covariance=Q, observation_covariance=H, mean=level, start=(start, P)
    ).fit(pd.DataFrame(rows, returns.index[:6]))  # fmt: skip
    T, N = rows.shape
    means, own = [start], [P]
    for _ in range(T):
        means.append(level + phi * (means[-1] - level))
        own.append(phi**2 * own[-1] + Q)
    joint = np.block([[phi ** abs(s - t) * own[min(s, t)] for t in range(T + 1)] for s in range(T + 1)])
    seen = np.flatnonzero(~np.isnan(rows.ravel()))
    S = (joint[: T * N, : T * N] + np.kron(np.eye(T), H))[np.ix_(seen, seen)]
    cross = joint[T * N :, seen]
    gap = (rows.ravel() - np.concatenate(means[:T]))[seen]
    np.testing.assert_allclose(model.mu_, means[T] + cross @ np.linalg.solve(S, gap), rtol=1e-8)
    np.testing.assert_allclose(model.covariance_, own[T] - cross @ np.linalg.solve(S, cross.T), rtol=1e-8)


def test_matrices_are_those_of_statsmodels(panel):
    from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

    H, Q, phi = 1e-4 * (0.4 + 0.6 * np.eye(5)), 1e-6 * (0.2 + 0.8 * np.eye(5)), 0.95
    start = (np.full(5, 1e-3), 1e-5 * np.eye(5))
    theirs = KalmanFilter(k_endog=5, k_states=5, design=np.eye(5), selection=np.eye(5))
    theirs.bind(np.ascontiguousarray(panel.to_numpy()))
    theirs["obs_cov"], theirs["state_cov"], theirs["transition"] = H, Q, phi * np.eye(5)
    theirs["state_intercept"] = np.full(5, (1 - phi) * 2e-4)
    theirs.initialize_known(*start)
    found = theirs.filter()
    ours = KalmanMean(phi=phi, state_covariance=Q, observation_covariance=H, mean=2e-4, start=start).fit(panel)
    np.testing.assert_allclose(ours.predicted_.to_numpy().T, found.predicted_state[:, :-1], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(ours.mu_, found.predicted_state[:, -1], rtol=1e-7)
    np.testing.assert_allclose(ours.covariance_, found.predicted_state_cov[:, :, -1], rtol=1e-7)


def test_a_constant_mean_is_the_posterior_of_a_normal_prior(correlated):
    """With q = 0 precisions add: n of the returns, 1 / s of the prior."""
    returns, H = correlated
    s, n = 0.01, len(returns)
    model = KalmanMean(tuning="shrunk", spread=s, observation_covariance=H, mean=0.0).fit(returns)
    np.testing.assert_allclose(model.mu_, returns.mean() * n / (n + 1 / s), rtol=1e-9)
    np.testing.assert_allclose(model.covariance_, H / (n + 1 / s), rtol=1e-9)


def test_before_prediction_moves_the_start_one_date_back(correlated):
    returns, H = correlated
    options = {"phi": 0.9, "state_covariance": 0.1 * H, "observation_covariance": H, "mean": 0.0}
    back = KalmanMean(**options, start=(np.full(4, 0.001), H), before_prediction=True).fit(returns)
    on = KalmanMean(**options, start=(np.full(4, 0.0009), 0.91 * H)).fit(returns)
    np.testing.assert_allclose(back.predicted_, on.predicted_, rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("tuning", ["pooled", "mle", "shrunk"])
@pytest.mark.parametrize("mean", ["pooled", "own", 0.0])
def test_continuing_is_fitting_at_once_to_the_last_bit(panel, tuning, mean):
    until = panel.index[109]
    at_once = KalmanMean(tuning=tuning, mean=mean).fit(panel, tune_until=until)
    stepped = KalmanMean(tuning=tuning, mean=mean).fit(panel.iloc[:110], tune_until=until)
    for first, last in ((110, 111), (111, 170), (170, 220)):
        stepped.partial_fit(panel.iloc[first:last])
    assert np.array_equal(stepped.mu_, at_once.mu_)
    assert np.array_equal(stepped.covariance_, at_once.covariance_)
    pd.testing.assert_frame_equal(stepped.predicted_, at_once.predicted_.iloc[170:], check_exact=True)


@pytest.mark.parametrize("tuning", ["pooled", "mle", "shrunk"])
def test_a_newcomer_is_an_asset_never_observed(panel, tuning):
    until, before = panel.index[79], panel.iloc[:80]
    at_once = KalmanMean(tuning=tuning).fit(panel, tune_until=until)
    stepped = KalmanMean(tuning=tuning).fit(before.drop(columns="d"))
    stepped.partial_fit(panel.iloc[80:])
    order = stepped.assets_.get_indexer(panel.columns)
    assert np.array_equal(stepped.mu_[order], at_once.mu_)
    assert np.array_equal(stepped.covariance_[np.ix_(order, order)], at_once.covariance_)
    assert list(stepped.feature_names_in_) == [*"abce", "d"]


def test_matrices_continue_to_the_last_bit(panel):
    options = {
        "state_covariance": 1e-6 * (0.2 + 0.8 * np.eye(5)),
        "observation_covariance": 1e-4 * np.eye(5),
        "mean": 0.0,
    }
    at_once = KalmanMean(**options).fit(panel)
    stepped = KalmanMean(**options).fit(panel.iloc[:100]).partial_fit(panel.iloc[100:101]).partial_fit(panel.iloc[101:])
    assert np.array_equal(stepped.mu_, at_once.mu_)
    assert np.array_equal(stepped.covariance_, at_once.covariance_)


def test_cutting_the_future_changes_nothing_before(panel):
    until = panel.index[99]
    whole = KalmanMean().fit(panel, tune_until=until)
    changed = panel.copy()
    changed.iloc[130:] *= -7.0
    for other in (KalmanMean().fit(panel.iloc[:130], tune_until=until), KalmanMean().fit(changed, tune_until=until)):
        pd.testing.assert_frame_equal(other.predicted_.iloc[:130], whole.predicted_.iloc[:130], check_exact=True)


@given(seed=st.integers(0, 1000), factor=st.sampled_from([0.1, 3.0]))
@settings(max_examples=15, deadline=None)
def test_permuting_and_scaling(seed, factor):
    rng = np.random.default_rng(seed)
    values = rng.normal(0.001, 0.01, (60, 4)) + rng.normal(0, 0.003, (60, 1))
    values[rng.random(values.shape) < 0.1] = np.nan
    returns = pd.DataFrame(values, pd.bdate_range("2020-01-01", periods=60), list("abcd"))
    one, order = KalmanMean().fit(returns), rng.permutation(4)
    other = KalmanMean().fit(factor * returns.iloc[:, order])
    np.testing.assert_allclose(other.mu_, factor * one.mu_[order], rtol=1e-6)
    np.testing.assert_allclose(other.covariance_, factor**2 * one.covariance_[np.ix_(order, order)], rtol=1e-6)


def test_bands_cover_simulated_means():
    """95 % bands of the predicted mean hold the true one 95 % of the time, gaps and late listings included."""
    rng = np.random.default_rng(20)
    N, T, q, phi = 120, 400, 0.004, 0.97
    h = rng.uniform(0.5, 2.0, N) * 1e-4
    m = rng.normal(0, np.sqrt(q / (1 - phi**2) * h))
    truth, values = np.empty((T, N)), np.empty((T, N))
    for t in range(T):
        truth[t], values[t] = m, m + rng.normal(0, np.sqrt(h))
        m = phi * m + rng.normal(0, np.sqrt(q * h))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[:200, :40] = np.nan
    model = KalmanMean(phi=phi, mean=0.0, observation_covariance=h).fit(
        pd.DataFrame(values, pd.bdate_range("2015-01-01", periods=T))
    )
    learned = model.parameters_["signal_to_noise"].iloc[0]
    assert 0.6 * q < learned < 1.6 * q
    inside = np.abs(truth - model.predicted_) < 1.96 * np.sqrt(model.predicted_variance_)
    assert abs(inside.to_numpy()[50:].mean() - 0.95) < 0.015


def test_tuning_finds_the_persistence_and_zero_where_nothing_moves():
    rng = np.random.default_rng(4)
    T, N = 1000, 60
    noise, m, values = rng.normal(0, 0.01, (T, N)), np.zeros(N), np.empty((T, N))
    for t in range(T):
        values[t] = m + noise[t]
        m = 0.9 * m + rng.normal(0, 0.002, N)
    dates = pd.bdate_range("2005-01-03", periods=T)
    found = KalmanMean(phi=None, mean=0.0).fit(pd.DataFrame(values, dates)).parameters_
    assert found["phi"].iloc[0] == pytest.approx(0.9, abs=0.04)
    still = KalmanMean(mean="own").fit(pd.DataFrame(noise, dates)).parameters_
    assert still["signal_to_noise"].max() < 1e-5


def test_the_tuned_spread_has_the_greatest_likelihood(panel):
    """The likelihood worked out asset by asset, date by date, on a fine grid."""
    h_free = KalmanMean(tuning="pooled", mean=0.0, phi=0.9).fit(panel)
    q = h_free.parameters_["signal_to_noise"].iloc[0]

    def twice_negative(s):
        total = 0.0
        for column in panel:
            r = panel[column].to_numpy()
            m, p, squares, logs, n = 0.0, s, 0.0, 0.0, 0
            for x in r:
                if not np.isnan(x):
                    f, n = p + 1, n + 1
                    squares, logs = squares + (x - m) ** 2 / f, logs + np.log(f)
                    m, p = m + p / f * (x - m), p / f
                m, p = 0.9 * m, 0.81 * p + s * (1 - 0.81)
            total += n * np.log(squares / n) + logs
        return total

    s = q / (1 - 0.81)
    assert twice_negative(s) <= min(twice_negative(x) for x in [0.0, *np.geomspace(1e-6, 0.3, 60)]) + 1e-3


def test_a_learned_level_is_not_certain(panel):
    """Returns without any signal: the pooled mean errs as the mean of the cross-section's daily mean does."""
    whole = panel[["a", "b", "c"]].fillna(0.0)
    model = KalmanMean(tuning="shrunk", spread=0.0, observation_covariance=np.full(3, 1e-4)).fit(whole)
    daily = whole.mean(axis=1)
    expected = daily.var(ddof=0) / len(daily)
    np.testing.assert_allclose(model.covariance_, expected, rtol=1e-9)
    own = KalmanMean(tuning="shrunk", spread=0.0, mean="own", observation_covariance=np.full(3, 1e-4)).fit(whole)
    np.testing.assert_allclose(own.covariance_, 1e-4 / 220 * np.eye(3), rtol=1e-9)


def test_low_rank_noise_gives_a_low_rank_posterior(correlated):
    returns, _ = correlated
    rng = np.random.default_rng(1)
    H = LowRankCovariance(rng.normal(1, 0.2, (4, 1)), np.array([[1e-4]]), np.full(4, 5e-5))
    model = KalmanMean(observation_covariance=H, signal_to_noise=1e-3).fit(returns)
    dense = KalmanMean(observation_covariance=H.dense(), signal_to_noise=1e-3).fit(returns)
    assert isinstance(model.covariance_, LowRankCovariance)
    np.testing.assert_allclose(model.covariance_.dense(), dense.covariance_, rtol=1e-10)
    given_q = KalmanMean(observation_covariance=H, state_covariance=1e-7).fit(returns)
    np.testing.assert_allclose(given_q.parameters_["observation_variance"], H.asset_variance)


def test_forecast_takes_the_risk_models_covariance(demo, demo_risk):
    view = KalmanMean(spread=0.4**2 / 252, mean=0.0).fit(demo.returns, risk=demo_risk)
    forecast = view.forecast(demo_risk)
    assert forecast.assets.equals(demo_risk.assets_)
    p = view._filter.ratio[0]
    np.testing.assert_allclose(forecast.covariance.dense(), p * demo_risk.covariance_.dense(), rtol=1e-9)
    fewer = demo_risk.assets_[[3, 1]]
    mean, covariance = forecast.aligned(fewer)
    np.testing.assert_allclose(mean, forecast.mean[fewer])
    np.testing.assert_allclose(covariance.dense(), forecast.covariance.dense()[np.ix_([3, 1], [3, 1])])
    with pytest.raises(UnknownNameError, match="got 'UNKNOWN' without one"):
        forecast.aligned(pd.Index(["UNKNOWN"]))


def test_forecast_of_an_asset_never_seen_is_the_level(demo, demo_risk):
    known = demo.returns.drop(columns=demo_risk.assets_[0])
    forecast = KalmanMean(spread=1e-3, mean=0.0002).fit(known, risk=demo_risk).forecast(demo_risk)
    assert forecast.mean.iloc[0] == pytest.approx(0.0002)
    given_h = KalmanMean(spread=1e-3, observation_covariance=1e-4).fit(known).forecast(demo_risk)
    assert demo_risk.assets_[0] not in given_h.assets


@pytest.mark.parametrize("options", [{}, {"tuning": "mle"}, {"state_covariance": 1e-6, "mean": 0.0}])
def test_skfolio_takes_it(demo, options):
    X = demo.returns.dropna(axis=1).iloc[-500:]
    model = MeanRisk(prior_estimator=EmpiricalPrior(mu_estimator=KalmanMean(**options))).fit(X)
    assert model.weights_.sum() == pytest.approx(1.0)
    fitted = model.prior_estimator_.mu_estimator_
    assert list(fitted.feature_names_in_) == list(X.columns)
    plain = clone(KalmanMean(**options)).fit(X.to_numpy())
    np.testing.assert_allclose(plain.mu_, fitted.mu_, rtol=1e-12)
    assert plain.partial_fit(X.to_numpy()[:5]).predicted_.shape == (5, X.shape[1])


def test_an_estimator_of_skfolios_gives_the_noise(correlated):
    returns, _ = correlated
    model = KalmanMean(observation_covariance=LedoitWolf(), spread=1e-3).fit(returns)
    np.testing.assert_allclose(model.observation_covariance_, LedoitWolf().fit(returns).covariance_)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tuning": "magic"}, "tuning must be .* got 'magic'"),
        ({"phi": True}, "phi must be .* got True"),
        ({"signal_to_noise": np.inf}, "signal_to_noise must be .* got inf"),
        ({"mean": True}, "mean must be .* got True"),
        ({"before_prediction": "no"}, "before_prediction must be True or False, got 'no'"),
        ({"phi": 1.2}, "phi must be .* got 1.2"),
        ({"phi": 1.0}, "phi must be below 1 with tuning='pooled'"),
        ({"phi": 1.0, "state_covariance": 1e-6}, "no stationary distribution"),
        ({"signal_to_noise": -1.0}, "signal_to_noise"),
        (
            {"signal_to_noise": 1e-3, "state_covariance": 1e-6},
            "state_covariance must be None where signal_to_noise is given",
        ),
        ({"signal_to_noise": 1e-3, "spread": 1e-6}, "signal_to_noise must be None where spread is given"),
        ({"phi": None, "spread": 1e-3}, "phi must be a number where spread is given"),
        ({"mean": "grand"}, "mean must be .* got 'grand'"),
        ({"mean": [1.0, 2.0]}, "mean must be .* got shape"),
        ({"mean": pd.Series({"a": 0.0})}, "mean must have every asset"),
        ({"start": 3}, "start must be .* got 3"),
        ({"start": (0.0, np.eye(5))}, "full covariance"),
        ({"state_covariance": np.eye(3)}, "state_covariance must be .* got shape"),
        ({"state_covariance": -1.0}, "variances of at least 0, got -1"),
        ({"state_covariance": -np.eye(5)}, "negative eigenvalue"),
        ({"observation_covariance": 0.0}, "positive, finite variances"),
        ({"observation_covariance": np.eye(2)}, "observation_covariance must be a number or have shape"),
        ({"observation_covariance": np.triu(np.ones((5, 5)))}, "must be symmetric"),
    ],
)
def test_invalid_options(panel, options, said):
    with pytest.raises(InputError, match=said):
        KalmanMean(**options).fit(panel)


def test_invalid_data(panel):
    with pytest.raises(NotFittedError):
        _ = KalmanMean().covariance_
    with pytest.raises(InputError, match="duplicate names"):
        KalmanMean().fit(pd.concat([panel, panel], axis=1))
    with pytest.raises(InputError, match="infinite"):
        KalmanMean().fit(panel.replace(np.nan, np.inf))
    with pytest.raises(InputError, match="at least 3 different returns"):
        KalmanMean().fit(panel * np.nan)
    with pytest.raises(InputError, match="before the first date"):
        KalmanMean().fit(panel, tune_until="1990-01-01")
    with pytest.raises(DataTypeError, match="a covariance or an estimator of one, got 'much'"):
        KalmanMean(observation_covariance="much").fit(panel)
    fitted = KalmanMean().fit(panel.iloc[:100])
    with pytest.raises(InputError, match="X must start after"):
        fitted.partial_fit(panel)
    closed = KalmanMean(state_covariance=1e-6, mean=0.0).fit(panel[["a", "b"]].iloc[:100])
    before = closed.mu_.copy()
    with pytest.raises(InputError, match="X must have only assets of the fit"):
        closed.partial_fit(panel.iloc[100:])
    assert np.array_equal(closed.mu_, before)


@pytest.mark.parametrize("options", [{}, {"phi": None}, {"mean": "own"}, {"tuning": "shrunk"}])
def test_no_signal_is_said(demo, options):
    returns = demo.returns.iloc[-504:, :8]
    with pytest.warns(StatefolioWarning, match="no signal found in expected returns: all views are the long-run mean"):
        found = KalmanMean(**options).fit(returns)
    assert found.signal_found_ is False
    np.testing.assert_array_equal(found.mu_, found.parameters_["mean"])
    np.testing.assert_array_equal(found.predicted_.iloc[-1], found.mu_)


@pytest.mark.parametrize("phi", [None, 0.99])
@pytest.mark.parametrize("advised", ["spread=0.4**2 / 252", "signal_to_noise=1e-5"])
def test_the_advised_options_change_the_views(demo, phi, advised):
    returns = demo.returns.iloc[-504:, :8]
    with pytest.warns(StatefolioWarning) as caught:
        KalmanMean(phi=phi).fit(returns)
    assert advised in str(caught[0].message)
    assert ("phi=0.99" in str(caught[0].message)) == (phi is None)
    value = {"spread=0.4**2 / 252": {"spread": 0.4**2 / 252}, "signal_to_noise=1e-5": {"signal_to_noise": 1e-5}}[
        advised
    ]
    found = KalmanMean(**value).fit(returns)
    assert found.signal_found_ is True
    assert len(np.unique(found.mu_)) == 8


@pytest.mark.filterwarnings("error")
def test_a_given_or_found_signal_is_no_warning(panel):
    assert KalmanMean(mean=0.0, signal_to_noise=0.0).fit(panel).signal_found_ is False
    assert KalmanMean(state_covariance=1e-6, mean=0.0).fit(panel).signal_found_ is True
    assert KalmanMean(start=(0.0, 1e-6)).fit(panel).signal_found_ is True
    rng = np.random.default_rng(4)
    noise, m, values = rng.normal(0, 0.01, (300, 20)), np.zeros(20), np.empty((300, 20))
    for t in range(300):
        values[t], m = m + noise[t], 0.97 * m + rng.normal(0, 0.002, 20)
    assert KalmanMean().fit(pd.DataFrame(values, pd.bdate_range("2005-01-03", periods=300))).signal_found_ is True
