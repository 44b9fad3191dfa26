"""Vector autoregressions estimated on the past only: order by BIC, expanding or rolling."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array

_STILL = 1e-20


@dataclass(frozen=True, eq=False)
class Estimate:
    """One estimated autoregression of k series.

    Attributes
    ----------
    coefficients : (1 + k order, k)
        Of the constant, then of the lags, nearest first.
    order : int
        Lags kept.
    scale : (k,)
        Standard deviation of the residuals, corrected for the coefficients.
    """

    coefficients: Array
    order: int
    scale: Array

    def forecast(self, past: Array) -> Array:
        """Forecast the next row of `past` (at least `order` rows, k)."""
        lags = past[len(past) - self.order :][::-1].ravel()
        forecast: Array = self.coefficients[0] + lags @ self.coefficients[1:]
        return forecast


class PastAutoregression:
    """Estimates of one vector autoregression as its series grows.

    With rows X = (1, z_(t-1), ..., z_(t-P), z_t) and X = QR, the first columns' triangle and the last columns' part
    of R hold the least-squares fit of every order p <= P on the same rows, residual cross-products S_p included. The
    order minimises log det(S_p / n) + k (1 + k p) log(n) / n (Schwarz 1978; Lütkepohl 2005, eq. 4.3.9). R grows by a
    row when the series does.

    Parameters
    ----------
    max_order : int
        P, at least 0; all orders up to it are compared.
    window : int, optional
        Rows that an estimate uses, the last ones; default all.
    fixed : bool
        Keep the order at `max_order`.
    """

    def __init__(self, max_order: int, window: int | None = None, fixed: bool = False) -> None:
        self.max_order = max_order
        self.window = window
        self.fixed = fixed
        self._triangle: Array | None = None
        self._rows = 0

    def estimate(self, z: Array, unchanged: int) -> Estimate:
        """Estimate on all rows of `z` (n, k), of which the first `unchanged` are as they were in the last call."""
        rows = len(z) - self.max_order
        if self.window is not None:
            start = max(0, rows - self.window)
            return self._best(_triangle(_design(z[start:], self.max_order)), rows - start, z.shape[1])
        if self._triangle is None or unchanged < self._rows + self.max_order:
            self._triangle = _triangle(_design(z, self.max_order))
        elif rows > self._rows:
            new = _design(z[self._rows :], self.max_order)
            self._triangle = _triangle(np.vstack([self._triangle, new]))
        self._rows = rows
        return self._best(self._triangle, rows, z.shape[1])

    def _best(self, triangle: Array, rows: int, series: int) -> Estimate:
        counts = 1 + series * np.arange(self.max_order + 1)
        order = self.max_order if self.fixed else int(np.argmin(_bic(triangle, counts, rows, series)))
        count = int(counts[order])
        left, right = triangle[:count, :count], triangle[:count, -series:]
        coefficients: Array = np.linalg.lstsq(left, right, rcond=None)[0].astype(np.float64, copy=False)
        squares = (triangle[count:, -series:] ** 2).sum(axis=0)
        return Estimate(coefficients, order, np.sqrt(squares / (rows - count)))


def _design(z: Array, lags: int) -> Array:
    """Rows (1, z_(t-1), ..., z_(t-lags), z_t), one for each t from `lags` on."""
    rows = len(z) - lags
    parts = [np.ones((rows, 1))] + [z[lags - lag : lags - lag + rows] for lag in range(1, lags + 1)]
    return np.hstack([*parts, z[lags:]])


def _triangle(rows: Array) -> Array:
    """Triangle of a QR decomposition, square even where rows are few."""
    columns = rows.shape[1]
    if len(rows) < columns:
        rows = np.vstack([rows, np.zeros((columns - len(rows), columns))])
    triangle: Array = np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)
    return triangle


def _bic(triangle: Array, counts: npt.NDArray[np.int_], rows: int, series: int) -> Array:
    """Criterion of the fits with the first `counts` columns; minus infinity for one without error.

    A series that stood still has no error at any order, and no say.
    """
    part = triangle[:, -series:]
    squares = (part[:, :, None] * part[:, None, :])[::-1].cumsum(axis=0)[::-1]
    total, about_mean = (np.diagonal(squares[row]) for row in (0, 1))
    moved = about_mean > _STILL * total
    sign, logarithm = np.linalg.slogdet(squares[counts][:, moved][:, :, moved] / rows)
    return np.where(sign > 0.0, logarithm + series * counts * np.log(rows) / rows, -np.inf)
