"""Standard errors of Sharpe ratios and of their differences, by the delta method.

With a = E r, c = E r^2 and S = a / sqrt(c - a^2), the gradient is dS/da = c / (c - a^2)^1.5 and
dS/dc = -a / (2 (c - a^2)^1.5) (Ledoit and Wolf 2008, Journal of Empirical Finance 15, section 3). The mean over dates
of

    S + dS/da (r_t - a) + dS/dc (r_t^2 - c)

is S, and its long-run variance is the delta method's: so Sharpe ratios are compared as means of such series.
"""

from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio.backtest.return_series import varies


def linearised_sharpe(returns: Any) -> Array | None:
    """Return the series whose mean is the Sharpe ratio per date (not annual), and that varies as much.

    Parameters
    ----------
    returns : (T,) array
        In excess of cash.

    Returns
    -------
    (T,) array or None
        None where the ratio is not defined.

    Examples
    --------
    >>> returns = np.array([0.01, -0.005, 0.02, 0.0])
    >>> series = linearised_sharpe(returns)
    >>> print(f"{series.mean():.4f} {returns.mean() / returns.std():.4f}")
    0.6509 0.6509
    """
    r = np.asarray(returns, dtype=np.float64)
    if len(r) < 2 or not np.isfinite(r).all() or not varies(r):
        return None
    mean, square = float(r.mean()), float((r * r).mean())
    variance = float(((r - mean) ** 2).mean())
    slope_of_mean, slope_of_square = square / variance**1.5, -mean / (2.0 * variance**1.5)
    series: Array = mean / np.sqrt(variance) + slope_of_mean * (r - mean) + slope_of_square * (r * r - square)
    return series
