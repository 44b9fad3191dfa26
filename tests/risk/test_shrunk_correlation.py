"""Exponentially weighted volatilities with shrunk correlations, against loops."""

import numpy as np
import pytest

from statefolio.risk import ShrunkCorrelation, quadratic_shrinkage


def slow(r, hv, hc, b, shrink):
    dates, assets = r.shape
    z, V = np.full(r.shape, np.nan), np.empty(assets)
    for i in range(assets):
        for t in range(dates):
            seen = [s for s in range(t + 1) if not np.isnan(r[s, i])]
            w = np.array([0.5 ** ((t - s) / hv) for s in seen])
            if seen:
                V[i] = w @ r[seen, i] ** 2 / w.sum()
                z[t, i] = r[t, i] / np.sqrt(V[i])
    z, w = np.clip(z, -4, 4), 0.5 ** (np.arange(dates)[::-1] / hc)
    C = np.empty((assets, assets))
    for i in range(assets):
        for j in range(assets):
            both = ~np.isnan(z[:, i] * z[:, j])
            C[i, j] = w[both] @ (z[both, i] * z[both, j]) / w[both].sum()
    d = np.sqrt(np.diag(C))
    C = C / np.outer(d, d)
    if shrink:
        C = quadratic_shrinkage(C, w.sum() ** 2 / (w**2).sum() * np.mean(~np.isnan(r)))
        d = np.sqrt(np.diag(C))
        C = C / np.outer(d, d)
    s = np.sqrt(V + b * np.nanmean(r**2, axis=0))
    return C * np.outer(s, s)


@pytest.mark.parametrize("shrink", [True, False])
def test_it_equals_loops_with_gaps_and_a_late_listing(demo, shrink):
    returns = demo.returns.iloc[:120, :5].copy()
    returns.iloc[:40, 2] = np.nan
    returns.iloc[60:70, 3] = np.nan
    model = ShrunkCorrelation(15.0, 60.0, 0.1, shrink, min_observations=50).fit(returns)
    expected = slow(returns.to_numpy(), 15.0, 60.0, 0.1, shrink)
    assert model.covariance_frame().to_numpy() == pytest.approx(expected, rel=1e-9)


def test_continuing_equals_fitting_to_the_bit_and_scaling_scales(demo):
    returns = demo.returns.iloc[:400, :5]
    model = ShrunkCorrelation(window=200, min_observations=100)
    whole = ShrunkCorrelation(**model.get_params()).fit(returns).covariance_frame()
    steps = model.fit(returns.iloc[:250]).partial_fit(returns.iloc[250:]).covariance_frame()
    assert (steps == whole).all(axis=None)
    scale = np.array([1.0, 10.0, 0.1, 1.0, 2.0])
    scaled = ShrunkCorrelation(window=200, min_observations=100).fit(returns * scale).covariance_frame()
    assert scaled.to_numpy() == pytest.approx(whole.to_numpy() * np.outer(scale, scale), rel=1e-9)
    turned = ShrunkCorrelation(window=200, min_observations=100).fit(returns.iloc[:, ::-1]).covariance_frame()
    assert turned.to_numpy()[::-1, ::-1] == pytest.approx(whole.to_numpy(), rel=1e-9)
