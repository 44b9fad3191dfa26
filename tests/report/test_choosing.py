"""What helps to choose: benchmarks on the same dates, the curve out of sample, best and worst dates, missed budgets."""

from dataclasses import replace

import empyrical
import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.report.backtest.selection_figures import stitched_figure
from statefolio.report.backtest.sentences import note_sentences
from statefolio.report.backtest.trading_figures import first_purchase_axis, trading_figure
from statefolio.report.backtest.weight_figures import FIFTHS, weights_figure
from statefolio.report.strategy_chapter import _drawdowns, missed_budgets
from statefolio.report.study_of_backtests import judged, study_of_backtests
from statefolio.report.study_overview import extreme_exhibits, relative_exhibits


@pytest.fixture(scope="module")
def results():
    market = sf.Market(sf.load_demo().returns.loc["2020":"2021"])
    policies = {
        "calm": sf.portfolio.InverseVolatility(21),
        "held": sf.portfolio.BuyAndHold(),
        "even": sf.EqualWeight(),
    }
    return sf.run_backtests(policies, market, costs=sf.TradingCosts(0.001))


@pytest.fixture(scope="module")
def study(results):
    judgement, measures = judged(results, ["even", "held"], 0)
    return study_of_backtests(results, benchmarks=["even", "held"], judgement=judgement, measures=measures)


def test_measures_relative_to_each_benchmark_are_those_of_empyrical(study, results):
    tables = {exhibit.title: exhibit.table.set_index("Strategy") for exhibit in relative_exhibits(study)}
    assert list(tables) == ["Relative to even", "Relative to held"]
    r, b = results["calm"].returns, results["held"].returns
    row = tables["Relative to held"].loc["calm"]
    alpha, beta = empyrical.alpha_beta(r, b, annualization=252)
    assert row["Beta"] == pytest.approx(beta)
    assert (1 + row["Alpha, a year"] / 252) ** 252 - 1 == pytest.approx(alpha)  # empyrical compounds it
    assert row["Up capture"] == pytest.approx(empyrical.up_capture(r, b))
    assert row["Down capture"] == pytest.approx(empyrical.down_capture(r, b))
    assert "even" in tables["Relative to held"].index


def test_best_and_worst_dates(study, results):
    table = extreme_exhibits(study)[0].table.set_index("Strategy")
    r = results["calm"].returns
    assert table.loc["calm", "Worst date"] == f"{r.idxmin():%Y-%m-%d}"
    assert table.loc["calm", "Its loss"] == r.min()
    months = empyrical.aggregate_returns(r, "monthly")
    assert table.loc["calm", "Best month"] == pytest.approx(months.max())
    assert table.loc["calm", "Worst month"] == pytest.approx(months.min())


def test_the_deepest_drawdown_is_that_of_empyrical(results):
    table = _drawdowns(results["calm"])[0].table
    assert table["Drawdown"].iloc[0] == pytest.approx(empyrical.max_drawdown(results["calm"].returns))
    assert table["Drawdown"].is_monotonic_increasing


def test_benchmarks_are_compared_on_the_test_dates_and_the_curve_is_strung_together(study, results):
    from statefolio.report.backtest_chapters import benchmark_returns
    from statefolio.report.selection_chapter import selection_chapter

    chapter = selection_chapter(study.selection, benchmark_returns(study), 252.0)
    table = next(each.table for each in chapter.exhibits if each.title == "Results out of sample")
    table = table.set_index("Selected by")
    dates = study.selection.returns.index
    held = results["held"].returns[dates]
    assert table.loc["Benchmark: held", "sharpe"] == pytest.approx(held.mean() / held.std() * 252**0.5)
    assert table.loc["Benchmark: held", "volatility"] == pytest.approx(held.std() * 252**0.5)
    figure = stitched_figure(study.selection.returns, benchmark_returns(study), study.selection.windows["test_from"])
    assert [trace.name for trace in figure.data] == ["Selected", "even", "held"]
    last = float(np.prod(1 + study.selection.returns))
    assert float(np.asarray(figure.data[0].y, dtype=float)[-1]) == pytest.approx(last, rel=1e-6)
    assert len(figure.layout.shapes) == len(study.selection.windows)


def test_groups_take_the_place_of_others_that_would_fill_the_chart(results):
    groups = pd.Series(["tech", "other"] * 10, index=results["even"].weights.columns)
    names = [trace.name for trace in weights_figure(results["even"], groups=groups).data]
    assert set(names) == {"tech", "other"}
    assert [trace.name for trace in weights_figure(results["even"]).data] == list(FIFTHS)
    held = results["even"].weights.iloc[:, :20] * 0.0
    held.iloc[:, 0] = 1.0
    concentrated = replace(results["even"], weights=held)
    assert [trace.name for trace in weights_figure(concentrated, groups=groups).data] == ["AAPL"]


def test_the_first_purchase_is_cut_and_said(results):
    assert first_purchase_axis(pd.Series([100.0, 4.0, 8.0])) == pytest.approx(9.2)
    assert first_purchase_axis(pd.Series([10.0, 4.0, 8.0])) is None
    assert first_purchase_axis(pd.Series([100.0, 0.0, 0.0])) is None
    figure = trading_figure(results["even"])
    assert figure.layout.yaxis.range[1] < 60.0
    assert any("first purchase: 100 %" in note.text for note in figure.layout.annotations)


def test_a_missed_budget_is_said_in_words(results):
    dates = results["even"].decisions.index[:4]
    got = pd.DataFrame({"market": [0.7, 0.7, 0.7, 0.5], "value": [0.3, 0.3, 0.3, 0.5]}, dates)
    budget = pd.DataFrame({"market": 0.5, "value": 0.5}, dates)
    missed = replace(results["even"], details={"risk_contribution": got, "risk_budget": budget})
    assert missed_budgets(missed) == [
        "The risk budget is missed at 3 of 4 decisions, because the constraints, or the assets, do not allow it: of "
        "the forecast risk, market has 65% instead of 50%; value has 35% instead of 50% on average."
    ]
    assert missed_budgets(replace(missed, details={"risk_contribution": budget, "risk_budget": budget})) == []
    assert missed_budgets(results["even"]) == []


def test_notes_that_differ_in_numbers_alone_are_one(results):
    texts = ["gap 0.05 ('value', 0.1 against 0.2)", "gap 0.07 ('size', 0.0 against 0.2)", "no signal"]
    dates = results["even"].value.index[:3]
    events = pd.DataFrame({"date": dates, "kind": "note", "asset": "", "detail": texts})
    found = note_sentences({"even": replace(results["even"], events=events)})
    first, second, third = (f"{date:%Y-%m-%d}" for date in dates)
    assert found == [
        f"even: gap 0.05 ('value', 0.1 against 0.2) (2 decisions, {first} to {second}; numbers of the first); no "
        f"signal (1 decision, {third})."
    ]
