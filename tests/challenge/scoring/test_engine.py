"""Tests of the engine: the bits of `statefolio run`, blind to the future, silent about hidden dates."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from small_round import EQUAL, FORECAST, KELLY, VARIANCE

from statefolio.backtest.market import Market
from statefolio.challenge.rules.settings import GatesTable
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.rules.windows import RoundWindows
from statefolio.challenge.scoring.engine import FAILED, score
from statefolio.challenge.scoring.portfolio_track import walk_portfolio
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.commands.studies.building import before_holdout, build_study
from statefolio.commands.studies.reading import StudyFile, parse_study
from statefolio.commands.studies.walking import walk_forward
from statefolio.exceptions import InputError

STUDY = """
[study]
name = "the same"
[data]
source = "files"
returns = "returns.csv"
factors = "factors.csv"
risk_free = "cash"
to = {last}
{tables}
[portfolio.other]
objective = "inverse_volatility"
[backtest]
start = {start}
rebalance = "monthly"
benchmark = "other"
[backtest.costs]
proportional = 0.0005
half_spread = 0.0003
[validation]
look_ahead_cuts = 0
windows = {{ count = 1, embargo = 0 }}
"""
TABLES = {
    "equal": '[portfolio.mine]\nobjective = "equal_weight"',
    "variance": '[loadings]\ntuning = "discount"\n[portfolio.mine]\nobjective = "minimum_variance"\n'
    "constraints = { upper = 0.2 }",
    "kelly": '[loadings]\ntuning = "discount"\n[views]\nkind = "factor_premia"\n[portfolio.mine]\nobjective = "kelly"\n'
    "fraction = 1.0\nconstraints = { upper = 0.2, net = [0.0, 1.0] }",
}


WINDOWS = ("public", "validation", "final")


def loose(rules):
    """The rules without limits that a portfolio could miss."""
    gates = GatesTable(daily_turnover=1.0, weight=1.0, holdings=1)
    return rules.model_copy(update={"gates": gates})


def perturbed(data: RoundData, after: pd.Timestamp) -> RoundData:
    return RoundData(data.market.perturbed_after(after, seed=3), data.windows)


@pytest.mark.parametrize("given", [EQUAL, VARIANCE, KELLY], ids=["equal", "variance", "kelly"])
@pytest.mark.parametrize("window", ["validation", "final"])
def test_a_score_is_that_of_a_study_to_the_last_bit(given, window, data, rules, submit, tmp_path):
    dates = data.windows.of(window)
    data.market.returns.to_csv(tmp_path / "returns.csv")
    data.market.factors.assign(cash=data.market.cash_rate).to_csv(tmp_path / "factors.csv")
    text = STUDY.format(last=dates.last.date(), start=dates.first.date(), tables=TABLES[given["name"]])
    file = StudyFile("study.toml", text, tmp_path, parse_study(text, "study.toml"))
    walked = walk_forward(before_holdout(build_study(file), None), tmp_path / "checkpoint", False, lambda *_: None)
    found = score(submit(given), data, loose(rules), window)
    measures, result = walked.measures["mine"], walked.results["mine"]
    assert found.details["sharpe"] == measures["sharpe"]
    for name in ("sortino", "calmar", "maximum_drawdown", "annual_return", "cost_drag", "daily_turnover"):
        assert found.details[name] == measures[name], name
    expected = (result.returns - walked.built.market.cash_rate.reindex(result.returns.index)).to_numpy()
    assert found.series.to_numpy().tobytes() == expected.tobytes()
    assert found.series.index[0] > dates.first
    assert found.series.index[-1] == dates.last


@pytest.mark.parametrize("given", [FORECAST, VARIANCE], ids=["forecast", "portfolio"])
@pytest.mark.parametrize("window", ["public", "validation"])
def test_data_after_a_window_change_nothing(given, window, data, rules, submit):
    dates = data.windows.of(window)
    first = score(submit(given), data, rules, window)
    second = score(submit(given), perturbed(data, dates.last), rules, window)
    assert first.value is not None
    assert (first.value, first.standard_error, first.details) == (second.value, second.standard_error, second.details)
    assert first.series.to_numpy().tobytes() == second.series.to_numpy().tobytes()


@pytest.mark.filterwarnings("ignore:returns must be known while an asset is held")
def test_cutting_the_future_at_hidden_dates_leaves_every_decision_bit_equal(data, rules, submit):
    window = data.windows.validation
    submission, market = submit(KELLY), data.market.until(window.last)
    whole = walk_portfolio(submission, market, window.first, rules.backtest).decisions
    dates = market.dates[market.dates >= window.first]
    for cut in dates[3::29]:
        for other in (market.until(cut), market.perturbed_after(cut, seed=1)):
            decided = walk_portfolio(submission, other, window.first, rules.backtest).decisions.loc[:cut]
            assert decided.to_numpy().tobytes() == whole.loc[:cut].to_numpy().tobytes()
            assert len(decided) >= 1


def test_cutting_the_future_leaves_every_forecast_bit_equal(data, rules, submit):
    window = data.windows.validation
    whole = score(submit(FORECAST), data, rules, "validation").series
    cut = whole.index[100]
    other = score(submit(FORECAST), perturbed(data, cut), rules, "validation").series
    count = data.market.returns.loc[window.first : window.last].notna().sum(axis=1).iloc[0]
    assert count == 10
    # The series is scaled by the number of returns in the window, which the other future changes.
    ratio = (other / whole).loc[:cut]
    assert np.ptp(ratio.to_numpy()) < 1e-14 * ratio.iloc[0]
    assert not np.allclose(
        other.loc[cut:].iloc[1:].to_numpy(), whole.reindex(other.index).loc[cut:].iloc[1:].to_numpy()
    )


@pytest.mark.parametrize("window", ["validation", "final"])
def test_a_model_that_fails_is_told_the_same_whatever_the_hidden_data(window, data, rules, submit, monkeypatch):
    def fail(*_, **__):
        raise InputError("returns must be finite, got NaN on 2019-03-04 for 'XOM'. Drop it.")

    monkeypatch.setattr("statefolio.challenge.scoring.engine.score_forecast", fail)
    found = score(submit(FORECAST), data, rules, window)
    assert found.value is None
    assert found.reasons == (FAILED,)
    assert score(submit(FORECAST), data, rules, "public").reasons[0].startswith("returns must be finite")


def test_an_asset_that_leaves_in_a_hidden_window_changes_no_word(data, rules, submit):
    """Texts and scored assets are the same if a stock has no return after the public dates."""
    returns = data.market.returns.copy()
    returns.loc[returns.index > data.windows.public_last, "XOM" if "XOM" in returns else returns.columns[0]] = np.nan
    gone = RoundData.of(Market(returns, data.market.factors, cash_rate=data.market.cash_rate), rules)
    assert gone.universe == data.universe
    assert (gone.public().hash, gone.describe()) == (data.public().hash, data.describe())
    bad = (
        b'{"track": "portfolio", "name": "a", "portfolio": {"p": {"objective": "risk_budget", "budget": {"TSLA": 1}}}}'
    )
    texts = []
    for each in (data, gone):
        with pytest.raises(InputError) as caught:
            read_submission(bad, each.universe)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
    assert score(submit(EQUAL), gone, rules, "validation").reasons == score(submit(EQUAL), data, rules).reasons == ()


def test_gates_answer_no_question_about_hidden_dates(data, rules, submit):
    """While the round is open, reasons come from public dates; a failure on hidden ones looks like no improvement."""
    limit = score(submit(KELLY), data, rules, "public").details["fewest_holdings"]
    hidden = {name: score(submit(KELLY), data, loose(rules), name).details["fewest_holdings"] for name in WINDOWS}
    assert hidden["final"] < limit, "the case needs a portfolio that holds fewer assets in the final window"
    windows = RoundWindows(data.windows.public, data.windows.final, data.windows.final)
    later = RoundData(data.market, windows)
    strict = rules.model_copy(update={"gates": rules.gates.model_copy(update={"holdings": int(limit)})})
    found = score(submit(KELLY), later, strict, "validation")
    assert (found.value, found.failed_gates, found.reasons) == (None, (), ())
    assert score(submit(KELLY), later, strict, "final").failed_gates == ("holdings",)
    stricter = rules.model_copy(update={"gates": rules.gates.model_copy(update={"holdings": int(limit) + 1})})
    refused = [
        score(submit(KELLY), each, stricter, "validation")
        for each in (later, perturbed(later, later.windows.public_last))
    ]
    assert [each.failed_gates for each in refused] == [("holdings",)] * 2
    assert refused[0].reasons == refused[1].reasons
    assert refused[0].details == {}


def test_an_error_of_the_engine_itself_is_not_taken_for_the_teams(data, rules, submit, monkeypatch):
    monkeypatch.setattr("statefolio.challenge.scoring.engine.score_forecast", lambda *_: 1 // [][0])
    with pytest.raises(IndexError):
        score(submit(FORECAST), data, rules, "validation")


def test_warnings_are_shown_on_public_dates_alone(data, rules, submit, monkeypatch):
    def warn(*_, **__):
        warnings.warn("hidden", UserWarning, stacklevel=1)
        raise InputError("x")

    monkeypatch.setattr("statefolio.challenge.scoring.engine.score_portfolio", warn)
    score(submit(EQUAL), data, rules, "validation")
    with pytest.warns(UserWarning, match="hidden"):
        score(submit(EQUAL), data, rules, "public")


def test_participants_have_the_public_window_alone_with_the_same_score(data, rules, submit):
    public = data.public()
    submission = read_submission(json.dumps(VARIANCE).encode(), public.universe)
    assert score(submission, public, rules, "public").value == score(submit(VARIANCE), data, rules, "public").value
    with pytest.raises(InputError, match="Only the public ones"):
        score(submission, public, rules, "validation")
