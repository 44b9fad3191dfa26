"""Tests of the results of a round."""

import json

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.validation.reality_check import reality_check
from statefolio.backtest.validation.sharpe import deflated_sharpe
from statefolio.challenge.scoring.closing import FinalEntry, final_results
from statefolio.challenge.scoring.scored_window import ScoredWindow
from statefolio.exceptions import InputError

DATES = pd.bdate_range("2024-01-01", periods=300)
DRAW = 0.01 * np.random.default_rng(11).standard_normal((300, 8))
SUBMITTED = [0.1, 0.8, None, 1.4, -0.3]


def scored(values, track="portfolio"):
    series = pd.Series(values, index=DATES)
    value = np.sqrt(252) * series.mean() / series.std(ddof=1) if track == "portfolio" else series.mean()
    return ScoredWindow(track, "final", float(value), 0.5, {"sharpe": 1.0}, series=series)


def entry(team, values, validation=0.0, submission=None, track="portfolio"):
    return FinalEntry(submission or f"s_{team}", team, f"model of {team}", validation, scored(values, track))


BENCHMARK = entry("Benchmark", DRAW[:, 0], 0.2)
GOOD = entry("good", 0.2 * DRAW[:, 1] + 0.003, 0.5)
COPY = entry("copy", 0.2 * DRAW[:, 1] + 0.003 + 1e-6 * DRAW[:, 2], 2.0)
OPPOSITE = entry("opposite", 2 * DRAW[:, 0] - 0.2 * DRAW[:, 1] - 0.003, 1.5)
WORSE = entry("worse", DRAW[:, 3] - 0.002, 1.0)
UNDEFINED = FinalEntry("s_none", "none", "broken", None, ScoredWindow("portfolio", "final", None, reasons=("why",)))
ALL = [GOOD, COPY, OPPOSITE, WORSE, UNDEFINED]


@pytest.fixture
def results():
    return final_results("portfolio", ALL, BENCHMARK, SUBMITTED)


def rows_of(results):
    return {row["team"]: row for row in results["rows"]}


def test_rows_are_ranked_and_those_without_a_score_are_last(results):
    order = [row["team"] for row in results["rows"]]
    assert order[:2] == ["good", "copy"]
    assert order[-1] == "none"
    rows = rows_of(results)
    assert rows["good"]["rank"] == rows["copy"]["rank"] == 1
    assert rows["worse"]["rank"] > 1
    assert rows["none"]["rank"] is None
    assert rows["none"]["reasons"] == ["why"]
    assert rows["Benchmark"]["is_benchmark"]
    assert sum(row["is_benchmark"] for row in results["rows"]) == 1


def test_copies_share_the_rank_and_opposite_bets_have_none(results):
    rows = rows_of(results)
    assert (rows["copy"]["duplicate_of"], rows["copy"]["relation"]) == ("s_good", "near-duplicate")
    assert (rows["opposite"]["rank"], rows["opposite"]["relation"]) == (None, "opposite bet")


def test_a_copy_takes_no_place_from_others():
    with_copy = rows_of(final_results("portfolio", ALL, BENCHMARK, SUBMITTED))
    without = rows_of(final_results("portfolio", [GOOD, WORSE], BENCHMARK, SUBMITTED))
    for team in ("good", "worse", "Benchmark"):
        for field in ("rank", "final_place", "validation_place", "p_value", "shake_up"):
            assert with_copy[team][field] == without[team][field], (team, field)


def test_shake_up_is_places_gained(results):
    rows = rows_of(results)
    assert (rows["worse"]["validation_place"], rows["good"]["validation_place"]) == (1, 2)
    assert (rows["good"]["final_place"], rows["good"]["shake_up"]) == (1, 1)
    assert rows["worse"]["shake_up"] == 1 - rows["worse"]["final_place"] < 0


def test_the_deflated_sharpe_ratio_counts_every_submission(results):
    known = [value for value in SUBMITTED if value is not None]
    expected = deflated_sharpe(GOOD.final.series, len(SUBMITTED), float(np.var(known, ddof=1)))
    assert rows_of(results)["good"]["deflated"] == expected
    assert results["submissions"] == 5
    more = final_results("portfolio", ALL, BENCHMARK, SUBMITTED * 20)
    assert rows_of(more)["worse"]["deflated"] <= rows_of(results)["worse"]["deflated"]


def test_a_team_is_ranked_by_its_better_finalist():
    second = entry("good", DRAW[:, 4] - 0.002, 3.0, "s_second")
    rows = {row["submission"]: row for row in final_results("portfolio", [second, GOOD], BENCHMARK, SUBMITTED)["rows"]}
    assert rows["s_good"]["rank"] == 1
    assert rows["s_second"]["rank"] is None
    assert rows["s_second"]["final"] is not None


def test_the_reality_check_is_against_the_benchmark_on_the_scored_series():
    others = [entry(f"t{k}", DRAW[:, k] + 5.0, track="forecast") for k in range(1, 4)]
    benchmark = entry("Benchmark", DRAW[:, 0] + 5.0, track="forecast")
    found = final_results("forecast", others, benchmark, [1.0])
    table = pd.DataFrame({each.submission: each.final.series for each in others})
    expected = reality_check(table, benchmark.final.series)
    assert found["reality_check"]["p_value"] == expected.p_value
    assert found["reality_check"]["trials"] == 3
    assert all(row["deflated"] is None for row in found["rows"])


def test_curves_are_those_of_the_scored_series(results):
    curves = results["curves"]
    assert curves["dates"][0] == "2024-01-01"
    assert set(curves["entries"]) == {"s_Benchmark", "s_good", "s_copy", "s_opposite", "s_worse"}
    assert curves["entries"]["s_good"][-1] == pytest.approx(np.prod(1.0 + GOOD.final.series))


def test_a_forecast_curve_is_the_score_gained_on_the_benchmark():
    mine, other = entry("a", DRAW[:, 1] + 5.0, track="forecast"), entry("Benchmark", DRAW[:, 0] + 5.0, track="forecast")
    curves = final_results("forecast", [mine], other, [1.0])["curves"]["entries"]
    assert curves["s_a"][-1] == pytest.approx((DRAW[:, 1] - DRAW[:, 0]).sum())
    assert set(curves["s_Benchmark"]) == {0.0}


def test_results_are_ready_for_json_and_the_same_again(results):
    assert json.loads(json.dumps(results, allow_nan=False)) == results
    assert final_results("portfolio", ALL, BENCHMARK, SUBMITTED) == results


def test_a_round_without_entries_has_its_benchmark():
    found = final_results("portfolio", [UNDEFINED], BENCHMARK, [None])
    assert [row["rank"] for row in found["rows"]] == [1, None]
    assert found["reality_check"]["reason"] == "no entry has a score"


def test_the_benchmark_must_have_a_score():
    broken = FinalEntry("s", "Benchmark", "b", None, UNDEFINED.final)
    with pytest.raises(InputError, match="benchmark must have a final score"):
        final_results("portfolio", [GOOD], broken, [])
