from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from statefolio.data import load_stocks_and_index
from statefolio.exceptions import InputError, NotFittedError, StatefolioWarning
from statefolio.factors.statistical import StatisticalFactors

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SMALL = {"window": 120, "refit_every": 20, "min_dates": 80, "min_history": 40}


def simulate(T=300, N=40, K=3, missing=0.3, seed=0, noise=0.01):
    """Planted factors; gaps everywhere, one asset in three listed late, one too short, one constant."""
    rng = np.random.default_rng(seed)
    factors = 0.01 * rng.normal(size=(T, K)) * np.linspace(1.5, 0.8, K)
    loadings = rng.normal(0.5, 1.0, (N, K))
    x = factors @ loadings.T + noise * rng.standard_t(6, (T, N))
    x[rng.random(x.shape) < missing] = np.nan
    for i in range(0, N, 3):
        x[: rng.integers(20, T // 2), i] = np.nan
    x[:-30, 4] = np.nan
    x[:, 7] = 0.0
    dates = pd.bdate_range("2010-01-04", periods=T, name="date")
    return pd.DataFrame(x, dates, [f"A{i}" for i in range(N)]), factors


def canonical_correlations(a, b):
    q = [np.linalg.qr(values - values.mean(axis=0))[0] for values in (a, b)]
    return np.linalg.svd(q[0].T @ q[1], compute_uv=False)


def test_planted_factors_come_back_with_gaps_and_late_listings():
    returns, planted = simulate(T=500, N=150, seed=1)
    model = StatisticalFactors(3, **SMALL).fit(returns)
    found = model.factor_returns_.complete().returns
    here = planted[returns.index.get_indexer(found.index)]
    assert canonical_correlations(found.to_numpy(), here).min() > 0.97
    assert list(model.excluded_.index) == ["A4", "A7"]
    assert "fewer than 40 returns" in model.excluded_.loc["A4", "reason"]
    assert model.refits_["converged"].all()
    assert model.factor_returns_.returns.iloc[: SMALL["min_dates"]].isna().all().all()


@pytest.mark.parametrize("standardise", [True, False])
def test_one_refit_on_a_complete_panel_is_numpys_decomposition(standardise):
    returns, _ = simulate(missing=0.0, seed=2)
    returns = returns.drop(columns=["A7", "A4"]).fillna(0.001)
    model = StatisticalFactors(3, window=None, min_dates=200, refit_every=1000, standardise=standardise).fit(returns)
    past, after = returns.to_numpy()[:200], returns.to_numpy()[200:]
    scale = past.std(axis=0) if standardise else np.ones(past.shape[1])
    v = np.linalg.svd((past - past.mean(axis=0)) / scale, full_matrices=False)[2][:3].T
    exposures = scale[:, None] * v
    exposures = exposures / np.sqrt(np.mean(exposures**2, axis=0))
    exposures *= np.where(v.sum(axis=0) < 0, -1, 1)
    weighted = exposures / scale[:, None]
    expected = np.linalg.solve(weighted.T @ weighted, weighted.T @ (after / scale).T).T
    found = model.factor_returns_
    assert np.allclose(found.returns.to_numpy()[200:], expected, atol=1e-12, rtol=1e-10)
    assert np.allclose(found.exposures["exposure"][250], exposures, atol=1e-10)
    assert np.isnan(found.exposures["exposure"][199]).all()
    assert np.allclose(model.loadings_, exposures, atol=1e-10)


def test_each_date_is_a_regression_on_loadings_of_the_past():
    """Second implementation: the loadings that the result shows, and least squares date by date."""
    returns, _ = simulate(seed=3)
    result = StatisticalFactors(2, **SMALL, standardise=False).fit(returns).factor_returns_
    checked = 0
    for t in range(SMALL["min_dates"], len(returns), 7):
        B = result.exposures["exposure"][t].to_numpy()
        r = returns.to_numpy()[t]
        both = ~np.isnan(B).any(axis=1) & ~np.isnan(r)
        expected = np.linalg.lstsq(B[both], r[both], rcond=None)[0]
        assert np.allclose(result.returns.to_numpy()[t], expected, atol=1e-12)
        assert np.allclose(np.nanmean(B**2, axis=0), 1.0)
        checked += 1
    assert checked > 25


@pytest.mark.parametrize("alignment", ["rotation", "assignment", "none"])
def test_cutting_the_future_changes_no_bit(alignment):
    returns, _ = simulate(seed=4)
    whole = StatisticalFactors(2, **SMALL, alignment=alignment, half_life=60).fit(returns).factor_returns_
    for cut in (100, 173, 240):
        part = StatisticalFactors(2, **SMALL, alignment=alignment, half_life=60).fit(returns.iloc[:cut])
        expected = whole.returns.iloc[:cut]
        pd.testing.assert_frame_equal(part.factor_returns_.returns, expected, check_exact=True, check_freq=False)
        exposures = part.factor_returns_.exposures["exposure"].to_numpy()
        assert np.array_equal(exposures, whole.exposures["exposure"][:cut].to_numpy(), equal_nan=True)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.25, 3.0]))
def test_permuting_assets_and_scaling_returns(seed, scale):
    returns, _ = simulate(seed=5)
    order = np.random.default_rng(seed).permutation(returns.columns)
    model = StatisticalFactors(2, **SMALL)
    plain, turned = clone(model).fit(returns), clone(model).fit(scale * returns[order])
    a, b = plain.factor_returns_.returns, turned.factor_returns_.returns
    assert np.allclose(scale * a, b, rtol=1e-9, atol=1e-11, equal_nan=True)
    assert np.allclose(plain.loadings_.loc[order], turned.loadings_, rtol=1e-8, atol=1e-9, equal_nan=True)


def test_continuing_is_fitting_at_once_with_assets_that_join():
    returns, _ = simulate(seed=6)
    returns.iloc[:170, -5:] = np.nan
    whole = StatisticalFactors(2, **SMALL).fit(returns)
    model = StatisticalFactors(2, **SMALL).fit(returns.iloc[:150, :-5])
    ahead = model.transform(returns.iloc[150:])
    before = model.factor_returns_.returns
    parts = [before]
    for first, last in ((150, 151), (151, 200), (200, 300)):
        columns = returns.columns[:-5] if last <= 170 else returns.columns
        parts.append(model.partial_fit(returns.iloc[first:last][columns]).factor_returns_.returns)
    expected = whole.factor_returns_.returns
    pd.testing.assert_frame_equal(pd.concat(parts), expected, check_exact=True, check_freq=False)
    pd.testing.assert_frame_equal(ahead.returns, expected.iloc[150:], check_exact=True, check_freq=False)
    pd.testing.assert_frame_equal(model.loadings_, whole.loadings_, check_exact=True)
    pd.testing.assert_frame_equal(model.refits_, whole.refits_, check_exact=True)
    held = whole.transform(returns.iloc[100:120])
    pd.testing.assert_frame_equal(held.returns, expected.iloc[100:120], check_exact=True, check_freq=False)
    assert held.exposures.sizes["date"] == 20


def test_rotation_keeps_components_that_order_by_strength_swaps():
    """Two factors of nearly equal strength that change order."""
    rng = np.random.default_rng(8)
    strength = np.column_stack([1 + 0.3 * np.sin(np.arange(600) / 40), 1 - 0.3 * np.sin(np.arange(600) / 40)])
    x = 0.01 * (strength * rng.normal(size=(600, 2))) @ rng.normal(size=(2, 60)) + 0.005 * rng.normal(size=(600, 60))
    returns = pd.DataFrame(x, pd.bdate_range("2010-01-04", periods=600, name="date"), range(60))
    moved = {}
    for alignment in ("rotation", "assignment", "none"):
        exposures = (
            StatisticalFactors(2, **SMALL, alignment=alignment).fit(returns).factor_returns_.exposures["exposure"]
        )
        steps = exposures.diff("date").to_numpy()[SMALL["min_dates"] :]
        moved[alignment] = np.sqrt(np.mean(steps**2))
    assert moved["rotation"] < 0.6 * moved["assignment"] <= 0.6 * moved["none"] + 1e-12


@pytest.mark.filterwarnings("ignore:.*that look like splits")
def test_bundled_stocks_first_factor_is_the_market():
    """In 2001 the first component of a year is technology against the rest: it must come back with its sign."""
    returns = load_stocks_and_index().returns.loc["1996":"2004"]
    model = StatisticalFactors(1, window=252, min_dates=126).fit(returns)
    found = model.factor_returns_.complete().returns["PC1"]
    market = returns.mean(axis=1).loc[found.index]
    assert np.corrcoef(found, market)[0, 1] > 0.9
    assert 0.5 < found.std() / market.std() < 1.5


@pytest.mark.filterwarnings("ignore:.*that look like splits")
def test_real_stocks_with_late_listings():
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project: tests on those files are skipped")
    prices = pd.read_parquet(SHARED / "sp500_close_2013_2018.parquet").astype(float)
    returns = prices.pct_change(fill_method=None).iloc[1:700]
    model = StatisticalFactors(3, refit_every=63).fit(returns)
    found = model.factor_returns_.complete().returns
    market = pd.read_parquet(SHARED / "ff5_mom_daily.parquet")["Mkt-RF"].loc[found.index]
    assert np.corrcoef(found["PC1"], market)[0, 1] > 0.97
    assert set(model.excluded_.index) == set(returns.columns[returns.notna().sum() < 63])
    assert model.refits_["converged"].all()
    assert (model.refits_["overlap"].dropna() > 0.9).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_factors": 0}, "n_factors must be .* got 0"),
        ({"alignment": "best"}, "alignment must be .* got 'best'"),
        ({"window": 10}, "window must be .* got 10"),
        ({"half_life": -1.0}, "half_life must be .* got -1.0"),
        ({"min_dates": 20}, "min_dates must be .* got 20"),
        ({"n_factors": 39}, "n_factors"),
        ({"min_dates": 400}, "min_dates=400"),
    ],
)
def test_options_that_cannot_be_used(change, message):
    with pytest.raises(InputError, match=message):
        StatisticalFactors(**{"n_factors": 2, **SMALL, **change}).fit(simulate()[0])


def test_panels_that_cannot_be_used():
    returns, _ = simulate()
    with pytest.raises(InputError, match="more assets than n_factors=2, got 1 assets"):
        StatisticalFactors(2, **SMALL).fit(returns[["A0"]])
    with pytest.raises(InputError, match="got no usable refit"):
        StatisticalFactors(2, **SMALL).fit(0.0 * returns.fillna(0.0))
    with pytest.raises(NotFittedError):
        _ = StatisticalFactors().loadings_
    model = StatisticalFactors(2, **SMALL).fit(returns.iloc[:200])
    with pytest.raises(InputError, match="dates after"):
        model.partial_fit(returns.iloc[150:])
    with pytest.raises(InputError, match="Split them there"):
        model.transform(returns.iloc[150:])


def test_a_date_with_too_few_assets_is_unknown_and_noted():
    returns, _ = simulate(seed=9)
    returns.iloc[150] = np.nan
    returns.iloc[151, 3:] = np.nan
    result = StatisticalFactors(3, **SMALL).fit(returns).factor_returns_
    assert result.returns.iloc[150:152].isna().all().all()
    assert "82 dates have no factor returns" in " ".join(result.notes)


def test_assets_seen_only_with_too_few_others_are_excluded_and_change_nothing():
    rng = np.random.default_rng(5)
    T, dates = 700, pd.bdate_range("2012-01-02", periods=700)
    r = pd.DataFrame(rng.normal(0, 0.01, (T, 4)) @ rng.normal(1, 0.5, (4, 20)) + rng.normal(0, 0.01, (T, 20)), dates)
    r.iloc[:400, 4:] = np.nan
    r.iloc[400:, :4] = np.nan
    found = StatisticalFactors(4, window=None).fit(r)
    assert list(found.excluded_.index) == [0, 1, 2, 3]
    late = StatisticalFactors(4, window=None, min_dates=83).fit(r.iloc[400:, 4:])
    expected = late.factor_returns_.returns.iloc[83:]
    np.testing.assert_allclose(found.factor_returns_.returns.loc[expected.index], expected, rtol=1e-9)
    assert found.refits_["assets"].tolist() == [16] * len(found.refits_)


def test_dates_whose_weight_is_gone_do_not_count_as_history():
    rng = np.random.default_rng(6)
    dates = pd.bdate_range("2012-01-02", periods=600)
    r = pd.DataFrame(rng.normal(0, 0.01, (600, 1)) + rng.normal(0, 0.01, (600, 8)), dates)
    r.iloc[150:, 0] = np.nan
    found = StatisticalFactors(1, window=None, half_life=3).fit(r)
    assert found.excluded_.index.tolist() == [0]
    assert found.loadings_.iloc[1:].notna().all(axis=None)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("window", 504.5),
        ("window", "a"),
        ("half_life", "a"),
        ("tolerance", "a"),
        ("tolerance", 0.0),
        ("max_iterations", 0),
        ("max_iterations", "a"),
    ],
)
def test_options_that_are_no_numbers_are_refused(option, value):
    returns = pd.DataFrame(np.ones((300, 5)), pd.bdate_range("2012-01-02", periods=300))
    with pytest.raises(InputError, match=option):
        StatisticalFactors(2, **{option: value}).fit(returns)


def test_returns_in_percent_are_warned_of_at_each_fit():
    returns = simulate(T=200, missing=0.0)[0].drop(columns="A7")
    model = StatisticalFactors(2, **SMALL)
    with pytest.warns(StatefolioWarning, match="got percent, it seems"):
        model.fit(100 * returns.iloc[:150])
    with pytest.warns(StatefolioWarning, match="got percent, it seems"):
        model.partial_fit(100 * returns.iloc[150:])
