"""Measures the growth of log value over scenarios, exactly and to second order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from statefolio.exceptions import InputError


@dataclass(frozen=True)
class GrowthMeasures:
    """Growth of the logarithm of value per date.

    Attributes
    ----------
    exact : float
        The average of log(1 + w'r); minus infinity if a scenario loses everything.
    second_order : float
        The average of w'r - (w'r)^2 / 2.
    worst : float
        The smallest w'r.
    """

    exact: float
    second_order: float
    worst: float


def expected_growth(weights: npt.ArrayLike, scenarios: npt.ArrayLike) -> GrowthMeasures:
    """Compare exact log growth with its second-order approximation, which Kelly's mean and variance give.

    Parameters
    ----------
    weights : (N,) array
    scenarios : (S, N) array
        Excess returns, equally likely.

    Returns
    -------
    GrowthMeasures

    Raises
    ------
    InputError
        If shapes do not fit or a number is not finite.

    Examples
    --------
    Half in an asset that wins 100 % or loses 60 %. The second-order approximation hides that the loss takes 30 % of the
    value:

    >>> import statefolio as sf
    >>> growth = sf.portfolio.expected_growth([0.5], [[1.0], [-0.6]])
    >>> print(f"exact {growth.exact:.4f}, second order {growth.second_order:.4f}, worst {growth.worst:.1f}")
    exact 0.0244, second order 0.0150, worst -0.3
    """
    w, r = np.asarray(weights, dtype=np.float64), np.asarray(scenarios, dtype=np.float64)
    if w.ndim != 1 or r.ndim != 2 or r.shape[1] != len(w) or len(r) == 0:
        raise InputError(
            f"scenarios must have one column per weight and at least one row, got weights of shape {w.shape} and "
            f"scenarios of shape {r.shape}. Pass e.g. weights of shape (3,) and scenarios of shape (1000, 3)."
        )
    for name, values in (("weights", w), ("scenarios", r)):
        if not np.isfinite(values).all():
            raise InputError(
                f"{name} must be finite numbers, got {np.count_nonzero(~np.isfinite(values))} NaN or infinite ones. "
                "Leave those assets or scenarios out."
            )
    earned = r @ w
    worst = float(earned.min())
    exact = float(np.log1p(earned).mean()) if worst > -1.0 else -np.inf
    return GrowthMeasures(exact, float((earned - 0.5 * earned**2).mean()), worst)
