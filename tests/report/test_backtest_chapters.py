"""A study's chapters and their page: all results given are shown, missing ones are not, odd results still open."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from statefolio.backtest.causal_check import CausalCheck
from statefolio.backtest.market import Market
from statefolio.backtest.simulation import simulate
from statefolio.exceptions import InputError
from statefolio.report import write_report
from statefolio.report.backtest_chapters import study_chapters, study_tiles
from statefolio.report.study_overview import study_lights
from statefolio.report.study_results import Evidence, HoldoutRecord, Selection, StudyResults

DAY = pd.Timestamp("2020-03-02")


@dataclass
class Found:
    reason: str = ""
    probability: float = 0.31
    p_value: float = 0.043
    logits: tuple = (-1.0, 0.5, 2.0)


def run(weight=0.5, n=300, growth=0.0005, seed=0):
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2019-06-03", periods=n)
    returns = pd.DataFrame(rng.normal(growth, 0.01, (n, 3)), dates, list("ABC"))
    return simulate(pd.DataFrame(weight, dates[:-1:10], list("ABC")), Market(returns))


def summarised(results):
    return pd.DataFrame({name: {"annual_return": 0.1, "sharpe": 1.0} for name in results})


@pytest.fixture(scope="module")
def study():
    strategy, benchmark = run(0.5), run(1 / 3)
    on = strategy.decisions.index
    shares = pd.DataFrame(1 / 3, on, list("ABC"))
    exposure = pd.DataFrame({"market": 1.0}, on)
    details = {
        "risk_contribution": shares,
        "risk_budget": shares,
        "exposure": exposure,
        "expected_return": shares / 1e3,
    }
    events = pd.DataFrame([(DAY, "fallback", None, "<b>infeasible</b>")], columns=["date", "kind", "asset", "detail"])
    both = ("date", "line")
    parts = {name: (both, np.full((2, 2), 0.5)) for name in ("filtered", "lower", "upper", "target")}
    errors = {name: ("date", [0.1, 0.2]) for name in ("tracking_error", "observed_tracking_error", "noise")}
    tracked = xr.Dataset({**parts, **errors}, {"date": on[:2], "line": ["A", "B"]})
    evidence_of = Found()
    evidence_of.chosen = pd.Series({"a": 0.5, "b": 0.5})
    results = {"budget": replace(strategy, details=details, events=events), "equal": benchmark}
    return StudyResults(
        results=results,
        benchmark="equal",
        currency="EUR",
        measures=summarised(results),
        costs="5 bp of what is traded",
        checks={
            "budget": CausalCheck("causal", None, "all equal", (DAY,)),
            "equal": CausalCheck("looks ahead", DAY, "A changed", (DAY,)),
        },
        attribution={"budget": pd.DataFrame({"market": strategy.returns})},
        tracked={"budget": tracked},
        evidence=Evidence(
            scores=pd.DataFrame({"deflated_sharpe": [0.5], "minimum_track_record": [852.0]}, index=["budget"]),
            trials=48,
            effective_trials=11.3,
            overfitting=evidence_of,
            reality_check=Found(),
            better=(),
        ),
        selection=Selection(
            measure="calmar",
            windows=pd.DataFrame(
                {"test_from": [DAY], "chosen": ["budget"], "in_sample": [1.5], "out_of_sample": [0.4], "rank": [2.0]},
                index=[1],
            ),
            choices=pd.DataFrame({"sharpe": ["equal"], "calmar": ["budget"]}, index=[1]),
            chosen_by=pd.DataFrame({"sharpe": [0.3, 0.4], "return": [0.05, 0.06]}, index=["sharpe", "calmar"]),
            paths=pd.DataFrame({"sharpe": [0.1, 0.2, 0.6], "return": [0.01, 0.02, 0.03]}, index=range(3)),
        ),
        trials=pd.DataFrame({"configuration": ["a", "b"], "annual_return": [0.1, 0.2]}),
        holdout=HoldoutRecord(start=DAY, end=DAY, seal="abc" * 20, opened=(DAY, DAY), results=results),
    )


def test_every_result_of_a_study_has_a_chapter(study):
    chapters = study_chapters(study)
    assert [chapter.title for chapter in chapters] == [
        "Back-test",
        "budget",
        "Significance",
        "Selection",
        "Look-ahead check",
        "Trials",
        "Holdout",
    ]
    titles = [exhibit.title for exhibit in chapters[1].exhibits]
    for title in (
        "Weights",
        "Risk contributions and budget",
        "Realised risk contributions",
        "Exposures",
        "Monthly returns",
    ):
        assert title in titles
    assert all(
        exhibit.figure is not None
        for exhibit in chapters[1].exhibits
        if exhibit.title not in ("Trades", "Deepest drawdowns")
    )
    assert chapters[2].tiles["Reality check against equal, p-value"] == ".043"
    assert chapters[2].tiles["Better than the benchmark at 5% (StepM)"] == "none"
    clean = "o look-ahead found in 1 of 1 cuts; files and unlabelled arrays are not searched"
    assert chapters[4].tiles == {"budget": f"N{clean}", "equal": "Look-ahead found: A changed"}
    assert "2 times" in chapters[6].lead
    assert "later results as in sample" in chapters[6].lead
    assert "1 used the fallback" in chapters[1].lead
    assert "1,000,000 EUR" in chapters[0].lead
    tiles = study_tiles(study)
    assert all(len(text) < 30 for text in tiles.values())
    light = {light.name: light for light in study_lights(study)}["Look-ahead"]
    assert light.sentence == f"Equal: look-ahead found: A changed. budget: n{clean}."
    assert tiles["Decisions that fell back"] == "budget 3%"
    assert "budget: 1 of 30 decisions (3%) fell back: <b>infeasible</b> (1 decision, 2020-03-02)." in chapters[0].lead
    assert (tiles["Configurations tried"], tiles["Holdout"]) == ("48", "opened 2 times")


def test_tables_have_units_and_the_measure_of_the_selection(study):
    [significance, selection] = study_chapters(study)[2:4]
    scores = significance.exhibits[0]
    assert scores.formats["minimum_track_record"] == ",.0f"
    windows, choices, earned, paths = (exhibit.table for exhibit in selection.exhibits)
    assert list(windows.columns) == [
        "window",
        "test_from",
        "Selected",
        "Calmar in sample",
        "Calmar out of sample",
        "rank",
    ]
    assert list(choices.columns) == ["window", "By Sharpe", "By Calmar"]
    assert list(earned["Selected by"]) == ["Sharpe", "Calmar"]
    assert paths.iloc[[0, 2, 4]]["sharpe"].tolist() == [0.1, 0.2, 0.6]
    assert "highest Calmar" in selection.lead
    assert "not a tradable history" in selection.exhibits[3].note


def test_without_a_budget_the_title_does_not_name_one(study):
    result = study.results["budget"]
    details = {name: table for name, table in result.details.items() if name != "risk_budget"}
    without = replace(study, results={**study.results, "budget": replace(result, details=details)})
    titles = [exhibit.title for exhibit in study_chapters(without)[1].exhibits]
    assert "Risk contributions" in titles
    assert "Risk contributions and budget" not in titles


def test_rows_of_exhibits_are_full(study):
    for chapter in study_chapters(study)[1:2]:
        narrow = 0
        for exhibit in chapter.exhibits:
            assert not (exhibit.wide and narrow % 2)
            narrow = 0 if exhibit.wide else narrow + 1


def test_a_sealed_holdout_shows_nothing(study):
    sealed = replace(study, holdout=replace(study.holdout, opened=()))
    chapter = study_chapters(sealed)[-1]
    assert (chapter.exhibits, chapter.tiles["Holdout"]) == ((), "sealed")
    once = replace(study, holdout=replace(study.holdout, opened=(DAY,)))
    assert study_tiles(once)["Holdout"] == "opened once"


def test_results_that_are_not_given_are_left_out():
    result = run()
    [overview, alone] = study_chapters(StudyResults(results={"only": result}, measures=summarised(["only"])))
    assert [exhibit.title for exhibit in alone.exhibits] == [
        "Weights",
        "Turnover and costs",
        "Rolling Sharpe ratio",
        "Monthly returns",
        "Deepest drawdowns",
        "Trades",
    ]
    assert overview.exhibits[-1].note.startswith("None")


@pytest.mark.parametrize("kind", ["cash", "bankrupt", "one decision", "three dates", "start alone"])
def test_unusual_results_make_chapters(kind, tmp_path):
    result = {
        "cash": lambda: run(0.0),
        "bankrupt": lambda: run(-40.0, growth=0.01),
        "one decision": lambda: run(n=8),
        "three dates": lambda: run(n=3),
        "start alone": lambda: replace(run(n=3), ledger=run(n=3).ledger.iloc[:1], weights=run(n=3).weights.iloc[:1]),
    }[kind]()
    results = {"odd": result}
    chapters = study_chapters(StudyResults(results=results, measures=summarised(results)))
    if kind == "bankrupt":
        assert "bankrupt" in chapters[0].tiles["odd, stopped early"]
        assert "bankrupt" in chapters[1].lead
    if kind == "cash":
        assert "only cash" in chapters[1].exhibits[0].note
    write_report(tmp_path / "report.html", None, chapters=chapters)


def test_no_result_and_an_unknown_benchmark_are_errors():
    with pytest.raises(InputError, match="results must have at least one"):
        StudyResults(results={})
    with pytest.raises(InputError, match="benchmark must be one of the results"):
        StudyResults(results={"a": run()}, benchmark="b")


@pytest.mark.parametrize("width", [500, 1300])
def test_the_page_without_a_model_is_drawn_and_does_not_overflow(browse, study, tmp_path, width):
    page = write_report(
        tmp_path / "report.html", None, chapters=study_chapters(study), tiles=study_tiles(study), lead="L"
    )
    script = """
      return {
        drawn: [...document.querySelectorAll(".figure")].map((f) => f.querySelectorAll("svg.main-svg").length > 0),
        trouble: document.querySelectorAll(".trouble").length,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        one: document.querySelectorAll("#one, #panel, #read").length,
        links: [...document.querySelectorAll("nav a")].map((link) => link.textContent),
        tiles: [...document.querySelectorAll("header .tile b")].map((tile) => tile.textContent),
        bold: document.querySelectorAll("td b").length,
        value: document.querySelector("#chapter-1 .figure")._fullData.find((t) => t.name === "budget").y.at(-1),
      };
    """
    found = browse(page, script, width=width)
    assert all(found["drawn"])
    assert len(found["drawn"]) == sum(
        e.figure is not None for chapter in study_chapters(study) for e in chapter.exhibits
    )
    assert (found["trouble"], found["one"], found["bold"]) == (0, 0, 0)
    assert found["overflow"] <= 0
    assert "Loadings" not in found["links"]
    assert "opened 2 times" in found["tiles"]
    assert found["value"] == pytest.approx(study.results["budget"].value.iloc[-1], rel=1e-6)


def test_the_loadings_follow_the_study(browse, study, model, tmp_path):
    page = write_report(tmp_path / "report.html", model, chapters=study_chapters(study), tiles=study_tiles(study))
    script = """return {
      order: [...document.querySelectorAll("main > section")].map((section) => section.id),
      ready: document.body.dataset.ready,
    };"""
    found = browse(page, script)
    assert found["order"][6:9] == ["chapter-7", "one", "panel"]
    assert found["ready"] == "yes"


def test_twenty_years_of_weekly_decisions_stay_under_five_megabytes(tmp_path):
    rng = np.random.default_rng(0)
    dates, assets = pd.bdate_range("2003-01-01", periods=5200), [f"asset {i}" for i in range(74)]
    on = dates[:-1:5]
    market = Market(pd.DataFrame(rng.normal(0.0004, 0.01, (5200, 74)), dates, assets))
    details = {
        name: pd.DataFrame(rng.dirichlet(np.ones(74), len(on)), on, assets)
        for name in ("risk_contribution", "risk_budget", "expected_return", "exposure", "exposure_error")
    }
    results = {
        f"strategy {i}": replace(simulate(pd.DataFrame(1 / 74, on, assets), market), details=details) for i in range(4)
    }
    chapters = study_chapters(StudyResults(results=results, measures=summarised(results)))
    assert write_report(tmp_path / "report.html", None, chapters=chapters).stat().st_size < 5e6


def test_no_text_of_a_figure_overlaps_another(study, tmp_path, text_faults):
    page = write_report(tmp_path / "report.html", None, chapters=study_chapters(study), lead="L")
    assert text_faults(page) == {}
