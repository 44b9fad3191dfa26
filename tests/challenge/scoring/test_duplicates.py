"""Tests of the search for near-duplicates and opposite bets."""

import numpy as np
import pandas as pd

from statefolio.challenge.scoring.duplicates import Relation, find_duplicates

DATES = pd.bdate_range("2024-01-01", periods=200)
DRAW = 0.01 * np.random.default_rng(3).standard_normal((200, 5))
BENCHMARK = pd.Series(DRAW[:, 0], index=DATES)


def entry(active):
    return BENCHMARK + active


def near(active, correlation, noise):
    """A series with this correlation to another."""
    x, e = active - active.mean(), noise - noise.mean()
    e = e - (e @ x) / (x @ x) * x
    return correlation * x / x.std() + np.sqrt(1 - correlation**2) * e / e.std()


def found(**series):
    return find_duplicates({"benchmark": BENCHMARK, **series}, "benchmark")


def test_the_first_of_a_group_stands_for_it():
    active = DRAW[:, 1]
    assert found(a=entry(active), b=entry(2 * active + 1e-5), c=entry(DRAW[:, 2])) == {
        "b": Relation("a", "near-duplicate")
    }
    assert found(b=entry(2 * active), a=entry(active)) == {"a": Relation("b", "near-duplicate")}


def test_opposite_bets_are_found():
    assert found(a=entry(DRAW[:, 1]), b=entry(-0.5 * DRAW[:, 1])) == {"b": Relation("a", "opposite bet")}


def test_the_limit_is_a_correlation_of_99_percent():
    for correlation, count in ((0.991, 1), (0.989, 0), (-0.991, 1), (-0.989, 0)):
        other = near(DRAW[:, 1], correlation, DRAW[:, 2])
        assert len(found(a=entry(DRAW[:, 1]), b=entry(0.01 * other))) == count, correlation


def test_groups_are_transitive_and_signs_multiply():
    first = DRAW[:, 1]
    second = near(first, 0.992, DRAW[:, 2])
    third = -near(second, 0.992, DRAW[:, 3])
    assert abs(np.corrcoef(first, third)[0, 1]) < 0.99
    relations = found(a=entry(first), b=entry(0.01 * second), c=entry(0.01 * third))
    assert relations == {"b": Relation("a", "near-duplicate"), "c": Relation("a", "opposite bet")}


def test_what_equals_the_benchmark_repeats_it():
    assert found(a=BENCHMARK.copy(), b=entry(DRAW[:, 1])) == {"a": Relation("benchmark", "near-duplicate")}


def test_independent_entries_are_no_duplicates():
    assert found(a=entry(DRAW[:, 1]), b=entry(DRAW[:, 2]), c=entry(DRAW[:, 3])) == {}
    assert found() == {}
