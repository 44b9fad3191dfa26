"""The schema of the study file, and the messages about its faults."""

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from statefolio import KalmanLoadings
from statefolio.commands.options import declared_options
from statefolio.commands.shared_options import ModelOptions
from statefolio.commands.studies.parts.models import make_loadings
from statefolio.commands.studies.parts.views import make_view
from statefolio.commands.studies.reading import open_study, parse_study
from statefolio.commands.studies.records.configuration import configuration
from statefolio.commands.studies.schema.model_tables import LoadingsTable
from statefolio.commands.studies.schema.study import Study
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning
from statefolio.portfolio import KalmanMean

BASE = """
[study]
name = "a study"
[data]
source = "demo"
[portfolio.budget]
objective = "risk_budget"
budget = { AAPL = 0.5, XOM = 0.5 }
[portfolio.budget.constraints]
net = [-inf, 1]
upper = { AAPL = 0.3 }
[portfolio.even]
objective = "equal_weight"
[backtest]
benchmark = "even"
"""


def message_of(text):
    with pytest.raises(InputError) as error:
        parse_study(text, "my.toml")
    return str(error.value)


def test_fields_are_read():
    study = parse_study(BASE, "my.toml")
    assert study.study.name == "a study"
    assert list(study.portfolio) == ["budget", "even"]
    budget = study.portfolio["budget"]
    assert budget.budget == {"AAPL": 0.5, "XOM": 0.5}
    assert budget.constraints.net == (None, 1.0)
    assert budget.constraints.upper == {"AAPL": 0.3}
    assert study.backtest.rebalance == "monthly"
    assert study.validation.windows.embargo == 21


@pytest.mark.parametrize("written", ["2015-12-31", '"2015-12-31"'])
def test_dates_with_and_without_quotes(written):
    study = parse_study(f"{BASE}start = {written}\n", "my.toml")
    assert study.backtest.start == dt.date(2015, 12, 31)


@pytest.mark.parametrize(("written", "read"), [('"daily"', "daily"), ("5", 5), ("{ drift = 0.1 }", 0.1)])
def test_rebalancing_by_word_by_number_and_by_drift(written, read):
    study = parse_study(f"{BASE}rebalance = {written}\n", "my.toml")
    assert getattr(study.backtest.rebalance, "drift", study.backtest.rebalance) == read
    assert configuration(study, "even")["backtest"]["rebalance"] in (read, {"drift": read})


@pytest.mark.parametrize("written", ["{ drift = 0.0 }", "{ drift = nan }", "{ drift = true }", "{ drit = 0.1 }", "0"])
def test_a_wrong_calendar_is_refused_in_one_sentence(written):
    message = message_of(f"{BASE}rebalance = {written}\n")
    assert '"monthly", a whole number of dates, or { drift = 0.05 }, got ' in message
    assert "validation error" not in message


START = "mean = [0.0, 1.0], covariance = [[0.1, 0.0], [0.0, 0.2]]"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"diffuse"', "diffuse"),
        ("{ mean = 0.5, covariance = 0.1 }", (0.5, 0.1)),
        (f"{{ {START} }}", ([0.0, 1.0], [[0.1, 0.0], [0.0, 0.2]])),
    ],
)
def test_a_given_start_reaches_the_model(written, read):
    study = parse_study(f"{BASE}[loadings]\nstart = {written}\nbefore_prediction = true\n", "my.toml")
    model = make_loadings(study.loadings)
    assert model.start == read
    assert model.before_prediction


def test_alphas_by_side_are_read_and_charge_the_fee_of_the_account():
    text = (
        f'{BASE}[views]\nkind = "asymmetric_alpha"\nview = {{ kind = "kalman_mean", phi = 0.98 }}\n'
        "short_scale = 0.3\nlong_half_life = 63.0\n"
    )
    table = parse_study(text, "my.toml").views
    view = make_view(table, KalmanLoadings(), None, Path(), "views", 0.02)
    assert isinstance(view.view, KalmanMean)
    assert view.view.phi == 0.98
    assert (view.long_scale, view.short_scale, view.long_half_life, view.short_half_life) == (
        "learned",
        0.3,
        63.0,
        None,
    )
    assert view.borrow == 0.02
    own = parse_study(f"{text}borrow = {{ AAPL = 0.05, XOM = 0.01 }}\n", "my.toml").views
    assert make_view(own, KalmanLoadings(), None, Path(), "views", 0.02).borrow == {"AAPL": 0.05, "XOM": 0.01}


def test_tables_within_tables_are_recorded_without_warnings():
    """The views of a portfolio, and the view of a view."""
    own = 'views = { kind = "asymmetric_alpha", view = { kind = "kalman_mean", phi = 0.98 } }'
    text = BASE.replace('objective = "equal_weight"', f'objective = "maximum_sharpe"\n{own}')
    recorded = configuration(parse_study(text, "my.toml"), "even")["views"]
    assert recorded["view"]["phi"] == 0.98
    assert recorded["short_confidence"] == 0.8


def test_alphas_by_side_are_of_a_view_with_both_signs():
    text = f'{BASE}[views]\nkind = "asymmetric_alpha"\nview = {{ kind = "factor_premia", alpha = "long" }}\n'
    with pytest.raises(InputError, match=r"^views\.view: view must have alphas of both signs"):
        make_view(parse_study(text, "my.toml").views, KalmanLoadings(), None, Path(), "views")


@pytest.mark.parametrize("value", ["nan", "true", "inf", '"x"', f"1{400 * '0'}", "{ AAPL = nan }", "{ AAPL = true }"])
@pytest.mark.parametrize(
    "place",
    [
        "[data]\ndelisting_return",
        "[loadings]\nstate_variance",
        "[loadings]\nmean",
        "[loadings]\nstart",
        "[risk]\nvolatility_half_life",
        "[portfolio.budget]\nholding_period",
        "[portfolio.budget]\nsigns",
        "[backtest]\ncapital",
        "[validation]\ntrials",
        "[validation.windows]\nembargo",
        "[validation.combinatorial]\nfolds",
    ],
)
def test_a_value_that_is_not_a_number_is_refused_everywhere(place, value):
    table, field = place.split("\n")
    text = BASE if f"{table}\n" in BASE else f"{BASE}{table}\n"
    text = text.replace(f"{table}\n", f"{table}\n{field} = {value}\n")
    if place.endswith(("trials", "embargo")) and value.startswith("10"):
        return  # any whole number counts
    with pytest.raises(InputError) as raised:
        parse_study(text, "my.toml")
    assert f"{table[1:-1]}.{field}" in str(raised.value)
    assert "must be" in str(raised.value)


WRONG = {
    "a mistyped table": (
        f"{BASE}[lodings]\n",
        ["lodings is not a field: a study file has study, data, factors, loadings", "Did you mean loadings?"],
    ),
    "a mistyped key": (
        f"{BASE}strat = 2016-01-01\n",
        ["backtest.strat is not a field: [backtest] has start, rebalance", "Did you mean start?"],
    ),
    "a mistyped key of a portfolio": (
        BASE.replace("budget = {", "bugdet = {"),
        ["portfolio.budget.bugdet is not a field: [portfolio.budget] has constraints", "Did you mean budget?"],
    ),
    "a mistyped constraint": (
        BASE.replace("upper", "uper"),
        ["portfolio.budget.constraints.uper is not a field", "Did you mean upper?"],
    ),
    "an unknown objective": (
        BASE.replace('"risk_budget"', '"risk_bugdet"'),
        [
            'portfolio.budget.objective must be "risk_budget", "factor_risk',
            'got "risk_bugdet". Did you mean risk_budget?',
        ],
    ),
    "no objective": (
        BASE.replace('objective = "equal_weight"', ""),
        ['portfolio.even.objective is missing, and must be "risk_budget", ', "Add it."],
    ),
    "a portfolio that is not a table": (
        BASE.replace("[portfolio.even]\nobjective", "[portfolio]\neven"),
        ['portfolio.even must be a table with objective, got "equal_weight".'],
    ),
    "an option of another objective": (
        BASE.replace("[backtest]", "fraction = 0.5\n[backtest]"),
        ["portfolio.even.fraction is not a field: [portfolio.even] has objective."],
    ),
    "a word for a choice": (
        f'{BASE}[loadings]\ntuning = "poled"\n',
        [
            'loadings.tuning must be "pooled", "mle", "shrunk", "discount" or "fixed", got "poled".',
            "Did you mean pooled?",
        ],
    ),
    "text for a number": (f'{BASE}capital = "1e6"\n', ['backtest.capital must be a finite number above 0, got "1e6".']),
    "true for a number": (f"{BASE}lag = true\n", ["backtest.lag must be a whole number of at least 1, got true."]),
    "a fraction for a count": (f"{BASE}lag = 1.5\n", ["backtest.lag must be a whole number of at least 1, got 1.5."]),
    "too many combinations": (
        f"{BASE}[validation]\ncombinatorial = {{ folds = 40, test_folds = 20 }}\n",
        ["validation.combinatorial must make at most 5,000 combinations, got 137,846,528,820 (20 of 40 folds)"],
    ),
    "as many folds tested as there are": (
        f"{BASE}[validation]\ncombinatorial = {{ folds = 3, test_folds = 3 }}\n",
        ["validation.combinatorial must have test_folds below folds, got 3 of 3."],
    ),
    "a lag of zero": (f"{BASE}lag = 0\n", ["backtest.lag must be a whole number of at least 1, got 0."]),
    "a number for true": (
        f"{BASE}[loadings]\nintercept = 1\n",
        ["loadings.intercept must be true or false, got 1."],
    ),
    "a budget in words": (
        BASE.replace("0.5,", '"half",'),
        ['budget.budget.AAPL must be a finite number of at least 0, got "half".'],
    ),
    "a negative budget": (
        BASE.replace("0.5,", "-0.5,"),
        ["budget.budget.AAPL must be a finite number of at least 0, got -0.5."],
    ),
    "a range upside down": (
        BASE.replace("[-inf, 1]", "[1, 0]"),
        ["constraints.net must be a number, or [least, most] with inf or -inf for no limit, got [1, 0]."],
    ),
    "not a date": (
        f'{BASE}start = "yesterday"\n',
        ['backtest.start must be a date such as 2015-12-31, got "yesterday".'],
    ),
    "an unknown calendar": (
        f'{BASE}rebalance = "yearly"\n',
        [
            'backtest.rebalance must be "daily", "weekly", "monthly", a whole number of dates, or { drift = 0.05 }, '
            'got "yearly".'
        ],
    ),
    "costs that are not numbers": (
        f'{BASE}[backtest.costs]\nhalf_spread = {{ AAPL = "tight" }}\n',
        ["backtest.costs.half_spread must be a number, or a table from names to such numbers, got a table."],
    ),
    "an unknown view": (
        f'{BASE}[views]\nkind = "kalman"\n',
        [
            'views.kind must be "none", "kalman_mean", "factor_premia", "asymmetric_alpha", "file" or "own", got ',
            "Did you mean kalman_mean?",
        ],
    ),
    "no benchmark": (BASE.replace('benchmark = "even"', ""), ["backtest.benchmark is missing"]),
    "nothing": ("", ["study is missing", "data is missing", "portfolio is missing", "backtest is missing"]),
    # fields that contradict each other
    "kelly without a view": (
        BASE.replace("equal_weight", "kelly"),
        [
            'views.kind must be "kalman_mean", "factor_premia", "asymmetric_alpha", "file" or "own" for portfolio.even',
            '"kelly", which depends on expected returns',
        ],
    ),
    "a file beside the bundled data": (
        BASE.replace('"demo"', '"demo"\nreturns = "r.csv"'),
        ['data must have source = "files" where it has returns, got source = "demo".'],
    ),
    "no file": (
        BASE.replace('"demo"', '"files"'),
        ["data must have either returns or prices, and not both, where source"],
    ),
    "two files of the same": (
        BASE.replace('"demo"', '"files"\nreturns = "r.csv"\nprices = "p.csv"\nfactors = "f.csv"'),
        ["data must have either returns or prices, and not both, where source"],
    ),
    "no factors": (
        BASE.replace('"demo"', '"files"\nreturns = "r.csv"'),
        ["data must have factors where source"],
    ),
    "from after to": (
        BASE.replace('"demo"', '"demo"\nfrom = 2020-01-01\nto = 2019-01-01'),
        ["data must have from before to, got from = 2020-01-01 and to = 2019-01-01."],
    ),
    "a holdout twice": (
        f"{BASE}[validation.holdout]\nshare = 0.2\nstart = 2020-01-01\n",
        ["validation.holdout must have either share (of the dates) or start (a date), and not both."],
    ),
}


@pytest.mark.parametrize("text_and_parts", WRONG.values(), ids=WRONG)
def test_errors_name_the_field_the_valid_values_and_the_received_one(text_and_parts):
    text, parts = text_and_parts
    message = message_of(text)
    assert message.startswith("my.toml has ")
    for part in parts:
        assert part in message
    assert "pydantic" not in message


def test_one_message_lists_every_fault():
    message = message_of(f'{BASE}capital = 0\nlag = 0\n[loadings]\nnoise = "loud"\n')
    assert message.startswith("my.toml has 3 faults and was not run.")
    assert message.count("\n") == 3


def test_a_portfolio_may_have_the_name_of_an_objective():
    text = BASE.replace("portfolio.budget", "portfolio.risk_budget").replace("XOM = 0.5", 'XOM = "x"')
    assert 'portfolio.risk_budget.budget.XOM must be a finite number of at least 0, got "x".' in message_of(text)


def test_a_syntax_error_names_the_line():
    with pytest.raises(FileFormatError, match=r"my\.toml must be TOML: .*line 2"):
        parse_study("[study]\nname = \n", "my.toml")


def test_a_missing_file(tmp_path):
    with pytest.raises(FileFormatError, match="statefolio init"):
        open_study(tmp_path / "study.toml")
    with pytest.raises(FileFormatError, match="cannot be read"):
        open_study(tmp_path)
    (tmp_path / "study.toml").write_bytes("[study]\nname = 'Müller'".encode("latin-1"))
    with pytest.raises(FileFormatError, match="UTF-8"):
        open_study(tmp_path / "study.toml")


def test_choices_are_those_of_the_models():
    from statefolio._options import OneOf
    from statefolio.loadings.kalman_loadings import KalmanLoadings
    from statefolio.loadings.kalman_options import RULES
    from statefolio.risk.factor_risk import FactorRisk

    study = parse_study(BASE, "my.toml")
    for name, rule in RULES.items():
        if isinstance(rule, OneOf):
            assert get_args(type(study.loadings).model_fields[name].annotation) == rule.words
    for table, model in ((study.loadings, KalmanLoadings()), (study.risk, FactorRisk())):
        defaults = model.get_params(deep=False)
        for name, value in table.model_dump(exclude={"kind", "residual_options"}).items():
            assert value == defaults[name], name


def test_constraints_are_those_of_the_portfolio():
    from dataclasses import fields

    from statefolio.portfolio.constraints import Constraints

    table = parse_study(BASE, "my.toml").portfolio["budget"].constraints
    assert list(type(table).model_fields) == [field.name for field in fields(Constraints)]
    fresh = type(table)()
    for field in fields(Constraints):
        assert getattr(fresh, field.name) == field.default, field.name


def test_the_schema_needs_nothing_heavy():
    script = (
        "import sys; from statefolio.commands.studies.reading import parse_study; "
        f"parse_study({BASE!r}, 'my.toml'); "
        "print(sorted({'numba', 'numpy', 'pandas', 'plotly', 'scipy', 'skfolio', 'xarray'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_field_of_the_schema_has_a_table():
    assert set(Study.model_fields) == {
        "study",
        "data",
        "factors",
        "loadings",
        "risk",
        "views",
        "portfolio",
        "backtest",
        "validation",
        "report",
    }


def test_the_former_name_of_a_field_works_with_a_warning():
    with pytest.warns(StatefolioWarning, match="backtest.periods_a_year is now called backtest.periods_per_year"):
        former = parse_study(f"{BASE}periods_a_year = 12\n", "my.toml")
    assert former.backtest.periods_per_year == 12.0
    assert former == parse_study(f"{BASE}periods_per_year = 12\n", "my.toml")


def test_the_command_line_and_the_study_file_share_the_options_of_the_model():
    for declared in declared_options(ModelOptions):
        field = LoadingsTable.model_fields[declared.field]
        assert field.default == declared.default
        assert set(declared.words) <= set(get_args(field.annotation) or declared.words)
        if declared.field != "tuning":  # the file has the word "fixed" too, and with it another help
            assert declared.option in field.metadata


def test_a_mistyped_field_does_not_hide_other_faults_of_its_table():
    message = message_of(f"{BASE}strat = 2016-01-01\nlag = 0\n")
    assert "2 faults" in message
    assert "backtest.strat is not a field" in message
    assert "backtest.lag must be" in message
