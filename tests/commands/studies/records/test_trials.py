"""Trials differ by what their returns depend on: names count nothing anew, data and parameters do."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from small_study import study_of

from statefolio import run_backtests
from statefolio.commands.studies.building import build_study
from statefolio.commands.studies.records.configuration import fingerprint
from statefolio.commands.studies.records.data_marks import continues, marks_of
from statefolio.commands.studies.records.trials import MARKS, with_results
from statefolio.commands.studies.records.trials_file import read_trials

TEXT = """
[study]
name = "trials"
[data]
source = "files"
returns = "returns.csv"
[factors]
kind = "none"
[risk]
kind = "file"
file = "covariance.csv"
[views]
kind = "file"
file = "views.csv"
[portfolio.calm]
objective = "inverse_volatility"
window = 10
[portfolio.growth]
objective = "kelly"
min_dates = 5
[portfolio.growth.constraints]
groups = "groups.csv"
group_limits = { x = [0, 0.9] }
net = [0, 1]
[portfolio.mine]
policy = "policy_of_trials:Most"
[portfolio.given]
objective = "given_weights"
file = "weights.csv"
[portfolio.even]
objective = "equal_weight"
[backtest]
benchmark = "even"
start = 2020-01-20
"""
POLICY = "class Most:\n    def decide(self, history, holdings):\n        return {history.active[0]: 0.5}\n"


def write(folder, returns):
    returns.rename_axis("date").to_csv(folder / "returns.csv")
    days = returns.index
    views = [(day.date(), asset, 0.001 * place) for day in days[::20] for place, asset in enumerate("abc")]
    pd.DataFrame(views, columns=["date", "asset", "value"]).to_csv(folder / "views.csv", index=False)
    known = [(days[0].date(), a, b, 1e-4 * (a == b)) for a in "abc" for b in "abc"]
    pd.DataFrame(known, columns=["date", "asset", "other", "value"]).to_csv(folder / "covariance.csv", index=False)
    (folder / "groups.csv").write_text("asset,group\na,x\nb,x\nc,y\n")
    pd.DataFrame({"a": [0.5, 0.2]}, days[[0, 30]]).rename_axis("date").to_csv(folder / "weights.csv")
    (folder / "policy_of_trials.py").write_text(POLICY)


@pytest.fixture(scope="module")
def returns():
    rng = np.random.default_rng(3)
    return pd.DataFrame(rng.normal(0, 0.01, (150, 3)), pd.bdate_range("2020-01-01", periods=150), list("abc"))


@pytest.fixture
def folder(tmp_path, returns, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    write(tmp_path, returns.iloc[:100])
    yield tmp_path
    for name in ("policy_of_trials", "policy_of_others"):
        sys.modules.pop(name, None)


def counted(record, text, folder):
    built = build_study(study_of(text, folder))
    results = run_backtests(built.policies, built.market, start=built.study.backtest.start)
    record, names = with_results(record, built, results)
    assert sorted(names.values()) == sorted(set(built.policies) - {"even"})
    return record, len(record.groupby("content"))


@pytest.fixture
def record(folder):
    record, count = counted(read_trials(folder / "none"), TEXT, folder)
    assert count == 4
    return record


def renamed_files(folder):
    text = TEXT
    for name in ("returns", "covariance", "views", "groups", "weights"):
        (folder / f"{name}.csv").rename(folder / f"{name}_2.csv")
        text = text.replace(f'"{name}.csv"', f'"{name}_2.csv"')
    (folder / "policy_of_trials.py").rename(folder / "policy_of_others.py")
    return text.replace("policy_of_trials", "policy_of_others")


def other_order(folder):
    table = pd.read_csv(folder / "returns.csv", index_col=0)
    table[["c", "a", "b"]].to_csv(folder / "returns.csv")
    text = TEXT.replace(
        'objective = "inverse_volatility"\nwindow = 10', 'window = 10 # dates\nobjective = "inverse_volatility"'
    )
    return text.replace("benchmark", "# the yardstick\nbenchmark")


def commented_code(folder):
    (folder / "policy_of_trials.py").write_text(f"# what we hold\n{POLICY}")
    return TEXT


SAME = {
    "files of other names": renamed_files,
    "portfolios of other names": lambda _: TEXT.replace("portfolio.calm", "portfolio.c").replace(
        "portfolio.mine", "portfolio.m"
    ),
    "another order and comments": other_order,
    "comments in code": commented_code,
    "defaults written out": lambda _: TEXT.replace("[backtest]", '[backtest]\nrebalance = "monthly"\nlag = 1'),
    "an unused field": lambda _: TEXT.replace("window = 10", 'window = 10\n[loadings]\nnoise = "ewma"'),
    "validation and report": lambda _: TEXT + '[validation.windows]\ncount = 2\n[report]\ntitle = "x"\n',
    "a rounding error": lambda folder: shifted(folder, 1e-12),
}


def shifted(folder, by):
    table = pd.read_csv(folder / "returns.csv", index_col=0)
    table.iloc[40, 1] += by
    table.to_csv(folder / "returns.csv")
    return TEXT


def other_file(name, old, new):
    def change(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))
        return TEXT

    return change


OTHER = {
    "a return": (lambda folder: shifted(folder, 1e-6), 4),
    "a parameter": (lambda _: TEXT.replace("window = 10", "window = 11"), 1),
    "a cost": (lambda _: TEXT + "[backtest.costs]\nproportional = 0.001\n", 4),
    "a view": (other_file("views.csv", "0.002", "0.003"), 1),
    "a covariance": (other_file("covariance.csv", "0.0001", "0.0002"), 1),
    "a group": (other_file("groups.csv", "c,y", "c,x"), 1),
    "a given weight": (other_file("weights.csv", "0.2", "0.25"), 1),
    "code": (other_file("policy_of_trials.py", "0.5", "0.25"), 1),
    "the first date": (lambda _: TEXT.replace('"returns.csv"', '"returns.csv"\nfrom = 2020-01-02'), 4),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_returns_do_not_depend_on_counts_nothing_anew(record, folder, change):
    again, count = counted(record, change(folder), folder)
    assert count == 4
    assert set(again["content"]) == set(record["content"])


@pytest.mark.parametrize(("change", "more"), OTHER.values(), ids=OTHER)
def test_what_returns_depend_on_is_another_trial(record, folder, change, more):
    assert counted(record, change(folder), folder)[1] == 4 + more


def test_data_that_are_continued_or_cut_are_the_same(record, folder, returns):
    write(folder, returns)
    longer, count = counted(record, TEXT, folder)
    assert count == 4
    assert len(longer) > len(record)
    write(folder, returns.iloc[:80])
    shorter, count = counted(longer, TEXT, folder)
    assert count == 4
    changed = returns.iloc[:150].copy()
    changed.iloc[90, 0] += 0.001
    write(folder, changed)
    assert counted(longer, TEXT, folder)[1] == 8
    assert shorter["content"].nunique() == 4


def test_a_record_of_an_earlier_release_is_continued(record, folder):
    """Its parameters have the names of files instead of marks, and lack fields that came later."""
    former = record[record["name"] == "calm"].copy()
    parameters = json.loads(former["parameters"].iloc[0])
    assert parameters.pop(MARKS)
    parameters["data"] = {"source": "files", "returns": "returns.csv", "first": None, "delisted_after": 21}
    former["parameters"], former["content"] = json.dumps(parameters), fingerprint(parameters)
    again, count = counted(former, TEXT, folder)
    assert count == 4
    assert set(former["content"]) < set(again["content"])


def test_marks_do_not_change_with_later_dates_and_late_listings(folder, returns):
    market = build_study(study_of(TEXT, folder)).market
    whole = dict(marks_of(market, ["returns"], []))
    part = dict(marks_of(market.until(market.dates[69]), ["returns"], []))
    assert {n: whole[n] for n in part if n in whole} == {n: part[n] for n in part if n in whole}
    assert max(part) == 70
    assert dict(marks_of(market, ["returns"], [], [70]))[70] == part[70]
    assert continues([[70, part[70]]], dict(marks_of(market, ["returns"], [], [70])))
    assert not continues([], whole)
    late = market.returns.assign(d=np.nan)
    late.iloc[80:, 3] = 0.01
    other = dict(marks_of(type(market)(late), ["returns"], []))
    assert other[64] == whole[64]
    assert other[100] != whole[100]
