"""diagnose_change from DataFrames to findings."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.diagnostics import diagnose_change
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.report.change_figures import break_months_figure, cusum_figure, moving_share_figure

pytestmark = pytest.mark.filterwarnings("ignore:returns should allow a diagnosis")  # tested where it is the subject

DATES, ASSETS = 700, 90
MOVING, BROKEN = list(range(12)), list(range(12, 24))
QUICK = {"draws": 400, "panels": 200}


@pytest.fixture(scope="module")
def panel():
    """Some loadings on the market move, some break on one day; gaps, a late listing, assets that cannot be tested."""
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2012-01-02", periods=DATES, name="date")
    f = rng.standard_normal((DATES, 2)) * 0.01
    loadings = np.repeat(rng.normal(1.0, 0.3, (1, 2, ASSETS)), DATES, axis=0)
    loadings[:, 0, MOVING] += np.cumsum(rng.standard_normal((DATES, len(MOVING))) * 0.06, axis=0)
    loadings[400:, 1, BROKEN] += 1.2
    values = np.einsum("tk,tkn->tn", f, loadings) + 0.01 * rng.standard_t(6, (DATES, ASSETS)) * np.sqrt(4 / 6)
    values[rng.random(values.shape) < 0.03] = np.nan
    values[:200, 30] = np.nan
    values[100:, 31] = np.nan
    values[:, 32] = np.nan
    values[:, 33] = f @ [1.0, 0.5]
    values[np.arange(DATES) % 25 > 9, 34] = np.nan
    returns = pd.DataFrame(values, index=dates, columns=[f"A{i}" for i in range(ASSETS)])
    return returns, pd.DataFrame(f, index=dates, columns=["market", "value"])


@pytest.fixture(scope="module")
def model(panel):
    return sf.ExponentialLoadings(120).fit(*panel)


@pytest.fixture(scope="module")
def found(panel, model):
    with pytest.warns(sf.StatefolioWarning, match="left out: 'A31' .98 returns; 250 are needed"):
        return diagnose_change(model, *panel, **QUICK)


def names(numbers):
    return {f"A{i}" for i in numbers}


def test_summary(found):
    summary = found.summary()
    assert list(summary.index) == [
        "moving loadings", "unstable loadings", "unstable assets", "breaks", "what moved", "breaks by month", "cusum",
        "cusum of squares",
    ]  # fmt: skip
    assert set(summary["failure"]) == {"non-stationarity"}
    assert summary.loc["moving loadings", "rejected"]
    assert "5%" in summary.loc["moving loadings", "verdict"]


def test_moving_loadings_are_found_and_few_others(found):
    table = found["moving loadings"].table
    moves = table[table["moves"]]
    market = set(moves.loc[moves["factor"] == "market", "asset"])
    value = set(moves.loc[moves["factor"] == "value", "asset"])
    assert len(market & names(MOVING)) >= 9
    assert len(value & names(BROKEN)) >= 9
    assert len(market - names(MOVING)) + len(value - names(BROKEN)) <= 6
    planted = table[(table["factor"] == "market") & table["asset"].isin(names(MOVING))]
    assert planted["state_variance"].median() == pytest.approx(0.06**2, rel=0.5)
    q, p = table["q_value"], table["p_value"]
    assert (q >= p).all()
    assert (table["q_value_any"] >= q).all()
    assert (p[table["likelihood_ratio"] == 0.0] == 1.0).all()


def test_breaks_are_dated_and_their_factor_named(found, panel):
    moved = found["what moved"].table
    mine = moved[moved["asset"].isin(names(BROKEN)) & (moved["factor"] == "value")]
    day = panel[0].index[400]
    near = mine[(mine["date"] - day).abs() < pd.Timedelta(days=60)]
    assert near["asset"].nunique() >= 9
    assert near["change"].median() == pytest.approx(1.2, abs=0.2)
    assert near["t"].median() > 6
    months = found["breaks by month"].table
    assert months["assets"].idxmax() in pd.period_range(
        day - pd.Timedelta(days=35), day + pd.Timedelta(days=35), freq="M"
    )
    assert months["share"].max() == pytest.approx(months["assets"].max() / (ASSETS - 3))


def test_assets_that_cannot_be_tested_are_named(found):
    excluded = found.excluded
    assert set(excluded.index) == {"A31", "A32", "A33"}
    assert "250 are needed" in excluded.loc["A31", "reason"]
    assert "exactly" in excluded.loc["A33", "reason"]
    for finding in found.findings:
        if "asset" in finding.table:
            assert not set(finding.table["asset"]) & set(excluded.index)


def test_p_values_are_probabilities(found):
    for finding in found.findings:
        if "p_value" in finding.table:
            assert finding.table["p_value"].between(0.0, 1.0).all()


def test_statistics_do_not_depend_on_scale_or_order_of_assets(panel, found):
    returns, factors = panel
    order = np.random.default_rng(1).permutation(ASSETS)
    other = 0.5 * returns.iloc[:, order]
    again = diagnose_change(sf.ExponentialLoadings(120).fit(other, factors), other, factors, **QUICK)
    for name, column in (("moving loadings", "likelihood_ratio"), ("unstable loadings", "nyblom")):
        one, two = (d[name].table.set_index(["asset", "factor"])[column] for d in (found, again))
        pd.testing.assert_series_equal(one, two.reindex(one.index), atol=2e-5, rtol=1e-5)
    one, two = (d["breaks"].table.set_index("asset")["sup_wald"] for d in (found, again))
    pd.testing.assert_series_equal(one, two.reindex(one.index), rtol=1e-7)


def test_the_same_seed_gives_the_same_result(panel, model, found):
    again = diagnose_change(model, *panel, **QUICK)
    for one, two in zip(found.findings, again.findings, strict=True):
        pd.testing.assert_frame_equal(one.table, two.table)


def test_one_asset_some_dates_and_a_model_without_intercept(panel):
    returns, factors = panel
    model = sf.RollingLoadings(60, intercept=False).fit(returns[["A0"]], factors)
    found = diagnose_change(model, returns[["A0"]].iloc[50:], factors.iloc[50:], volatility="model", **QUICK)
    assert list(found["moving loadings"].table["factor"]) == ["market", "value"]
    assert found["moving loadings"].table["p_value"].iloc[0] < 0.05


def test_size_on_a_quiet_panel(panel):
    """2,000 and more replications: benchmarks/calibration_change.py."""
    factors = panel[1]
    rng = np.random.default_rng(2)
    noise = 0.01 * rng.standard_t(6, (DATES, 250)) * np.exp(0.5 * np.sin(np.arange(DATES) / 90.0))[:, None]
    returns = pd.DataFrame(factors.to_numpy() @ np.ones((2, 250)) + noise, index=factors.index)
    returns.columns = [f"A{i}" for i in range(250)]
    found = diagnose_change(sf.StaticLoadings().fit(returns, factors), returns, factors, panels=300)
    for name, count in (
        ("moving loadings", 750),
        ("unstable loadings", 750),
        ("unstable assets", 250),
        ("breaks", 250),
    ):
        share = (found[name].table["p_value"] < 0.05).mean()
        assert abs(share - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / count), name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 5}, "level must be .* got 5"),
        ({"volatility": "garch"}, "volatility must be 'local', 'constant' or 'model', got 'garch'"),
        ({"block": 1}, "block must be a whole number of at least 2, got 1"),
        ({"breaks": 0}, "breaks must be .* got 0"),
        ({"draws": True}, "draws must be .* got True"),
        ({"least": 5000}, "at least one asset that can be tested, got 90 that cannot"),
    ],
)
def test_options_that_cannot_be_used(panel, model, options, message):
    with pytest.raises(InputError, match=message):
        diagnose_change(model, *panel, **options)


def test_constant_factors_and_unknown_assets(panel, model):
    returns, factors = panel
    with pytest.raises(InputError, match="constant"):
        diagnose_change(model, returns, factors.assign(value=0.01))
    with pytest.raises(UnknownNameError, match="assets that the model's results lack"):
        diagnose_change(model, returns.rename(columns={"A0": "other"}), factors)


def test_collinear_factors_warn(panel):
    returns, factors = panel
    double = factors.assign(again=2.0 * factors["market"])
    with pytest.warns(sf.StatefolioWarning, match="collinear"):
        model = sf.RollingLoadings(60).fit(returns, double)
    with (
        pytest.warns(sf.StatefolioWarning, match="collinear"),
        pytest.raises(InputError, match="collinear on"),
    ):
        diagnose_change(model, returns, double)


def test_figures(found, model):
    share = moving_share_figure(found)
    assert [bar.name for bar in share.data] == ["Likelihood ratio", "Nyblom"]
    table = found["moving loadings"].table
    expected = 100 * table[table["factor"] == "market"]["moves"].mean()
    assert dict(zip(share.data[0].x, share.data[0].y, strict=True))["market"] == pytest.approx(expected, abs=0.01)
    months = break_months_figure(found)
    assert sum(months.data[0].y) == found["breaks by month"].table["assets"].sum()
    lines = cusum_figure(found, model)
    worst = found["cusum"].table.set_index("asset")["statistic"].idxmax()
    assert worst in lines.layout.title.text
    assert len(lines.data) == 3
    with pytest.raises(UnknownNameError, match="asset must be one of those tested"):
        cusum_figure(found, model, "nobody")


@pytest.mark.filterwarnings("ignore:returns should be adjusted for splits, got 2 moves")  # DISCA, DISCK
@pytest.mark.filterwarnings("ignore:returns should not jump and return, got 1 large moves")  # LNT
def test_real_stocks_with_gaps_and_late_listings(shared):
    """US stocks 2013 to 2018 on three factors and momentum: many market loadings moved, and all p-values are finite."""
    prices = pd.read_parquet(shared / "sp500_close_2013_2018.parquet").iloc[:, ::12]
    table = pd.read_parquet(shared / "ff3_mom_daily_1926.parquet")
    returns = prices.pct_change(fill_method=None).iloc[1:].sub(table["RF"].reindex(prices.index[1:]), axis=0)
    factors = table.loc[returns.index, ["Mkt-RF", "SMB", "HML", "MOM"]]
    model = sf.ExponentialLoadings(250).fit(returns, factors)
    found = diagnose_change(model, returns, factors, **QUICK)
    moving = found["moving loadings"].table
    assert moving["p_value"].notna().all()
    assert 0.1 < (moving["p_value"] < 0.05).mean() < 0.9
    small = (moving["p_value"] < 0.05).groupby(moving["factor"]).mean()
    assert small["alpha"] < small.drop("alpha").max()
    assert moving["converged"].mean() > 0.98
