"""The common volatility level of a panel: one number per date, known before the date.

A pilot filter (Gaussian, constant variances) standardises every return; with z_t the mean over assets of its
squared standardised innovations, each capped at 9,

    g_1 = 1        g_t+1 = .9 g_t + .1 z_t

and g is unchanged on dates without an innovation. The observation variance of an asset is its own level times g_t to
the power of a tuned exponent.
"""

import numpy as np

from statefolio.kalman.lanes import compiled
from statefolio.kalman.panel import Filter
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

LEVEL_MEMORY = 0.9


def common_level(pilot: Filter, X: Floats, Y: Floats, first: float = 1.0) -> tuple[Floats, float]:
    """Return the level on every date of Y, and on the date after; the pilot filter is moved past them."""
    paths = pilot.run(X, Y, store="state", note_surprise=True)
    return level_path(paths.surprise, paths.surprised, first)


def level_path(surprise: Floats, surprised: Floats, first: float = 1.0) -> tuple[Floats, float]:
    """Return the level on every date, and on the date after, from the surprises of each block (blocks, T)."""
    levels: Floats = _smooth(np.add.reduce(surprise, axis=0), np.add.reduce(surprised, axis=0), first)
    return levels[:-1], float(levels[-1])


@compiled
def _smooth(surprise, seen, first):
    levels = np.empty(surprise.shape[0] + 1)
    levels[0] = first
    for t in range(surprise.shape[0]):
        levels[t + 1] = levels[t]
        if seen[t] > 0:
            levels[t + 1] = LEVEL_MEMORY * levels[t] + (1.0 - LEVEL_MEMORY) * surprise[t] / seen[t]
    return levels
