"""Estimates the whole correlation matrix of residuals: with non-linear shrinkage, constant or dynamic."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Rule, Whole
from statefolio.risk.composite_likelihood import CorrelationDynamics, fit_dynamics
from statefolio.risk.dynamic_correlation import forecast_correlations
from statefolio.risk.full_rank import check_count
from statefolio.risk.recent_residuals import RecentResiduals
from statefolio.risk.recent_returns import shrunk_correlations


class ShrunkResiduals(RecentResiduals):
    """Correlations of the residuals with non-linear shrinkage: every pair has its own, there are no common factors.

    The eigenvalues of the weighted correlations of standardised residuals, which the model's own noise has freed of
    changing variances, are shrunk by `quadratic_shrinkage`. The loadings are the scaled eigenvectors: as many as
    assets, so that cost and memory of the covariance rise with the cube and the square of the assets; more than 1,500
    are refused. `ResidualFactors` has no such limit.

    Parameters
    ----------
    half_life, window, min_observations
        As for `ResidualFactors`.

    Attributes
    ----------
    loadings_ : DataFrame (asset x asset)
        G, such that the correlations off the diagonal are G G'. Where the least eigenvalue is below .05, correlations
        are scaled down by up to 5 %.

    References
    ----------
    Ledoit and Wolf (2022), Quadratic shrinkage for large covariance matrices, Bernoulli 28, 1519-1547.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:500, :8], demo.factors.iloc[:500]
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120), residual_structure="shrunk").fit(returns, factors)
    >>> risk.residual_loadings_.shape
    (8, 8)
    """

    def __init__(self, half_life: float = 504.0, window: int = 1512, min_observations: int = 60) -> None:
        self.half_life = half_life
        self.window = window
        self.min_observations = min_observations

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        values = residuals.to_numpy()
        kept = np.count_nonzero(~np.isnan(values), axis=0) >= self.min_observations
        count = int(np.count_nonzero(kept))
        check_count(count, type(self).__name__)
        loadings = np.zeros((len(kept), count))
        if count:
            loadings[kept] = _roots(self._correlations(values[:, kept]))
        names = [f"residual {n + 1}" for n in range(count)]
        return pd.DataFrame(loadings, index=residuals.columns, columns=names)

    def _correlations(self, values: Array) -> Array:
        return shrunk_correlations(values, self._weights(len(values)))


class DynamicResiduals(ShrunkResiduals):
    """Dynamic correlations of the residuals (DCC-NL): they move with recent dates and revert to shrunk ones.

        Q_t+1 = (1 - a - b) C + a z_t z_t' + b Q_t                R = correlations of Q, mean of the next dates

    z are standardised residuals, C the correlations of `ShrunkResiduals`, and a and b are estimated by composite
    likelihood of neighbouring pairs on dates up to `tune_until`. The same limit on assets applies.

    Parameters
    ----------
    horizon : int
        Number of dates that the correlations are for.
    half_life, window, min_observations
        As for `ShrunkResiduals`.

    Attributes
    ----------
    loadings_ : DataFrame (asset x asset)
        As for `ShrunkResiduals`.
    news_, memory_ : float
        a and b.

    References
    ----------
    Engle, Ledoit and Wolf (2019), Large dynamic covariance matrices, Journal of Business and Economic Statistics 37,
    363-375; Pakel, Shephard, Sheppard and Engle (2021) on composite likelihood, the same journal, 39, 652-668.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:500, :8], demo.factors.iloc[:500]
    >>> structure = sf.risk.DynamicResiduals(horizon=5)
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120), residual_structure=structure).fit(returns, factors)
    >>> risk.residual_loadings_.shape
    (8, 8)
    """

    RULES: ClassVar[Mapping[str, Rule]] = {**RecentResiduals.RULES, "horizon": Whole(at_least=1, example=21)}

    def __init__(
        self, horizon: int = 21, half_life: float = 504.0, window: int = 1512, min_observations: int = 60
    ) -> None:
        super().__init__(half_life, window, min_observations)
        self.horizon = horizon

    def _choose_count(self, residuals: pd.DataFrame) -> None:
        """Estimate a and b on the dates that hyper-parameters are chosen on."""
        recent = residuals.iloc[-self.window :]
        known = recent.loc[:, (recent.notna().sum() >= self.min_observations).to_numpy()]
        known = known[sorted(known.columns, key=str)]  # neighbours do not depend on the columns' order
        dynamics = CorrelationDynamics(0.0, 0.0)
        if known.shape[1] > 1:
            values = known.to_numpy()
            dynamics = fit_dynamics(values, shrunk_correlations(values, self._weights(len(values))))
        self.news_, self.memory_ = dynamics.news, dynamics.memory

    def _correlations(self, values: Array) -> Array:
        target = super()._correlations(values)
        return forecast_correlations(values, target, CorrelationDynamics(self.news_, self.memory_), self.horizon)


def _roots(correlations: Array) -> Array:
    """G (N, N) with G G' = correlations - min(l) I; the largest value of each column is positive."""
    values, vectors = np.linalg.eigh(correlations)
    roots = (vectors * np.sqrt(values - values[0]))[:, ::-1]
    largest = np.abs(roots).argmax(axis=0)
    sign = np.where(roots[largest, np.arange(len(largest))] < 0.0, -1.0, 1.0)
    signed: Array = roots * sign
    return signed
