"""Regressions of every asset of a panel on constant loadings, and the judgement of their residuals, for tuning."""

from dataclasses import dataclass, replace

import numpy as np

from statefolio.kalman.blocks import Report
from statefolio.kalman.observations import Observations
from statefolio.kalman.ordinary_least_squares import (
    OLSFit,
    Residuals,
    judge_residuals,
    ordinary_least_squares,
    unfitted,
)
from statefolio.kalman.specification import Floats


@dataclass(frozen=True)
class _Design:
    """Regressors, (T, K) or (T, K, N), of the first `count` of the lanes."""

    X: Floats
    count: int

    def part(self, first: int, last: int) -> "_Design":
        """Return the regressors of the lanes [first, last)."""
        count = min(last, self.count) - first
        # NumPy orders the sums of a single column in another way: it gets a neighbour without observations.
        count = 2 if count == 1 and self.count > 1 else count
        return replace(self, X=self.X if self.X.ndim == 2 else self.X[:, :, first:last], count=count)

    def shared(self) -> tuple[Floats, ...]:
        """Return the regressors."""
        return (self.X,)


def regress_each(X: Floats, observed: Observations) -> tuple[OLSFit, Residuals]:
    """Regress every asset on X, and judge its residuals."""
    rows = observed.compute(_regress, _Design(X, observed.count))[:, : observed.count]
    states = X.shape[1]
    stranger = unfitted(0, states)
    parts = rows[:states], rows[states : 2 * states], *rows[2 * states : 2 * states + 3]
    fit = OLSFit(*(np.concatenate([own, none], axis=-1) for own, none in zip(parts, stranger, strict=True)))
    variance, hardly_any, one_date = rows[2 * states + 3 :]
    return fit, Residuals(variance, hardly_any > 0.0, one_date > 0.0)


def without_regressions(assets: int, states: int) -> tuple[OLSFit, Residuals]:
    """Return the result where everything that regressions would tell is given."""
    none = np.zeros(assets, dtype=bool)
    return unfitted(assets, states), Residuals(np.full(assets, np.nan), none, none)


def _regress(design: _Design, Y: Floats, _report: Report | None) -> Floats:
    """Return the rows of `OLSFit`, then those of `Residuals`, for every asset."""
    own = Y[:, : design.count]
    fit = ordinary_least_squares(design.X, own)
    judged = judge_residuals(fit, own)
    found = *fit.mean, *fit.variance, fit.residual_variance, fit.observations, fit.squares
    return np.array([*(row[:-1] for row in found), *judged])
