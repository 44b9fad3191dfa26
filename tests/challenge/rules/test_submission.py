"""Tests of submissions: the study's own checks, and no code, dates, files or hidden text."""

import json
import math
import pickle
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statefolio.challenge.rules.strict_json import BodyTooLarge
from statefolio.challenge.rules.submission import InvalidSubmission, read_submission, submission_of_toml
from statefolio.challenge.rules.universe import Universe
from statefolio.commands.studies.schema.model_tables import LoadingsTable
from statefolio.commands.studies.schema.risk_tables import RiskTable

FORECAST = {"track": "forecast", "name": "mine"}


def portfolio(**table):
    return {"track": "portfolio", "name": "mine", "portfolio": {"p": {"objective": "risk_budget", **table}}}


def test_tables_left_out_have_the_defaults_of_a_study(universe):
    found = read_submission(json.dumps(FORECAST).encode(), universe).tables
    assert found.loadings == LoadingsTable()
    assert found.risk == RiskTable()


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ([], "must be an object"),
        ({"name": "mine"}, "track is missing"),
        ({"track": "forecast"}, "name is missing"),
        ({**FORECAST, "track": "forward"}, 'track must be "forecast" or "portfolio"'),
        ({**FORECAST, "code": "import os"}, "code is not a field"),
        ({**FORECAST, "name": 5}, "name must be text"),
        ({**FORECAST, "name": ""}, "name must not be blank"),
        ({**FORECAST, "name": "  "}, "name must not be blank"),
        ({**FORECAST, "name": "x" * 81}, "text of 1 to 80 characters"),
        ({**FORECAST, "name": "a\u202eb"}, "U+202E"),
        ({**FORECAST, "name": "a\nb"}, "U+000A"),
        ({**FORECAST, "name": "a\x00b"}, "U+0000"),
        ({**FORECAST, "note": "x" * 501}, "at most 500 characters"),
        ({**FORECAST, "loadings": {"tails": "normal"}}, 'loadings.tails must be "student" or "gaussian"'),
        ({**FORECAST, "loadings": {"tail": "student"}}, "Did you mean tails?"),
        ({**FORECAST, "loadings": {"intercept": "yes"}}, "loadings.intercept must be true or false"),
        ({**FORECAST, "loadings": {"tuning": "fixed"}}, "state_variance must be"),
        ({**FORECAST, "loadings": {"tuning": "pooled", "state_variance": 1.0}}, "state_variance must be None"),
        ({**FORECAST, "portfolio": {}}, "loadings and risk alone"),
        ({**FORECAST, "views": {"kind": "none"}}, "loadings and risk alone"),
        ({"track": "portfolio", "name": "mine"}, "one table portfolio.NAME"),
        (portfolio(budget={"AAPL": 0.5, "TSLA": 0.5}), "must name assets of the data"),
        (portfolio(budget={"AAPL": 0.5, "KO": 0.6}), "must add up to 1"),
        (portfolio(objective="kelly"), "which depends on expected returns"),
        (portfolio(constraints={"factor_limits": {"size": [0.0, 1.0]}}), "must name factors of the data"),
        (portfolio(constraints={"volume_share": 0.1}), "without data.dollar_volumes"),
        (portfolio(constraints={"groups": {"AAPL": "tech"}}), "must give each asset a group"),
        (portfolio(constraints={"groups": "/etc/passwd"}), "got the path of a file"),
        ({**FORECAST, "risk": {"groups": "sectors.csv"}}, "got the path of a file"),
        ({**FORECAST, "risk": {"residual_structure": "sectors"}}, "risk.groups must give the sector"),
    ],
)
def test_every_fault_says_what_to_change(given, part, faults):
    found = faults(given)
    assert len(found) == 1
    assert part in found[0]


@pytest.mark.parametrize(
    "given",
    [
        {**portfolio(), "portfolio": {"2020-03-16": {"objective": "equal_weight"}}},
        portfolio(constraints={"groups": {"AAPL": "March 2020", "KO": "a", "XOM": "b"}}),
        {**FORECAST, "risk": {"groups": {"AAPL": "a", "KO": "20200316", "XOM": "b"}}},
        portfolio(budget={"２０２０-０３-１６": 1.0}),
        {**FORECAST, "loadings": {"start": "2020-03-16"}},
    ],
)
def test_dates_are_refused_wherever_they_are(given, faults):
    assert "must not be a date" in faults(given)[0]


def test_an_asset_with_the_name_of_a_year_is_no_date(faults):
    universe = Universe(("2330", "2020"), ("market",))
    given = portfolio(budget={"2330": 0.5, "2020": 0.5})
    assert faults(given, universe) == []
    assert "must not be a date" in faults(given)[0]


@pytest.mark.parametrize(
    ("loadings", "part"),
    [
        ({"start": {"mean": [0.0, 1.0], "covariance": 1.0}}, "loadings.start.mean must have 3 entries"),
        ({"start": {"mean": 0.0, "covariance": [[1.0]]}}, "loadings.start.covariance must have 3 entries"),
        ({"tuning": "fixed", "state_variance": {"alpha": 0.0, "market": 0.1, "size": 0.1}}, "must name factors"),
        ({"tuning": "fixed", "state_variance": {"alpha": 0.0, "market": 0.1}}, "got none for 'value'"),
        ({"tuning": "fixed", "observation_variance": {"AAPL": 1e-4}, "state_variance": 0.1}, "got none for 'KO'"),
    ],
)
def test_parameters_are_checked_before_any_model_is_fitted(loadings, part, faults):
    assert part in faults({**FORECAST, "loadings": loadings})[0]


@given(st.permutations(["track", "name", "note", "loadings"]))
def test_equal_content_has_equal_bytes_in_any_order(order):
    given = {**FORECAST, "note": "a", "loadings": {"tails": "gaussian", "noise": "constant"}}
    first = read_submission(json.dumps(given).encode())
    second = read_submission(json.dumps({name: given[name] for name in order}, indent=2).encode())
    assert first.canonical == second.canonical
    assert first.hash == second.hash
    assert read_submission(first.canonical).canonical == first.canonical
    assert read_submission(json.dumps({**given, "note": "b"}).encode()).hash != first.hash


def test_a_submission_can_be_sent_to_a_worker(universe):
    found = read_submission(json.dumps(portfolio(budget={"AAPL": 0.5, "KO": 0.5})).encode(), universe)
    assert pickle.loads(pickle.dumps(found)) == found


def test_toml_becomes_the_wire_and_back(universe):
    text = """
track = "portfolio"
name = "mine"
[portfolio.p]
objective = "minimum_variance"
[portfolio.p.constraints]
lower = -inf
net = [-inf, 1]
factor_limits = { market = [0.0, inf] }
"""
    raw = submission_of_toml(text)
    assert b"Infinity" not in raw
    limits = read_submission(raw, universe).tables.portfolio["p"].constraints
    assert (limits.lower, limits.net, limits.factor_limits) == (-math.inf, (None, 1.0), {"market": (0.0, None)})
    given = tomllib.loads(text)["portfolio"]["p"]["constraints"]
    assert type(limits).model_validate(given) == limits


@pytest.mark.parametrize("literal", ["2020-03-16", "2020-03-16T10:00:00Z", "10:00:00", "nan"])
def test_toml_dates_and_nan_are_refused(literal):
    with pytest.raises(InvalidSubmission, match=r"loadings\.memory must be text, a number"):
        submission_of_toml(f'track = "forecast"\nname = "a"\n[loadings]\nmemory = {literal}')


def test_toml_is_bounded_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(tomllib, "loads", lambda _: pytest.fail("the parser was called"))
    with pytest.raises(BodyTooLarge):
        submission_of_toml("a." * 9_000 + "b = 1")


def test_faults_depend_on_the_submission_and_the_names_alone(faults, universe):
    """The checks see no data: the market they use is made of the names."""
    given = portfolio(budget={"TSLA": 1.0})
    assert faults(given, Universe.of_json(universe.to_json())) == faults(given, universe)
    assert universe.stand_in.returns.equals(Universe.of_json(universe.to_json()).stand_in.returns)


def test_many_faults_are_listed_together(faults):
    found = faults({**FORECAST, "loadings": {"tails": "a", "noise": "b"}, "extra": 1})
    assert len(found) == 3
