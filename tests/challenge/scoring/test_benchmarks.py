"""Tests of the benchmark entries and of the submissions that participants start from."""

import pytest

from statefolio.challenge.rules.settings import example_rules, parse_rules
from statefolio.challenge.rules.submission import read_submission, submission_of_toml
from statefolio.challenge.scoring.benchmarks import benchmarks, starter_submissions, warm
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.hints import MOST_HINTS, hints
from statefolio.challenge.scoring.scored_window import ScoredWindow, series_of
from statefolio.loadings.kalman_loadings import KalmanLoadings


def test_the_starters_work_and_keep_to_the_gates(data, rules):
    for name, text in starter_submissions(rules).items():
        submission = read_submission(submission_of_toml(text), data.universe)
        found = score(submission, data, rules, "public")
        assert found.value is not None, (name, found.reasons)


@pytest.mark.parametrize("tutorial", [False, True])
def test_the_starters_fit_the_rules_that_are_written(tutorial, data):
    written = parse_rules(example_rules(tutorial), "challenge.toml")
    texts = starter_submissions(written)
    assert len(texts) == 3
    for text in texts.values():
        submission = read_submission(submission_of_toml(text), data.universe)
        assert read_submission(submission_of_toml(text), data.universe, repair=True).warnings == ()
        for table in submission.tables.portfolio.values():
            assert table.constraints.upper <= written.gates.weight
            assert table.constraints.daily_turnover < written.gates.daily_turnover
            assert table.constraints.upper * written.gates.holdings < 1.0


def test_the_benchmark_is_the_default_model_and_equal_weights(data):
    found = benchmarks(data.universe)
    table = found["forecast"].tables.loadings.model_dump(exclude={"kind"})
    assert {name: table[name] for name in table if name != "start"} == {
        name: value for name, value in KalmanLoadings().get_params().items() if name in table and name != "start"
    }
    assert found["portfolio"].tables.portfolio["equal_weight"].objective == "equal_weight"


def test_warming_scores_on_public_dates_alone(data, rules):
    warm(data.public(), rules)


def test_hints_are_few_and_begin_with_the_reasons(data):
    poor = read_submission(
        b'{"track": "forecast", "name": "a", "loadings": {"tails": "gaussian", "noise": "constant", "tuning": "mle",'
        b' "common_volatility": false}}'
    )
    found = hints(poor, ScoredWindow("forecast", "validation", None, reasons=("first",)))
    assert found[0] == "first"
    assert len(found) == MOST_HINTS
    equal = benchmarks(data.universe)["portfolio"]
    assert "uses your [loadings]" in hints(equal, ScoredWindow("portfolio", "validation", 1.0))[0]


def test_a_series_is_the_same_after_a_file(data, rules, tmp_path):
    import numpy as np

    found = score(benchmarks(data.universe)["portfolio"], data, rules, "public")
    np.savez(tmp_path / "s.npz", **found.to_arrays())
    with np.load(tmp_path / "s.npz") as arrays:
        again = series_of(arrays)
    assert again.to_numpy().tobytes() == found.series.to_numpy().tobytes()
    assert again.index.equals(found.series.index)
