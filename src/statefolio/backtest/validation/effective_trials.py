"""How many independent trials a set of correlated ones amounts to."""

from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.backtest.return_series import read_table, varies
from statefolio.exceptions import InputError

DRAWS = 20_000
_CHUNK = 2_000_000


def effective_number(trials: Any, size: float = 0.05, draws: int = DRAWS, seed: int = 0) -> float:
    """Number of independent trials whose best reaches as high by chance as the best of these.

    The t statistics of N trials without skill have, for long samples, the trials' own correlation C. With c the
    value that the highest of N(0, C) exceeds with probability `size`, this is log(1 - size) / log F(c), F the
    standard normal law: N for independent trials, 1 for copies of one. Measures from eigenvalues alone (Nyholt;
    Li and Ji; Galwey) miss it by a factor of up to three.

    Parameters
    ----------
    trials : DataFrame (T dates, N trials), mapping of returns, or `Trials`
        Trials that never vary are not counted. There may be more trials than dates.
    size : float
        At which the two agree.
    draws, seed : int
        Of the simulation of c.

    Returns
    -------
    float
        Between 1 and N.

    References
    ----------
    Chernozhukov, Chetverikov and Kato (2013), Annals of Statistics 41(6), on the Gaussian multiplier bootstrap of
    maxima, also with N above T.
    """
    from scipy.stats import norm

    if not is_number(size) or not 0.0 < size < 1.0:
        raise InputError(f"size={size!r}; a number between 0 and 1 was expected. Pass 0.05.")
    values = read_table(trials, "trials").to_numpy()
    values = values[:, varies(values)] if len(values) > 1 else values[:, :0]
    count = values.shape[1]
    if count < 2:
        return 1.0
    level = float(np.quantile(_highest(values, draws, seed), 1.0 - size))
    number = np.log1p(-size) / norm.logcdf(level)
    return float(np.clip(number, 1.0, count))


def _highest(values: Array, draws: int, seed: int) -> Array:
    """Highest of N(0, C) in each draw."""
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
