"""Implements the algebra of a low-rank plus diagonal covariance in O(N K^2), without forming the N x N matrix."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import Number, Whole, check
from statefolio.exceptions import DataTypeError, InputError
from statefolio.kalman.low_rank_draws import draw
from statefolio.risk.covariance_showing import ShownCovariance
from statefolio.risk.factor_root import factor_root, finite_array

_COUNT = Whole(at_least=0, example=1000)
_DEGREES_OF_FREEDOM = Number(above=2.0, infinite=True, example=5) | None
_INTENSITY = Number(at_least=0.0, at_most=1.0, example=0.5)


@dataclass(frozen=True, eq=False, repr=False)
class LowRankCovariance(ShownCovariance):
    """Covariance Sigma = B Omega B' + diag(d) of N assets; only `dense` forms the N x N matrix.

    Every method takes the assets along the last axis, as in a panel of returns: an (N,) vector, or an (M, N) array
    with one row per portfolio, date or right-hand side.

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

    Examples
    --------
    Three assets and one factor:

    >>> import statefolio as sf
    >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
    >>> print(sigma.dense().round(2))
    [[0.05 0.04 0.02]
     [0.04 0.06 0.02]
     [0.02 0.02 0.04]]
    >>> print(f"{sigma.volatility([0.5, 0.3, 0.2]):.4f}")
    0.1947
    >>> print(f"{sigma.log_determinant:.3f}")
    -10.031
    """

    loadings: Array
    factor_covariance: Array
    diagonal: Array

    def __post_init__(self) -> None:
        for name in ("loadings", "factor_covariance", "diagonal"):
            object.__setattr__(self, name, finite_array(getattr(self, name), name))
        assets, factors = self.loadings.shape if self.loadings.ndim == 2 else (-1, -1)
        if self.factor_covariance.shape != (factors, factors) or self.diagonal.shape != (assets,):
            raise InputError(
                "loadings, factor_covariance and diagonal must have shapes (N, K), (K, K) and (N,), got "
                f"{self.loadings.shape}, {self.factor_covariance.shape} and {self.diagonal.shape}. Check their order."
            )
        if assets and not self.diagonal.min() > 0.0:
            worst = int(np.argmin(self.diagonal))
            raise InputError(
                f"diagonal must be positive, got {np.count_nonzero(self.diagonal <= 0.0)} variances that are not "
                f"positive (smallest: {self.diagonal[worst]:g}, place {worst}). Leave those assets out."
            )
        object.__setattr__(self, "_root", factor_root(self.factor_covariance))

    def __len__(self) -> int:
        return len(self.diagonal)

    @cached_property
    def factor_root(self) -> Array:
        """L (K, R) with L L' = Omega, where R is the rank of Omega."""
        root: Array = self.__dict__["_root"]
        return root

    @cached_property
    def asset_variance(self) -> Array:
        """The diagonal of Sigma, (N,)."""
        variance: Array = np.einsum("rn,rn->n", self._common, self._common) + self.diagonal
        return variance

    def dense(self) -> Array:
        """Return Sigma as an (N, N) array."""
        sigma: Array = self._common.T @ self._common
        sigma[np.diag_indices(len(self))] += self.diagonal
        return sigma

    def multiply(self, x: Any) -> Array:
        """Return Sigma x.

        Examples
        --------
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> print(sigma.multiply([1.0, 0.0, 0.0]).round(2))
        [0.05 0.04 0.02]
        """
        x = self._rows(x)
        product: Array = x * self.diagonal
        product += (x @ self._common.T) @ self._common
        return product

    def solve(self, x: Any) -> Array:
        """Return Sigma^-1 x, by Woodbury's identity.

        Examples
        --------
        Weights of the minimum-variance portfolio are proportional to Sigma^-1 1:

        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> w = sigma.solve([1.0, 1.0, 1.0])
        >>> print((w / w.sum()).round(3))
        [0.286 0.143 0.571]
        """
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
        """Return the variance w' Sigma w: a float, or (M,) for M portfolios.

        Examples
        --------
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> print(sigma.variance([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]).round(4))  # two portfolios
        [0.05   0.0475]
        """
        w = self._rows(weights, "weights")
        exposure = w @ self._common.T
        found = np.vecdot(exposure, exposure) + np.vecdot(w * self.diagonal, w)
        return float(found) if w.ndim == 1 else found

    def volatility(self, weights: Any) -> Any:
        """Return the square root of `variance`."""
        found = np.sqrt(self.variance(weights))
        return float(found) if np.ndim(found) == 0 else found

    def marginal_risk(self, weights: Any) -> Array:
        """Return Sigma w / sigma_p, the derivative of volatility by each weight; its product with w is the volatility.

        Raises
        ------
        InputError
            If all weights are zero.

        Examples
        --------
        >>> import numpy as np
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> w = np.array([0.5, 0.3, 0.2])
        >>> contributions = w * sigma.marginal_risk(w)
        >>> print(contributions.round(3), f"sum {contributions.sum():.3f}")
        [0.105 0.065 0.025] sum 0.195
        """
        w = self._rows(weights, "weights")
        product = self.multiply(w)
        volatility = np.sqrt(np.vecdot(product, w))
        if not (volatility > 0.0).all():
            raise InputError("weights must not be all zero, got a portfolio without assets. Pass weights.")
        product /= volatility[..., None]
        return product

    def whiten(self, x: Any) -> Array:
        """Return W x with W Sigma W' = I: returns with this covariance become uncorrelated, with unit variance.

        W = (I + U ((1 + S^2)^-1/2 - 1) U') D^-1/2, where D^-1/2 B L = U S V'.

        Examples
        --------
        >>> import numpy as np
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> white = sigma.whiten(sigma.simulate(100_000, seed=1))
        >>> bool(np.allclose(np.cov(white.T), np.eye(3), atol=0.02))
        True
        """
        y = self._rows(x) / np.sqrt(self.diagonal)
        U, s = self._spectrum
        white: Array = y + ((y @ U) * (1.0 / np.sqrt(1.0 + s * s) - 1.0)) @ U.T
        return white

    def simulate(self, count: int, seed: Any = None, degrees_of_freedom: float | None = None) -> Array:
        """Draw returns with mean zero and covariance Sigma.

        Parameters
        ----------
        count : int
            Number of dates.
        seed : int, SeedSequence or None
            The same seed gives the same draws, for any number of threads.
        degrees_of_freedom : float, optional
            Above 2: multivariate Student-t with this covariance, with one scale per date for all assets.
            Default: Gaussian.

        Returns
        -------
        (count, N) array

        Examples
        --------
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> returns = sigma.simulate(50_000, seed=1, degrees_of_freedom=6.0)
        >>> returns.shape
        (50000, 3)
        >>> print(returns.var(axis=0).round(2))
        [0.05 0.06 0.04]
        """
        check("degrees_of_freedom", degrees_of_freedom, _DEGREES_OF_FREEDOM)
        check("count", count, _COUNT)
        source = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        stretch = np.ones(count)
        if degrees_of_freedom is not None:
            chi = np.random.default_rng(source).chisquare(degrees_of_freedom, count)
            stretch = np.sqrt((degrees_of_freedom - 2.0) / chi)
        return draw(self._common, np.sqrt(self.diagonal), stretch, source)

    def shrink(self, intensity: float) -> "LowRankCovariance":
        """Return (1 - a) Sigma + a diag(Sigma): correlations shrink towards zero, variances do not change.

        Parameters
        ----------
        intensity : float
            a, from 0 (unchanged) to 1 (uncorrelated).

        Examples
        --------
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> print(sigma.shrink(0.5).dense().round(2))
        [[0.05 0.02 0.01]
         [0.02 0.06 0.01]
         [0.01 0.01 0.04]]
        """
        check("intensity", intensity, _INTENSITY)
        diagonal = (1.0 - intensity) * self.diagonal + intensity * self.asset_variance
        return LowRankCovariance(self.loadings, (1.0 - intensity) * self.factor_covariance, diagonal)

    def select(self, places: Any) -> "LowRankCovariance":
        """Return the covariance of some assets, by place or by a mask.

        Examples
        --------
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03])
        >>> print(sigma.select([0, 2]).dense().round(2))
        [[0.05 0.02]
         [0.02 0.04]]
        """
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
                f"{name} must be an array in the order of the assets, got a {type(x).__name__}, whose labels would be "
                f"ignored. Use e.g. {name}.reindex(risk.assets_).to_numpy()."
            )
        rows: Array = np.asarray(x, dtype=np.float64)
        if rows.ndim not in (1, 2) or rows.shape[-1] != len(self):
            raise InputError(
                f"{name} must have shape ({len(self)},) or (rows, {len(self)}), with assets along the last axis, got "
                f"shape {rows.shape}. Transpose it, or select the same assets."
            )
        return rows
