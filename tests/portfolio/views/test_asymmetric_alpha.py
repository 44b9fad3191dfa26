"""AsymmetricAlpha against slow sums and statsmodels, against the symmetric view, and with the future cut."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.base import clone

import statefolio as sf
from statefolio.exceptions import DataTypeError, InputError, NotFittedError, UnknownNameError
from statefolio.portfolio import AsymmetricAlpha, FactorPremia, KalmanMean
from statefolio.portfolio.views.alpha_posterior import alpha_posterior
from statefolio.portfolio.views.side_half_lives import remaining_shares

SAME = {"long_scale": 1.0, "short_scale": 1.0, "short_confidence": 0.5, "borrow": 0.0, "squeeze": 0.0}
DATES, ASSETS = 700, 12


@pytest.fixture(scope="module")
def panel():
    """Twelve assets with alphas of both signs, fat tails to the right, gaps, and a late listing."""
    rng = np.random.default_rng(4)
    dates = pd.bdate_range("2015-01-05", periods=DATES)
    factors = pd.DataFrame({"market": rng.normal(3e-4, 0.01, DATES), "value": rng.normal(0.0, 0.005, DATES)}, dates)
    alpha = np.linspace(-0.002, 0.002, ASSETS)
    noise = 0.008 * (rng.gamma(2.0, 1.0, (DATES, ASSETS)) - 2.0)
    returns = alpha + factors.to_numpy() @ rng.normal(0.6, 0.4, (2, ASSETS)) + noise
    returns[rng.random(returns.shape) < 0.02] = np.nan
    returns[:300, 5] = np.nan
    return pd.DataFrame(returns, dates, [f"A{i:02d}" for i in range(ASSETS)]), factors


@pytest.fixture(scope="module")
def risk(panel):
    return sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None).fit(*panel)


BASES = [FactorPremia(alpha="both"), KalmanMean(mean=0.0, spread=0.4**2 / 252)]


@pytest.mark.parametrize("base", BASES, ids=["premia", "mean"])
def test_equal_sides_without_charges_are_the_symmetric_view(panel, risk, base):
    before = clone(base).fit(*panel, risk=risk).forecast(risk)
    found = AsymmetricAlpha(base, **SAME).fit(*panel, risk=risk).forecast(risk)
    pd.testing.assert_series_equal(found.mean, before.mean, check_exact=True)
    np.testing.assert_array_equal(found.covariance.dense(), before.covariance.dense())


def test_equal_confidences_are_those_of_the_symmetric_view(panel, risk):
    before = FactorPremia(alpha="both", alpha_confidence=0.9).fit(*panel, risk=risk)
    view = AsymmetricAlpha(**SAME | {"long_confidence": 0.9, "short_confidence": 0.9}).fit(*panel, risk=risk)
    used = view.sides(risk)["used"]
    pd.testing.assert_series_equal(used, before.alpha_, check_exact=True, check_names=False)
    assert 0 < (used != 0.0).sum() < ASSETS


def test_equal_sides_mirror_each_other(panel, risk):
    """Returns of the other sign give the other sign, with scales that are learned and alphas that decay too."""
    returns, factors = panel
    options = SAME | {"long_scale": 0.7, "short_scale": 0.7, "long_half_life": 40.0, "short_half_life": 40.0}
    other = sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None).fit(-returns, factors)
    one = AsymmetricAlpha(**options).fit(returns, factors, risk=risk).sides(risk)["used"]
    two = AsymmetricAlpha(**options).fit(-returns, factors, risk=other).sides(other)["used"]
    pd.testing.assert_series_equal(one, -two, check_exact=True)
    assert (one > 0.0).any()
    assert (one < 0.0).any()


def test_learned_half_lives_are_causal_and_continue(panel):
    """What is learned by a date does not depend on later dates, and `partial_fit` equals one fit."""
    returns, factors = panel
    cut = returns.index[600]

    def fitted(until):
        model = sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None)
        model.fit(returns.loc[:until], factors.loc[:until])
        options = SAME | {"long_half_life": "learned", "short_half_life": "learned"}
        return AsymmetricAlpha(**options).fit(returns.loc[:until], factors.loc[:until], risk=model), model

    early, risk_early = fitted(cut)
    model = sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None)
    model.fit(returns.loc[:cut], factors.loc[:cut])
    whole, _ = fitted(returns.index[-1])
    later = returns.index > cut
    model.partial_fit(returns.loc[later], factors.loc[later])
    continued = early.partial_fit(returns.loc[later], factors.loc[later], risk=model)
    pd.testing.assert_frame_equal(continued.half_lives_, whole.half_lives_, check_exact=True)
    assert whole.half_lives_.sum().tolist() == pytest.approx([1.0, 1.0])
    assert not np.allclose(whole.half_lives_["long"], whole.half_lives_["short"])
    again, _ = fitted(cut)
    d_long = remaining_shares(again.half_lives_.to_numpy().T, 21)[0]
    used = again.sides(risk_early)
    longs = used["side"] == "long"
    np.testing.assert_allclose(used.loc[longs, "used"], d_long * used.loc[longs, "alpha"], rtol=1e-12)
    assert longs.any()


def slow_history(view, risk):
    """Forecast alphas, returns without factors, and variances of every date and asset, one by one."""
    model, rows = risk.model_, []
    estimate, doubt = (model.loadings_[name].to_numpy() for name in ("predicted", "predicted_variance"))
    errors, variances = (model.innovations_[name].to_numpy() for name in ("innovation", "innovation_variance"))
    for t, date in enumerate(model.innovations_.indexes["date"]):
        estimates = {}
        for i, asset in enumerate(model.assets_):
            a, v = estimate[t, i, 0], doubt[t, i, 0]
            if np.isfinite(a) and np.isfinite(v):
                estimates[asset] = (i, a, v)
        if not estimates:
            continue
        of = np.array([each[1:] for each in estimates.values()])
        shrunk = alpha_posterior(of[:, 0], of[:, 1], view.view_.alpha_prior).mean
        for (asset, (i, a, _)), mean in zip(estimates.items(), shrunk, strict=True):
            e, s = errors[t, i], variances[t, i]
            if np.isfinite(e):
                rows.append((date, asset, mean, e + a, s, e / np.sqrt(s)))
    return pd.DataFrame(rows, columns=["date", "asset", "alpha", "realised", "noise", "z"])


def test_every_number_is_that_of_slow_sums(panel, risk):
    returns, factors = (frame.iloc[-340:] for frame in panel)
    risk = sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None).fit(returns, factors)
    fees = pd.Series(np.linspace(0.0, 0.05, ASSETS), returns.columns)
    view = AsymmetricAlpha(
        long_half_life=30.0, short_half_life=10.0, long_confidence=0.6, short_confidence=0.7, borrow=fees, squeeze=0.1
    ).fit(returns, factors, risk=risk)
    seen = slow_history(view, risk)

    error = (seen["realised"] - seen["alpha"]).clip(-5 * seen["noise"] ** 0.5, 5 * seen["noise"] ** 0.5)
    sides = np.column_stack([seen["alpha"].clip(lower=0.0), seen["alpha"].clip(upper=0.0)])
    of_dates = {"groups": pd.factorize(seen["date"])[0], "use_correction": False}
    fit = sm.WLS(seen["alpha"] + error, sides, 1 / seen["noise"]).fit(cov_type="cluster", cov_kwds=of_dates)
    prior = np.linalg.inv([[0.25, 0.125], [0.125, 0.25]])
    precise = np.linalg.inv(fit.cov_params())
    scale = np.linalg.solve(prior + precise, prior @ np.ones(2) + precise @ fit.params)
    np.testing.assert_allclose(view.scales_["scale"], scale, rtol=1e-8)
    np.testing.assert_allclose(view.scales_["error"] ** 2, np.linalg.inv(prior + precise).diagonal(), rtol=1e-8)

    large = seen["z"].where(seen["z"] > 2, 0.0)
    ahead = risk.model_.next_
    kept = [sum(2.0 ** (-j / half) for j in range(21)) / 21 for half in (30.0, 10.0)]
    k_long, k_short = scale * kept
    for i, (asset, row) in enumerate(view.sides(risk).iterrows()):
        own = (seen["asset"] == asset).to_numpy()
        tail = (large[own].sum() + 252 * large.mean()) / (own.sum() + 252)
        q = 0.1 * np.sqrt(float(ahead["observation_variance"][i])) * tail + fees[asset] / 252
        found = alpha_posterior(
            ahead["mean"].to_numpy()[:, 0], ahead["covariance"].to_numpy()[:, 0, 0], view.view_.alpha_prior
        )
        law = norm(found.mean[i], np.sqrt(found.variance[i]))
        wide = 12 * law.std()
        long_gain = quad(lambda x, law=law: x * law.pdf(x), 0, max(0, law.mean()) + wide)[0]
        short_gain = quad(lambda x, law=law: -x * law.pdf(x), min(0, law.mean()) - wide, 0)[0]
        buys, sells = law.sf(0) > 0.6, law.cdf(-q / k_short) > 0.7
        used = k_long * law.mean() if buys else k_short * law.mean() + q if sells else 0.0
        expected = [law.mean(), law.std(), long_gain, short_gain, law.sf(0), law.cdf(-q / k_short), used]
        names = ["alpha", "deviation", "long_gain", "short_gain", "long_probability", "short_probability", "used"]
        np.testing.assert_allclose(row[names].to_numpy(dtype=float), expected, rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(row["borrow"] + row["squeeze"], q, rtol=1e-9)
        assert row["side"] == ("long" if buys else "short" if sells else "none")
    before = view.view_.forecast(risk)
    sides = view.sides(risk)
    np.testing.assert_allclose(view.forecast(risk).mean, before.mean - sides["alpha"] + sides["used"], atol=1e-15)


def test_a_short_has_to_earn_its_charges(panel, risk):
    """Dearer shorts are fewer and smaller; longs are the same."""
    found = {}
    for fee in (0.0, 0.05, 0.2, 5.0):
        options = SAME | {"borrow": fee}
        found[fee] = AsymmetricAlpha(**options).fit(*panel, risk=risk).sides(risk)["used"]
    table = pd.DataFrame(found)
    shorts, longs = table.clip(upper=0.0), table.clip(lower=0.0)
    assert (shorts.diff(axis=1).iloc[:, 1:] >= 0.0).all(axis=None)
    assert longs.nunique(axis=1).eq(1).all()
    assert (shorts < 0.0).sum().tolist()[0] > (shorts < 0.0).sum().tolist()[2] > 0
    assert not shorts[5.0].any()


@pytest.mark.parametrize("base", BASES, ids=["premia", "mean"])
def test_continued_views_are_those_of_all_dates_and_no_view_sees_later_ones(panel, base):
    returns, factors = panel
    model = sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None)
    until, cut = returns.index[399], 560
    view, walked = AsymmetricAlpha(base), sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None)
    for first, last in ((0, 400), (400, 401), (401, cut)):
        part = returns.iloc[first:last], factors.iloc[first:last]
        walked = walked.partial_fit(*part) if first else walked.fit(*part)
        view = view.partial_fit(*part, risk=walked) if first else view.fit(*part, risk=walked)
    past = returns.iloc[:cut], factors.iloc[:cut]
    once = model.fit(*past, tune_until=until)
    whole = AsymmetricAlpha(base).fit(*past, risk=once, tune_until=until)
    pd.testing.assert_frame_equal(view.sides(walked), whole.sides(once), check_exact=True)
    pd.testing.assert_frame_equal(view.scales_, whole.scales_, check_exact=True)


def test_decisions_do_not_depend_on_later_dates(panel):
    returns, factors = panel[0].drop(columns="A05").fillna(0.0), panel[1]
    changed = returns.copy()
    changed.iloc[560:] = -3.0 * changed.iloc[560:]
    decided = []
    for each in (returns, changed):
        policy = sf.ModelPolicy(
            sf.portfolio.Utility(5.0),
            sf.FactorRisk(sf.RollingLoadings(150), residual_structure=None),
            AsymmetricAlpha(borrow=pd.DataFrame(0.01, returns.index, returns.columns)),
            sf.Constraints(lower=-0.3, upper=0.3, net=(-1, 1)),
        )
        result = sf.run_backtest(policy, sf.Market(each, factors), start=returns.index[500], rebalance=40)
        decided.append(result.weights)
    cut = returns.index[559]
    one, two = (weights.loc[:cut] for weights in decided)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not decided[0].iloc[-1].equals(decided[1].iloc[-1])


def test_fees_are_those_known_at_the_date(panel, risk):
    returns, _ = panel
    fees = pd.DataFrame(0.01, returns.index[[0, 300, -1]], returns.columns)
    fees.iloc[1] = 0.02
    fees.iloc[2, 0] = np.nan
    later = pd.concat([fees, pd.DataFrame(0.9, [returns.index[-1] + pd.Timedelta(days=1)], returns.columns)])
    one, two = (AsymmetricAlpha(borrow=each).fit(*panel, risk=risk).sides(risk)["borrow"] for each in (fees, later))
    pd.testing.assert_series_equal(one, two, check_exact=True)
    assert one.mul(252).round(12).tolist() == [0.02, *[0.01] * (ASSETS - 1)]


def test_learned_scales_are_pooled_and_wait_for_a_year(panel, risk):
    few = AsymmetricAlpha().fit(*(frame.iloc[:250] for frame in panel))
    assert few.scales_["scale"].tolist() == [1.0, 1.0]
    assert few.scales_["error"].tolist() == [0.5, 0.5]
    given = AsymmetricAlpha(short_scale=0.4).fit(*panel, risk=risk).scales_
    assert given.loc["short"].tolist() == [0.4, 0.0]
    assert given.loc["long", "error"] < 0.5


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"view": FactorPremia(alpha="long")}, InputError, "view must have alphas of both signs"),
        ({"view": FactorPremia(alpha="both", alpha_confidence=0.8)}, InputError, "alpha_confidence=0.8"),
        ({"view": sf.FactorRisk()}, DataTypeError, "view must be a FactorPremia or a KalmanMean"),
        ({"long_scale": "tuned"}, InputError, "long_scale must be 'learned' or a finite number"),
        ({"short_confidence": 0.4}, InputError, "short_confidence must be"),
        ({"short_half_life": 0}, InputError, "short_half_life must be"),
        ({"borrow": "dear"}, DataTypeError, "borrow must be a number, a Series"),
    ],
)
def test_invalid_options_are_refused(panel, options, error, text):
    with pytest.raises(error, match=text):
        AsymmetricAlpha(**options).fit(*panel)


@pytest.mark.parametrize(
    ("borrow", "error", "text"),
    [
        (-0.01, InputError, "borrow must hold finite numbers of at least 0, got -0.01"),
        (pd.Series({"A00": 0.01}), UnknownNameError, "borrow must have every asset, got none for"),
        (
            pd.DataFrame({"A00": [0.01]}, [pd.Timestamp("2030-01-01")]),
            InputError,
            "borrow must have a row at or before",
        ),
    ],
)
def test_invalid_fees_are_refused(panel, risk, borrow, error, text):
    view = AsymmetricAlpha(borrow=borrow).fit(*panel, risk=risk)
    with pytest.raises(error, match=text):
        view.forecast(risk)


def test_a_view_is_fitted_first(risk):
    with pytest.raises(NotFittedError):
        AsymmetricAlpha().forecast(risk)
