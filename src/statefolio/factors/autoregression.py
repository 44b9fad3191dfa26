"""Estimates vector autoregressions on past data only: order by BIC, expanding or rolling window."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array

_WIDE = 1e8
_CONSTANT = 1e-20


@dataclass(frozen=True, eq=False)
class Estimate:
    """An estimated autoregression of k series.

    Attributes
    ----------
    coefficients : (1 + k order, k)
        Coefficients of the constant, then of the lags, nearest first.
    order : int
        Number of lags.
    scale : (k,)
        Standard deviation of the residuals, corrected for the coefficients.
    """

    coefficients: Array
    order: int
    scale: Array

    def forecast(self, past: Array) -> Array:
        """Forecast the row after `past` (at least `order` rows, k)."""
        lags = past[len(past) - self.order :][::-1].ravel()
        forecast: Array = self.coefficients[0] + lags @ self.coefficients[1:]
        return forecast


class PastAutoregression:
    """A vector autoregression that is estimated again as its series grow.

    With rows X = (1, z_(t-1), ..., z_(t-P), z_t) and X = QR, the first columns' triangle and the last columns' part
    of R contain the least-squares fit of every order p <= P on the same rows, with its residual cross-products S_p. The
    order minimises log det(S_p / n) + k (1 + k p) log(n) / n (Schwarz 1978; Lütkepohl 2005, eq. 4.3.9). R is
    updated by each new row of the series.

    Parameters
    ----------
    max_order : int
        P, at least 0; all orders up to it are compared.
    window : int, optional
        Number of last rows that an estimate uses. Default: all.
    fixed : bool
        Use the order `max_order`, without comparison.
    """

    def __init__(self, max_order: int, window: int | None = None, fixed: bool = False) -> None:
        self.max_order = max_order
        self.window = window
        self.fixed = fixed
        self._triangle: Array | None = None
        self._rows = 0

    def estimate(self, z: Array, unchanged: int) -> Estimate:
        """Estimate on all rows of `z` (n, k); the first `unchanged` rows equal those of the last call."""
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
        scale = _scale_of(left)
        coefficients: Array = np.linalg.lstsq(left / scale, right, rcond=None)[0].astype(np.float64, copy=False)
        coefficients /= scale[:, None]
        squares = (triangle[count:, -series:] ** 2).sum(axis=0)
        return Estimate(coefficients, order, np.sqrt(squares / (rows - count)))


def _design(z: Array, lags: int) -> Array:
    """Build the rows (1, z_(t-1), ..., z_(t-lags), z_t), one for each t from `lags` on."""
    rows = len(z) - lags
    parts = [np.ones((rows, 1))] + [z[lags - lag : lags - lag + rows] for lag in range(1, lags + 1)]
    return np.hstack([*parts, z[lags:]])


def _triangle(rows: Array) -> Array:
    """Return the triangle of a QR decomposition; it is square even where rows are few."""
    columns = rows.shape[1]
    if len(rows) < columns:
        rows = np.vstack([rows, np.zeros((columns - len(rows), columns))])
    triangle: Array = np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)
    return triangle


def _scale_of(triangle: Array) -> Array:
    """Return the sizes of the columns where they differ widely (series in tiny or huge units), and else ones."""
    size = np.linalg.norm(triangle, axis=0)
    size[size == 0.0] = 1.0
    return size if size.max() > _WIDE * size.min() else np.ones(len(size))


def _bic(triangle: Array, counts: npt.NDArray[np.int_], rows: int, series: int) -> Array:
    """Return the criterion of the fits with the first `counts` columns; minus infinity for a fit without error.

    A constant series has no error at any order and does not count.
    """
    part = triangle[:, -series:]
    squares = (part[:, :, None] * part[:, None, :])[::-1].cumsum(axis=0)[::-1]
    total, about_mean = (np.diagonal(squares[row]) for row in (0, 1))
    varies = about_mean > _CONSTANT * total
    sign, logarithm = np.linalg.slogdet(squares[counts][:, varies][:, :, varies] / rows)
    return np.where(sign > 0.0, logarithm + series * counts * np.log(rows) / rows, -np.inf)
