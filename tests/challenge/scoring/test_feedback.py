"""Tests of the feedback rule and of shared ranks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statefolio.challenge.rules.settings import FeedbackTable
from statefolio.challenge.scoring.feedback import MOST_TESTED, compare, improves, rank_groups

DATES = pd.bdate_range("2024-01-01", periods=250)
NOISE = 0.01 * np.random.default_rng(0).standard_normal((250, 60))


def by(errors, sharpe=0.0, log_score=0.0):
    return FeedbackTable(standard_errors=errors, least_sharpe=sharpe, least_log_score=log_score)


def series(values):
    return pd.Series(values, index=DATES)


@pytest.mark.parametrize("track", ["forecast", "portfolio"])
def test_a_team_moves_only_by_a_significant_improvement(track):
    best = series(NOISE[:, 0])
    noise = NOISE[:, 1] - NOISE[:, 1].mean()
    error = NOISE[:, 1].std() / np.sqrt(250)
    little, much = (series(NOISE[:, 0] + noise + t * error) for t in (1.0, 5.0))
    assert not improves(track, little, best, by(2.0))
    assert improves(track, much, best, by(2.0))
    assert not improves(track, best, much, by(2.0))
    assert improves(track, little, best, by(0.0))


@pytest.mark.parametrize("track", ["forecast", "portfolio"])
def test_the_statistic_is_the_threshold(track):
    new, best = series(NOISE[:, 1] + 0.002), series(NOISE[:, 0])
    statistic = compare(track, new, best).statistic
    assert statistic > 1.0
    assert improves(track, new, best, by(statistic - 1e-9))
    assert not improves(track, new, best, by(statistic))


@pytest.mark.parametrize("errors", [0.0, 2.0])
def test_ties_and_missing_scores(errors):
    best = series(NOISE[:, 0])
    assert not improves("portfolio", best, best, by(errors))
    assert not improves("forecast", best.copy(), best, by(errors))
    assert not improves("forecast", None, best, by(errors))
    assert not improves("forecast", pd.Series(dtype=float), None, by(errors))
    assert improves("forecast", best, None, by(errors))
    assert improves("forecast", best, pd.Series(dtype=float), by(errors))


def test_a_portfolio_must_be_better_by_a_step_too():
    """Small certain steps, such as a little less cost each time, would show the score of every try."""
    best = series(NOISE[:, 0])
    unit = best.std() / np.sqrt(252)
    for gain, moves in ((0.025, False), (0.075, True)):
        new = best + gain * unit
        assert compare("portfolio", new, best).beats(2.0)
        assert improves("portfolio", new, best, by(2.0, sharpe=0.05)) is moves
        assert improves("portfolio", new, best, by(0.0, sharpe=0.05))


@pytest.mark.parametrize(("gain", "moves"), [(0.001, False), (0.003, True)])
def test_a_forecast_must_be_better_by_a_step_too(gain, moves):
    best, certain = series(NOISE[:, 0]), series(1e-4 * NOISE[:, 1])
    assert improves("forecast", best + gain + certain, best, by(2.0, log_score=0.002)) is moves
    assert improves("forecast", best + gain + certain, best, by(2.0))
    assert improves("forecast", best + gain + certain, best, by(0.0, log_score=0.002))


@pytest.mark.parametrize(("gain", "moves"), [(0.4, False), (0.6, True)])
def test_a_forecast_below_the_benchmark_must_close_half_of_the_gap(gain, moves):
    best, certain = series(NOISE[:, 0]), series(1e-4 * NOISE[:, 1])
    rules = by(2.0, log_score=0.002)
    assert improves("forecast", best + gain + certain, best, rules, best + 1.0) is moves
    assert improves("forecast", best + gain + certain, best, rules, best - 1.0)
    assert improves("portfolio", best + 0.01 * gain + certain, best, rules, best + 1.0)


def test_a_staircase_from_far_below_has_few_steps():
    """Variances that are too large by any factor are a loss of any size: of least log scores, it has thousands."""
    benchmark, certain = series(NOISE[:, 0]), series(1e-5 * NOISE[:, 1])
    steps, best = 0, benchmark - 10.0
    for loss in np.geomspace(10.0, 0.001, 900):
        new = benchmark - loss + (certain if steps % 2 else -certain)
        if improves("forecast", new, best, FeedbackTable(), benchmark):
            steps, best = steps + 1, new
    assert 8 <= steps <= 16


def test_too_few_dates_are_no_improvement():
    best = series(NOISE[:, 0]).iloc[:10]
    assert not improves("forecast", best + 1.0 + series(NOISE[:, 1]).iloc[:10], best, by(2.0))


def test_a_clear_order_has_a_rank_for_each():
    teams = {f"t{k}": series(1e-4 * NOISE[:, k] - k) for k in range(4)}
    assert rank_groups("forecast", teams) == {"t0": 1, "t1": 2, "t2": 3, "t3": 4}


def test_teams_that_cannot_be_told_apart_share_a_rank():
    means = [0.0, 0.0, 0.0, -0.01, -0.01]
    centred = NOISE - NOISE.mean(axis=0)
    teams = {f"t{k}": series(0.3 * centred[:, k] + mean) for k, mean in enumerate(means)}
    assert rank_groups("forecast", teams | {"none": None}) == {
        "t0": 1, "t1": 1, "t2": 1, "t3": 4, "t4": 4, "none": None,
    }  # fmt: skip


def test_the_same_series_has_the_same_rank():
    teams = {"a": series(NOISE[:, 0]), "b": series(NOISE[:, 0]), "c": series(NOISE[:, 0] - 0.01)}
    ranks = rank_groups("portfolio", teams)
    assert ranks["a"] == ranks["b"] == 1


@settings(max_examples=4, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_the_teams_changes_no_rank(order):
    teams = {k: series(NOISE[:, k] + 0.002 * (k % 3)) for k in order}
    assert rank_groups("portfolio", teams) == rank_groups("portfolio", dict(sorted(teams.items())))


def test_many_teams_are_ranked_and_none_is_lost():
    count = MOST_TESTED + 15
    teams = {k: series(NOISE[:, k] - 0.02 * (k >= MOST_TESTED + 10)) for k in range(count)}
    ranks = rank_groups("forecast", teams)
    assert set(ranks) == set(teams)
    last = [ranks[k] for k in range(MOST_TESTED + 10, count)]
    assert set(last) == {MOST_TESTED + 11}
    assert {ranks[k] for k in range(MOST_TESTED + 10)} <= set(range(1, MOST_TESTED + 11))


def test_no_team_has_no_ranks():
    assert rank_groups("forecast", {}) == {}
    assert rank_groups("portfolio", {"a": None, "b": series(np.zeros(250))}) == {"a": None, "b": None}


def attacked(seed, errors, tries=60, dates=252):
    """A team without skill remembers which directions were accepted, and submits their sum (annual Sharpe ratio)."""
    draw, index = np.random.default_rng(seed), pd.bdate_range("2024-01-01", periods=dates)
    best = pd.Series(0.01 * draw.standard_normal(dates), index=index)
    accepted, refused = 0.0 * best, 0.0 * best
    for _ in range(tries - 2):
        direction = 0.01 * draw.standard_normal(dates)
        if improves("portfolio", best + 0.1 * direction, best, by(errors)):
            best, accepted = best + 0.1 * direction, accepted + direction
        else:
            refused = refused + direction
    last = accepted - 0.05 * refused
    found = last if improves("portfolio", last, best, by(errors)) else best
    return np.sqrt(252) * found.mean() / found.std()


def test_searching_the_hidden_dates_gains_no_more_than_honest_tries():
    """The short form of `benchmarks/challenge_attack.py`: 60 tries, 12 repetitions."""
    honest = [np.sqrt(252) * max(draw.mean(axis=0) / draw.std(axis=0)) for draw in (
        np.random.default_rng(seed).standard_normal((252, 60)) for seed in range(12)
    )]  # fmt: skip
    gained = {errors: np.mean([attacked(seed, errors) for seed in range(12)]) for errors in (0.0, 2.5)}
    assert gained[0.0] > np.mean(honest) + 2.0
    assert gained[2.5] < np.mean(honest) + 0.5
