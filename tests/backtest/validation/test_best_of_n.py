import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from statefolio.backtest.validation.best_of_n import best_of_n, sidak_p_value
from statefolio.backtest.validation.effective_trials import effective_number
from statefolio.exceptions import InputError


@pytest.mark.parametrize("count", [2, 10, 60])
def test_independent_trials_count_in_full(noise, count):
    assert effective_number(noise(2000, count)) == pytest.approx(count, rel=0.12)


def test_copies_count_once(noise):
    one = noise(300, 1)["T0"]
    copies = pd.DataFrame({j: one * (j + 1) for j in range(20)})
    assert effective_number(copies) == pytest.approx(1.0, abs=0.08)
    assert effective_number(noise(300, 3).assign(cash=0.0)) <= 3
    assert effective_number(one.to_frame()) == 1


def test_equally_correlated_trials_against_an_integral(noise):
    """P(max < c) = E F((c - sqrt(rho) z) / sqrt(1 - rho))^N, with the sample's own correlation."""
    table = noise(20_000, 20, common=0.6)
    z = np.linspace(-8, 8, 4001)

    def below(c):
        return np.trapezoid(norm.pdf(z) * norm.cdf((c - np.sqrt(0.6) * z) / np.sqrt(0.4)) ** 20, z)

    grid = np.linspace(1.5, 4, 2001)
    level = grid[np.argmax([below(c) > 0.95 for c in grid])]
    exact = np.log(0.95) / norm.logcdf(level)
    assert effective_number(table) == pytest.approx(exact, rel=0.08)


def test_more_trials_than_dates(noise):
    assert effective_number(noise(100, 300)) == pytest.approx(300, rel=0.25)


def test_the_correction_for_many_trials():
    assert sidak_p_value(0.01, 10) == pytest.approx(1 - 0.99**10, rel=1e-12)
    assert sidak_p_value(1e-20, 100) == pytest.approx(1e-18, rel=1e-12)
    assert sidak_p_value(1.0, 5) == 1
    with pytest.raises(InputError, match=r"p_value must be .* at most 1, got 1.5"):
        sidak_p_value(1.5, 5)
    with pytest.raises(InputError, match="number must be a number of at least 1, got 0"):
        sidak_p_value(0.5, 0)


@pytest.mark.parametrize("common", [0.0, 0.6])
def test_size_on_noise(noise, common):
    rng = np.random.default_rng(1)
    rejected = []
    for _ in range(600):
        e = np.sqrt(common) * rng.standard_normal((250, 1)) + np.sqrt(1 - common) * rng.standard_normal((250, 12))
        table = pd.DataFrame(e, index=pd.bdate_range("2010-01-04", periods=250))
        number = 12.0 if common == 0 else 6.9
        rejected.append(best_of_n(table, number).p_value < 0.05)
    assert 0.025 < np.mean(rejected) < 0.08
    if common:
        assert effective_number(table) == pytest.approx(6.9, rel=0.15)


def test_skill_is_found_and_losers_are_not(noise):
    table = noise(750, 10)
    table["T4"] += 0.002
    found = best_of_n(table)
    assert found.best == "T4"
    assert found.own_p_value < found.p_value < 0.01
    assert best_of_n(noise(750, 10) - 0.002).p_value > 0.5


def test_a_reason_is_given_without_a_test(noise):
    assert best_of_n(noise() * 0).reason == "no trial varies"
    assert "2 dates" in best_of_n(noise(2, 3)).reason
