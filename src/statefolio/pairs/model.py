"""Specifies the state-space model of a hedge, all parameters given."""

from dataclasses import dataclass

from statefolio._arrays.types import Array


@dataclass(frozen=True, eq=False)
class HedgeModel:
    """The state-space model of a basket of k assets: level and hedge ratios are states, the first price is observed.

        x_1 = b_1 + sum over j >= 2 of b_j x_j + e        e ~ N(0, R)
        b_1 <- m + a (b_1 - m) + w_1,   b_j <- b_j + w_j  w ~ N(0, V), V diagonal

    Attributes
    ----------
    persistence : float
        a; 1 is a random walk.
    spread_mean : float
        m, in the units of the prices.
    observation_variance : float
        R.
    state_variance : (k,) array
        The diagonal of V, the level first.
    start_mean, start_variance : (k,) arrays, optional
        Mean and diagonal covariance of the state at the first date. By default the start is exact diffuse, except that
        a level with |a| < 1 starts from its stationary distribution.
    before_prediction : bool
        The start is the distribution before the first date's prediction.
    """

    persistence: float
    spread_mean: float
    observation_variance: float
    state_variance: Array
    start_mean: Array | None = None
    start_variance: Array | None = None
    before_prediction: bool = True
