from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.factors.factor_count import count_factors, noise_edge, residual_variances
from statefolio.factors.principal_components import principal_components

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CONSISTENT = ["IC_p1", "IC_p2", "IC_p3", "ER", "GR", "ED", "MP", "TW"]


def simulate(K, T=150, N=80, gaps=False, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, K)) @ rng.normal(size=(K, N)) + np.sqrt(max(K, 1)) * rng.normal(size=(T, N))
    if gaps:
        x[rng.random(x.shape) < 0.3] = np.nan
        for i in range(0, N, 3):
            x[: rng.integers(1, T // 2), i] = np.nan
    dates = pd.bdate_range("2010-01-04", periods=T, name="date")
    return pd.DataFrame(0.01 * x, dates, [f"A{i}" for i in range(N)])


def test_every_criterion_as_its_paper_writes_it():
    returns = simulate(2, 60, 40, seed=1)
    found = count_factors(returns, 6)
    x = (returns - returns.mean()) / returns.std(ddof=0)
    T, N = x.shape
    mu = np.linalg.eigvalsh(x.to_numpy().T @ x.to_numpy() / (T * N))[::-1][:40]
    V = np.array([mu[k:].sum() for k in range(12)])
    table, m = found.table, min(T, N)
    assert np.allclose(table["unexplained"], V[:7], rtol=1e-10)
    assert np.allclose(table["eigenvalue"].iloc[1:], mu[:6], rtol=1e-9)
    g = [(N + T) / (N * T) * np.log(N * T / (N + T)), (N + T) / (N * T) * np.log(m), np.log(m) / m]
    for name, penalty in zip(["IC_p1", "IC_p2", "IC_p3"], g, strict=True):
        assert np.allclose(table[name], [np.log(V[k]) + k * penalty for k in range(7)], rtol=1e-10)
    with_mock = np.concatenate([[V[0] / np.log(m)], mu])
    growth = [np.log(1 + with_mock[k] / V[k]) for k in range(9)]
    assert np.allclose(table["ER"], [with_mock[k] / with_mock[k + 1] for k in range(7)], rtol=1e-9)
    assert np.allclose(table["GR"], [growth[k] / growth[k + 1] for k in range(7)], rtol=1e-9)
    later = [np.log(V[k - 1] / V[k]) / np.log(V[k] / V[k + 1]) for k in range(1, 7)]
    assert np.allclose(table["GR"].iloc[1:], later, rtol=1e-9)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("planted", [0, 3])
def test_planted_numbers_are_found(planted, gaps):
    chosen = count_factors(simulate(planted, gaps=gaps, seed=2), 5).chosen
    assert list(chosen.index) == CONSISTENT
    assert (chosen == planted).all(), chosen.to_dict()


def test_gaps_leave_the_residuals_that_components_leave():
    x = simulate(2, 60, 30, gaps=True, seed=4).to_numpy()
    x = x[:, np.count_nonzero(~np.isnan(x), axis=0) > 20]
    found = residual_variances(100 * x, 2)
    fit = principal_components(100 * x, 2, tolerance=1e-10, max_iterations=3000)
    rest = 100 * x - fit.mean - fit.scores @ fit.loadings.T
    assert np.allclose(np.nanmean(rest**2), fit.residual, rtol=1e-12)
    weights = np.count_nonzero(~np.isnan(x), axis=0)
    assert found[2] @ weights / weights.sum() == pytest.approx(fit.residual, rel=1e-5)


def test_the_edge_of_equal_noise_is_marchenko_and_pasturs():
    for N, T in ((100, 400), (300, 100), (50, 50)):
        edge, scale = noise_edge(np.full(N, 2.0), T)
        assert edge == pytest.approx(2.0 * (1.0 + np.sqrt(N / T)) ** 2, rel=1e-10)
        johnstone = (np.sqrt(T) + np.sqrt(N)) * (1 / np.sqrt(T) + 1 / np.sqrt(N)) ** (1 / 3)
        assert scale == pytest.approx(2.0 * johnstone / T, rel=1e-9)


def test_the_edge_of_unequal_noise_is_where_its_eigenvalues_end():
    """The largest eigenvalue follows edge + scale x Tracy-Widom (order 1: mean -1.2065, deviation 1.268)."""
    rng, v = np.random.default_rng(0), np.linspace(0.2, 3.0, 100)
    edge, scale = noise_edge(v, 400)
    largest = [np.linalg.norm(rng.normal(size=(400, 100)) * np.sqrt(v), 2) ** 2 / 400 for _ in range(100)]
    assert np.mean(largest) == pytest.approx(edge - 1.2065 * scale, abs=0.4 * scale)
    assert np.std(largest) == pytest.approx(1.268 * scale, rel=0.25)


def test_noise_of_factors_does_not_pass_for_noise():
    """Standardised assets differ in noise; an edge for one common variance counts too many."""
    rng = np.random.default_rng(3)
    x = simulate(3, 200, 100, seed=3).to_numpy() * 100
    x = x @ np.diag(rng.uniform(0.3, 3.0, 100)) + rng.normal(size=(200, 100)) * rng.uniform(0.1, 4.0, 100)
    frame = pd.DataFrame(x / 1000, pd.bdate_range("2010-01-04", periods=200, name="date"))
    assert count_factors(frame, 8).chosen["TW"] == 3


def test_real_industries():
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project: tests on those files are skipped")
    returns = pd.read_parquet(SHARED / "industry49_daily.parquet").loc["2010":"2019"]
    chosen = count_factors(returns, 12).chosen
    assert chosen.to_dict() | {"MP": 0, "TW": 0} == {
        "IC_p1": 3, "IC_p2": 3, "IC_p3": 3, "ER": 1, "GR": 1, "ED": 3, "MP": 0, "TW": 0,
    }  # fmt: skip
    assert chosen["MP"] >= chosen["TW"] > 3


def test_invalid_input_is_refused():
    returns = simulate(1, 60, 30)
    returns["short"] = np.nan
    returns.iloc[:5, -1] = 0.01
    returns["still"] = 0.0
    found = count_factors(returns, 4)
    assert list(found.excluded.index) == ["short", "still"]
    assert found.excluded.loc["short", "reason"] == "5 returns; 20 were needed"
    assert found.excluded.loc["still", "reason"] == "constant"
    with pytest.raises(InputError, match="got 1 such assets"):
        count_factors(returns[["A0"]], 4)
    with pytest.raises(InputError, match=r"max_factors must be .* got 0"):
        count_factors(returns, 0)
    with pytest.raises(InputError, match="Use a smaller"):
        count_factors(returns.iloc[:10], 4)


def panel(T=800, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, (T, 3)) @ rng.normal(1, 0.5, (3, 40))
    dates = pd.bdate_range("2015-01-01", periods=T)
    return pd.DataFrame(common + rng.normal(0, 0.01, (T, 40)), dates, [f"a{i}" for i in range(40)])


def test_assets_seen_only_on_dates_with_too_few_others_are_left_out_and_named():
    returns = panel()
    returns.iloc[:400, 5:] = np.nan
    returns.iloc[400:, :5] = np.nan
    found = count_factors(returns, 8, min_history=100)
    pd.testing.assert_series_equal(found.chosen, count_factors(returns.iloc[400:, 5:], 8).chosen)
    assert list(found.excluded.index) == [f"a{i}" for i in range(5)]
    assert set(found.excluded["reason"]) == {"0 returns on dates with 14 assets; 100 were needed"}


def test_a_panel_without_noise_and_a_history_that_is_no_number_are_refused():
    rng = np.random.default_rng(1)
    dates = pd.bdate_range("2015-01-01", periods=300)
    exact = pd.DataFrame(rng.normal(0, 0.01, (300, 3)) @ rng.normal(1, 0.5, (3, 30)), dates)
    with pytest.raises(InputError, match="explained exactly by 3 components"):
        count_factors(exact, 8)
    with pytest.raises(InputError, match=r"min_history must be .* got 'a'"):
        count_factors(panel(300), 8, min_history="a")


def test_the_edges_are_those_of_residuals_with_degrees_of_freedom_counted():
    x = panel(60).to_numpy()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    T, N = x.shape
    table = count_factors(panel(60), 6).table
    left, values, right = np.linalg.svd(x, full_matrices=False)
    for k in range(1, 7):
        rest = x - (left[:, :k] * values[:k]) @ right[:k]
        parameters = N + k * (N + T - 1) - k * k
        edge, scale = noise_edge((rest**2).sum(axis=0) / T * N * T / (N * T - parameters), T - k)
        assert table.loc[k, "MP"] == pytest.approx((T - k) * edge / (N * T), rel=1e-9)
        assert table.loc[k, "TW"] == pytest.approx((T - k) * (edge + 0.9793 * scale) / (N * T), rel=1e-9)


def test_a_code_for_a_missing_return_is_warned_of():
    returns = simulate(2, 60, 40)
    returns.iloc[30, 3] = -0.9999
    with pytest.warns(StatefolioWarning, match="a vendor's code for a missing value"):
        count_factors(returns, 4)
