import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.validation.holdout import Holdout
from statefolio.backtest.validation.sharpe import deflated_sharpe, minimum_length
from statefolio.backtest.validation.trials import Trials
from statefolio.backtest.validation.validation_report import validate_trials
from statefolio.exceptions import UnknownNameError


@pytest.fixture
def trials(noise):
    table, found = noise(750, 8), Trials()
    table["T5"] += 0.002
    for name in table:
        found.add(name, table[name], {"name": name})
    return found


def test_the_report_against_its_parts(trials):
    found = validate_trials(trials, replications=200)
    assert found.trials == 8
    assert found.best.best == "T5"
    assert found.survivors == ["T5"]
    assert found.overfitting.probability < 0.05
    assert found.reality_check.p_value < 0.05
    row = found.table.loc["T5"]
    assert row["deflated_sharpe"] == pytest.approx(deflated_sharpe(trials["T5"].returns, 8, trials.sharpe_variance))
    assert row["deflated_sharpe"] < row["probabilistic_sharpe"]
    assert row["minimum_length"] == pytest.approx(minimum_length(8, row["sharpe"]))
    assert row["better_than_benchmark"]
    assert row["long_enough"]
    assert found.table["better_than_benchmark"].sum() == 1
    assert found.summary()["better than cash"] == "'T5'"
    assert found.summary()["holdout"] == "none"


def test_all_trials_count_for_a_table_of_few(trials):
    few = validate_trials(trials, ["T5", "T1"], replications=50)
    assert list(few.table.index) == ["T5", "T1"]
    assert few.trials == 8
    with pytest.raises(UnknownNameError, match=r"strategies must be names of trials .*, got 'mine'"):
        validate_trials(trials, ["mine"])


def test_the_holdout_shows(trials, tmp_path):
    sealed = Holdout.seal(trials.returns, record=tmp_path / "holdout.json")
    sealed.open(lambda data, start: 1.0, "first")
    sealed.open(lambda data, start: 2.0, "second")
    found = validate_trials(trials, replications=50, holdout=sealed)
    assert "opened 2 times" in found.holdout
    assert len(found.openings) == 2


def test_one_trial_and_cash(noise):
    alone = Trials()
    alone.add("cash", noise(100, 1)["T0"] * 0)
    found = validate_trials(alone, replications=50)
    assert np.isnan(found.table.loc["cash", "deflated_sharpe"])
    assert not found.table.loc["cash", "long_enough"]
    assert found.best.reason == "no trial varies"
    assert found.reality_check.reason == "no trial differs from the benchmark"
    assert found.overfitting.reason == "1 trial"


def test_the_same_bytes_again(trials):
    one, other = (validate_trials(trials, replications=100) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    assert one.reality_check == other.reality_check
    assert one.effective_trials == other.effective_trials
