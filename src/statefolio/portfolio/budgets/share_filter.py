"""The filter of shares that add up to one: windows observed with their sampling error, one after another."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.kalman.dense import dense_filter
from statefolio.portfolio.budgets.realised import fill_up, realised_shares


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of dates that follow one another, T of them, L lines.

    Attributes
    ----------
    observed : (T, L) array
        Realised shares; NaN for a window in which the portfolio stood still.
    noise : (T, L, L) array
        H: covariance of their sampling errors, averaged over the windows so far.
    starts, ends : DatetimeIndex
        First and last dates.
    length : int
        Dates in each.
    half_life : float
        In windows, for the average.
    pooled, weight, count : (L, L) array, float, int
        The sums of that average up to the last window, and how many it holds.
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
        """Before the first window."""
        dates = pd.DatetimeIndex([])
        shape = (0, lines, lines)
        return cls(np.empty(shape[:2]), np.empty(shape), dates, dates, length, half_life, np.zeros(shape[1:]))

    def then(self, earned: Array, dates: pd.DatetimeIndex) -> "Windows":
        """The windows that follow, made of these dates; their noise goes on from the sums of those before."""
        lines, n = earned.shape[1], self.length
        total = len(dates) // n
        observed, noise = np.empty((total, lines)), np.empty((total, lines, lines))
        pooled, weight, count = self.pooled, self.weight, self.count
        forget = 0.5 ** (1.0 / self.half_life)
        for t in range(total):
            observed[t], own = realised_shares(earned[t * n : (t + 1) * n])
            if np.isfinite(observed[t]).all():
                pooled, weight, count = forget * pooled + own, forget * weight + 1.0, count + 1
            noise[t] = fill_up(pooled / weight, count * (n - 2)) if count else np.nan
        return replace(
            self, observed=observed, noise=noise, starts=dates[::n], ends=dates[n - 1 :: n], pooled=pooled,
            weight=weight, count=count,
        )  # fmt: skip

    def until(self, end: pd.Timestamp) -> "Windows":
        """Those that end by a date."""
        kept = int(np.searchsorted(self.ends.to_numpy(), end.to_datetime64(), side="right"))
        return replace(
            self, observed=self.observed[:kept], noise=self.noise[:kept], starts=self.starts[:kept],
            ends=self.ends[:kept],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Law:
    """How true shares move: towards `mean` by `phi`, with steps of covariance `signal_to_noise` times H."""

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
    """Where the filter stands: the law of the next window's shares, in the L - 1 coordinates that are free.

    Shares are 1/L + Z a, where the columns of Z are orthonormal and add up to zero each.
    """

    law: Law
    basis: Array  # Z (L, L - 1)
    ahead: tuple[Array, Array] | None  # mean and covariance of a; None before the first window

    @classmethod
    def start(cls, law: Law) -> "ShareFilter":
        """Before the first window."""
        lines = len(law.mean)
        basis = np.linalg.qr(np.column_stack([np.ones(lines), np.eye(lines)[:, : lines - 1]]))[0][:, 1:]
        return cls(law, basis, None)

    def run(self, windows: Windows) -> tuple[Filtered, "ShareFilter"]:
        """Filter windows, and say where the filter stands after them."""
        Z, law = self.basis, self.law
        lines, free = Z.shape
        total = len(windows.observed)
        y = _each(Z.T, windows.observed - 1.0 / lines)
        H = Z.T @ windows.noise @ Z
        mean = np.full((total, free), np.nan)
        covariance = np.full((total, free, free), np.nan)
        likelihood = np.zeros(total)
        ahead, first = self.ahead, 0
        while ahead is None and first < total:
            if np.isfinite(y[first]).all():
                ahead, update = self._begin(y[first], H[first])
                if update is not None:
                    mean[first], covariance[first] = update
            first += ahead is None or law.phi == 1.0
        if first < total and ahead is not None:
            T, offset = law.phi * np.eye(free), (1.0 - law.phi) * (law.mean @ Z)
            found = dense_filter(
                y[first:], np.eye(free), H[first:], law.signal_to_noise * H[first:], *ahead, transition=T, offset=offset
            )
            mean[first:], covariance[first:] = found.filtered, found.filtered_covariance
            likelihood[first:] = found.log_likelihood
            step = law.signal_to_noise * H[-1]
            ahead = offset + T @ found.filtered[-1], T @ found.filtered_covariance[-1] @ T.T + step
        variance = np.einsum("tll->tl", Z @ covariance @ Z.T)
        return Filtered(1.0 / lines + _each(Z, mean), variance, likelihood), replace(self, ahead=ahead)

    def _begin(self, y: Array, H: Array) -> tuple[tuple[Array, Array], tuple[Array, Array] | None]:
        """The first window's law: a walk may start anywhere and takes what it sees; else the stationary law."""
        law, m = self.law, self.law.mean @ self.basis
        if law.phi == 1.0:
            return (y, (1.0 + law.signal_to_noise) * H), (y, H)
        return (m, law.signal_to_noise / (1.0 - law.phi**2) * H), None


def _each(matrix: Array, rows: Array) -> Array:
    """The matrix times each row by itself: the same to the last bit however many rows come together."""
    products: Array = np.array([matrix @ row for row in rows]).reshape(len(rows), len(matrix))
    return products
