"""Tests of the tutorial's repairs: each is said, and what cannot be repaired keeps its fault."""

import json

import pytest

from statefolio.challenge.rules.repairs import repair
from statefolio.challenge.rules.submission import read_submission

NAMED = {"track": "portfolio", "name": "mine"}


def repaired(given, universe):
    found = read_submission(json.dumps(given).encode(), universe, repair=True)
    return json.loads(found.canonical), found.warnings


@pytest.mark.parametrize(
    ("given", "fields", "note"),
    [
        ({"track": "forecast"}, {"name": "Untitled"}, "name was missing"),
        ({"name": "a"}, {"track": "forecast"}, "track was missing"),
        (
            {"name": "a", "track": "Forecasts", "portfolio": {"p": {"objective": "equal_weight"}}},
            {"track": "portfolio"},
            "by the tables",
        ),
        ({"name": "a", "track": "forecast", "views": {"kind": "none"}}, {"track": "forecast"}, "views was left out"),
        (
            {"name": "a", "track": "forecast", "loadings": {"tails": "Students"}},
            {"loadings": {"tails": "student"}},
            'it is now "student"',
        ),
        (
            {"name": "a", "track": "forecast", "loadings": {"memory": "98 %"}},
            {"loadings": {"memory": 0.98}},
            "it is now 0.98",
        ),
        (
            {"name": "a", "track": "forecast", "loadings": {"noize": "ewma"}},
            {"loadings": {"noise": "ewma"}},
            "taken for noise",
        ),
        ({"name": "a", "track": "forecast", "loadings": {"zzz": 1}}, {"loadings": {}}, "it was left out"),
        (
            {"name": "a", "track": "forecast", "loadings": {"state_variance": 0.1}},
            {"loadings": {}},
            "the default is used",
        ),
        ({"name": "a", "track": "forecast", "risk": {"groups": "a.csv"}}, {"risk": {}}, "path of a file"),
        (
            {"name": "a", "track": "forecast", "risk": {"min_observations": 60.0}},
            {"risk": {"min_observations": 60}},
            "it is now 60",
        ),
    ],
)
def test_fields_are_repaired_with_a_note(given, fields, note, universe, faults):
    if "Untitled" not in fields.values():
        assert faults(given), "the case has no mistake"
    found, notes = repaired(given, universe)
    assert {name: found[name] for name in fields} == fields
    assert any(note in each for each in notes)


@pytest.mark.parametrize(
    ("table", "expected", "note"),
    [
        (
            {"objective": "risk_budget", "budget": {"AAPL": 2, "KO": 2}},
            {"budget": {"AAPL": 0.5, "KO": 0.5}},
            "divided by its sum",
        ),
        ({"objective": "risk_budget", "budget": {"aapl": 1.0}}, {"budget": {"AAPL": 1.0}}, "aapl was taken for AAPL"),
        (
            {"objective": "risk_budget", "budget": {"AAPL": 1.0, "TSLAQ": 1.0}},
            {"budget": {"AAPL": 1.0}},
            "TSLAQ was left out",
        ),
        ({"objective": "kelly", "fraction": 25}, {"fraction": 0.25}, "it is now 0.25"),
        ({"objective": "Kelly"}, {"objective": "kelly"}, 'it is now "kelly"'),
        (
            {"objective": "risk_budget", "constraints": {"max_holdings": "2"}},
            {"constraints": {"max_holdings": 2}},
            "it is now 2",
        ),
    ],
)
def test_portfolios_are_repaired_with_a_note(table, expected, note, universe, faults):
    given = {**NAMED, "portfolio": {"p": table}}
    assert faults(given)
    found, notes = repaired(given, universe)
    assert {name: found["portfolio"]["p"][name] for name in expected} == expected
    assert any(note in each for each in notes)


def test_views_are_added_where_the_objective_needs_them(universe):
    found, notes = repaired({**NAMED, "portfolio": {"p": {"objective": "kelly"}}}, universe)
    assert found["views"] == {"kind": "factor_premia"}
    assert "expected returns" in notes[0]


def test_dates_are_taken_out(universe):
    found, notes = repaired({**NAMED, "portfolio": {"2020-03-16": {"objective": "equal_weight"}}}, universe)
    assert list(found["portfolio"]) == ["mine"]
    assert "date" in notes[0]


@pytest.mark.parametrize(
    "given",
    [
        {**NAMED},
        {**NAMED, "portfolio": 5},
        {**NAMED, "portfolio": {"p": {"objective": "banana"}}},
        {"track": "forecast", "name": "a", "loadings": [1]},
        {"track": "forecast", "name": "a\u202e"},
    ],
)
def test_what_leaves_open_what_was_meant_keeps_its_fault(given, faults):
    assert faults(given, repair=True) == faults(given)


def test_a_submission_without_mistakes_is_not_touched(universe):
    given = {**NAMED, "portfolio": {"p": {"objective": "risk_budget", "budget": {"AAPL": 0.5, "KO": 0.5}}}}
    before = json.dumps(given)
    assert repair(given, universe) == (given, [])
    assert json.dumps(given) == before


def test_repairs_end(universe):
    table = {f"field_{place}": place for place in range(100)}
    found, notes = repair({"track": "forecast", "name": "a", "loadings": table}, universe)
    assert len(notes) <= 20
    assert len(found["loadings"]) == 80
