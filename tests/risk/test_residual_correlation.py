"""Shrunk and dynamic correlations of residuals, within a factor risk."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.loadings import RollingLoadings
from statefolio.risk import DynamicResiduals, FactorRisk, ShrunkResiduals, quadratic_shrinkage
from statefolio.risk.composite_likelihood import CorrelationDynamics, fit_dynamics
from statefolio.risk.dynamic_correlation import forecast_correlations


@pytest.fixture(scope="module")
def residuals():
    rng, dates = np.random.default_rng(8), pd.bdate_range("2010-01-04", periods=400)
    z = 0.5 * rng.standard_normal((400, 1)) + np.sqrt(0.75) * rng.standard_normal((400, 7))
    return pd.DataFrame(z, index=dates, columns=list("GABCDEF"))


def expected_correlations(z, half_life):
    w = 0.5 ** (np.arange(len(z))[::-1] / half_life)
    C = (z.T * w) @ z / w.sum()
    d = np.sqrt(np.diag(C))
    C = quadratic_shrinkage(C / np.outer(d, d), w.sum() ** 2 / (w**2).sum())
    d = np.sqrt(np.diag(C))
    return C / np.outer(d, d)


def off_diagonal(matrix):
    return np.asarray(matrix)[~np.eye(len(matrix), dtype=bool)]


def test_loadings_have_the_shrunk_correlations(residuals):
    found = ShrunkResiduals(half_life=200.0).fit(residuals)
    C = expected_correlations(np.clip(residuals.to_numpy(), -4, 4), 200.0)
    assert off_diagonal(found.loadings_ @ found.loadings_.T) == pytest.approx(off_diagonal(C), rel=1e-9)
    assert (found.loadings_.pow(2).sum(axis=1) < 0.95).all()


def test_dynamic_correlations_are_those_of_the_last_date_with_parameters_of_earlier_ones(residuals):
    until = residuals.index[249]
    found = DynamicResiduals(5, half_life=200.0).fit(residuals, tune_until=until)
    z = np.clip(residuals[sorted(residuals)].to_numpy(), -4, 4)
    dynamics = fit_dynamics(z[:250], expected_correlations(z[:250], 200.0))
    assert [found.news_, found.memory_] == pytest.approx([dynamics.news, dynamics.memory], abs=1e-6)
    R = forecast_correlations(z, expected_correlations(z, 200.0), CorrelationDynamics(found.news_, found.memory_), 5)
    G = found.loadings_.loc[sorted(residuals)]
    assert off_diagonal(G @ G.T) == pytest.approx(off_diagonal(R), rel=1e-7)


@pytest.mark.parametrize("kind", [ShrunkResiduals, DynamicResiduals])
def test_continuing_equals_fitting_and_late_assets_have_zero_loadings(residuals, kind):
    late = residuals.copy()
    late.iloc[:-20, 2] = np.nan
    until = residuals.index[249]
    whole = kind(window=300).fit(late, tune_until=until)
    steps = kind(window=300).fit(late.iloc[:250]).partial_fit(late.iloc[250:320]).partial_fit(late.iloc[320:])
    pd.testing.assert_frame_equal(whole.loadings_, steps.loadings_)
    assert (whole.loadings_.iloc[2] == 0.0).all()


def test_options_of_factor_risk_keep_its_variances(demo):
    returns, factors = demo.returns.iloc[:400, :6], demo.factors.iloc[:400]
    variance = {}
    for structure in (None, "shrunk", "dynamic"):
        risk = FactorRisk(RollingLoadings(120), residual_structure=structure).fit(returns, factors)
        variance[structure] = risk.covariance_.asset_variance
        assert risk.residual_loadings_.shape[1] == (0 if structure is None else 6)
    for structure in ("shrunk", "dynamic"):
        assert variance[structure] == pytest.approx(variance[None], rel=1e-12)
    with pytest.raises(InputError, match="must be 'factors', 'shrunk', 'dynamic', None or an unfitted estimator"):
        FactorRisk(residual_structure="shrink").fit(returns, factors)


def test_large_panels_are_refused_with_the_number(residuals, monkeypatch):
    monkeypatch.setattr("statefolio.risk.full_rank.MOST_ASSETS", 6)
    with pytest.raises(InputError, match=r"at most 6 assets .* got 7\. Use FactorRisk\(\)"):
        ShrunkResiduals().fit(residuals)
