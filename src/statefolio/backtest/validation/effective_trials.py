"""Estimates the effective number of independent trials among correlated ones."""

from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import Number, check
from statefolio.backtest.return_series import read_table, varies

DRAWS = 20_000
SIZE_RULE = Number(above=0.0, below=1.0, example=0.05)
_CHUNK = 2_000_000


def effective_number(trials: Any, size: float = 0.05, draws: int = DRAWS, seed: int = 0) -> float:
    """Estimate the number of independent trials whose best is by chance as good as the best of these.

    In long samples the t statistics of N trials without skill have the correlation matrix C of the trials. Let c be
    the value that the maximum of N(0, C) exceeds with probability `size`. The effective number is
    log(1 - size) / log F(c), with F the standard normal distribution function: N for independent trials, 1 for
    identical ones. Measures from eigenvalues alone (Nyholt; Li and Ji; Galwey) are wrong by a factor of up to three.

    Parameters
    ----------
    trials : DataFrame (T dates, N trials), mapping of returns, or `Trials`
        Trials that never vary are not counted. There may be more trials than dates.
    size : float
        Significance level at which the two numbers of trials agree.
    draws, seed : int
        Number of draws and seed of the simulation of c.

    Returns
    -------
    float
        Between 1 and N.

    Raises
    ------
    InputError
        If `size` is not between 0 and 1.

    References
    ----------
    Chernozhukov, Chetverikov and Kato (2013), Annals of Statistics 41(6), on the Gaussian multiplier bootstrap of
    maxima, also with N above T.
    """
    from scipy.stats import norm

    check("size", size, SIZE_RULE)
    values = read_table(trials, "trials").to_numpy()
    values = values[:, varies(values)] if len(values) > 1 else values[:, :0]
    count = values.shape[1]
    if count < 2:
        return 1.0
    level = float(np.quantile(_highest(values, draws, seed), 1.0 - size))
    number = np.log1p(-size) / norm.logcdf(level)
    return float(np.clip(number, 1.0, count))


def _highest(values: Array, draws: int, seed: int) -> Array:
    """Draw maxima of N(0, C)."""
    dates, count = values.shape
    standard = values - values.mean(axis=0)
    standard /= np.sqrt((standard**2).sum(axis=0))
    if dates > count:
        spectrum, vectors = np.linalg.eigh(standard.T @ standard)
        standard = np.sqrt(np.maximum(spectrum, 0.0))[:, None] * vectors.T
    rng = np.random.default_rng(seed)
    rows = max(1, _CHUNK // max(standard.shape))
    parts = [
        (rng.standard_normal((min(rows, draws - first), len(standard))) @ standard).max(axis=1)
        for first in range(0, draws, rows)
    ]
    return np.concatenate(parts)
