"""A study from Python: its objects, and the report of the command."""

import re

import pandas as pd
import pytest
from small_study import SMALL

import statefolio as sf
from statefolio.exceptions import InputError
from statefolio.report import any_result


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    text = SMALL.replace("[risk]", '[risk]\nkind = "factors"').replace(
        "combinatorial = { folds = 4, test_folds = 2, embargo = 5 }", ""
    )
    (folder / "small.toml").write_text(text)
    return sf.Study.load(folder / "small.toml")


def test_a_study_has_its_objects_and_leaves_the_holdout_out(study, ran):
    _, command, _ = ran
    assert study.market.dates[-1] < command.holdout.start
    assert study.returns.equals(study.market.returns)
    assert study.benchmarks == ("even",)
    assert isinstance(study.loadings, sf.KalmanLoadings)
    assert isinstance(study.risk, sf.FactorRisk)
    assert isinstance(study.view, sf.portfolio.FactorPremia)
    assert list(study.policies) == ["budget", "kelly", "even"]
    assert "even" in repr(study)


def test_its_results_are_those_of_the_command(study, ran):
    _, command, _ = ran
    for name, result in command.results.items():
        pd.testing.assert_frame_equal(study.results[name].ledger, result.ledger)
        assert study.results[name].causality.verdict == "causal"
    pd.testing.assert_frame_equal(study.measures, command.walked.measures)


def headings(path):
    return re.findall(r"<h[23][^>]*>(.*?)</h[23]>", path.read_text(encoding="utf-8"))


def test_its_report_has_the_chapters_and_charts_of_the_command(study, ran, tmp_path):
    home, _, _ = ran
    command = headings(home / "out" / "report.html")
    own = headings(study.report(tmp_path / "own.html"))
    recorded = {"Trials", "Holdout", "Paths of combinatorial cross-validation"}
    assert [each for each in command if each in own] == own
    left = [each for each in command if each not in own]
    assert {each for each in left if each in recorded} == recorded
    assert len(left) <= 6, left


def test_results_of_run_backtests_give_a_report(tmp_path):
    market = sf.Market(sf.load_demo().returns.loc["2020":, ["AAPL", "JPM", "KO"]])
    policies = {"even": sf.EqualWeight(), "calm": sf.portfolio.InverseVolatility(21), "held": sf.portfolio.BuyAndHold()}
    results = sf.run_backtests(policies, market, rebalance="weekly")
    page = sf.report.write(results, tmp_path / "a.html", benchmark=["even", "held"], trials=5, title="Three rules")
    text = page.read_text(encoding="utf-8")
    assert "<h1>Three rules</h1>" in text
    assert "Relative to even" in text
    assert "Relative to held" in text
    assert "Given 6 configurations tried" in text
    alone = sf.report.write(results, tmp_path / "b.html").read_text(encoding="utf-8")
    assert "Monthly returns" in alone
    assert "Significance" not in alone
    few = sf.run_backtests(policies, market.until("2020-03-31"), rebalance="weekly")
    short = sf.report.write(few, tmp_path / "d.html", benchmark="even").read_text(encoding="utf-8")
    assert "too few dates for five windows" in short
    with pytest.raises(InputError, match="benchmark must be one of the results"):
        sf.report.write(results, tmp_path / "c.html", benchmark="evn")
    assert any_result.write is sf.report.write
