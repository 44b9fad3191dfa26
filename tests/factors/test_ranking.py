import math
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.asset_pricing import LinearFactorModel
from linearmodels.panel import FamaMacBeth
from scipy import stats

from statefolio.exceptions import InputError
from statefolio.factors.nonlinearity import CAP, nonlinearity_tests
from statefolio.factors.premia import fama_macbeth
from statefolio.factors.ranking import rank_factors

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PUBLISHED = [0.933618, 0.869271, 0.952172, 0.896906, 0.881004, 0.933040, 0.955344, 0.931913, 0.923668, 0.920374]


def simulate(T=300, N=12, K=3, seed=0, gaps=True):
    rng = np.random.default_rng(seed)
    f = 0.01 * rng.standard_t(6, (T, K)) + 0.002
    f[:, 1] += 0.4 * f[:, 0]
    r = f @ rng.normal(0.7, 0.6, (K, N)) + 0.01 * rng.normal(size=(T, N))
    if gaps:
        r[rng.random(r.shape) < 0.2] = np.nan
        r[:140, 3] = np.nan
    dates = pd.bdate_range("2010-01-04", periods=T, name="date")
    return pd.DataFrame(r, dates, [f"A{i}" for i in range(N)]), pd.DataFrame(f, dates, ["x", "y", "z"][:K])


def ols(y, x):
    known = y.notna()
    return sm.OLS(y[known], sm.add_constant(x[known])).fit()


def test_ten_simulated_assets_on_three_factors():
    np.random.seed(42)  # noqa: NPY002 (the reference was drawn so)
    factors = np.random.normal(size=(500, 3))  # noqa: NPY002
    loadings = np.random.uniform(0.5, 1.5, (10, 3))  # noqa: NPY002
    noise = np.random.normal(scale=0.5, size=(500, 10))  # noqa: NPY002
    dates = pd.bdate_range("2010-01-04", periods=500, name="date")
    returns = pd.DataFrame((factors @ loadings.T + noise) / 100, dates)
    found = rank_factors(returns, pd.DataFrame(factors / 100, dates, ["one", "two", "three"]))
    assert found.assets["r_squared"].round(6).tolist() == PUBLISHED
    assert not found.bends["bent"].any()


def test_shares_are_those_of_statsmodels_on_each_assets_dates():
    returns, factors = simulate()
    cut = 220
    found = rank_factors(returns, factors, returns.index[cut])
    before, after = returns.iloc[:cut], returns.iloc[cut:]
    for asset in returns:
        whole = ols(before[asset], factors[:cut])
        assert found.assets.loc[asset, "r_squared"] == pytest.approx(whole.rsquared, rel=1e-10)
        assert found.assets.loc[asset, "r_squared_adjusted"] == pytest.approx(whole.rsquared_adj, rel=1e-10)
        held = after[asset].dropna()

        def outside(fit, columns, held=held, asset=asset):
            error = held - fit.predict(sm.add_constant(factors.loc[held.index, columns]))
            return 1 - (error**2).sum() / ((held - before[asset].mean()) ** 2).sum()

        total = outside(whole, list(factors))
        assert found.assets.loc[asset, "r_squared_holdout"] == pytest.approx(total, rel=1e-9)
        for name in factors:
            others = [other for other in factors if other != name]
            here = found.shares.sel(asset=asset, factor=name)
            single, rest = ols(before[asset], factors[[name]][:cut]), ols(before[asset], factors[others][:cut])
            assert float(here["alone"]) == pytest.approx(single.rsquared, abs=1e-12)
            assert float(here["partial"]) == pytest.approx(whole.rsquared - rest.rsquared, abs=1e-12)
            assert float(here["alone_holdout"]) == pytest.approx(outside(single, [name]), abs=1e-11)
            assert float(here["partial_holdout"]) == pytest.approx(total - outside(rest, others), abs=1e-11)


def test_shapley_shares_are_averages_over_orders():
    returns, factors = simulate(seed=1)
    found = rank_factors(returns, factors)
    assert np.allclose(found.shares["shapley"].sum("factor"), found.assets["r_squared"], atol=1e-13)
    expected = dict.fromkeys(factors, 0.0)
    for order in permutations(factors):
        last = 0.0
        for size in range(1, 4):
            share = ols(returns["A3"], factors[list(order[:size])]).rsquared
            expected[order[size - 1]] += (share - last) / math.factorial(3)
            last = share
    assert found.shares["shapley"].sel(asset="A3").to_series().to_dict() == pytest.approx(expected, abs=1e-12)


def test_premia_are_linearmodels_on_the_whole_panel():
    returns, factors = simulate(N=30, seed=2)
    found = rank_factors(returns, factors).premia
    betas = pd.DataFrame({asset: ols(returns[asset], factors).params.iloc[1:] for asset in returns}).T
    long = returns.stack().rename("return").swaplevel()
    panel = betas.reindex(long.index.get_level_values(0)).set_axis(long.index)
    panel.insert(0, "const", 1.0)
    peer = FamaMacBeth(long.dropna(), panel[long.notna()]).fit(cov_type="unadjusted")
    assert np.allclose(found["premium"], peer.params, rtol=1e-9)
    assert np.allclose(found["standard_error"], peer.std_errors, rtol=1e-8)
    assert np.allclose(found["t"], peer.tstats, rtol=1e-8)
    assert np.allclose(found["p_value"], peer.pvalues, atol=1e-10)
    assert (found["shanken_error"] > found["standard_error"]).all()
    assert found.loc["x", "mean"] == pytest.approx(factors["x"].mean())


def test_shankens_errors_are_near_those_that_estimate_everything_at_once():
    """LinearFactorModel stacks both passes; with premia of 1.5 deviations the correction is large."""
    rng = np.random.default_rng(4)
    f = 0.01 * rng.normal(size=(1200, 2)) + np.array([0.015, 0.005])
    r = f @ rng.uniform(0.2, 1.8, (2, 15)) + 0.02 * rng.normal(size=(1200, 15))
    names = pd.Index(["x", "y"])
    found = fama_macbeth(r, f, names)
    peer = LinearFactorModel(r, pd.DataFrame(f, columns=names), risk_free=True).fit(cov_type="robust")
    assert np.allclose(found["premium"], peer.risk_premia, rtol=1e-6)
    assert np.allclose(found["shanken_error"], peer.risk_premia_se, rtol=0.05)
    assert (found["shanken_error"] / found["standard_error"]).max() > 1.3


def test_bends_are_a_plain_score_test():
    returns, factors = simulate(seed=5)
    lags = 3
    found = nonlinearity_tests(returns.to_numpy(), factors.to_numpy(), lags)
    for i, asset in enumerate(returns):
        known = returns[asset].notna().to_numpy()
        X = np.column_stack([np.ones(known.sum()), factors[known]])
        r = returns[asset][known].to_numpy()
        for k in range(3):
            z = X[:, k + 1] / np.sqrt(np.mean(X[:, k + 1] ** 2))
            z = np.clip(z, -CAP, CAP)
            Z = np.column_stack([z**2, np.abs(z)])
            Z = Z - X @ np.linalg.lstsq(X, Z, rcond=None)[0]
            e = r - X @ np.linalg.lstsq(X, r, rcond=None)[0]
            s = Z * e[:, None]
            S = s.T @ s
            for lag in range(1, lags + 1):
                G = s[lag:].T @ s[:-lag]
                S = S + (1 - lag / (lags + 1)) * (G + G.T)
            g = s.sum(axis=0)
            assert found.statistic[i, k] == pytest.approx(g @ np.linalg.solve(S, g), rel=1e-8)
            with_terms = sm.OLS(r, np.column_stack([X, Z])).fit().rsquared - sm.OLS(r, X).fit().rsquared
            assert found.gain[i, k] == pytest.approx(with_terms, abs=1e-11)


def test_a_bend_is_found_and_straight_relations_are_not_called_bent():
    returns, factors = simulate(T=600, N=20, seed=6)
    returns["A5"] += 0.5 * factors["y"].abs()
    returns["A6"] += 12.0 * factors["x"] ** 2
    found = rank_factors(returns, factors)
    bent = found.bends["bent"].to_series()
    assert bent["A5", "y"]
    assert bent["A6", "x"]
    assert bent.drop(index=["A5", "A6"], level=0).sum() <= 4
    assert (found.bends["q_value"] >= found.bends["p_value"]).all()


def test_size_of_the_bend_test_under_heteroscedasticity_and_heavy_tails():
    """600 replications here: binomial 99.9 % bounds around 5 %; the benchmark has the long run."""
    rng, rejected = np.random.default_rng(7), 0
    for _ in range(20):
        f = rng.standard_t(5, (500, 2))
        r = f.sum(axis=1)[:, None] + np.sqrt(0.5 + f[:, :1] ** 2) * rng.standard_t(5, (500, 30))
        rejected += np.count_nonzero(nonlinearity_tests(r, f).p_value[:, 1] < 0.05)
    assert 0.02 < rejected / 600 < 0.085


def test_no_date_after_the_holdout_begins_is_learned_from():
    returns, factors = simulate(seed=8)
    cut = returns.index[200]
    changed = returns.copy()
    changed.loc[cut:] *= -3.0
    a, b = rank_factors(returns, factors, cut), rank_factors(changed, factors, cut)
    for name in ("alone", "partial", "shapley"):
        assert np.array_equal(a.shares[name], b.shares[name])
    pd.testing.assert_frame_equal(a.premia, b.premia)
    assert not np.allclose(a.shares["alone_holdout"], b.shares["alone_holdout"])
    assert a.holdout_from == cut


def test_permuting_assets_permutes_results():
    returns, factors = simulate(seed=9)
    a = rank_factors(returns, factors)
    b = rank_factors(returns[returns.columns[::-1]], factors)
    for name in a.shares:
        assert np.allclose(a.shares[name], b.shares[name].isel(asset=slice(None, None, -1)), atol=1e-12)
    assert np.allclose(a.summary, b.summary, rtol=1e-8, atol=1e-12)


def test_assets_and_panels_that_cannot_be_used():
    returns, factors = simulate(seed=10)
    returns["short"] = returns["A0"].where(np.arange(len(returns)) > len(returns) - 8)
    returns["still"] = 0.0
    found = rank_factors(returns, factors)
    assert found.excluded["reason"].to_dict()["still"] == "constant"
    assert "20 were needed" in found.excluded.loc["short", "reason"]
    assert "short" not in found.assets.index
    assert np.isfinite(found.summary).all().all()
    with pytest.raises(InputError, match="dates to estimate"):
        rank_factors(returns.iloc[:5], factors)
    with pytest.raises(InputError, match="must have an asset with"):
        rank_factors(returns[["short", "still"]], factors)
    with pytest.raises(InputError, match="holdout_from must be"):
        rank_factors(returns, factors, "2030-01-01")
    with pytest.raises(InputError, match=r"level must be .* got 2"):
        rank_factors(returns, factors, level=2)


def test_one_asset_has_shares_and_no_premia():
    returns, factors = simulate(seed=11)
    found = rank_factors(returns[["A0"]], factors)
    assert np.isfinite(found.shares["alone"]).all()
    assert found.premia["premium"].isna().all()
    assert (found.premia["reason"] == "1 assets; at least 5 are needed for 3 factors and a constant").all()


def test_a_factor_that_explains_nothing_is_last():
    returns, factors = simulate(seed=12)
    factors["noise"] = 0.01 * np.random.default_rng(0).normal(size=len(factors))
    found = rank_factors(returns, factors, returns.index[200])
    assert found.summary.index[-1] == "noise"
    assert found.summary.loc["noise", "partial_holdout"] < 0.01


def test_real_stocks_on_french_factors():
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project: tests on those files are skipped")
    prices = pd.read_parquet(SHARED / "sp500_close_2013_2018.parquet").astype(float).iloc[-500:, :100]
    returns = prices.pct_change(fill_method=None).iloc[1:]
    factors = pd.read_parquet(SHARED / "ff5_mom_daily.parquet")[["Mkt-RF", "SMB", "HML"]]
    found = rank_factors(returns, factors, "2017-06-01")
    assert found.summary.index[0] == "Mkt-RF"
    assert set(found.excluded.index) == {"APTV", "BHF", "BHGE"}
    expected = ols(returns["AAL"].loc[:"2017-05-31"], factors.loc[returns.index].loc[:"2017-05-31"]).rsquared
    assert found.assets.loc["AAL", "r_squared"] == pytest.approx(expected, rel=1e-9)


def test_dates_without_returns_change_nothing_where_factors_are_unknown_too():
    returns, factors = simulate()
    returns.iloc[40:80], factors.iloc[40:80] = np.nan, np.nan
    found = rank_factors(returns, factors)
    expected = rank_factors(returns.dropna(how="all"), factors.dropna())
    pd.testing.assert_frame_equal(found.premia, expected.premia)
    pd.testing.assert_frame_equal(found.summary, expected.summary)
    assert found.factors.index.equals(factors.dropna().index)


def test_a_factor_of_two_values_cannot_bend_and_one_of_three_has_one_degree_of_freedom():
    returns, factors = simulate(gaps=False)
    rng = np.random.default_rng(3)
    factors = factors.assign(two=0.01 * (rng.random(300) < 0.3), three=0.01 * rng.integers(-1, 2, 300))
    found = rank_factors(returns, factors).bends
    assert found["statistic"].sel(factor="two").isnull().all()
    assert not found["bent"].sel(factor="two").any()
    size = factors["three"].abs()
    for asset in returns:
        straight = ols(returns[asset], factors)
        z = sm.OLS(size, sm.add_constant(factors)).fit().resid
        score = (z @ straight.resid) ** 2 / ((z * straight.resid) ** 2).sum()
        cell = found.sel(asset=asset, factor="three")
        assert float(cell["statistic"]) == pytest.approx(score, rel=1e-8)
        assert float(cell["p_value"]) == pytest.approx(stats.chi2.sf(score, 1), rel=1e-8)


def test_a_factor_that_is_constant_on_an_assets_dates_and_an_asset_without_error():
    returns, factors = simulate(gaps=False)
    factors = factors.assign(late=0.0)
    factors.iloc[:200, 3] = np.random.default_rng(4).normal(0, 0.01, 200)
    returns.iloc[:210, 0] = np.nan
    returns["exact"] = 0.5 * factors["x"] - 0.2 * factors["late"]
    found = rank_factors(returns, factors)
    first = found.bends.sel(asset="A0")
    assert np.isnan(first["statistic"].sel(factor="late"))
    alone = rank_factors(returns[["A0"]].iloc[210:], factors.iloc[210:, :3]).bends.sel(asset="A0")
    np.testing.assert_allclose(first["statistic"].sel(factor=["x", "y", "z"]), alone["statistic"], rtol=1e-8)
    assert found.bends["p_value"].sel(asset="exact").isnull().all()
    assert not found.bends["bent"].sel(asset="exact").any()


@pytest.mark.parametrize("options", [{"level": "a"}, {"min_history": "a"}, {"lags": 2.5}, {"lags": -1}])
def test_options_that_are_no_numbers_are_refused(options):
    returns, factors = simulate()
    with pytest.raises(InputError, match=next(iter(options))):
        rank_factors(returns, factors, **options)


def test_premia_without_linearmodels_are_missing_with_a_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "linearmodels.panel", None)
    rng = np.random.default_rng(3)
    factors = rng.normal(0.0, 0.01, (60, 2))
    returns = factors @ rng.normal(1.0, 0.3, (2, 8)) + rng.normal(0.0, 0.01, (60, 8))
    table = fama_macbeth(returns, factors, pd.Index(["market", "size"]))
    assert table["premium"].isna().all()
    assert table["mean"].iloc[1:].notna().all()
    assert table["reason"].str.contains(r"pip install 'statefolio\[premia\]'").all()


@pytest.mark.parametrize("design", ["twin", "sum", "nearly", "constant"])
def test_premia_that_collinear_factors_identify(design):
    pytest.importorskip("linearmodels")
    rng = np.random.default_rng(0)
    factors = rng.normal(5e-4, 0.01, (400, 3))
    returns = factors @ rng.normal(1.0, 0.4, (3, 14)) + 0.01 * rng.standard_t(6, (400, 14))
    more, hidden = {
        "twin": (factors[:, 0], ["a", "t"]),
        "sum": (factors[:, 0] - 2.0 * factors[:, 1], ["a", "b", "t"]),
        "nearly": (factors[:, 2] + 1e-8 * rng.normal(size=400), ["c", "t"]),
        "constant": (np.full(400, 0.01), ["t"]),
    }[design]
    expected = fama_macbeth(returns, factors, pd.Index(list("abc")))
    found = fama_macbeth(returns, np.column_stack([factors, more]), pd.Index(list("abct")))
    values = found.columns.drop(["reason", "mean", "mean_t", "dates"])
    known = found.index.drop(hidden)
    pd.testing.assert_frame_equal(found.loc[known, values], expected.loc[known, values], rtol=1e-9)
    assert found.loc[hidden, values].isna().all(axis=None)
    assert found.loc[hidden, "reason"].str.contains("collinear with other factors .condition number").all()
    assert (found.loc[known, "reason"] == "").all()
