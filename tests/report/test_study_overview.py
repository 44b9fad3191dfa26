"""The top of a study's report, and the table relative to the benchmark."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from statefolio.report.study_overview import best_tiles, relative_exhibits, study_answer, study_lights
from statefolio.report.study_results import Evidence, StudyResults


@pytest.fixture
def study():
    dates = pd.bdate_range("2020-01-01", periods=300)
    market = pd.Series(np.random.default_rng(0).normal(0.0005, 0.01, 300), dates)
    none = pd.DataFrame({"share": []}, dtype=float)

    def result(returns):
        return SimpleNamespace(returns=returns, value=(1 + returns).cumprod(), periods_per_year=252.0, fallbacks=none)

    results = {"good": result(0.5 * market + 0.001), "index": result(market)}
    measures = pd.DataFrame(
        {"good": [2.0, 0.2, 0.1], "index": [0.5, 0.1, 0.15]}, index=["sharpe", "annual_return", "annual_volatility"]
    )
    scores = pd.DataFrame({"deflated_sharpe": [0.97, 0.2]}, index=["good", "index"])
    return StudyResults(
        results=results, benchmark="index", measures=measures, evidence=Evidence(scores=scores, trials=12)
    )


def test_the_answer_names_the_best_the_benchmark_and_the_luck(study):
    assert study_answer(study) == (
        "good has the highest Sharpe ratio after costs, 2.00 (return 20.0% and volatility 10.0% a year), from "
        "2020-01-01 to 2021-02-23; the benchmark, index, has 0.50. Given 12 configurations tried, the probability that "
        "its true Sharpe ratio beats luck is 97%."
    )


def test_the_lights_and_the_table_relative_to_the_benchmark(study):
    assert {light.name: light.state for light in study_lights(study)} == {"Skill": "good", "Decisions": "good"}
    (exhibit,) = relative_exhibits(study)
    row = exhibit.table.iloc[0]
    assert row["Beta"] == pytest.approx(0.5)
    assert row["Alpha, a year"] == pytest.approx(0.252)
    assert row["Correlation"] == pytest.approx(1.0)


def test_the_light_on_skill_is_of_the_strategy_that_the_answer_names(study):
    study.evidence.scores.loc["index", "deflated_sharpe"] = 0.99  # luckier, but not the answer
    study.evidence.scores.loc["good", "deflated_sharpe"] = 0.57
    (skill,) = [light for light in study_lights(study) if light.name == "Skill"]
    assert skill.state == "watch"
    assert skill.sentence == (
        "The probability that the Sharpe ratio of good beats luck, given 12 configurations tried, is 57%."
    )
    assert study_answer(study).endswith("is 57%.")


def test_the_tiles_are_the_measures_of_the_strategy_that_the_answer_names(study):
    assert best_tiles(study) == {"Sharpe ratio": "2.00", "Return a year": "20.0%", "Volatility a year": "10.0%"}
