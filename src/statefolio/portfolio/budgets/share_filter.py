"""Filters shares that sum to one, observed window by window with their sampling errors."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.kalman.dense import dense_filter
from statefolio.portfolio.budgets.realised import realised_shares, shrink_to_full_rank


@dataclass(frozen=True, eq=False)
class Windows:
    """T consecutive windows of dates, with L shares each.

    Attributes
    ----------
    observed : (T, L) array
        Realised shares; NaN for a window in which the portfolio's return was constant.
    noise : (T, L, L) array
        H: covariance of their sampling errors, averaged over the windows so far.
    starts, ends : DatetimeIndex
        First and last dates.
    length : int
        Dates in each.
    half_life : float
        Of the average, in windows.
    pooled, weight, count : (L, L) array, float, int
        Sums of that average up to the last window, and the number of windows in it.
    """

    observed: Array
    noise: Array
    starts: pd.DatetimeIndex
    ends: pd.DatetimeIndex
    length: int
    half_life: float
    pooled: Array
    weight: float = 0.0
    count: int = 0

    @classmethod
    def none(cls, lines: int, length: int, half_life: float) -> "Windows":
        """No windows yet."""
        dates = pd.DatetimeIndex([])
        shape = (0, lines, lines)
        return cls(np.empty(shape[:2]), np.empty(shape), dates, dates, length, half_life, np.zeros(shape[1:]))

    def following(self, earned: Array, dates: pd.DatetimeIndex) -> "Windows":
        """The windows that follow, from these dates; their noise continues the sums of earlier windows."""
        lines, n = earned.shape[1], self.length
        total = len(dates) // n
        observed, noise = np.empty((total, lines)), np.empty((total, lines, lines))
        pooled, weight, count = self.pooled, self.weight, self.count
        forget = 0.5 ** (1.0 / self.half_life)
        for t in range(total):
            observed[t], own = realised_shares(earned[t * n : (t + 1) * n])
            if np.isfinite(observed[t]).all():
                pooled, weight, count = forget * pooled + own, forget * weight + 1.0, count + 1
            noise[t] = shrink_to_full_rank(pooled / weight, count * (n - 2)) if count else np.nan
        return replace(
            self, observed=observed, noise=noise, starts=dates[::n], ends=dates[n - 1 :: n], pooled=pooled,
            weight=weight, count=count,
        )  # fmt: skip

    def until(self, end: pd.Timestamp) -> "Windows":
        """The windows that end by a date."""
        kept = int(np.searchsorted(self.ends.to_numpy(), end.to_datetime64(), side="right"))
        return replace(
            self, observed=self.observed[:kept], noise=self.noise[:kept], starts=self.starts[:kept],
            ends=self.ends[:kept],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ShareDynamics:
    """The model of the true shares: they revert to `mean` by `phi`, with steps of covariance `signal_to_noise` H."""

    mean: Array  # (L,)
    phi: float
    signal_to_noise: float


@dataclass(frozen=True, eq=False)
class Filtered:
    """Filtered shares of T windows."""

    mean: Array  # (T, L)
    variance: Array  # (T, L)
    log_likelihood: Array  # (T,), 0 for the window that starts a walk


@dataclass(frozen=True, eq=False)
class ShareFilter:
    """The state of the filter: the distribution of the next window's shares, in L - 1 free coordinates.

    Shares are 1/L + Z a, where the columns of Z are orthonormal and each sums to zero.
    """

    dynamics: ShareDynamics
    basis: Array  # Z (L, L - 1)
    next_state: tuple[Array, Array] | None  # mean and covariance of a; None before the first window

    @classmethod
    def start(cls, dynamics: ShareDynamics) -> "ShareFilter":
        """The filter before the first window."""
        lines = len(dynamics.mean)
        basis = np.linalg.qr(np.column_stack([np.ones(lines), np.eye(lines)[:, : lines - 1]]))[0][:, 1:]
        return cls(dynamics, basis, None)

    def run(self, windows: Windows) -> tuple[Filtered, "ShareFilter"]:
        """Filter windows; return the filtered shares and the filter after them."""
        Z, dynamics = self.basis, self.dynamics
        lines, free = Z.shape
        total = len(windows.observed)
        y = _each(Z.T, windows.observed - 1.0 / lines)
        H = Z.T @ windows.noise @ Z
        mean = np.full((total, free), np.nan)
        covariance = np.full((total, free, free), np.nan)
        likelihood = np.zeros(total)
        next_state, first = self.next_state, 0
        while next_state is None and first < total:
            if np.isfinite(y[first]).all():
                next_state, update = self._begin(y[first], H[first])
                if update is not None:
                    mean[first], covariance[first] = update
            first += next_state is None or dynamics.phi == 1.0
        if first < total and next_state is not None:
            T, offset = dynamics.phi * np.eye(free), (1.0 - dynamics.phi) * (dynamics.mean @ Z)
            found = dense_filter(
                y[first:],
                np.eye(free),
                H[first:],
                dynamics.signal_to_noise * H[first:],
                *next_state,
                transition=T,
                offset=offset,
            )
            mean[first:], covariance[first:] = found.filtered, found.filtered_covariance
            likelihood[first:] = found.log_likelihood
            step = dynamics.signal_to_noise * H[-1]
            next_state = offset + T @ found.filtered[-1], T @ found.filtered_covariance[-1] @ T.T + step
        variance = np.einsum("tll->tl", Z @ covariance @ Z.T)
        return Filtered(1.0 / lines + _each(Z, mean), variance, likelihood), replace(self, next_state=next_state)

    def _begin(self, y: Array, H: Array) -> tuple[tuple[Array, Array], tuple[Array, Array] | None]:
        """The distribution at the first window: a random walk starts at its observation, else it is stationary."""
        dynamics, m = self.dynamics, self.dynamics.mean @ self.basis
        if dynamics.phi == 1.0:
            return (y, (1.0 + dynamics.signal_to_noise) * H), (y, H)
        return (m, dynamics.signal_to_noise / (1.0 - dynamics.phi**2) * H), None


def _each(matrix: Array, rows: Array) -> Array:
    """The matrix times each row separately, so that results do not depend on the number of rows."""
    products: Array = np.array([matrix @ row for row in rows]).reshape(len(rows), len(matrix))
    return products
