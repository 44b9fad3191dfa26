"""Computes principal components of a panel with gaps, by least squares over the observed cells."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import svds

from statefolio._arrays.types import Array

Mask = npt.NDArray[np.bool_]

_EXTRA = 5
_SMALL = 40
_RIDGE = 1e-12


@dataclass(frozen=True, eq=False)
class Components:
    """The K leading components: x_ti = mean_i + scores_t' loadings_i + residual.

    Attributes
    ----------
    loadings : (N, K)
        Orthogonal, loadings' loadings = N I: the mean squared loading on a component is 1. Strongest first.
    scores : (T, K)
        In the units of x, uncorrelated under the weights.
    mean : (N,)
    residual : float
        Mean squared residual of the observed cells, weighted.
    iterations : int
        0 where nothing is missing: one singular value decomposition gives the result.
    converged : bool
        True where the last iteration changed the loadings by less than the tolerance.
    """

    loadings: Array
    scores: Array
    mean: Array
    residual: float
    iterations: int
    converged: bool


def principal_components(
    x: Array,
    count: int,
    weights: Array | None = None,
    start: Array | None = None,
    tolerance: float = 1e-5,
    max_iterations: int = 200,
) -> Components:
    """Minimise sum w_t (x_ti - mean_i - scores_t' loadings_i)^2 over the observed cells.

    Without gaps this is the singular value decomposition of the demeaned panel. With gaps, each iteration
    fills them with the fit (the EM step of Stock and Watson, 2002, Journal of Business and Economic
    Statistics 20, appendix A), takes one power step on the filled panel, and then solves the scores given
    the loadings and the loadings and means given the scores by least squares over the observed cells alone.
    With the last two steps an asset with few observations converges as fast as the others; the EM step alone
    converges at the rate of its share of observed dates.

    Parameters
    ----------
    x : (T, N)
        NaN where not observed; every row has more than `count` values, every column more than
        `count` + 1.
    count : int
        K, less than T and N.
    weights : (T,), optional
        Weights of the rows. Default: equal.
    start : (N, K), optional
        Initial loadings; rows of NaN for assets without.
    tolerance : float
        Tolerance of the sine of the angle between successive loadings (root mean square over components).
    max_iterations : int

    Returns
    -------
    Components
    """
    w = np.ones(len(x)) if weights is None else weights
    observed = ~np.isnan(x)
    if observed.all():
        mean = w @ x / w.sum()
        a = np.sqrt(w)[:, None] * (x - mean)
        return _finish(x, observed, w, (leading_directions(a, count), None, mean), 0, True)
    return _GapFilling(x, observed, w, count).iterate(start, tolerance, max_iterations)


def usable_cells(x: Array, returns_needed: int, assets_needed: int) -> tuple[Mask, Mask]:
    """Find the rows and columns of x (T, N) that components can use, as masks.

    They are the largest set in which each column varies and has `returns_needed` values, and each row has
    `assets_needed` values. Dropping a row can leave a column with too few values, and the other way round, so the
    search repeats until nothing changes.
    """
    known = ~np.isnan(x)
    rows, columns = np.ones(len(x), dtype=np.bool_), np.ones(x.shape[1], dtype=np.bool_)
    while True:
        kept = x[rows]
        vary = np.fmax.reduce(kept, axis=0, initial=-np.inf) > np.fmin.reduce(kept, axis=0, initial=np.inf)
        columns = columns & vary & (np.count_nonzero(known[rows], axis=0) >= returns_needed)
        enough = rows & (np.count_nonzero(known[:, columns], axis=1) >= assets_needed)
        if np.array_equal(enough, rows):
            return rows, columns
        rows = enough


def leading_directions(a: Array, count: int) -> Array:
    """Return the right singular vectors (N, K) of the largest singular values, largest first."""
    if min(a.shape) <= max(_SMALL, 3 * count):
        right = np.linalg.svd(a, full_matrices=False)[2]
        return np.ascontiguousarray(right[:count].T)
    begin = np.cos(np.arange(min(a.shape)))
    _, values, right = svds(a, k=count, v0=begin, rng=np.random.default_rng(0))
    return np.ascontiguousarray(right[np.argsort(-values)].T)


class _GapFilling:
    """Alternating least squares on a panel whose gaps are filled with the current fit."""

    def __init__(self, x: Array, observed: Mask, w: Array, count: int) -> None:
        self.x, self.observed, self.w, self.count = x, observed, w, count
        self.mask = observed.astype(np.float64)
        self.known = np.where(observed, x, 0.0)
        self.mean = w @ self.known / (w @ self.mask)

    def iterate(self, start: Array | None, tolerance: float, max_iterations: int) -> Components:
        loadings = self._begin(start)
        scores = self._scores(loadings)
        loadings = self._loadings(scores)
        directions = np.cos(np.outer(np.arange(len(self.x)), 1.0 + np.arange(_EXTRA + self.count)))
        extra = self._filled(scores, loadings).T @ directions
        old, converged, iterations = np.linalg.qr(loadings)[0], False, 0
        while not converged and iterations < max_iterations:
            iterations += 1
            a = self._filled(scores, loadings)
            basis = _ritz(a, np.linalg.qr(np.hstack([loadings, extra]))[0])
            extra = basis[:, self.count :]
            scores = self._scores(basis[:, : self.count])
            loadings = self._loadings(scores)
            new = np.linalg.qr(loadings)[0]
            turned = float(np.linalg.norm(new - old @ (old.T @ new)) / np.sqrt(self.count))
            old, converged = new, turned < tolerance
        fit = (loadings, self._scores(loadings), self.mean)
        return _finish(self.x, self.observed, self.w, fit, iterations, converged)

    def _begin(self, start: Array | None) -> Array:
        if start is None or np.count_nonzero(~np.isnan(start).any(axis=1)) <= self.count:
            a = np.sqrt(self.w)[:, None] * (self.known - self.mask * self.mean)
            return leading_directions(a, self.count)
        return np.where(np.isnan(start), 0.0, start)

    def _filled(self, scores: Array, loadings: Array) -> Array:
        """Return the demeaned and weighted panel with its gaps filled by the fit."""
        a = scores @ loadings.T
        np.subtract(self.x, self.mean, out=a, where=self.observed)
        a -= self.w @ a / self.w.sum()
        a *= np.sqrt(self.w)[:, None]
        return a

    def _scores(self, loadings: Array) -> Array:
        """Regress each row on the loadings of its observed assets."""
        right = self.known @ loadings - self.mask @ (self.mean[:, None] * loadings)
        return _solve(self.mask @ _pairs(loadings), right)

    def _loadings(self, scores: Array) -> Array:
        """Regress each column on a constant and the scores; the constants become the means."""
        z = np.column_stack([np.ones(len(scores)), scores])
        weighted = self.w[:, None] * z
        found = _solve(self.mask.T @ (self.w[:, None] * _pairs(z)), self.known.T @ weighted)
        self.mean = found[:, 0]
        return found[:, 1:]


def _ritz(a: Array, basis: Array) -> Array:
    """Take one power step of a'a on a basis (N, Q), and rotate it to its principal axes, strongest first."""
    basis = np.linalg.qr(a.T @ (a @ basis))[0]
    image = a @ basis
    turn: Array = np.linalg.eigh(image.T @ image)[1][:, ::-1]
    return basis @ turn


def _pairs(z: Array) -> Array:
    """Return the products of columns j <= k, (T, K(K+1)/2)."""
    first, second = np.triu_indices(z.shape[1])
    pairs: Array = z[:, first] * z[:, second]
    return pairs


def _solve(packed: Array, right: Array) -> Array:
    """Solve one normal equation per row, its matrix packed by `_pairs`."""
    size = right.shape[1]
    position = np.empty((size, size), dtype=np.intp)
    first, second = np.triu_indices(size)
    position[first, second] = position[second, first] = np.arange(first.size)
    gram = packed[:, position]
    diagonal = np.arange(size)
    gram[:, diagonal, diagonal] += _RIDGE * gram[:, diagonal, diagonal].max(axis=0)
    solved: Array = np.asarray(np.linalg.solve(gram, right[:, :, None])[:, :, 0], dtype=np.float64)
    return solved


def _finish(
    x: Array, observed: Mask, w: Array, fit: tuple[Array, Array | None, Array], iterations: int, converged: bool
) -> Components:
    """Rotate the fit to the principal axes of its common part, and scale the loadings."""
    loadings, scores, mean = fit
    if scores is None:
        scores = (x - mean) @ loadings
    middle = w @ scores / w.sum()
    mean, scores = mean + loadings @ middle, scores - middle
    basis, upper = np.linalg.qr(loadings)
    inner = np.sqrt(w)[:, None] * (scores @ upper.T)
    turn = np.linalg.eigh(inner.T @ inner)[1][:, ::-1]
    unit = np.sqrt(len(loadings))
    loadings, scores = unit * (basis @ turn), scores @ (upper.T @ turn) / unit
    error = np.where(observed, x - mean - scores @ loadings.T, 0.0)
    residual = float(w @ (error * error).sum(axis=1) / (w @ observed.sum(axis=1)))
    return Components(loadings, scores, mean, residual, iterations, converged)
