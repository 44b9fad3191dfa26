"""Growth of log value on scenarios: exactly, and to the second order that Kelly's mean and variance stand for."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from statefolio.exceptions import InputError


@dataclass(frozen=True)
class Growth:
    """Growth of the logarithm of value, a date.

    Attributes
    ----------
    exact : float
        The average of log(1 + w'r); minus infinity where a scenario leaves nothing.
    second_order : float
        The average of w'r - (w'r)^2 / 2.
    worst : float
        The least w'r.
    """

    exact: float
    second_order: float
    worst: float


def expected_growth(weights: npt.ArrayLike, scenarios: npt.ArrayLike) -> Growth:
    """Measure what mean and variance leave out of growth.

    Parameters
    ----------
    weights : (N,) array
    scenarios : (S, N) array
        Excess returns, equally likely.

    Raises
    ------
    InputError
        If shapes do not fit or a number is not finite.
    """
    w, r = np.asarray(weights, dtype=np.float64), np.asarray(scenarios, dtype=np.float64)
    if w.ndim != 1 or r.ndim != 2 or r.shape[1] != len(w) or len(r) == 0:
        raise InputError(f"weights {w.shape} and scenarios {r.shape} do not fit; (N,) and (S, N) were expected.")
    if not (np.isfinite(w).all() and np.isfinite(r).all()):
        raise InputError("weights or scenarios hold NaN or infinity; finite numbers were expected. Leave them out.")
    earned = r @ w
    worst = float(earned.min())
    exact = float(np.log1p(earned).mean()) if worst > -1.0 else -np.inf
    return Growth(exact, float((earned - 0.5 * earned**2).mean()), worst)
