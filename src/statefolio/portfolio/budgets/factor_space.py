"""Splits a portfolio's variance by factor and remainder, and finds weights with given exposures."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.budgets.damped_step import Gaps
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class FactorSpace:
    """The split Sigma = B Omega B' + D; D includes residual factors, so it has a low-rank part and a diagonal.

    Attributes
    ----------
    covariance : LowRankCovariance
        Sigma.
    exposures : (N, K) array
        B.
    factor_root : (K, R) array
        L with L L' = Omega.
    remainder : LowRankCovariance
        D.
    target : (N,) array
        The quantity that a portfolio without exposures maximises: expected return, or net weight.
    uncorrelated : bool
        Whether residual factors are uncorrelated with the factors.
    """

    covariance: LowRankCovariance
    exposures: Array
    factor_root: Array
    remainder: LowRankCovariance
    target: Array
    uncorrelated: bool

    @classmethod
    def of(cls, problem: Problem) -> "FactorSpace":
        """Split a problem's covariance."""
        whole, count = problem.covariance, len(problem.factors)
        omega = whole.factor_covariance
        own = LowRankCovariance(whole.loadings[:, :count], omega[:count, :count], whole.diagonal)
        remainder = LowRankCovariance(whole.loadings[:, count:], omega[count:, count:], whole.diagonal)
        target = np.ones(len(whole)) if problem.mean is None else problem.mean
        return cls(whole, own.loadings, own.factor_root, remainder, target, not omega[:count, count:].any())

    def shares(self, w: Array) -> Array:
        """Shares of the variance by factor, and last the remainder's; they sum to one."""
        marginal = self.covariance.multiply(w)
        x, slope = w @ self.exposures, self._slope(w)
        by_factor = x * slope / float(w @ marginal)
        return np.append(by_factor, 1.0 - by_factor.sum())

    def _slope(self, w: Array) -> Array:
        """(Omega B'w)_k over all factors, including residual ones, which contributions of the K factors need."""
        whole, count = self.covariance, self.exposures.shape[1]
        slope: Array = whole.factor_covariance[:count] @ (w @ whole.loadings)
        return slope

    def gaps(self, w: Array, budget: Array) -> Gaps:
        """Shares minus their budget; d s_k / dw = (slope_k B_k + x_k (B Omega)_k - 2 s_k Sigma w) / variance."""
        whole, count = self.covariance, self.exposures.shape[1]
        marginal = whole.multiply(w)
        variance = float(w @ marginal)
        x, slope, share = w @ self.exposures, self._slope(w), self.shares(w)
        moved = slope * self.exposures + x * (whole.loadings @ whole.factor_covariance[:, :count])
        moved = (moved - 2.0 * np.outer(marginal, share[:-1])) / variance
        derivative = np.column_stack([moved, -moved.sum(axis=1)])
        return Gaps(share - budget, None, np.eye(count + 1), derivative)

    def weights(self, x: Array, idiosyncratic: float) -> tuple[Array, str]:
        """Weights with exposures x and the given idiosyncratic variance; else the nearest, and the reason.

        With A = B' D^-1 B, the weights D^-1 B A^-1 x have the lowest idiosyncratic variance. The portfolio added to
        them, n = D^-1 (c - B A^-1 B'D^-1 c), has no exposures and no covariance with them under D, so variances add up.
        """
        B = self.exposures
        pulled = self.remainder.solve(B.T)  # (K, N)
        small = pulled @ B
        inverse: Array = np.asarray(np.linalg.pinv(small, rcond=1e-12, hermitian=True))
        least = (inverse @ x) @ pulled
        missing = float(np.abs(least @ B - x).max(initial=0.0))
        if missing > _TOLERANCE * float(np.abs(x).max(initial=1e-300)):
            return (
                least,
                "as the assets' loadings cannot give the factors' exposures (collinear, or too few assets)",
            )
        if not self.uncorrelated:
            return least, "as residual factors are correlated with the factors"
        variance = float(self.remainder.variance(least))
        needed = idiosyncratic - variance
        if needed < -_TOLERANCE * max(idiosyncratic, _TOLERANCE):
            lowest = variance / (variance + 1.0 - idiosyncratic)
            return least, f"as the idiosyncratic share with these exposures cannot be below {lowest:.4g}"
        if needed <= 0.0:
            return least, ""
        free = self._free_of_exposures(inverse, pulled)
        size = float(self.remainder.variance(free))
        if not size > 0.0:
            return (
                least,
                "as no portfolio of these assets has idiosyncratic risk without exposures",
            )
        return least + np.sqrt(needed / size) * free, ""

    def _free_of_exposures(self, inverse: Array, pulled: Array) -> Array:
        """Return n for the target c; if that is spanned by the factors, for the first asset that is not."""
        count = len(self.target)
        candidates = [self.target, np.ones(count), *np.eye(count)[: self.exposures.shape[1] + 1]]
        for c in candidates:
            whole = self.remainder.solve(c)
            free: Array = whole - (inverse @ (pulled @ c)) @ pulled
            if np.abs(free).max() > 1e-8 * np.abs(whole).max(initial=0.0) > 0.0:
                return free
        return np.zeros(count)
