"""How fast one series reverts, compiled."""

import numpy as np

from statefolio.kalman.lanes import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@compiled
def half_life(x):
    """Half-life of an Ornstein-Uhlenbeck process fitted to a series, in rows.

        x_t+1 - x_t = c + g x_t + u        by least squares; -ln 2 / g  (Chan 2013, Algorithmic Trading, chapter 2)

    Infinite where g is not negative, NaN for a constant series.
    """
    before = x[:-1]
    mean = before.mean()
    square, along = 0.0, 0.0
    for t in range(before.size):
        square += (before[t] - mean) * (before[t] - mean)
        along += (before[t] - mean) * (x[t + 1] - before[t])
    if not square > 0.0:
        return np.nan
    return -np.log(2.0) * square / along if along < 0.0 else np.inf
