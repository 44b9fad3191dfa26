"""The combination of covariances: its mean, its weights, its parts, and its use as a factor risk."""

import zlib

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm, logm

import statefolio as sf
from statefolio.exceptions import InputError, NotFittedError, StatefolioWarning
from statefolio.loadings import RollingLoadings
from statefolio.risk import CovarianceCombination, FactorRisk, ShrunkCorrelation, attribute_risk
from statefolio.risk.combination_parts import completed, factor_part, split_combination
from statefolio.risk.combination_weights import LearnedWeights, PastForecast, _loss, chosen_assets
from statefolio.risk.log_mean import LogCovariances


def make(**options):
    risk = FactorRisk(RollingLoadings(100), residual_structure=None)
    return CovarianceCombination(risk, [ShrunkCorrelation(window=200, min_observations=100)], **options)


@pytest.fixture(scope="module")
def data(demo):
    returns = demo.returns.iloc[:460, :6].copy()
    returns.iloc[:300, 4] = np.nan
    return returns, demo.factors.iloc[:460]


@pytest.fixture(scope="module")
def fitted(data):
    return make().fit(*data)


def random_covariance(seed, n=5):
    A = np.random.default_rng(seed).standard_normal((n, 3 * n))
    return A @ A.T


def test_the_mean_of_logarithms_equals_scipys():
    matrices, weights = [random_covariance(1), random_covariance(2)], np.array([0.3, 0.7])
    s = [np.sqrt(np.diag(m)) for m in matrices]
    C = expm(sum(w * logm(m / np.outer(d, d)) for w, m, d in zip(weights, matrices, s, strict=True)))
    d = np.prod([v**w for w, v in zip(weights, s, strict=True)], axis=0) / np.sqrt(np.diag(C))
    assert LogCovariances.of(matrices).mean(weights) == pytest.approx(C * np.outer(d, d), rel=1e-10)
    assert LogCovariances.of(matrices[:1] * 2).mean(weights) == pytest.approx(matrices[0], rel=1e-10)
    unit = np.array([1.0, 10.0, 0.1, 3.0, 1.0])
    scaled = LogCovariances.of([m * np.outer(unit, unit) for m in matrices]).mean(weights)
    assert scaled == pytest.approx(LogCovariances.of(matrices).mean(weights) * np.outer(unit, unit), rel=1e-9)


def test_a_covariance_is_completed_by_the_conditional_distribution():
    base, known = random_covariance(3), np.array([True, False, True, True, False])
    own = base[np.ix_(known, known)]
    assert completed(own, known, base) == pytest.approx(base, rel=1e-10)
    other = random_covariance(4, 3)
    whole = completed(other, known, base)
    assert whole[np.ix_(known, known)] == pytest.approx(other)
    assert np.linalg.eigvalsh(whole)[0] > 0
    gamma = base[np.ix_(~known, known)] @ np.linalg.inv(own)
    assert whole[np.ix_(~known, known)] == pytest.approx(gamma @ other, rel=1e-10)


def test_the_factors_of_a_factor_model_are_its_own_and_the_parts_add_up():
    rng = np.random.default_rng(6)
    B, omega = rng.standard_normal((12, 3)), random_covariance(7, 3)
    base = B @ omega @ B.T + np.diag(rng.uniform(1, 3, 12))
    assert factor_part(base, B, omega, base) == pytest.approx(omega, rel=1e-8)
    other = random_covariance(8, 12)
    found = factor_part(other, B, omega, base)
    assert np.linalg.eigvalsh(found)[0] > -1e-12
    sigma, _ = split_combination(other, B, found, np.diag(base))
    assert sigma.dense() == pytest.approx(other, rel=1e-9)
    assert (sigma.diagonal > 0).all()
    assert sigma.loadings[:, :3] == pytest.approx(B)


def test_learned_weights_equal_the_posterior_mean_in_loops():
    names, rng = pd.Index(list("abcd")), np.random.default_rng(9)
    truth, wrong = random_covariance(10, 4), np.diag(np.full(4, 30.0))
    forecast = PastForecast(names, LogCovariances.of([truth, wrong]))
    learned, blocks = LearnedWeights.empty(np.array([0.5, 0.5])), []
    assert learned.weights == pytest.approx([0.5, 0.5])
    for _ in range(30):
        block = pd.DataFrame(rng.multivariate_normal(np.zeros(4), truth, 21), columns=names)
        learned, blocks = learned.updated(forecast, block), [*blocks, block]
    portfolios = np.array([np.random.default_rng(zlib.crc32(name.encode())).exponential(size=100) for name in names]).T
    portfolios /= portfolios.sum(axis=1, keepdims=True)
    log_posterior = []
    for n in range(5):
        loss = 0.0
        for block in blocks:
            matrix = forecast.matrices.mean(np.array([n / 4, 1 - n / 4]))
            r = block.to_numpy()
            most = 6 * np.exp(forecast.matrices.volatility.mean(axis=0))
            r = np.clip(r, -most, most)
            q = np.linalg.slogdet(matrix)[1] / 4 + np.mean(np.einsum("ti,ij,tj->t", r, np.linalg.inv(matrix), r)) / 4
            v = np.einsum("pi,ij,pj->p", portfolios, matrix, portfolios)
            q += np.mean(np.log(v) + ((r @ portfolios.T) ** 2).mean(axis=0) / v)
            loss = 0.5 ** (21 / 504) * loss + 21 * q
        log_posterior.append(np.log([1, 4, 6, 4, 1][n]) - 0.3 * loss / 21)
    p = np.exp(np.array(log_posterior) - max(log_posterior))
    assert learned.weights[0] == pytest.approx(p @ np.arange(5) / 4 / p.sum(), rel=1e-8)
    assert learned.weights[0] > 0.6
    assert learned.variance_ratio[2] == pytest.approx(1.0, abs=0.6)


def test_gaps_leave_assets_out_and_many_assets_are_chosen_by_name():
    names = pd.Index(list("abcd"))
    forecast = PastForecast(names, LogCovariances.of([random_covariance(1, 4), random_covariance(2, 4)]))
    block = pd.DataFrame(np.random.default_rng(3).standard_normal((21, 4)), columns=names)
    block.iloc[3, 1] = np.nan
    kept = [0, 2, 3]
    part = PastForecast(names[kept], LogCovariances.of([random_covariance(n, 4)[np.ix_(kept, kept)] for n in (1, 2)]))
    empty = LearnedWeights.empty(np.array([0.5, 0.5]))
    assert np.isfinite(empty.updated(forecast, block).loss).all()
    assert empty.updated(part, block).loss[[0, -1]] == pytest.approx(empty.updated(forecast, block).loss[[0, -1]])
    assert empty.updated(part, block[["a"]]) is empty
    many = pd.Index([f"A{n}" for n in range(400)])
    assert len(chosen_assets(many)) == 150
    assert set(chosen_assets(many[::-1])) == set(chosen_assets(many))
    assert np.isfinite(_loss(np.eye(4), block.fillna(0.0).to_numpy(), np.full((2, 4), 0.25)))


def test_the_covariance_is_the_mean_of_the_members_with_the_learned_weights(fitted, data):
    risk, other = fitted.members_
    assert list(fitted.weights_.index) == ["FactorRisk", "ShrunkCorrelation"]
    assert fitted.weights_.sum() == pytest.approx(1.0)
    assert fitted.weights_.iloc[0] != 0.5
    expected = LogCovariances.of(
        [risk.covariance_.dense(), other.covariance_frame().loc[risk.assets_, risk.assets_].to_numpy()]
    )
    assert fitted.covariance_frame().to_numpy() == pytest.approx(expected.mean(fitted.weights_.to_numpy()), rel=1e-8)
    own = FactorRisk(RollingLoadings(100), residual_structure=None).fit(*data)
    assert risk.covariance_.dense() == pytest.approx(own.covariance_.dense(), rel=1e-12)


def test_continuing_equals_fitting_with_the_same_dates_of_tuning(data):
    returns, factors = data
    until = returns.index[399]
    whole = make().fit(returns, factors, tune_until=until)
    steps = make().fit(returns.iloc[:400], factors.iloc[:400])
    for first, last in ((400, 407), (407, 445), (445, 460)):
        steps.partial_fit(returns.iloc[first:last], factors.iloc[first:last])
    assert steps.weights_.to_numpy() == pytest.approx(whole.weights_.to_numpy(), rel=1e-12)
    assert steps.covariance_.dense() == pytest.approx(whole.covariance_.dense(), rel=1e-9)
    assert steps.last_date_ == whole.last_date_


def test_later_returns_change_no_earlier_weight(data):
    returns, factors = data
    changed = returns.copy()
    changed.iloc[420:] *= 5.0
    found = [make().fit(table.iloc[:420], factors.iloc[:420]) for table in (returns, changed)]
    assert (found[0].weights_ == found[1].weights_).all()
    assert (found[0].covariance_frame() == found[1].covariance_frame()).all(axis=None)


def test_it_is_a_factor_risk_for_attribution_policies_and_walks(fitted, data):
    weights = {"AAPL": 0.5, "BAC": 0.5}
    split = attribute_risk(fitted, weights)
    assert float(split["contribution"].sum()) == pytest.approx(fitted.portfolio_volatility(weights), rel=1e-9)
    assert float(split["exposure"].sel(factor="market")) == pytest.approx(
        0.5 * fitted.exposures_.loc[["AAPL", "BAC"], "market"].sum()
    )
    assert fitted.value_at_risk(weights).loc["Gaussian", "value_at_risk_95%"] > 0
    assert repr(fitted).startswith("<CovarianceCombination")
    policy = sf.ModelPolicy(sf.portfolio.MinimumVariance(), make(horizon=40), min_dates=400)
    result = sf.run_backtest(policy, sf.Market(*data), start=data[0].index[430])
    assert result.weights.iloc[-1].sum() == pytest.approx(1.0)
    scores = sf.validation.validate_risk(make(learn=False), *data, data[0].index[430], 30, random_portfolios=5)
    assert scores.summary().loc["random long-only", "bias"] > 0


def test_calibration_multiplies_by_the_middle_of_past_ratios(fitted, data):
    calibrated = make(calibrate=True).fit(*data)
    bias = fitted.past_bias_
    assert calibrated.scale_ == pytest.approx(max(bias.min() * bias.max(), 1.0), rel=1e-12)
    assert calibrated.scale_ > 1.0
    assert calibrated.covariance_.dense() == pytest.approx(calibrated.scale_ * fitted.covariance_.dense(), rel=1e-8)
    assert list(bias.index) == ["minimum variance", "long-only minimum variance", "random long-only"]


def test_weights_given_and_not_learned_and_too_few_dates(data):
    returns, factors = data
    kept = make(weights=[3, 1], learn=False).fit(returns, factors)
    assert kept.weights_.to_numpy() == pytest.approx([0.75, 0.25])
    with pytest.warns(StatefolioWarning, match="dates to learn weights on"):
        few = make().fit(returns.iloc[:150], factors.iloc[:150])
    assert few.weights_.to_numpy() == pytest.approx([0.5, 0.5])


def test_invalid_options_and_states_are_refused(data, fitted, tmp_path):
    for options, message in (
        ({"weights": [1.0]}, "weights must be 2 positive numbers"),
        ({"horizon": 0}, "horizon must be"),
    ):
        with pytest.raises(InputError, match=message):
            make(**options).fit(*data)
    with pytest.raises(InputError, match="others must have 1 to 4 members, got 0"):
        CovarianceCombination(others=[]).fit(*data)
    with pytest.raises(InputError, match="got CovarianceCombination"):
        CovarianceCombination(make()).fit(*data)
    with pytest.raises(InputError, match="prefit=True"):
        CovarianceCombination(FactorRisk(prefit=True)).fit(*data)
    with pytest.raises(NotFittedError):
        make().covariance_frame()
    with pytest.raises(InputError, match="Pickle it"):
        fitted.save(tmp_path / "x.risk")
