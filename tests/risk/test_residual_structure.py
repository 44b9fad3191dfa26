import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.risk.residual_structure import NoStructure, ResidualFactors, SectorBlocks

ASSETS = 30


def planted(factors=3, dates=1000, strength=0.5, gaps=0.0, seed=0):
    """Standardised residuals with simulated factors, gaps, a late listing and a delisting."""
    rng = np.random.default_rng(seed)
    loadings = strength * rng.choice([-1.0, 1.0], (ASSETS, factors)) * rng.uniform(0.6, 1.2, (ASSETS, factors))
    specific = np.maximum(1.0 - (loadings**2).sum(axis=1), 0.1)
    size = np.sqrt((loadings**2).sum(axis=1) + specific)
    values = rng.normal(size=(dates, factors)) @ loadings.T + rng.normal(size=(dates, ASSETS)) * np.sqrt(specific)
    values[rng.random(values.shape) < gaps] = np.nan
    values[: dates // 2, 1] = np.nan
    values[-40:, 2] = np.nan
    dates_ = pd.bdate_range("2010-01-04", periods=dates, name="date")
    names = [f"A{i:02d}" for i in range(ASSETS)]
    return pd.DataFrame(values / size, index=dates_, columns=names), loadings / size[:, None]


def correlations(loadings):
    product = np.asarray(loadings) @ np.asarray(loadings).T
    return product[np.triu_indices(len(product), 1)]


@pytest.mark.parametrize("factors", [0, 1, 4])
def test_held_out_dates_choose_the_planted_number(factors):
    residuals, _ = planted(factors, strength=0.45, seed=10 + factors)
    found = ResidualFactors(half_life=5000.0).fit(residuals)
    assert found.count_ == factors
    assert found.held_out_.idxmax() == factors
    assert found.loadings_.shape == (ASSETS, factors)


def test_recovers_planted_correlations():
    residuals, loadings = planted(2, gaps=0.05)
    found = ResidualFactors(2, half_life=5000.0).fit(residuals)
    error = correlations(found.loadings_) - correlations(loadings)
    assert np.sqrt((error**2).mean()) < 0.04
    assert np.sqrt((correlations(loadings) ** 2).mean()) > 0.2
    assert (found.loadings_.pow(2).sum(axis=1) < 1.0).all()


def test_choice_sees_no_date_after_tune_until():
    residuals, _ = planted(2)
    until = residuals.index[799]
    noise = residuals.copy()
    noise.iloc[800:] = np.random.default_rng(3).normal(size=(200, ASSETS))
    first, second = (ResidualFactors(largest=4).fit(data, tune_until=until) for data in (residuals, noise))
    pd.testing.assert_series_equal(first.held_out_, second.held_out_)
    assert first.count_ == second.count_ == 2
    assert not np.allclose(first.loadings_, second.loadings_)


@pytest.mark.parametrize("kind", ["factors", "sectors"])
def test_partial_fit_equals_fit(kind):
    residuals, _ = planted(2, gaps=0.02)
    sectors = pd.Series([f"S{i % 4}" for i in range(ASSETS)], index=residuals.columns)
    model = ResidualFactors(2, window=500) if kind == "factors" else SectorBlocks(sectors, window=500)
    whole = clone(model).fit(residuals)
    early = residuals.iloc[:480].drop(columns="A01")
    steps = clone(model).fit(early).partial_fit(residuals.iloc[480:700]).partial_fit(residuals.iloc[700:])
    pd.testing.assert_frame_equal(steps.loadings_.loc[whole.loadings_.index], whole.loadings_, rtol=1e-8, atol=1e-8)


def test_permuting_assets_permutes_loadings():
    residuals, _ = planted(2)
    order = np.random.default_rng(5).permutation(residuals.columns)
    first, second = (ResidualFactors(largest=4).fit(data) for data in (residuals, residuals[order]))
    assert first.count_ == second.count_
    pd.testing.assert_frame_equal(second.loadings_.loc[residuals.columns], first.loadings_, rtol=1e-6, atol=1e-8)


def test_an_asset_with_few_residuals_has_no_loadings():
    residuals, _ = planted(2)
    residuals.iloc[:-59, 5] = np.nan
    loadings = ResidualFactors(2).fit(residuals).loadings_
    assert not loadings.iloc[5].any()
    assert loadings.drop(index="A05").ne(0.0).all(axis=None)


def test_one_bad_price_is_not_a_factor():
    residuals, _ = planted(0)
    spoiled = residuals.copy()
    spoiled.iloc[700, [7, 8]] = [500.0, -500.0]
    assert ResidualFactors().fit(spoiled).count_ == ResidualFactors().fit(residuals).count_ == 0


def test_sector_blocks_recover_a_planted_correlation():
    rng = np.random.default_rng(6)
    dates = pd.bdate_range("2010-01-04", periods=3000, name="date")
    sectors = pd.Series(["bank"] * 8 + ["oil"] * 6 + ["lone"] * 2, index=[f"A{i}" for i in range(16)])
    rho = {"bank": 0.4, "oil": 0.15, "lone": 0.0}
    common = {name: rng.normal(size=3000) for name in rho}
    values = {
        asset: np.sqrt(rho[s]) * common[s] + np.sqrt(1 - rho[s]) * rng.normal(size=3000) for asset, s in sectors.items()
    }
    residuals = pd.DataFrame({**values, "unknown": rng.normal(size=3000)}, index=dates)
    residuals.iloc[:1000, 0] = np.nan
    loadings = SectorBlocks(sectors, half_life=1e5, window=3000).fit(residuals).loadings_
    assert list(loadings.columns) == ["bank", "oil"]
    assert not loadings.loc[["unknown", "A14", "A15"]].any(axis=None)
    product = (loadings @ loadings.T).to_numpy()
    inside = product[:8, :8][np.triu_indices(8, 1)]
    assert abs(inside.mean() - 0.4) < 0.03
    assert abs(product[8:14, 8:14][np.triu_indices(6, 1)].mean() - 0.15) < 0.03
    assert not product[:8, 8:].any()
    assert np.linalg.eigvalsh(product + np.diag(1 - np.diag(product)))[0] > 0.0


def test_no_structure_has_no_columns():
    residuals, _ = planted(1)
    assert NoStructure().fit(residuals).partial_fit(residuals).loadings_.shape == (ASSETS, 0)


def test_bad_input():
    residuals, _ = planted(1, dates=200)
    with pytest.raises(InputError, match="half_life"):
        ResidualFactors(half_life=0.0).fit(residuals)
    with pytest.raises(InputError, match=r"count must be .* got -1"):
        ResidualFactors(-1).fit(residuals)
    for option in ({"window": 1}, {"window": 2.5}, {"half_life": "year"}, {"min_observations": "some"}):
        with pytest.raises(InputError, match=next(iter(option))):
            ResidualFactors(**option).fit(residuals)
    with pytest.raises(NotFittedError, match="fit"):
        ResidualFactors().partial_fit(residuals)
    with pytest.raises(InputError, match="dates after"):
        ResidualFactors(1).fit(residuals).partial_fit(residuals)
    with pytest.raises(DataTypeError, match="sectors must be a Series by asset, got a dict"):
        SectorBlocks({"A00": "bank"}).fit(residuals)
    with pytest.raises(InputError, match="twice"):
        SectorBlocks(pd.Series(["a", "b"], index=["A00", "A00"])).fit(residuals)
    with pytest.raises(DataTypeError, match="ndarray"):
        ResidualFactors().fit(residuals.to_numpy())
    residuals.iloc[0, 0] = np.inf
    with pytest.raises(InputError, match="infinite"):
        ResidualFactors().fit(residuals)
