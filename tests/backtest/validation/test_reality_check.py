import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.validation.reality_check import _studentised, reality_check, stepwise
from statefolio.exceptions import InputError


def test_studentised_as_arch_does_it(noise):
    from arch.bootstrap import SPA

    values = noise(300, 4).to_numpy().copy()
    values[1:] += 0.5 * values[:-1]
    theirs = SPA(np.zeros(300), -values, block_size=7, reps=2)
    theirs.compute()
    np.testing.assert_allclose(
        values / _studentised(values, 7), np.tile(np.sqrt(theirs._loss_diff_var), (300, 1)), rtol=1e-10
    )


def test_one_trial_is_a_t_test(noise):
    from scipy.stats import norm

    table = noise(1000, 1, seed=5) + 0.0004
    t = table["T0"].mean() / table["T0"].std() * np.sqrt(1000)
    found = reality_check(table, replications=4000, block_length=1)
    assert found.p_value == pytest.approx(norm.sf(t), abs=0.025)


def test_skill_is_found_behind_a_volatile_trial(noise):
    table = noise(1000, 5)
    table["T2"] += 0.0015
    table["T4"] *= 30  # not studentised, its noise would hide everything else
    found = reality_check(table, replications=500)
    assert found.p_value < 0.02
    assert found.best == "T2"
    assert found.lower <= found.p_value <= found.upper
    assert stepwise(table, replications=500) == ["T2"]


def test_better_than_zero_is_not_better_than_the_benchmark(noise):
    table = noise(1000, 5, common=0.9) + 0.002
    assert reality_check(table, replications=300).p_value < 0.01
    assert reality_check(table, table["T0"], replications=300).p_value > 0.05
    assert stepwise(table, table["T0"], replications=300) == []
    assert reality_check(table, table["T0"], replications=300).trials == 4


def test_the_same_numbers_again(noise):
    assert reality_check(noise(), replications=100) == reality_check(noise(), replications=100)


def test_size_on_noise(noise):
    found = [reality_check(noise(250, 8, common=0.3, seed=seed), replications=99, seed=seed) for seed in range(200)]
    rate = np.mean([check.p_value < 0.05 for check in found])
    assert 0.01 < rate < 0.11
    assert np.mean([check.upper < 0.05 for check in found]) <= rate


def test_a_reason_is_given_without_a_test(noise):
    assert "20 dates, fewer than the 30" in reality_check(noise(20, 3)).reason
    same = noise(100, 1)
    assert reality_check(same, same["T0"]).reason == "no trial differs from the benchmark"
    assert stepwise(same, same["T0"]) == []


def test_bad_input_is_rejected(noise):
    with pytest.raises(InputError, match="replications must be a whole number of at least 1, got 0"):
        reality_check(noise(), replications=0)
    with pytest.raises(InputError, match=r"size must be .*, got 2"):
        stepwise(noise(), size=2)
    with pytest.raises(InputError, match="benchmark must have every date of the returns, got 100 missing"):
        reality_check(noise(), pd.Series(0.0, index=noise().index[100:]))
