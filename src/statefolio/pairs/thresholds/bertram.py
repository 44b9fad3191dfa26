"""Finds the thresholds of Bertram (2010) that maximise the expected return or the Sharpe ratio per unit of time.

For dY = -Y dt + sqrt(2) dW, whose stationary deviation is one, the time T from -y to y and back to -y has

    E T = 2 pi erfi(y / sqrt 2)        Var T = w1(y) - w1(-y) - w2(y) + w2(-y)

    w1(z) = (s+(z)^2 - s-(z)^2) / 4    s+-(z) = sum_k (+-1)^k Gamma(k/2) (sqrt 2 z)^k / k!
    w2(z) = sum_k Gamma((2k-1)/2) (psi((2k-1)/2) - psi(1)) (sqrt 2 z)^(2k-1) / (2k-1)!

A cycle earns 2 y s - c: s is the deviation of the spread and c the cost of a round trip. Returns per unit of time have
the mean (2 y s - c) / E T and, by renewal theory, the variance (2 y s - c)^2 Var T / (E T)^3; their Sharpe ratio is
over a riskless profit of each round trip. Bertram shows that the best thresholds are symmetric.
"""

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import digamma, erfi, gammaln

from statefolio.exceptions import InputError
from statefolio.pairs.thresholds.ornstein_uhlenbeck import OrnsteinUhlenbeck

WIDEST = 6.0
"""Widest threshold in stationary deviations; a cycle to it and back takes 10^8 times 1 / speed."""
_TERMS = np.arange(1, 300)


def cycle_mean(y: float, speed: float = 1.0) -> float:
    """Return the expected time from -y to y and back, in dates; y in stationary deviations."""
    return float(2.0 * np.pi * erfi(y / np.sqrt(2.0)) / speed)


def cycle_variance(y: float, speed: float = 1.0) -> float:
    """Return the variance of the time from -y to y and back, in squared dates."""
    return float((_w1(y) - _w1(-y) - _w2(y) + _w2(-y)) / speed**2)


def return_per_date(y: float, process: OrnsteinUhlenbeck, cost: float) -> float:
    """Return the expected profit per date of the long positions alone, in the units of the spread."""
    return float((2.0 * y * process.deviation - cost) / cycle_mean(y, process.speed))


def sharpe_per_date(y: float, process: OrnsteinUhlenbeck, cost: float, hurdle: float) -> float:
    """Return the Sharpe ratio per square root of a date; the hurdle is the riskless profit of a round trip."""
    profit, mean = 2.0 * y * process.deviation - cost, cycle_mean(y, process.speed)
    deviation = abs(profit) * np.sqrt(cycle_variance(y, process.speed) / mean**3)
    return float((profit - hurdle) / mean / deviation)


def best_return(process: OrnsteinUhlenbeck, cost: float) -> float:
    """Return the threshold, in stationary deviations, that maximises the expected return per date.

    Raises
    ------
    InputError
        If a round trip costs more than the spread can earn.
    """
    least = cost / (2.0 * process.deviation)
    _check_cost(least, cost)

    def slope(y: float) -> float:  # of log(2 y s - c) - log E T
        return float(1.0 / (y - least) - np.sqrt(2.0 / np.pi) * np.exp(y * y / 2.0) / erfi(y / np.sqrt(2.0)))

    return float(brentq(slope, least * (1.0 + 1e-9) + 1e-12, WIDEST, xtol=1e-13))


def best_sharpe(process: OrnsteinUhlenbeck, cost: float, hurdle: float) -> float:
    """Return the threshold, in stationary deviations, that maximises the Sharpe ratio.

    Raises
    ------
    InputError
        If a round trip cannot earn its cost and the hurdle.
    """
    _check_cost((cost + hurdle) / (2.0 * process.deviation), cost + hurdle)
    grid = np.linspace((cost + hurdle) / (2.0 * process.deviation), WIDEST, 400)[1:-1]
    best = int(np.argmax([sharpe_per_date(y, process, cost, hurdle) for y in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(
        lambda y: -sharpe_per_date(y, process, cost, hurdle), bounds=around, method="bounded", options={"xatol": 1e-10}
    )
    return float(found.x)


def _check_cost(least: float, cost: float) -> None:
    if not least < WIDEST - 1.0:
        raise InputError(
            f"cost must be below {2.0 * (WIDEST - 1.0):g} deviations of the spread, got {cost:g}: a round trip "
            "earns less. Do not trade this spread."
        )


def _w1(z: float) -> float:
    sizes = np.exp(gammaln(_TERMS / 2.0) + _TERMS * np.log(np.sqrt(2.0) * max(abs(z), 1e-300)) - gammaln(_TERMS + 1.0))
    even = np.where(_TERMS % 2 == 0, 1.0, -1.0)
    plus, minus = (sizes, even * sizes) if z >= 0.0 else (even * sizes, sizes)
    return float((plus.sum() ** 2 - minus.sum() ** 2) / 4.0)


def _w2(z: float) -> float:
    odd = 2.0 * _TERMS - 1.0
    sizes = np.exp(gammaln(odd / 2.0) + odd * np.log(np.sqrt(2.0) * max(abs(z), 1e-300)) - gammaln(odd + 1.0))
    return float(np.sign(z) * (sizes * (digamma(odd / 2.0) - digamma(1.0))).sum())
