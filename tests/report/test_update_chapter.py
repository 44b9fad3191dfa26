"""The short report on an update."""

import pandas as pd
import pytest

from statefolio.report.update_chapter import UpdateResults, update_answer, update_chapter, update_lights


def results(moved, z):
    dates = pd.bdate_range("2020-01-01", periods=2)
    rows = [["A", "market", 1.0, 0.9, 1.1, -1.5, -4.0]] * moved
    names = ["asset", "factor", "expected", "lower", "upper", "now", "standard_errors"]
    errors = pd.DataFrame({"date": dates[0], "asset": "A", "innovation": 0.01, "standardised": z})
    return UpdateResults(dates, (), pd.DataFrame(rows, columns=names), 10, errors)


def test_the_answer_counts_in_the_singular_and_names_the_furthest():
    assert update_answer(results(1, [0.0])) == (
        "2 new dates until 2020-01-02: 1 of 10 loadings left their 95 % bands, the furthest that of A on market, from "
        "1.00 to \u22121.50."
    )
    assert update_answer(results(0, [])).endswith("0 of 10 loadings left their 95 % bands.")


@pytest.mark.parametrize(
    ("moved", "z", "states"),
    [(1, [0.0] * 20, ["good", "good"]), (2, [3.0], ["watch", "bad"]), (5, [], ["bad", "unknown"])],
)
def test_lights_follow_the_shares(moved, z, states):
    assert [light.state for light in update_lights(results(moved, z))] == states


def test_the_chapter_shows_both_tables():
    chapter = update_chapter(results(1, [2.5]))
    assert [len(exhibit.table) for exhibit in chapter.exhibits] == [1, 1]
