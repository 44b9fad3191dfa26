from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import LedoitWolf

from statefolio.backtest.validation.content_hash import hash_frame, hash_parameters
from statefolio.backtest.validation.trials import Trials
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


@pytest.fixture
def trials(noise):
    table, found = noise(300, 6), Trials()
    for j, name in enumerate(table):
        found.add(name, table[name], {"window": 20 * j})
    return found


def test_the_same_configuration_is_counted_once(trials, noise):
    r = noise(300, 6)["T1"]
    assert len(trials) == 6
    assert not trials.add("T1", r, {"window": 20})
    assert not trials.add("another name", r, {"window": 20})
    assert len(trials) == 6
    assert trials.add("T1 again", r, {"window": 21})
    assert trials.add("a day less", r.iloc[1:], {"window": 20})
    assert len(trials) == 8
    with pytest.raises(InputError, match="name must differ between configurations, got 'T1'"):
        trials.add("T1", r + 0.001, {"window": 20})
    assert len(trials) == 8


def test_names_parameters_and_sharpe_ratios(trials, noise):
    table = noise(300, 6)
    pd.testing.assert_frame_equal(trials.returns, table, check_names=False, check_freq=False)
    ratios = table.mean() / table.std() * np.sqrt(252)
    np.testing.assert_allclose(trials.sharpe, ratios, rtol=1e-12)
    assert trials.sharpe_variance == pytest.approx(ratios.var(), rel=1e-12)
    assert trials.parameters.loc["T3", "window"] == 60
    assert 5 < trials.effective_number <= 6
    assert trials["T2"].parameters == {"window": 40}
    with pytest.raises(UnknownNameError, match=r"name must be that of a trial .*, got 'T9'"):
        trials["T9"]


def test_a_result_and_late_trials(trials, noise):
    @dataclass
    class Result:
        returns: pd.Series

    assert trials.add("result", Result(noise(200, 1, seed=9)["T0"]))
    assert trials.returns["result"].isna().sum() == 100
    assert trials.add("cash", noise(300, 1)["T0"] * 0)
    assert np.isnan(trials.sharpe["cash"])
    assert np.isfinite(trials.sharpe_variance)


def test_no_trials():
    assert Trials().sharpe_variance == 0
    with pytest.raises(InputError, match="at least one trial, got none"):
        _ = Trials().returns


def test_parameters_by_content():
    dates = pd.bdate_range("2020-01-01", periods=3)
    one = {"a": 1, "b": [0.5, None], "c": LedoitWolf(), "d": dates[0], "e": pd.Series([1.0], index=dates[:1])}
    same = {
        "e": pd.Series([1.0], index=dates[:1].as_unit("s")),
        "d": np.datetime64("2020-01-01"),
        "c": LedoitWolf(),
        "b": (np.float64(0.5), None),
        "a": np.int64(1),
    }
    assert hash_parameters(one) == hash_parameters(same)
    for key, value in {"a": 2, "b": [0.5], "c": LedoitWolf(block_size=7), "d": dates[1]}.items():
        assert hash_parameters(one | {key: value}) != hash_parameters(one)
    with pytest.raises(DataTypeError, match=r"a parameter must be .*, got a object"):
        hash_parameters({"a": object()})


def test_frames_by_content(noise):
    table = noise(50, 3)
    assert hash_frame(table) == hash_frame(table.copy())
    assert hash_frame(table * 0.0) == hash_frame(table * -0.0)
    assert hash_frame(table.rename_axis(index="day")) == hash_frame(table)
    changed = table.copy()
    changed.iloc[7, 1] = np.nextafter(changed.iloc[7, 1], 1)
    others = [changed, table.iloc[1:], table.rename(columns={"T0": "X"}), table.shift(freq="D"), table.iloc[:, ::-1]]
    assert len({hash_frame(other) for other in [table, *others]}) == 6
    text = pd.DataFrame({"sector": ["a", None], "on": pd.to_datetime(["2020-01-01", None])})
    assert hash_frame(text) == hash_frame(text.copy())
