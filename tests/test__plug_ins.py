"""Readers and policies of other packages: found by name, checked, and named where they fail."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from statefolio._plug_ins import FACTORS, POLICIES, load_plug_in, names, version_of
from statefolio.commands.file_forms import read_factors
from statefolio.commands.shared_options import FileForm
from statefolio.commands.studies.parts.policies import make_policies
from statefolio.commands.studies.records.configuration import configuration
from statefolio.exceptions import DataTypeError, PlugInError, UnknownNameError

MODULE = """
import pandas as pd

def read(text):
    if text == "list":
        return [1, 2]
    if text == "break":
        raise OSError("no connection")
    return pd.DataFrame({text: [0.01, 0.02]}, pd.bdate_range("2024-01-01", periods=2))

class Trend:
    def __init__(self, window=21):
        self.window = window
    def decide(self, history, holdings):
        return history.returns.tail(self.window).mean().rank(pct=True).pipe(lambda w: w / w.sum())

class NoPolicy:
    pass
"""
POINTS = """
[statefolio.factors]
mine = trends_of_mine:read
broken = a_module_that_is_not_there:read

[statefolio.policies]
trend = trends_of_mine:Trend
nothing = trends_of_mine:NoPolicy
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with plug-ins, one of which cannot be imported."""
    (tmp_path / "trends_of_mine.py").write_text(MODULE)
    info = tmp_path / "trends_of_mine-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trends-of-mine\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("trends_of_mine", None)


def factors_of(text):
    return read_factors(Path(text), FileForm(), str)


def test_a_reader_is_found_by_its_name(installed):
    assert {"mine", "broken"} <= set(names(FACTORS))
    assert version_of(FACTORS, "mine") == "trends-of-mine 1.2"
    table = factors_of("mine:carry")
    assert list(table.columns) == ["carry"]
    assert isinstance(table.index, pd.DatetimeIndex)


def test_a_broken_reader_is_named_and_breaks_no_other(installed):
    with pytest.raises(PlugInError, match=r"'broken' of trends-of-mine 1.2 must be imported, got ModuleNotFoundError"):
        factors_of("broken:carry")
    with pytest.raises(PlugInError, match=r"'mine' of trends-of-mine 1.2 must return .*'break', got OSError: no conn"):
        factors_of("mine:break")
    with pytest.raises(DataTypeError, match=r"'mine' of trends-of-mine 1\.2: the factors must be"):
        factors_of("mine:list")
    assert not factors_of("mine:carry").empty


def test_an_unknown_reader_names_the_known_ones(installed):
    with pytest.raises(UnknownNameError, match=r"--factors must name a plug-in .*'mine'.*, got 'other'"):
        factors_of("other:carry")


def test_a_file_with_a_colon_is_a_file(installed, monkeypatch):
    monkeypatch.chdir(installed)
    (installed / "mine:carry").write_text("date,a\n2024-01-01,0.01\n2024-01-02,0.02\n")
    assert list(factors_of("mine:carry").columns) == ["a"]


def test_two_packages_with_one_name_are_refused(installed):
    other = installed / "others-3.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 3\n")
    (other / "entry_points.txt").write_text("[statefolio.policies]\ntrend = trends_of_mine:Trend\n")
    with pytest.raises(PlugInError, match=r"one package, got 'trend' of others 3, trends-of-mine 1.2"):
        load_plug_in(POLICIES, "trend", "policy")


def study_with(**table):
    from statefolio.commands.studies.reading import parse_study

    text = '[study]\nname = "s"\n[data]\nsource = "demo"\n[portfolio.mine]\nobjective = "plug_in"\n'
    text += "".join(f"{name} = {value}\n" for name, value in table.items())
    return parse_study(
        text + '[portfolio.even]\nobjective = "equal_weight"\n[backtest]\nstart = 2022-01-03\nbenchmark = "even"\n',
        "study.toml",
    )


def test_a_policy_of_a_study_is_found_by_its_name(installed, tmp_path):
    import statefolio as sf

    market = sf.Market(sf.load_demo().returns.iloc[:40, :3])
    study = study_with(policy='"trend"', options="{ window = 5 }")
    policy = make_policies(study, market, tmp_path)["mine"]
    assert policy.window == 5
    result = sf.run_backtest(policy, market, rebalance="weekly")
    assert result.value.iloc[-1] != result.capital
    assert configuration(study, "mine")["portfolio"]["package"] == "trends-of-mine 1.2"


def test_a_policy_that_is_none_is_named(installed, tmp_path):
    import statefolio as sf

    market = sf.Market(sf.load_demo().returns.iloc[:40, :3])
    with pytest.raises(PlugInError, match=r"'nothing' of trends-of-mine 1.2 must have a method decide, got NoPolicy"):
        make_policies(study_with(policy='"nothing"'), market, tmp_path)
    with pytest.raises(UnknownNameError, match=r"must get options that it takes \('window'\), got 'size'"):
        make_policies(study_with(policy='"trend"', options="{ size = 1 }"), market, tmp_path)
    with pytest.raises(UnknownNameError, match=r"portfolio.mine.policy must name a plug-in"):
        make_policies(study_with(policy='"other"'), market, tmp_path)
