"""Finds the entry and exit levels of Leung and Li (2015) for a long position in a spread, with discounting.

With y the deviation from the mean over the stationary deviation s, and nu = r / speed,

    F(y) = integral_0^inf u^(nu - 1) exp(y u - u^2 / 2) du        G(y) = F(-y)

solve the generator's equation L f = r f. The exit level b and the value of a position V are

    (b - c) F'(b) = F(b)        V(y) = (b - c) F(y) / F(b) below b,  y - c above

and the entry level d solves G(d) (V'(d) - 1) = G'(d) (V(d) - d - c). Profits and the cost c of one trade are in units
of s. A short position has the mirrored levels.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, pbdv

from statefolio.exceptions import InputError
from statefolio.pairs.thresholds.ornstein_uhlenbeck import OrnsteinUhlenbeck

WIDEST = 8.0
"""Farthest level, in stationary deviations."""


def exit_level(process: OrnsteinUhlenbeck, rate: float, cost: float) -> float:
    """Return b, above which a long position is sold, in stationary deviations from the mean.

    Parameters
    ----------
    process : OrnsteinUhlenbeck
    rate : float
        Discount rate per date, above 0.
    cost : float
        Cost of one trade, in the units of the spread.

    Raises
    ------
    InputError
        If no level within eight deviations pays the cost.
    """
    nu, c = rate / process.speed, cost / process.deviation

    def gap(b: float) -> float:
        return (b - c) * _ratio(b, nu) - 1.0

    low = c + 1e-12
    if not gap(WIDEST) > 0.0:
        raise InputError(f"cost must be below what the spread can earn, got {cost:g}. Do not trade this spread.")
    return float(brentq(gap, low, WIDEST, xtol=1e-12))


def entry_level(process: OrnsteinUhlenbeck, rate: float, cost: float) -> float:
    """Return d, below which a long position is bought, in stationary deviations from the mean.

    Raises
    ------
    InputError
        If no level within eight deviations pays the cost.
    """
    nu, c = rate / process.speed, cost / process.deviation
    b = exit_level(process, rate, cost)

    def gap(d: float) -> float:  # divided by G(d); G'(d) / G(d) = - F'(-d) / F(-d)
        value = (b - c) * np.exp(_log_f(d, nu) - _log_f(b, nu))
        return float(value * _ratio(d, nu) - 1.0 + _ratio(-d, nu) * (value - d - c))

    if not gap(-WIDEST) > 0.0 > gap(b - 1e-9):
        raise InputError(f"cost must be below what the spread can earn, got {cost:g}. Do not trade this spread.")
    return float(brentq(gap, -WIDEST, b - 1e-9, xtol=1e-12))


def _log_f(y: float, nu: float) -> float:
    """Return log F(y): Gamma(nu) exp(y^2 / 4) times a parabolic cylinder function."""
    return float(gammaln(nu) + y * y / 4.0 + np.log(pbdv(-nu, -y)[0]))


def _ratio(y: float, nu: float) -> float:
    """Return F'(y) / F(y); the derivative of F is F with nu + 1."""
    return float(np.exp(_log_f(y, nu + 1.0) - _log_f(y, nu)))
