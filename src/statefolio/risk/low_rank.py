"""A covariance of low rank and a diagonal: all of its algebra in O(N K^2), the N x N matrix only when asked for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError
from statefolio.kalman.low_rank_draws import draw

_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class LowRankCovariance:
    """Sigma = B Omega B' + diag(d) of N assets, never formed but by `dense`.

    Every method takes the assets along the last axis, as a panel of returns has them: an (N,) vector, or an
    (M, N) array with a row a portfolio, a date or a right-hand side.

    Parameters
    ----------
    loadings : (N, K) array
        B. K may be 0, and may exceed N.
    factor_covariance : (K, K) array
        Omega, positive semidefinite; it may be singular.
    diagonal : (N,) array
        d, positive.

    Raises
    ------
    InputError
        If shapes do not fit, values are not finite, Omega is not symmetric or has a negative eigenvalue, or a
        variance of the diagonal is not positive.

    References
    ----------
    Woodbury (1950), Inverting Modified Matrices; Harville (1997), Matrix Algebra From a Statistician's
    Perspective, theorems 18.1.1 (determinant) and 18.2.8 (inverse).
    """

    loadings: Array
    factor_covariance: Array
    diagonal: Array

    def __post_init__(self) -> None:
        for name in ("loadings", "factor_covariance", "diagonal"):
            object.__setattr__(self, name, _finite(getattr(self, name), name))
        assets, factors = self.loadings.shape if self.loadings.ndim == 2 else (-1, -1)
        if self.factor_covariance.shape != (factors, factors) or self.diagonal.shape != (assets,):
            raise InputError(
                f"loadings {self.loadings.shape}, factor_covariance {self.factor_covariance.shape} and diagonal "
                f"{self.diagonal.shape} do not fit; (N, K), (K, K) and (N,) were expected. Check their order."
            )
        if assets and not self.diagonal.min() > 0.0:
            worst = int(np.argmin(self.diagonal))
            raise InputError(
                f"diagonal has {np.count_nonzero(self.diagonal <= 0.0)} variances that are not positive (least: "
                f"{self.diagonal[worst]:g}, place {worst}); positive ones were expected. Leave those assets out."
            )
        object.__setattr__(self, "_root", _root(self.factor_covariance))

    def __len__(self) -> int:
        return len(self.diagonal)

    @cached_property
    def factor_root(self) -> Array:
        """L (K, R) with L L' = Omega, R its rank."""
        root: Array = self.__dict__["_root"]
        return root

    @cached_property
    def asset_variance(self) -> Array:
        """The diagonal of Sigma, (N,)."""
        variance: Array = np.einsum("rn,rn->n", self._common, self._common) + self.diagonal
        return variance

    def dense(self) -> Array:
        """Sigma itself, (N, N)."""
        sigma: Array = self._common.T @ self._common
        sigma[np.diag_indices(len(self))] += self.diagonal
        return sigma

    def multiply(self, x: Any) -> Array:
        """Sigma x."""
        x = self._rows(x)
        product: Array = x * self.diagonal
        product += (x @ self._common.T) @ self._common
        return product

    def solve(self, x: Any) -> Array:
        """Sigma^-1 x, by Woodbury's identity."""
        scale = np.sqrt(self.diagonal)
        y = self._rows(x) / scale
        U, s = self._spectrum
        along = y @ U
        solved: Array = (y - (along * (s * s / (1.0 + s * s))) @ U.T) / scale
        return solved

    @cached_property
    def log_determinant(self) -> float:
        """Log-determinant of Sigma, by the determinant lemma."""
        _, s = self._spectrum
        return float(np.log(self.diagonal).sum() + np.log1p(s * s).sum())

    def variance(self, weights: Any) -> Any:
        """Variance w' Sigma w: a float, or (M,) for M portfolios."""
        w = self._rows(weights, "weights")
        exposure = w @ self._common.T
        found = np.vecdot(exposure, exposure) + np.vecdot(w * self.diagonal, w)
        return float(found) if w.ndim == 1 else found

    def volatility(self, weights: Any) -> Any:
        """Square root of `variance`."""
        found = np.sqrt(self.variance(weights))
        return float(found) if np.ndim(found) == 0 else found

    def marginal_risk(self, weights: Any) -> Array:
        """Sigma w / sigma_p: what volatility gains for a little more of each asset. Times w it adds up to it.

        Raises
        ------
        InputError
            For a portfolio of nothing, which has no such derivative.
        """
        w = self._rows(weights, "weights")
        product = self.multiply(w)
        volatility = np.sqrt(np.vecdot(product, w))
        if not (volatility > 0.0).all():
            raise InputError("weights are all zero; a portfolio that holds something was expected. Pass some weights.")
        product /= volatility[..., None]
        return product

    def whiten(self, x: Any) -> Array:
        """W x with W Sigma W' = I: returns of this covariance become uncorrelated, of unit variance.

        W = (I + U ((1 + S^2)^-1/2 - 1) U') D^-1/2, where D^-1/2 B L = U S V'.
        """
        y = self._rows(x) / np.sqrt(self.diagonal)
        U, s = self._spectrum
        white: Array = y + ((y @ U) * (1.0 / np.sqrt(1.0 + s * s) - 1.0)) @ U.T
        return white

    def simulate(self, count: int, seed: Any = None, degrees_of_freedom: float | None = None) -> Array:
        """Draw returns of mean zero and covariance Sigma.

        Parameters
        ----------
        count : int
            Dates.
        seed : int, SeedSequence or None
            The same seed gives the same draws, whatever the number of threads.
        degrees_of_freedom : float, optional
            Above 2: multivariate Student-t, scaled to this covariance; all assets share a date's scale.
            Default: Gaussian.

        Returns
        -------
        (count, N) array
        """
        if degrees_of_freedom is not None and not degrees_of_freedom > 2.0:
            raise InputError(
                f"degrees_of_freedom={degrees_of_freedom!r}; above 2 was expected, for a variance to exist."
            )
        if count < 0:
            raise InputError(f"count={count!r}; a number of dates, 0 or more, was expected.")
        source = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        stretch = np.ones(count)
        if degrees_of_freedom is not None:
            chi = np.random.default_rng(source).chisquare(degrees_of_freedom, count)
            stretch = np.sqrt((degrees_of_freedom - 2.0) / chi)
        return draw(self._common, np.sqrt(self.diagonal), stretch, source)

    def shrink(self, intensity: float) -> "LowRankCovariance":
        """(1 - a) Sigma + a diag(Sigma): towards no correlation, with every asset's variance kept.

        Parameters
        ----------
        intensity : float
            a, from 0 (as it is) to 1 (uncorrelated).
        """
        if not 0.0 <= intensity <= 1.0:
            raise InputError(f"intensity={intensity!r}; a number from 0 to 1 was expected.")
        diagonal = (1.0 - intensity) * self.diagonal + intensity * self.asset_variance
        return LowRankCovariance(self.loadings, (1.0 - intensity) * self.factor_covariance, diagonal)

    def select(self, places: Any) -> "LowRankCovariance":
        """The covariance of some assets, by place or by a mask."""
        return LowRankCovariance(self.loadings[places], self.factor_covariance, self.diagonal[places])

    @cached_property
    def _common(self) -> Array:
        """(B L)' (R, N): each asset's loadings on uncorrelated factors of unit variance, contiguous by factor."""
        return np.ascontiguousarray((self.loadings @ self.factor_root).T)

    @cached_property
    def _spectrum(self) -> tuple[Array, Array]:
        """U and S of the thin singular value decomposition of D^-1/2 B L."""
        F = self._common.T / np.sqrt(self.diagonal)[:, None]
        U, s, _ = np.linalg.svd(F, full_matrices=False)
        return U, s

    def _rows(self, x: Any, name: str = "x") -> Array:
        if hasattr(x, "index") and hasattr(x, "to_numpy"):
            raise DataTypeError(
                f"{name} is a {type(x).__name__}, whose labels would be ignored here; an array in the order of the "
                "assets was expected. Use e.g. x.reindex(risk.assets_).to_numpy()."
            )
        rows: Array = np.asarray(x, dtype=np.float64)
        if rows.ndim not in (1, 2) or rows.shape[-1] != len(self):
            raise InputError(
                f"{name} has shape {rows.shape}; ({len(self)},) or (rows, {len(self)}) was expected: assets along the "
                "last axis. Transpose it, or select the same assets."
            )
        return rows


def _finite(values: npt.ArrayLike, name: str) -> Array:
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise InputError(
            f"{name} has {np.count_nonzero(~np.isfinite(array))} values that are NaN or infinite; finite numbers were "
            "expected. Leave out the assets or factors they belong to."
        )
    array.flags.writeable = False
    return array


def _root(covariance: Array) -> Array:
    """L with L L' = covariance, a column a positive eigenvalue; refuse what is no covariance."""
    largest = float(np.abs(covariance).max(initial=0.0))
    if not np.allclose(covariance, covariance.T, rtol=0.0, atol=_TOLERANCE * largest):
        raise InputError("factor_covariance is not symmetric; a covariance was expected. Check how it was made.")
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    if len(values) and values[0] < -_TOLERANCE * max(largest, values[-1]):
        raise InputError(
            f"factor_covariance has a negative eigenvalue ({values[0]:g}); a covariance was expected. "
            "Check how it was made, e.g. correlations estimated pair by pair."
        )
    kept = values > np.finfo(np.float64).eps * len(values) * values[-1] if len(values) else values > 0.0
    root: Array = vectors[:, kept] * np.sqrt(values[kept])
    return root
