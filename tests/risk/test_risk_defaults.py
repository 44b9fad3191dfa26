import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.idiosyncratic import effective_observations, idiosyncratic_variance
from statefolio.risk.residual import standardised_innovations
from statefolio.risk.residual_structure import NoStructure, ResidualFactors


@pytest.fixture(scope="module")
def made(demo, demo_model):
    """Defaults, without residual factors, and without long-run variances."""
    variants = ({}, {"residual_structure": None}, {"long_run_weight": 0.0})
    return [FactorRisk(demo_model, prefit=True, **v).fit(demo.returns, demo.factors) for v in variants]


def test_residual_factors_are_in_sigma_and_leave_its_diagonal(made, demo_model):
    default, without, _ = made
    z = standardised_innovations(demo_model)
    structure = ResidualFactors().fit(z)
    assert default.residual_loadings_.shape[1] == structure.count_ > 0
    difference = default.covariance_.dense() - without.covariance_.dense()
    variance = without.idiosyncratic_variance_.to_numpy()
    G = structure.loadings_.to_numpy() * np.sqrt(variance)[:, None]
    expected = G @ G.T
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(difference, expected, rtol=1e-9, atol=1e-12 * variance.max())


def test_long_run_variance_is_added_to_d(made, demo_model):
    default, without_structure, plain = made
    found = demo_model.innovations_
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    v = np.sign(v) * np.minimum(np.abs(v), 4.0 * np.sqrt(S))
    added = without_structure.idiosyncratic_variance_ - (plain.idiosyncratic_variance_ / _left(plain))
    for i, asset in enumerate(demo_model.assets_):
        known = v[~np.isnan(v[:, i]), i]
        weights = 0.5 ** (np.arange(len(known))[::-1] / 1260.0)
        assert added[asset] == pytest.approx(0.08 * (weights @ known**2) / weights.sum(), rel=1e-9)
    assert (np.diag(default.factor_covariance_) > np.diag(plain.factor_covariance_)).all()


def _left(risk):
    """Share of D that residual factors do not explain."""
    shared = risk.residual_loadings_.pow(2).sum(axis=1)
    return risk.idiosyncratic_variance_ / (risk.idiosyncratic_variance_ + shared)


def test_none_is_no_structure(made, demo, demo_model):
    risk = FactorRisk(demo_model, prefit=True, residual_structure=NoStructure()).fit(demo.returns, demo.factors)
    np.testing.assert_array_equal(risk.covariance_.dense(), made[1].covariance_.dense())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"residual_structure": "sectors"}, "residual_structure must be .* got 'sectors'"),
        ({"long_run_weight": -0.1}, "long_run_weight"),
    ],
)
def test_options_that_cannot_be_used(demo, demo_model, options, message):
    with pytest.raises(InputError, match=message):
        FactorRisk(demo_model, prefit=True, **options).fit(demo.returns, demo.factors)


def test_effective_observations_follow_the_models_memory():
    rng, dates = np.random.default_rng(3), pd.bdate_range("2020-01-01", periods=400)
    factors = pd.DataFrame(rng.normal(0, 0.01, (400, 1)), dates, ["market"])
    returns = pd.DataFrame(rng.normal(0, 0.01, (400, 2)), dates, ["old", "new"])
    returns.loc[dates[:370], "new"] = np.nan
    seen = returns.count()
    for model, expected in (
        (StaticLoadings(), [400.0, 30.0]),
        (RollingLoadings(60, 20), [60.0, 30.0]),
        (ExponentialLoadings(5.0), [(1 + 0.5**0.2) / (1 - 0.5**0.2)] * 2),
    ):
        found = effective_observations(model.fit(returns, factors), seen)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_shrinkage_beats_none_in_squared_log_error():
    """Variances of two groups learned from 20 returns each; groups help where they differ."""
    rng = np.random.default_rng(0)
    names = pd.Index([f"A{i}" for i in range(60)])
    groups = pd.Series(["calm"] * 30 + ["wild"] * 30, index=names)
    errors = {"none": [], "one": [], "groups": []}
    for _ in range(60):
        truth = np.where(groups == "calm", -1.0, 1.0) + 0.2 * rng.normal(size=60)
        learned = pd.Series(np.exp(truth) * rng.chisquare(20, 60) / 20, index=names)
        counts = pd.Series(20, index=names)
        for name, values in (
            ("none", learned),
            ("one", idiosyncratic_variance(learned, counts)),
            ("groups", idiosyncratic_variance(learned, counts, groups)),
        ):
            errors[name].append(((np.log(values) - truth) ** 2).mean())
    mean = {name: np.mean(found) for name, found in errors.items()}
    assert mean["groups"] < 0.6 * mean["none"]
    assert mean["groups"] < mean["one"] < mean["none"]
