"""A portfolio's variance by factor and what factors do not explain, and the weights that have given exposures."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.budgets.step import Gaps
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class FactorSpace:
    """Sigma = B Omega B' + D, where D holds residual factors too: it has a low rank and a diagonal of its own.

    Attributes
    ----------
    covariance : LowRankCovariance
        Sigma.
    exposures : (N, K) array
        B.
    factor_root : (K, R) array
        L with L L' = Omega.
    rest : LowRankCovariance
        D.
    aim : (N,) array
        What a portfolio without exposures should have most of: expected returns, or net weight.
    separate : bool
        Whether residual factors are uncorrelated with the factors.
    """

    covariance: LowRankCovariance
    exposures: Array
    factor_root: Array
    rest: LowRankCovariance
    aim: Array
    separate: bool

    @classmethod
    def of(cls, problem: Problem) -> "FactorSpace":
        """Part a problem's covariance."""
        whole, count = problem.covariance, len(problem.factors)
        omega = whole.factor_covariance
        own = LowRankCovariance(whole.loadings[:, :count], omega[:count, :count], whole.diagonal)
        rest = LowRankCovariance(whole.loadings[:, count:], omega[count:, count:], whole.diagonal)
        aim = np.ones(len(whole)) if problem.mean is None else problem.mean
        return cls(whole, own.loadings, own.factor_root, rest, aim, not omega[:count, count:].any())

    def shares(self, w: Array) -> Array:
        """What each factor contributes to the variance, and last what they do not explain; they add up to one."""
        pull = self.covariance.multiply(w)
        x, slope = w @ self.exposures, self._slope(w)
        by_factor = x * slope / float(w @ pull)
        return np.append(by_factor, 1.0 - by_factor.sum())

    def _slope(self, w: Array) -> Array:
        """(Omega B'w)_k over all factors, residual ones included: what contributions of the K are made of."""
        whole, count = self.covariance, self.exposures.shape[1]
        slope: Array = whole.factor_covariance[:count] @ (w @ whole.loadings)
        return slope

    def gaps(self, w: Array, budget: Array) -> Gaps:
        """Shares less their budget; d s_k / dw = (slope_k B_k + x_k (B Omega)_k - 2 s_k Sigma w) / variance."""
        whole, count = self.covariance, self.exposures.shape[1]
        pull = whole.multiply(w)
        variance = float(w @ pull)
        x, slope, share = w @ self.exposures, self._slope(w), self.shares(w)
        moved = slope * self.exposures + x * (whole.loadings @ whole.factor_covariance[:, :count])
        moved = (moved - 2.0 * np.outer(pull, share[:-1])) / variance
        derivative = np.column_stack([moved, -moved.sum(axis=1)])
        return Gaps(share - budget, None, np.eye(count + 1), derivative)

    def weights(self, x: Array, idiosyncratic: float) -> tuple[Array, str]:
        """Weights with exposures x whose idiosyncratic variance is the one given; else the nearest, and why.

        With A = B' D^-1 B, D^-1 B A^-1 x has the least, x'A^-1 x. What is added to it is
        n = D^-1 (c - B A^-1 B'D^-1 c), which has no exposures and no covariance with it under D: variances add up.
        """
        B = self.exposures
        pulled = self.rest.solve(B.T)  # (K, N)
        small = pulled @ B
        inverse: Array = np.asarray(np.linalg.pinv(small, rcond=1e-12, hermitian=True))
        least = (inverse @ x) @ pulled
        missing = float(np.abs(least @ B - x).max(initial=0.0))
        if missing > _TOLERANCE * float(np.abs(x).max(initial=1e-300)):
            return (
                least,
                "because the assets' loadings cannot give the factors' exposures (collinear, or too few assets)",
            )
        if not self.separate:
            return least, "because residual factors are correlated with the factors"
        variance = float(self.rest.variance(least))
        lacking = idiosyncratic - variance
        if lacking < -_TOLERANCE * max(idiosyncratic, _TOLERANCE):
            lowest = variance / (variance + 1.0 - idiosyncratic)
            return least, f"because with these exposures the idiosyncratic share cannot be below {lowest:.4g}"
        if lacking <= 0.0:
            return least, ""
        free = self._free_of_exposures(inverse, pulled)
        size = float(self.rest.variance(free))
        if not size > 0.0:
            return (
                least,
                "because no portfolio of these assets has risk but no exposures, to raise the idiosyncratic share",
            )
        return least + np.sqrt(lacking / size) * free, ""

    def _free_of_exposures(self, inverse: Array, pulled: Array) -> Array:
        """Return n for the aim c; where that has nothing beside the factors, for the first asset that has."""
        count = len(self.aim)
        candidates = [self.aim, np.ones(count), *np.eye(count)[: self.exposures.shape[1] + 1]]
        for c in candidates:
            whole = self.rest.solve(c)
            free: Array = whole - (inverse @ (pulled @ c)) @ pulled
            if np.abs(free).max() > 1e-8 * np.abs(whole).max(initial=0.0) > 0.0:
                return free
        return np.zeros(count)
