"""Estimates covariances from exponentially weighted volatilities and non-linearly shrunk correlations."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Flag, Number, Rule
from statefolio.risk.recent_returns import HALF_LIFE, RecentReturns, shrunk_correlations


class ShrunkCorrelation(RecentReturns):
    """Covariance of returns from their own volatilities and shrunk correlations, without factors.

        V_i   = sum w(h_v) r_i^2 / sum w(h_v)            z_it = r_it / sqrt(V_it), V_it with date t itself
        Sigma = sqrt((V_i + b L_i) (V_j + b L_j)) C_ij   C = shrunk correlations of sum w(h_c) z z'

    L is the mean of the squares over the window, and weights w(h) halve every h dates. The eigenvalues of C are shrunk
    by `quadratic_shrinkage`.

    Parameters
    ----------
    volatility_half_life, correlation_half_life : float
        h_v and h_c, in dates.
    long_run_weight : float
        b.
    shrinkage : bool
        False: correlations as they are.
    window : int
        Number of dates to use.
    min_observations : int
        Least number of returns of an asset within the window; others have no covariance.

    Attributes
    ----------
    covariance_ : LowRankCovariance
        Of the assets' next return, with as many loadings as assets.
    assets_ : Index
        Assets of the covariance.
    excluded_ : DataFrame
        Assets without one, and the reason.
    last_date_ : Timestamp
        Last date of the data.

    References
    ----------
    Ledoit and Wolf (2022), Quadratic shrinkage for large covariance matrices, Bernoulli 28, 1519-1547.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> risk = sf.risk.ShrunkCorrelation().fit(demo.returns.iloc[:500, :10])
    >>> sigma = risk.covariance_frame()
    >>> print(f"{sigma.loc['AAPL', 'AAPL'] ** 0.5:.2%} per day")
    1.74% per day
    """

    RULES: ClassVar[Mapping[str, Rule]] = {
        **RecentReturns.RULES,
        "volatility_half_life": HALF_LIFE,
        "correlation_half_life": HALF_LIFE,
        "long_run_weight": Number(at_least=0.0, example=0.08),
        "shrinkage": Flag(),
    }

    def __init__(
        self,
        volatility_half_life: float = 40.0,
        correlation_half_life: float = 252.0,
        long_run_weight: float = 0.08,
        shrinkage: bool = True,
        window: int = 1512,
        min_observations: int = 252,
    ) -> None:
        self.volatility_half_life = volatility_half_life
        self.correlation_half_life = correlation_half_life
        self.long_run_weight = long_run_weight
        self.shrinkage = shrinkage
        self.window = window
        self.min_observations = min_observations

    def _estimate(self, capped: pd.DataFrame) -> Array:
        values = capped.to_numpy()
        variance = _recent_squares(values, self.volatility_half_life)
        weights = 0.5 ** (np.arange(len(values))[::-1] / self.correlation_half_life)
        with np.errstate(divide="ignore", invalid="ignore"):
            standardised = np.where(variance > 0.0, values / np.sqrt(variance), np.nan)
        correlations = shrunk_correlations(standardised, weights, self.shrinkage)
        volatility = np.sqrt(variance[-1] + self.long_run_weight * np.nanmean(values**2, axis=0))
        return correlations * np.outer(volatility, volatility)


def _recent_squares(values: Array, half_life: float) -> Any:
    """Exponentially weighted means of squares up to each date (T, N), over the dates with a value."""
    from scipy.signal import lfilter

    seen = ~np.isnan(values)
    recursion = [1.0, -(0.5 ** (1.0 / half_life))]
    squares = lfilter([1.0], recursion, np.where(seen, values, 0.0) ** 2, axis=0)
    weight = lfilter([1.0], recursion, seen.astype(np.float64), axis=0)
    return np.where(weight > 0.0, squares / np.where(weight > 0.0, weight, 1.0), 0.0)
