"""Forecasts covariances by dynamic conditional correlations with non-linear shrinkage (DCC-NL)."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Flag, Number, Rule, Whole
from statefolio.risk.composite_likelihood import CorrelationDynamics, fit_dynamics
from statefolio.risk.full_rank import to_correlations
from statefolio.risk.garch import fit_garch, mean_decay
from statefolio.risk.recent_returns import RecentReturns, positive_definite, shrunk_correlations


class DynamicCorrelation(RecentReturns):
    """Covariance of returns from GARCH volatilities and dynamic conditional correlations, without factors (DCC-NL).

        s_i,t+1 = v_i (1 - a_i - b_i) + a_i r_it^2 + b_i s_it                z_it = r_it / sqrt(s_it)
        Q_t+1   = (1 - a - b) C + a z_t z_t' + b Q_t                         R = correlations of Q

    The level v of each GARCH(1,1) is the asset's mean square over the window. C are the correlations of z, their
    eigenvalues shrunk by `quadratic_shrinkage`. The parameters a_i and b_i are estimated by quasi-maximum likelihood, a
    and b by composite likelihood of neighbouring pairs, anew on the window of every update. The forecast is for the
    mean of the next `horizon` dates: s and Q revert to v and C by a_i + b_i and a + b per date.

    Parameters
    ----------
    horizon : int
        Number of dates that the covariance is for; it is per date.
    shrinkage : bool
        Shrink C; False is plain DCC.
    pooling : float
        Share of the estimate for all assets together in a_i and b_i, from 0 to 1: those of single assets are imprecise,
        and assets differ. 0: each asset's own, as in the papers.
    window : int
        Number of dates to use.
    min_observations : int
        Least number of returns of an asset within the window; others have no covariance.

    Attributes
    ----------
    covariance_ : LowRankCovariance
        Of the assets' returns per date, with as many loadings as assets.
    assets_ : Index
        Assets of the covariance.
    excluded_ : DataFrame
        Assets without one, and the reason.
    last_date_ : Timestamp
        Last date of the data.
    parameters_ : DataFrame (asset)
        news and memory: a_i and b_i.
    news_, memory_ : float
        a and b.

    References
    ----------
    Engle, Ledoit and Wolf (2019), Large dynamic covariance matrices, Journal of Business and Economic Statistics 37,
    363-375; Pakel, Shephard, Sheppard and Engle (2021) on composite likelihood, the same journal, 39, 652-668;
    De Nard, Ledoit and Wolf (2021) on forecasts for a month, Journal of Financial Econometrics 19, 236-257.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> risk = sf.risk.DynamicCorrelation().fit(demo.returns.iloc[:1000, :10])
    >>> print(f"{risk.news_:.3f}, {risk.memory_:.2f}")
    0.039, 0.83
    >>> print(f"{risk.covariance_frame().loc['AAPL', 'AAPL'] ** 0.5:.2%} per day")
    1.37% per day
    """

    RULES: ClassVar[Mapping[str, Rule]] = {
        **RecentReturns.RULES,
        "horizon": Whole(at_least=1, example=21),
        "shrinkage": Flag(),
        "pooling": Number(at_least=0.0, at_most=1.0, example=0.5),
    }

    def __init__(
        self,
        horizon: int = 21,
        shrinkage: bool = True,
        pooling: float = 0.5,
        window: int = 1260,
        min_observations: int = 252,
    ) -> None:
        self.horizon = horizon
        self.shrinkage = shrinkage
        self.pooling = pooling
        self.window = window
        self.min_observations = min_observations

    def _estimate(self, capped: pd.DataFrame) -> Array:
        values = capped.to_numpy()
        model = fit_garch(values, self.pooling)
        variances, ahead = model.filter(values)
        z, weights = values / np.sqrt(variances), np.ones(len(values))
        target = shrunk_correlations(z, weights, self.shrinkage)
        order = np.argsort(capped.columns.astype(str), kind="stable")  # neighbours do not depend on the columns' order
        dynamics = fit_dynamics(z[:, order], target[np.ix_(order, order)])
        self.news_, self.memory_ = dynamics.news, dynamics.memory
        self.parameters_ = pd.DataFrame({"news": model.news, "memory": model.memory}, index=capped.columns)
        deviation = np.sqrt(model.averaged(ahead, self.horizon))
        found: Array = forecast_correlations(z, target, dynamics, self.horizon) * np.outer(deviation, deviation)
        return found


def forecast_correlations(standardised: Array, target: Array, dynamics: CorrelationDynamics, horizon: int) -> Array:
    """Correlations of the mean of the next dates: C + (Q - C) times the mean of (a + b)^k, made correlations.

    A product with a missing value counts as its target. Where that leaves Q without positive eigenvalues they are
    raised to 1e-4.
    """
    memory = dynamics.memory ** np.arange(len(standardised), dtype=np.float64)[::-1]
    seen = ~np.isnan(standardised)
    z = np.where(seen, standardised, 0.0)
    surprise = (z.T * memory) @ z - target * ((seen.T * memory) @ seen)
    share = dynamics.news * mean_decay(dynamics.news + dynamics.memory, horizon)
    return positive_definite(to_correlations(target + share * surprise))
