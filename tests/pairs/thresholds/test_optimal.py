"""Optimal thresholds against published numbers, quadrature, a simulation and a finite-difference solution."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.thresholds import bertram, leung_li
from statefolio.pairs.thresholds.optimal import optimal_thresholds
from statefolio.pairs.thresholds.ornstein_uhlenbeck import OrnsteinUhlenbeck
from statefolio.pairs.trading.rules import Bands

ANZ = OrnsteinUhlenbeck(180.9670, 0.0, 0.1538)
"""Bertram's example: the two listings of a bank, time in years."""


def ou(process, dates, seed=0):
    draw = np.random.default_rng(seed).standard_normal(dates)
    a, x = np.exp(-process.speed), np.empty(dates)
    x[0] = process.deviation * draw[0]
    for t in range(1, dates):
        x[t] = a * x[t - 1] + process.deviation * np.sqrt(1 - a * a) * draw[t]
    return pd.Series(process.mean + x, pd.RangeIndex(dates))


def passage_moments(y):
    """First two moments of the time from -y to y for dY = -Y dt + sqrt(2) dW, by quadrature."""
    u = np.linspace(-9.0, y, 200_001)
    step, weight, far = u[1] - u[0], np.exp(-u * u / 2), u < -7.5

    def upwards(f):
        return np.concatenate([[0.0], np.cumsum((f[1:] + f[:-1]) * step / 2)])

    def above(f):
        return upwards(f[::-1])[::-1]

    mean = above(np.where(far, 0.0, upwards(weight) / weight))
    square = above(np.where(far, 0.0, upwards(2 * mean * weight) / weight))
    at = np.searchsorted(u, -y)
    return mean[at], square[at]


def test_bertrams_example():
    """E T, Var T, return and its variance as published for c = .001, and the Sharpe ratio for a riskless .01 a trade.

    Numbers of the tests of arbitragelab (Hudson and Thames), computed for the example of Bertram (2010).
    """
    y = bertram.best_return(ANZ, 0.001)
    mean, variance = bertram.cycle_mean(y, ANZ.speed), bertram.cycle_variance(y, ANZ.speed)
    assert mean == pytest.approx(0.017122, abs=1e-6)
    assert variance == pytest.approx(0.00015438, abs=1e-7)
    assert bertram.return_per_date(y, ANZ, 0.001) == pytest.approx(0.492358, abs=1e-6)
    profit = 2 * y * ANZ.deviation - 0.001
    assert profit**2 * variance / mean**3 == pytest.approx(0.0021857, abs=1e-6)
    best = bertram.best_sharpe(ANZ, 0.001, 0.01)
    assert bertram.sharpe_per_date(best, ANZ, 0.001, 0.01) == pytest.approx(3.86293, abs=2e-3)


@pytest.mark.parametrize("y", [0.3, 1.0, 2.2])
def test_moments_of_a_cycle_equal_those_by_quadrature(y):
    first, second = passage_moments(y)
    assert bertram.cycle_mean(y, 0.5) == pytest.approx(2 * first / 0.5, rel=1e-4)
    assert bertram.cycle_variance(y, 0.5) == pytest.approx(2 * (second - first**2) / 0.5**2, rel=1e-4)


@pytest.mark.parametrize("cost", [0.02, 0.3, 1.5])
def test_no_other_threshold_earns_more(cost):
    process = OrnsteinUhlenbeck(0.05, 3.0, 0.3)
    best = bertram.best_return(process, cost)
    grid = np.linspace(cost / 2 / process.deviation + 1e-3, 4, 800)
    earned = [bertram.return_per_date(y, process, cost) for y in grid]
    assert best == pytest.approx(grid[int(np.argmax(earned))], abs=6e-3)
    sharper = bertram.best_sharpe(process, cost, 0.1)
    ratios = [bertram.sharpe_per_date(y, process, cost, 0.1) for y in grid]
    assert bertram.sharpe_per_date(sharper, process, cost, 0.1) >= max(ratios) - 1e-9


def test_a_simulated_spread_earns_what_is_expected():
    """Bands at the threshold, traded on a fine grid of times, long and short: twice the expected profit per date."""
    process = OrnsteinUhlenbeck(0.002, 0.0, 0.1)  # slow, so that a date is a short time
    x, cost = ou(process, 150_000, seed=1).to_numpy(), 0.4
    y = bertram.best_return(process, cost)
    units = Bands(y, -y).units(x / process.deviation)
    turned = np.abs(np.diff(units, prepend=0.0)).sum() / 2
    earned = (units[:-1] * np.diff(x)).sum() - cost * turned
    assert earned / len(x) == pytest.approx(2 * bertram.return_per_date(y, process, cost), rel=0.15)


def by_dynamic_programming(process, rate, cost, step=0.01):
    """Levels of the stopping problem on a grid of deviations: value iteration over a Markov chain in short times."""
    grid = np.arange(-4.5, 4.5 + step / 2, step)
    time = step**2 / 2 / process.speed  # dY = -speed Y dt + sqrt(2 speed) dW moves by one step in half this time
    up = 0.25 - grid * step / 8
    down = 0.5 - up
    discount = np.exp(-rate * time / 2)
    bands = np.zeros((3, len(grid)))
    bands[0, 1:], bands[1], bands[2, :-1] = -discount * up[:-1], 1 - discount * 0.5, -discount * down[1:]
    bands[1, 0] -= discount * down[0]
    bands[1, -1] -= discount * up[-1]
    from scipy.linalg import solve_banded

    def stop(payoff):
        taken = np.ones(len(grid), bool)
        for _ in range(2000):  # policy iteration
            equations, right = bands.copy(), np.where(taken, payoff, 0.0)
            equations[1, taken] = 1.0
            equations[0, 1:][taken[:-1]] = 0.0
            equations[2, :-1][taken[1:]] = 0.0
            value = solve_banded((1, 1), equations, right)
            gap = bands[1] * value
            gap[:-1] += bands[0, 1:] * value[1:]
            gap[1:] += bands[2, :-1] * value[:-1]
            better = np.where(taken, gap >= -1e-13, payoff > value + 1e-13)
            if (better == taken).all():
                break
            taken = better
        return value, taken

    x = process.deviation * grid
    value, sold = stop(x - cost)
    _, bought = stop(value - x - cost)
    return grid[sold].min(), grid[bought].max()


@pytest.mark.parametrize(("rate", "cost"), [(0.002, 0.05), (0.02, 0.2)])
def test_levels_of_leung_and_li_equal_those_by_dynamic_programming(rate, cost):
    process = OrnsteinUhlenbeck(0.05, 0.0, 0.3)
    out, into = by_dynamic_programming(process, rate, cost)
    assert leung_li.exit_level(process, rate, cost) == pytest.approx(out, abs=0.03)
    assert leung_li.entry_level(process, rate, cost) == pytest.approx(into, abs=0.03)


def test_impatience_brings_the_levels_nearer_and_costs_push_them_apart():
    process = OrnsteinUhlenbeck(0.05, 0.0, 0.3)
    exits = [leung_li.exit_level(process, rate, 0.05) for rate in (0.0005, 0.005, 0.05)]
    assert exits == sorted(exits, reverse=True)
    entries = [leung_li.entry_level(process, 0.005, cost) for cost in (0.01, 0.1, 0.2)]
    assert entries == sorted(entries, reverse=True)


def test_the_process_is_estimated_from_the_spread():
    process = OrnsteinUhlenbeck(0.05, 3.0, 0.3)
    spread = ou(process, 20_000)
    found = OrnsteinUhlenbeck.of(spread)
    assert found.speed == pytest.approx(0.05, rel=0.1)
    assert found.mean == pytest.approx(3.0, abs=0.15)
    assert found.deviation == pytest.approx(spread.std(), rel=0.02)
    best = optimal_thresholds(spread, cost=0.2)
    assert best.rule == Bands(best.entry, -best.entry)
    assert best.half_life == found.half_life
    later = optimal_thresholds(spread, "discounted", cost=0.2, rate=0.001)
    assert later.entry > 0 > later.exit
    assert optimal_thresholds(spread, "sharpe", cost=0.2, hurdle=0.1).entry > 0


@pytest.mark.parametrize(
    ("spread", "options", "error", "message"),
    [
        (pd.Series(np.arange(100.0)), {"cost": 0.1}, InputError, "spread must revert to a mean"),
        (pd.Series(np.ones(100)), {"cost": 0.1}, InputError, "at least 20 different values"),
        (np.ones(100), {"cost": 0.1}, DataTypeError, "spread must be a Series"),
        (ou(ANZ, 50), {"cost": 0.0}, InputError, "cost must be"),
        (ou(OrnsteinUhlenbeck(0.1, 0.0, 1.0), 200), {"cost": 1e3}, InputError, "Do not trade this spread"),
        (
            ou(ANZ, 50),
            {"cost": 0.1, "rate": 0.1},
            InputError,
            "rate must be given with criterion='discounted' and with",
        ),
        (ou(ANZ, 50), {"cost": 0.1, "criterion": "sharpe"}, InputError, "hurdle must be given with criterion='sharpe'"),
        (ou(ANZ, 50), {"cost": 0.1, "criterion": "best"}, InputError, "criterion must be"),
    ],
)
def test_wrong_input_is_refused(spread, options, error, message):
    with pytest.raises(error, match=message):
        optimal_thresholds(spread, **options)
