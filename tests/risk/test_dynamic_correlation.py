"""GARCH and dynamic correlations against recursions in loops, and their use as a covariance of returns."""

import numpy as np
import pytest
from scipy.optimize import minimize

from statefolio.exceptions import InputError, NotFittedError
from statefolio.risk import DynamicCorrelation
from statefolio.risk.composite_likelihood import CorrelationDynamics, fit_dynamics
from statefolio.risk.dynamic_correlation import forecast_correlations
from statefolio.risk.garch import fit_garch


@pytest.fixture(scope="module")
def panel():
    """Returns of five assets by GARCH with dynamic correlations, the first listed late and the second with gaps."""
    rng, dates, assets = np.random.default_rng(5), 1200, 5
    s, Q, C = np.ones(assets), None, 0.6 * np.eye(assets) + 0.4
    Q, r = C.copy(), np.empty((dates, assets))
    for t in range(dates):
        q = np.sqrt(np.diag(Q))
        z = np.linalg.cholesky(Q / np.outer(q, q)) @ rng.standard_normal(assets)
        r[t] = np.sqrt(s) * z
        s = 0.06 + 0.08 * r[t] ** 2 + 0.86 * s
        Q = 0.05 * C + 0.05 * np.outer(z, z) + 0.9 * Q
    r[:300, 0] = np.nan
    r[rng.random(dates) < 0.05, 1] = np.nan
    return 0.01 * r


def loop_variances(values, a, b):
    v = np.mean(values**2)
    s = [v]
    for x in values:
        s.append(v * (1 - a - b) + a * x**2 + b * s[-1])
    return np.array(s)


def slow_garch_loss(parameters, columns):
    a, b = parameters
    if min(a, b) < 0 or a + b >= 0.9995:
        return 1e9
    total, count = 0.0, 0
    for values in columns:
        values = values[~np.isnan(values)] / np.sqrt(np.nanmean(values**2))
        s = loop_variances(values, a, b)[:-1]
        total, count = total + np.sum(np.log(s) + values**2 / s), count + len(values)
    return total / count


@pytest.mark.parametrize("pooling", [1.0, 0.0])
def test_garch_has_the_maximum_and_the_variances_of_the_recursion_in_loops(panel, pooling):
    found = fit_garch(panel, pooling)
    columns = panel.T if pooling else panel.T[1:2]
    expected = minimize(slow_garch_loss, [0.1, 0.8], (columns,), "Nelder-Mead", options={"maxiter": 120})
    assert [found.news[1], found.memory[1]] == pytest.approx(expected.x, abs=2e-3)
    variances, ahead = found.filter(panel)
    seen = ~np.isnan(panel[:, 1])
    path = loop_variances(panel[seen, 1], found.news[1], found.memory[1])
    assert variances[seen, 1] == pytest.approx(path[:-1], rel=1e-12)
    assert ahead[1] == pytest.approx(path[-1], rel=1e-12)
    later = [ahead[1]]
    for _ in range(4):
        later.append(found.level[1] + (found.news[1] + found.memory[1]) * (later[-1] - found.level[1]))
    assert found.averaged(ahead, 5)[1] == pytest.approx(np.mean(later), rel=1e-12)


def test_pooling_is_the_mean_of_both_estimates(panel):
    half, pooled, own = (fit_garch(panel, pooling) for pooling in (0.5, 1.0, 0.0))
    assert half.news == pytest.approx((pooled.news + own.news) / 2, rel=1e-12)
    assert half.memory == pytest.approx((pooled.memory + own.memory) / 2, rel=1e-12)
    assert len(set(pooled.news)) == 1
    assert len(set(own.news)) == 5


def loop_correlations(z, C, a, b):
    """Q after each date, where a product with a missing value counts as its target."""
    Q, found = C.copy(), [C]
    for row in z:
        products = np.outer(row, row)
        Q = (1 - a - b) * C + a * np.where(np.isnan(products), C, products) + b * Q
        found.append(Q)
    return found


def slow_pair_loss(parameters, z, C):
    a, b = parameters
    if min(a, b) < 0 or a + b >= 0.9995:
        return 1e9
    total, count = 0.0, 0
    for Q, row in zip(loop_correlations(z, C, a, b), z, strict=False):
        for i in range(len(row) - 1):
            x, y = row[i], row[i + 1]
            if not np.isnan(x * y):
                r = Q[i, i + 1] / np.sqrt(Q[i, i] * Q[i + 1, i + 1])
                total += np.log(1 - r * r) + (x * x + y * y - 2 * r * x * y) / (1 - r * r)
                count += 1
    return total / count


def test_dynamics_maximise_the_likelihood_of_neighbouring_pairs_in_loops(panel):
    z = panel[:500, 1:] / np.nanstd(panel[:500, 1:], axis=0)
    C = np.corrcoef(np.nan_to_num(z).T)
    found = fit_dynamics(z, C)
    best = slow_pair_loss((found.news, found.memory), z, C)
    for a, b in ((0.01, 0.0), (0.0, 0.01), (-0.01, 0.0), (0.0, -0.01)):
        assert slow_pair_loss((found.news + a, found.memory + b), z, C) > best
    assert fit_dynamics(z[:, :1], C[:1, :1]).news == 0.0


def test_forecast_correlations_are_those_of_the_recursion_ahead(panel):
    z = panel[:, 1:] / np.nanstd(panel[:, 1:], axis=0)
    C = np.corrcoef(np.nan_to_num(z).T)
    a, b = 0.04, 0.9
    Q = loop_correlations(z, C, a, b)[-1]
    ahead = [Q]
    for _ in range(9):
        ahead.append((1 - a - b) * C + (a + b) * ahead[-1])
    mean = np.mean(ahead, axis=0)
    q = np.sqrt(np.diag(mean))
    found = forecast_correlations(z, C, CorrelationDynamics(a, b), 10)
    assert found == pytest.approx(mean / np.outer(q, q), rel=1e-10)


def test_continuing_equals_fitting_and_the_future_changes_nothing(demo):
    returns = demo.returns.iloc[:700, :6].copy()
    returns.iloc[:600, 2] = np.nan
    model = DynamicCorrelation(5, window=500, min_observations=100)
    early = returns.iloc[:600].drop(columns=returns.columns[2])
    whole = DynamicCorrelation(**model.get_params()).fit(returns)
    steps = model.fit(early).partial_fit(returns.iloc[600:650]).partial_fit(returns.iloc[650:])
    names = whole.assets_
    assert steps.covariance_frame().loc[names, names].to_numpy() == pytest.approx(
        whole.covariance_frame().to_numpy(), rel=1e-6
    )
    changed = returns.copy()
    changed.iloc[650:] *= 3.0
    first, second = (DynamicCorrelation(window=500).fit(table.iloc[:650]) for table in (returns, changed))
    assert (first.covariance_frame() == second.covariance_frame()).all(axis=None)


def test_a_misprint_is_not_the_variance(demo):
    returns = demo.returns.iloc[:600, :4].copy()
    clean = DynamicCorrelation().fit(returns).covariance_.asset_variance[0]
    returns.iloc[400, 0] = 1.0
    assert DynamicCorrelation().fit(returns).covariance_.asset_variance[0] < 2.0 * clean


def test_assets_without_enough_returns_are_named_and_none_is_an_error(demo):
    returns = demo.returns.iloc[:400, :3].copy()
    returns.iloc[:300, 1] = np.nan
    model = DynamicCorrelation().fit(returns)
    assert list(model.excluded_.index) == ["AMD"]
    assert list(model.assets_) == ["AAPL", "BAC"]
    with pytest.raises(InputError, match="at least 252 known, changing returns within the last 1260 dates"):
        DynamicCorrelation().fit(returns.iloc[:200])
    with pytest.raises(InputError, match="dates after"):
        model.partial_fit(returns.iloc[-2:])
    with pytest.raises(NotFittedError):
        DynamicCorrelation().covariance_frame()
    with pytest.raises(InputError, match="horizon must be"):
        DynamicCorrelation(horizon=0).fit(returns)


def test_more_assets_than_a_full_matrix_allows_are_refused(demo, monkeypatch):
    monkeypatch.setattr("statefolio.risk.full_rank.MOST_ASSETS", 2)
    with pytest.raises(InputError, match="at most 2 assets for DynamicCorrelation"):
        DynamicCorrelation().fit(demo.returns.iloc[:300, :3])
