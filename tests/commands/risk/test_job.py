"""The risk job and its command, from files to files."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio.commands.command_line import app

FILES = [
    "asset_risk.csv",
    "exposures.csv",
    "factor_covariance.csv",
    "failures.csv",
    "model.statefolio",
    "portfolio_risk.csv",
    "report.html",
    "return_attribution.csv",
    "stress.csv",
    "summary.json",
    "validation.csv",
    "value_at_risk.csv",
]
ASSETS = [f"s{i}" for i in range(8)]


def run(*arguments):
    return CliRunner().invoke(app, ["risk", *[str(argument) for argument in arguments]])


def plain(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns with a late listing, gaps and an asset of a few days; factors; weights; sectors."""
    path = tmp_path_factory.mktemp("risk")
    rng = np.random.default_rng(5)
    dates = pd.bdate_range("2015-01-01", periods=900, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (900, 2)), dates, ["market", "value"])
    beta = np.stack([np.linspace(0.6, 1.4, 8), np.linspace(-1, 1, 8)]) + np.cumsum(rng.normal(0, 0.01, (900, 2, 8)), 0)
    values = np.einsum("tk,tkn->tn", factors.to_numpy(), beta) + rng.normal(0, 0.01, (900, 8))
    values[rng.random(values.shape) < 0.01] = np.nan
    values[:300, 1] = np.nan
    values[:-4, 7] = np.nan
    pd.DataFrame(values, dates, ASSETS).to_csv(path / "returns.csv")
    factors.to_csv(path / "factors.csv")
    weights = pd.Series([0.3, 0.2, 0.2, 0.1, 0.1, 0.2, -0.1], pd.Index(ASSETS[:7], name="asset"), name="weight")
    weights.to_csv(path / "weights.csv")
    weights.rename("weight").mul(0.0).add(1 / 7).to_csv(path / "benchmark.csv")
    pd.Series(["a", "b"] * 4, pd.Index(ASSETS, name="asset"), name="sector").to_csv(path / "sectors.csv")
    return path


@pytest.fixture(scope="module")
def done(folder):
    more = ("--groups", folder / "sectors.csv", "--benchmark", folder / "benchmark.csv", "--dense")
    scenario = ("--scenario", "crash:market=-0.1", "--portfolio-value", 1000)
    return run(*files(folder), *more, *scenario, "--out", folder / "out")


def files(folder, weights="weights.csv"):
    names = {"--returns": "returns.csv", "--factors": "factors.csv", "--weights": weights}
    return [part for option, name in names.items() for part in (option, folder / name)]


def test_everything_is_written_and_shown(done, folder):
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(
        [*FILES, "covariance.parquet", "active_risk.csv"]
    )
    shown = plain(done.output)
    for part in (
        "excluded: s7",
        "Volatility on the date after 2018-06-13",
        "largest residual eigenvalue",
        "report.html",
    ):
        assert part in shown


def test_the_parts_add_up_to_the_covariance_that_was_written(done, folder):
    out = folder / "out"
    sigma = pd.read_parquet(out / "covariance.parquet")
    weights = pd.read_csv(folder / "weights.csv", index_col="asset")["weight"].reindex(sigma.index, fill_value=0.0)
    volatility = np.sqrt(weights @ sigma @ weights)
    by_factor = pd.read_csv(out / "portfolio_risk.csv", index_col="factor")
    assert by_factor.loc["portfolio", "contribution"] == pytest.approx(volatility, rel=1e-12)
    assert by_factor["contribution"].drop("portfolio").sum() == pytest.approx(volatility, rel=1e-12)
    by_asset = pd.read_csv(out / "asset_risk.csv", index_col="asset")
    assert by_asset["contribution"].sum() == pytest.approx(volatility, rel=1e-12)
    np.testing.assert_allclose(by_asset["volatility"], np.sqrt(np.diag(sigma)), rtol=1e-12)
    exposures = pd.read_csv(out / "exposures.csv", index_col="asset")
    omega = pd.read_csv(out / "factor_covariance.csv", index_col="factor")
    B, G = exposures[omega.columns].to_numpy(), exposures.drop(columns=omega.columns).to_numpy()
    pairs = np.triu_indices(len(sigma), 1)
    common = B @ omega.to_numpy() @ B.T + G @ G.T
    np.testing.assert_allclose(common[pairs], sigma.to_numpy()[pairs], rtol=1e-9)


def test_all_four_failures_are_written(done, folder):
    table = pd.read_csv(folder / "out" / "failures.csv")
    assert set(table["failure"]) == {"specification", "estimation", "non-stationarity", "multicollinearity"}
    assert table["verdict"].str.len().min() > 20
    moving = table.set_index("finding").loc["moving loadings"]
    assert moving["rejected"] in (True, "True")  # the loadings were made to wander


def test_the_page_has_its_chapters(done, folder, browse):
    script = """
      return {
        titles: [...document.querySelectorAll("main > section > h2")].map((title) => title.textContent),
        empty: [...document.querySelectorAll("[data-figure]")].filter((f) => !f.querySelector("svg.main-svg")).length,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        lead: document.querySelector(".lead").textContent,
        lights: [...document.querySelectorAll("header .light .state")].map((light) => light.textContent),
        read: document.getElementById("read").textContent,
        tiles: document.querySelector("#chapter-1 .tiles").textContent,
      };
    """
    found = browse(folder / "out" / "report.html", script)
    assert found["titles"][:10] == [
        "Risk",
        "Value at risk",
        "Stress",
        "Active risk",
        "Return attribution",
        "Validation of the covariance",
        "Factor specification",
        "Estimation of the loadings",
        "Stationarity of the loadings",
        "Multicollinearity of the factors",
    ]
    assert "Ranking of the factors" in found["titles"]
    assert found["empty"] == 0
    assert found["lead"].startswith("weights, 7 assets, has a forecast volatility of")
    assert len(found["lights"]) >= 7
    assert set(found["lights"]) <= {"\u2713 Good", "! Watch", "\u2715 Bad", "\u2013 Not checked"}
    assert "weights.csv" in found["read"]
    assert "sectors.csv" in found["read"]
    assert "Net weight100.0%Gross weight120.0%" in found["tiles"]
    assert found["overflow"] <= 0


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("asset,weight\ns0,0.5\nXYZ,0.5\n", (), "'XYZ'"),
        ("asset,weight\ns0,0.5\ns7,0.5\n", (), "s7"),
        ("asset,weight\ns0,0.5\ns1,0.4\n", ("--weights-sum", 1), "the sum of the weights, 0.9"),
        ("asset,weight\ns0,half\n", (), "'half'"),
        ("asset,weight\ns0,0\n", (), "all zero"),
    ],
)
def test_weights_that_cannot_be_used(folder, text, more, words):
    (folder / "wrong.csv").write_text(text, encoding="utf-8")
    failed = run(*files(folder, "wrong.csv"), "--out", folder / "wrong", *more)
    assert failed.exit_code == 2
    assert words in plain(failed.output)
    assert "Traceback" not in failed.output
    assert not (folder / "wrong").exists()


def test_a_history_too_short_for_a_diagnosis_is_reported_and_the_others_run(folder, tmp_path):
    (folder / "short.csv").write_text("asset,weight\ns0,0.5\ns2,0.5\n", encoding="utf-8")
    done = run(*files(folder, "short.csv"), "--to", "2015-09-30", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "out" / "failures.csv").set_index("failure")
    assert table.loc["non-stationarity", "finding"] == "not asked"
    assert "returns; 250 are needed" in table.loc["non-stationarity", "verdict"]
    assert len(table.loc["specification"]) > 1


def test_tails_stress_and_attribution_are_written(done, folder):
    out = folder / "out"
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    tails = pd.read_csv(out / "value_at_risk.csv", index_col="distribution")
    assert tails.loc["Gaussian", "value_at_risk_99%"] == pytest.approx(2.326348 * summary["volatility"], rel=1e-6)
    stress = pd.read_csv(out / "stress.csv", index_col="scenario")
    exposure = pd.read_csv(out / "portfolio_risk.csv", index_col="factor")["exposure"]
    assert stress.loc["crash", "return"] == pytest.approx(-0.1 * exposure["market"], rel=1e-9)
    earned = pd.read_csv(out / "return_attribution.csv")
    returns = pd.read_csv(folder / "returns.csv", index_col="date")
    weights = pd.read_csv(folder / "weights.csv", index_col="asset")["weight"]
    assert earned["contribution"].sum() == pytest.approx((returns * weights).sum().sum(), rel=1e-9)
    assert {light["name"] for light in summary["lights"]} >= {"Volatility forecast", "Value at risk", "Assets"}


def test_a_quick_run_measures_the_risk_alone(folder, tmp_path):
    (folder / "money.csv").write_text("asset,weight\ns0,300000\ns2,100000\n", encoding="utf-8")
    refused = run(*files(folder, "money.csv"), "--out", tmp_path / "out", "--quick")
    assert refused.exit_code == 2
    assert "--weights-unit currency" in plain(refused.output)
    done = run(*files(folder, "money.csv"), "--weights-unit", "currency", "--quick", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["value"], summary["net_weight"]) == (400000.0, 1.0)
    assert not (tmp_path / "out" / "failures.csv").exists()


def test_no_text_of_a_figure_overlaps_another(done, folder, text_faults):
    assert done.exit_code == 0, done.output
    assert text_faults(folder / "out" / "report.html") == {}
