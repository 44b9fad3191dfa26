"""Policies that know the next returns are found, wherever these are hidden; honest policies beside them are cleared."""

import builtins
import os
import sys

import cheating_policies
import numpy as np
import pandas as pd
import pytest
from cheating_policies import (
    BEST,
    RETURNS,
    Environment,
    ReadsCsv,
    SetOnClass,
    carried,
    honest,
    in_process,
    outside,
)

import statefolio as sf
from statefolio.backtest.causality import check_causal
from statefolio.backtest.run import run_backtests

FACTORS = sf.load_demo().factors.iloc[:300, :2]
SEARCHED = "beyond the decision of"
DEPENDS = "it depends on something else, such as a file, an environment variable, or a global or class attribute"
READS = "while it decides"
FOUND = {
    **dict.fromkeys(("a frame", "a frame in a frame of containers", "an array", "a market"), "looks ahead"),
    **dict.fromkeys(
        ("a series in slots", "an array by asset", "nested lists", "a list", "a deque", "picks by date", "a partial"),
        SEARCHED,
    ),
    **dict.fromkeys(("picks by the text of the date", "picks by number", "one letter per date", "text"), SEARCHED),
    **dict.fromkeys(("a function", "a bound method", "a cached function", "a closure", "a default"), SEARCHED),
    **dict.fromkeys(("an attribute of the class", "text on the class", "an attribute of a function"), SEARCHED),
    **dict.fromkeys(("a global", "a global in a comprehension", "a property", "a helper", "globals()"), SEARCHED),
    **dict.fromkeys(("an import", "an import by text"), SEARCHED),
    **dict.fromkeys(("text set on the class", "sys.modules", "the garbage collector", "the stack"), DEPENDS),
    **dict.fromkeys(("a builtin", "an attribute of a library", "a context", "an environment variable"), DEPENDS),
    "a weak reference": "cannot be sent to a new process",
    "an address": "it ended without an answer",
    **dict.fromkeys(("open", "a path in the working folder", "read_text"), f"picks.json {READS}"),
    "read_csv": f"picks.csv {READS}",
    **dict.fromkeys(("np.load", "a mapped file"), f"picks.npy {READS}"),
    "np.fromfile": f"picks.bin {READS}",
    "a pickle": f"picks.pickle {READS}",
    "a database": f"picks.db {READS}",
    "another program": f"it starts the program {sys.executable} {READS}",
}
HONEST = list(honest())


@pytest.fixture(scope="module")
def market():
    return sf.Market(RETURNS, FACTORS)


@pytest.fixture(scope="module")
def runs(market, tmp_path_factory):
    secret = BEST  # noqa: F841 - one of them looks for it
    policies = carried() | in_process() | outside(tmp_path_factory.mktemp("picks")) | honest()
    try:
        yield run_backtests(policies, market, start=RETURNS.index[25], cuts=4)
    finally:
        del builtins.FUTURE, np.future_picks, os.environ["PICKS"], SetOnClass.picks


def test_the_cheats_earn_what_nobody_can(runs):
    for name in [*FOUND, "a table of pandas"]:
        decided = runs[name].decisions
        assert list(decided.idxmax(axis=1)) == list(BEST[decided.index]), name


@pytest.mark.parametrize("name", FOUND)
def test_cheats_are_not_cleared(runs, name):
    check = runs[name].causality
    assert check.verdict == ("looks ahead" if FOUND[name] == "looks ahead" else "cannot be checked"), check
    assert FOUND[name] == check.verdict or FOUND[name] in check.detail


@pytest.mark.parametrize("name", HONEST)
def test_honest_policies_are_cleared(runs, name):
    check = runs[name].causality
    assert check.verdict == "causal", check
    assert "in 4 of 4 cuts, 3 of them repeated in a new process; unlabelled arrays that it carries" in str(check)
    assert ("what it finds by name in its modules" in str(check)) == (name == "a lock")


def test_what_is_not_caught_is_said(runs):
    """Arrow opens the file itself, and Python does not see it."""
    check = runs["a table of pandas"].causality
    assert check.verdict == "causal"
    assert str(check).endswith("unlabelled arrays that it carries and files that compiled code reads are not searched")


@pytest.mark.parametrize("builds", [False, True])
def test_a_run_from_the_start_finds_them_too(market, tmp_path, monkeypatch, builds):
    files = outside(tmp_path)
    monkeypatch.setenv("PICKS", cheating_policies.JSON)
    monkeypatch.setattr(SetOnClass, "picks", cheating_policies.UNDATED, raising=False)
    cheats = {
        DEPENDS: (SetOnClass if builds else Environment, {}),
        f"picks.csv {READS}": (ReadsCsv, {"kept": files["read_csv"].kept}),
    }
    for said, (kind, kept) in cheats.items():
        subject = (lambda market, kind=kind, kept=kept: kind(**kept)) if builds else kind(**kept)
        check = check_causal(subject, market, cuts=2, start=RETURNS.index[25])
        assert check.verdict == "cannot be checked"
        assert said in check.detail


def test_a_builder_that_reads_a_file_is_not_cleared(market, tmp_path):
    weights = pd.get_dummies(BEST).astype(float)
    weights.to_csv(tmp_path / "weights.csv")
    path = str(tmp_path / "weights.csv")

    def read(market):
        weights = pd.read_csv(path, index_col=0, parse_dates=True)
        return weights[weights.index <= market.dates[-1]] * (1.0 + market.returns.iloc[0].mean())

    check = check_causal(read, market, cuts=2)
    assert check.verdict == "cannot be checked"
    assert check.detail == f"it reads {path} while it decides; what these data were made from is not known"
