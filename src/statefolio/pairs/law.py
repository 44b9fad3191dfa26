"""A Kalman hedge with nothing left to learn."""

from dataclasses import dataclass

from statefolio._arrays.types import Array


@dataclass(frozen=True, eq=False)
class HedgeLaw:
    """How the level and the hedge ratios of a basket of k assets move, and how its first asset is observed.

        x_1 = b_1 + sum over j >= 2 of b_j x_j + e        e ~ N(0, R)
        b_1 <- m + a (b_1 - m) + w_1,   b_j <- b_j + w_j  w ~ N(0, V), V diagonal

    Attributes
    ----------
    persistence : float
        a; 1 is a random walk.
    spread_mean : float
        m, in the prices' units.
    observation_variance : float
        R.
    state_variance : (k,) array
        The diagonal of V, the level first.
    start_mean, start_variance : (k,) arrays, optional
        Law of the state at the first date, its covariance diagonal. None is exact diffuse, but for a level with
        |a| < 1: that starts as it settles.
    before_prediction : bool
        The start is the law before the first date's prediction.
    """

    persistence: float
    spread_mean: float
    observation_variance: float
    state_variance: Array
    start_mean: Array | None = None
    start_variance: Array | None = None
    before_prediction: bool = True
